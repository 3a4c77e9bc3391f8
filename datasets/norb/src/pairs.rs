//! The two kinds of files: stereo pairs (`-dat`) and their categories (`-cat`).

use std::io::BufRead;
use std::path::Path;

use rectifier_data::DataError;

use crate::mat::{Kind, MatError, MatProblem, MatReader};
use crate::shrink::Shrink;
use crate::{PIXELS, SIDE};

/// Stereo pairs, made small.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// The side of an image in the file, in pixels.
    pub side: usize,
    /// 2048 bytes a pair: 32 rows of 32 of the left image, then of the right.
    pub pixels: Vec<u8>,
}

impl Pairs {
    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.pixels.len() / PIXELS
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// Reads a `-dat` file whose packed or plain length is `len`.
    ///
    /// # Errors
    /// [`MatError`].
    pub fn read(reader: impl BufRead, len: u64) -> Result<Self, MatError> {
        let reader = MatReader::new(reader, len)?;
        let (_, side) = size(&reader)?;
        let mut pixels = Vec::new();
        // Grows as pairs arrive, so that a small file cannot make it reserve much.
        shrink(reader, |_, pair| pixels.extend_from_slice(pair))?;
        Ok(Self { side, pixels })
    }
}

/// Reads a `-dat` file, of any number of pairs of square images of 32 to 1024 pixels a side.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Content`] for a file that is not a whole `-dat` file.
pub fn read_pairs(path: &Path) -> Result<Pairs, DataError> {
    let read = || {
        let reader = MatReader::open(path)?;
        let (_, side) = size(&reader)?;
        let mut pixels = Vec::new();
        shrink(reader, |_, pair| pixels.extend_from_slice(pair))?;
        Ok(Pairs { side, pixels })
    };
    read().map_err(|error: MatError| error.at(path))
}

/// Reads a `-dat` file of exactly as many pairs of `side` as `room` has room for.
///
/// # Errors
/// As [`read_pairs`].
pub(crate) fn read_into(path: &Path, side: usize, room: &mut [u8]) -> Result<(), DataError> {
    let mut read = || -> Result<(), MatError> {
        let reader = MatReader::open(path)?;
        let count = room.len() / PIXELS;
        if size(&reader)? != (count, side) {
            return Err(
                content(&reader, &format!("{count} pairs of 2x{side}x{side} bytes")).into(),
            );
        }
        shrink(reader, |place, pair| {
            room[place * PIXELS..][..PIXELS].copy_from_slice(pair);
        })
    };
    read().map_err(|error| error.at(path))
}

/// Reads a `-cat` file, plain or gzip: the category of each pair, below `classes`.
///
/// # Errors
/// As [`read_pairs`]; [`DataError::Content`] for a category that is none of the classes.
pub fn read_categories(path: &Path, classes: usize) -> Result<Vec<u32>, DataError> {
    let read = || categories(MatReader::open(path)?, classes);
    read().map_err(|error: MatError| error.at(path))
}

fn categories(mut reader: MatReader<impl BufRead>, classes: usize) -> Result<Vec<u32>, MatError> {
    let count = match *reader.dims() {
        [count] if reader.kind() == Kind::Integer => count,
        _ => return Err(content(&reader, "one 32-bit integer a pair").into()),
    };
    let mut categories = Vec::new();
    let mut bytes = [0; 4];
    for pair in 0..count {
        reader.read(&mut bytes)?;
        let category = i32::from_le_bytes(bytes);
        match u32::try_from(category) {
            Ok(label) if (label as usize) < classes => categories.push(label),
            _ => {
                return Err(MatProblem::Category {
                    pair,
                    category,
                    classes,
                }
                .into());
            }
        }
    }
    reader.finish()?;
    Ok(categories)
}

fn content(reader: &MatReader<impl BufRead>, expected: &str) -> MatProblem {
    MatProblem::Content {
        found: format!("{:?} numbers", reader.kind()),
        dims: reader.dims().to_vec(),
        expected: expected.into(),
    }
}

/// How many pairs there are, and the side of their images.
fn size(reader: &MatReader<impl BufRead>) -> Result<(usize, usize), MatProblem> {
    match *reader.dims() {
        [count, 2, side, other]
            if reader.kind() == Kind::Byte && side == other && (SIDE..=1024).contains(&side) =>
        {
            Ok((count, side))
        }
        _ => Err(content(
            reader,
            "pairs of square images of bytes, [pairs, 2, side, side],",
        )),
    }
}

/// Hands each pair of the file on, made small, with its position.
fn shrink(
    mut reader: MatReader<impl BufRead>,
    mut each: impl FnMut(usize, &[u8]),
) -> Result<(), MatError> {
    let (count, side) = size(&reader)?;
    let Some(mut shrink) = Shrink::new(side, SIDE) else {
        return Err(content(&reader, "larger images").into());
    };
    let area = side * side;
    let mut pair = vec![0; 2 * area];
    let mut small = [0; PIXELS];
    for place in 0..count {
        reader.read(&mut pair)?;
        for eye in 0..2 {
            let (from, to) = (&pair[eye * area..][..area], eye * SIDE * SIDE);
            shrink.apply(from, &mut small[to..to + SIDE * SIDE]);
        }
        each(place, &small);
    }
    reader.finish()
}
