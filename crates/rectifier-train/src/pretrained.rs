//! Pre-training that several runs share: made once, kept in a file, gone on from by every run that begins in the same way.

use crate::checkpoint::{Checkpoint, Stamp};
use crate::identity::describe;
use crate::{DataFingerprint, Engine, Progress, Recipe, TrainError};
use rectifier_data::Split;
use rectifier_nn::Network;
use std::path::PathBuf;

/// What the stages of pre-training at the head of a run leave, in a file.
pub(crate) struct Pretrained {
    path: PathBuf,
    stages: usize,
    stamp: Stamp,
    engine: String,
}

impl Pretrained {
    /// The file at `path` for runs of `recipe` on `split`; `None` where there is no pre-training.
    ///
    /// # Errors
    /// [`TrainError::Data`] for examples that cannot be read.
    pub fn of<N: Network>(
        path: PathBuf,
        recipe: &Recipe,
        network: &N,
        split: &Split,
        engine: &dyn Engine<N>,
    ) -> Result<Option<Self>, TrainError> {
        let Some(head) = recipe.head() else {
            return Ok(None);
        };
        // Which examples have labels that are used is nothing to pre-training.
        let seen = Split {
            train: split.for_pretraining().clone(),
            unlabelled: None,
            ..split.clone()
        };
        Ok(Some(Self {
            path,
            stages: head.stages.len(),
            stamp: Stamp {
                recipe: head.checksum(),
                network: describe(network).to_string(),
                data: DataFingerprint::of_split("seen", &seen)?.checksum,
            },
            engine: engine.name().into(),
        }))
    }

    /// Where a run with `stamp` goes on, if another one was here before: the end of its pre-training. A file that is damaged or
    /// of other runs is as good as none.
    pub fn start(&self, stamp: &Stamp) -> Option<Checkpoint> {
        if !self.path.is_file() {
            return None;
        }
        let found = Checkpoint::read(&self.path)
            .map_err(|damage| damage.to_string())
            .and_then(|found| match self.stamp.check(&found.stamp) {
                Ok(()) if found.progress.engine == self.engine => Ok(found),
                Ok(()) => Err(format!("made by engine {}", found.progress.engine)),
                Err(problem) => Err(problem.to_string()),
            });
        match found {
            Ok(found) => Some(Checkpoint {
                stamp: stamp.clone(),
                ..found
            }),
            Err(reason) => {
                tracing::warn!(path = %self.path.display(), reason, "shared pre-training is made again");
                None
            }
        }
    }

    /// Keeps `checkpoint` for others, if it stands where pre-training ends.
    ///
    /// # Errors
    /// As [`Checkpoint::save`].
    pub fn keep(&self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        let progress = &checkpoint.progress;
        let between = checkpoint.session.is_none() && progress.epoch == 0;
        if progress.stage != self.stages || !between {
            return Ok(());
        }
        let shared = Checkpoint {
            stamp: self.stamp.clone(),
            // The rows of readings are those of one run's folder.
            progress: Progress {
                written: Default::default(),
                ..progress.clone()
            },
            ..checkpoint.clone()
        };
        shared.save(&self.path)
    }
}
