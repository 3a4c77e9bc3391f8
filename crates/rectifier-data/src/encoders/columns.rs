//! Columns of a table as numbers: standardized where they hold numbers, one-hot where they hold words.

use std::collections::{BTreeSet, HashMap};

use crate::{DataError, Encoding, Hint, MOST_COLUMNS, shortened};

mod cell;
mod encode;
mod kind;

pub use cell::{Value, is_missing, number_of};
pub use kind::MOST_WORDS;
use kind::{Column, Kind, Scale, Text};

/// Prepares records: columns in a fixed order, each one or more numbers of the row.
///
/// A column of numbers is `(number - mean) / deviation`, mean and standard deviation those of the training part; where
/// some were missing there, a second number is 1 for a missing one. The mean stands for a missing number. A column of
/// words has one number for each word of the training part, 1 for the word that is there; unknown and missing words
/// are 0 everywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    text: Text,
    /// Where the numbers of each column begin, and the end.
    starts: Vec<usize>,
    words: Vec<HashMap<String, usize>>,
}

impl Columns {
    /// What [`Encoder::kind`](crate::Encoder::kind) says.
    pub const KIND: &'static str = "columns";

    /// The columns `names` as `rows` training rows have them, of which `cell(row, column)` is one cell. A column with a
    /// word in it is one of words; its numbers are left out.
    ///
    /// # Errors
    /// [`DataError::Shape`] where no column is left a number, such as for columns of nothing; [`DataError::Encoder`] for
    /// a column of more than [`MOST_WORDS`] words.
    pub fn fit<'a>(
        names: &[String],
        rows: usize,
        cell: impl Fn(usize, usize) -> Value<'a>,
    ) -> Result<Self, DataError> {
        let mut columns = Vec::with_capacity(names.len());
        for (column, name) in names.iter().enumerate() {
            let kind = Kind::fit(rows, |row| cell(row, column));
            if let Kind::Words(words) = &kind
                && words.len() > MOST_WORDS
            {
                return Err(DataError::Encoder {
                    kind: "a table",
                    given: "column of so many words",
                    cure: format!(
                        "column {:?} has {} different ones: at most {MOST_WORDS} are told apart; drop it",
                        shortened(name),
                        words.len()
                    ),
                });
            }
            let name = name.clone();
            columns.push(Column { name, kind });
        }
        let text = Text {
            target: None,
            decimal_comma: false,
            encoding: Encoding::Utf8,
            columns,
        };
        let shape = || DataError::Shape { shape: vec![0] };
        Self::of(text).map_err(|_| shape())
    }

    /// The same, knowing the name of the column that holds the label.
    #[must_use]
    pub fn with_target(mut self, name: impl Into<String>) -> Self {
        self.text.target = Some(name.into());
        self
    }

    /// The same, for files that write numbers with a comma in place of a point.
    #[must_use]
    pub fn with_decimal_comma(mut self, comma: bool) -> Self {
        self.text.decimal_comma = comma;
        self
    }

    /// The same, for files whose bytes stand for characters in this way.
    #[must_use]
    pub fn with_encoding(mut self, encoding: Encoding) -> Self {
        self.text.encoding = encoding;
        self
    }

    /// The names of the columns, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.text.columns.iter().map(|column| column.name.as_str())
    }

    /// The name of the column that holds the label.
    pub fn target(&self) -> Option<&str> {
        self.text.target.as_deref()
    }

    /// The names of columns of numbers that are all the same.
    pub fn constant(&self) -> impl Iterator<Item = &str> {
        let constant = |column: &&Column| match &column.kind {
            // The deviation of such a column is written as 0, and 1 stands for it.
            Kind::Number(scale) => scale.deviation == 0.0,
            Kind::Words(words) => words.len() <= 1,
        };
        self.text
            .columns
            .iter()
            .filter(constant)
            .map(|column| column.name.as_str())
    }

    /// The row, of `rows` training rows, whose number in the column lies so far from all others that the network can hardly tell
    /// these apart, and the number.
    pub fn flattening<'a>(
        &self,
        column: usize,
        rows: usize,
        cell: impl Fn(usize) -> Value<'a>,
    ) -> Option<(usize, f64)> {
        match &self.text.columns.get(column)?.kind {
            Kind::Number(scale) => scale.flattening(rows, cell),
            Kind::Words(_) => None,
        }
    }

    /// Whether the column is one of words.
    pub fn is_words(&self, column: usize) -> bool {
        let column = self.text.columns.get(column);
        matches!(column.map(|column| &column.kind), Some(Kind::Words(_)))
    }

    /// Appends the numbers of a row, whose cells are `cell(column)`, to `numbers`; what is odd about it to `hints`.
    ///
    /// # Errors
    /// A word in a column of numbers, and a number that is too far from all others.
    pub fn row<'a>(
        &self,
        cell: impl Fn(usize) -> Value<'a>,
        numbers: &mut Vec<f32>,
        hints: &mut Vec<Hint>,
    ) -> Result<(), String> {
        for (place, column) in self.text.columns.iter().enumerate() {
            let start = numbers.len();
            numbers.resize(start + column.kind.width(), 0.0);
            let wrong = |what: &str| format!("column {:?}: {what}", shortened(&column.name));
            match (&column.kind, cell(place)) {
                (Kind::Number(scale), Value::Number(number)) => {
                    let scaled = scale.scaled(number);
                    if !scaled.is_finite() {
                        return Err(wrong(&format!(
                            "{number:?} is too far from all others: mend it, or empty the cell"
                        )));
                    }
                    numbers[start] = scaled;
                }
                (Kind::Number(scale), Value::Missing) => match scale.missing {
                    true => numbers[start + 1] = 1.0,
                    false => hints.push(Hint::MissingNumber {
                        column: column.name.clone(),
                    }),
                },
                (Kind::Number(_), Value::Word(word)) => {
                    return Err(wrong(&format!("{:?} is no number", shortened(word))));
                }
                (Kind::Words(_), Value::Missing) => {}
                (Kind::Words(_), Value::Word(word)) => match self.words[place].get(word) {
                    Some(&offset) => numbers[start + offset] = 1.0,
                    None => hints.push(Hint::UnknownWord {
                        column: column.name.clone(),
                        word: word.to_owned(),
                    }),
                },
                (Kind::Words(_), Value::Number(number)) => hints.push(Hint::UnknownWord {
                    column: column.name.clone(),
                    word: format!("{number:?}"),
                }),
            }
        }
        Ok(())
    }

    /// What a cell of a column is.
    pub fn value<'a>(&self, column: usize, cell: &'a str) -> Value<'a> {
        if is_missing(cell) {
            return Value::Missing;
        }
        match self.is_words(column) {
            true => Value::Word(cell.trim()),
            false => number_of(cell, self.text.decimal_comma)
                .map_or(Value::Word(cell.trim()), Value::Number),
        }
    }

    /// Reads what [`Encoder::to_text`](crate::Encoder::to_text) wrote.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_text(text: &str) -> Result<Self, String> {
        Self::of(serde_json::from_str(text).map_err(|error| error.to_string())?)
    }

    fn of(text: Text) -> Result<Self, String> {
        let mut starts = vec![0];
        let mut words = Vec::with_capacity(text.columns.len());
        let mut names = BTreeSet::new();
        let mut end = 0usize;
        for column in &text.columns {
            let name = shortened(&column.name);
            if !names.insert(&column.name) {
                return Err(format!("two columns are named {name:?}"));
            }
            let mut places = HashMap::new();
            match &column.kind {
                Kind::Number(Scale {
                    mean, deviation, ..
                }) => {
                    if !(mean.is_finite() && deviation.is_finite() && *deviation >= 0.0) {
                        return Err(format!(
                            "column {name:?} has the mean {mean} and the deviation {deviation}"
                        ));
                    }
                }
                Kind::Words(list) => {
                    places.extend(list.iter().cloned().zip(0..));
                    if places.len() != list.len() {
                        return Err(format!("column {name:?} has a word twice"));
                    }
                }
            }
            end += column.kind.width();
            starts.push(end);
            words.push(places);
        }
        if !(1..=MOST_COLUMNS).contains(&end) {
            return Err(format!(
                "the columns make rows of {end} numbers: there must be 1 to {MOST_COLUMNS}"
            ));
        }
        Ok(Self {
            text,
            starts,
            words,
        })
    }
}

#[cfg(test)]
mod tests;
