//! Everything needed to go on, in one file that is replaced as a whole.

use crate::engine::SessionState;
use crate::{EpochRecord, Recipe, Stage, Totals, TrainError};
use rectifier_nn::write_atomically;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

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
    /// Lengths of the files that grow row by row, by name.
    #[serde(default)]
    pub lengths: BTreeMap<String, u64>,
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
    fn check(&self, recipe: &Recipe, examples: impl Fn(&Stage) -> usize) -> Result<(), String> {
        let Some(stage) = recipe.stages.get(self.stage) else {
            return match self.finished && self.stage == recipe.stages.len() {
                true => Ok(()),
                false => Err(format!(
                    "stage {} of {}",
                    self.stage + 1,
                    recipe.stages.len()
                )),
            };
        };
        let steps = stage.steps(examples(stage));
        let best = self.best.map_or(0, |(_, _, epoch)| epoch);
        let place = format!("epoch {}, step {}", self.epoch, self.step);
        match self.epoch > stage.epochs() || self.step > steps || best > self.epoch {
            true => Err(format!(
                "{place} of {} epochs of {steps} steps",
                stage.epochs()
            )),
            false => Ok(()),
        }
    }
}

/// A whole checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// How far the run has come.
    pub progress: Progress,
    /// The network's parameters with their identities.
    pub network: Vec<u8>,
    /// The best network of the current stage, likewise.
    pub best: Option<Vec<u8>>,
    /// What the engine's session needs to go on; empty between stages.
    pub session: Option<SessionState>,
}

const PROGRESS: &str = "progress";
const NETWORK: &str = "network";
const BEST: &str = "best";
const SESSION: &str = "session.";

impl Checkpoint {
    /// Writes the checkpoint to `path`, whole or not at all.
    ///
    /// # Errors
    /// [`TrainError::ModelFile`] if the disk does not take it; an older checkpoint is untouched then.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let damaged = |error: &dyn std::fmt::Display| TrainError::RunFolder {
            path: path.into(),
            reason: error.to_string(),
        };
        let progress = serde_json::to_string(&self.progress).map_err(|error| damaged(&error))?;
        let mut blobs: Vec<(String, &[u8])> = vec![(NETWORK.into(), &self.network)];
        blobs.extend(self.best.iter().map(|best| (BEST.into(), best.as_slice())));
        for (name, bytes) in self.session.iter().flatten() {
            blobs.push((format!("{SESSION}{name}"), bytes));
        }
        let mut views = Vec::with_capacity(blobs.len());
        for (name, bytes) in blobs {
            let view = TensorView::new(Dtype::U8, vec![bytes.len()], bytes);
            views.push((name, view.map_err(|error| damaged(&error))?));
        }
        let header = HashMap::from([(PROGRESS.to_string(), progress)]);
        let bytes = safetensors::serialize(views, Some(header)).map_err(|error| damaged(&error))?;
        Ok(write_atomically(path, &bytes)?)
    }

    /// Reads the checkpoint of a run of `recipe` whose stages have so many `examples` to train on.
    ///
    /// # Errors
    /// As [`load`](Self::load); [`TrainError::RunFolder`] if it stands where no such run does.
    pub(crate) fn load_for(
        path: &Path,
        recipe: &Recipe,
        examples: impl Fn(&Stage) -> usize,
    ) -> Result<Self, TrainError> {
        let checkpoint = Self::load(path)?;
        let place = checkpoint.progress.check(recipe, examples);
        place.map_err(|place| TrainError::RunFolder {
            path: path.into(),
            reason: format!(
                "it stands at {place}: it belongs to another recipe or other data; go on with those it was made with"
            ),
        })?;
        Ok(checkpoint)
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`TrainError::Io`]; [`TrainError::RunFolder`] for a file that is not a whole checkpoint.
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        let damaged = |reason: &dyn std::fmt::Display| TrainError::RunFolder {
            path: path.into(),
            reason: format!("not a whole checkpoint ({reason}): start the run again"),
        };
        let bytes = std::fs::read(path).map_err(|source| TrainError::Io {
            path: path.into(),
            source,
        })?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| damaged(&error))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|error| damaged(&error))?;
        let progress = header
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(PROGRESS))
            .ok_or_else(|| damaged(&"it does not say how far the run came"))?;
        let progress = serde_json::from_str(progress).map_err(|error| damaged(&error))?;
        let blob = |name: &str| tensors.tensor(name).map(|view| view.data().to_vec());
        let network = blob(NETWORK).map_err(|error| damaged(&error))?;
        let session: SessionState = tensors
            .iter()
            .filter_map(|(name, view)| {
                let name = name.strip_prefix(SESSION)?;
                Some((name.to_string(), view.data().to_vec()))
            })
            .collect();
        Ok(Self {
            progress,
            network,
            best: blob(BEST).ok(),
            session: (!session.is_empty()).then_some(session),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn example() -> Checkpoint {
        Checkpoint {
            progress: Progress {
                stage: 1,
                step: 7,
                totals: Totals {
                    examples: 70,
                    loss: 0.1 + 0.2,
                    ..Totals::default()
                },
                best: Some((0.25, 1.0 / 3.0, 2)),
                ..Progress::default()
            },
            network: vec![1, 2, 3],
            best: Some(vec![]),
            session: Some(SessionState::from([("optimizer".into(), vec![9; 100])])),
        }
    }

    #[test]
    fn a_checkpoint_comes_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        example().save(&path).unwrap();
        assert_eq!(Checkpoint::load(&path).unwrap(), example());
    }

    #[test]
    fn a_place_that_the_recipe_has_not_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        let recipe: Recipe = serde_json::from_str(
            r#"{"seed": 1, "stages": [
            {"stage": "fine-tune", "epochs": 2, "batch": 10, "rate": 0.1},
            {"stage": "fine-tune", "epochs": 3, "batch": 10, "rate": 0.1}]}"#,
        )
        .unwrap();
        let mut checkpoint = example();
        checkpoint.progress.best = None;
        let load = |change: fn(&mut Progress)| {
            let mut changed = checkpoint.clone();
            change(&mut changed.progress);
            changed.save(&path).unwrap();
            Checkpoint::load_for(&path, &recipe, |_| 100)
        };
        assert!(load(|_| ()).is_ok());
        let text = load(|progress| progress.step = 11).unwrap_err().to_string();
        assert!(text.contains("of 3 epochs of 10 steps"), "{text}");
        assert!(load(|progress| progress.epoch = 4).is_err());
        assert!(load(|progress| progress.best = Some((0.5, 1.0, 1))).is_err());
        assert!(load(|progress| progress.stage = 2).is_err());
        assert!(load(|progress| (progress.stage, progress.finished) = (2, true)).is_ok());
    }

    #[test]
    fn every_truncation_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        example().save(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for len in 0..bytes.len() {
            std::fs::write(&path, &bytes[..len]).unwrap();
            assert!(Checkpoint::load(&path).is_err(), "{len}");
        }
    }

    #[test]
    fn a_failed_save_leaves_the_old_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/folder/checkpoint.safetensors");
        assert!(example().save(&missing).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
