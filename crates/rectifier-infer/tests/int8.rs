//! Eight-bit prediction against single precision, on a network that is trained here.
#![allow(clippy::unwrap_used)]

mod common;

use common::Draw;
use rectifier_infer::{InferError, Level, Rows, SparseNetwork, SparseRows};
use rectifier_model::{DenseStackConfig, ModelCard, Precision, TensorView, Unit, encode};
use std::sync::OnceLock;

const INPUTS: usize = 66;
const HIDDEN: [usize; 2] = [90, 70];
const CLASSES: usize = 5;
const TRAIN: usize = 1500;
const TEST: usize = 2000;

/// Examples of classes that overlap: each class has a pattern, of which an example shows a noisy part.
fn examples(seed: u64, count: usize) -> (Vec<f32>, Vec<u32>) {
    let mut patterns = Draw(99);
    let patterns: Vec<f32> = (0..CLASSES * INPUTS)
        .map(|_| {
            if patterns.unit() < 0.4 {
                patterns.unit()
            } else {
                0.0
            }
        })
        .collect();
    let mut draw = Draw(seed);
    let (mut inputs, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let class = (draw.unit() * CLASSES as f32) as usize;
        labels.push(class as u32);
        for pattern in &patterns[class * INPUTS..(class + 1) * INPUTS] {
            let seen = if draw.unit() < 0.3 { *pattern } else { 0.0 };
            let noise = if draw.unit() < 0.15 { draw.unit() } else { 0.0 };
            inputs.push((seen + noise).min(1.0));
        }
    }
    (inputs, labels)
}

struct Dense {
    inputs: usize,
    units: usize,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Dense {
    fn new(inputs: usize, units: usize, draw: &mut Draw) -> Self {
        let limit = (6.0 / (inputs + units) as f32).sqrt();
        Self {
            inputs,
            units,
            weight: (0..inputs * units)
                .map(|_| (2.0 * draw.unit() - 1.0) * limit)
                .collect(),
            bias: vec![0.0; units],
        }
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut z = self.bias.clone();
        for (x, row) in x.iter().zip(self.weight.chunks(self.units)) {
            z.iter_mut().zip(row).for_each(|(z, w)| *z += x * w);
        }
        z
    }

    /// One step against the error above; returns the error below.
    fn learn(&mut self, x: &[f32], error: &[f32], rate: f32) -> Vec<f32> {
        let mut below = vec![0.0; self.inputs];
        for ((x, below), row) in x
            .iter()
            .zip(&mut below)
            .zip(self.weight.chunks_mut(self.units))
        {
            for (w, e) in row.iter_mut().zip(error) {
                *below += *w * e;
                *w -= rate * x * e;
            }
        }
        self.bias
            .iter_mut()
            .zip(error)
            .for_each(|(b, e)| *b -= rate * e);
        below
    }
}

/// Plain stochastic gradient descent, an example a step.
fn train() -> Vec<u8> {
    let mut draw = Draw(5);
    let widths = [INPUTS, HIDDEN[0], HIDDEN[1], CLASSES];
    let mut layers: Vec<Dense> = widths
        .windows(2)
        .map(|w| Dense::new(w[0], w[1], &mut draw))
        .collect();
    let (inputs, labels) = examples(1, TRAIN);
    for _ in 0..4 {
        for (x, label) in inputs.chunks(INPUTS).zip(&labels) {
            let mut values = vec![x.to_vec()];
            for (k, layer) in layers.iter().enumerate() {
                let mut z = layer.forward(&values[k]);
                if k + 1 < layers.len() {
                    z.iter_mut().for_each(|z| *z = z.max(0.0));
                }
                values.push(z);
            }
            let logits = values.pop().unwrap();
            let sum: f32 = logits.iter().map(|z| z.exp()).sum();
            let truth = |class: usize| if class == *label as usize { 1.0 } else { 0.0 };
            let mut error: Vec<f32> = logits
                .iter()
                .enumerate()
                .map(|(c, z)| z.exp() / sum - truth(c))
                .collect();
            for (k, layer) in layers.iter_mut().enumerate().rev() {
                error = layer.learn(&values[k], &error, 0.02);
                let alive = error.iter_mut().zip(&values[k]);
                alive.for_each(|(e, x)| *e = if *x > 0.0 { *e } else { 0.0 });
            }
        }
    }
    file(&layers, None)
}

fn file(layers: &[Dense], flips: Option<&[Vec<f32>]>) -> Vec<u8> {
    let config =
        DenseStackConfig::new(INPUTS, HIDDEN, Unit::Rectifier, CLASSES).with_flips(flips.is_some());
    let bytes =
        |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
    let mut tensors = Vec::new();
    for (k, layer) in layers.iter().enumerate() {
        let name = if k + 1 == layers.len() {
            "head".into()
        } else {
            format!("layers.{k}")
        };
        let shape = [layer.inputs, layer.units];
        tensors.push(TensorView::f32(
            format!("{name}.weight"),
            &shape,
            bytes(&layer.weight),
        ));
        tensors.push(TensorView::f32(
            format!("{name}.bias"),
            &[layer.units],
            bytes(&layer.bias),
        ));
        if let Some(flips) = flips.and_then(|flips| flips.get(k)) {
            tensors.push(TensorView::f32(
                format!("{name}.flips"),
                &[layer.units],
                bytes(flips),
            ));
        }
    }
    let mut card = ModelCard::new(config);
    card.classes = ["a", "b", "c", "d", "e"].map(String::from).to_vec();
    encode(&card.metadata().unwrap(), &tensors).unwrap()
}

fn trained() -> SparseNetwork {
    static MODEL: OnceLock<Vec<u8>> = OnceLock::new();
    SparseNetwork::from_bytes(MODEL.get_or_init(train)).unwrap()
}

fn int8() -> SparseNetwork {
    trained()
        .in_int8(Rows::Dense(&examples(1, TRAIN).0))
        .unwrap()
}

#[test]
fn a_trained_network_errs_as_rarely_in_int8() {
    let (inputs, labels) = examples(2, TEST);
    let plain = trained().evaluate(Rows::Dense(&inputs), &labels).unwrap();
    let small = int8().evaluate(Rows::Dense(&inputs), &labels).unwrap();
    // It has learned something, and not everything: else equal errors would say nothing.
    let error = plain.error().unwrap();
    assert!((0.01..0.3).contains(&error), "{error}");
    // Only examples on the edge between two classes may be taken for another.
    let differ = plain
        .classes
        .iter()
        .zip(&small.classes)
        .filter(|(a, b)| a != b)
        .count();
    assert!(differ <= TEST / 100, "{differ} of {TEST}");
    assert!(
        (small.error().unwrap() - error).abs() <= 0.004,
        "{error} {:?}",
        small.error()
    );
    // Zeros stay zeros, and small activations become some.
    for (plain, small) in plain.zeros.shares().iter().zip(small.zeros.shares()) {
        assert!(
            small >= plain - 1e-3 && small < plain + 0.05,
            "{plain} {small}"
        );
        assert!(*plain > 0.2);
    }
    let (logits, close) = (
        trained().logits(&inputs).unwrap(),
        int8().logits(&inputs).unwrap(),
    );
    let size = logits.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let worst = logits
        .iter()
        .zip(&close)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(worst < 0.05 * size, "{worst} of {size}");
}

#[test]
fn every_processor_every_count_of_threads_and_every_batch_gives_the_same_bits() {
    let network = int8();
    let (inputs, _) = examples(3, 300);
    let bits = |logits: Vec<f32>| -> Vec<u32> { logits.into_iter().map(f32::to_bits).collect() };
    let wanted = bits(network.clone().with_threads(1).logits(&inputs).unwrap());
    for level in Level::available() {
        for threads in [1, 2, 3] {
            let network = network.clone().with_level(level).with_threads(threads);
            for batch in [1, 6, 7, 20, 48, 49, 300] {
                let found: Vec<u32> = inputs
                    .chunks(batch * INPUTS)
                    .flat_map(|rows| bits(network.logits(rows).unwrap()))
                    .collect();
                assert_eq!(
                    found, wanted,
                    "{level:?}, {threads} threads, batches of {batch}"
                );
            }
        }
    }
    // The same rows as lists of what is not 0.
    let (mut starts, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
    for row in inputs.chunks(INPUTS) {
        for (column, value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            columns.push(column as u32);
            values.push(*value);
        }
        starts.push(columns.len());
    }
    let rows = SparseRows::new(INPUTS, &starts, &columns, &values).unwrap();
    assert_eq!(bits(network.logits_of(Rows::Sparse(rows)).unwrap()), wanted);
}

#[test]
fn a_saved_network_says_the_same_and_takes_a_quarter() {
    let network = int8();
    let bytes = network.to_bytes().unwrap();
    let plain = trained().to_bytes().unwrap();
    // Weights a quarter each; scales and the card are the rest.
    let weights = INPUTS * HIDDEN[0] + HIDDEN[0] * HIDDEN[1] + HIDDEN[1] * CLASSES;
    assert!(bytes.len() < weights + 5000 && plain.len() > 4 * weights);
    let loaded = SparseNetwork::from_bytes(&bytes).unwrap();
    assert_eq!(
        (loaded.precision(), loaded.card().class(3)),
        ("int8", "d".into())
    );
    let (inputs, _) = examples(3, 50);
    assert_eq!(
        loaded.logits(&inputs).unwrap(),
        network.logits(&inputs).unwrap()
    );
    let again = SparseNetwork::from_bytes(&plain).unwrap();
    assert_eq!(
        again.logits(&inputs).unwrap(),
        trained().logits(&inputs).unwrap()
    );
}

#[test]
fn a_network_in_bf16_is_saved_as_such() {
    let half = trained().in_bf16();
    let bytes = half.to_bytes().unwrap();
    assert!(bytes.len() < trained().to_bytes().unwrap().len() * 2 / 3);
    let loaded = SparseNetwork::from_bytes(&bytes).unwrap();
    assert_eq!(loaded.precision(), "bf16");
    assert_eq!(loaded.card().precision, Precision::Bf16);
    let (inputs, _) = examples(3, 50);
    let wanted = half.logits(&inputs).unwrap();
    assert_eq!(loaded.logits(&inputs).unwrap(), wanted);
    assert_eq!(loaded.to_bytes().unwrap(), bytes);
}

#[test]
fn every_cut_or_changed_byte_is_an_error_or_numbers() {
    let bytes = int8().to_bytes().unwrap();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let (inputs, _) = examples(3, 2);
    for len in (0..bytes.len()).step_by(7) {
        assert!(SparseNetwork::from_bytes(&bytes[..len]).is_err(), "{len}");
    }
    // Every byte of the header and of what follows it first: scales.
    for at in (0..header + 1500).step_by(3) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x85;
        if let Ok(network) = SparseNetwork::from_bytes(&bytes) {
            match network.with_threads(1).logits(&inputs) {
                Ok(logits) => assert!(logits.iter().all(|logit| logit.is_finite())),
                Err(error) => assert!(
                    matches!(
                        error,
                        InferError::Overflow { .. } | InferError::Length { .. }
                    ),
                    "{error}"
                ),
            }
        }
    }
}

#[test]
fn flips_and_a_threshold_mean_what_they_mean_in_single_precision() {
    let mut draw = Draw(8);
    let widths = [INPUTS, HIDDEN[0], HIDDEN[1], CLASSES];
    let layers: Vec<Dense> = widths
        .windows(2)
        .map(|w| Dense::new(w[0], w[1], &mut draw))
        .collect();
    let signs = |width: usize| {
        (0..width)
            .map(|unit| if unit % 3 == 0 { -1.0 } else { 1.0 })
            .collect()
    };
    let flips: Vec<Vec<f32>> = HIDDEN.iter().map(|width| signs(*width)).collect();
    let plain = SparseNetwork::from_bytes(&file(&layers, Some(&flips))).unwrap();
    let (inputs, _) = examples(3, 200);
    for threshold in [0.0, 0.1] {
        let plain = plain.clone().with_threshold(threshold).unwrap();
        let before = plain.clone().in_int8(Rows::Dense(&inputs)).unwrap();
        let after = before.clone().with_threshold(threshold).unwrap();
        let wanted = plain.logits(&inputs).unwrap();
        let size = wanted.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        for small in [before, after] {
            let found = small.logits(&inputs).unwrap();
            let mean = wanted
                .iter()
                .zip(&found)
                .map(|(a, b)| (a - b).abs())
                .sum::<f32>()
                / found.len() as f32;
            assert!(mean < 0.02 * size, "{threshold}: {mean} of {size}");
        }
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let (inputs, labels) = examples(1, 20);
    let rows = Rows::Dense(&inputs);
    assert!(matches!(
        trained().in_int8(Rows::Dense(&[])),
        Err(InferError::NoExamples)
    ));
    assert!(matches!(
        trained().in_bf16().in_int8(rows),
        Err(InferError::Precision { .. })
    ));
    assert!(matches!(
        int8().in_int8(rows),
        Err(InferError::Precision { .. })
    ));
    assert!(matches!(
        int8().evaluate(rows, &labels[1..]),
        Err(InferError::Labels { .. })
    ));
    for network in [trained(), trained().in_bf16(), int8()] {
        for value in [f32::NAN, f32::INFINITY] {
            let mut inputs = inputs.clone();
            inputs[INPUTS + 3] = value;
            let error = network.classify(&inputs).unwrap_err();
            assert!(
                matches!(
                    error,
                    InferError::Input {
                        example: 1,
                        place: 3,
                        ..
                    }
                ),
                "{error}"
            );
        }
        assert!(matches!(
            network.logits(&inputs[1..]),
            Err(InferError::Length { .. })
        ));
    }
    let huge = trained().logits(&vec![f32::MAX; INPUTS]);
    assert!(matches!(huge, Err(InferError::Overflow { example: 0 })));
}
