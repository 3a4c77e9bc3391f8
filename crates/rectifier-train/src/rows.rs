//! A file that only grows, and can be taken back to where a checkpoint remembers it; what was changed from outside is
//! kept as far as it is whole.

use crate::folder::io;
use crate::progress::Written;
use crate::{Notice, TrainError, tensorboard};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Rows wait this long, or until there is so much of them, before they are written.
const WRITE_EVERY: Duration = Duration::from_secs(1);
const WRITE_AT: usize = 1 << 16;

/// How the rows of a file are told apart, and which step of the run each is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    /// Lines, of which the first cell is the step.
    Csv,
    /// JSON lines with a field `step`.
    Json,
    /// TensorBoard's records, which carry a checksum each.
    Records,
}

impl Form {
    /// The length of the first whole row of `bytes`.
    fn row(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Csv | Self::Json => bytes
                .iter()
                .position(|byte| *byte == b'\n')
                .map(|at| at + 1),
            Self::Records => tensorboard::record_length(bytes),
        }
    }

    /// The step that a row is of; `None` for a header, and for what only looks like a row.
    fn step(self, row: &[u8]) -> Option<u64> {
        #[derive(serde::Deserialize)]
        struct Step {
            step: u64,
        }
        match self {
            Self::Csv => {
                let cell = row
                    .split(|byte| matches!(byte, b',' | b';' | b'\t'))
                    .next()?;
                // A spreadsheet may write 12000 as "12000", 12000.0 or 1.2E+04.
                let cell = std::str::from_utf8(cell).ok()?.trim();
                let step: f64 = cell.trim_matches('"').trim().parse().ok()?;
                (step >= 0.0 && step.fract() == 0.0).then_some(step as u64)
            }
            Self::Json => serde_json::from_slice::<Step>(row).ok().map(|row| row.step),
            Self::Records => tensorboard::step_of(row),
        }
    }
}

/// A file of rows, written some at a time. A checkpoint remembers its length and checksum; whatever a killed run wrote
/// beyond that is cut off when the run goes on from there and writes those rows again.
#[derive(Debug)]
pub(crate) struct RowFile {
    path: PathBuf,
    file: File,
    written: Written,
    waiting: Vec<u8>,
    at: Instant,
}

impl RowFile {
    /// Opens the file at `path` as it was when so much was `written` of it, `steps` steps into the run. Where it is not
    /// what was written then, its whole rows up to that step are kept, and the notice says so.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn open(
        path: &Path,
        written: Written,
        form: Form,
        steps: u64,
    ) -> Result<(Self, Option<Notice>), TrainError> {
        let io = |source| io(path, source);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(io)?;
        let intact = checksum(&mut file, written.length).map_err(io)? == Some(written.checksum);
        let (written, notice) = match intact {
            true => {
                file.set_len(written.length).map_err(io)?;
                (written, None)
            }
            false => {
                let kept = keep_whole(&mut file, form, steps).map_err(io)?;
                let notice = Notice::RowsChanged {
                    path: path.into(),
                    written: written.length,
                    kept: kept.length,
                };
                (kept, Some(notice))
            }
        };
        file.seek(SeekFrom::End(0)).map_err(io)?;
        let file = Self {
            path: path.into(),
            file,
            written,
            waiting: Vec::new(),
            at: Instant::now(),
        };
        Ok((file, notice))
    }

    /// Whether there is no row in it yet.
    pub fn is_empty(&self) -> bool {
        self.written.length == 0 && self.waiting.is_empty()
    }

    /// Adds whole rows through `write`.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), TrainError> {
        write(&mut self.waiting);
        if self.waiting.len() >= WRITE_AT || self.at.elapsed() >= WRITE_EVERY {
            self.write()?;
        }
        Ok(())
    }

    /// Puts every row on the disk and tells what was written.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn sync(&mut self) -> Result<Written, TrainError> {
        self.write()?;
        self.file
            .sync_data()
            .map_err(|source| io(&self.path, source))?;
        Ok(self.written)
    }

    fn write(&mut self) -> Result<(), TrainError> {
        self.file
            .write_all(&self.waiting)
            .map_err(|source| io(&self.path, source))?;
        self.written = Written {
            length: self.written.length + self.waiting.len() as u64,
            checksum: crc32c::crc32c_append(self.written.checksum, &self.waiting),
        };
        self.waiting.clear();
        self.at = Instant::now();
        Ok(())
    }
}

/// CRC-32C of the first `length` bytes of `file`; `None` if it has fewer.
fn checksum(file: &mut File, length: u64) -> std::io::Result<Option<u32>> {
    if file.metadata()?.len() < length {
        return Ok(None);
    }
    file.rewind()?;
    let mut sum = 0;
    let mut left = length;
    let mut buffer = vec![0; WRITE_AT];
    while left > 0 {
        let most = (buffer.len() as u64).min(left) as usize;
        match file.read(&mut buffer[..most])? {
            0 => return Ok(None),
            read => {
                sum = crc32c::crc32c_append(sum, &buffer[..read]);
                left -= read as u64;
            }
        }
    }
    Ok(Some(sum))
}

/// Keeps the whole rows of `file` that are not of a later step than `steps`, and tells what it holds then.
fn keep_whole(file: &mut File, form: Form, steps: u64) -> std::io::Result<Written> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some(length) = form.row(rest) {
        let (row, after) = rest.split_at(length);
        if form.step(row).is_none_or(|step| step <= steps) {
            kept.extend_from_slice(row);
        }
        rest = after;
    }
    if kept != bytes {
        file.rewind()?;
        file.set_len(0)?;
        file.write_all(&kept)?;
    }
    Ok(Written {
        length: kept.len() as u64,
        checksum: crc32c::crc32c(&kept),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn open(path: &Path, written: Written, steps: u64) -> (RowFile, Option<Notice>) {
        RowFile::open(path, written, Form::Csv, steps).unwrap()
    }

    /// A file of a header and three rows, as a checkpoint after step 3 remembers it.
    fn three_rows(path: &Path) -> Written {
        let (mut file, notice) = open(path, Written::default(), 0);
        assert!(file.is_empty() && notice.is_none());
        file.add(|out| out.extend(b"step,loss\n")).unwrap();
        assert!(!file.is_empty());
        for step in 1..=3 {
            file.add(|out| out.extend(format!("{step},0.5\n").as_bytes()))
                .unwrap();
        }
        file.sync().unwrap()
    }

    #[test]
    fn what_came_after_the_remembered_length_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let written = three_rows(&path);
        let (mut file, notice) = open(&path, written, 3);
        assert!(notice.is_none());
        file.add(|out| out.extend(b"4,0.5\n5,torn")).unwrap();
        file.sync().unwrap();
        drop(file);
        let (mut file, notice) = open(&path, written, 3);
        assert!(notice.is_none());
        file.add(|out| out.extend(b"4,0.25\n")).unwrap();
        let written = file.sync().unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "step,loss\n1,0.5\n2,0.5\n3,0.5\n4,0.25\n"
        );
        // The checksum went on over both sittings.
        assert!(open(&path, written, 4).1.is_none());
    }

    #[test]
    fn what_was_changed_from_outside_is_kept_as_whole_rows_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let written = three_rows(&path);
        let cases = [
            // The last line taken away; torn in the middle; saved by a spreadsheet; with a note; emptied; and with rows of
            // later steps, which will be written again.
            ("step,loss\n1,0.5\n2,0.5\n", "step,loss\n1,0.5\n2,0.5\n"),
            ("step,loss\n1,0.5\n2,0", "step,loss\n1,0.5\n"),
            (
                "step,loss\r\n1,0.5\r\n2,0.5\r\n3,0.5\r\n",
                "step,loss\r\n1,0.5\r\n2,0.5\r\n3,0.5\r\n",
            ),
            (
                "step,loss\n# mine\n\"1\",0.5\n4,9\n",
                "step,loss\n# mine\n\"1\",0.5\n",
            ),
            // Numbers as programs of tables write them; a byte order mark; a step that is none.
            (
                "\u{feff}step;loss\n1.0;0,5\n 2.0E+00 ;0,5\n4E+00;9\n-1;2\nnan;2\n1.5;2\n",
                "\u{feff}step;loss\n1.0;0,5\n 2.0E+00 ;0,5\n-1;2\nnan;2\n1.5;2\n",
            ),
            ("", ""),
        ];
        for (text, wanted) in cases {
            std::fs::write(&path, text).unwrap();
            let (_, notice) = open(&path, written, 3);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), wanted);
            let kept = wanted.len() as u64;
            assert!(
                matches!(notice, Some(Notice::RowsChanged { kept: found, .. }) if found == kept),
                "{text:?}: {notice:?}"
            );
        }
    }

    #[test]
    fn json_lines_and_events_are_kept_by_their_own_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let written = Written {
            length: 1000,
            checksum: 1,
        };
        std::fs::write(&path, "{\"step\":1}\n{\"step\":2}\n{\"st").unwrap();
        RowFile::open(&path, written, Form::Json, 1).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"step\":1}\n");
        let mut events = tensorboard::version(1.0);
        for step in 1..=3 {
            events.extend(tensorboard::scalars(1.0, step, &[("loss".into(), 0.5)]));
        }
        let whole = tensorboard::version(1.0).len()
            + 2 * (events.len() - tensorboard::version(1.0).len()) / 3;
        std::fs::write(&path, &events[..events.len() - 1]).unwrap();
        let (_, notice) = RowFile::open(&path, written, Form::Records, 9).unwrap();
        assert!(notice.is_some());
        assert_eq!(std::fs::read(&path).unwrap(), events[..whole]);
        RowFile::open(&path, written, Form::Records, 1).unwrap();
        assert!(std::fs::read(&path).unwrap().len() < whole);
    }
}
