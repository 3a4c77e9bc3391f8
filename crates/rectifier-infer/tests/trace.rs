//! What a trace shows, against a forward pass written out here and against what the network counts itself.
#![allow(clippy::unwrap_used)]

mod common;

use common::Draw;
use rectifier_infer::{InferError, Level, Rows, SparseNetwork, Trace};
use rectifier_model::{DenseStackConfig, ModelCard, TensorView, Unit, encode};

const INPUTS: usize = 70;
const HIDDEN: [usize; 3] = [90, 130, 66];
const CLASSES: usize = 5;

/// Rows of numbers, two thirds of them 0.
fn some(draw: &mut Draw, examples: usize) -> Vec<f32> {
    let mut number = || (3.0 * draw.unit() - 2.0).max(0.0);
    (0..examples * INPUTS).map(|_| number()).collect()
}

/// Weights `[inputs, units]` and biases of each layer.
type Layers = Vec<(usize, Vec<f32>, Vec<f32>)>;

fn network(unit: Unit, hidden: &[usize]) -> (SparseNetwork, Layers) {
    let mut draw = Draw(3);
    let config = DenseStackConfig::new(INPUTS, hidden.to_vec(), unit, CLASSES);
    let mut many = |len: usize| -> Vec<f32> { (0..len).map(|_| draw.unit() - 0.5).collect() };
    let bytes =
        |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
    let (mut layers, mut tensors) = (Layers::new(), Vec::new());
    let mut inputs = INPUTS;
    for (k, &units) in hidden.iter().chain([&CLASSES]).enumerate() {
        let (weight, bias) = (many(inputs * units), many(units));
        let name = match k == hidden.len() {
            true => "head".into(),
            false => format!("layers.{k}"),
        };
        tensors.push(TensorView::f32(
            format!("{name}.weight"),
            &[inputs, units],
            bytes(&weight),
        ));
        tensors.push(TensorView::f32(
            format!("{name}.bias"),
            &[units],
            bytes(&bias),
        ));
        layers.push((units, weight, bias));
        inputs = units;
    }
    let file = encode(&ModelCard::new(config).metadata().unwrap(), &tensors).unwrap();
    (SparseNetwork::from_bytes(&file).unwrap(), layers)
}

/// Each layer's values for one example, in double precision.
fn by_hand(layers: &Layers, unit: Unit, example: &[f32]) -> Vec<Vec<f64>> {
    let mut below: Vec<f64> = example.iter().map(|x| f64::from(*x)).collect();
    let mut values = Vec::new();
    for (k, (units, weight, bias)) in layers.iter().enumerate() {
        let mut z: Vec<f64> = bias.iter().map(|b| f64::from(*b)).collect();
        for (x, row) in below.iter().zip(weight.chunks(*units)) {
            z.iter_mut()
                .zip(row)
                .for_each(|(z, w)| *z += x * f64::from(*w));
        }
        if k + 1 < layers.len() {
            z.iter_mut().for_each(|z| *z = unit.value(*z));
        }
        values.push(z.clone());
        below = z;
    }
    values
}

/// The inputs of layer `k` in a trace of `rows`.
fn below<'a>(trace: &'a Trace, rows: &'a [f32], k: usize) -> &'a [f32] {
    match k {
        0 => rows,
        _ => &trace.layers[k - 1].values,
    }
}

#[test]
fn activations_are_those_of_the_formula() {
    let rows = some(&mut Draw(9), 3);
    for unit in [Unit::Rectifier, Unit::Tanh, Unit::Gelu] {
        let (network, layers) = network(unit, &HIDDEN);
        let trace = network.trace(Rows::Dense(&rows)).unwrap();
        assert_eq!((trace.examples, trace.layers.len()), (3, HIDDEN.len() + 1));
        assert_eq!(trace.hidden().len(), HIDDEN.len());
        for (example, row) in rows.chunks(INPUTS).enumerate() {
            for (layer, wanted) in trace.layers.iter().zip(by_hand(&layers, unit, row)) {
                let found = &layer.values[example * layer.units..][..layer.units];
                for (found, wanted) in found.iter().zip(&wanted) {
                    let error = (f64::from(*found) - wanted).abs();
                    assert!(
                        error < 1e-4 * (1.0 + wanted.abs()),
                        "{unit:?}: {found} {wanted}"
                    );
                }
            }
        }
        assert_eq!(trace.logits(), network.logits(&rows).unwrap());
    }
}

#[test]
fn every_precision_shows_the_zeros_that_it_counts() {
    let (plain, _) = network(Unit::Rectifier, &HIDDEN);
    let rows = some(&mut Draw(9), 300);
    let calibration = some(&mut Draw(2), 500);
    let int8 = plain.clone().in_int8(Rows::Dense(&calibration)).unwrap();
    for network in [plain.clone(), plain.in_bf16(), int8] {
        let network = network.with_threshold(0.05).unwrap();
        let (logits, zeros) = network.logits_and_zeros(Rows::Dense(&rows)).unwrap();
        let trace = network.trace(Rows::Dense(&rows)).unwrap();
        assert_eq!(trace.logits(), logits);
        for (layer, zeros) in trace.hidden().iter().zip(&zeros.units) {
            assert_eq!(layer.units, zeros.len());
            for (unit, zeros) in zeros.iter().enumerate() {
                let silent = layer.values.iter().skip(unit).step_by(layer.units);
                assert_eq!(
                    silent.filter(|value| **value == 0.0).count() as u64,
                    *zeros,
                    "{}",
                    network.precision()
                );
            }
            assert_eq!(layer.zeros() as u64, zeros.iter().sum::<u64>());
            assert!(layer.values.iter().all(|x| *x >= 0.0));
            assert!((1..layer.values.len()).contains(&layer.zeros()));
        }
    }
}

#[test]
fn int8_activations_are_those_of_single_precision_but_for_a_step() {
    let (plain, _) = network(Unit::Rectifier, &[90]);
    let rows = some(&mut Draw(9), 20);
    let int8 = plain.clone().in_int8(Rows::Dense(&rows)).unwrap();
    let sorted = |network: &SparseNetwork| {
        let trace = network.trace(Rows::Dense(&rows)).unwrap();
        let mut values = trace.hidden()[0].values.clone();
        values.sort_by(f32::total_cmp);
        values
    };
    let (plain, int8) = (sorted(&plain), sorted(&int8));
    let largest = plain[plain.len() - 1];
    // The order of units differs, that of all values does not.
    for (plain, int8) in plain.iter().zip(&int8) {
        assert!((plain - int8).abs() < 0.03 * largest, "{plain} {int8}");
    }
}

#[test]
fn multiplications_are_those_of_the_inputs_that_were_taken() {
    let (rectifiers, _) = network(Unit::Rectifier, &HIDDEN);
    let (smooth, _) = network(Unit::Tanh, &HIDDEN);
    let rows = some(&mut Draw(9), 1);
    let int8 = rectifiers.clone().in_int8(Rows::Dense(&rows)).unwrap();
    for network in [rectifiers, smooth, int8] {
        let trace = network.trace(Rows::Dense(&rows)).unwrap();
        for (k, layer) in trace.layers.iter().enumerate() {
            let inputs = below(&trace, &rows, k);
            assert_eq!(layer.whole, (inputs.len() * layer.units) as u64);
            // In int8 so many neighbours must be 0 together, two or four as the processor has it.
            let taken = |together: usize| {
                let some = inputs
                    .chunks(together)
                    .filter(|group| group.iter().any(|x| *x != 0.0));
                some.map(|group| (group.len() * layer.units) as u64)
                    .sum::<u64>()
            };
            let wanted = match network.precision() {
                "int8" => vec![taken(2), taken(4)],
                _ => vec![taken(1)],
            };
            assert!(
                wanted.contains(&layer.made),
                "layer {k}: {} {wanted:?}",
                layer.made
            );
        }
    }
}

#[test]
fn a_layer_with_few_zeros_is_counted_whole() {
    let (network, _) = network(Unit::Rectifier, &HIDDEN);
    let full = vec![0.5; 40 * INPUTS];
    // How a layer is taken is chosen by the examples before.
    network.trace(Rows::Dense(&full)).unwrap();
    let trace = network.trace(Rows::Dense(&full)).unwrap();
    assert_eq!(trace.layers[0].made, trace.layers[0].whole);
}

#[test]
fn without_a_hidden_layer_and_without_examples() {
    let (network, _) = network(Unit::Rectifier, &[]);
    let rows = some(&mut Draw(9), 2);
    let trace = network.trace(Rows::Dense(&rows)).unwrap();
    assert!(trace.hidden().is_empty());
    assert_eq!(trace.logits(), network.logits(&rows).unwrap());
    let none = network.trace(Rows::Dense(&[])).unwrap();
    assert_eq!((none.examples, none.logits().len()), (0, 0));
    let short = network.trace(Rows::Dense(&rows[1..]));
    assert!(matches!(short, Err(InferError::Length { .. })));
}

#[test]
fn every_level_shows_the_same_bits() {
    let (plain, _) = network(Unit::Rectifier, &HIDDEN);
    let rows = some(&mut Draw(9), 7);
    let int8 = plain.clone().in_int8(Rows::Dense(&rows)).unwrap();
    for network in [plain.clone(), plain.in_bf16(), int8] {
        let of = |level| {
            let network = network.clone().with_level(level);
            let mut trace = network.trace(Rows::Dense(&rows)).unwrap();
            if network.precision() == "int8" {
                // How many neighbours are skipped together depends on the processor.
                trace.layers.iter_mut().for_each(|layer| layer.made = 0);
            }
            trace
        };
        let wanted = of(Level::Portable);
        for level in Level::available() {
            assert_eq!(of(level), wanted, "{level:?}");
        }
    }
}
