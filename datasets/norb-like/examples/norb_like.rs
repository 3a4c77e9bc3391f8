//! Draws generated pairs, left image beside right, as `norb-like.png`, and says how fast they are made.
//!
//! `cargo run --release -p rectifier-norb-like --example norb_like -- [SEED]`
#![allow(clippy::print_stdout)]

use rectifier_data::{Examples, Sheet, contact_sheet};
use rectifier_norb_like::{CLASS_NAMES, NorbLike, Part};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed = std::env::args().nth(1).map_or(Ok(1), |text| text.parse())?;
    let start = Instant::now();
    let set = NorbLike::split(seed, Part::Train, 24_000).rendered()?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} pairs in {seconds:.2} s, {:.0} a second",
        set.len(),
        set.len() as f64 / seconds
    );
    let labels = set.labels()?;
    let mut rows = Vec::new();
    for class in 0..CLASS_NAMES.len() as u32 {
        let members = (0..set.len()).filter(|&index| labels[index] == class);
        rows.extend(members.take(8));
    }
    let sheet = Sheet {
        scale: 2,
        min: -1.0,
        ..Sheet::new(8)
    };
    std::fs::write("norb-like.png", contact_sheet(&set, &rows, &sheet)?)?;
    println!("norb-like.png: a row each of {}", CLASS_NAMES.join(", "));
    Ok(())
}
