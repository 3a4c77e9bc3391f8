//! From a network of floats to one of integers: scales from what layers do on examples of the training data.

use super::order::Firing;
use super::{Int8, Layer8};
use crate::InferError;
use crate::layer::Layer;
use crate::rows::Rows;
use alloc::vec;
use alloc::vec::Vec;

/// Bins that a layer's activations are counted in.
const BINS: usize = if cfg!(miri) { 64 } else { 2048 };
/// The largest weight as an integer.
const LARGEST: f32 = 127.0;
/// The largest input as an integer.
const STEPS: f32 = 255.0;
/// Steps on either side of 0, where inputs have no known range and some are below 0.
const BELOW: f32 = 127.0;

/// What the hidden layers did on some examples.
pub(crate) struct Calibration {
    layers: Vec<Hidden>,
    inputs: Inputs,
}

/// How far the inputs go.
enum Inputs {
    /// From one number to another, which are known, or further.
    Known([f32; 2]),
    /// As far as is seen: columns of tables have no ends, and a lone far number is not to cost all others their digits.
    Seen {
        least: f32,
        largest: f32,
        bins: Vec<u64>,
    },
}

impl Inputs {
    fn new(range: [f32; 2]) -> Self {
        let [low, high] = range;
        match (high - low).is_finite() {
            true => Self::Known(range),
            false => Self::Seen {
                least: 0.0,
                largest: 0.0,
                bins: vec![0; BINS],
            },
        }
    }

    /// The step of the integers, and the number that 0 stands for.
    fn steps(&self) -> [f32; 2] {
        let [step, offset] = match self {
            Self::Known([low, high]) => [(high - low) / STEPS, *low],
            Self::Seen { largest, .. } if *largest <= 0.0 => [1.0 / STEPS, 0.0],
            Self::Seen {
                least,
                largest,
                bins,
            } => match *least < 0.0 {
                // As many steps below 0 as above it, with 0 itself on a step.
                true => {
                    let step = input_step(bins, *largest, BELOW);
                    [step, -BELOW * step]
                }
                false => [input_step(bins, *largest, STEPS), 0.0],
            },
        };
        // What has no width, as of examples that are all 0, still needs a step.
        [step.max(f32::MIN_POSITIVE), offset]
    }
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
            inputs: Inputs::new(range),
        }
    }

    /// First pass, or second where they are `counted`: how far the inputs go, and how they are distributed.
    pub(crate) fn see_inputs(&mut self, rows: Rows<'_>, counted: bool) {
        let inputs = &mut self.inputs;
        let mut see = |values: &[f32]| match (&mut *inputs, counted) {
            (Inputs::Known([low, high]), _) => {
                for value in values {
                    (*low, *high) = (low.min(*value), high.max(*value));
                }
            }
            (Inputs::Seen { least, largest, .. }, false) => {
                for value in values {
                    (*least, *largest) = (least.min(*value), largest.max(value.abs()));
                }
            }
            (Inputs::Seen { largest, bins, .. }, true) => {
                count(values, *largest, bins);
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
        count(values, layer.largest, &mut layer.bins);
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

/// Counts the sizes of what is not 0.
fn count(values: &[f32], largest: f32, bins: &mut [u64]) {
    for value in values.iter().filter(|value| **value != 0.0) {
        let bin = (value.abs() / largest * bins.len() as f32) as usize;
        let last = bins.len() - 1;
        bins[bin.min(last)] += 1;
    }
}

/// The one of so many `steps` that loses least on inputs whose sizes are counted in `bins` up to `largest`: in sizes, not in their
/// squares, of which a lone far number would have the most.
fn input_step(bins: &[u64], largest: f32, steps: f32) -> f32 {
    /// Candidates from one to half of it.
    const OCTAVE: i32 = 4;
    /// Halves.
    const OCTAVES: i32 = 10;
    let shares = (1..=OCTAVE * OCTAVES).map(|k| libm::exp2(-f64::from(k) / f64::from(OCTAVE)));
    least(bins, largest, steps, shares, |x, step| {
        let end = step * f64::from(steps);
        // Of numbers all around, a quarter of a step is lost on the mean.
        if x > end { x - end } else { step / 4.0 }
    })
}

/// The step that loses least, in squares, on activations counted in `bins` up to `largest`: a small one cuts large ones off, a
/// large one rounds more roughly.
fn best_step(bins: &[u64], largest: f32) -> f32 {
    let shares = (20..100).map(|percent| f64::from(percent) / 100.0);
    least(bins, largest, STEPS, shares, |x, step| {
        let rounded = libm::floor(x / step + 0.5).min(f64::from(STEPS)) * step;
        // A bin that is wider than a step holds numbers all around.
        match x < step * f64::from(STEPS) && x >= step {
            true => step * step / 12.0,
            false => (x - rounded) * (x - rounded),
        }
    })
}

/// Of the step that just reaches `largest` in so many `steps`, and of these `shares` of it, the one that loses least on sizes
/// counted in `bins`: each size loses `lost(size, step)`.
fn least(
    bins: &[u64],
    largest: f32,
    steps: f32,
    shares: impl Iterator<Item = f64>,
    lost: impl Fn(f64, f64) -> f64,
) -> f32 {
    let width = f64::from(largest) / bins.len() as f64;
    let all = |step: f64| {
        let each = bins.iter().enumerate();
        let each = each.map(|(bin, count)| *count as f64 * lost((bin as f64 + 0.5) * width, step));
        each.sum::<f64>()
    };
    let full = f64::from(largest) / f64::from(steps);
    let mut best = (all(full), full);
    for step in shares.map(|share| full * share) {
        let loss = all(step);
        if loss < best.0 {
            best = (loss, step);
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
    let mut steps = calibration.inputs.steps();
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
    #[cfg_attr(miri, ignore = "Miri counts in fewer bins")]
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

    #[test]
    #[cfg_attr(miri, ignore = "Miri counts in fewer bins")]
    fn inputs_without_ends_have_steps_of_what_is_seen() {
        const ENDLESS: [f32; 2] = [f32::MIN, f32::MAX];
        let steps = |values: &[f32]| {
            let mut seen = Calibration::new(&[], 1, ENDLESS);
            for counted in [false, true] {
                seen.see_inputs(Rows::Dense(values), counted);
            }
            seen.inputs.steps()
        };
        let [step, offset] = steps(&[-1.0, 0.25, 0.5, 1.0]);
        assert!((step - 1.0 / BELOW).abs() < 1e-3, "{step}");
        // 0 stays 0.
        assert_eq!(offset + BELOW * step, 0.0);
        let [step, offset] = steps(&[0.0, 0.25, 2.0]);
        assert!(
            (step - 2.0 / STEPS).abs() < 1e-2 && offset == 0.0,
            "{step} {offset}"
        );
        assert_eq!(steps(&[0.0, 0.0]), [1.0 / STEPS, 0.0]);
        // One far number among many.
        let mut many: Vec<f32> = (0..10_000)
            .map(|k| (k % 200) as f32 / 100.0 - 1.0)
            .collect();
        many[17] = 300.0;
        let [step, _] = steps(&many);
        assert!((0.9..4.0).contains(&(step * BELOW)), "{step}");
        assert_eq!(Inputs::new([-1.0, 1.0]).steps(), [2.0 / STEPS, -1.0]);
    }
}
