//! From a network of floats to one of integers: scales from what layers do on examples of the training data.

use super::order::Firing;
use super::{Int8, Layer8};
use crate::InferError;
use crate::layer::Layer;
use crate::rows::Rows;
use alloc::vec;
use alloc::vec::Vec;

/// Bins that a layer's activations are counted in.
const BINS: usize = 2048;
/// The largest weight as an integer.
const LARGEST: f32 = 127.0;
/// The largest input as an integer.
const STEPS: f32 = 255.0;

/// What the hidden layers did on some examples.
pub(crate) struct Calibration {
    layers: Vec<Hidden>,
    /// Least and largest input.
    inputs: [f32; 2],
}

struct Hidden {
    largest: f32,
    bins: Vec<u64>,
    step: f32,
    firing: Option<Firing>,
}

impl Calibration {
    /// Nothing seen yet, of layers of these widths on `examples` examples, whose inputs go from the first of `range` to the
    /// second or further.
    pub(crate) fn new(widths: &[usize], examples: usize, range: [f32; 2]) -> Self {
        let hidden = |width: &usize| Hidden {
            largest: 0.0,
            bins: vec![0; BINS],
            step: 1.0 / STEPS,
            firing: Some(Firing::new(*width, examples)),
        };
        Self {
            layers: widths.iter().map(hidden).collect(),
            inputs: range,
        }
    }

    /// Any pass: how far the inputs go.
    pub(crate) fn see_inputs(&mut self, rows: Rows<'_>) {
        let [low, high] = &mut self.inputs;
        let mut see = |values: &[f32]| {
            for value in values {
                (*low, *high) = (low.min(*value), high.max(*value));
            }
        };
        match rows {
            Rows::Dense(values) => see(values),
            Rows::Sparse(rows) => {
                see(&[0.0]);
                let each = (0..rows.len()).filter_map(|row| rows.row(row));
                each.for_each(|(_, values)| see(values));
            }
        }
    }

    /// First pass: how large the activations of hidden layer `k` are.
    pub(crate) fn see_largest(&mut self, k: usize, values: &[f32]) {
        if let Some(layer) = self.layers.get_mut(k) {
            let largest = values
                .iter()
                .fold(layer.largest, |most, x| most.max(x.abs()));
            layer.largest = largest;
        }
    }

    /// Second pass: how they are distributed.
    pub(crate) fn see_values(&mut self, k: usize, values: &[f32]) {
        let Some(layer) = self.layers.get_mut(k).filter(|layer| layer.largest > 0.0) else {
            return;
        };
        for value in values.iter().filter(|value| **value != 0.0) {
            let bin = (value.abs() / layer.largest * BINS as f32) as usize;
            layer.bins[bin.min(BINS - 1)] += 1;
        }
    }

    /// Between the second pass and the third: the step of each layer's integers.
    pub(crate) fn choose(&mut self) {
        for layer in self.layers.iter_mut().filter(|layer| layer.largest > 0.0) {
            layer.step = best_step(&layer.bins, layer.largest);
        }
    }

    /// Third pass: which units of hidden layer `k` fire together; `values` are those of the examples from `start` on.
    pub(crate) fn see_firing(&mut self, k: usize, values: &[f32], width: usize, start: usize) {
        let Some(Hidden {
            step,
            firing: Some(firing),
            ..
        }) = self.layers.get_mut(k)
        else {
            return;
        };
        // What rounds to 0 does not fire.
        let least = 0.5 * *step;
        for (example, row) in values.chunks_exact(width.max(1)).enumerate() {
            for (unit, _) in row.iter().enumerate().filter(|(_, x)| x.abs() >= least) {
                firing.note(unit, start + example);
            }
        }
    }
}

/// The step that loses least, in squares, on activations counted in `bins` up to `largest`: a small one cuts large ones off, a
/// large one rounds more roughly.
fn best_step(bins: &[u64], largest: f32) -> f32 {
    let width = f64::from(largest) / bins.len() as f64;
    let lost = |step: f64| {
        let each = bins.iter().enumerate().map(|(bin, count)| {
            let x = (bin as f64 + 0.5) * width;
            let rounded = libm::floor(x / step + 0.5).min(f64::from(STEPS)) * step;
            // A bin that is wider than a step holds numbers all around.
            let error = match x < step * f64::from(STEPS) && x >= step {
                true => step * step / 12.0,
                false => (x - rounded) * (x - rounded),
            };
            *count as f64 * error
        });
        each.sum::<f64>()
    };
    let full = f64::from(largest) / f64::from(STEPS);
    let mut best = (lost(full), full);
    for share in (20..100).map(|percent| f64::from(percent) / 100.0) {
        let loss = lost(full * share);
        if loss < best.0 {
            best = (loss, full * share);
        }
    }
    best.1 as f32
}

/// `layers` (the last is the output layer) in integers, hidden units in an order that brings those which fire together into
/// groups.
///
/// # Errors
/// [`InferError::TooManyInputs`] for a layer whose sums could leave 32 bits.
pub(crate) fn quantized(
    layers: &[Layer],
    threshold: f32,
    mut calibration: Calibration,
) -> Result<Int8, InferError> {
    let [low, high] = calibration.inputs;
    let mut steps = [(high - low) / STEPS, low];
    // What the layer below has made of its inputs: their order, and the signs that they are to be multiplied by.
    let mut order: Option<Vec<usize>> = None;
    let mut signs: Option<Vec<f32>> = None;
    let mut integers = Vec::with_capacity(layers.len());
    for (k, layer) in layers.iter().enumerate() {
        let (inputs, units) = (layer.weight.rows, layer.units());
        // SAFETY: nobody writes to a predictor's layers.
        let (weights, bias) = unsafe { (layer.weight.to_rows(), layer.bias.as_slice()) };
        let hidden = calibration.layers.get_mut(k);
        let columns: Vec<usize> = match hidden.and_then(|hidden| hidden.firing.take()) {
            Some(firing) => firing.order(),
            None => (0..units).collect(),
        };
        let row = |input: usize| order.as_ref().map_or(input, |order| order[input]);
        let sign = |input: usize| signs.as_ref().map_or(1.0, |signs| signs[input]);
        let mut scale = vec![0.0f32; units];
        for weights in weights.chunks_exact(units.max(1)) {
            for (scale, column) in scale.iter_mut().zip(&columns) {
                *scale = scale.max(weights[*column].abs() / LARGEST);
            }
        }
        let mut rounded = Vec::with_capacity(inputs * units);
        for input in 0..inputs {
            let row = row(input);
            let weights = &weights[row * units..(row + 1) * units];
            for (scale, column) in scale.iter().zip(&columns) {
                let exact = match *scale > 0.0 {
                    true => sign(row) * weights[*column] / scale,
                    false => 0.0,
                };
                rounded.push(libm::roundf(exact) as i8);
            }
        }
        let bias = columns.iter().map(|column| bias[*column]).collect();
        let integer = Layer8::new([inputs, units], &rounded, scale, bias, steps);
        if integer.largest_sum() > i32::MAX as u64 {
            return Err(InferError::TooManyInputs { inputs });
        }
        integers.push(integer);
        // SAFETY: as above.
        signs = layer
            .flips
            .as_ref()
            .map(|flips| unsafe { flips.as_slice() }[..units].to_vec());
        steps = [
            calibration.layers.get(k).map_or(1.0, |hidden| hidden.step),
            0.0,
        ];
        order = Some(columns);
    }
    Ok(Int8::new(integers, threshold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_large_activation_does_not_cost_all_others_their_digits() {
        let mut bins = vec![0; BINS];
        bins[..BINS / 2].fill(1000);
        let plain = best_step(&bins, 2.0);
        assert!((plain * STEPS - 1.0).abs() < 0.03, "{plain}");
        bins[BINS - 1] = 1;
        let with_one = best_step(&bins, 2.0);
        assert!(with_one * STEPS < 1.5, "{with_one}");
        bins.fill(1000);
        assert!((best_step(&bins, 2.0) * STEPS - 2.0).abs() < 0.05);
    }
}
