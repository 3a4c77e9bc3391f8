//! What the library says, on this machine, of a picture that the page saw: the page's test holds the page to it.
//!
//! ```sh
//! cargo run --example look -- MODEL.safetensors PICTURE THRESHOLD
//! ```
//!
//! The picture is a byte a pixel, row by row, 0 black and 255 white. Prints JSON: the class, and for each layer its activations, how
//! many are exactly 0, and the multiplications made and without skipping.
#![allow(clippy::print_stdout)]

use rectifier_demo::network::Pictures;
use rectifier_demo::strokes::Picture;
use rectifier_infer::{Level, Rows, SparseNetwork};
use serde_json::{Value, json};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, picture, threshold] = arguments.as_slice() else {
        return Err("usage: look MODEL.safetensors PICTURE THRESHOLD".into());
    };
    let threshold: f64 = threshold.parse()?;
    // Which multiplications int8 spares depends on the processor: plain Rust spares those that WebAssembly spares.
    let mut network = SparseNetwork::load(model)?.with_level(Level::Portable);
    if threshold > 0.0 {
        network = network.with_threshold(threshold)?;
    }
    let pictures = Pictures::of(network.card())?;
    let picture = Picture {
        height: pictures.height,
        width: pictures.width,
        pixels: std::fs::read(picture)?,
    };
    let inputs = pictures.inputs(&picture);
    let rows = Rows::Dense(&inputs);
    let trace = network.trace(rows)?;
    // Counted on the library's other way.
    let (_, zeros) = network.logits_and_zeros(rows)?;
    let zeros: Vec<u64> = zeros.units.iter().map(|units| units.iter().sum()).collect();
    let layers: Vec<Value> = trace
        .layers
        .iter()
        .map(|layer| json!({ "values": layer.values, "made": layer.made, "whole": layer.whole }))
        .collect();
    let class = network.card().class(network.classify(&inputs)?[0]);
    println!(
        "{}",
        json!({ "class": class, "zeros": zeros, "layers": layers })
    );
    Ok(())
}
