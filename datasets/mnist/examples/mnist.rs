//! Loads MNIST, says what is in it and how long that took, and shows its first image.
//!
//! `cargo run --release -p rectifier-mnist --example mnist`
#![allow(clippy::print_stdout, clippy::print_stderr)]

use burn_dataset::Dataset;
use rectifier_data::{Examples, Locator};
use rectifier_mnist::Mnist;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let mnist = Mnist::load(&Locator::default(), &mut |done, total| {
        eprint!("\rfetched {done} of {total} bytes");
    })?;
    let split = mnist.split();
    println!("{split:?} in {:.3} s", start.elapsed().as_secs_f64());
    for warning in mnist.warnings() {
        eprintln!("warning: {warning}");
    }
    let first = mnist.train().get(0)?;
    println!("the first of {}: a {}", split.train.len(), first.label);
    for row in first.pixels.chunks(28) {
        let shade = |&pixel: &f32| [' ', '.', 'o', '#'][(pixel * 3.99) as usize];
        println!("{}", row.iter().map(shade).collect::<String>().trim_end());
    }
    Ok(())
}
