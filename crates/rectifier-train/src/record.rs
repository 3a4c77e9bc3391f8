//! What a run writes down: one record an epoch, one summary at the end.

use crate::{Evaluation, Mistakes, Provenance};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One epoch of one stage; a line of `history.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Which stage, from 1.
    pub stage: usize,
    /// The stage in words, such as `pre-training of layer 2`.
    pub title: String,
    /// Which epoch of the stage, from 1.
    pub epoch: usize,
    /// Learning rate at the epoch's end.
    pub rate: f64,
    /// Mean loss over the epoch's training steps: task loss, or reconstruction cost in pre-training.
    pub train_loss: f64,
    /// Mean activation penalty over the epoch's training steps.
    pub penalty: f64,
    /// Share of wrong classes over the epoch's training steps; absent in pre-training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_error: Option<f64>,
    /// Mean loss on the validation set after the epoch.
    pub valid_loss: f64,
    /// Validation error after the epoch; absent in pre-training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_error: Option<f64>,
    /// Share of exact zeros on the validation set: every hidden layer, or the one in pre-training.
    pub zeros: Vec<f64>,
    /// Units that were 0 on all of the validation set, likewise.
    pub dead: Vec<usize>,
    /// Seconds of training steps, loading and reporting, without evaluation and checkpoints.
    pub train_seconds: f64,
    /// The part of them spent outside forward, backward and update.
    pub overhead_seconds: f64,
    /// Seconds of the whole epoch.
    pub seconds: f64,
    /// Whether this is the best epoch so far, the one whose network is kept.
    pub best: bool,
}

/// The end of a run; `summary.json`, and what `--json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Error on the test set: share of wrong classes, or RMSE.
    pub test_error: f64,
    /// Its 95% interval (Wilson); absent for ratings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_interval: Option<(f64, f64)>,
    /// Mean task loss on the test set.
    pub test_loss: f64,
    /// Validation error of the kept network.
    pub valid_error: f64,
    /// Share of exact zeros on the test set, a hidden layer.
    pub zeros: Vec<f64>,
    /// Units that were 0 on all of the test set, a hidden layer.
    pub dead: Vec<usize>,
    /// Units a hidden layer.
    pub units: Vec<usize>,
    /// Epochs trained, all stages together.
    pub epochs: usize,
    /// The epoch of the last stage whose network was kept, from 1.
    pub best_epoch: usize,
    /// Seconds of the whole run, all sittings together.
    pub seconds: f64,
    /// Share of the training time spent outside forward, backward and update.
    pub overhead: f64,
    /// Engine and device.
    pub engine: String,
    /// Where it computed.
    pub device: String,
    /// Whether the run stopped before its end.
    pub interrupted: bool,
    /// Program, machine, data and recipe behind it; absent in results of earlier versions and of mere evaluations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

/// All that is known of a run, finished or not: what [`Run::launch`](crate::Run::launch) gives and
/// [`RunFiles::record`](crate::RunFiles::record) reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// What was asked for, as whoever asked wrote it.
    pub plan: Value,
    /// The result on the test set; `None` if the run was stopped before its end.
    pub summary: Option<Summary>,
    /// Every epoch; the penalty of each is among its numbers.
    pub history: Vec<EpochRecord>,
    /// What it was made with; `None` for runs of earlier versions.
    pub provenance: Option<Provenance>,
    /// Which test examples the network got wrong; `None` before it was tested, and for runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_wrong: Option<Mistakes>,
}

impl Summary {
    /// What an evaluation alone can tell; epochs, times and engine are left at nothing.
    pub fn of_evaluation(test: &Evaluation, valid_error: f64) -> Self {
        Self {
            test_error: test.error().unwrap_or(f64::NAN),
            test_interval: test.interval(),
            test_loss: test.loss,
            valid_error,
            zeros: test.zeros(),
            dead: test.dead(),
            units: test.layers.iter().map(|layer| layer.zeros.len()).collect(),
            epochs: 0,
            best_epoch: 0,
            seconds: 0.0,
            overhead: 0.0,
            engine: String::new(),
            device: String::new(),
            interrupted: false,
            provenance: None,
        }
    }
}
