//! Everything needed to go on, in one checksummed file that is replaced as a whole.

use crate::engine::SessionState;
use crate::{Damage, FolderProblem, Progress, TrainError};
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
    pub(crate) fn check(&self, now: &Self) -> Result<(), FolderProblem> {
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
    pub(crate) fn encode(&self, path: &Path) -> Result<Vec<u8>, TrainError> {
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

    pub(crate) fn read(path: &Path) -> Result<Self, Damage> {
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
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;
    use crate::{FineTune, Recipe, Totals};

    pub(crate) fn example() -> Checkpoint {
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
}
