//! Records and files of tables, prepared.

use std::collections::HashMap;
use std::path::Path;

use super::kind::Kind;
use super::{Columns, Value, is_missing};
use crate::{DataError, Encoder, Entry, Hint, Raw, Row, TableReader, listed};

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
        let mut table = TableReader::open(path, self.text.encoding)?;
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
            let mut hints: Vec<Hint> = Vec::new();
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
