//! What a run carries from step to step, and how it is saved.

use crate::checkpoint::{Checkpoint, Stamp};
use crate::engine::StageSession;
use crate::history::write_history;
use crate::journal::Journal;
use crate::keeping::keep;
use crate::model_header::ModelHeader;
use crate::parameters::module_bytes;
use crate::pretrained::Pretrained;
use crate::standing::Standing;
use crate::{Engine, Measurement, Progress, Recipe, RunFolder, Stage, Totals, TrainError, Watch};
use rectifier_data::Split;
use rectifier_nn::{Network, write_atomically};
use std::time::{Duration, Instant};

/// At the end of an epoch a run is saved unless it was saved so shortly before.
const SAVE_AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// Saving takes at most about this share of the time: one in so many.
const SAVING_SHARE: u32 = 10;

/// What a run carries from step to step.
pub(crate) struct Driver<N: Network> {
    pub recipe: Recipe,
    pub split: Split,
    pub engine: Box<dyn Engine<N>>,
    pub folder: RunFolder,
    pub journal: Journal,
    pub header: ModelHeader,
    pub watch: Box<dyn Watch>,
    pub stamp: Stamp,
    pub shared: Option<Pretrained>,
    pub checkpoint_every: Duration,
    /// The network at the last stage boundary or epoch end.
    pub network: N,
    /// The best network of the current stage.
    pub best: Option<N>,
    pub progress: Progress,
    pub sitting: Instant,
    pub earlier_seconds: f64,
    pub clock: SavingClock,
}

/// When checkpoint and history were last written.
pub(crate) struct SavingClock {
    /// The latest checkpoint, and how long it took.
    pub saved: Instant,
    pub took: Duration,
    /// Whether the folder has a checkpoint.
    pub ever: bool,
    /// The latest history, how long it took, and how many epochs it tells of.
    pub told: Instant,
    pub telling: Duration,
    pub epochs: usize,
}

impl SavingClock {
    /// The clock of a run that has a checkpoint or not, its history told up to so many epochs.
    pub fn new(ever: bool, epochs: usize) -> Self {
        Self {
            saved: Instant::now(),
            took: Duration::ZERO,
            ever,
            told: Instant::now(),
            telling: Duration::ZERO,
            epochs,
        }
    }
}

/// Whether an epoch or stage came to its end.
#[derive(PartialEq)]
pub(crate) enum Ended {
    Whole,
    Stopped,
}

/// The epoch in progress, as far as this sitting goes.
pub(crate) struct Epoch {
    pub start: Instant,
    pub first_step: usize,
    /// Its number among the epochs of all stages, from 1.
    pub number: usize,
    pub labelled: Option<Instant>,
    /// What was measured since the dashboard was told.
    pub unshown: Totals,
    pub shown_at: usize,
}

impl<N: Network> Driver<N> {
    /// Seconds of all sittings.
    pub fn seconds(&self) -> f64 {
        self.earlier_seconds + self.sitting.elapsed().as_secs_f64()
    }

    pub fn standing(&self, epoch: Option<&Epoch>) -> Standing {
        let current = epoch.map_or((0.0, 0), |epoch| {
            let steps = self.progress.step - epoch.first_step;
            (epoch.start.elapsed().as_secs_f64(), steps)
        });
        Standing::of(
            &self.recipe,
            |stage| stage.examples(&self.split).len(),
            &self.progress,
            current,
        )
    }

    /// Writes the best network where users look for it, so that a killed run leaves one.
    pub fn keep_model(&self, best: &N) -> Result<(), TrainError> {
        let bytes = self.header.encode(best)?;
        let path = self.folder.model_path();
        write_atomically(&path, &bytes)?;
        tracing::debug!(path = %path.display(), bytes = bytes.len(), "best network");
        Ok(())
    }

    /// Whether the end of an epoch is worth a checkpoint: many small epochs are not.
    pub fn save_due(&self) -> bool {
        let clock = &self.clock;
        let rest = SAVE_AT_MOST_EVERY.max(clock.took * SAVING_SHARE);
        !clock.ever || clock.saved.elapsed() >= rest.min(self.checkpoint_every)
    }

    pub fn save(&mut self, session: Option<&dyn StageSession<N>>) -> Result<(), TrainError> {
        let start = Instant::now();
        self.progress.seconds = self.seconds();
        self.progress.written = self.journal.sync()?;
        let network = match session {
            Some(session) => session.network(),
            None => self.network.clone(),
        };
        let checkpoint = Checkpoint {
            stamp: self.stamp.clone(),
            progress: self.progress.clone(),
            network: module_bytes(network, "network")?,
            best: match &self.best {
                Some(best) => Some(module_bytes(best.clone(), "best network")?),
                None => None,
            },
            session: match session {
                Some(session) => Some(session.state()?),
                None => None,
            },
        };
        // First what others wait for: a run that is past its pre-training has left it for them.
        if let Some(shared) = &self.shared {
            shared.keep(&checkpoint)?;
        }
        keep(&checkpoint, self.folder.path())?;
        self.clock.saved = Instant::now();
        self.clock.took = start.elapsed();
        self.clock.ever = true;
        tracing::info!(
            stage = self.progress.stage + 1,
            epoch = self.progress.epoch,
            step = self.progress.step,
            took = ?self.clock.took,
            "checkpoint"
        );
        Ok(())
    }

    /// Writes the history down, if it was not just written or `now` is asked for.
    pub fn tell_history(&mut self, now: bool) -> Result<(), TrainError> {
        let clock = &self.clock;
        let rest = SAVE_AT_MOST_EVERY.max(clock.telling * SAVING_SHARE);
        let due = now || clock.epochs == 0 || clock.told.elapsed() >= rest;
        let epochs = self.progress.history.len();
        if !due || clock.epochs == epochs {
            return Ok(());
        }
        let start = Instant::now();
        write_history(&self.folder, &self.progress.history, &self.recipe)?;
        self.clock.told = Instant::now();
        self.clock.telling = start.elapsed();
        self.clock.epochs = epochs;
        tracing::debug!(epochs, took = ?self.clock.telling, "history");
        Ok(())
    }

    /// The error of a loss or network that stopped being a number after step `after` of the epoch.
    pub fn diverged(
        &self,
        stage: &Stage,
        after: usize,
        rate: f64,
        (loss, penalty): (f64, f64),
    ) -> TrainError {
        let here = self.folder.path().display();
        let checkpoint = self.folder.checkpoint_path().is_file();
        let kept = match (self.best.is_some(), checkpoint) {
            (true, _) => {
                format!("the best network so far and the last good checkpoint are kept in {here}")
            }
            (false, true) => format!("the last good checkpoint is kept in {here}"),
            (false, false) => "it was too early for a checkpoint".into(),
        };
        TrainError::Diverged {
            stage: stage.title(),
            epoch: self.progress.epoch + 1,
            after,
            step: self.progress.step,
            rate,
            decay: match stage {
                Stage::FineTune(stage) => stage.weight_decay,
                Stage::Pretrain(_) => 0.0,
            },
            loss,
            penalty,
            kept: kept.into(),
        }
    }
}

/// What `totals` and the latest zeros say of a stage.
pub(crate) fn measurement(
    stage: &Stage,
    totals: &Totals,
    zeros: Vec<f64>,
    dead: Option<usize>,
) -> Measurement {
    let examples = totals.examples as usize;
    match stage {
        Stage::FineTune(_) => Measurement {
            examples,
            loss: Some(totals.mean_loss()),
            reconstruction: None,
            penalty: totals.mean_penalty(),
            error: Some(totals.error()),
            zeros,
            dead,
        },
        Stage::Pretrain(stage) => {
            // Shown at the layer's own place.
            let mut placed = vec![f64::NAN; stage.layer - 1];
            placed.extend(zeros);
            Measurement {
                examples,
                loss: None,
                reconstruction: Some(totals.mean_loss()),
                penalty: totals.mean_penalty(),
                error: None,
                zeros: placed,
                dead,
            }
        }
    }
}
