//! One reading of a run's steps, as it is written down.

use crate::Measurement;
use serde::{Deserialize, Serialize};

/// One reading: means over the steps since the reading before it. A line of `steps.jsonl`, a row of `steps.csv`, an event of
/// TensorBoard.
///
/// A run that plans more than 20,000 readings writes about so many rows, each of which is the mean of several readings; where
/// somebody asked how often to read (`measure_every`), every reading is a row. [`Watch`](crate::Watch) is told of every one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Steps of the run so far, all stages together.
    pub step: u64,
    /// Which stage, from 1.
    pub stage: usize,
    /// Which epoch of the stage, from 1.
    pub epoch: usize,
    /// Seconds of the run so far, all sittings together.
    pub seconds: f64,
    /// Learning rate of the last of the steps.
    pub rate: f64,
    /// What was measured.
    #[serde(flatten)]
    pub measured: Measurement,
}
