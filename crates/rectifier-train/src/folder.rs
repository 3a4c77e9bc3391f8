//! The folder of a run: what is in it, who may write to it.

use crate::{EpochRecord, TrainError};
use rectifier_nn::write_atomically;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// The folder of one run, locked while this value lives.
///
/// | file | what |
/// |---|---|
/// | `recipe.json` | what was asked for: data, network, stages, seed |
/// | `model.safetensors` | the best network so far, with its description and recipe in the header |
/// | `history.jsonl` | one record an epoch |
/// | `summary.json` | the result, once there is one |
/// | `checkpoint.safetensors` | what is needed to go on |
/// | `command.txt` | the command that made the run, and those that went on with it, one a line |
/// | `report.html` | the run as one page for people |
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _lock: File,
}

impl RunFolder {
    /// Makes a new folder at `path`, which may exist if it is empty.
    ///
    /// # Errors
    /// [`TrainError::RunFolder`] if it holds something already or another process writes to it.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, TrainError> {
        let path = path.into();
        std::fs::create_dir_all(&path).map_err(|source| io(&path, source))?;
        let mut entries = std::fs::read_dir(&path).map_err(|source| io(&path, source))?;
        if entries.next().is_some() {
            return Err(TrainError::RunFolder {
                reason: "the folder is not empty: give another one with --out, or go on with the run in it \
                         with --resume"
                    .into(),
                path,
            });
        }
        Self::lock(path)
    }

    /// Opens the folder of an earlier run.
    ///
    /// # Errors
    /// [`TrainError::RunFolder`] if there is no run in it or another process writes to it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, TrainError> {
        let path = path.into();
        if !path.join("recipe.json").is_file() {
            return Err(TrainError::RunFolder {
                reason: "there is no run in this folder (no recipe.json): give the folder that `train` named"
                    .into(),
                path,
            });
        }
        Self::lock(path)
    }

    fn lock(path: PathBuf) -> Result<Self, TrainError> {
        let name = path.join(".lock");
        let file = File::create(&name).map_err(|source| io(&name, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, _lock: file }),
            Err(TryLockError::WouldBlock) => Err(TrainError::RunFolder {
                reason: "another process is training in this folder: wait for it, or give another folder".into(),
                path,
            }),
            Err(TryLockError::Error(source)) => Err(io(&name, source)),
        }
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The network worth keeping.
    pub fn model(&self) -> PathBuf {
        self.path.join("model.safetensors")
    }

    /// What is needed to go on.
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint.safetensors")
    }

    /// Writes `bytes` to the file `name` of the folder, whole or not at all.
    ///
    /// # Errors
    /// [`TrainError::ModelFile`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TrainError> {
        Ok(write_atomically(&self.path.join(name), bytes)?)
    }

    /// Writes `value` as indented JSON to the file `name`.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_json<T: serde::Serialize>(&self, name: &str, value: &T) -> Result<(), TrainError> {
        let mut text =
            serde_json::to_string_pretty(value).map_err(|error| TrainError::RunFolder {
                path: self.path.join(name),
                reason: error.to_string(),
            })?;
        text.push('\n');
        self.write(name, text.as_bytes())
    }

    pub(crate) fn write_history(&self, history: &[EpochRecord]) -> Result<(), TrainError> {
        let mut text = String::new();
        for record in history {
            let line = serde_json::to_string(record).map_err(|error| TrainError::RunFolder {
                path: self.path.join("history.jsonl"),
                reason: error.to_string(),
            })?;
            text.push_str(&line);
            text.push('\n');
        }
        self.write("history.jsonl", text.as_bytes())
    }
}

fn io(path: &Path, source: std::io::Error) -> TrainError {
    TrainError::Io {
        path: path.into(),
        source,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_one_run() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("runs/one");
        assert!(RunFolder::open(&path).is_err());
        let folder = RunFolder::create(&path).unwrap();
        folder.write_json("recipe.json", &1).unwrap();
        let busy = RunFolder::open(&path).unwrap_err().to_string();
        assert!(busy.contains("another process is training"), "{busy}");
        drop(folder);
        assert!(RunFolder::open(&path).is_ok());
        let full = RunFolder::create(&path).unwrap_err().to_string();
        assert!(full.contains("not empty"), "{full}");
    }
}
