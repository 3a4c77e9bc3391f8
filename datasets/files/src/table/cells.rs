//! The cells of a table in memory: sixteen bytes each, words once.

use std::collections::HashMap;
use std::path::Path;

use rectifier_data::{
    DataError, Encoding, MOST_WORDS, TableReader, Value, is_missing, listed, number_of, shortened,
};

use crate::classes::Labels;
use crate::path::content;

/// The most cells of a table: 2^27, which take 2 GiB.
const MOST_CELLS: usize = 1 << 27;
/// A longer cell holds a text, not a word.
const LONGEST_WORD: usize = 1000;

#[derive(Clone, Copy, Debug)]
enum Cell {
    Missing,
    Number(f64),
    Word(u32),
}

/// What of a table is read.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The column of classes.
    pub target: &'a str,
    /// Columns that are left out.
    pub drop: &'a [String],
    /// Columns whose numbers are words.
    pub words: &'a [String],
    /// The columns to read, in this order; all others where there are none named.
    pub columns: Option<&'a [String]>,
    /// How bytes stand for characters.
    pub encoding: Encoding,
}

/// The cells of the rows that have a class.
pub(super) struct Cells {
    pub names: Vec<String>,
    /// The line on which each row begins.
    pub lines: Vec<usize>,
    pub labels: Labels,
    /// Whether a comma may stand for a point: semicolons stand between fields, as where commas are such.
    pub decimal_comma: bool,
    pub warnings: Vec<String>,
    cells: Vec<Cell>,
    columns: Vec<Column>,
}

/// What is in a column.
#[derive(Default)]
struct Column {
    words: Vec<String>,
    ids: HashMap<String, u32>,
    /// How many numbers it has.
    numbers: usize,
    /// The line of the first cell that is neither a number nor missing.
    first_word: Option<usize>,
    /// Whether its numbers are words.
    named: bool,
}

impl Cells {
    pub fn read(path: &Path, wanted: Wanted<'_>) -> Result<Self, DataError> {
        let mut table = TableReader::open(path, wanted.encoding)?;
        let target = table.column(wanted.target)?;
        for name in wanted.drop.iter().chain(wanted.words) {
            table.column(name)?;
        }
        let places: Vec<usize> = match wanted.columns {
            Some(names) => names
                .iter()
                .map(|name| table.column(name))
                .collect::<Result<_, _>>()?,
            None => (0..table.header().len())
                .filter(|&place| place != target && !wanted.drop.contains(&table.header()[place]))
                .collect(),
        };
        let names: Vec<String> = places
            .iter()
            .map(|&place| table.header()[place].clone())
            .collect();
        let mut read = Self {
            columns: names
                .iter()
                .map(|name| Column {
                    named: wanted.words.contains(name),
                    ..Column::default()
                })
                .collect(),
            names,
            lines: Vec::new(),
            labels: Labels::default(),
            decimal_comma: table.delimiter() == ';',
            warnings: Vec::new(),
            cells: Vec::new(),
        };
        let mut unlabelled = (0usize, 0);
        while let Some(row) = table.next_row()? {
            let line = row.line;
            let wrong = |problem: String| content(path, format!("line {line}: {problem}"));
            let label = row.fields[target].trim();
            if is_missing(label) {
                if unlabelled.0 == 0 {
                    unlabelled.1 = line;
                }
                unlabelled.0 += 1;
                continue;
            }
            if read.cells.len() + places.len() > MOST_CELLS {
                return Err(wrong(format!(
                    "more than {MOST_CELLS} cells: give fewer rows or columns"
                )));
            }
            read.labels.push(label).map_err(|problem| {
                wrong(format!("column {:?}: {problem}", shortened(wanted.target)))
            })?;
            read.lines.push(line);
            for (column, &place) in places.iter().enumerate() {
                let cell = read.columns[column]
                    .take(row.fields[place].trim(), line, read.decimal_comma)
                    .map_err(|problem| {
                        content(
                            path,
                            format!("column {:?} {problem}", shortened(&read.names[column])),
                        )
                    })?;
                read.cells.push(cell);
            }
        }
        if unlabelled.0 > 0 {
            read.warnings.push(format!(
                "{}: {} rows without a class are left out, the first on line {}",
                path.display(),
                unlabelled.0,
                unlabelled.1
            ));
        }
        read.warnings.extend(table.lines().warning());
        read.check_mixed(path)?;
        Ok(read)
    }

    /// Refuses columns of numbers among which words are.
    fn check_mixed(&self, path: &Path) -> Result<(), DataError> {
        for (name, column) in self.names.iter().zip(&self.columns) {
            if let Some(line) = column.first_word.filter(|_| column.numbers > 0) {
                return Err(content(
                    path,
                    mixed(name, column.numbers, column.word(), line),
                ));
            }
        }
        Ok(())
    }

    /// Refuses a test file whose columns hold words where those of `self`, read from `path`, hold numbers, and the other
    /// way round.
    pub fn check_kinds(&self, path: &Path, test: Option<&Self>) -> Result<(), DataError> {
        let Some(test) = test else { return Ok(()) };
        let mut words = Vec::new();
        for ((name, column), other) in self.names.iter().zip(&self.columns).zip(&test.columns) {
            if let Some(line) = other.first_word.filter(|_| column.numbers > 0) {
                return Err(content(
                    path,
                    mixed(name, column.numbers, other.word(), line) + " of the test file",
                ));
            }
            if column.first_word.is_some() && other.numbers > 0 {
                words.push(name);
            }
        }
        match words.is_empty() {
            true => Ok(()),
            false => Err(content(
                path,
                format!(
                    "columns that hold words, but numbers in the test file: {}; say so with --word-columns, or leave them out with --drop",
                    listed(words)
                ),
            )),
        }
    }

    /// A cell of a row, from 0.
    pub fn cell(&self, row: usize, column: usize) -> Value<'_> {
        match self.cells[row * self.names.len() + column] {
            Cell::Missing => Value::Missing,
            Cell::Number(number) => Value::Number(number),
            Cell::Word(id) => Value::Word(&self.columns[column].words[id as usize]),
        }
    }
}

fn mixed(name: &str, numbers: usize, word: &str, line: usize) -> String {
    format!(
        "column {:?} holds {numbers} numbers, but {:?} on line {line}: mend it or empty that cell, say --word-columns if its numbers are names, or leave the column out with --drop",
        shortened(name),
        shortened(word)
    )
}

impl Column {
    fn take(&mut self, cell: &str, line: usize, decimal_comma: bool) -> Result<Cell, String> {
        if is_missing(cell) {
            return Ok(Cell::Missing);
        }
        if !self.named
            && let Some(number) = number_of(cell, decimal_comma)
        {
            self.numbers += 1;
            return Ok(Cell::Number(number));
        }
        if cell.len() > LONGEST_WORD {
            return Err(format!(
                "holds texts rather than words (line {line}: {} bytes): leave it out with --drop, or train on it with --data texts",
                cell.len()
            ));
        }
        if !self.named && self.first_word.is_none() {
            self.first_word = Some(line);
        }
        if let Some(&id) = self.ids.get(cell) {
            return Ok(Cell::Word(id));
        }
        if self.words.len() >= MOST_WORDS {
            return Err(format!(
                "has more than {MOST_WORDS} different words (line {line}): leave it out with --drop"
            ));
        }
        let id = self.words.len() as u32;
        self.ids.insert(cell.to_owned(), id);
        self.words.push(cell.to_owned());
        Ok(Cell::Word(id))
    }

    /// The word that was read first.
    fn word(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}
