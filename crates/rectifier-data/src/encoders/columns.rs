//! Columns of a table as numbers: standardized where they hold numbers, one-hot where they hold words.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    DataError, Encoder, Entry, Hint, MOST_COLUMNS, Raw, Row, TableReader, listed, shortened,
};

/// The most words of a column that are told apart.
pub const MOST_WORDS: usize = 1000;

/// A cell of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Missing,
    /// A finite number.
    Number(f64),
    /// A word.
    Word(&'a str),
}

/// Whether a cell says that there is nothing in it: empty, `NA`, `N/A`, `NaN`, `null`, `None` (in any case), or `?`.
pub fn is_missing(cell: &str) -> bool {
    let cell = cell.trim();
    cell.is_empty()
        || cell == "?"
        || ["na", "n/a", "nan", "null", "none"]
            .iter()
            .any(|none| cell.eq_ignore_ascii_case(none))
}

/// The finite number that a cell is; where `decimal_comma`, a lone comma in it stands for a point.
pub fn number_of(cell: &str, decimal_comma: bool) -> Option<f64> {
    let cell = cell.trim();
    let number = match decimal_comma && cell.contains(',') && !cell.contains('.') {
        true => cell.replacen(',', ".", 1).parse::<f64>(),
        false => cell.parse::<f64>(),
    };
    number.ok().filter(|number| number.is_finite())
}

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

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    decimal_comma: bool,
    columns: Vec<Column>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Number(Scale),
    Words(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scale {
    mean: f64,
    deviation: f64,
    #[serde(default, skip_serializing_if = "is_false")]
    missing: bool,
}

impl Kind {
    fn width(&self) -> usize {
        match self {
            Self::Number(scale) => 1 + usize::from(scale.missing),
            Self::Words(words) => words.len(),
        }
    }
}

impl Columns {
    /// What [`Encoder::kind`] says.
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
            let kind = fit_column(rows, |row| cell(row, column));
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
                    let deviation = match scale.deviation {
                        0.0 => 1.0,
                        deviation => deviation,
                    };
                    let scaled = ((number - scale.mean) / deviation) as f32;
                    if !scaled.is_finite() {
                        return Err(wrong(&format!("{number} is too far from all others")));
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
                    word: number.to_string(),
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

    /// Reads what [`Encoder::to_text`] wrote.
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

fn fit_column<'a>(rows: usize, cell: impl Fn(usize) -> Value<'a>) -> Kind {
    let mut words = BTreeSet::new();
    let (mut sum, mut count) = (0.0, 0usize);
    for row in 0..rows {
        match cell(row) {
            Value::Missing => {}
            Value::Number(number) => {
                sum += number;
                count += 1;
            }
            Value::Word(word) => {
                words.insert(word);
            }
        }
    }
    if !words.is_empty() {
        return Kind::Words(words.into_iter().map(str::to_owned).collect());
    }
    let mean = sum / count.max(1) as f64;
    // The sum of huge numbers may not be one: then nothing stands for their mean.
    let mean = if mean.is_finite() { mean } else { 0.0 };
    let squares = (0..rows).filter_map(|row| match cell(row) {
        Value::Number(number) => Some((number - mean).powi(2)),
        _ => None,
    });
    let deviation = (squares.sum::<f64>() / count.max(1) as f64).sqrt();
    // Rounding leaves a trace of deviation in numbers that are all the same.
    let constant = deviation <= 1e-12 * mean.abs();
    Kind::Number(Scale {
        mean,
        deviation: match constant || !deviation.is_finite() {
            true => 0.0,
            false => deviation,
        },
        missing: count < rows,
    })
}

impl Encoder for Columns {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn width(&self) -> usize {
        self.starts.last().copied().unwrap_or_default()
    }

    fn encode(&self, raw: Raw<'_>) -> Result<Row, DataError> {
        let given = match raw {
            Raw::Record(cells) => {
                let cells: HashMap<&str, &str> = cells
                    .iter()
                    .map(|(name, cell)| (name.as_str(), cell.as_str()))
                    .collect();
                let absent: Vec<&str> = self
                    .names()
                    .filter(|name| !cells.contains_key(name))
                    .collect();
                if !absent.is_empty() {
                    return Err(DataError::Encoder {
                        kind: "a network of a table",
                        given: "record without all its columns",
                        cure: format!("give {} too", listed(absent)),
                    });
                }
                let names: Vec<&str> = self.names().collect();
                let cell = |column: usize| match cells.get(names[column]) {
                    Some(cell) => self.value(column, cell),
                    None => Value::Missing,
                };
                let mut numbers = Vec::with_capacity(self.width());
                self.row(cell, &mut numbers, &mut Vec::new())
                    .map_err(|problem| DataError::Encoder {
                        kind: "a network of a table",
                        given: "such record",
                        cure: problem,
                    })?;
                return Ok(Row::Dense(numbers));
            }
            Raw::Text(_) => "text",
            Raw::Picture(_) => "picture",
            Raw::Sparse(_) => "sparse row",
        };
        Err(DataError::Encoder {
            kind: "a network of a table",
            given,
            cure: "give a CSV file with the columns of the training data".into(),
        })
    }

    fn encode_file(&self, path: &Path) -> Result<Vec<Entry>, DataError> {
        let mut table = TableReader::open(path, crate::Encoding::Utf8)?;
        let (found, absent): (Vec<_>, Vec<_>) = self
            .names()
            .map(|name| {
                (
                    name,
                    table.header().iter().position(|column| column == name),
                )
            })
            .partition(|(_, place)| place.is_some());
        if !absent.is_empty() {
            return Err(table.lines().wrong(format!(
                "it has no column {}, which the network takes: its first row has {}",
                listed(absent.iter().map(|(name, _)| name)),
                listed(table.header())
            )));
        }
        let places: Vec<usize> = found.into_iter().filter_map(|(_, place)| place).collect();
        let target = self.text.target.as_ref();
        let target =
            target.and_then(|name| table.header().iter().position(|column| column == name));
        let mut entries = Vec::new();
        while let Some(row) = table.next_row()? {
            let mut numbers = Vec::with_capacity(self.width());
            let mut hints = Vec::new();
            let cell = |column: usize| self.value(column, &row.fields[places[column]]);
            let found = self.row(cell, &mut numbers, &mut hints);
            let label = target.map(|place| row.fields[place].trim().to_owned());
            entries.push(Entry {
                place: format!("{}, line {}", path.display(), row.line),
                row: found.map(|()| Row::Dense(numbers)),
                label: label.filter(|label| !is_missing(label)),
                hints,
            });
        }
        Ok(entries)
    }

    fn to_text(&self) -> String {
        serde_json::to_string(&self.text).unwrap_or_default()
    }

    fn column_name(&self, column: usize) -> Option<String> {
        let place = self.starts.partition_point(|&start| start <= column);
        let own = self.text.columns.get(place.checked_sub(1)?)?;
        let offset = column - self.starts[place - 1];
        Some(match (&own.kind, offset) {
            (Kind::Words(words), offset) => format!("{} = {}", own.name, words.get(offset)?),
            (Kind::Number(_), 0) => own.name.clone(),
            (Kind::Number(_), _) => format!("{} is missing", own.name),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const ROWS: [[Value<'static>; 4]; 4] = [
        [
            Value::Number(1.0),
            Value::Word("red"),
            Value::Number(5.0),
            Value::Missing,
        ],
        [
            Value::Number(3.0),
            Value::Word("blue"),
            Value::Number(5.0),
            Value::Number(2.0),
        ],
        [
            Value::Number(1.0),
            Value::Missing,
            Value::Number(5.0),
            Value::Number(4.0),
        ],
        [
            Value::Number(3.0),
            Value::Word("red"),
            Value::Number(5.0),
            Value::Missing,
        ],
    ];

    fn columns() -> Columns {
        let names = ["a", "colour", "same", "gap"].map(String::from);
        Columns::fit(&names, 4, |row, column| ROWS[row][column])
            .unwrap()
            .with_target("class")
    }

    fn row(columns: &Columns, cells: [Value<'_>; 4]) -> (Vec<f32>, Vec<Hint>) {
        let (mut numbers, mut hints) = (Vec::new(), Vec::new());
        columns
            .row(|column| cells[column], &mut numbers, &mut hints)
            .unwrap();
        (numbers, hints)
    }

    #[test]
    fn numbers_are_standardized_and_words_one_hot() {
        let columns = columns();
        // Mean 2 and deviation 1; blue, red; constant 5; mean 3, deviation 1, and whether it is missing.
        assert_eq!(columns.width(), 6);
        assert_eq!(
            row(&columns, ROWS[0]),
            (vec![-1.0, 0.0, 1.0, 0.0, 0.0, 1.0], vec![])
        );
        assert_eq!(
            row(&columns, ROWS[1]),
            (vec![1.0, 1.0, 0.0, 0.0, -1.0, 0.0], vec![])
        );
        assert_eq!(row(&columns, ROWS[2]).0[1..3], [0.0, 0.0]);
        assert_eq!(columns.constant().collect::<Vec<_>>(), ["same"]);
        let (numbers, hints) = row(
            &columns,
            [
                Value::Missing,
                Value::Word("green"),
                Value::Number(6.0),
                Value::Number(3.0),
            ],
        );
        assert_eq!(numbers, [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        let (column, word) = ("colour".into(), "green".into());
        assert_eq!(
            hints,
            [
                Hint::MissingNumber { column: "a".into() },
                Hint::UnknownWord { column, word }
            ]
        );
        let names: Vec<_> = (0..7)
            .map_while(|column| columns.column_name(column))
            .collect();
        assert_eq!(
            names,
            [
                "a",
                "colour = blue",
                "colour = red",
                "same",
                "gap",
                "gap is missing"
            ]
        );
    }

    #[test]
    fn records_and_files_are_prepared_alike() {
        let columns = columns();
        let cells = [
            ("gap", "na"),
            ("a", " 1 "),
            ("same", "5.0"),
            ("colour", "red"),
            ("class", "x"),
        ];
        let cells = cells.map(|(name, cell)| (name.to_string(), cell.to_string()));
        let expected = Row::Dense(vec![-1.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
        assert_eq!(columns.encode(Raw::Record(&cells)).unwrap(), expected);
        let error = columns
            .encode(Raw::Record(&cells[1..]))
            .unwrap_err()
            .to_string();
        assert!(error.contains("\"gap\""), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.csv");
        std::fs::write(
            &path,
            "class;same;colour;a;gap\r\nx;5;red;1;\r\n?;5;red;one;\r\n",
        )
        .unwrap();
        let entries = columns.encode_file(&path).unwrap();
        assert_eq!(entries[0].row, Ok(expected));
        assert_eq!(entries[0].label.as_deref(), Some("x"));
        assert_eq!(
            entries[1].row,
            Err("column \"a\": \"one\" is no number".into())
        );
        assert_eq!(
            (&entries[1].label, entries[1].place.ends_with("line 3")),
            (&None, true)
        );
        std::fs::write(&path, "class,same\nx,5\n").unwrap();
        let error = columns.encode_file(&path).unwrap_err().to_string();
        assert!(
            error.contains("no column \"a\", \"colour\", \"gap\""),
            "{error}"
        );
    }

    #[test]
    fn cells_are_numbers_words_or_missing() {
        for missing in ["", " ", "NA", "n/a", "NaN", "NULL", "None", "?"] {
            assert!(is_missing(missing), "{missing}");
        }
        assert!(!is_missing("0") && !is_missing("nano"));
        for (cell, comma, number) in [
            ("1.5", false, Some(1.5)),
            (" -2e3 ", false, Some(-2000.0)),
            ("1,5", false, None),
            ("1,5", true, Some(1.5)),
            ("1.5", true, Some(1.5)),
            ("1.000,5", true, None),
            ("inf", false, None),
            ("1e999", false, None),
            ("x", false, None),
        ] {
            assert_eq!(number_of(cell, comma), number, "{cell}");
        }
    }

    #[test]
    fn too_many_words_and_no_columns_are_refused() {
        let words: Vec<String> = (0..=MOST_WORDS).map(|word| format!("w{word}")).collect();
        let names = ["id".to_string()];
        let error =
            Columns::fit(&names, words.len(), |row, _| Value::Word(&words[row])).unwrap_err();
        assert!(
            error.to_string().contains("\"id\" has 1001 different ones"),
            "{error}"
        );
        assert!(Columns::fit(&[], 3, |_, _| Value::Missing).is_err());
        let huge =
            Columns::fit(&names, 2, |row, _| Value::Number([f64::MAX, f64::MIN][row])).unwrap();
        let mut numbers = Vec::new();
        assert!(
            huge.row(|_| Value::Number(f64::MAX), &mut numbers, &mut Vec::new())
                .is_err()
        );
    }

    #[test]
    fn hostile_texts_are_refused() {
        for text in [
            "",
            r#"{"columns":[]}"#,
            r#"{"columns":[{"name":"a","kind":{"words":["x","x"]}}]}"#,
            r#"{"columns":[{"name":"a","kind":{"number":{"mean":0,"deviation":-1}}}]}"#,
            r#"{"columns":[{"name":"a","kind":{"number":{"mean":1e999,"deviation":1}}}]}"#,
            r#"{"columns":[{"name":"a","kind":{"words":["x"]}},{"name":"a","kind":{"words":["x"]}}]}"#,
            r#"{"columns":[{"name":"a"}]}"#,
            r#"{"columns":[{"name":"a","kind":{"words":["x"]}}],"more":1}"#,
        ] {
            assert!(Columns::from_text(text).is_err(), "{text}");
        }
    }

    fn any_value() -> impl Strategy<Value = Option<Result<f64, u8>>> {
        prop::option::of(prop_oneof![
            (-1e6f64..1e6).prop_map(Ok),
            (0u8..9).prop_map(Err)
        ])
    }

    proptest! {
        #[test]
        fn columns_survive_their_text_and_take_every_row(
            rows in prop::collection::vec(prop::collection::vec(any_value(), 3), 1..20),
            comma: bool,
        ) {
            let words: Vec<String> = (0..9).map(|word| format!("w \"{word}")).collect();
            let value = |cell: &Option<Result<f64, u8>>| match cell {
                None => Value::Missing,
                Some(Ok(number)) => Value::Number(*number),
                Some(Err(word)) => Value::Word(&words[usize::from(*word)]),
            };
            let names = ["a", "b,\"", "c"].map(String::from);
            let columns = Columns::fit(&names, rows.len(), |row, column| value(&rows[row][column])).unwrap();
            let columns = columns.with_decimal_comma(comma);
            prop_assert_eq!(Columns::from_text(&columns.to_text()).unwrap(), columns.clone());
            for row in &rows {
                let (mut numbers, mut hints) = (Vec::new(), Vec::new());
                columns.row(|column| value(&row[column]), &mut numbers, &mut hints).unwrap();
                prop_assert_eq!(numbers.len(), columns.width());
                prop_assert!(numbers.iter().all(|number| number.is_finite()));
            }
        }
    }
}
