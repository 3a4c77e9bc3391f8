//! SHA-256 of files, and what it means that one is not the file expected.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::DataError;
use crate::remote::Remote;

/// The SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    let mut checksum = Checksum::new();
    checksum.update(bytes);
    checksum.finish()
}

/// The SHA-256 and the length of what was written to it, piece by piece.
#[derive(Clone, Default)]
pub struct Checksum {
    hash: Sha256,
    bytes: u64,
}

impl Checksum {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece in.
    pub fn update(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
    }

    /// How many bytes were taken in.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The SHA-256 as 64 lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        let digits = |byte: u8| [byte >> 4, byte & 15];
        self.hash
            .finalize()
            .into_iter()
            .flat_map(digits)
            .filter_map(|digit| char::from_digit(u32::from(digit), 16))
            .collect()
    }

    /// Of a file.
    ///
    /// # Errors
    /// [`DataError::Io`] where it cannot be read.
    pub fn of_file(path: &Path) -> Result<Self, DataError> {
        let mut file = File::open(path).map_err(|source| DataError::io(path, source))?;
        let mut checksum = Self::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(checksum),
                Ok(read) => checksum.update(&buffer[..read]),
                Err(source) if source.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => return Err(DataError::io(path, source)),
            }
        }
    }
}

impl std::fmt::Debug for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Checksum({}, {} bytes)",
            self.clone().finish(),
            self.bytes
        )
    }
}

/// A file that is there but is not one of those a data set knows by that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The file.
    pub path: PathBuf,
    /// The length that was expected.
    pub expected_bytes: u64,
    /// The SHA-256 that was expected.
    pub expected_sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256; `None` where the length alone tells that it is another file.
    pub sha256: Option<String>,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.display();
        match &self.sha256 {
            Some(found) => write!(
                f,
                "{path}: expected SHA-256 {}, found {found}",
                self.expected_sha256
            ),
            None => write!(
                f,
                "{path}: expected {} bytes, found {}",
                self.expected_bytes, self.bytes
            ),
        }
    }
}

/// Whether the file at `path` is the one `known` describes; `Some` says how it differs.
///
/// # Errors
/// [`DataError::Io`] where it cannot be read.
pub fn compare(path: &Path, known: &Remote<'_>) -> Result<Option<Mismatch>, DataError> {
    let metadata = std::fs::metadata(path).map_err(|source| DataError::io(path, source))?;
    let mismatch = |bytes, sha256| Mismatch {
        path: path.to_path_buf(),
        expected_bytes: known.bytes,
        expected_sha256: known.sha256.to_owned(),
        bytes,
        sha256,
    };
    if metadata.len() != known.bytes {
        return Ok(Some(mismatch(metadata.len(), None)));
    }
    let checksum = Checksum::of_file(path)?;
    let bytes = checksum.bytes();
    let sha256 = checksum.finish();
    if sha256.eq_ignore_ascii_case(known.sha256) {
        return Ok(None);
    }
    Ok(Some(mismatch(bytes, Some(sha256))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    // Test vectors of FIPS 180-2, appendix B.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const MILLION_A: &str = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

    #[test]
    fn pieces_make_the_published_checksums() {
        let mut abc = Checksum::new();
        abc.update(b"a");
        abc.update(b"");
        abc.update(b"bc");
        assert_eq!(abc.bytes(), 3);
        assert_eq!(abc.finish(), ABC);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, vec![b'a'; 1_000_000]).unwrap();
        assert_eq!(Checksum::of_file(&path).unwrap().finish(), MILLION_A);
    }

    #[test]
    fn a_file_is_compared_by_length_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        let known = Remote {
            file: "abc",
            sha256: ABC,
            bytes: 3,
            mirrors: &[],
        };
        assert!(compare(&path, &known).is_err());
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(compare(&path, &known).unwrap(), None);
        std::fs::write(&path, "abd").unwrap();
        let found = compare(&path, &known).unwrap().unwrap();
        assert_eq!(found.sha256.as_deref().map(str::len), Some(64));
        assert!(
            found
                .to_string()
                .contains(&format!("expected SHA-256 {ABC}, found "))
        );
        std::fs::write(&path, "abcd").unwrap();
        let found = compare(&path, &known).unwrap().unwrap();
        assert!(
            found
                .to_string()
                .ends_with("abc: expected 3 bytes, found 4")
        );
    }
}
