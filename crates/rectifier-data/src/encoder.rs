//! What turns raw input into a network's numbers: fitted on the training part, kept in the model, used wherever the
//! network is.

use crate::{DataError, Hint};
use std::path::Path;

/// One example as it was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw<'a> {
    /// A text.
    Text(&'a str),
    /// Cells by the name of their column.
    Record(&'a [(String, String)]),
    /// The bytes of a picture file.
    Picture(&'a [u8]),
    /// Columns and their values, from 0, ascending.
    Sparse(&'a [(u32, f32)]),
}

/// One example as a network takes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// Every number, `[width]`.
    Dense(Vec<f32>),
    /// The columns that are not 0, ascending, and their values.
    Sparse(Vec<(u32, f32)>),
}

impl Row {
    /// Every number, zeros included, of a row of `width`.
    pub fn to_dense(&self, width: usize) -> Vec<f32> {
        match self {
            Self::Dense(numbers) => numbers.clone(),
            Self::Sparse(pairs) => {
                let mut numbers = vec![0.0; width];
                for &(column, value) in pairs {
                    if let Some(number) = numbers.get_mut(column as usize) {
                        *number = value;
                    }
                }
                numbers
            }
        }
    }
}

/// One example of a file, and where it stands there.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What a person would call it: the file's name, or `file, line 7`.
    pub place: String,
    /// Its numbers, or why it has none: the others of the file are not lost by that.
    pub row: Result<Row, String>,
    /// What the file says it is, where it says so.
    pub label: Option<String>,
    /// What is odd about it, though it was prepared.
    pub hints: Vec<Hint>,
}

/// What turns raw input into a network's numbers: a vocabulary, the scales of a table's columns, the size of pictures.
///
/// Fitted on the training part alone; [`to_text`](Self::to_text) goes into the model's card, so that whoever has the
/// model can prepare its inputs.
pub trait Encoder: Send + Sync {
    /// Its kind, as a card names it: `vocabulary`, `pixels`, `columns`, `indices`.
    fn kind(&self) -> &'static str;

    /// How many numbers a row has.
    fn width(&self) -> usize;

    /// One example's numbers.
    ///
    /// # Errors
    /// [`DataError`] for input of another kind, or that cannot be read.
    fn encode(&self, raw: Raw<'_>) -> Result<Row, DataError>;

    /// Every example of a file in the raw form that training took, in order.
    ///
    /// # Errors
    /// [`DataError`] for a file that cannot be read at all; an example that cannot is an [`Entry`] that says so.
    fn encode_file(&self, path: &Path) -> Result<Vec<Entry>, DataError>;

    /// What [`decode`](crate::decode_encoder) makes the same encoder from.
    fn to_text(&self) -> String;

    /// The name of a column, where it has one: a word, a cell's column and value.
    fn column_name(&self, column: usize) -> Option<String> {
        let _ = column;
        None
    }
}
