//! Sparse rows of numbered columns, less the columns that training never saw.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{DataError, Encoder, Entry, Hint, LARGEST_INDEX, Raw, Row, SvmlightReader};

/// Prepares sparse rows: which columns training saw, and whether files number them from 0 or from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Indices {
    seen: Vec<bool>,
    zero_based: bool,
}

/// What a model keeps: how many columns training did not see, then how many it saw, and so on in turn.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    zero_based: bool,
    runs: Vec<u32>,
}

impl Indices {
    /// What [`Encoder::kind`] says.
    pub const KIND: &'static str = "indices";

    /// The columns, from 0, that stand in rows of the training part. Rows are as wide as the largest says, and have one
    /// column at least. `zero_based` says whether files number columns from 0 rather than from 1.
    pub fn fit(columns: impl IntoIterator<Item = u32>, zero_based: bool) -> Self {
        let mut seen = vec![false];
        for column in columns {
            let column = column.min(LARGEST_INDEX) as usize;
            if column >= seen.len() {
                seen.resize(column + 1, false);
            }
            seen[column] = true;
        }
        Self { seen, zero_based }
    }

    /// Whether files number columns from 0.
    pub fn is_zero_based(&self) -> bool {
        self.zero_based
    }

    /// How many columns training saw.
    pub fn seen(&self) -> usize {
        self.seen.iter().filter(|&&seen| seen).count()
    }

    /// A row of a file, whose columns are numbered as there, less the columns that training never saw; what is odd about
    /// it goes to `hints`.
    ///
    /// # Errors
    /// A column 0 where files number columns from 1.
    pub fn row(
        &self,
        pairs: &[(u32, f32)],
        hints: &mut Vec<Hint>,
    ) -> Result<Vec<(u32, f32)>, String> {
        let base = u32::from(!self.zero_based);
        let mut kept = Vec::with_capacity(pairs.len());
        let mut unknown = None;
        for &(index, value) in pairs {
            let Some(column) = index.checked_sub(base) else {
                return Err(
                    "the index 0, where the network's training data number columns from 1: is the file of another kind?"
                        .into(),
                );
            };
            if self.seen.get(column as usize) == Some(&true) {
                kept.push((column, value));
            } else {
                unknown.get_or_insert((0, u64::from(index))).0 += 1;
            }
        }
        hints.extend(unknown.map(|(count, first)| Hint::UnknownColumns { count, first }));
        Ok(kept)
    }

    /// Reads what [`Encoder::to_text`] wrote.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let text: Text = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let width: u64 = text.runs.iter().map(|&run| u64::from(run)).sum();
        if !(1..=u64::from(LARGEST_INDEX) + 1).contains(&width) {
            return Err(format!(
                "{width} columns: there are 1 to {}",
                LARGEST_INDEX + 1
            ));
        }
        let mut seen = Vec::with_capacity(width as usize);
        for (place, &run) in text.runs.iter().enumerate() {
            seen.resize(seen.len() + run as usize, place % 2 == 1);
        }
        Ok(Self {
            seen,
            zero_based: text.zero_based,
        })
    }
}

impl Encoder for Indices {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn width(&self) -> usize {
        self.seen.len()
    }

    fn encode(&self, raw: Raw<'_>) -> Result<Row, DataError> {
        let given = match raw {
            Raw::Sparse(pairs) => {
                let known =
                    |&&(column, _): &&(u32, f32)| self.seen.get(column as usize) == Some(&true);
                return Ok(Row::Sparse(pairs.iter().filter(known).copied().collect()));
            }
            Raw::Text(_) => "text",
            Raw::Record(_) => "record",
            Raw::Picture(_) => "picture",
        };
        Err(DataError::Encoder {
            kind: "a network of sparse rows",
            given,
            cure: "give an svmlight file".into(),
        })
    }

    fn encode_file(&self, path: &Path) -> Result<Vec<Entry>, DataError> {
        let mut reader = SvmlightReader::open(path)?.with_unlabelled();
        let mut entries = Vec::new();
        while let Some(row) = reader.next_row()? {
            let mut hints = Vec::new();
            let found = self.row(row.pairs, &mut hints);
            entries.push(Entry {
                place: format!("{}, line {}", path.display(), row.line),
                row: found.map(Row::Sparse),
                label: Some(row.label.to_owned()).filter(|label| !label.is_empty()),
                hints,
            });
        }
        Ok(entries)
    }

    fn to_text(&self) -> String {
        let mut runs = vec![0];
        for &seen in &self.seen {
            if seen != (runs.len() % 2 == 0) {
                runs.push(0);
            }
            if let Some(run) = runs.last_mut() {
                *run += 1;
            }
        }
        let text = Text {
            zero_based: self.zero_based,
            runs,
        };
        serde_json::to_string(&text).unwrap_or_default()
    }

    fn column_name(&self, column: usize) -> Option<String> {
        let base = usize::from(!self.zero_based);
        (column < self.seen.len()).then(|| (column + base).to_string())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_that_training_never_saw_are_left_out_and_counted() {
        let indices = Indices::fit([0, 4, 2], false);
        assert_eq!((indices.width(), indices.seen()), (5, 3));
        // The file counts from 1: its 1, 3 and 5 are known.
        let row = [(1, 1.0), (2, 2.0), (5, 5.0), (9, 9.0)];
        let mut hints = Vec::new();
        let kept = indices.row(&row, &mut hints).unwrap();
        assert_eq!(kept, [(0, 1.0), (4, 5.0)]);
        assert_eq!(hints, [Hint::UnknownColumns { count: 2, first: 2 }]);
        assert!(
            indices
                .row(&[(0, 1.0)], &mut hints)
                .unwrap_err()
                .contains("from 1")
        );
        assert_eq!(
            indices.encode(Raw::Sparse(&[(1, 1.0), (2, 2.0)])).unwrap(),
            Row::Sparse(vec![(2, 2.0)])
        );
        assert_eq!(indices.column_name(4), Some("5".into()));
        assert_eq!(indices.column_name(5), None);
        assert_eq!(
            indices.to_text(),
            r#"{"zero_based":false,"runs":[0,1,1,1,1,1]}"#
        );
        assert!(indices.encode(Raw::Text("1 1:1")).is_err());
    }

    #[test]
    fn files_are_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "-1 0:2\n\n3 1:1 # x\n").unwrap();
        let entries = Indices::fit([0], true).encode_file(&path).unwrap();
        assert_eq!(entries[0].row, Ok(Row::Sparse(vec![(0, 2.0)])));
        assert_eq!(entries[1].row, Ok(Row::Sparse(vec![])));
        assert_eq!(entries[1].label.as_deref(), Some("3"));
        assert!(entries[1].place.ends_with("line 3"));
        assert_eq!(
            entries[1].hints,
            [Hint::UnknownColumns { count: 1, first: 1 }]
        );
    }

    #[test]
    fn hostile_texts_are_refused() {
        for text in [
            "",
            r#"{"zero_based":true,"runs":[]}"#,
            r#"{"zero_based":true,"runs":[4294967295,4294967295]}"#,
            r#"{"zero_based":true,"runs":[0,4194306]}"#,
            r#"{"zero_based":true,"runs":[-1]}"#,
        ] {
            assert!(Indices::from_text(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn indices_survive_their_text(columns in prop::collection::vec(0u32..300, 0..60), zero_based: bool) {
            let indices = Indices::fit(columns, zero_based);
            prop_assert_eq!(Indices::from_text(&indices.to_text()).unwrap(), indices);
        }
    }
}
