//! What the network of a run shows of itself on one part of its data: measured once, plain data from then on.

use crate::Histogram;
use crate::picture::{Picture, is_picture};
use crate::worst::Worst;
use burn::tensor::{Device, Tensor};
use rectifier_data::{Batch, Examples};
use rectifier_nn::{Forward, LayerCounts, Network};
use rectifier_train::{Evaluation, Objective, Softmax, TrainError, evaluate_each};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// A unit that fires on fewer than this share of the examples is rare.
pub const RARE: f64 = 0.01;

/// What was measured of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// The part of the data, in a word: `test`.
    pub part: String,
    /// Error, loss, and on how many examples each hidden unit was 0.
    pub evaluation: Evaluation,
    /// Names of the classes.
    pub class_names: Vec<String>,
    /// Examples by true class, then by predicted class.
    pub confusion: Vec<Vec<u64>>,
    /// The activations of each hidden layer.
    pub activations: Vec<Histogram>,
    /// Weights of first-layer units, from those that fire most often to those that never do; none without pictures.
    pub filters: Vec<Filter>,
    /// The worst mistakes, the worst first.
    pub mistakes: Vec<Mistake>,
}

impl Findings {
    /// The name of a class; `?` past the last one.
    pub fn class_name(&self, class: usize) -> &str {
        self.class_names.get(class).map_or("?", String::as_str)
    }
}

/// What one unit of the first layer looks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// Which unit, from 1.
    pub unit: usize,
    /// On which share of the examples it fires.
    pub fires: f64,
    /// Its incoming weights: white for positive, black for negative.
    pub picture: Picture,
}

/// An example that the network is wrong about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// Which example of the part, from 0.
    pub example: usize,
    /// Its class.
    pub truth: usize,
    /// P(its class | input).
    pub truth_probability: f64,
    /// The most probable class.
    pub guess: usize,
    /// P(that class | input).
    pub guess_probability: f64,
    /// The expected number of stars, for ratings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stars: Option<f64>,
    /// How it looks, where it is a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// How it reads, where it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// How example `index` with these inputs reads; `None` where it says nothing.
pub type Reading<'a> = &'a dyn Fn(usize, &[f32]) -> Option<String>;

/// What to measure, and how to show it.
pub struct Measuring<'a> {
    /// The part of the data, in a word.
    pub part: &'a str,
    /// Names of the classes; numbers stand in for those that are missing.
    pub class_names: &'a [String],
    /// How many mistakes to keep.
    pub mistakes: usize,
    /// How many filters to draw.
    pub filters: usize,
    /// How an example reads, for data that are text.
    pub text: Option<Reading<'a>>,
}

impl<'a> Measuring<'a> {
    /// 24 mistakes and 96 filters of the test part.
    pub fn test(class_names: &'a [String]) -> Self {
        Self {
            part: "test",
            class_names,
            mistakes: 24,
            filters: 96,
            text: None,
        }
    }
}

/// How many units of a layer fire how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    /// On no example.
    pub dead: usize,
    /// On some, but on fewer than [`RARE`] of them.
    pub rare: usize,
    /// More often.
    pub common: usize,
}

impl Firing {
    /// Sorts the units of a layer.
    pub fn of(layer: &LayerCounts) -> Self {
        let mut firing = Self {
            dead: 0,
            rare: 0,
            common: 0,
        };
        for share in fires(layer) {
            match share {
                0.0 => firing.dead += 1,
                share if share < RARE => firing.rare += 1,
                _ => firing.common += 1,
            }
        }
        firing
    }
}

/// On which share of the examples each unit is not 0.
pub fn fires(layer: &LayerCounts) -> impl Iterator<Item = f64> {
    let examples = layer.examples.max(1) as f64;
    let fired = move |zeros: &u64| layer.examples.saturating_sub(*zeros) as f64 / examples;
    layer.zeros.iter().map(fired)
}

/// Measures `network` (not in training mode) on `examples`, a batch at a time, on `device`.
///
/// # Errors
/// [`TrainError`] for examples that cannot be read and pictures that cannot be drawn.
pub fn measure<N: Network>(
    network: &N,
    examples: &dyn Examples,
    objective: Objective,
    device: &Device,
    what: &Measuring<'_>,
) -> Result<Findings, TrainError> {
    let shape = examples.shape();
    let drawn = is_picture(shape);
    let width = examples.width().max(1);
    let mut activations: Vec<Histogram> = Vec::new();
    let mut worst: Worst<(Guess, Vec<f32>)> = Worst::new(what.mistakes);
    let mut range = f32::INFINITY..=f32::NEG_INFINITY;
    let each = |batch: &Batch, start: usize, forward: &Forward| {
        activations.resize_with(forward.hidden.len(), Histogram::default);
        for (histogram, layer) in activations.iter_mut().zip(&forward.hidden) {
            histogram.add(&host(layer)?);
        }
        let inputs = batch.dense();
        if drawn {
            range = widened(&range, &inputs);
        }
        let logits = host(&forward.logits)?;
        let classes = (logits.len() / batch.len().max(1)).max(1);
        let rows = logits.chunks_exact(classes).zip(inputs.chunks_exact(width));
        for (row, (logits, input)) in rows.enumerate() {
            let guess = Guess::of(logits, batch.labels[row] as usize);
            if let Some(cost) = guess.cost(objective) {
                worst.offer(cost, start + row, || (guess, input.to_vec()));
            }
        }
        Ok(())
    };
    let evaluation = evaluate_each(network, examples, objective, device, each)?;
    let mistakes = worst.finish().into_iter().map(|kept| {
        let (guess, input) = kept.what;
        let probabilities = guess.said.probabilities();
        let picture = drawn.then(|| Picture::new(&input, shape, &range));
        Ok(Mistake {
            example: kept.index,
            truth: guess.truth,
            truth_probability: probabilities[guess.truth],
            guess: guess.said.class,
            guess_probability: probabilities[guess.said.class],
            stars: (objective == Objective::ExpectedRating).then(|| guess.said.stars()),
            picture: picture.transpose()?,
            text: what.text.and_then(|text| text(kept.index, &input)),
        })
    });
    let mistakes = mistakes.collect::<Result<_, TrainError>>()?;
    let filters = match (drawn, evaluation.layers.first()) {
        (true, Some(layer)) => filters(network, shape, layer, what.filters)?,
        _ => Vec::new(),
    };
    let classes = examples
        .classes()
        .max(what.class_names.len())
        .max(highest(&evaluation.predictions))
        .max(highest(&evaluation.labels));
    Ok(Findings {
        part: what.part.into(),
        class_names: (0..classes)
            .map(|class| match what.class_names.get(class) {
                Some(name) => name.clone(),
                None => class.to_string(),
            })
            .collect(),
        confusion: confusion(&evaluation, classes),
        evaluation,
        activations,
        filters,
        mistakes,
    })
}

fn highest(classes: &[u32]) -> usize {
    classes.iter().max().map_or(0, |class| *class as usize + 1)
}

fn confusion(evaluation: &Evaluation, classes: usize) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; classes]; classes];
    for (truth, guess) in evaluation.labels.iter().zip(&evaluation.predictions) {
        counts[*truth as usize][*guess as usize] += 1;
    }
    counts
}

fn host(tensor: &Tensor<2>) -> Result<Vec<f32>, TrainError> {
    let values = tensor.clone().into_data().try_to_vec_as::<f32>();
    values.map_err(|error| TrainError::Device(error.to_string()))
}

fn widened(range: &RangeInclusive<f32>, values: &[f32]) -> RangeInclusive<f32> {
    let (mut low, mut high) = (*range.start(), *range.end());
    for value in values {
        // Neither comparison holds for what is no number.
        low = if *value < low { *value } else { low };
        high = if *value > high { *value } else { high };
    }
    low..=high
}

/// What a network says of one example.
struct Guess {
    truth: usize,
    said: Softmax,
}

impl Guess {
    fn of(logits: &[f32], truth: usize) -> Self {
        Self {
            truth: truth.min(logits.len().saturating_sub(1)),
            said: Softmax::of(logits),
        }
    }

    /// How bad a mistake it is; `None` for none.
    fn cost(&self, objective: Objective) -> Option<f64> {
        match objective {
            Objective::Classification => {
                (self.said.class != self.truth).then(|| self.said.loss(self.truth))
            }
            Objective::ExpectedRating => Some((self.said.stars() - (self.truth + 1) as f64).abs()),
        }
    }
}

/// Up to `limit` first-layer filters, evenly spaced in the order of how often the units fire.
fn filters<N: Network>(
    network: &N,
    shape: &[usize],
    counts: &LayerCounts,
    limit: usize,
) -> Result<Vec<Filter>, TrainError> {
    let Some(layer) = network.dense_stack().and_then(|stack| stack.layers.first()) else {
        return Ok(Vec::new());
    };
    let [inputs, units] = layer.dims();
    if inputs != shape.iter().product::<usize>() || units != counts.zeros.len() {
        return Ok(Vec::new());
    }
    let weights = host(&layer.weight.val())?;
    let fires: Vec<f64> = fires(counts).collect();
    let mut order: Vec<usize> = (0..units).collect();
    order.sort_by(|a, b| fires[*b].total_cmp(&fires[*a]));
    let shown = units.min(limit);
    let chosen = (0..shown).map(|place| match shown {
        1 => order[0],
        _ => order[place * (units - 1) / (shown - 1)],
    });
    chosen
        .map(|unit| {
            let incoming: Vec<f32> = weights.iter().skip(unit).step_by(units).copied().collect();
            Ok(Filter {
                unit: unit + 1,
                fires: fires[unit],
                picture: Picture::of_weights(&incoming, shape)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_sorted_by_how_often_they_fire() {
        let fired = [0, 1, 9, 10, 500, 1000];
        let layer = LayerCounts {
            examples: 1000,
            zeros: fired.map(|fired| 1000 - fired).to_vec(),
        };
        let firing = Firing {
            dead: 1,
            rare: 2,
            common: 3,
        };
        assert_eq!((RARE, Firing::of(&layer)), (0.01, firing));
    }
}
