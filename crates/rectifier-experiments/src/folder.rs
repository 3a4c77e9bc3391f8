//! The folder of one experiment: what is where, and who may write.

use crate::carry_out::kept;
use crate::error::io;
use crate::{ExperimentError, Preset, Records, Shard};
use rectifier_catalog::CatalogError;
use rectifier_nn::{remove_partials, write_atomically};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const STATE: &str = "sweep.json";
const PRETRAINED: &str = "pretrained-";
/// In the folder of a run that is to stay.
const STAYS: &str = ".kept";

/// The files of an experiment in a folder of experiments.
///
/// | file | what |
/// |---|---|
/// | `records/CELL.json` | a record a cell |
/// | `runs/CELL/` | the run's folder while a cell runs, after it was stopped, or for good where runs are kept |
/// | `runs/pretrained-HEAD` | pre-training that several cells share, until none of any preset is left |
/// | `models/NAME.safetensors`, `models/NAME.json` | the weights of the best validation seed of a row, and which cell it is |
/// | `sweep.json` | what was started last |
/// | `table.md`, `table.csv`, `figure*.svg`, `index.html` | made from the records alone |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepFolder {
    path: PathBuf,
    name: String,
}

/// Weights that an experiment keeps: those of the best run of a row by validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptModel {
    /// What they are kept as.
    pub name: String,
    /// The cell whose they are.
    pub cell: String,
    /// The model file.
    pub weights: PathBuf,
}

/// What was started last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepState {
    /// The experiment.
    pub experiment: String,
    /// Its preset.
    pub preset: Preset,
    /// A user's own sweep, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<serde_json::Value>,
}

/// The right to write a share of a sweep, while this value lives.
#[derive(Debug)]
pub struct SweepLock(
    #[allow(dead_code, reason = "the lock lives as long as the file is open")] File,
);

impl SweepFolder {
    /// That of the experiment `name` in `folder`.
    pub fn of(folder: &Path, name: &str) -> Self {
        Self {
            path: folder.join(name),
            name: name.into(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of records.
    pub fn records_path(&self) -> PathBuf {
        self.path.join("records")
    }

    /// The record of a cell.
    pub fn record_path(&self, cell: &str) -> PathBuf {
        self.records_path().join(format!("{cell}.json"))
    }

    /// The folder where cells run.
    pub fn runs_path(&self) -> PathBuf {
        self.path.join("runs")
    }

    /// The run's folder of a cell.
    pub fn run_path(&self, cell: &str) -> PathBuf {
        self.runs_path().join(cell)
    }

    /// The pre-training of cells with this [head](crate::Cell::head).
    pub fn pretrained_path(&self, head: &str) -> PathBuf {
        self.runs_path().join(format!("{PRETRAINED}{head}"))
    }

    /// Marks the folder of a run that ended to be left where it is.
    ///
    /// # Errors
    /// [`ExperimentError::Io`].
    pub(crate) fn mark_kept(&self, cell: &str) -> Result<(), ExperimentError> {
        let path = self.run_path(cell).join(STAYS);
        File::create(&path)
            .map(drop)
            .map_err(|source| io(&path, source))
    }

    /// Whether the folder of this run is to stay, whatever the sweep is told now.
    pub(crate) fn is_kept(&self, cell: &str) -> bool {
        self.run_path(cell).join(STAYS).is_file()
    }

    /// Removes pre-training that no cell is left for, and what a killed process left of writing some. The heads that are
    /// `wanted` are asked for where there is any.
    ///
    /// # Errors
    /// [`ExperimentError::Io`]; those of `wanted`.
    pub(crate) fn tidy_pretrained(
        &self,
        wanted: impl FnOnce() -> Result<BTreeSet<String>, ExperimentError>,
    ) -> Result<(), ExperimentError> {
        let runs = self.runs_path();
        remove_partials(&runs);
        let mut heads = Vec::new();
        for entry in std::fs::read_dir(&runs).map_err(|source| io(&runs, source))? {
            let name = entry.map_err(|source| io(&runs, source))?.file_name();
            let head = name.to_str().and_then(|name| name.strip_prefix(PRETRAINED));
            heads.extend(head.map(String::from));
        }
        if heads.is_empty() {
            return Ok(());
        }
        let wanted = wanted()?;
        for head in heads.iter().filter(|head| !wanted.contains(*head)) {
            let path = self.pretrained_path(head);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(&path, error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Where weights are kept.
    pub fn models_path(&self) -> PathBuf {
        self.path.join("models")
    }

    /// All records.
    ///
    /// # Errors
    /// As [`Records::read`].
    pub fn records(&self) -> Result<Records, ExperimentError> {
        Records::read(&self.records_path())
    }

    /// The weights that are kept, by name.
    ///
    /// # Errors
    /// [`ExperimentError::Io`], [`ExperimentError::Json`].
    pub fn kept(&self) -> Result<Vec<KeptModel>, ExperimentError> {
        let folder = self.models_path();
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(io(&folder, source)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(|source| io(&folder, source))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // What is being written begins with a dot.
            let (Some(name), false) = (name.strip_suffix(".json"), name.starts_with('.')) else {
                continue;
            };
            if let Some(kept) = kept(&path)? {
                found.push(KeptModel {
                    name: name.into(),
                    cell: kept.cell,
                    weights: folder.join(format!("{name}.safetensors")),
                });
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// What was started last; none where nothing was.
    ///
    /// # Errors
    /// [`ExperimentError::Io`], [`ExperimentError::Json`].
    pub fn state(&self) -> Result<Option<SweepState>, ExperimentError> {
        let path = self.path.join(STATE);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|source| ExperimentError::Json { path, source }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(io(&path, source)),
        }
    }

    /// Makes the folder for a share of `state`, and keeps others of the same share out.
    ///
    /// # Errors
    /// [`ExperimentError::Busy`], [`ExperimentError::Other`] for a folder of another experiment or sweep; [`ExperimentError::Io`],
    /// [`ExperimentError::Json`] and [`ExperimentError::Catalog`] for a folder that cannot be written or was damaged.
    pub fn lock(&self, state: &SweepState, shard: Shard) -> Result<SweepLock, ExperimentError> {
        if let Some(found) = self.state()?
            && (found.experiment != state.experiment
                || found.sweep.is_some() != state.sweep.is_some())
        {
            return Err(ExperimentError::Other {
                folder: self.path.clone(),
                found: found.experiment,
                asked: state.experiment.clone(),
            });
        }
        for path in [self.records_path(), self.runs_path()] {
            std::fs::create_dir_all(&path).map_err(|source| io(&path, source))?;
        }
        let name = match shard {
            Shard::ALL => ".lock".into(),
            shard => format!(".lock-{}-of-{}", shard.number(), shard.of()),
        };
        let path = self.path.join(name);
        let file = File::create(&path).map_err(|source| io(&path, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ExperimentError::Busy {
                    folder: self.path.clone(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(&path, source)),
        }
        let mut text = serde_json::to_string_pretty(state).map_err(CatalogError::Syntax)?;
        text.push('\n');
        write_atomically(&self.path.join(STATE), text.as_bytes())?;
        Ok(SweepLock(file))
    }

    /// What the folder is called.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_sweep_a_share_and_one_experiment_a_folder() {
        let place = tempfile::tempdir().unwrap();
        let folder = SweepFolder::of(place.path(), "figure3");
        assert_eq!(folder.state().unwrap(), None);
        assert!(folder.records().unwrap().is_empty());
        let state = SweepState {
            experiment: "figure3".into(),
            preset: Preset::Smoke,
            sweep: None,
        };
        let lock = folder.lock(&state, Shard::ALL).unwrap();
        let error = folder.lock(&state, Shard::ALL).unwrap_err().to_string();
        assert!(
            error.contains("another sweep") && error.contains("figure3"),
            "{error}"
        );
        let half = folder.lock(&state, "1/2".parse().unwrap());
        assert!(half.is_ok());
        drop(lock);
        assert!(folder.lock(&state, Shard::ALL).is_ok());
        assert_eq!(folder.state().unwrap(), Some(state.clone()));
        let other = SweepState {
            experiment: "table1".into(),
            ..state
        };
        let error = folder.lock(&other, Shard::ALL).unwrap_err().to_string();
        assert!(error.contains("figure3, not table1"), "{error}");
    }
}
