//! Files of records, of which some columns count: a table, or JSON lines.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::table_reader::next_filled;
use crate::{DataError, Encoding, Lines, TableReader, listed, shortened};

/// The chosen columns, or fields, of every record of a file, in order.
///
/// JSON lines (one object a line) where the first character is `{`; otherwise a table, as [`TableReader`] reads it.
#[derive(Debug)]
pub struct Records {
    form: Form,
    chosen: Vec<String>,
}

#[derive(Debug)]
enum Form {
    Table(Box<TableReader>, Vec<usize>),
    Objects(Lines),
}

/// The chosen cells of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The number of the line on which it begins, from 1.
    pub line: usize,
    /// One cell a chosen column.
    pub cells: Vec<Cell>,
}

/// A cell of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A field that a JSON object has not, or null.
    Missing,
    /// A text, which may be empty.
    Text(String),
    /// A number of a JSON object.
    Number(serde_json::Number),
    /// A list, an object, true or false of a JSON object.
    Other,
}

impl Records {
    /// The columns named `chosen` of every record of a file, plain or gzip.
    ///
    /// # Errors
    /// As [`of`](Self::of), and [`Lines::open`].
    pub fn open(path: &Path, encoding: Encoding, chosen: &[&str]) -> Result<Self, DataError> {
        Self::of(Lines::open(path, encoding)?, chosen)
    }

    /// The columns named `chosen` of every record of these lines.
    ///
    /// # Errors
    /// As [`TableReader::of`] and [`TableReader::column`]; [`DataError::Content`] for one JSON array in place of lines.
    pub fn of(mut lines: Lines, chosen: &[&str]) -> Result<Self, DataError> {
        let first = next_filled(&mut lines)?.and_then(|line| line.trim_start().chars().next());
        let form = match first {
            None => return Err(lines.wrong("it is empty: give a file with records")),
            Some('[') => {
                return Err(lines.wrong(
                    "it begins with `[`, as one JSON array does: give JSON lines, one object a line, or a CSV table",
                ));
            }
            Some('{') => {
                lines.again();
                Form::Objects(lines)
            }
            Some(_) => {
                lines.again();
                let table = TableReader::of(lines)?;
                let places = chosen.iter().map(|name| table.column(name));
                let places = places.collect::<Result<_, _>>()?;
                Form::Table(Box::new(table), places)
            }
        };
        Ok(Self {
            form,
            chosen: chosen.iter().map(|&name| name.to_owned()).collect(),
        })
    }

    /// The next record; `None` at the end.
    ///
    /// # Errors
    /// As [`TableReader::next_row`]; [`DataError::Content`] naming the line, for one that is no JSON object, or has two
    /// fields of one name, or has none of the name that is chosen first.
    pub fn next_record(&mut self) -> Result<Option<Record>, DataError> {
        match &mut self.form {
            Form::Table(table, places) => Ok(table.next_row()?.map(|row| Record {
                line: row.line,
                cells: places
                    .iter()
                    .map(|&place| Cell::Text(row.fields[place].clone()))
                    .collect(),
            })),
            Form::Objects(lines) => {
                let Some(line) = next_filled(lines)? else {
                    return Ok(None);
                };
                let cells = cells(line, &self.chosen);
                let line = lines.line();
                match cells {
                    Ok(cells) => Ok(Some(Record { line, cells })),
                    Err(problem) => Err(lines.wrong(format!("line {line}: {problem}"))),
                }
            }
        }
    }

    /// The lines that the records are read from.
    pub fn lines(&self) -> &Lines {
        match &self.form {
            Form::Table(table, _) => table.lines(),
            Form::Objects(lines) => lines,
        }
    }
}

fn cells(line: &str, chosen: &[String]) -> Result<Vec<Cell>, String> {
    let Object(mut fields) =
        serde_json::from_str(line).map_err(|error| format!("no JSON object: {error}"))?;
    let mut seen = HashSet::new();
    if let Some((name, _)) = fields.iter().find(|(name, _)| !seen.insert(name.as_str())) {
        return Err(format!(
            "two fields are named {:?}: give each a name of its own",
            shortened(name)
        ));
    }
    let mut cells = Vec::with_capacity(chosen.len());
    for (place, name) in chosen.iter().enumerate() {
        let field = fields.iter_mut().find(|(field, _)| field == name);
        cells.push(match field.map(|(_, value)| value.take()) {
            None if place == 0 => {
                return Err(format!(
                    "there is no field {:?}: it has {}",
                    shortened(name),
                    listed(fields.iter().map(|(name, _)| name))
                ));
            }
            None | Some(Value::Null) => Cell::Missing,
            Some(Value::String(text)) => Cell::Text(text),
            Some(Value::Number(number)) => Cell::Number(number),
            Some(_) => Cell::Other,
        });
    }
    Ok(cells)
}

/// A JSON object with its fields in order, those of one name included.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn records(text: &str) -> Result<Vec<Record>, DataError> {
        let bytes = Cursor::new(text.as_bytes().to_vec());
        let lines = Lines::of(bytes, Path::new("r"), Encoding::Utf8)?;
        let mut records = Records::of(lines, &["text", "class"])?;
        let mut all = Vec::new();
        while let Some(record) = records.next_record()? {
            all.push(record);
        }
        Ok(all)
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.into())
    }

    #[test]
    fn tables_and_lines_hold_the_same_records() {
        let expected = [
            Record {
                line: 2,
                cells: vec![text("a\nb"), text("x")],
            },
            Record {
                line: 5,
                cells: vec![text(""), text("y")],
            },
        ];
        let table = "class,id,text\nx,1,\"a\nb\"\n\ny,2,\n";
        assert_eq!(records(table).unwrap(), expected);
        let lines = "\n{\"text\": \"a\\nb\", \"class\": \"x\"}\r\n\r\n\r\n{\"class\": \"y\", \"text\": \"\"}";
        assert_eq!(records(lines).unwrap(), expected);
        let others = "{\"text\":5,\"class\":[1]}\n{\"text\":null}";
        let found = records(others).unwrap();
        assert_eq!(found[0].cells, [Cell::Number(5.into()), Cell::Other]);
        assert_eq!(found[1].cells, [Cell::Missing, Cell::Missing]);
    }

    #[test]
    fn wrong_files_are_refused_with_the_line() {
        let deep = "{\"text\":".repeat(100_000);
        for (text, problem) in [
            ("", "it is empty"),
            (" \n \n", "it is empty"),
            (
                "[{\"text\": \"a\"},\n{\"text\": \"b\"}]",
                "one object a line",
            ),
            (
                "a,b\n",
                "no column \"text\": its first row has \"a\", \"b\"",
            ),
            ("text,class,class\n", "two columns are named \"class\""),
            (
                "{\"text\":\"a\",\"class\":1,\"class\":2}",
                "line 1: two fields are named \"class\"",
            ),
            (
                "{\"text\":\"a\"}\n\n{\"review\":\"b\"}",
                "line 3: there is no field \"text\": it has \"review\"",
            ),
            ("{\"text\":\"a\"", "line 1: no JSON object"),
            ("{\"text\":\"a\"}\n[1]", "line 2: no JSON object"),
            (&deep, "recursion"),
        ] {
            let error = records(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        let array = format!("[{}]", vec!["{\"text\":\"a\"}"; 100_000].join(","));
        assert!(records(&array).unwrap_err().to_string().len() < 200);
    }

    proptest! {
        #[test]
        fn any_text_is_records_or_an_error(text in "(text,class\n|\\{\"text\":)?[a\",{}:\n0-9.\\[\\]]{0,60}") {
            let _ = records(&text);
        }
    }
}
