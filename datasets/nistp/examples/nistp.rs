//! Makes a batch of NISTP, says of what and how fast, and shows its first images.
//!
//! `cargo run --release -p rectifier-nistp --example nistp`
#![allow(clippy::print_stdout, clippy::print_stderr)]

use burn_dataset::Dataset;
use rectifier_data::{Batch, Examples, Locator};
use rectifier_nistp::{CLASS_NAMES, Files, Nistp, Settings, Sources};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sources = Sources::find(&Locator::default(), Files::Known)?;
    for warning in sources.warnings() {
        eprintln!("warning: {warning}");
    }
    let nistp = Nistp::new(&sources, Settings::default())?;
    let start = Instant::now();
    let mut batch = Batch::default();
    nistp
        .train()
        .gather(&(0..10_000).collect::<Vec<_>>(), &mut batch)?;
    let rate = 10_000.0 / start.elapsed().as_secs_f64();
    println!("made of {}: {rate:.0} images a second", sources.found());
    for index in [0, 81_919_999] {
        let item = nistp.train().get(index)?;
        let name = CLASS_NAMES[item.label as usize];
        println!("example {index}: {name}");
        for row in item.pixels.chunks(32) {
            let shade = |&ink: &f32| [' ', '.', 'o', '#'][(ink * 3.99) as usize];
            println!("{}", row.iter().map(shade).collect::<String>().trim_end());
        }
    }
    Ok(())
}
