//! The quantities of a run as burn-train metrics, weighted by examples.

use crate::{Measurement, Objective};
use burn::tensor::TensorReadError;
use burn_train::metric::{
    Adaptor, Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes,
    NumericEntry, SerializedEntry,
};
use std::sync::Arc;

impl Adaptor<Measurement> for Measurement {
    fn adapt(&self) -> Measurement {
        self.clone()
    }
}

/// What a [`StageMetric`] tells of a [`Measurement`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// What the objective is measured by: the share of wrong classes in percent, or the RMSE in stars.
    Error(Objective),
    /// Mean task loss.
    Loss,
    /// Mean activation penalty.
    Penalty,
    /// Mean reconstruction cost.
    Reconstruction,
    /// Share of exact zeros in percent of a hidden layer, from 0.
    Zeros(usize),
    /// Units that never fired.
    Dead,
}

impl Quantity {
    /// Every quantity of a network with `layers` hidden layers.
    pub fn all(layers: usize, objective: Objective) -> Vec<Self> {
        let mut all = vec![
            Self::Error(objective),
            Self::Loss,
            Self::Reconstruction,
            Self::Penalty,
        ];
        all.extend((0..layers).map(Self::Zeros));
        all.push(Self::Dead);
        all
    }

    fn name(self) -> String {
        match self {
            Self::Error(Objective::Classification) => "Error".into(),
            Self::Error(Objective::ExpectedRating) => "RMSE".into(),
            Self::Loss => "Loss".into(),
            Self::Penalty => "Penalty".into(),
            Self::Reconstruction => "Reconstruction".into(),
            Self::Zeros(layer) => format!("Zeros {}", layer + 1),
            Self::Dead => "Dead units".into(),
        }
    }

    fn of(self, measurement: &Measurement) -> Option<f64> {
        match self {
            Self::Error(Objective::Classification) => measurement.error.map(|error| 100.0 * error),
            Self::Error(Objective::ExpectedRating) => measurement.error,
            Self::Loss => measurement.loss,
            // Exactly 0 where there is none.
            Self::Penalty => (measurement.penalty != 0.0).then_some(measurement.penalty),
            Self::Reconstruction => measurement.reconstruction,
            Self::Zeros(layer) => {
                let share = measurement
                    .zeros
                    .get(layer)
                    .filter(|share| share.is_finite());
                share.map(|share| 100.0 * share)
            }
            Self::Dead => measurement.dead.map(|dead| dead as f64),
        }
    }

    /// Whether it is the root of a mean, so that squares are what is averaged.
    fn is_root(self) -> bool {
        self == Self::Error(Objective::ExpectedRating)
    }

    fn unit(self) -> Option<String> {
        let share = matches!(
            self,
            Self::Error(Objective::Classification) | Self::Zeros(_)
        );
        share.then(|| "%".into())
    }
}

/// The stage's own quantities in one short line, so that they show on the smallest screen, whatever the stage.
#[derive(Clone, Debug)]
pub struct Digest {
    objective: Objective,
    latest: Measurement,
}

impl Digest {
    /// The line of a run with this objective.
    pub fn new(objective: Objective) -> Self {
        Self {
            objective,
            latest: Measurement::default(),
        }
    }

    fn entry(&self) -> SerializedEntry {
        let Measurement {
            loss,
            reconstruction,
            error,
            zeros,
            ..
        } = &self.latest;
        let text = match (error, loss, reconstruction) {
            (Some(error), Some(loss), _) => {
                let error = match self.objective {
                    Objective::Classification => format!("err {}%", short(100.0 * error)),
                    Objective::ExpectedRating => format!("RMSE {}", short(*error)),
                };
                format!("{error} loss {}", short(*loss))
            }
            (_, _, Some(cost)) => match zeros.last() {
                Some(share) => format!("rebuilt {} 0s {:.0}%", short(*cost), 100.0 * share),
                None => format!("rebuilt {}", short(*cost)),
            },
            _ => return SerializedEntry::not_available(None),
        };
        SerializedEntry::new(text.clone(), text)
    }
}

impl Metric for Digest {
    type Input = Measurement;

    fn name(&self) -> MetricName {
        Arc::new("Now".into())
    }

    fn update(
        &mut self,
        measurement: &Measurement,
        _metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        self.latest = measurement.clone();
        Ok(self.entry())
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.entry())
    }

    fn clear(&mut self) {
        self.latest = Measurement::default();
    }
}

/// One quantity on the dashboard: the latest reading, and the mean of the epoch weighted by examples.
#[derive(Clone, Debug)]
pub struct StageMetric {
    name: MetricName,
    quantity: Quantity,
    latest: Option<f64>,
    sum: f64,
    weight: usize,
}

impl StageMetric {
    /// The metric of `quantity`.
    pub fn new(quantity: Quantity) -> Self {
        Self {
            name: Arc::new(quantity.name()),
            quantity,
            latest: None,
            sum: 0.0,
            weight: 0,
        }
    }

    fn mean(&self) -> Option<f64> {
        let mean = (self.weight > 0).then(|| self.sum / self.weight as f64)?;
        Some(if self.quantity.is_root() {
            mean.sqrt()
        } else {
            mean
        })
    }

    fn entry(&self) -> SerializedEntry {
        let unit = self.quantity.unit().unwrap_or_default();
        match (self.mean(), self.latest) {
            (Some(mean), Some(latest)) => SerializedEntry::new(
                format!("{}{unit} now {}{unit}", short(mean), short(latest)),
                NumericEntry::Value(latest).serialize(),
            ),
            _ => SerializedEntry::not_available(None),
        }
    }
}

/// Four digits or so: the dashboard's panel is 28 characters wide in a terminal of 80.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if size < 0.001 => format!("{value:.1e}"),
        size if size < 1.0 => format!("{value:.4}"),
        size if size < 10.0 => format!("{value:.3}"),
        size if size < 100.0 => format!("{value:.2}"),
        size if size < 1000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

impl Metric for StageMetric {
    type Input = Measurement;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes {
            unit: self.quantity.unit(),
            higher_is_better: matches!(self.quantity, Quantity::Zeros(_)),
        }
        .into()
    }

    fn update(
        &mut self,
        measurement: &Measurement,
        _metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        self.latest = self.quantity.of(measurement);
        if let Some(value) = self.latest {
            let value = match self.quantity.is_root() {
                true => value * value,
                false => value,
            };
            self.sum += value * measurement.examples as f64;
            self.weight += measurement.examples;
        }
        Ok(self.entry())
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.entry())
    }

    fn clear(&mut self) {
        *self = Self::new(self.quantity);
    }
}

impl Numeric for StageMetric {
    fn value(&self) -> Option<NumericEntry> {
        self.latest.map(NumericEntry::Value)
    }

    fn running_value(&self) -> Option<NumericEntry> {
        self.mean().map(|mean| NumericEntry::Aggregated {
            aggregated_value: mean,
            count: self.weight,
        })
    }

    fn final_value(&self) -> NumericEntry {
        NumericEntry::Final(self.mean().unwrap_or(f64::NAN))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use burn::data::dataloader::Progress;

    #[test]
    fn the_epoch_mean_is_weighted_by_examples() {
        let metadata = MetricMetadata {
            progress: Progress::new(1, 1, None),
            iteration: None,
            lr: None,
        };
        let mut metric = StageMetric::new(Quantity::Zeros(1));
        let read = |examples, share| Measurement {
            examples,
            zeros: vec![0.0, share],
            ..Measurement::default()
        };
        metric.update(&read(30, 0.5), &metadata).unwrap();
        metric.update(&read(10, 0.9), &metadata).unwrap();
        assert!((metric.running_value().unwrap().current() - 60.0).abs() < 1e-9);
        assert!((metric.value().unwrap().current() - 90.0).abs() < 1e-9);
        metric.clear();
        assert!(metric.value().is_none());
    }

    #[test]
    fn the_epochs_rmse_is_the_root_of_the_mean_square() {
        let metadata = MetricMetadata {
            progress: Progress::new(1, 1, None),
            iteration: None,
            lr: None,
        };
        let mut metric = StageMetric::new(Quantity::Error(Objective::ExpectedRating));
        for (examples, error) in [(30, 1.0), (10, 3.0)] {
            let read = Measurement {
                examples,
                error: Some(error),
                ..Measurement::default()
            };
            metric.update(&read, &metadata).unwrap();
        }
        let wanted = 3f64.sqrt();
        assert!((metric.running_value().unwrap().current() - wanted).abs() < 1e-9);
        assert!(metric.entry().formatted.starts_with("1.732 now"));
    }

    #[test]
    fn the_digest_fits_the_panel_of_a_small_terminal() {
        let tuning = Measurement {
            loss: Some(0.000_123),
            error: Some(0.987_6),
            zeros: vec![0.5],
            ..Measurement::default()
        };
        let denoising = Measurement {
            reconstruction: Some(1234.5),
            zeros: vec![f64::NAN, 0.834],
            ..Measurement::default()
        };
        let rating = Measurement {
            loss: Some(0.5),
            error: Some(0.761),
            ..Measurement::default()
        };
        let text = |objective, latest| Digest { objective, latest }.entry().formatted;
        let (classes, stars) = (Objective::Classification, Objective::ExpectedRating);
        assert_eq!(text(classes, tuning), "err 98.76% loss 1.2e-4");
        assert_eq!(text(classes, denoising), "rebuilt 1234 0s 83%");
        assert_eq!(text(stars, rating), "RMSE 0.7610 loss 0.5000");
        assert!(Digest::new(classes).entry().is_not_available());
    }

    #[test]
    fn a_stage_that_does_not_measure_a_quantity_shows_none() {
        let mut metric = StageMetric::new(Quantity::Reconstruction);
        let metadata = MetricMetadata {
            progress: Progress::new(1, 1, None),
            iteration: None,
            lr: None,
        };
        let entry = metric.update(&Measurement::default(), &metadata).unwrap();
        assert!(entry.is_not_available());
    }
}
