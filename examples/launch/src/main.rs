//! Trains what a recipe file says: `cargo run --release -- recipe.json runs/mine`.
use rectifier_catalog::{EngineChoice, Plan, launch};
use rectifier_data::Locator;
use rectifier_train::{RunFolder, on_epoch};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(recipe), Some(folder)) = (words.next(), words.next()) else {
        return Err("give a recipe file and a folder for the run".into());
    };
    let plan = Plan::read(recipe.as_ref())?;
    println!("{}", plan.describe());
    let engine = EngineChoice::on(burn::tensor::Device::flex(), "flex");
    let watch = on_epoch(|epoch, _| println!("epoch {}: {:?}", epoch.epoch, epoch.valid_error));
    let folder = RunFolder::create(folder)?;
    let record = launch(&plan, &engine, &Locator::default(), folder, watch)?;
    if let Some(summary) = record.summary {
        println!(
            "test error {}, zeros {:?}",
            summary.test_error, summary.zeros
        );
    }
    Ok(())
}
