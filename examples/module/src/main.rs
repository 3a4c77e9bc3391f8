//! Any module that implements `Network` trains like ours, with the penalty, the counts of zeros, the checkpoints and the run folder: here two
//! convolutions under a dense layer that skips the zeros which the convolutions leave.
//!
//! `cargo run --release -p module -- runs/mine [EXAMPLES]`; then `rectifier report runs/mine` makes its page.
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use rectifier_data::Split;
use rectifier_glyphs::{Glyphs, Part, SIDE};
use rectifier_nn::{Forward, Network};
use rectifier_sparse::extension::SparseLinear;
use rectifier_train::{BurnEngine, Recipe, Run, RunFolder, on_epoch};
use std::sync::Arc;

#[derive(Module, Debug)]
struct ConvNet {
    first: Conv2d,
    second: Conv2d,
    dense: SparseLinear,
    head: Linear,
}

impl ConvNet {
    fn new(classes: usize, device: &Device) -> Self {
        let conv = |channels, kernel| Conv2dConfig::new(channels, [kernel; 2]).with_stride([2, 2]);
        Self {
            first: conv([1, 8], 5).init(device),
            second: conv([8, 16], 5).init(device),
            dense: LinearConfig::new(16 * 5 * 5, 200).init(device).into(),
            head: LinearConfig::new(200, classes).init(device),
        }
    }
}

impl Network for ConvNet {
    fn forward(&self, inputs: Tensor<2>) -> Forward {
        let [batch, _] = inputs.dims();
        let first = relu(self.first.forward(inputs.reshape([batch, 1, SIDE, SIDE])));
        let second = self.second.forward(first.clone()).flatten::<2>(1, 3);
        // Given what is below zero too, the layer is the rectifier before it as well.
        let dense = relu(self.dense.forward_rectified(second.clone()));
        Forward {
            logits: self.head.forward(dense.clone()),
            hidden: vec![first.flatten::<2>(1, 3), relu(second), dense],
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("give a folder for the run")?;
    let examples: usize = words.next().map_or(Ok(12_400), |word| word.parse())?;
    let device = Device::flex();
    device.seed(1);
    let part = |part, len| Glyphs::split(1, part, len).rendered().map(Arc::new);
    let (train, valid, test) = (
        part(Part::Train, examples)?,
        part(Part::Valid, 2480)?,
        part(Part::Test, 2480)?,
    );
    let split = Split::new(train, valid, test)?;
    let network = ConvNet::new(62, &device);
    let recipe = Recipe::fine_tune(5, 16, 0.1).l1(1e-5);
    let engine = Box::new(BurnEngine::new(device.clone()));
    let run = Run {
        watch: on_epoch(|epoch, _| println!("epoch {}: {:?}", epoch.epoch, epoch.valid_error)),
        ..Run::new(
            network,
            recipe,
            split,
            engine,
            device,
            RunFolder::create(folder)?,
        )
    };
    let summary = run.launch()?.record.summary.ok_or("the run was stopped")?;
    println!(
        "test error {:.2}%, zeros {:.2?}",
        100.0 * summary.test_error,
        summary.zeros
    );
    Ok(())
}
