#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_catalog::Plan;
use rectifier_experiments::{Experiment, Preset, Records, UserSweep};
use rectifier_zoo::{Logits, Zoo};

const PLAN: &str = r#"{"version":1,"data":{"seed":1,"set":"glyphs","test":12400,"train":620,"valid":6200},"network":{"inputs":1024,"hidden":[9,8],"unit":{"kind":"softplus","sharpness":1.0},"outputs":62},"recipe":{"seed":1,"objective":"classification","stages":[{"stage":"pretrain","layer":1,"epochs":2,"batch":32,"rate":0.01,"optimizer":{"kind":"sgd"},"corruption":{"kind":"masking","share":0.25},"reconstruction":{"kind":"softplus-squared"},"l1":0.0},{"stage":"pretrain","layer":2,"epochs":2,"batch":32,"rate":0.01,"optimizer":{"kind":"sgd"},"corruption":{"kind":"masking","share":0.25},"reconstruction":{"kind":"softplus-squared"},"l1":0.0},{"stage":"fine-tune","epochs":1,"batch":32,"rate":0.1,"optimizer":{"kind":"sgd"},"l1":0.0}]}}"#;
const LOGITS: &str =
    r#"{"name":"a/b","sha256":"00","inputs":"as made","floats":[[0.5,-1.0],[2.0,0.25]]}"#;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let axes = r#""axes":{"recipe.seed":[1,2],"recipe.stages.0.rate":[0.1,0.01]}"#;
    let whole = match choice % 4 {
        0 => PLAN.into(),
        1 => format!(r#"{{"name":"own","title":"Own","base":{PLAN},{axes}}}"#),
        2 => r#"{"version":1,"networks":[]}"#.into(),
        _ => LOGITS.into(),
    };
    let Ok(text) = String::from_utf8(rectifier_fuzz::file(data, whole.as_bytes())) else {
        return;
    };
    match choice % 4 {
        0 => {
            if let Ok(plan) = Plan::parse(&text) {
                let _ = (plan.validate(), plan.describe(), plan.stem());
                let again = plan.to_text().expect("a plan that was read is written");
                let again = Plan::parse(&again).expect("and read again");
                assert_eq!(again.checksum().ok(), plan.checksum().ok());
            }
        }
        1 => {
            if let Ok(sweep) = UserSweep::parse(&text) {
                for cell in sweep
                    .cells(Preset::Full, &Records::default())
                    .expect("checked")
                {
                    cell.name().expect("a cell's plan was checked");
                }
            }
        }
        2 => {
            if let Ok(zoo) = Zoo::parse(&text, "fuzzed") {
                assert!(
                    zoo.entries()
                        .iter()
                        .all(|entry| !entry.file.path.contains(".."))
                );
            }
        }
        _ => {
            let _ = Logits::parse(text.as_bytes(), "fuzzed");
        }
    }
});
