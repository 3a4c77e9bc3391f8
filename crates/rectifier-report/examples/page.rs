//! Trains a small network on coloured patches that are made here, and writes a page about it.
//!
//!     cargo run -p rectifier-report --example page -- page.html

use burn::tensor::Device;
use rectifier_data::{Samples, Split, random::stream};
use rectifier_nn::{DenseStackConfig, Init, Unit};
use rectifier_report::{Measuring, ReportData, Setup, measure, render};
use rectifier_train::{BurnEngine, Recipe, Run, RunFolder};
use serde_json::json;
use std::sync::Arc;

const SIDE: usize = 12;
const NAMES: [&str; 3] = ["red", "green", "blue"];

/// Dark noise with one patch of a colour, as `[3, SIDE, SIDE]`.
fn patches(len: usize, seed: u64) -> Result<Samples, Box<dyn std::error::Error>> {
    use rand::Rng;
    let mut random = stream(seed, &[]);
    let mut values = Vec::new();
    let labels: Vec<u32> = (0..len as u32).map(|index| index % 3).collect();
    for &label in &labels {
        let mut draw = |below: u32| random.next_u32() % below;
        let (top, left) = (draw(8) as usize, draw(8) as usize);
        for place in 0..3 * SIDE * SIDE {
            let (channel, y, x) = (place / (SIDE * SIDE), place / SIDE % SIDE, place % SIDE);
            let inside = (top..top + 4).contains(&y) && (left..left + 4).contains(&x);
            let bright = inside && channel == label as usize;
            values.push(0.01 * draw(40) as f32 + if bright { 0.3 } else { 0.0 });
        }
    }
    Ok(Samples::from_f32(values, labels, &[3, SIDE, SIDE], 3)?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::args().nth(1).unwrap_or("page.html".into());
    let split = Split::new(
        Arc::new(patches(600, 1)?),
        Arc::new(patches(300, 2)?),
        Arc::new(patches(300, 3)?),
    )?;
    let file = json!({"seed": 1, "stages": [{"stage": "fine-tune", "epochs": 8, "batch": 10, "rate": 0.02}]});
    let recipe: Recipe = serde_json::from_value(file.clone())?;
    let config = DenseStackConfig::new(3 * SIDE * SIDE, [48, 24], Unit::Rectifier, 3);
    let device = Device::flex();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("patches");
    let outcome = Run::new(
        config.init(1, &device)?,
        recipe.clone(),
        split.clone(),
        Box::new(BurnEngine::new(device.clone())),
        device.clone(),
        RunFolder::create(&path)?,
    )
    .launch()?;

    let setup = Setup {
        data: "patches".into(),
        about_data: "coloured patches, made by the example".into(),
        network: Some(config),
        recipe: recipe.clone(),
        file,
    };
    let mut run = ReportData::read(&path, setup)?;
    let names = NAMES.map(String::from);
    let test = split.test.as_ref();
    let what = Measuring::test(&names);
    run.findings = Some(measure(
        &outcome.network,
        test,
        recipe.objective,
        &device,
        &what,
    )?);
    std::fs::write(out, render(&run))?;
    Ok(())
}
