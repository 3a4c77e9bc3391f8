//! IDX files, the format of MNIST: `0, 0, type, rank`, big-endian 32-bit dimensions, then the numbers; plain or gzip.
//!
//! The format is described at the end of <http://yann.lecun.com/exdb/mnist/>. Only bytes (type 8) are read here.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::gunzip::{GZIP, Gunzip};
use crate::idx_problem::IdxProblem;
use crate::{DataError, open_regular};

/// The content of an IDX file of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// The dimensions; the first counts the records.
    pub dims: Vec<usize>,
    /// The numbers, row-major.
    pub bytes: Vec<u8>,
    /// Whether the file is a gzip stream that zeros follow, which `gzip` leaves out, too.
    pub padded: bool,
}

/// The header of an IDX file of bytes: what it holds, without reading that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxHeader {
    /// The dimensions; the first counts the records.
    pub dims: Vec<usize>,
}

impl IdxHeader {
    /// Reads the header of an IDX file of `rank` dimensions, plain or gzip. The length of a plain file is checked.
    ///
    /// # Errors
    /// As [`read_idx`], save what only the rest of the file shows.
    pub fn read(path: &Path, rank: usize) -> Result<Self, DataError> {
        let (file, len) = open(path)?;
        let header = packed_or_plain(file, len, |source, most| {
            header(source, len, most, rank).map(|(dims, _)| dims)
        });
        header
            .map(|(dims, _)| Self { dims })
            .map_err(|trouble| trouble.of(path))
    }
}

impl Idx {
    /// The IDX file of bytes of `rank` dimensions that `file`, plain or gzip, is.
    ///
    /// # Errors
    /// [`IdxProblem`].
    pub fn parse(file: &[u8], rank: usize) -> Result<Self, IdxProblem> {
        parse_idx(file, file.len() as u64, rank).map_err(|trouble| match trouble {
            Trouble::Idx(problem) => problem,
            // Reading memory has no trouble of its own.
            Trouble::Io(error) => IdxProblem::Gzip {
                unpacked: 0,
                reason: error.to_string(),
            },
        })
    }
}

/// Reads the images of `[count, height, width]` in an IDX file, plain or gzip.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Idx`] for a file that is not a whole IDX file of bytes of rank 3.
pub fn read_images(path: &Path) -> Result<Idx, DataError> {
    read_idx(path, 3)
}

/// Reads the labels in an IDX file, plain or gzip.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Idx`] for a file that is not a whole IDX file of bytes of rank 1.
pub fn read_labels(path: &Path) -> Result<Vec<u8>, DataError> {
    Ok(read_idx(path, 1)?.bytes)
}

/// Reads an IDX file of bytes of `rank` dimensions, plain or gzip; its first bytes tell which, not its name.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Idx`].
pub fn read_idx(path: &Path, rank: usize) -> Result<Idx, DataError> {
    let (file, len) = open(path)?;
    parse_idx(file, len, rank).map_err(|trouble| trouble.of(path))
}

fn open(path: &Path) -> Result<(BufReader<File>, u64), DataError> {
    let file = open_regular(path)?;
    let length = file.metadata();
    let len = length.map_err(|source| DataError::io(path, source))?.len();
    Ok((BufReader::with_capacity(1 << 16, file), len))
}

#[derive(Debug)]
enum Trouble {
    Io(io::Error),
    Idx(IdxProblem),
}

impl Trouble {
    fn of(self, path: &Path) -> DataError {
        match self {
            Self::Io(source) => DataError::io(path, source),
            Self::Idx(problem) => DataError::Idx {
                path: path.to_path_buf(),
                problem,
            },
        }
    }
}

impl From<IdxProblem> for Trouble {
    fn from(problem: IdxProblem) -> Self {
        Self::Idx(problem)
    }
}

/// The most that one byte of a deflate stream can unpack to (258 bytes for two bits), rounded up.
const DEFLATE_RATIO: u64 = 1032;
/// The most that is reserved before any of it has been unpacked.
const RESERVE: usize = 1 << 26;

/// Reads an IDX file whose packed or plain length is `len`.
fn parse_idx(file: impl BufRead, len: u64, rank: usize) -> Result<Idx, Trouble> {
    let read = |source: &mut Source<'_>, most| parse(source, len, most, rank);
    let (mut idx, padded) = packed_or_plain(file, len, read)?;
    idx.padded = padded;
    Ok(idx)
}

/// Reads a file, packed or plain, whose unpacked length is below what `read` is told; says whether zeros follow it.
fn packed_or_plain<T>(
    mut file: impl BufRead,
    len: u64,
    read: impl FnOnce(&mut Source<'_>, u64) -> Result<T, Trouble>,
) -> Result<(T, bool), Trouble> {
    let start = file.fill_buf().map_err(Trouble::Io)?;
    if start.is_empty() {
        return Err(IdxProblem::Empty.into());
    }
    // An IDX file begins with two zeros, a gzip stream with two other bytes.
    if start.starts_with(&GZIP) {
        let most = len.saturating_mul(DEFLATE_RATIO);
        let mut packed = Gunzip::new(file);
        let content = read(&mut Source::new(&mut packed, true), most)?;
        Ok((content, packed.padded()))
    } else {
        Ok((read(&mut Source::new(&mut file, false), len)?, false))
    }
}

struct Source<'a> {
    reader: &'a mut dyn Read,
    packed: bool,
    unpacked: usize,
}

impl<'a> Source<'a> {
    fn new(reader: &'a mut dyn Read, packed: bool) -> Self {
        Self {
            reader,
            packed,
            unpacked: 0,
        }
    }

    /// Reads until `room` more bytes are in `bytes`, or the source ends; says how many were read.
    fn fill(&mut self, room: usize, bytes: &mut Vec<u8>) -> Result<usize, Trouble> {
        let before = bytes.len();
        let result = (&mut *self.reader).take(room as u64).read_to_end(bytes);
        let read = bytes.len() - before;
        self.unpacked += read;
        match result {
            Ok(_) => Ok(read),
            Err(error) if self.packed => Err(Trouble::Idx(IdxProblem::Gzip {
                unpacked: self.unpacked,
                reason: error.to_string(),
            })),
            Err(error) => Err(Trouble::Io(error)),
        }
    }
}

/// Reads the header of an unpacked stream that cannot be longer than `most`, from a file of `len` bytes: the dimensions,
/// and how many numbers follow.
fn header(
    source: &mut Source<'_>,
    len: u64,
    most: u64,
    rank: usize,
) -> Result<(Vec<usize>, usize), Trouble> {
    let mut header = Vec::with_capacity(4 + 4 * rank);
    if source.fill(4, &mut header)? == 0 {
        return Err(IdxProblem::Empty.into());
    }
    check_magic(&header, rank)?;
    source.fill(4 * rank, &mut header)?;
    let expected = 4 + 4 * rank;
    if header.len() < expected {
        let found = header.len();
        return Err(IdxProblem::ShortHeader { expected, found }.into());
    }
    let (words, _) = header[4..].as_chunks();
    let dims: Vec<u32> = words.iter().map(|&word| u32::from_be_bytes(word)).collect();
    let product = dims
        .iter()
        .try_fold(1u64, |product, &side| product.checked_mul(u64::from(side)));
    let room = most.saturating_sub(expected as u64);
    let Some(Ok(size)) = product.map(usize::try_from) else {
        return Err(IdxProblem::Claims { dims, bytes: len }.into());
    };
    if size as u64 > room {
        // A plain file says exactly what is missing; of a packed one only this is certain so far.
        return Err(match source.packed {
            true => IdxProblem::Claims { dims, bytes: len },
            false => IdxProblem::Truncated {
                expected: size,
                found: usize::try_from(room).unwrap_or(usize::MAX),
            },
        }
        .into());
    }
    let dims = dims.into_iter().map(|side| side as usize).collect();
    Ok((dims, size))
}

fn parse(source: &mut Source<'_>, len: u64, most: u64, rank: usize) -> Result<Idx, Trouble> {
    let (dims, size) = header(source, len, most, rank)?;
    // The buffer grows as data arrives, up to the claim: a small file cannot make this reserve much.
    let mut bytes = Vec::with_capacity(if source.packed {
        size.min(RESERVE)
    } else {
        size
    });
    let found = source.fill(size, &mut bytes)?;
    if found < size {
        let expected = size;
        return Err(IdxProblem::Truncated { expected, found }.into());
    }
    // This also has the decoder check the sum at the end of a gzip stream.
    if source.fill(1, &mut Vec::with_capacity(1))? > 0 {
        return Err(IdxProblem::Trailing { expected: size }.into());
    }
    Ok(Idx {
        dims,
        bytes,
        padded: false,
    })
}

fn check_magic(header: &[u8], rank: usize) -> Result<(), IdxProblem> {
    let Ok(found) = <[u8; 4]>::try_from(header) else {
        return Err(IdxProblem::ShortHeader {
            expected: 4 + 4 * rank,
            found: header.len(),
        });
    };
    let [zero, again, code, dimensions] = found;
    let name = match code {
        _ if (zero, again) != (0, 0) => return Err(IdxProblem::Magic { found }),
        0x08 => "unsigned byte",
        0x09 => "signed byte",
        0x0b => "16-bit integer",
        0x0c => "32-bit integer",
        0x0d => "32-bit float",
        0x0e => "64-bit float",
        _ => return Err(IdxProblem::Magic { found }),
    };
    if code != 0x08 {
        return Err(IdxProblem::Type { code, name });
    }
    if usize::from(dimensions) != rank {
        return Err(IdxProblem::Rank {
            expected: rank,
            found: usize::from(dimensions),
        });
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod writing {
    #![allow(clippy::unwrap_used)]
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    pub(crate) fn idx(dims: &[u32], bytes: &[u8]) -> Vec<u8> {
        let mut file = vec![0, 0, 8, dims.len() as u8];
        file.extend(dims.iter().flat_map(|side| side.to_be_bytes()));
        file.extend_from_slice(bytes);
        file
    }

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::writing::{gzip, idx};
    use super::*;
    use proptest::prelude::*;

    fn parsed(file: &[u8], rank: usize) -> Result<Idx, IdxProblem> {
        Idx::parse(file, rank)
    }

    fn any_idx() -> impl Strategy<Value = Idx> {
        prop::collection::vec(0usize..6, 1..4).prop_flat_map(|dims| {
            let size: usize = dims.iter().product();
            let bytes = prop::collection::vec(any::<u8>(), size);
            bytes.prop_map(move |bytes| Idx {
                dims: dims.clone(),
                bytes,
                padded: false,
            })
        })
    }

    fn written(idx_file: &Idx) -> Vec<u8> {
        let dims: Vec<u32> = idx_file.dims.iter().map(|&side| side as u32).collect();
        idx(&dims, &idx_file.bytes)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(file in any_idx()) {
            let rank = file.dims.len();
            prop_assert_eq!(&parsed(&written(&file), rank).unwrap(), &file);
            prop_assert_eq!(&parsed(&gzip(&written(&file)), rank).unwrap(), &file);
        }

        #[test]
        fn a_file_cut_anywhere_is_refused(file in any_idx(), packed in any::<bool>()) {
            let rank = file.dims.len();
            let whole = if packed { gzip(&written(&file)) } else { written(&file) };
            for end in 0..whole.len() {
                prop_assert!(parsed(&whole[..end], rank).is_err(), "cut at {end} of {}", whole.len());
            }
        }

        #[test]
        fn random_bytes_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            start in prop::sample::select(vec![vec![], vec![0, 0, 8, 3], vec![0x1f, 0x8b, 8, 0]]),
        ) {
            let file = [start, bytes].concat();
            if let Ok(idx) = parsed(&file, 3) {
                prop_assert_eq!(idx.bytes.len(), idx.dims.iter().product::<usize>());
            }
            let _ = parsed(&gzip(&file), 3);
        }
    }

    #[test]
    fn every_problem_is_named() {
        use IdxProblem::*;
        let good = idx(&[2, 1, 2], &[1, 2, 3, 4]);
        let cases: [(Vec<u8>, IdxProblem); 9] = [
            (vec![], Empty),
            (gzip(&[]), Empty),
            (
                vec![0, 0],
                ShortHeader {
                    expected: 16,
                    found: 2,
                },
            ),
            (
                good[..9].to_vec(),
                ShortHeader {
                    expected: 16,
                    found: 9,
                },
            ),
            (
                b"PK\x03\x04rest".to_vec(),
                Magic {
                    found: *b"PK\x03\x04",
                },
            ),
            (
                vec![0, 0, 0x0d, 3, 0],
                Type {
                    code: 0x0d,
                    name: "32-bit float",
                },
            ),
            (
                idx(&[4], &[1, 2, 3, 4]),
                Rank {
                    expected: 3,
                    found: 1,
                },
            ),
            (
                good[..19].to_vec(),
                Truncated {
                    expected: 4,
                    found: 3,
                },
            ),
            ([&good[..], &[9]].concat(), Trailing { expected: 4 }),
        ];
        for (file, problem) in cases {
            assert_eq!(parsed(&file, 3), Err(problem));
        }
        assert_eq!(
            parsed(&gzip(&good[..19]), 3),
            Err(Truncated {
                expected: 4,
                found: 3
            })
        );
        let long = gzip(&[&good[..], &[9]].concat());
        assert_eq!(parsed(&long, 3), Err(Trailing { expected: 4 }));
        let noise = [gzip(&good), vec![9]].concat();
        assert!(matches!(parsed(&noise, 3), Err(Gzip { unpacked: 20, .. })));
        let mut damaged = gzip(&good);
        let sum = damaged.len() - 8;
        damaged[sum] ^= 1;
        assert!(matches!(
            parsed(&damaged, 3),
            Err(Gzip { unpacked: 20, .. })
        ));
    }

    #[test]
    fn huge_claims_are_refused_before_anything_is_reserved() {
        // 2^96 numbers overflow; 2^62 and 2^40 do not, and must not be reserved.
        for dims in [
            [u32::MAX; 3],
            [1 << 31, 1 << 31, 1],
            [1 << 20, 1 << 10, 1 << 10],
        ] {
            let file = idx(&dims, &[0; 100]);
            let claimed: u128 = dims.iter().map(|&side| u128::from(side)).product();
            let problem = parsed(&file, 3).unwrap_err();
            match u64::try_from(claimed) {
                Ok(claimed) => assert_eq!(
                    problem,
                    IdxProblem::Truncated {
                        expected: claimed as usize,
                        found: 100
                    }
                ),
                Err(_) => assert!(matches!(problem, IdxProblem::Claims { .. })),
            }
            let problem = parsed(&gzip(&file), 3).unwrap_err();
            assert!(matches!(problem, IdxProblem::Claims { .. }), "{problem}");
        }
    }

    #[test]
    fn a_header_is_read_alone_and_zeros_may_follow_gzip() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("images");
        let whole = idx(&[2, 1, 2], &[1, 2, 3, 4]);
        let damaged = |mut packed: Vec<u8>| {
            let length = packed.len();
            packed[length - 6] ^= 1;
            packed
        };
        // Of the last one the header is whole.
        for file in [whole.clone(), gzip(&whole), damaged(gzip(&whole))] {
            std::fs::write(&path, file).unwrap();
            assert_eq!(IdxHeader::read(&path, 3).unwrap().dims, [2, 1, 2]);
        }
        assert!(read_idx(&path, 3).is_err());
        std::fs::write(&path, &whole[..19]).unwrap();
        assert!(IdxHeader::read(&path, 3).is_err());
        assert!(!parsed(&gzip(&whole), 3).unwrap().padded);
        let padded = parsed(&[gzip(&whole), vec![0; 512]].concat(), 3).unwrap();
        assert_eq!((padded.padded, padded.bytes), (true, vec![1, 2, 3, 4]));
    }
}
