//! The matrix files of NORB: a magic number that tells the type, the number of dimensions, the dimensions (at least
//! three are written, the rest of them 1), then the numbers, all little-endian.
//!
//! The format is described at <https://cs.nyu.edu/~ylclab/data/norb-v1.0/>. It is not that of MATLAB's `.mat` files.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use rectifier_data::DataError;

/// What type the numbers of a matrix have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 32-bit float, magic 0x1E3D4C51.
    Float,
    /// 64-bit float, magic 0x1E3D4C53.
    Double,
    /// 32-bit integer, magic 0x1E3D4C54.
    Integer,
    /// Unsigned byte, magic 0x1E3D4C55.
    Byte,
    /// 16-bit integer, magic 0x1E3D4C56.
    Short,
}

impl Kind {
    fn of_magic(magic: u32) -> Option<Self> {
        Some(match magic {
            0x1E3D_4C51 => Self::Float,
            0x1E3D_4C53 => Self::Double,
            0x1E3D_4C54 => Self::Integer,
            0x1E3D_4C55 => Self::Byte,
            0x1E3D_4C56 => Self::Short,
            _ => return None,
        })
    }

    /// How many bytes a number has.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Byte => 1,
            Self::Short => 2,
            Self::Float | Self::Integer => 4,
            Self::Double => 8,
        }
    }
}

/// What is wrong with a matrix file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatProblem {
    /// It ends inside its header, or is empty.
    #[error("the file ends inside its header, after {found} bytes: copy or fetch it again")]
    ShortHeader {
        /// How many bytes there are.
        found: usize,
    },
    /// It is something else.
    #[error(
        "not a matrix file of NORB: it begins with {found:#010x}, not with 0x1e3d4c51 to 0x1e3d4c56 (little-endian)"
    )]
    Magic {
        /// Its first four bytes as a number.
        found: u32,
    },
    /// It has no dimension or too many.
    #[error("the header claims {found} dimensions: NORB's files have 1 to 4")]
    Rank {
        /// The number it claims.
        found: u32,
    },
    /// Its header claims more than can be.
    #[error(
        "the header claims dimensions {dims:?}, more than a file of {bytes} bytes can hold: copy or fetch it again"
    )]
    Claims {
        /// The dimensions.
        dims: Vec<u32>,
        /// The length of the file, packed or not.
        bytes: u64,
    },
    /// It holds something else than it should.
    #[error("the file holds {found} of dimensions {dims:?}, where {expected} were expected")]
    Content {
        /// The type of its numbers.
        found: String,
        /// Their dimensions.
        dims: Vec<usize>,
        /// What should be there.
        expected: String,
    },
    /// It ends too early.
    #[error(
        "the file ends {lacking} bytes before the end its header claims: copy or fetch it again"
    )]
    Truncated {
        /// How many bytes are not there.
        lacking: u64,
    },
    /// It goes on after its end.
    #[error("the file goes on after the numbers its header claims: copy or fetch it again")]
    Trailing,
    /// A category is none of the classes.
    #[error("pair {pair} has category {category}, where there are 0 to {}", classes.saturating_sub(1))]
    Category {
        /// The position of the pair.
        pair: usize,
        /// Its category.
        category: i32,
        /// How many classes there are.
        classes: usize,
    },
    /// Its gzip stream is damaged.
    #[error("the gzip stream is damaged or cut off ({reason}): copy or fetch it again")]
    Gzip {
        /// What the decoder said.
        reason: String,
    },
}

/// Why a matrix file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MatError {
    /// The system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is not what it should be.
    #[error(transparent)]
    Problem(#[from] MatProblem),
}

impl MatError {
    /// The error of a data set whose file `path` is.
    pub(crate) fn at(self, path: &Path) -> DataError {
        match self {
            Self::Io(source) => DataError::io(path, source),
            Self::Problem(problem) => DataError::Content {
                path: path.to_path_buf(),
                problem: problem.to_string(),
            },
        }
    }
}

/// The most that one byte of a deflate stream can unpack to (258 bytes for two bits), rounded up.
const DEFLATE_RATIO: u64 = 1032;
/// The most dimensions that make sense here.
const MAX_RANK: u32 = 8;

/// A matrix file, read piece by piece; its header has been read and its claims fit the length of the file.
pub struct MatReader<R: BufRead> {
    source: Source<R>,
    kind: Kind,
    dims: Vec<usize>,
    left: u64,
}

enum Source<R: BufRead> {
    Plain(R),
    Packed(Box<MultiGzDecoder<R>>),
}

impl<R: BufRead> Source<R> {
    /// Reads until `buffer` is full or the source ends; says how much was read.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, MatError> {
        let mut filled = 0;
        while filled < buffer.len() {
            let rest = &mut buffer[filled..];
            let (read, packed) = match self {
                Self::Plain(reader) => (reader.read(rest), false),
                Self::Packed(reader) => (reader.read(rest), true),
            };
            match read {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if packed => {
                    let reason = error.to_string();
                    return Err(MatProblem::Gzip { reason }.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(filled)
    }

    fn words<const N: usize>(&mut self, before: usize) -> Result<[u32; N], MatError> {
        let mut words = [0; N];
        for (place, word) in words.iter_mut().enumerate() {
            let mut bytes = [0; 4];
            let read = self.fill(&mut bytes)?;
            if read < 4 {
                let found = before + 4 * place + read;
                return Err(MatProblem::ShortHeader { found }.into());
            }
            *word = u32::from_le_bytes(bytes);
        }
        Ok(words)
    }
}

impl MatReader<BufReader<File>> {
    /// Opens a matrix file, plain or gzip; its first bytes tell which, not its name.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn open(path: &Path) -> Result<Self, MatError> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Self::new(BufReader::with_capacity(1 << 18, file), len)
    }
}

impl<R: BufRead> MatReader<R> {
    /// Reads the header of a file whose packed or plain length is `len`.
    ///
    /// # Errors
    /// [`MatError`]; claims that a file of this length cannot hold are refused here, before anything is reserved.
    pub fn new(mut reader: R, len: u64) -> Result<Self, MatError> {
        let packed = reader.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let (mut source, most) = match packed {
            true => {
                let decoder = Box::new(MultiGzDecoder::new(reader));
                (Source::Packed(decoder), len.saturating_mul(DEFLATE_RATIO))
            }
            false => (Source::Plain(reader), len),
        };
        let [magic] = source.words(0)?;
        let kind = Kind::of_magic(magic).ok_or(MatProblem::Magic { found: magic })?;
        let [rank] = source.words(4)?;
        if !(1..=MAX_RANK).contains(&rank) {
            return Err(MatProblem::Rank { found: rank }.into());
        }
        let mut claimed: Vec<u32> = source.words::<3>(8)?.to_vec();
        for place in 3..rank as usize {
            let [side] = source.words(8 + 4 * place)?;
            claimed.push(side);
        }
        let header = 8 + 4 * claimed.len() as u64;
        claimed.truncate(rank as usize);
        let mut sides = claimed.iter().map(|&side| u64::from(side));
        let bytes = sides.try_fold(kind.bytes(), |product, side| product.checked_mul(side));
        let room = most.saturating_sub(header);
        let left = match bytes {
            // A plain file says exactly what is missing; of a packed one only this is certain so far.
            Some(bytes) if bytes > room && !packed => {
                let lacking = bytes - room;
                return Err(MatProblem::Truncated { lacking }.into());
            }
            Some(bytes) if bytes <= room && usize::try_from(bytes).is_ok() => bytes,
            _ => {
                let (dims, bytes) = (claimed, len);
                return Err(MatProblem::Claims { dims, bytes }.into());
            }
        };
        let dims = claimed.into_iter().map(|side| side as usize).collect();
        Ok(Self {
            source,
            kind,
            dims,
            left,
        })
    }

    /// The type of the numbers.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The dimensions; the first counts the pairs.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// Fills `buffer` with the next bytes of the matrix.
    ///
    /// # Errors
    /// [`MatProblem::Truncated`] where there are fewer; [`MatError`].
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<(), MatError> {
        let wanted = (buffer.len() as u64).min(self.left) as usize;
        let read = self.source.fill(&mut buffer[..wanted])?;
        self.left -= read as u64;
        if read < buffer.len() {
            let lacking = self.left.max((buffer.len() - read) as u64);
            return Err(MatProblem::Truncated { lacking }.into());
        }
        Ok(())
    }

    /// Checks that the file ends where the matrix does; this also checks the sum at the end of a gzip stream.
    ///
    /// # Errors
    /// [`MatProblem::Trailing`] where it goes on, or was not read to the end; [`MatError`].
    pub fn finish(mut self) -> Result<(), MatError> {
        if self.left > 0 || self.source.fill(&mut [0])? > 0 {
            return Err(MatProblem::Trailing.into());
        }
        Ok(())
    }
}
