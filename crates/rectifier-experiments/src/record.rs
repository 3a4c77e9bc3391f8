//! What is kept of a cell: all that tables, figures and pages are made of.

use crate::cell::cell_name;
use crate::error::io;
use crate::{Cell, CellEngine, CellStage, ExperimentError, Labels, Preset};
use rectifier_catalog::{CatalogError, Plan};
use rectifier_nn::write_atomically;
use rectifier_train::{EpochRecord, Mistakes, Provenance, RunRecord, Summary};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// The version of the file's form.
pub const VERSION: u32 = 1;
/// Epochs of a stage that are kept, about, evenly spaced, and with them the first, the last and the best one.
const EPOCHS: usize = 24;

/// The record of a cell; one file of some kilobytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The version of this form.
    pub version: u32,
    /// The experiment whose folder it is in.
    pub experiment: String,
    /// The presets that it is part of.
    pub presets: BTreeSet<Preset>,
    /// The cell's name.
    pub cell: String,
    /// What the cell is for.
    pub stage: CellStage,
    /// Which it is.
    pub labels: Labels,
    /// What computed it.
    pub engine: CellEngine,
    /// What was trained on what.
    pub plan: Plan,
    /// How it ended.
    pub ended: Ended,
    /// Its epochs, those that a figure needs.
    pub history: Vec<EpochLine>,
    /// What it was made with; absent where it was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Which test examples were classified wrongly, a bit each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_wrong: Option<Mistakes>,
}

/// How a cell ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Ended {
    /// With a network that was tested.
    Finished {
        /// The result.
        summary: Box<Summary>,
    },
    /// With a loss, a penalty or a weight that is no number.
    Diverged {
        /// Where and at which rate.
        reason: String,
    },
}

/// One epoch, rounded to what can be seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochLine {
    /// Which stage, from 1.
    pub stage: usize,
    /// Which epoch of it, from 1.
    pub epoch: usize,
    /// Mean loss, or reconstruction cost, over the training steps.
    pub train_loss: f64,
    /// The same on the validation part.
    pub valid_loss: f64,
    /// Validation error; absent in pre-training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_error: Option<f64>,
    /// Share of exact zeros on the validation part, a hidden layer.
    pub zeros: Vec<f64>,
    /// Units that were 0 on all of it, a hidden layer.
    pub dead: Vec<usize>,
    /// Seconds of the epoch.
    pub seconds: f64,
    /// Whether it was the best so far.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub best: bool,
}

impl Record {
    /// The record of a cell whose run ended so.
    ///
    /// # Errors
    /// [`CatalogError::Syntax`] for what JSON cannot hold.
    pub fn new(
        experiment: &str,
        preset: Preset,
        cell: &Cell,
        run: RunRecord,
        diverged: Option<String>,
    ) -> Result<Self, ExperimentError> {
        let ended = match (run.summary, diverged) {
            (Some(mut summary), None) => {
                // It stands beside.
                summary.provenance = None;
                Ended::Finished {
                    summary: Box::new(summary),
                }
            }
            (_, reason) => Ended::Diverged {
                reason: reason.unwrap_or_else(|| "it ended without a result".into()),
            },
        };
        Ok(Self {
            version: VERSION,
            experiment: experiment.into(),
            presets: BTreeSet::from([preset]),
            cell: cell.name()?,
            stage: cell.stage,
            labels: cell.labels.clone(),
            engine: cell.engine,
            plan: cell.plan.clone(),
            ended,
            history: thinned(&run.history),
            provenance: run.provenance,
            test_wrong: run.test_wrong,
        })
    }

    /// The same run as `cell` of another experiment.
    #[must_use]
    pub(crate) fn for_cell(self, experiment: &str, preset: Preset, cell: &Cell) -> Self {
        Self {
            experiment: experiment.into(),
            presets: BTreeSet::from([preset]),
            stage: cell.stage,
            labels: cell.labels.clone(),
            ..self
        }
    }

    /// The result; none of a run that diverged.
    pub fn summary(&self) -> Option<&Summary> {
        match &self.ended {
            Ended::Finished { summary } => Some(summary),
            Ended::Diverged { .. } => None,
        }
    }

    /// The test error: a share, or an RMSE.
    pub fn error(&self) -> Option<f64> {
        self.summary().map(|summary| summary.test_error)
    }

    /// The mean share of exact zeros over the hidden layers, weighted by their units; none without a hidden layer.
    pub fn zeros(&self) -> Option<f64> {
        let summary = self.summary()?;
        let units: usize = summary.units.iter().sum();
        let sum: f64 = summary
            .zeros
            .iter()
            .zip(&summary.units)
            .map(|(share, units)| share * *units as f64)
            .sum();
        (units > 0).then(|| sum / units as f64)
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`ExperimentError`] naming the file, for one that cannot be read, is of another version, or was changed.
    pub fn read(path: &Path) -> Result<Self, ExperimentError> {
        let text = std::fs::read(path).map_err(|source| io(path, source))?;
        let json = |source| ExperimentError::Json {
            path: path.into(),
            source,
        };
        let value: Value = serde_json::from_slice(&text).map_err(json)?;
        match value["version"].as_u64() {
            Some(found) if found != u64::from(VERSION) => {
                return Err(ExperimentError::Version {
                    path: path.into(),
                    found,
                    known: VERSION,
                });
            }
            _ => {}
        }
        let record: Self = serde_json::from_value(value).map_err(json)?;
        let name = cell_name(&record.plan, record.engine)?;
        let file = path.file_stem().and_then(|stem| stem.to_str());
        match name == record.cell && file == Some(&name) {
            true => Ok(record),
            false => Err(ExperimentError::Renamed {
                path: path.into(),
                name,
            }),
        }
    }

    /// Writes the record, whole or not at all.
    ///
    /// # Errors
    /// [`ExperimentError::Write`], such as for a full disk.
    pub fn write(&self, path: &Path) -> Result<(), ExperimentError> {
        Ok(write_atomically(path, self.to_text()?.as_bytes())?)
    }

    /// A line a field, and a line an epoch: short, and yet a change can be read.
    fn to_text(&self) -> Result<String, ExperimentError> {
        let value = serde_json::to_value(self).map_err(CatalogError::Syntax)?;
        let fields = value.as_object().into_iter().flatten();
        let lines = fields.map(|(key, value)| match (key.as_str(), value.as_array()) {
            ("history", Some(epochs)) => {
                let epochs: Vec<String> =
                    epochs.iter().map(|epoch| format!("\n  {epoch}")).collect();
                format!("\"history\": [{}]", epochs.join(","))
            }
            (key, _) => format!("\"{key}\": {value}"),
        });
        Ok(format!(
            "{{\n{}\n}}\n",
            lines.collect::<Vec<_>>().join(",\n")
        ))
    }
}

/// Digits that a figure shows.
fn rounded(value: f64) -> f64 {
    // What is no number stays none.
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// The epochs that figures need.
fn thinned(history: &[EpochRecord]) -> Vec<EpochLine> {
    let mut lines = Vec::new();
    for stage in history.chunk_by(|a, b| a.stage == b.stage) {
        let best = stage.iter().rposition(|epoch| epoch.best);
        let step = stage.len().div_ceil(EPOCHS).max(1);
        for (place, epoch) in stage.iter().enumerate() {
            let kept = place % step == 0 || place + 1 == stage.len() || Some(place) == best;
            if kept {
                lines.push(EpochLine {
                    stage: epoch.stage,
                    epoch: epoch.epoch,
                    train_loss: rounded(epoch.train_loss),
                    valid_loss: rounded(epoch.valid_loss),
                    valid_error: epoch.valid_error.map(rounded),
                    zeros: epoch.zeros.iter().copied().map(rounded).collect(),
                    dead: epoch.dead.clone(),
                    seconds: rounded(epoch.seconds),
                    best: epoch.best,
                });
            }
        }
    }
    lines
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::fakes::{fake, plan};

    #[test]
    fn a_record_comes_back_and_a_changed_one_does_not() {
        let place = tempfile::tempdir().unwrap();
        let record = fake(
            plan("rectifier", 3, 0.1),
            Labels::new().with("seed", 3),
            0.02,
        );
        let path = place.path().join(format!("{}.json", record.cell));
        record.write(&path).unwrap();
        assert_eq!(Record::read(&path).unwrap(), record);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.lines().count() > 10 && text.len() < 5000, "{text}");
        std::fs::write(&path, text.replace("\"rate\":0.1", "\"rate\":0.2")).unwrap();
        let error = Record::read(&path).unwrap_err().to_string();
        assert!(
            error.contains(&record.cell) && error.contains("changed"),
            "{error}"
        );
        std::fs::write(&path, text.replace("\"version\": 1", "\"version\": 7")).unwrap();
        let error = Record::read(&path).unwrap_err().to_string();
        assert!(
            error.contains("version 7") && error.contains(&record.cell),
            "{error}"
        );
        std::fs::write(&path, &text[..text.len() / 2]).unwrap();
        assert!(matches!(
            Record::read(&path),
            Err(ExperimentError::Json { .. })
        ));
    }

    #[test]
    fn long_histories_are_thinned_and_keep_their_best_epoch() {
        let epoch = |epoch| EpochRecord {
            stage: 1,
            title: "some".into(),
            epoch,
            rate: 0.1,
            train_loss: 1.0 / 3.0,
            penalty: 0.0,
            train_error: None,
            valid_loss: f64::NAN,
            valid_error: Some(0.5),
            zeros: vec![2.0 / 3.0],
            dead: vec![1],
            train_seconds: 1.0,
            overhead_seconds: 0.0,
            seconds: 1.0,
            best: epoch == 48,
        };
        let history: Vec<EpochRecord> = (1..=100).map(epoch).collect();
        let lines = thinned(&history);
        let kept: Vec<usize> = lines.iter().map(|line| line.epoch).collect();
        assert!(kept.len() <= EPOCHS + 2, "{kept:?}");
        assert!(
            [1, 48, 100].iter().all(|epoch| kept.contains(epoch)),
            "{kept:?}"
        );
        assert!(lines[0].valid_loss.is_nan() && lines[0].zeros == [0.666667]);
        assert_eq!(thinned(&history[..10]).len(), 10);
    }
}
