//! Loads NORB (jittered-cluttered, or `small`), says how long that took, and draws its first pairs as `norb.png`.
//!
//! `cargo run --release -p rectifier-norb --example norb -- [small]`
#![allow(clippy::print_stdout, clippy::print_stderr)]

use rectifier_data::{Locator, Sheet, contact_sheet};
use rectifier_norb::{Norb, Variant};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let variant = match std::env::args().nth(1).as_deref() {
        Some("small") => Variant::Small,
        _ => Variant::JitteredCluttered,
    };
    let start = Instant::now();
    let norb = Norb::load(variant, &Locator::default(), &mut |done, total| {
        eprint!("\rfetched {done} of {total} bytes");
    })?;
    let split = norb.split();
    println!("{split:?} in {:.1} s", start.elapsed().as_secs_f64());
    for warning in norb.warnings() {
        eprintln!("warning: {warning}");
    }
    let sheet = Sheet {
        min: -1.0,
        ..Sheet::new(6)
    };
    let first: Vec<usize> = (0..36).collect();
    std::fs::write("norb.png", contact_sheet(&split.train, &first, &sheet)?)?;
    Ok(())
}
