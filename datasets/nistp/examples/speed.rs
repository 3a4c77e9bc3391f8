//! How many images a second, at each complexity: `cargo run --release -p rectifier-nistp --example speed -- [nistp|p07]`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use rectifier_data::{Batch, Examples, Locator};
use rectifier_nistp::{Complexity, Files, Nistp, Settings, Sources, Variant};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let variant = match std::env::args().nth(1).as_deref() {
        Some("p07") => Variant::P07,
        _ => Variant::Nistp,
    };
    let start = Instant::now();
    let sources = Sources::find(&Locator::default(), Files::Known)?;
    for warning in sources.warnings() {
        eprintln!("warning: {warning}");
    }
    println!(
        "{} in {:.2} s",
        sources.found(),
        start.elapsed().as_secs_f64()
    );
    let fixed = [0.0, 0.25, 0.5, 0.7].map(Complexity::Fixed);
    for complexity in fixed.into_iter().chain([Complexity::PAPER]) {
        let settings = Settings {
            variant,
            complexity,
            ..Settings::default()
        };
        let nistp = Nistp::new(&sources, settings)?;
        let (mut batch, mut rates) = (Batch::default(), Vec::new());
        for round in 0..8 {
            let indices: Vec<usize> = (round * 10_000..(round + 1) * 10_000).collect();
            batch.clear();
            let start = Instant::now();
            nistp.train().gather(&indices, &mut batch)?;
            rates.push(10_000.0 / start.elapsed().as_secs_f64());
        }
        rates.sort_by(f64::total_cmp);
        println!(
            "{variant:?} {complexity:?}: median {:.0} images/s, best {:.0}",
            rates[4], rates[7]
        );
    }
    Ok(())
}
