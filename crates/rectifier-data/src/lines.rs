//! Files of text, plain or gzip, line by line: numbered as an editor numbers them, and never more in memory than a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::gunzip::{GZIP, Gunzip, PADDED};
use crate::{DataError, Encoding};

/// The longest line of a file of text, in bytes: 64 MiB.
pub const LONGEST_LINE: usize = 1 << 26;
/// The most bytes that are read of a file of text, unpacked where it is packed: 2 GiB.
pub const LONGEST_TEXT_FILE: u64 = 1 << 31;

/// Opens a regular file. Devices and pipes, which may have no end, are refused; a folder, too.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Content`] for what is no regular file.
pub fn open_regular(path: &Path) -> Result<File, DataError> {
    let io = |source| DataError::io(path, source);
    // Looked at before it is opened: opening a pipe waits for somebody to write.
    let kind = std::fs::metadata(path).map_err(io)?.file_type();
    if !kind.is_file() {
        let what = if kind.is_dir() {
            "a folder"
        } else {
            "a device or a pipe"
        };
        return Err(DataError::Content {
            path: path.to_path_buf(),
            problem: format!("it is {what}: give a file"),
        });
    }
    File::open(path).map_err(io)
}

/// The lines of a text, in order.
pub struct Lines {
    source: Source,
    path: PathBuf,
    encoding: Encoding,
    bytes: Vec<u8>,
    text: String,
    line: usize,
    read: u64,
    again: bool,
}

enum Source {
    Plain(Box<dyn BufRead>),
    Packed(Box<BufReader<Gunzip<Box<dyn BufRead>>>>),
}

impl Source {
    fn reader(&mut self) -> &mut dyn BufRead {
        match self {
            Self::Plain(reader) => reader,
            Self::Packed(reader) => reader,
        }
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lines({}, line {})", self.path.display(), self.line)
    }
}

impl Lines {
    /// The lines of a file, plain or gzip: its first bytes tell which, not its name.
    ///
    /// # Errors
    /// As [`open_regular`].
    pub fn open(path: &Path, encoding: Encoding) -> Result<Self, DataError> {
        let file = open_regular(path)?;
        Self::of(BufReader::with_capacity(1 << 16, file), path, encoding)
    }

    /// The lines of what `reader` reads, plain or gzip; the path is for errors alone.
    ///
    /// # Errors
    /// [`DataError::Io`] where not even the first byte can be read.
    pub fn of(
        mut reader: impl BufRead + 'static,
        path: &Path,
        encoding: Encoding,
    ) -> Result<Self, DataError> {
        let start = reader
            .fill_buf()
            .map_err(|source| DataError::io(path, source))?;
        let source = match start.starts_with(&GZIP) {
            true => Source::Packed(Box::new(BufReader::with_capacity(
                1 << 16,
                Gunzip::new(Box::new(reader)),
            ))),
            false => Source::Plain(Box::new(reader)),
        };
        Ok(Self {
            source,
            path: path.to_path_buf(),
            encoding,
            bytes: Vec::new(),
            text: String::new(),
            line: 0,
            read: 0,
            again: false,
        })
    }

    /// The next line with what ends it (`\n`, `\r\n`, or a `\r` alone); `None` at the end. A byte order mark at the
    /// beginning is left out.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Content`] naming the line, for one of more than [`LONGEST_LINE`] bytes, a file
    /// of more than [`LONGEST_TEXT_FILE`], a damaged gzip stream, and bytes that are no text.
    pub fn next_line(&mut self) -> Result<Option<&str>, DataError> {
        if std::mem::take(&mut self.again) {
            self.line += 1;
            return Ok(Some(&self.text));
        }
        self.bytes.clear();
        if let Err(error) = self.fill() {
            let line = self.line + 1;
            return Err(match error {
                Stop::Io(source) if matches!(self.source, Source::Plain(_)) => {
                    DataError::io(&self.path, source)
                }
                Stop::Io(source) => self.wrong(format!(
                    "line {line}: the gzip stream is damaged or cut off ({source}): copy or fetch the file again"
                )),
                Stop::Long => self.wrong(format!(
                    "line {line} has more than the {LONGEST_LINE} bytes that a line may have: is this a file of lines?"
                )),
                Stop::Much => self.wrong(format!(
                    "it has more than the {LONGEST_TEXT_FILE} bytes that are read (line {line}): split it"
                )),
            });
        }
        if self.bytes.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        let first = self.line == 1;
        self.text.clear();
        self.encoding
            .decode_line(&mut self.bytes, first, &mut self.text)
            .map_err(|problem| self.wrong(format!("line {}: {problem}", self.line)))?;
        Ok(Some(&self.text))
    }

    /// Has the next call of [`next_line`](Self::next_line) give the line once more that the last one gave.
    pub(crate) fn again(&mut self) {
        self.again = true;
        self.line -= 1;
    }

    /// The number of the line that was read last, from 1; 0 before the first.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What to tell the user once all was read.
    pub fn warning(&self) -> Option<String> {
        match &self.source {
            Source::Packed(reader) if reader.get_ref().padded() => {
                Some(format!("{}: {PADDED}", self.path.display()))
            }
            _ => None,
        }
    }

    /// [`DataError::Content`] of this file.
    pub fn wrong(&self, problem: impl Into<String>) -> DataError {
        DataError::Content {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }

    fn fill(&mut self) -> Result<(), Stop> {
        let reader = self.source.reader();
        loop {
            let bytes = match reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Stop::Io(error)),
            };
            if bytes.is_empty() {
                return Ok(());
            }
            // After a carriage return only a line feed belongs to the line.
            if self.bytes.last() == Some(&b'\r') {
                if bytes[0] == b'\n' {
                    self.bytes.push(b'\n');
                    self.read += 1;
                    reader.consume(1);
                }
                return Ok(());
            }
            let end = bytes
                .iter()
                .position(|&byte| byte == b'\n' || byte == b'\r')
                .map_or(bytes.len(), |place| place + 1);
            if self.bytes.len() + end > LONGEST_LINE {
                return Err(Stop::Long);
            }
            self.read += end as u64;
            if self.read > LONGEST_TEXT_FILE {
                return Err(Stop::Much);
            }
            self.bytes.extend_from_slice(&bytes[..end]);
            reader.consume(end);
            if self.bytes.last() == Some(&b'\n') {
                return Ok(());
            }
        }
    }
}

enum Stop {
    Io(io::Error),
    Long,
    Much,
}

/// A file as a whole, if it has at most `most` bytes: a picture, a text.
///
/// # Errors
/// As [`open_regular`]; [`DataError::Content`] for a longer file.
pub fn read_whole(path: &Path, most: u64) -> Result<Vec<u8>, DataError> {
    let file = open_regular(path)?;
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| DataError::io(path, source))?;
    if bytes.len() as u64 > most {
        return Err(DataError::Content {
            path: path.to_path_buf(),
            problem: format!("it has more than the {most} bytes that are read of such a file"),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::idx::writing::gzip;
    use proptest::prelude::*;

    fn lines(bytes: &[u8]) -> Result<Vec<String>, DataError> {
        let mut lines = Lines::of(
            io::Cursor::new(bytes.to_vec()),
            Path::new("f"),
            Encoding::Utf8,
        )?;
        let mut all = Vec::new();
        while let Some(line) = lines.next_line()? {
            all.push(line.to_owned());
        }
        assert_eq!(lines.line(), all.len());
        Ok(all)
    }

    #[test]
    fn every_ending_ends_a_line_and_stays_with_it() {
        let text = b"\xEF\xBB\xBFa\r\nb\n\nc\rd";
        let expected = ["a\r\n", "b\n", "\n", "c\r", "d"];
        assert_eq!(lines(text).unwrap(), expected);
        assert_eq!(lines(&gzip(text)).unwrap(), expected);
        assert_eq!(lines(b"").unwrap(), [""; 0]);
        assert_eq!(lines(b"a\r").unwrap(), ["a\r"]);
    }

    #[test]
    fn wrong_bytes_are_placed() {
        for (bytes, problem) in [
            (&b"a\nb\xE9\n"[..], "f: line 2: it is not UTF-8"),
            (b"a\nb\0\n", "line 2: it holds a zero byte"),
            (b"\xFF\xFEa\0", "UTF-16"),
        ] {
            let error = lines(bytes).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        let packed = gzip(b"a\nb\n");
        let error = lines(&packed[..packed.len() - 1]).unwrap_err().to_string();
        assert!(
            error.contains("line 3: the gzip stream is damaged"),
            "{error}"
        );
    }

    /// Endless bytes, of which every `every`-th ends a line.
    struct Endless {
        chunk: Vec<u8>,
    }

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = buffer.len().min(self.chunk.len());
            buffer[..count].copy_from_slice(&self.chunk[..count]);
            Ok(count)
        }
    }

    #[test]
    fn a_line_without_end_is_refused_by_its_number() {
        let start = io::Cursor::new(b"one\ntwo\n".to_vec());
        let rest = Endless {
            chunk: vec![b'x'; 1 << 16],
        };
        let reader = BufReader::new(start.chain(rest));
        let mut lines = Lines::of(reader, Path::new("f"), Encoding::Utf8).unwrap();
        lines.next_line().unwrap();
        lines.next_line().unwrap();
        let error = lines.next_line().unwrap_err().to_string();
        assert!(
            error.contains("line 3 has more than the 67108864 bytes"),
            "{error}"
        );
        assert!(lines.bytes.capacity() <= 2 * LONGEST_LINE);
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_opened() {
        for (path, what) in [("/dev/zero", "a device"), ("/", "a folder")] {
            let error = Lines::open(Path::new(path), Encoding::Utf8)
                .unwrap_err()
                .to_string();
            assert!(error.contains(what), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_whole(&path, 5).unwrap(), b"12345");
        assert!(read_whole(&path, 4).is_err());
        assert!(read_whole(Path::new("/dev/zero"), 4).is_err());
        assert!(matches!(
            read_whole(&folder.path().join("g"), 4),
            Err(DataError::Io { .. })
        ));
    }

    proptest! {
        #[test]
        fn lines_hold_the_text(parts in prop::collection::vec("[a\r\n]{0,6}", 0..6)) {
            let text = parts.concat();
            let found = lines(text.as_bytes()).unwrap();
            prop_assert_eq!(found.concat(), text.clone());
            let plain = text.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(found.len(), plain.lines().count());
        }

        #[test]
        fn any_bytes_are_lines_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = lines(&bytes);
        }
    }
}
