//! Loads CIFAR-10, says what is in it and how long that took, and shows its first photograph in 24-bit colour.
//!
//! `cargo run --release -p rectifier-cifar10 --example first`
#![allow(clippy::print_stdout, clippy::print_stderr)]

use burn_dataset::Dataset;
use rectifier_cifar10::{CLASS_NAMES, Cifar10};
use rectifier_data::Locator;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let cifar10 = Cifar10::load(&Locator::default(), &mut |done, total| {
        eprint!("\rfetched {done} of {total} bytes");
    })?;
    let split = cifar10.split();
    println!("{split:?} in {:.3} s", start.elapsed().as_secs_f64());
    for warning in cifar10.warnings() {
        eprintln!("warning: {warning}");
    }
    let first = cifar10.train().get(0)?;
    println!("the first: {}", CLASS_NAMES[first.label as usize]);
    for y in 0..32 {
        for x in 0..32 {
            let [r, g, b] = [0, 1, 2].map(|c| (first.pixels[(c * 32 + y) * 32 + x] * 255.0) as u8);
            print!("\x1b[48;2;{r};{g};{b}m  ");
        }
        println!("\x1b[0m");
    }
    Ok(())
}
