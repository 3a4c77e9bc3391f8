//! The rows of a table as numbers, and what is odd about them.

use std::path::Path;
use std::sync::Arc;

use rectifier_data::{Columns, DataError, Encoder, Examples, Hint, Samples, listed, shortened};

use super::cells::Cells;
use crate::path::content;

/// The most numbers of all rows together: 8 GiB of them.
const MOST_NUMBERS: usize = 1 << 31;

/// What is odd about the rows of a file, counted.
#[derive(Default)]
pub(super) struct Odd {
    words: usize,
    columns: std::collections::BTreeSet<String>,
    missing: usize,
}

impl Odd {
    fn add(&mut self, hints: &mut Vec<Hint>) {
        for hint in hints.drain(..) {
            match hint {
                Hint::UnknownWord { column, .. } => {
                    self.words += 1;
                    self.columns.insert(column);
                }
                Hint::MissingNumber { .. } => self.missing += 1,
                _ => {}
            }
        }
    }

    pub fn warn(self, warnings: &mut Vec<String>) {
        if self.words > 0 {
            warnings.push(format!(
                "{} words that the training part has not count as none, in {}",
                self.words,
                listed(&self.columns)
            ));
        }
        if self.missing > 0 {
            warnings.push(format!(
                "{} numbers are missing in columns where the training part has none missing: the mean stands for them",
                self.missing
            ));
        }
    }
}

/// The rows of `cells` as `columns` prepares them.
pub(super) fn encoded(
    cells: &Cells,
    labels: Vec<u32>,
    classes: usize,
    columns: &Columns,
    path: &Path,
    odd: &mut Odd,
) -> Result<Arc<dyn Examples>, DataError> {
    let total = labels.len().saturating_mul(columns.width());
    if total > MOST_NUMBERS {
        return Err(DataError::Memory {
            what: format!("{} rows of {} numbers", labels.len(), columns.width()),
            bytes: 4 * total as u128,
            cure: "drop the columns with the most words, or give fewer rows".into(),
        });
    }
    let places: Vec<usize> = columns
        .names()
        .map(|name| {
            let place = cells.names.iter().position(|column| column == name);
            place.ok_or_else(|| {
                content(
                    path,
                    format!(
                        "it has no column {:?}, which the network takes: it has {}",
                        shortened(name),
                        listed(&cells.names)
                    ),
                )
            })
        })
        .collect::<Result<_, _>>()?;
    let mut numbers = Vec::with_capacity(total);
    let mut hints = Vec::new();
    for row in 0..labels.len() {
        columns
            .row(
                |column| cells.cell(row, places[column]),
                &mut numbers,
                &mut hints,
            )
            .map_err(|problem| content(path, format!("line {}: {problem}", cells.lines[row])))?;
        odd.add(&mut hints);
    }
    let samples = Samples::from_f32(numbers, labels, &[columns.width()], classes)?;
    Ok(Arc::new(samples))
}
