//! A file that only grows, and can be taken back to an earlier length.

use crate::TrainError;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Rows wait this long, or until there is so much of them, before they are written.
const WRITE_EVERY: Duration = Duration::from_secs(1);
const WRITE_AT: usize = 1 << 16;

/// A file of rows, written some at a time. A checkpoint remembers its length; whatever a killed run wrote beyond that
/// is cut off when the run goes on from there and writes those rows again.
#[derive(Debug)]
pub(crate) struct AppendFile {
    path: PathBuf,
    file: File,
    length: u64,
    waiting: Vec<u8>,
    written: Instant,
}

impl AppendFile {
    /// Opens the file at `path`, cut to `length`; a file that is shorter than that begins anew.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn open(path: &Path, length: u64) -> Result<Self, TrainError> {
        let io = |source| TrainError::Io {
            path: path.into(),
            source,
        };
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(io)?;
        let found = file.metadata().map_err(io)?.len();
        let length = if found < length { 0 } else { length };
        file.set_len(length).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        Ok(Self {
            path: path.into(),
            file,
            length,
            waiting: Vec::new(),
            written: Instant::now(),
        })
    }

    /// Whether there is no row in it yet.
    pub fn is_empty(&self) -> bool {
        self.length == 0 && self.waiting.is_empty()
    }

    /// Adds whole rows through `write`.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), TrainError> {
        write(&mut self.waiting);
        if self.waiting.len() >= WRITE_AT || self.written.elapsed() >= WRITE_EVERY {
            self.write()?;
        }
        Ok(())
    }

    /// Puts every row on the disk and gives the file's length.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn sync(&mut self) -> Result<u64, TrainError> {
        self.write()?;
        self.file.sync_data().map_err(|source| self.io(source))?;
        Ok(self.length)
    }

    fn write(&mut self) -> Result<(), TrainError> {
        self.file
            .write_all(&self.waiting)
            .map_err(|source| self.io(source))?;
        self.length += self.waiting.len() as u64;
        self.waiting.clear();
        self.written = Instant::now();
        Ok(())
    }

    fn io(&self, source: std::io::Error) -> TrainError {
        TrainError::Io {
            path: self.path.clone(),
            source,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_came_after_the_remembered_length_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let mut file = AppendFile::open(&path, 0).unwrap();
        assert!(file.is_empty());
        file.add(|out| out.extend(b"one\n")).unwrap();
        assert!(!file.is_empty());
        let length = file.sync().unwrap();
        file.add(|out| out.extend(b"torn")).unwrap();
        file.sync().unwrap();
        drop(file);
        let mut file = AppendFile::open(&path, length).unwrap();
        file.add(|out| out.extend(b"two\n")).unwrap();
        file.sync().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\n");
        // Rows that somebody took away are not made up.
        let file = AppendFile::open(&path, 1000).unwrap();
        assert!(file.is_empty());
    }
}
