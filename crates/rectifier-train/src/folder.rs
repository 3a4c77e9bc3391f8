//! The folder of a run: who may write to it.

use crate::files::{COMMANDS, IDENTITY, PLAN};
use crate::{FolderProblem, RunFiles, TrainError};
use rectifier_nn::write_atomically;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// The file whose lock keeps a second process out.
const LOCK: &str = ".lock";
/// How [`write_atomically`] begins the names of files in the making.
pub(crate) const PARTIAL: &str = ".partial-";

/// The folder of one run, locked while this value lives. [`RunFiles`] says what is in it and reads it.
#[derive(Debug)]
pub struct RunFolder {
    files: RunFiles,
    _locks: (File, Option<File>),
}

impl Deref for RunFolder {
    type Target = RunFiles;

    fn deref(&self) -> &RunFiles {
        &self.files
    }
}

impl RunFolder {
    /// Makes a new folder at `path`, which may exist if it is empty.
    ///
    /// # Errors
    /// [`TrainError::RunFolder`] if it holds something already or another process writes to it.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, TrainError> {
        let path = path.into();
        std::fs::create_dir_all(&path).map_err(|source| io(&path, source))?;
        // Before it is locked, so that no lock is left in a folder that is not ours; and after, for a run that was
        // faster.
        Self::check_empty(&path)?;
        let folder = Self::lock(path)?;
        Self::check_empty(folder.path())?;
        // Of a run that was killed before it began: this one tells its own.
        let commands = folder.path().join(COMMANDS);
        match std::fs::remove_file(&commands) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(io(&commands, source)),
            _ => Ok(folder),
        }
    }

    /// Makes the first of `stem-1`, `stem-2`, .. that does not exist yet.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn create_next(stem: &Path) -> Result<Self, TrainError> {
        if let Some(parent) = stem.parent() {
            std::fs::create_dir_all(parent).map_err(|source| io(parent, source))?;
        }
        let mut number = 1_u64;
        loop {
            let mut name = stem.as_os_str().to_owned();
            name.push(format!("-{number}"));
            let path = PathBuf::from(name);
            // Making it is what claims it: another run that starts now takes the next one.
            match std::fs::create_dir(&path) {
                Ok(()) => return Self::create(path),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(source) => return Err(io(&path, source)),
            }
        }
    }

    /// Checks that a run could begin at `path`, and makes nothing.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn check_free(path: &Path) -> Result<(), TrainError> {
        match path.exists() {
            true => Self::check_empty(path),
            false => Ok(()),
        }
    }

    fn check_empty(path: &Path) -> Result<(), TrainError> {
        let entries = std::fs::read_dir(path).map_err(|source| io(path, source))?;
        // Where no lock is, no run was.
        let began = path.join(LOCK).is_file();
        for entry in entries {
            let name = entry.map_err(|source| io(path, source))?.file_name();
            // A run that was killed before it was written down leaves its lock, its command, and parts of files.
            let left = name == LOCK
                || name.to_string_lossy().starts_with(PARTIAL)
                || (began && name == COMMANDS);
            if !left {
                return Err(TrainError::RunFolder {
                    problem: FolderProblem::NotEmpty,
                    path: path.into(),
                });
            }
        }
        Ok(())
    }

    /// Opens the folder of an earlier run.
    ///
    /// # Errors
    /// [`TrainError::RunFolder`] if there is no run in it or another process writes to it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, TrainError> {
        let path = path.into();
        // A run that was killed as it began has one of them, a run of an earlier version the second alone.
        if !path.join(IDENTITY).is_file() && !path.join(PLAN).is_file() {
            let problem = FolderProblem::NoRun;
            return Err(TrainError::RunFolder { path, problem });
        }
        Self::lock(path)
    }

    fn lock(path: PathBuf) -> Result<Self, TrainError> {
        let busy = || TrainError::RunFolder {
            path: path.clone(),
            problem: FolderProblem::Busy,
        };
        let name = path.join(LOCK);
        let file = File::create(&name).map_err(|source| io(&name, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Err(TryLockError::Error(source)) => return Err(io(&name, source)),
        }
        let folder = lock_itself(&path).map_err(|Taken| busy())?;
        sweep(&path);
        Ok(Self {
            files: RunFiles::at(path),
            _locks: (file, folder),
        })
    }

    /// Writes `bytes` to the file `name` of the folder, whole or not at all.
    ///
    /// # Errors
    /// [`TrainError::ModelFile`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TrainError> {
        Ok(write_atomically(&self.path().join(name), bytes)?)
    }

    /// Writes `value` as indented JSON to the file `name`.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_json<T: serde::Serialize>(&self, name: &str, value: &T) -> Result<(), TrainError> {
        let mut text =
            serde_json::to_string_pretty(value).map_err(|error| TrainError::RunFolder {
                path: self.path().join(name),
                problem: FolderProblem::Unwritable {
                    reason: error.to_string(),
                },
            })?;
        text.push('\n');
        self.write(name, text.as_bytes())
    }

    /// Adds `line` to the commands of the run: the one that made it, then those that went on with it.
    ///
    /// # Errors
    /// [`TrainError`] for a file that cannot be read or written.
    pub fn record_command(&self, line: &str) -> Result<(), TrainError> {
        let mut lines = self.commands()?;
        lines.push(line.into());
        self.write(COMMANDS, (lines.join("\n") + "\n").as_bytes())
    }
}

/// Somebody else has the lock.
struct Taken;

/// Locks the folder itself where the system can: a lock file may be deleted by hand.
#[cfg(unix)]
fn lock_itself(path: &Path) -> Result<Option<File>, Taken> {
    let Ok(folder) = File::open(path) else {
        return Ok(None);
    };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(Taken),
        // Not every file system can.
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

#[cfg(not(unix))]
fn lock_itself(_path: &Path) -> Result<Option<File>, Taken> {
    Ok(None)
}

/// Removes what a killed run was writing: nobody else writes here now. What cannot be removed does no harm.
fn sweep(path: &Path) {
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

pub(crate) fn io(path: &Path, source: std::io::Error) -> TrainError {
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
        #[cfg(unix)]
        {
            std::fs::remove_file(path.join(LOCK)).unwrap();
            assert!(RunFolder::open(&path).is_err());
        }
        drop(folder);
        assert!(RunFolder::open(&path).is_ok());
        let full = RunFolder::create(&path).unwrap_err().to_string();
        assert!(full.contains("not empty"), "{full}");
        assert!(RunFolder::check_free(&path).is_err());
        assert!(RunFolder::check_free(&place.path().join("two")).is_ok());
    }

    #[test]
    fn a_run_that_was_killed_before_it_was_written_down_leaves_a_folder_that_can_be_used() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run");
        let folder = RunFolder::create(&path).unwrap();
        folder.record_command("rectifier train --out run").unwrap();
        drop(folder);
        let folder = RunFolder::create(&path).unwrap();
        assert!(folder.commands().unwrap().is_empty());
        // A file of this name where no run was is somebody's own.
        let own = place.path().join("own");
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join(COMMANDS), "mine").unwrap();
        assert!(RunFolder::create(&own).is_err());
        assert_eq!(std::fs::read_to_string(own.join(COMMANDS)).unwrap(), "mine");
    }

    #[test]
    fn numbered_folders_are_claimed_and_half_written_files_swept() {
        let place = tempfile::tempdir().unwrap();
        let stem = place.path().join("runs/some");
        let first = RunFolder::create_next(&stem).unwrap();
        let second = RunFolder::create_next(&stem).unwrap();
        assert!(first.path().ends_with("some-1") && second.path().ends_with("some-2"));
        first.write_json("recipe.json", &1).unwrap();
        let path = first.path().to_path_buf();
        let (torn, kept) = (path.join(".partial-Ab1"), path.join("notes"));
        std::fs::write(&torn, "half").unwrap();
        std::fs::write(&kept, "mine").unwrap();
        drop(first);
        RunFolder::open(&path).unwrap();
        assert!(!torn.exists() && kept.exists());
        // A folder that was claimed and left at once can be used, and what was half written there goes.
        let path = second.path().to_path_buf();
        std::fs::write(path.join(".partial-Cd2"), "half").unwrap();
        drop(second);
        assert!(RunFolder::create(&path).is_ok());
        assert!(!path.join(".partial-Cd2").exists());
    }
}
