//! What can go wrong with data, each with its cure.

use std::path::{Path, PathBuf};

use crate::checksum::Mismatch;
use crate::idx_problem::IdxProblem;
use crate::missing::Missing;

/// An error of a data set. The text names the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// An index past the end of a set.
    #[error("example {index} was asked of a set of {len}")]
    Index {
        /// The index asked for.
        index: usize,
        /// The number of examples.
        len: usize,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A buffer whose length does not fit its labels and its shape.
    #[error(
        "{values} values do not make {examples} examples of shape {shape:?}: give one label for every {width} values",
        width = shape.iter().fold(1usize, |product, &side| product.saturating_mul(side))
    )]
    Length {
        /// The length of the buffer.
        values: usize,
        /// The number of labels.
        examples: usize,
        /// The shape of one example.
        shape: Vec<usize>,
    },
    /// A shape whose examples hold no number, or more than memory has.
    #[error(
        "examples of shape {shape:?} hold no numbers, or too many to count: every side must be at least 1"
    )]
    Shape {
        /// The shape of one example.
        shape: Vec<usize>,
    },
    /// A label that is not below the number of classes.
    #[error(
        "example {example} has label {label}, but there are {classes} classes: labels go from 0 to one less than that"
    )]
    Label {
        /// The position of the example.
        example: usize,
        /// Its label.
        label: u32,
        /// The number of classes.
        classes: usize,
    },
    /// A sparse row that breaks a promise of [`SparseRows`](crate::SparseRows).
    #[error("sparse row {row}: {problem}")]
    SparseRow {
        /// Which row.
        row: usize,
        /// What is wrong with it, and what it must be.
        problem: String,
    },
    /// Sparse and dense examples gathered into one batch.
    #[error("a batch holds dense rows or sparse ones: clear it before gathering the other kind")]
    Mixed,
    /// Inputs that are to be moved as pictures are, and are none.
    #[error(
        "inputs of shape {shape:?} are no pictures that can be moved, which are dense and [rows, columns] or [planes, rows, columns]: \
         leave shift out"
    )]
    NoPictures {
        /// The shape of one example.
        shape: Vec<usize>,
    },
    /// Pictures that are to be moved out of sight.
    #[error(
        "a shift by {pixels} pixels moves pictures of {height} by {width} out of sight: it must be at most {}",
        height.min(width).saturating_sub(1)
    )]
    Shift {
        /// The shift asked for.
        pixels: usize,
        /// Rows of a picture.
        height: usize,
        /// Columns of a picture.
        width: usize,
    },
    /// A range that is not inside a set.
    #[error("examples {start}..{end} were asked of a set of {len}")]
    Range {
        /// The first example of the range.
        start: usize,
        /// One past its last example.
        end: usize,
        /// The number of examples.
        len: usize,
    },
    /// A share of a set that is not above 0 and at most 1.
    #[error("a share of {share} of the examples: it must be above 0 and at most 1")]
    Share {
        /// The share asked for.
        share: f64,
    },
    /// Fewer examples than make every part of a split.
    #[error(
        "{examples} examples leave the {part} part empty: give more, or give the parts by themselves"
    )]
    TooFew {
        /// How many there are.
        examples: usize,
        /// The part that would stay empty.
        part: &'static str,
    },
    /// An error of a set that lies in this file.
    #[error("{}: {source}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: Box<DataError>,
    },
    /// Parts of one split that do not fit each other.
    #[error(
        "the {part} part has {found}, but the train part has {expected}: all parts of a split must agree"
    )]
    Parts {
        /// Which part differs from the train part.
        part: &'static str,
        /// What the train part has.
        expected: String,
        /// What that part has.
        found: String,
    },
    /// A folder that was named but is not there.
    #[error("the data folder {} does not exist: make it, or name none to use RECTIFIER_DATA or the cache folder", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A file that is neither here nor could be fetched.
    #[error("{0}")]
    Missing(Box<Missing>),
    /// A set whose examples are other ones here than elsewhere, for want of files.
    #[error("data set {set} is not whole here: {lacks}")]
    Partial {
        /// The data set.
        set: String,
        /// What is not on this machine, and how it gets here.
        lacks: String,
    },
    /// A file on this machine that is not the one the data set knows.
    #[error(
        "{0}: put the right file there, delete this one, or allow unknown files to use it as it is"
    )]
    Checksum(Box<Mismatch>),
    /// A file that is not the IDX file it should be.
    #[error("{}: {problem}", path.display())]
    Idx {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: IdxProblem,
    },
    /// Files of one set that do not fit each other.
    #[error("{} holds {images} images, but {} holds {labels} labels: use the two files of one set", images_path.display(), labels_path.display())]
    Pair {
        /// The file of images.
        images_path: PathBuf,
        /// The file of labels.
        labels_path: PathBuf,
        /// How many images there are.
        images: usize,
        /// How many labels there are.
        labels: usize,
    },
    /// A file that is well formed but is not what the data set holds.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// Somebody asked for an end while examples were gathered.
    #[error("stopped, as asked")]
    Interrupted,
    /// A picture that cannot be read, drawn, or resized.
    #[error("{0}")]
    Picture(String),
    /// An option that a data set has not, or whose value it cannot be.
    #[error("--{option}: {reason}")]
    Option {
        /// The option's name.
        option: String,
        /// What is wrong with it, and what would do.
        reason: String,
    },
    /// A plan that describes a data set wrongly.
    #[error("the plan's data, {set}: {reason}")]
    Plan {
        /// The data set.
        set: String,
        /// What is wrong.
        reason: String,
    },
    /// Input that an encoder does not take.
    #[error("{kind} takes no {given}: {cure}")]
    Encoder {
        /// The kind of encoder.
        kind: &'static str,
        /// What it was given.
        given: &'static str,
        /// What would do.
        cure: String,
    },
    /// A description of an encoder that describes none.
    #[error("the encoder of kind {kind:?}: {problem}: the file is damaged, or of another version")]
    Described {
        /// The kind it should be.
        kind: String,
        /// What is wrong with it.
        problem: String,
    },
    /// More memory than there is.
    #[error("{what} would take {} GB of memory, more than there is: {cure}", bytes.div_ceil(1_000_000_000))]
    Memory {
        /// What would take it.
        what: String,
        /// How much.
        bytes: u128,
        /// What to ask for instead.
        cure: String,
    },
}

impl DataError {
    /// The error of an operation of the system on `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io {
            path: path.as_ref().to_path_buf(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_cause_and_cure() {
        let error = DataError::Length {
            values: 10,
            examples: 3,
            shape: vec![2, 2],
        };
        assert_eq!(
            error.to_string(),
            "10 values do not make 3 examples of shape [2, 2]: give one label for every 4 values"
        );
        let error = DataError::io("a/b", std::io::ErrorKind::NotFound.into());
        assert!(error.to_string().starts_with("a/b: "), "{error}");
    }

    #[test]
    fn an_error_is_small_enough_to_return() {
        assert!(size_of::<DataError>() <= 128, "{}", size_of::<DataError>());
    }
}
