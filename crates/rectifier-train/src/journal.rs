//! What a run writes down while it goes on: a row a reading and a row an epoch, as CSV, as JSON lines and as
//! TensorBoard events.

use crate::append::AppendFile;
use crate::{EpochRecord, Measurement, Recipe, RunFolder, Stage, TrainError, tensorboard};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Rows of readings as CSV.
const CSV: &str = "steps.csv";
/// Rows of readings as JSON lines.
const JSON: &str = "steps.jsonl";
/// Readings and epochs for TensorBoard, which knows its files by the middle of their name.
const EVENTS: &str = "events.out.tfevents.rectifier";

/// One reading: means over the steps since the reading before it. A line of `steps.jsonl`, a row of `steps.csv`.
#[derive(Serialize)]
pub(crate) struct Reading<'a> {
    /// Steps of the run so far, all stages together.
    pub step: u64,
    /// Which stage, from 1.
    pub stage: usize,
    /// Which epoch of the stage, from 1.
    pub epoch: usize,
    /// Seconds of the run so far, all sittings together.
    pub seconds: f64,
    /// Learning rate of the last of the steps.
    pub rate: f64,
    /// What was measured.
    #[serde(flatten)]
    pub measured: &'a Measurement,
}

/// The growing files of a run folder.
pub(crate) struct Journal {
    csv: AppendFile,
    json: AppendFile,
    events: AppendFile,
    /// How many `zeros_` columns the CSV has.
    layers: usize,
}

impl Journal {
    /// Opens the files of a run of a network with `layers` hidden layers, at the lengths that a checkpoint remembers.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn open(
        folder: &Path,
        lengths: &BTreeMap<String, u64>,
        layers: usize,
    ) -> Result<Self, TrainError> {
        let open = |name: &str| {
            let length = lengths.get(name).copied().unwrap_or(0);
            AppendFile::open(&folder.join(name), length)
        };
        let mut journal = Self {
            csv: open(CSV)?,
            json: open(JSON)?,
            events: open(EVENTS)?,
            layers,
        };
        if journal.csv.is_empty() {
            let mut header = String::from(
                "step,stage,epoch,seconds,rate,examples,loss,reconstruction,penalty,error",
            );
            for layer in 1..=layers {
                let _ = write!(header, ",zeros_{layer}");
            }
            header.push('\n');
            journal.csv.add(|out| out.extend(header.as_bytes()))?;
        }
        if journal.events.is_empty() {
            let event = tensorboard::version(now());
            journal.events.add(|out| out.extend(event))?;
        }
        Ok(journal)
    }

    /// Writes one reading down.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn reading(&mut self, reading: &Reading<'_>) -> Result<(), TrainError> {
        let row = csv_row(reading, self.layers);
        self.csv.add(|out| out.extend(row.as_bytes()))?;
        self.json.add(|out| {
            // A vector takes every byte, and the row has no key that is not a string.
            let _ = serde_json::to_writer(&mut *out, reading);
            out.push(b'\n');
        })?;
        let measured = reading.measured;
        let mut values = vec![("rate".into(), reading.rate)];
        let mut add = |tag: &str, value: Option<f64>| {
            values.extend(value.map(|value| (tag.to_string(), value)));
        };
        add("loss/train", measured.loss);
        add("reconstruction/train", measured.reconstruction);
        add("penalty/train", Some(measured.penalty));
        add("error/train", measured.error);
        for (layer, share) in measured.zeros.iter().enumerate() {
            let tag = format!("zeros train/layer {}", layer + 1);
            add(&tag, share.is_finite().then_some(*share));
        }
        let event = tensorboard::scalars(now(), reading.step, &values);
        self.events.add(|out| out.extend(event))
    }

    /// Writes an epoch's validation down, `step` steps into the run.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn epoch(
        &mut self,
        record: &EpochRecord,
        stage: &Stage,
        step: u64,
    ) -> Result<(), TrainError> {
        let loss = match stage {
            Stage::FineTune(_) => "loss/valid",
            Stage::Pretrain(_) => "reconstruction/valid",
        };
        let mut values = vec![(loss.to_string(), record.valid_loss)];
        values.extend(
            record
                .valid_error
                .map(|error| ("error/valid".into(), error)),
        );
        let first = first_layer(stage);
        for (offset, (zeros, dead)) in record.zeros.iter().zip(&record.dead).enumerate() {
            let layer = first + offset + 1;
            values.push((format!("zeros valid/layer {layer}"), *zeros));
            values.push((format!("dead units/layer {layer}"), *dead as f64));
        }
        let event = tensorboard::scalars(now(), step, &values);
        self.events.add(|out| out.extend(event))
    }

    /// Puts every row on the disk and gives the lengths that the checkpoint should remember.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn sync(&mut self) -> Result<BTreeMap<String, u64>, TrainError> {
        Ok(BTreeMap::from([
            (CSV.into(), self.csv.sync()?),
            (JSON.into(), self.json.sync()?),
            (EVENTS.into(), self.events.sync()?),
        ]))
    }
}

/// The lowest hidden layer, from 0, that a stage's records speak of.
fn first_layer(stage: &Stage) -> usize {
    match stage {
        Stage::Pretrain(stage) => stage.layer.saturating_sub(1),
        Stage::FineTune(_) => 0,
    }
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// A number as a CSV cell; nothing for what is not there or not finite.
fn cell(row: &mut String, value: Option<f64>) {
    row.push(',');
    if let Some(value) = value.filter(|value| value.is_finite()) {
        let _ = write!(row, "{value}");
    }
}

fn csv_row(reading: &Reading<'_>, layers: usize) -> String {
    let measured = reading.measured;
    let mut row = format!("{},{},{}", reading.step, reading.stage, reading.epoch);
    cell(&mut row, Some(reading.seconds));
    cell(&mut row, Some(reading.rate));
    let _ = write!(row, ",{}", measured.examples);
    cell(&mut row, measured.loss);
    cell(&mut row, measured.reconstruction);
    cell(&mut row, Some(measured.penalty));
    cell(&mut row, measured.error);
    for layer in 0..layers {
        cell(&mut row, measured.zeros.get(layer).copied());
    }
    row.push('\n');
    row
}

/// Every epoch, written as a whole: `history.jsonl` and `history.csv`.
pub(crate) fn write_history(
    folder: &RunFolder,
    history: &[EpochRecord],
    recipe: &Recipe,
) -> Result<(), TrainError> {
    let mut lines = String::new();
    for record in history {
        let line = serde_json::to_string(record).map_err(|error| TrainError::RunFolder {
            path: folder.path().join("history.jsonl"),
            reason: error.to_string(),
        })?;
        lines.push_str(&line);
        lines.push('\n');
    }
    folder.write("history.jsonl", lines.as_bytes())?;
    folder.write("history.csv", history_csv(history, recipe).as_bytes())
}

fn history_csv(history: &[EpochRecord], recipe: &Recipe) -> String {
    let first = |record: &EpochRecord| {
        let stage = recipe.stages.get(record.stage.saturating_sub(1));
        stage.map_or(0, first_layer)
    };
    let layers = history
        .iter()
        .map(|record| first(record) + record.zeros.len())
        .max()
        .unwrap_or(0);
    let mut text = String::from(
        "stage,title,epoch,rate,train_loss,penalty,train_error,valid_loss,valid_error,train_seconds,\
         overhead_seconds,seconds,best",
    );
    for kind in ["zeros", "dead"] {
        for layer in 1..=layers {
            let _ = write!(text, ",{kind}_{layer}");
        }
    }
    text.push('\n');
    for record in history {
        let _ = write!(text, "{},{},{}", record.stage, record.title, record.epoch);
        cell(&mut text, Some(record.rate));
        cell(&mut text, Some(record.train_loss));
        cell(&mut text, Some(record.penalty));
        cell(&mut text, record.train_error);
        cell(&mut text, Some(record.valid_loss));
        cell(&mut text, record.valid_error);
        cell(&mut text, Some(record.train_seconds));
        cell(&mut text, Some(record.overhead_seconds));
        cell(&mut text, Some(record.seconds));
        let _ = write!(text, ",{}", u8::from(record.best));
        let first = first(record);
        for layer in 0..layers {
            let share = layer.checked_sub(first).and_then(|at| record.zeros.get(at));
            cell(&mut text, share.copied());
        }
        for layer in 0..layers {
            let dead = layer.checked_sub(first).and_then(|at| record.dead.get(at));
            cell(&mut text, dead.map(|dead| *dead as f64));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_one_row_with_a_cell_for_every_column() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path(), &BTreeMap::new(), 2).unwrap();
        let measured = Measurement {
            examples: 30,
            reconstruction: Some(1.5),
            penalty: 0.25,
            zeros: vec![f64::NAN, 0.5],
            ..Measurement::default()
        };
        let reading = Reading {
            step: 12,
            stage: 2,
            epoch: 1,
            seconds: 0.5,
            rate: 0.01,
            measured: &measured,
        };
        journal.reading(&reading).unwrap();
        let lengths = journal.sync().unwrap();
        let csv = std::fs::read_to_string(folder.path().join(CSV)).unwrap();
        let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].len(), rows[1].len());
        let of = |name: &str| rows[1][rows[0].iter().position(|cell| *cell == name).unwrap()];
        assert_eq!((of("step"), of("reconstruction")), ("12", "1.5"));
        assert_eq!((of("loss"), of("zeros_1"), of("zeros_2")), ("", "", "0.5"));
        let json = std::fs::read_to_string(folder.path().join(JSON)).unwrap();
        let line: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(line["reconstruction"], 1.5);
        assert_eq!(line["zeros"], serde_json::json!([null, 0.5]));
        assert!(line.get("loss").is_none(), "{line}");
        // Opened again at those lengths, there is no second header.
        let mut journal = Journal::open(folder.path(), &lengths, 2).unwrap();
        assert_eq!(journal.sync().unwrap(), lengths);
    }
}
