//! Measures whether a sparse first layer is quicker than one that is given the zeros: `sparse_rows HIDDEN..`.
//!
//! Rows are 5000 wide with 30 ones, drawn as words are (the k-th most frequent about 1/k as often), or evenly.
//! `cargo run --release -p rectifier-train --example sparse_rows -- 1000 1000 1000`
#![allow(clippy::print_stdout)]

use burn::tensor::{Device, Tensor};
use rectifier_data::{Batch, SparseRows, random::subseed};
use rectifier_nn::{DenseStack, DenseStackConfig, Init, SparseInput, Unit};
use rectifier_train::{DeviceInputs, Objective, Optimizer, Supervised};
use std::time::Instant;

const WIDTH: usize = 5000;
const ONES: usize = 30;

fn batch(size: usize, seed: u64, like_words: bool) -> Result<Batch, rectifier_data::DataError> {
    let mut rows = SparseRows::empty(WIDTH);
    for row in 0..size as u64 {
        let mut columns: Vec<u32> = Vec::new();
        for draw in 0.. {
            if columns.len() == ONES {
                break;
            }
            let unit = subseed(seed, &[row, draw]) as f64 / u64::MAX as f64;
            let column = match like_words {
                true => (WIDTH as f64).powf(unit) - 1.0,
                false => WIDTH as f64 * unit,
            };
            let column = (column as u32).min(WIDTH as u32 - 1);
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns.sort_unstable();
        rows.push(&columns, &[1.0; ONES])?;
    }
    Ok(Batch {
        labels: (0..size as u32).map(|row| row % 5).collect(),
        sparse: Some(rows),
        ..Batch::default()
    })
}

fn inputs(batch: &Batch, sparse: bool, device: &Device) -> DeviceInputs {
    match (&batch.sparse, sparse) {
        (Some(rows), true) => {
            let compact = rows.compact();
            let input = SparseInput::new(&compact.columns, &compact.values, WIDTH, device);
            DeviceInputs::Sparse(input)
        }
        _ => DeviceInputs::Dense(batch.inputs_tensor(WIDTH, device)),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hidden: Result<Vec<usize>, _> = std::env::args().skip(1).map(|n| n.parse()).collect();
    let hidden = hidden?;
    let device = Device::default().inner();
    let config = DenseStackConfig::new(WIDTH, hidden.clone(), Unit::Rectifier, 5);
    println!("{WIDTH}-{hidden:?}-5 on {device:?}: milliseconds a batch, dense / sparse");
    for (size, repeats) in [(10, 12), (256, 3)] {
        for like_words in [true, false] {
            let batches: Result<Vec<Batch>, _> = (0..repeats)
                .map(|seed| batch(size, seed, like_words))
                .collect();
            let batches = batches?;
            let used = batches[0]
                .sparse
                .as_ref()
                .map_or(0, |rows| rows.compact().columns.len());
            let mut line = format!("batch {size:>3}, {used:>4} columns used:");
            for train in [false, true] {
                let times =
                    [false, true].map(|sparse| -> Result<f64, rectifier_nn::NetworkError> {
                        let network = config.init(1, &device)?;
                        Ok(match train {
                            true => steps(network, &batches, sparse, &device),
                            false => forwards(&network, &batches, sparse, &device),
                        })
                    });
                let [dense, sparse] = times;
                let what = if train { "training step" } else { "forward" };
                line += &format!("  {what} {:.1} / {:.1}", dense?, sparse?);
            }
            println!("{line}");
        }
    }
    Ok(())
}

fn forwards(network: &DenseStack, batches: &[Batch], sparse: bool, device: &Device) -> f64 {
    let mut best = f64::INFINITY;
    for batch in batches {
        let start = Instant::now();
        let forward = inputs(batch, sparse, device).forward(network);
        let _ = forward.logits.sum().into_scalar::<f32>();
        best = best.min(start.elapsed().as_secs_f64());
    }
    1e3 * best
}

fn steps(network: DenseStack, batches: &[Batch], sparse: bool, device: &Device) -> f64 {
    use burn::module::Module;
    use burn::optim::GradientsParams;
    let mut model = Supervised::new(network, Objective::Classification, Default::default()).train();
    let mut optimizer = Optimizer::Sgd.init();
    let mut best = f64::INFINITY;
    for batch in batches {
        let start = Instant::now();
        let labels = Tensor::from_inner(batch.labels_tensor(device));
        let inputs = DeviceInputs::from_inner(inputs(batch, sparse, device));
        let losses = model.losses_of(inputs.forward(&model.network), labels);
        let grads = GradientsParams::from_grads(losses.total().backward(), &model);
        model = optimizer.step(0.01, model.clone(), grads);
        let _ = model.network.head.weight.val().sum().into_scalar::<f32>();
        best = best.min(start.elapsed().as_secs_f64());
    }
    1e3 * best
}
