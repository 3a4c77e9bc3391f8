//! Any module that implements `Network` trains: a small convolutional network on generated bars, with the penalty,
//! the counts of zeros and the run folder that dense networks have.
//!
//! `cargo run --release -p rectifier-train --example convolution`
#![allow(clippy::print_stdout)]

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation::relu};
use rectifier_data::{Samples, Split, random::stream};
use rectifier_nn::{Forward, Network};
use rectifier_train::{BurnEngine, Recipe, Run, RunFolder, on_epoch};
use std::sync::Arc;

const SIDE: usize = 12;

#[derive(Module, Debug)]
struct ConvNet {
    first: Conv2d,
    second: Conv2d,
    head: Linear,
}

impl Network for ConvNet {
    fn forward(&self, inputs: Tensor<2>) -> Forward {
        let [batch, _] = inputs.dims();
        let first = relu(self.first.forward(inputs.reshape([batch, 1, SIDE, SIDE])));
        let second = relu(self.second.forward(first.clone()));
        let features = second.flatten::<2>(1, 3);
        Forward {
            logits: self.head.forward(features.clone()),
            hidden: vec![first.flatten::<2>(1, 3), features],
        }
    }
}

/// Bars at a random place: class 0 lies, class 1 stands.
fn bars(len: usize, seed: u64) -> Result<Samples, rectifier_data::DataError> {
    use rand::Rng;
    let mut random = stream(seed, &[]);
    let mut pixels = vec![0.0; len * SIDE * SIDE];
    let mut labels = Vec::with_capacity(len);
    for image in pixels.chunks_exact_mut(SIDE * SIDE) {
        let word = random.next_u64() as usize;
        let (class, line, start) = (word % 2, word / 2 % SIDE, word / 64 % (SIDE - 5));
        for offset in start..start + 5 {
            image[if class == 0 {
                line * SIDE + offset
            } else {
                offset * SIDE + line
            }] = 1.0;
        }
        labels.push(class as u32);
    }
    Samples::from_f32(pixels, labels, &[SIDE, SIDE], 2)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::flex();
    let network = ConvNet {
        first: Conv2dConfig::new([1, 6], [3, 3]).init(&device),
        second: Conv2dConfig::new([6, 8], [3, 3])
            .with_stride([2, 2])
            .init(&device),
        head: LinearConfig::new(8 * 4 * 4, 2).init(&device),
    };
    let recipe: Recipe = serde_json::from_str(
        r#"{"seed": 1, "stages": [{"stage": "fine-tune", "epochs": 3, "batch": 20, "rate": 0.1, "l1": 1e-4}]}"#,
    )?;
    let folder = std::env::temp_dir().join(format!("convolution-{}", std::process::id()));
    let split = Split::new(
        Arc::new(bars(2000, 1)?),
        Arc::new(bars(400, 2)?),
        Arc::new(bars(400, 3)?),
    )?;
    let engine = Box::new(BurnEngine::new(device.clone()));
    let run = Run {
        watch: on_epoch(|epoch, _| {
            println!("epoch {}: valid error {:?}", epoch.epoch, epoch.valid_error)
        }),
        ..Run::new(
            network,
            recipe,
            split,
            engine,
            device,
            RunFolder::create(&folder)?,
        )
    };
    let outcome = run.launch()?;
    if let Some(summary) = outcome.record.summary {
        println!(
            "test error {}, exact zeros {:.2?}",
            summary.test_error, summary.zeros
        );
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
