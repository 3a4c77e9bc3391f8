//! How far a run has come.

use crate::{EpochRecord, FolderProblem, Recipe, Stage, Totals};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was written of a file that grows row by row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Its length in bytes.
    pub length: u64,
    /// CRC-32C of those bytes.
    pub checksum: u32,
}

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Current stage, from 0.
    pub stage: usize,
    /// Whole epochs done of it.
    pub epoch: usize,
    /// Steps done of the epoch in progress.
    pub step: usize,
    /// Steps of all stages together.
    #[serde(default)]
    pub steps: u64,
    /// What the steps of the epoch in progress saw, as far as it was read.
    pub totals: Totals,
    /// What was read since the last row was written, where not every reading is.
    #[serde(default)]
    pub unwritten: Totals,
    /// Readings so far, all stages together.
    #[serde(default)]
    pub readings: u64,
    /// Training seconds of the epoch in progress.
    pub train_seconds: f64,
    /// Overhead seconds of the epoch in progress.
    pub overhead_seconds: f64,
    /// Seconds of the epoch in progress.
    #[serde(default)]
    pub epoch_seconds: f64,
    /// Every epoch done.
    pub history: Vec<EpochRecord>,
    /// Best validation error and loss of the current stage, and their epoch from 1.
    pub best: Option<(f64, f64, usize)>,
    /// Seconds of all sittings so far.
    pub seconds: f64,
    /// How far the files that grow row by row had come, by name.
    #[serde(default)]
    pub written: BTreeMap<String, Written>,
    /// Steps from one reading to the next, where that was asked for.
    #[serde(default)]
    pub measure_every: Option<usize>,
    /// The engine that made the steps.
    pub engine: String,
    /// Whether every stage is done.
    pub finished: bool,
}

impl Progress {
    /// The epoch in progress is done, and the next one has not begun.
    pub(crate) fn end_epoch(&mut self) {
        self.epoch += 1;
        self.step = 0;
        self.totals = Totals::default();
        self.train_seconds = 0.0;
        self.overhead_seconds = 0.0;
        self.epoch_seconds = 0.0;
    }

    /// Checks that a run of `recipe` whose stages have so many `examples` can stand there.
    ///
    /// # Errors
    /// [`FolderProblem::Place`].
    pub(crate) fn check(
        &self,
        recipe: &Recipe,
        examples: impl Fn(&Stage) -> usize,
    ) -> Result<(), FolderProblem> {
        let place = |place| Err(FolderProblem::Place { place });
        let Some(stage) = recipe.stages.get(self.stage) else {
            return match self.finished && self.stage == recipe.stages.len() {
                true => Ok(()),
                false => place(format!(
                    "stage {} of {}",
                    self.stage + 1,
                    recipe.stages.len()
                )),
            };
        };
        let steps = stage.steps(examples(stage));
        let best = self.best.map_or(0, |(_, _, epoch)| epoch);
        match self.epoch > stage.epochs() || self.step > steps || best > self.epoch {
            true => place(format!(
                "epoch {}, step {} of {} epochs of {steps} steps",
                self.epoch,
                self.step,
                stage.epochs()
            )),
            false => Ok(()),
        }
    }
}
