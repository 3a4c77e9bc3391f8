//! What is measured of a network: running totals of a stage, one measurement for the dashboard, and evaluations.

use crate::{DeviceInputs, Objective, Softmax, TrainError};
use burn::tensor::{Device, ExecutionError, Int, Tensor};
use burn_train::ItemLazy;
use rectifier_data::{Batch, Examples};
use rectifier_nn::{Forward, LayerCounts, Network, UnitCounter};
use serde::{Deserialize, Deserializer, Serialize};

/// Sums over the examples that a stage has seen since they were last read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Examples seen.
    pub examples: u64,
    /// Sum of the task loss, or of the reconstruction cost, an example.
    pub loss: f64,
    /// Sum of the activation penalty, an example.
    pub penalty: f64,
    /// Wrong classes; meaningless in pre-training.
    pub errors: u64,
}

impl Totals {
    /// Adds what another stretch of steps saw.
    pub fn add(&mut self, other: &Totals) {
        self.examples += other.examples;
        self.loss += other.loss;
        self.penalty += other.penalty;
        self.errors += other.errors;
    }

    fn mean(&self, sum: f64) -> f64 {
        if self.examples == 0 {
            f64::NAN
        } else {
            sum / self.examples as f64
        }
    }

    /// Mean task loss or reconstruction cost.
    pub fn mean_loss(&self) -> f64 {
        self.mean(self.loss)
    }

    /// Mean activation penalty.
    pub fn mean_penalty(&self) -> f64 {
        self.mean(self.penalty)
    }

    /// Share of wrong classes.
    pub fn error(&self) -> f64 {
        self.mean(self.errors as f64)
    }
}

/// One reading for metrics and dashboard: plain numbers, nothing left on a device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Examples behind the reading.
    pub examples: usize,
    /// Mean task loss; `None` in pre-training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// Mean reconstruction cost; `None` in fine-tuning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconstruction: Option<f64>,
    /// Mean activation penalty.
    pub penalty: f64,
    /// Share of wrong classes, or RMSE; `None` in pre-training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
    /// Share of exact zeros a hidden layer; in pre-training NaN for the layers below the one in training.
    #[serde(default, deserialize_with = "shares")]
    pub zeros: Vec<f64>,
    /// Units that were 0 on every example, all layers together; `None` where too few examples were seen to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead: Option<usize>,
}

impl ItemLazy for Measurement {
    fn sync(self) -> Result<Self, ExecutionError> {
        Ok(self)
    }
}

/// Shares of zeros as JSON has them: `null` where there is no number.
fn shares<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let shares: Vec<Option<f64>> = Deserialize::deserialize(deserializer)?;
    Ok(shares
        .into_iter()
        .map(|share| share.unwrap_or(f64::NAN))
        .collect())
}

/// Share of exact zeros of each of `hidden`, `[batch, units]`. Waits for the device.
pub(crate) fn zero_shares(hidden: &[Tensor<2>]) -> Vec<f64> {
    let mut counter = UnitCounter::new();
    counter.count(hidden);
    counter.finish().iter().map(LayerCounts::share).collect()
}

/// Rows `[1]` of `logits` `[batch, classes]` whose largest entry is not at `labels` `[batch]`.
pub(crate) fn count_errors(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1, Int> {
    let [batch] = labels.dims();
    logits
        .argmax(1)
        .reshape([batch])
        .not_equal(labels)
        .int()
        .sum()
}

/// What a network does on a whole set of examples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Examples seen.
    pub examples: usize,
    /// Mean task loss, or mean reconstruction cost in pre-training.
    pub loss: f64,
    /// Wrong classes; `None` in pre-training.
    pub errors: Option<usize>,
    /// Root of the mean squared difference of expected and true stars, for ratings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// Exact zeros of every hidden layer.
    pub layers: Vec<LayerCounts>,
    /// The most probable class of every example, in order.
    #[serde(skip)]
    pub predictions: Vec<u32>,
    /// The true class of every example, in order.
    #[serde(skip)]
    pub labels: Vec<u32>,
}

impl Evaluation {
    /// What is selected by and reported: share of wrong classes, or RMSE for ratings; `None` in pre-training.
    pub fn error(&self) -> Option<f64> {
        self.rmse.or_else(|| {
            self.errors
                .map(|errors| errors as f64 / self.examples.max(1) as f64)
        })
    }

    /// The 95% interval of the share of wrong classes (Wilson 1927); `None` for ratings and in pre-training.
    pub fn interval(&self) -> Option<(f64, f64)> {
        match (self.rmse, self.errors) {
            (None, Some(errors)) => Some(wilson(errors, self.examples)),
            _ => None,
        }
    }

    /// The one answer of a network that tells next to nothing apart. `None` for ratings, which are judged by expected stars, and in
    /// pre-training.
    pub fn one_answer(&self) -> Option<OneAnswer> {
        let counts = |classes: &[u32]| {
            let mut counts = Vec::new();
            for &class in classes {
                let class = class as usize;
                counts.resize(counts.len().max(class + 1), 0);
                counts[class] += 1;
            }
            counts
        };
        match self.rmse {
            Some(_) => None,
            None => OneAnswer::of(&counts(&self.predictions), &counts(&self.labels)),
        }
    }

    /// Share of exact zeros a hidden layer.
    pub fn zeros(&self) -> Vec<f64> {
        self.layers.iter().map(LayerCounts::share).collect()
    }

    /// Units that were 0 on every example, a hidden layer.
    pub fn dead(&self) -> Vec<usize> {
        self.layers.iter().map(LayerCounts::dead).collect()
    }
}

/// The one answer of a network that tells next to nothing apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneAnswer {
    /// The class, from 0.
    pub class: usize,
    /// How many examples were given it.
    pub given: u64,
    /// How many are of it.
    pub right: u64,
    /// How many there are.
    pub examples: u64,
}

impl OneAnswer {
    /// By how many examples were `given` each class, and how many are `labelled` so: all were given one of several, or nearly all
    /// one that many are not of.
    fn of(given: &[u64], labelled: &[u64]) -> Option<Self> {
        let (class, most) = (0..).zip(given).max_by_key(|(_, given)| **given)?;
        let found = Self {
            class,
            given: *most,
            right: labelled.get(class).copied().unwrap_or(0),
            examples: labelled.iter().sum(),
        };
        let share = |count: u64| count as f64 / found.examples as f64;
        let all = found.given == found.examples && found.right < found.examples;
        let nearly = share(found.given) >= 0.99 && share(found.right) <= 0.9;
        let several = labelled.iter().filter(|count| **count > 0).count() > 1;
        (several && (all || nearly)).then_some(found)
    }
}

/// The 95% score interval of a share of `hits` in `trials` (Wilson 1927).
pub fn wilson(hits: usize, trials: usize) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    const Z: f64 = 1.959_963_984_540_054;
    let (n, p) = (trials as f64, hits as f64 / trials as f64);
    let scale = 1.0 / (1.0 + Z * Z / n);
    let centre = scale * (p + Z * Z / (2.0 * n));
    let half = scale * Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// How many examples are evaluated at a time, at most.
pub const EVALUATION_BATCH: usize = 256;

/// The most numbers that a batch is made of with its zeros where nobody asked for a batch of that size: 64 MB.
const NUMBERS: usize = 1 << 24;

/// How many examples of `width` numbers are evaluated at a time: [`EVALUATION_BATCH`], or fewer of very wide ones, so that what is
/// made of them with their zeros stays within 64 MB.
pub fn rows_at_a_time(width: usize) -> usize {
    (NUMBERS / width.max(1)).clamp(1, EVALUATION_BATCH)
}

/// Gathers `examples` in order, [`rows_at_a_time`]; `each` is told where a batch starts.
///
/// # Errors
/// What gathering raises, or `each`.
pub fn in_order(
    examples: &dyn Examples,
    mut each: impl FnMut(&Batch, usize) -> Result<(), TrainError>,
) -> Result<(), TrainError> {
    let mut batch = Batch::default();
    let rows = rows_at_a_time(examples.width());
    for start in (0..examples.len()).step_by(rows) {
        let indices: Vec<usize> = (start..examples.len().min(start + rows)).collect();
        batch.clear();
        examples.gather(&indices, &mut batch)?;
        each(&batch, start)?;
    }
    Ok(())
}

/// What a network said of a set, collected from its logits; every engine's evaluation ends here.
#[derive(Clone, Debug)]
pub struct Outputs {
    objective: Objective,
    loss: f64,
    squared: f64,
    predictions: Vec<u32>,
    labels: Vec<u32>,
}

impl Outputs {
    /// Nothing said yet.
    pub fn new(objective: Objective) -> Self {
        Self {
            objective,
            loss: 0.0,
            squared: 0.0,
            predictions: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Adds a batch: `logits` `[labels.len(), classes]`, row by row. Among equal logits the first class wins.
    pub fn add(&mut self, logits: &[f32], classes: usize, labels: &[u32]) {
        for (row, &label) in logits.chunks_exact(classes.max(1)).zip(labels) {
            let softmax = Softmax::of(row);
            self.loss += softmax.loss(label as usize);
            self.squared += (softmax.stars() - f64::from(label + 1)).powi(2);
            self.predictions.push(softmax.class as u32);
        }
        self.labels.extend_from_slice(labels);
    }

    /// The evaluation, with the zeros of the hidden layers.
    pub fn finish(self, layers: Vec<LayerCounts>) -> Evaluation {
        let count = self.labels.len();
        let wrong = |(prediction, label): &(&u32, &u32)| prediction != label;
        let errors = self
            .predictions
            .iter()
            .zip(&self.labels)
            .filter(wrong)
            .count();
        let mean = |sum: f64| sum / count.max(1) as f64;
        Evaluation {
            examples: count,
            loss: mean(self.loss),
            errors: Some(errors),
            rmse: (self.objective == Objective::ExpectedRating).then(|| mean(self.squared).sqrt()),
            layers,
            predictions: self.predictions,
            labels: self.labels,
        }
    }
}

/// Evaluates `network` (not in training mode) on `examples`, on `device`.
///
/// # Errors
/// [`TrainError::Data`] for examples that cannot be read; [`TrainError::Device`].
pub fn evaluate<N: Network>(
    network: &N,
    examples: &dyn Examples,
    objective: Objective,
    device: &Device,
) -> Result<Evaluation, TrainError> {
    evaluate_each(network, examples, objective, device, |_, _, _| Ok(()))
}

/// As [`evaluate`], showing `each` every batch, the index of its first example, and what the network made of it, so
/// that more can be measured on the same way through the examples.
///
/// # Errors
/// As [`evaluate`], and whatever `each` raises.
pub fn evaluate_each<N: Network>(
    network: &N,
    examples: &dyn Examples,
    objective: Objective,
    device: &Device,
    mut each: impl FnMut(&Batch, usize, &Forward) -> Result<(), TrainError>,
) -> Result<Evaluation, TrainError> {
    let mut counter = UnitCounter::new();
    let mut outputs = Outputs::new(objective);
    in_order(examples, |batch, start| {
        let forward = DeviceInputs::of(batch, device).forward(network);
        each(batch, start, &forward)?;
        counter.count(&forward.hidden);
        let [_, classes] = forward.logits.dims();
        let logits: Vec<f32> = forward.logits.into_data().iter::<f32>().collect();
        outputs.add(&logits, classes, &batch.labels);
        Ok(())
    })?;
    Ok(outputs.finish(counter.finish()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cross_entropy;

    #[test]
    fn the_wilson_interval_matches_published_values() {
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        let published = [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0000, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ];
        for (hits, trials, low, high) in published {
            let (found_low, found_high) = wilson(hits, trials);
            assert!((found_low - low).abs() < 6e-5, "{found_low} {low}");
            assert!((found_high - high).abs() < 6e-5, "{found_high} {high}");
        }
    }

    #[test]
    fn outputs_collect_loss_errors_and_expected_stars() {
        let mut outputs = Outputs::new(Objective::ExpectedRating);
        // P = (1/2, 1/2) of 1 and 2 stars: 1.5 expected, 2 true; then 1 star for certain, 1 true.
        outputs.add(&[0.0, 0.0, 99.0, -99.0], 2, &[1, 0]);
        let evaluation = outputs.finish(Vec::new());
        assert!((evaluation.loss - 0.5 * 2f64.ln()).abs() < 1e-9);
        assert_eq!(
            (evaluation.errors, &evaluation.predictions[..]),
            (Some(1), &[0, 0][..])
        );
        assert!((evaluation.rmse.unwrap() - 0.125f64.sqrt()).abs() < 1e-9);
        let mut outputs = Outputs::new(Objective::Classification);
        outputs.add(&[f32::NAN, 0.0], 2, &[1]);
        assert!(outputs.finish(Vec::new()).loss.is_nan());
    }

    #[test]
    fn a_network_that_answers_alike_is_told_from_examples_that_are_alike() {
        let said = |objective, logits: &[f32], labels: &[u32]| {
            let mut outputs = Outputs::new(objective);
            outputs.add(logits, 2, labels);
            outputs.finish(Vec::new()).one_answer()
        };
        let (classes, ratings) = (Objective::Classification, Objective::ExpectedRating);
        let second = [0.0, 1.0, 0.0, 2.0];
        let found = said(classes, &second, &[0, 1]).unwrap();
        assert_eq!((found.class, found.given), (1, 2));
        assert_eq!((found.right, found.examples), (1, 2));
        assert_eq!(said(classes, &second, &[1, 1]), None);
        assert_eq!(said(classes, &second, &[0, 0]), None);
        assert_eq!(said(classes, &[0.0, 1.0, 1.0, 0.0], &[0, 1]), None);
        assert_eq!(said(ratings, &second, &[0, 1]), None);
        assert_eq!(said(classes, &[], &[]), None);
        // Nearly all of them, where the class has fewer or as many.
        let of = |given: &[u64], labelled: &[u64]| OneAnswer::of(given, labelled).is_some();
        assert!(of(&[1, 199], &[100, 100]) && !of(&[3, 197], &[100, 100]));
        assert!(!of(&[1, 199], &[2, 198]) && of(&[0, 200], &[2, 198]));
    }

    #[test]
    fn cross_entropy_is_the_mean_negative_log_probability() {
        let device = Device::default();
        let logits = Tensor::<2>::from_floats([[1.0, 2.0, 0.5], [0.0, 0.0, 0.0]], &device);
        let labels = Tensor::<1, Int>::from_ints([1, 2], &device);
        let found = cross_entropy(logits.clone(), labels.clone()).into_scalar::<f32>();
        // Python: (-(2 - log(e^1 + e^2 + e^.5)) + log 3) / 2
        assert!((found - 0.781_491).abs() < 1e-5, "{found}");
        assert_eq!(count_errors(logits, labels).into_scalar::<i64>(), 1);
    }
}
