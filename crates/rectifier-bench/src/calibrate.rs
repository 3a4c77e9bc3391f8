//! Biases that give the zeros that are asked for.

use crate::BenchError;
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rectifier_nn::{DenseLayer, DenseStack};
use rectifier_train::TrainError;

/// `network`, a stack of rectifiers, with one number taken from all pre-activations of a layer, layer by layer, so that a
/// share of `zeros` of its activations on `inputs`, `[examples, inputs]`, are 0.
///
/// Weights and bias are then divided by one number, which leaves every zero where it is, so that activations have a mean
/// square of 1: otherwise they would grow from layer to layer where few are 0, until the softmax had no gradient.
///
/// # Errors
/// [`BenchError::Train`] where the device gives no numbers back.
pub(crate) fn calibrated(
    mut network: DenseStack,
    inputs: Tensor<2>,
    zeros: f64,
) -> Result<DenseStack, BenchError> {
    let device = inputs.device();
    let mut below = inputs;
    for layer in &mut network.layers {
        let mut numbers = numbers(layer.pre_activation(below.clone()))?;
        let threshold = threshold(&mut numbers, zeros);
        let squares = numbers
            .iter()
            .map(|z| f64::from((z - threshold).max(0.0)).powi(2));
        let scale = (squares.sum::<f64>() / numbers.len().max(1) as f64).sqrt() as f32;
        let scale = if scale > 0.0 { scale } else { 1.0 };
        shift(layer, threshold, scale, &device);
        below = layer.forward(below);
    }
    Ok(network)
}

/// Takes `threshold` from every pre-activation of `layer`, and divides them by `scale`.
fn shift(layer: &mut DenseLayer, threshold: f32, scale: f32, device: &Device) {
    let [_, units] = layer.dims();
    let bias = TensorData::new(vec![-threshold / scale; units], [units]);
    layer.weight = Param::from_tensor(layer.weight.val() / scale);
    layer.bias = Param::from_data(bias, device);
}

/// A number that a share of `zeros` of `numbers` do not exceed; they change places.
fn threshold(numbers: &mut [f32], zeros: f64) -> f32 {
    let below = (zeros * numbers.len() as f64).round() as usize;
    let highest = |numbers: &[f32]| numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let lowest = |numbers: &[f32]| numbers.iter().copied().fold(f32::INFINITY, f32::min);
    if numbers.is_empty() || below >= numbers.len() {
        return highest(numbers).max(0.0);
    }
    if below == 0 {
        // So far below that rounding leaves none at 0.
        let lowest = lowest(numbers);
        return lowest - 1e-3 * (highest(numbers) - lowest).max(1e-3);
    }
    let (under, next, _) = numbers.select_nth_unstable_by(below, f32::total_cmp);
    let next = *next;
    (highest(under) + next) / 2.0
}

/// The numbers of a tensor, row by row.
pub(crate) fn numbers(tensor: Tensor<2>) -> Result<Vec<f32>, BenchError> {
    let data = tensor.into_data();
    let numbers = data
        .try_to_vec()
        .map_err(|error| TrainError::Device(format!("{error:?}")))?;
    Ok(numbers)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Workload;
    use rectifier_nn::Network;

    #[test]
    fn thresholds_part_the_numbers_as_asked() {
        let mut numbers = [3.0, -1.0, 2.0, 0.5];
        let zeros = |zeros: f64, numbers: &mut [f32]| {
            let threshold = threshold(numbers, zeros);
            numbers.iter().filter(|z| **z <= threshold).count()
        };
        for (share, count) in [(0.0, 0), (0.25, 1), (0.5, 2), (0.75, 3), (1.0, 4)] {
            assert_eq!(zeros(share, &mut numbers), count);
        }
    }

    #[test]
    fn every_layer_has_the_zeros_that_were_asked_for() {
        let device = Device::default();
        for asked in [0.0, 0.5, 0.75, 0.9, 0.99] {
            let work = Workload::train(784, 200, 10, 0.0)
                .with_depth(4)
                .with_zeros(asked);
            let network = work.network(&device).unwrap();
            let batches = work.batches();
            let mut found = [0.0; 4];
            for batch in &batches {
                let hidden = network
                    .forward(batch.inputs_tensor(work.inputs, &device))
                    .hidden;
                for (found, layer) in found.iter_mut().zip(hidden) {
                    let layer = numbers(layer).unwrap();
                    let zeros = layer.iter().filter(|x| **x == 0.0).count();
                    *found += zeros as f64 / layer.len() as f64 / batches.len() as f64;
                }
            }
            for found in found {
                assert!((found - asked).abs() < 0.01, "{asked} {found}");
            }
        }
    }
}
