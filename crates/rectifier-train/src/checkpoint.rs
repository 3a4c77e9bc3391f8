//! Everything needed to go on, in one checksummed file that is replaced as a whole; the one before it is kept.

use crate::engine::SessionState;
use crate::files::{CHECKPOINT, PREVIOUS};
use crate::folder::{PARTIAL, io};
use crate::{Damage, FolderProblem, Notice, Progress, RunFiles, TrainError};
use rectifier_nn::write_atomically;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// Which run a checkpoint is of: it goes on with this recipe, network and data alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// SHA-256 of the recipe.
    pub recipe: String,
    /// The network's description.
    pub network: String,
    /// SHA-256 of the data.
    pub data: String,
}

impl Stamp {
    /// Checks that this is the stamp of what the run is `now` given.
    fn check(&self, now: &Self) -> Result<(), FolderProblem> {
        let fields = [
            ("recipe", &self.recipe, &now.recipe),
            ("network", &self.network, &now.network),
            ("data", &self.data, &now.data),
        ];
        match fields.into_iter().find(|(_, was, now)| was != now) {
            None => Ok(()),
            Some((what, was, now)) => Err(FolderProblem::Foreign {
                what,
                was: was.clone(),
                now: now.clone(),
            }),
        }
    }
}

/// A whole checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// Which run it is of.
    pub stamp: Stamp,
    /// How far the run has come.
    pub progress: Progress,
    /// The network's parameters with their identities.
    pub network: Vec<u8>,
    /// The best network of the current stage, likewise.
    pub best: Option<Vec<u8>>,
    /// What the engine's session needs to go on; empty between stages.
    pub session: Option<SessionState>,
}

const STAMP: &str = "stamp";
const PROGRESS: &str = "progress";
const NETWORK: &str = "network";
const BEST: &str = "best";
const SESSION: &str = "session.";
const CHECKSUM: &str = "crc32c";

/// CRC-32C over the blobs with their names and lengths, in the order of the names.
fn checksum(blobs: &mut [(String, &[u8])]) -> u32 {
    blobs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    blobs.iter().fold(0, |sum, (name, bytes)| {
        let sum = crc32c::crc32c_append(sum, name.as_bytes());
        let sum = crc32c::crc32c_append(sum, &(bytes.len() as u64).to_le_bytes());
        crc32c::crc32c_append(sum, bytes)
    })
}

impl Checkpoint {
    /// The bytes of the file.
    fn encode(&self, path: &Path) -> Result<Vec<u8>, TrainError> {
        let unwritable = |error: &dyn std::fmt::Display| TrainError::RunFolder {
            path: path.into(),
            problem: FolderProblem::Unwritable {
                reason: error.to_string(),
            },
        };
        let text = |text: serde_json::Result<String>| text.map_err(|error| unwritable(&error));
        let stamp = text(serde_json::to_string(&self.stamp))?;
        let progress = text(serde_json::to_string(&self.progress))?;
        let mut blobs: Vec<(String, &[u8])> = vec![
            // No header's text: what a run has seen of a hundred thousand epochs is long.
            (STAMP.into(), stamp.as_bytes()),
            (PROGRESS.into(), progress.as_bytes()),
            (NETWORK.into(), &self.network),
        ];
        blobs.extend(self.best.iter().map(|best| (BEST.into(), best.as_slice())));
        for (name, bytes) in self.session.iter().flatten() {
            blobs.push((format!("{SESSION}{name}"), bytes));
        }
        let checksum = checksum(&mut blobs);
        let mut views = Vec::with_capacity(blobs.len());
        for (name, bytes) in blobs {
            let view = TensorView::new(Dtype::U8, vec![bytes.len()], bytes);
            views.push((name, view.map_err(|error| unwritable(&error))?));
        }
        let header = HashMap::from([(CHECKSUM.to_string(), format!("{checksum:08x}"))]);
        safetensors::serialize(views, Some(header)).map_err(|error| unwritable(&error))
    }

    /// Writes the checkpoint to `path`, whole or not at all.
    ///
    /// # Errors
    /// [`TrainError::ModelFile`] if the disk does not take it; an older checkpoint is untouched then.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        Ok(write_atomically(path, &self.encode(path)?)?)
    }

    /// Writes the checkpoint to the folder at `path` as its latest, and keeps the latest so far as the one before it. At
    /// every moment one of the two is there and whole.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub(crate) fn save_in(&self, path: &Path) -> Result<(), TrainError> {
        let (latest, previous) = (path.join(CHECKPOINT), path.join(PREVIOUS));
        let (fresh, kept) = (
            path.join(format!("{PARTIAL}checkpoint")),
            path.join(format!("{PARTIAL}previous")),
        );
        let bytes = self.encode(&latest)?;
        let written = write_atomically(&fresh, &bytes).map_err(|error| named(error, &latest));
        if let Err(error) = written {
            let _ = std::fs::remove_file(&fresh);
            return Err(error);
        }
        let _ = std::fs::remove_file(&kept);
        match std::fs::hard_link(&latest, &kept) {
            Ok(()) => std::fs::rename(&kept, &previous).map_err(|source| io(&previous, source))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            // A file system without links: for a moment there is only the one before, which is found then.
            Err(_) => std::fs::rename(&latest, &previous).map_err(|source| io(&latest, source))?,
        }
        std::fs::rename(&fresh, &latest).map_err(|source| io(&latest, source))
    }

    /// Reads a checkpoint and holds it against its checksum.
    ///
    /// # Errors
    /// [`TrainError::RunFolder`] for a file that is not a whole checkpoint.
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        Self::read(path).map_err(|damage| TrainError::RunFolder {
            path: path.into(),
            problem: FolderProblem::Checkpoint { damage },
        })
    }

    fn read(path: &Path) -> Result<Self, Damage> {
        let format = |error: &dyn std::fmt::Display| Damage::Format {
            reason: error.to_string(),
        };
        let bytes = std::fs::read(path).map_err(|source| Damage::Unreadable {
            path: path.into(),
            reason: source.to_string(),
        })?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| format(&error))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|error| format(&error))?;
        let texts = header.metadata().as_ref();
        let text = texts.and_then(|texts| texts.get(CHECKSUM));
        let text = text.ok_or(Damage::Missing { what: CHECKSUM })?;
        let written = u32::from_str_radix(text, 16).map_err(|error| format(&error))?;
        let mut blobs: Vec<(String, &[u8])> = tensors
            .iter()
            .map(|(name, view)| (name.to_string(), view.data()))
            .collect();
        let found = checksum(&mut blobs);
        if *text != format!("{found:08x}") {
            return Err(Damage::Checksum { found, written });
        }
        let json = |what: &'static str| {
            let found = blobs.iter().find(|(name, _)| name == what);
            found
                .map(|(_, bytes)| *bytes)
                .ok_or(Damage::Missing { what })
        };
        let mut checkpoint = Self {
            stamp: serde_json::from_slice(json(STAMP)?).map_err(|error| format(&error))?,
            progress: serde_json::from_slice(json(PROGRESS)?).map_err(|error| format(&error))?,
            ..Self::default()
        };
        let mut session = SessionState::new();
        let mut network = None;
        for (name, bytes) in blobs {
            match (name.as_str(), name.strip_prefix(SESSION)) {
                (NETWORK, _) => network = Some(bytes.to_vec()),
                (BEST, _) => checkpoint.best = Some(bytes.to_vec()),
                (_, Some(part)) => {
                    session.insert(part.into(), bytes.to_vec());
                }
                _ => {}
            }
        }
        checkpoint.network = network.ok_or(Damage::Missing { what: NETWORK })?;
        checkpoint.session = (!session.is_empty()).then_some(session);
        Ok(checkpoint)
    }

    /// The latest checkpoint in `folder` that can be read, and what to say if it is not the latest of all; `None` where
    /// the run has not come to one.
    ///
    /// # Errors
    /// [`TrainError::RunFolder`] where there should be one and is none that can be read, or it is another run's than that
    /// of `stamp`.
    pub(crate) fn latest(
        folder: &RunFiles,
        stamp: &Stamp,
    ) -> Result<Option<(Self, Option<Notice>)>, TrainError> {
        let (latest, previous) = (folder.checkpoint_path(), folder.previous_checkpoint_path());
        let (path, read, notice) = match (latest.is_file(), previous.is_file()) {
            (false, false) => {
                return match folder.history()?.len() {
                    0 if !folder.model_path().is_file() => Ok(None),
                    epochs => Err(TrainError::RunFolder {
                        path: latest,
                        problem: FolderProblem::CheckpointLost { epochs },
                    }),
                };
            }
            (false, true) => {
                let notice = Notice::CheckpointGone { path: latest };
                (previous.clone(), Self::read(&previous), Some(notice))
            }
            (true, before) => match (Self::read(&latest), before) {
                (Err(damage), true) => match Self::read(&previous) {
                    Ok(checkpoint) => {
                        let notice = Notice::CheckpointDamaged {
                            path: latest,
                            reason: damage.to_string(),
                        };
                        (previous, Ok(checkpoint), Some(notice))
                    }
                    Err(_) => (latest, Err(damage), None),
                },
                (read, _) => (latest, read, None),
            },
        };
        let checked = read
            .map_err(|damage| FolderProblem::Checkpoint { damage })
            .and_then(|checkpoint| checkpoint.stamp.check(stamp).map(|()| checkpoint));
        match checked {
            Ok(checkpoint) => Ok(Some((checkpoint, notice))),
            Err(problem) => Err(TrainError::RunFolder { path, problem }),
        }
    }
}

/// An error of writing, named by the file that was to become.
fn named(error: rectifier_nn::ModelFileError, path: &Path) -> TrainError {
    match error {
        rectifier_nn::ModelFileError::Io { source, .. } => io(path, source),
        other => other.into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{FineTune, Recipe, Totals};

    fn example() -> Checkpoint {
        Checkpoint {
            stamp: Stamp {
                recipe: "r".into(),
                network: "n".into(),
                data: "d".into(),
            },
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

    fn latest(folder: &Path) -> Result<Option<(Checkpoint, Option<Notice>)>, TrainError> {
        Checkpoint::latest(&RunFiles::at(folder), &example().stamp)
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
        let recipe = Recipe::of(1, [FineTune::new(2, 10, 0.1), FineTune::new(3, 10, 0.1)]);
        let place = |change: fn(&mut Progress)| {
            let mut progress = example().progress;
            progress.best = None;
            change(&mut progress);
            progress.check(&recipe, |_| 100)
        };
        assert!(place(|_| ()).is_ok());
        let text = place(|progress| progress.step = 11)
            .unwrap_err()
            .to_string();
        assert!(text.contains("of 3 epochs of 10 steps"), "{text}");
        assert!(place(|progress| progress.epoch = 4).is_err());
        assert!(place(|progress| progress.best = Some((0.5, 1.0, 1))).is_err());
        assert!(place(|progress| progress.stage = 2).is_err());
        assert!(place(|progress| (progress.stage, progress.finished) = (2, true)).is_ok());
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        example().save(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for len in 0..bytes.len() {
            std::fs::write(&path, &bytes[..len]).unwrap();
            assert!(Checkpoint::load(&path).is_err(), "{len}");
        }
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &flipped).unwrap();
            assert!(Checkpoint::load(&path).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn the_last_two_are_kept_and_the_first_that_is_whole_is_taken() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        assert!(latest(folder).unwrap().is_none());
        for step in 1..=3 {
            let mut checkpoint = example();
            checkpoint.progress.step = step;
            checkpoint.save_in(folder).unwrap();
        }
        let step = |found: Option<(Checkpoint, Option<Notice>)>| {
            let (checkpoint, notice) = found.unwrap();
            (checkpoint.progress.step, notice.is_some())
        };
        assert_eq!(step(latest(folder).unwrap()), (3, false));
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2);
        let (one, before) = (folder.join(CHECKPOINT), folder.join(PREVIOUS));
        let bytes = std::fs::read(&one).unwrap();
        std::fs::write(&one, &bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(step(latest(folder).unwrap()), (2, true));
        std::fs::remove_file(&one).unwrap();
        assert_eq!(step(latest(folder).unwrap()), (2, true));
        std::fs::write(&one, "damaged").unwrap();
        std::fs::write(&before, "too").unwrap();
        let text = latest(folder).unwrap_err().to_string();
        assert!(
            text.contains("begin the run again in another folder"),
            "{text}"
        );
        // A run that came to a model had a checkpoint.
        std::fs::remove_file(&one).unwrap();
        std::fs::remove_file(&before).unwrap();
        std::fs::write(folder.join("model.safetensors"), "weights").unwrap();
        let text = latest(folder).unwrap_err().to_string();
        assert!(text.contains("nothing was overwritten"), "{text}");
    }

    #[test]
    fn a_checkpoint_of_another_run_is_refused_by_name() {
        let place = tempfile::tempdir().unwrap();
        let mut other = example();
        other.stamp.data = "e".into();
        other.save_in(place.path()).unwrap();
        let text = latest(place.path()).unwrap_err().to_string();
        assert!(text.contains("another data (e, now d)"), "{text}");
    }

    #[test]
    fn a_failed_save_leaves_the_old_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/folder");
        assert!(example().save(&missing.join(CHECKPOINT)).is_err());
        assert!(example().save_in(&missing).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
