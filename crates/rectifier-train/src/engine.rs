//! The seam between a run and what does its arithmetic.
//!
//! A run owns stages, order, rates, selection, checkpoints and records; an engine owns the parameters while a stage
//! lasts. Noise and order come from seeds that the run hands over, so two engines do the same steps.

use crate::{Evaluation, Objective, Recipe, Stage, Totals, TrainError};
use rectifier_data::{Batch, Examples};
use rectifier_nn::Network;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a session needs beside parameters to go on where it stopped, as opaque bytes by name.
pub type SessionState = BTreeMap<String, Vec<u8>>;

/// Where a stage stands in its run.
#[derive(Clone, Copy)]
pub struct StageContext<'a> {
    /// The whole recipe.
    pub recipe: &'a Recipe,
    /// Which of its stages, from 0.
    pub stage: usize,
    /// What the stage learns from; in pre-training the labels mean nothing.
    pub train: &'a dyn Examples,
    /// What [`StageSession::state`] gave when the stage was interrupted; `None` at its start.
    pub state: Option<&'a SessionState>,
}

impl StageContext<'_> {
    /// The stage itself.
    pub fn stage(&self) -> &Stage {
        &self.recipe.stages[self.stage]
    }

    /// What the network is trained for.
    pub fn objective(&self) -> Objective {
        self.recipe.objective
    }

    /// The seed of what is drawn once a stage, such as a decoder's weights.
    pub fn seed(&self) -> u64 {
        rectifier_data::random::subseed(self.recipe.seed, &[STAGE_SEED, self.stage as u64])
    }
}

/// Separates the seeds of stages from those of batches and noise.
const STAGE_SEED: u64 = 0x57A6E;

/// Does the arithmetic of stages for networks of type `N`.
pub trait Engine<N: Network>: Send + Sync {
    /// Its name, for records: `burn`, `sparse`.
    fn name(&self) -> &str;

    /// Where it computes, for records.
    fn device(&self) -> String;

    /// How many threads it computes on, where it has a count of its own that shapes its sums.
    fn threads(&self) -> Option<usize> {
        None
    }

    /// The machine instructions it uses, where it chooses them: `avx512`, `avx2`, `neon`.
    fn instruction_set(&self) -> Option<String> {
        None
    }

    /// Takes `network` (not in training mode) into a stage.
    ///
    /// # Errors
    /// [`TrainError`] for a stage that this engine or network cannot do, with the way out.
    fn begin(
        &self,
        network: N,
        context: &StageContext<'_>,
    ) -> Result<Box<dyn StageSession<N>>, TrainError>;
}

/// A stage in progress. It holds the parameters.
pub trait StageSession<N: Network> {
    /// One step of the stage's optimizer on `batch` at `rate`; `noise` seeds the corruption in pre-training.
    ///
    /// # Errors
    /// [`TrainError`]; a loss that is not finite is not an error here, it shows in [`totals`](Self::totals).
    fn step(&mut self, batch: &Batch, rate: f64, noise: u64) -> Result<(), TrainError>;

    /// What the steps since the last call saw. Waits for the device.
    ///
    /// # Errors
    /// [`TrainError::Device`].
    fn totals(&mut self) -> Result<Totals, TrainError>;

    /// Share of exact zeros a hidden layer at the last step; the layers below one in pre-training are left out.
    ///
    /// # Errors
    /// [`TrainError::Device`].
    fn zeros(&mut self) -> Result<Vec<f64>, TrainError>;

    /// A copy of the network as it stands, not in training mode.
    fn network(&self) -> N;

    /// Evaluates the network as it stands; in pre-training the loss is the reconstruction cost under noise seeded
    /// by `noise`.
    ///
    /// # Errors
    /// [`TrainError`].
    fn evaluate(&mut self, examples: &dyn Examples, noise: u64) -> Result<Evaluation, TrainError>;

    /// What must be kept beside the network to go on later.
    ///
    /// # Errors
    /// [`TrainError`].
    fn state(&self) -> Result<SessionState, TrainError>;

    /// Time spent in steps on anything but forward, backward and update, so far.
    fn bookkeeping(&self) -> Duration;
}
