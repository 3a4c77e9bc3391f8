//! A network that knows digits learns other classes: `mnist/rectifier-tiny` of the zoo gets a head for the classes of a folder of images.
//!
//! `cargo run --release -p fine-tune -- IMAGES runs/mine [--frozen]`, where IMAGES has a folder of pictures for each class; with
//! `--frozen` the hidden layers stay as they are and the head alone learns. `--bin letters -- IMAGES` draws such a folder to try it with.
use burn::tensor::Device;
use rectifier_catalog::{DataSpec, model_card};
use rectifier_data::{Locator, Options};
use rectifier_sparse::SparseEngine;
use rectifier_train::{FineTune, Recipe, Run, RunFolder, on_epoch};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [images, folder, rest @ ..] = words.as_slice() else {
        return Err("give a folder of images and a folder for the run".into());
    };
    let device = Device::flex();
    // Pictures as the network has seen its own: 28x28, grey, 0 to 1.
    let options = Options::new()
        .with("dir", images.as_str())
        .with("size", "28x28")
        .with("grey", "true");
    let data = DataSpec::open("images", &options)?;
    let loaded = data.load(&Locator::default(), None, &mut |_, _| {})?;
    let trained = rectifier_zoo::get("mnist/rectifier-tiny")?.load(&device)?;
    let network = trained.with_classes(loaded.info.classes, 1)?;
    let card = model_card(&data, network.config(), &loaded);

    let mut stage = FineTune::new(12, 10, 0.05);
    if rest.iter().any(|word| word == "--frozen") {
        stage = stage.frozen((1..=network.layers.len()).collect::<Vec<_>>());
    }
    let engine = Box::new(SparseEngine::new(device.clone()));
    let run = Run {
        card: Some(card),
        watch: on_epoch(|epoch, _| println!("epoch {}: {:?}", epoch.epoch, epoch.valid_error)),
        ..Run::new(
            network,
            Recipe::of(1, [stage]),
            loaded.split,
            engine,
            device,
            RunFolder::create(folder)?,
        )
    };
    let summary = run.launch()?.record.summary.ok_or("the run was stopped")?;
    println!(
        "test error {:.2}%, zeros {:.2?}",
        100.0 * summary.test_error,
        summary.zeros
    );
    // `rectifier predict runs/mine PICTURE...` takes pictures of any size now, and names their classes.
    Ok(())
}
