//! A model file in eight-bit integers.
//!
//! ```sh
//! cargo run --release -p rectifier-infer --example quantize -- MODEL.safetensors TRAIN-IMAGES.idx INT8.safetensors
//! ```
//!
//! The images are an unpacked IDX file of the network's inputs, of its training part; the first of them choose the scales.

use rectifier_infer::{CALIBRATION, Rows, SparseNetwork};
use std::error::Error;

/// The header of an IDX file of images.
const HEADER: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, images, out] = arguments.as_slice() else {
        return Err("usage: quantize MODEL.safetensors TRAIN-IMAGES.idx INT8.safetensors".into());
    };
    let network = SparseNetwork::load(model)?;
    let [low, high] = network.card().data.range;
    let scaled = |byte: &u8| low + (high - low) * f32::from(*byte) / 255.0;
    let bytes = std::fs::read(images)?;
    let pixels: Vec<f32> = bytes.iter().skip(HEADER).map(scaled).collect();
    let count = (pixels.len() / network.inputs()).min(CALIBRATION);
    let examples = Rows::Dense(&pixels[..count * network.inputs()]);
    std::fs::write(out, network.in_int8(examples)?.to_bytes()?)?;
    Ok(())
}
