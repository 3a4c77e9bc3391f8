#![no_main]
//! Every file that a run leaves and another command reads, through a folder in memory where the system has one.
use libfuzzer_sys::fuzz_target;
use rectifier_experiments::Record;
use rectifier_train::{Checkpoint, RunFiles};
use safetensors::{Dtype, tensor::TensorView};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let base = match memory.is_dir() {
        true => memory.into(),
        false => std::env::temp_dir(),
    };
    let folder = base.join(format!("rectifier-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder to fuzz in");
    let whole = [
        ("checkpoint.safetensors", summed("network", b"n")),
        ("history.jsonl", HISTORY.into()),
        ("steps.jsonl", STEPS.into()),
        ("summary.json", SUMMARY.into()),
        ("test_wrong.json", WRONG.into()),
    ];
    for (name, bytes) in whole {
        std::fs::write(folder.join(name), bytes).expect("the folder takes a file");
    }
    // What is changed afterwards is right before.
    let files = RunFiles::at(&folder);
    assert!(matches!(files.checkpoint(), Ok(Some(_))));
    assert!(matches!(files.history().map(|lines| lines.len()), Ok(2)));
    assert!(matches!(files.steps().map(|lines| lines.len()), Ok(2)));
    assert!(matches!(files.summary(), Ok(Some(_))));
    assert!(matches!(files.test_wrong(), Ok(Some(_))));
    folder
});

const STAMP: &[u8] = br#"{"recipe":"r","network":"n","data":"d"}"#;
const HISTORY: &[u8] = br#"{"stage":1,"title":"fine-tuning","epoch":1,"rate":0.01,"train_loss":0.5,"penalty":0.0,"valid_loss":0.25,"valid_error":0.125,"zeros":[0.5],"dead":[0],"train_seconds":1.25,"overhead_seconds":0.25,"seconds":1.5,"best":true}
{"stage":1,"title":"fine-tuning","epoch":2,"rate":0.01,"train_loss":0.5,"penalty":0.0,"valid_loss":0.25,"valid_error":0.125,"zeros":[0.5],"dead":[0],"train_seconds":1.25,"overhead_seconds":0.25,"seconds":1.5,"best":false}
"#;
const STEPS: &[u8] = br#"{"step":100,"stage":1,"epoch":1,"seconds":0.5,"rate":0.01,"examples":1000,"reconstruction":60.5,"penalty":0.0,"zeros":[0.25]}
{"step":200,"stage":2,"epoch":1,"seconds":1.5,"rate":0.01,"examples":1000,"reconstruction":30.5,"penalty":0.0,"zeros":[0.25]}
"#;
const SUMMARY: &[u8] = include_bytes!("../../results/penalty/l1-1e-5-1/summary.json");
const WRONG: &[u8] = br#"{"examples":9,"wrong":"8001"}"#;
const RECORD: &[u8] =
    include_bytes!("../../results/experiments/table1/records/35d5b1368d99f8d7.json");

/// A checkpoint of which one blob is the fuzzer's, its sum set right, so that what is behind the sum is tried.
fn summed(name: &str, blob: &[u8]) -> Vec<u8> {
    let progress = serde_json::to_vec(&rectifier_train::Progress::default()).unwrap_or_default();
    let mut blobs = vec![
        ("network", &b"n"[..]),
        ("progress", &progress),
        ("stamp", STAMP),
    ];
    for known in &mut blobs {
        if known.0 == name {
            known.1 = blob;
        }
    }
    let sum = blobs.iter().fold(0, |sum, (name, bytes)| {
        let sum = crc32c::crc32c_append(sum, name.as_bytes());
        let sum = crc32c::crc32c_append(sum, &(bytes.len() as u64).to_le_bytes());
        crc32c::crc32c_append(sum, bytes)
    });
    let views = blobs.into_iter().filter_map(|(name, bytes)| {
        Some((
            name,
            TensorView::new(Dtype::U8, vec![bytes.len()], bytes).ok()?,
        ))
    });
    let header = HashMap::from([("crc32c".to_string(), format!("{sum:08x}"))]);
    safetensors::serialize(views, Some(header)).unwrap_or_default()
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let place = |name: &str| FOLDER.join(name);
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(place(name), bytes).expect("the folder takes a file");
    };
    let files = RunFiles::at(&*FOLDER);
    match choice % 8 {
        0 => {
            let whole = summed("network", b"n");
            write(
                "checkpoint.safetensors",
                &rectifier_fuzz::file(data, &whole),
            );
            let _ = Checkpoint::load(&place("checkpoint.safetensors"));
        }
        1 => {
            let progress =
                serde_json::to_vec(&rectifier_train::Progress::default()).unwrap_or_default();
            let file = summed("progress", &rectifier_fuzz::file(data, &progress));
            write("checkpoint.safetensors", &file);
            if let Ok(checkpoint) = Checkpoint::load(&place("checkpoint.safetensors")) {
                checkpoint
                    .save(&place("again.safetensors"))
                    .expect("what was read is written");
                assert_eq!(
                    Checkpoint::load(&place("again.safetensors")).ok(),
                    Some(checkpoint)
                );
            }
        }
        2 => {
            write(
                "checkpoint.safetensors",
                &summed("stamp", &rectifier_fuzz::file(data, STAMP)),
            );
            let _ = Checkpoint::load(&place("checkpoint.safetensors"));
        }
        3 => {
            write("history.jsonl", &rectifier_fuzz::file(data, HISTORY));
            let _ = files.history();
        }
        4 => {
            write("steps.jsonl", &rectifier_fuzz::file(data, STEPS));
            let _ = files.steps();
        }
        5 => {
            write("summary.json", &rectifier_fuzz::file(data, SUMMARY));
            let _ = files.summary();
        }
        6 => {
            write("test_wrong.json", &rectifier_fuzz::file(data, WRONG));
            let _ = files.test_wrong();
        }
        _ => {
            write("35d5b1368d99f8d7.json", &rectifier_fuzz::file(data, RECORD));
            let _ = Record::read(&place("35d5b1368d99f8d7.json"));
        }
    }
});
