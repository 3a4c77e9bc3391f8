//! What the user should know about an input that was prepared all the same.

use std::fmt;

use crate::shortened;

/// Something odd about an input that a network nevertheless got: predictions from it may be wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Hint {
    /// The border of a picture is bright, where the training pictures' was dark.
    BrightBorder,
    /// The border of a picture is dark, where the training pictures' was bright.
    DarkBorder,
    /// A picture's sides have another ratio than the network's input: it was stretched.
    Aspect {
        /// Its width and height.
        size: (usize, usize),
        /// Those that the network takes.
        taken: (usize, usize),
    },
    /// A picture lets its ground show, and none was named: it was laid on white.
    NoGround,
    /// A word that the training part has not in that column: it counts as none.
    UnknownWord {
        /// The column.
        column: String,
        /// The word.
        word: String,
    },
    /// A cell that is missing in a column where the training part has no missing one: the mean stands for it.
    MissingNumber {
        /// The column.
        column: String,
    },
    /// A file that looks like several texts was read as one, because of its name.
    OneText,
    /// Columns that training never saw: they are left out.
    UnknownColumns {
        /// How many of the row.
        count: usize,
        /// The first of them, as the file numbers them.
        first: u64,
    },
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrightBorder => f.write_str(
                "its border is bright, where the training pictures' is dark: is it dark ink on white? then have it inverted",
            ),
            Self::DarkBorder => f.write_str(
                "its border is dark, where the training pictures' is bright: have it inverted if it is a negative",
            ),
            Self::Aspect { size, taken } => write!(
                f,
                "it has {}x{} pixels, which were stretched to {}x{}: cut it to that ratio",
                size.0, size.1, taken.0, taken.1
            ),
            Self::NoGround => f.write_str(
                "it is transparent in places, where white was put: name the ground if it is another",
            ),
            Self::UnknownWord { column, word } => write!(
                f,
                "{:?} in column {:?} is a word that training never saw: it counts as none",
                shortened(word),
                shortened(column)
            ),
            Self::MissingNumber { column } => write!(
                f,
                "column {:?} is empty, which it never is in training: the mean stands for it",
                shortened(column)
            ),
            Self::OneText => f.write_str(
                "the file was read as one text: name it .csv, .tsv or .jsonl to have each of its rows read as one",
            ),
            Self::UnknownColumns { count: 1, first } => {
                write!(f, "column {first}, which training never saw, is left out")
            }
            Self::UnknownColumns { count, first } => write!(
                f,
                "{count} columns that training never saw are left out, the first is {first}"
            ),
        }
    }
}
