//! How long a prediction takes in f32, bf16 and int8, batch by batch, and what int8 costs in accuracy.
//!
//! ```sh
//! cargo run --release -p rectifier-infer --example precisions -- \
//!     MODEL.safetensors TRAIN-IMAGES.idx [TEST-IMAGES.idx TEST-LABELS.idx]
//! ```
//!
//! Images are unpacked IDX files of the network's inputs; those of the training part calibrate int8. THREADS sets
//! the count of threads. Without arguments the network is made up: 784-1000-1000-1000-10, about three quarters of its units silent.
#![allow(clippy::print_stdout)]

use rectifier_infer::{Rows, SparseNetwork};
use rectifier_model::{DenseStackConfig, ModelCard, TensorView, Unit, encode};
use std::error::Error;
use std::time::Instant;

const BATCHES: [usize; 5] = [1, 10, 128, 256, 1024];
const ROUNDS: usize = 5;
/// Seconds that each contender is timed for, a round.
const SECONDS: f64 = 0.2;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (plain, train) = match arguments.as_slice() {
        [model, images, ..] => {
            let plain = SparseNetwork::load(model)?;
            let [low, high] = plain.card().data.range;
            let bytes = std::fs::read(images)?;
            let scaled = |byte: &u8| low + (high - low) * f32::from(*byte) / 255.0;
            let train: Vec<f32> = bytes.iter().skip(16).map(scaled).collect();
            (plain, train)
        }
        _ => (made_up()?, sparse_numbers(1, 5000 * 784)),
    };
    let threads = std::env::var("THREADS")
        .ok()
        .and_then(|text| text.parse().ok());
    let plain = match threads {
        Some(threads) => plain.with_threads(threads),
        None => plain,
    };
    let inputs = plain.inputs();
    let train = &train[..train.len() / inputs * inputs];
    let begun = Instant::now();
    let int8 = plain.clone().in_int8(Rows::Dense(train))?;
    println!("calibrated in {:.2} s", begun.elapsed().as_secs_f64());
    let networks = [plain.clone(), plain.clone().in_bf16(), int8];
    if let [_, _, images, labels] = arguments.as_slice() {
        let [low, high] = plain.card().data.range;
        let scaled = |byte: &u8| low + (high - low) * f32::from(*byte) / 255.0;
        let test: Vec<f32> = std::fs::read(images)?.iter().skip(16).map(scaled).collect();
        let labels: Vec<u32> = std::fs::read(labels)?
            .iter()
            .skip(8)
            .map(|x| u32::from(*x))
            .collect();
        for network in &networks {
            let said = network.evaluate(Rows::Dense(&test), &labels)?;
            let zeros: Vec<String> = said
                .zeros
                .shares()
                .iter()
                .map(|x| format!("{:.1}%", 100.0 * x))
                .collect();
            println!(
                "{:5} test error {:.2}%, zeros {}",
                network.precision(),
                100.0 * said.error().unwrap_or(f64::NAN),
                zeros.join(" ")
            );
        }
        println!(
            "int8 model file: {} bytes, f32 {}",
            networks[2].to_bytes()?.len(),
            plain.to_bytes()?.len()
        );
    }
    println!("microseconds a call: least and median, {ROUNDS} rounds in turn");
    println!("{:>6} {:>20} {:>20} {:>20}", "batch", "f32", "bf16", "int8");
    for batch in BATCHES {
        let mut times = vec![Vec::new(); networks.len()];
        for _ in 0..ROUNDS {
            for (network, times) in networks.iter().zip(&mut times) {
                time(network, train, batch, times)?;
            }
        }
        print!("{batch:>6}");
        for times in &mut times {
            times.sort_by(f64::total_cmp);
            print!(" {:>10.1}{:>10.1}", times[0], times[times.len() / 2]);
        }
        println!();
    }
    Ok(())
}

/// Microseconds of as many calls as fit in [`SECONDS`], each on other examples.
fn time(
    network: &SparseNetwork,
    examples: &[f32],
    batch: usize,
    times: &mut Vec<f64>,
) -> Result<(), Box<dyn Error>> {
    let len = batch * network.inputs();
    let mut batches = examples.chunks_exact(len).take(64).cycle();
    let begun = Instant::now();
    while begun.elapsed().as_secs_f64() < SECONDS {
        let Some(batch) = batches.next() else { break };
        let call = Instant::now();
        network.logits(batch)?;
        times.push(call.elapsed().as_secs_f64() * 1e6);
    }
    Ok(())
}

/// Numbers of which a fifth are not 0, as a digit's pixels.
fn sparse_numbers(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed;
    let mut unit = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u32 << 24) as f32
    };
    (0..len)
        .map(|_| if unit() < 0.2 { unit() } else { 0.0 })
        .collect()
}

fn made_up() -> Result<SparseNetwork, Box<dyn Error>> {
    let config = DenseStackConfig::new(784, [1000, 1000, 1000], Unit::Rectifier, 10);
    let mut seed = 2;
    let mut tensors = Vec::new();
    for (name, shape) in config.tensors() {
        let len = shape.iter().product();
        seed += 1;
        let spread = sparse_numbers(seed, 5 * len);
        let limit = (6.0 / shape.iter().sum::<usize>() as f32).sqrt();
        // A bias below 0 silences more than half of the units.
        let values = spread
            .iter()
            .filter(|x| **x != 0.0)
            .map(|x| match shape.len() {
                1 => -0.1,
                _ => (2.0 * x - 1.0) * limit,
            });
        let mut values: Vec<f32> = values.take(len).collect();
        values.resize(len, 0.0);
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        tensors.push(TensorView::f32(name, &shape, bytes));
    }
    let bytes = encode(&ModelCard::new(config).metadata()?, &tensors)?;
    Ok(SparseNetwork::from_bytes(&bytes)?)
}
