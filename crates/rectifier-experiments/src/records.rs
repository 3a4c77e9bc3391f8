//! The records of a folder, to be chosen from.

use crate::error::io;
use crate::{Cell, CellStage, ExperimentError, Labels, Preset, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

/// Records by the names of their cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records(BTreeMap<String, Record>);

impl Records {
    /// All of a folder; none where there is no folder yet.
    ///
    /// # Errors
    /// As [`Record::read`], naming the first file that is no record of this version.
    pub fn read(folder: &Path) -> Result<Self, ExperimentError> {
        let mut records = Self::default();
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(records),
            Err(source) => return Err(io(folder, source)),
        };
        for entry in entries {
            let path = entry.map_err(|source| io(folder, source))?.path();
            let hidden = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if path.extension().is_some_and(|kind| kind == "json") && !hidden {
                records.add(Record::read(&path)?);
            }
        }
        Ok(records)
    }

    /// Takes one in, in the place of one of the same cell.
    pub fn add(&mut self, record: Record) {
        self.0.insert(record.cell.clone(), record);
    }

    /// The record of a cell.
    pub fn get(&self, cell: &str) -> Option<&Record> {
        self.0.get(cell)
    }

    /// All, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.0.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of a preset.
    #[must_use]
    pub fn of(&self, preset: Preset) -> Self {
        let own = self
            .iter()
            .filter(|record| record.presets.contains(&preset));
        own.cloned().collect()
    }

    /// These as `cells` call them, and once more every one that they have under other labels too: where two rows ask for the
    /// same run, it is made once. Searches of which a rate is still open choose nothing, and are left out.
    ///
    /// # Errors
    /// [`ExperimentError::Catalog`] for a plan that JSON cannot hold.
    pub fn labelled(&self, cells: &[Cell]) -> Result<Self, ExperimentError> {
        let row = |cell: &Cell| cell.labels.clone().without("rate").to_string();
        let mut open = BTreeSet::new();
        for cell in cells.iter().filter(|cell| cell.stage == CellStage::Search) {
            if self.get(&cell.name()?).is_none() {
                open.insert(row(cell));
            }
        }
        let mut all = self.clone();
        let mut placed: BTreeMap<String, Vec<&Cell>> = BTreeMap::new();
        for (place, cell) in cells.iter().enumerate() {
            let name = cell.name()?;
            let Some(record) = self.get(&name) else {
                continue;
            };
            let others = placed.entry(name.clone()).or_default();
            let same = |other: &&Cell| (&other.labels, other.stage) == (&cell.labels, cell.stage);
            let searched = cell.stage == CellStage::Search && open.contains(&row(cell));
            if searched || others.iter().any(same) {
                continue;
            }
            // Whatever it was called when it was made: its first cell's labels take the place of those.
            let key = match others.is_empty() {
                true => name,
                false => format!("{name} {place}"),
            };
            others.push(cell);
            let mut record = record.clone();
            (record.labels, record.stage) = (cell.labels.clone(), cell.stage);
            all.0.insert(key, record);
        }
        // Of those that the cells name, what was asked for by open searches alone.
        all.0
            .retain(|key, _| placed.get(key).is_none_or(|cells| !cells.is_empty()));
        Ok(all)
    }

    /// The largest preset that any is part of.
    pub fn largest_preset(&self) -> Option<Preset> {
        self.iter()
            .flat_map(|record| record.presets.iter().copied())
            .max()
    }

    /// Those of the last stage with these labels, in the order of their seeds and folds.
    pub fn finals(&self, labels: &Labels) -> Vec<&Record> {
        let mut found: Vec<&Record> = self
            .iter()
            .filter(|record| record.stage == CellStage::Final && record.labels.has(labels))
            .collect();
        let place = |record: &Record| {
            let number = |axis| record.labels.number(axis).unwrap_or(0.0);
            (number("fold"), number("seed"))
        };
        found.sort_by(|a, b| {
            place(a)
                .partial_cmp(&place(b))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        found
    }

    /// The different values on an axis of those of the last stage: numbers by size, then words as they come.
    pub fn values(&self, axis: &str) -> Vec<serde_json::Value> {
        let mut values: Vec<serde_json::Value> = Vec::new();
        for record in self.finals(&Labels::new()) {
            match record.labels.get(axis) {
                Some(value) if !values.contains(value) => values.push(value.clone()),
                _ => {}
            }
        }
        let size = |value: &serde_json::Value| value.as_f64().unwrap_or(f64::INFINITY);
        values.sort_by(|a, b| {
            size(a)
                .total_cmp(&size(b))
                .then_with(|| a.to_string().cmp(&b.to_string()))
        });
        values
    }
}

impl FromIterator<Record> for Records {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let mut all = Self::default();
        records.into_iter().for_each(|record| all.add(record));
        all
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::fakes::{of, plan};

    #[test]
    fn a_run_that_two_rows_ask_for_is_in_both() {
        let cell = |seed, part: &str| {
            let labels = Labels::new().with("part", part).with("seed", seed);
            Cell::new(plan("rectifier", seed, 0.1), labels)
        };
        let cells = [
            cell(1, "flips"),
            cell(2, "flips"),
            cell(1, "batch"),
            cell(2, "batch"),
        ];
        let records: Records = cells[..2].iter().map(|cell| of(cell, 0.1)).collect();
        let labelled = records.labelled(&cells).unwrap();
        for part in ["flips", "batch"] {
            let found = labelled.finals(&Labels::new().with("part", part));
            let seeds: Vec<u64> = found.iter().map(|record| record.plan.recipe.seed).collect();
            assert_eq!(seeds, [1, 2], "{part}");
        }
        assert_eq!((records.len(), labelled.len()), (2, 4));
        assert_eq!(records.values("part"), ["flips"]);
        assert_eq!(records.largest_preset(), Some(Preset::Full));
        assert!(records.of(Preset::Short).is_empty());
    }
}
