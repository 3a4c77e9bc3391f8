//! Everything a report tells of one run, as plain data, and how the run's folder gives it.

use crate::{Findings, Firing};
use rectifier_nn::DenseStackConfig;
use rectifier_train::{EpochRecord, Objective, Recipe, RunFiles, Summary, TrainError};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// One run, as far as it has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportData {
    /// What the run is called: the name of its folder.
    pub name: String,
    /// What was asked for.
    pub setup: Setup,
    /// The commands that made it, the first one first; none if they were not written down.
    pub commands: Vec<String>,
    /// Every epoch so far.
    pub history: Vec<EpochRecord>,
    /// The result, once there is one.
    pub summary: Option<Summary>,
    /// What was measured of the kept network, where it and the data are here.
    pub findings: Option<Findings>,
    /// What a reader should know, such as why nothing was measured.
    pub notes: Vec<String>,
}

/// What a run was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The data set's name: `mnist`.
    pub data: String,
    /// The data set in a line.
    pub about_data: String,
    /// The network, where it is a dense stack.
    pub network: Option<DenseStackConfig>,
    /// The stages.
    pub recipe: Recipe,
    /// All of it as the run's `recipe.json` says it.
    pub file: serde_json::Value,
}

impl Setup {
    /// What all hidden units have, of what each layer's have: each layer counts by its units, or all alike where they are not
    /// known. `None` of no layer.
    pub fn of_units(&self, layers: &[f64]) -> Option<f64> {
        let hidden = self
            .network
            .as_ref()
            .map(|network| network.hidden.as_slice());
        let units = hidden.filter(|hidden| hidden.len() == layers.len());
        let weight = |layer: usize| units.map_or(1.0, |units| units[layer] as f64);
        let (sum, weights) = layers
            .iter()
            .enumerate()
            .map(|(layer, value)| (weight(layer) * value, weight(layer)))
            .fold((0.0, 0.0), |(sum, weights), (value, weight)| {
                (sum + value, weights + weight)
            });
        (weights > 0.0).then(|| sum / weights)
    }

    /// Sizes from inputs to classes: `784-1000-1000-1000-10`; `None` for a network that is no dense stack.
    pub fn sizes(&self) -> Option<String> {
        let network = self.network.as_ref()?;
        let sizes = [network.inputs]
            .into_iter()
            .chain(network.hidden.iter().copied())
            .chain([network.outputs]);
        Some(sizes.map(|n| n.to_string()).collect::<Vec<_>>().join("-"))
    }

    /// The kind of hidden unit: `rectifier`.
    pub fn unit(&self) -> String {
        let unit = self.network.as_ref().map(|network| {
            let value = serde_json::to_value(network.unit).unwrap_or_default();
            (network.hidden.is_empty(), value)
        });
        match unit {
            Some((true, _)) => "linear".into(),
            Some((false, value)) => value["kind"].as_str().unwrap_or("network").into(),
            None => "network".into(),
        }
    }
}

impl ReportData {
    /// What the folder of a run at `path` tells, without measuring anything. It may be in progress or interrupted.
    ///
    /// # Errors
    /// [`TrainError`] naming the file that cannot be read.
    pub fn read(path: &Path, setup: Setup) -> Result<Self, TrainError> {
        let files = RunFiles::at(path);
        Ok(Self {
            name: name(path),
            setup,
            commands: files.commands()?,
            history: files.history()?,
            summary: files.summary()?,
            findings: None,
            notes: Vec::new(),
        })
    }

    /// Whether the error is a share of wrong classes, and not an RMSE in stars.
    pub fn is_share(&self) -> bool {
        self.setup.recipe.objective == Objective::Classification
    }

    /// Error on the test part with its 95% interval, as measured, else as the summary has it.
    pub fn test_error(&self) -> Option<(f64, Option<(f64, f64)>)> {
        let measured = self.findings.as_ref().and_then(|findings| {
            let error = findings.evaluation.error()?;
            Some((error, findings.evaluation.interval()))
        });
        measured.or_else(|| {
            let summary = self.summary.as_ref()?;
            Some((summary.test_error, summary.test_interval))
        })
    }

    /// Validation error of the kept network, and the epoch of its stage, from 1.
    pub fn valid_error(&self) -> Option<(f64, usize)> {
        let best = self.history.iter().rev().find(|epoch| epoch.best)?;
        Some((best.valid_error?, best.epoch))
    }

    /// Share of exact zeros a hidden layer, as measured, else as the summary or the last epoch has it.
    pub fn zeros(&self) -> Vec<f64> {
        match (&self.findings, &self.summary) {
            (Some(findings), _) => findings.evaluation.zeros(),
            (None, Some(summary)) => summary.zeros.clone(),
            (None, None) => {
                let last = self.history.iter().rev();
                let mut supervised = last.filter(|epoch| epoch.valid_error.is_some());
                supervised
                    .next()
                    .map(|e| e.zeros.clone())
                    .unwrap_or_default()
            }
        }
    }

    /// Share of exact zeros of all hidden units; `None` where there is none.
    pub fn all_zeros(&self) -> Option<f64> {
        self.setup.of_units(&self.zeros())
    }

    /// Units that fired on no example, a hidden layer, likewise.
    pub fn dead(&self) -> Option<usize> {
        match (&self.findings, &self.summary) {
            (Some(findings), _) => {
                let layers = findings.evaluation.layers.iter();
                Some(layers.map(|layer| Firing::of(layer).dead).sum())
            }
            (None, Some(summary)) => Some(summary.dead.iter().sum()),
            (None, None) => None,
        }
    }

    /// Seconds of all epochs, or of the whole run where it has ended.
    pub fn seconds(&self) -> f64 {
        match &self.summary {
            Some(summary) => summary.seconds,
            None => self.history.iter().map(|epoch| epoch.seconds).sum(),
        }
    }
}

/// The last part of `path`, also of `.` and `..`.
fn name(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let whole = match path.file_name() {
        Some(_) => whole,
        None => whole.canonicalize().unwrap_or(whole),
    };
    match whole.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sample;
    use rectifier_nn::Unit;

    #[test]
    fn a_folder_is_read_as_far_as_it_has_come() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("some run");
        std::fs::create_dir(&path).unwrap();
        let whole = sample::run("some run");
        let read = || ReportData::read(&path, whole.setup.clone());
        let empty = read().unwrap();
        assert_eq!((empty.name.as_str(), empty.history.len()), ("some run", 0));
        assert_eq!(empty.test_error(), None);

        let lines: Vec<String> = whole
            .history
            .iter()
            .map(|epoch| serde_json::to_string(epoch).unwrap())
            .collect();
        std::fs::write(path.join("history.jsonl"), lines.join("\n")).unwrap();
        let partial = read().unwrap();
        assert_eq!(partial.history, whole.history);
        assert_eq!(partial.valid_error(), whole.valid_error());

        let summary = serde_json::to_string(&whole.summary).unwrap();
        std::fs::write(path.join("summary.json"), &summary).unwrap();
        assert_eq!(read().unwrap().summary, whole.summary);

        std::fs::write(path.join("history.jsonl"), "{}\n").unwrap();
        let error = read().unwrap_err().to_string();
        assert!(error.contains("history.jsonl: line 1, "), "{error}");
    }

    #[test]
    fn layers_count_by_their_units() {
        let mut setup = sample::run("x").setup;
        setup.network = Some(DenseStackConfig::new(4, [10, 30], Unit::Rectifier, 2));
        let of = |layers: &[f64]| setup.of_units(layers);
        assert!((of(&[0.5, 0.9]).unwrap() - 0.8).abs() < 1e-12);
        // Layers of another network: all alike.
        assert!((of(&[0.5, 0.9, 0.1]).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_report_is_plain_data() {
        let whole = sample::run("x");
        let text = serde_json::to_string(&whole).unwrap();
        let back: ReportData = serde_json::from_str(&text).unwrap();
        assert_eq!(back, whole);
    }

    #[test]
    fn the_current_folder_has_a_name() {
        assert_eq!(name(Path::new(".")), "rectifier-report");
        assert_eq!(name(Path::new("a/b/")), "b");
    }
}
