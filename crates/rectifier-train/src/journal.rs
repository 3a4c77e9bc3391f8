//! What a run writes down while it goes on: a row a reading and a row an epoch, as CSV, as JSON lines and as
//! TensorBoard events.

use crate::files::{EVENTS, STEPS, STEPS_CSV};
use crate::progress::Written;
use crate::rows::{Form, RowFile};
use crate::{EpochRecord, Notice, Progress, Stage, StepRecord, TrainError, tensorboard};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// About so many rows of readings, and so many events of epochs, a run writes at the most: of more readings it writes the mean
/// of several down, of more epochs one of several.
pub(crate) const MOST_ROWS: u64 = 20_000;

/// How many of `planned` things one row stands for.
pub(crate) fn apart(planned: u64) -> u64 {
    planned.div_ceil(MOST_ROWS).max(1)
}

/// The growing files of a run folder.
pub(crate) struct Journal {
    csv: RowFile,
    json: RowFile,
    events: RowFile,
    /// How many `zeros_` columns the CSV has.
    layers: usize,
    /// One of so many epochs is an event.
    epochs_apart: u64,
}

impl Journal {
    /// Opens the files of a run of `epochs` epochs of a network with `layers` hidden layers, as they were at `progress`. The
    /// notices say what was changed in them since.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn open(
        folder: &Path,
        progress: &Progress,
        (layers, epochs): (usize, usize),
    ) -> Result<(Self, Vec<Notice>), TrainError> {
        let mut notices = Vec::new();
        let mut open = |name: &str, form: Form| {
            let written = progress.written.get(name).copied().unwrap_or_default();
            let path = folder.join(name);
            let (file, notice) = RowFile::open(&path, written, form, progress.steps)?;
            notices.extend(notice);
            Ok::<_, TrainError>(file)
        };
        let mut journal = Self {
            csv: open(STEPS_CSV, Form::Csv)?,
            json: open(STEPS, Form::Json)?,
            events: open(EVENTS, Form::Records)?,
            layers,
            epochs_apart: apart(epochs as u64),
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
        Ok((journal, notices))
    }

    /// Writes one reading down.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn reading(&mut self, reading: &StepRecord) -> Result<(), TrainError> {
        let row = csv_row(reading, self.layers);
        self.csv.add(|out| out.extend(row.as_bytes()))?;
        self.json.add(|out| {
            // A vector takes every byte, and the row has no key that is not a string.
            let _ = serde_json::to_writer(&mut *out, reading);
            out.push(b'\n');
        })?;
        let measured = &reading.measured;
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

    /// Writes an epoch's validation down, `step` steps into the run, where it is one that is written. The history has every one.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn epoch(
        &mut self,
        record: &EpochRecord,
        stage: &Stage,
        step: u64,
    ) -> Result<(), TrainError> {
        let last = record.epoch == stage.epochs();
        if !last && !(record.epoch as u64).is_multiple_of(self.epochs_apart) {
            return Ok(());
        }
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

    /// Puts every row on the disk and tells what the checkpoint should remember.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn sync(&mut self) -> Result<BTreeMap<String, Written>, TrainError> {
        Ok(BTreeMap::from([
            (STEPS_CSV.into(), self.csv.sync()?),
            (STEPS.into(), self.json.sync()?),
            (EVENTS.into(), self.events.sync()?),
        ]))
    }
}

/// The lowest hidden layer, from 0, that a stage's records speak of.
pub(crate) fn first_layer(stage: &Stage) -> usize {
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
pub(crate) fn cell(row: &mut String, value: Option<f64>) {
    row.push(',');
    if let Some(value) = value.filter(|value| value.is_finite()) {
        let _ = write!(row, "{value}");
    }
}

fn csv_row(reading: &StepRecord, layers: usize) -> String {
    let measured = &reading.measured;
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Measurement;

    #[test]
    fn a_reading_is_one_row_with_a_cell_for_every_column() {
        let folder = tempfile::tempdir().unwrap();
        let open = |progress: &Progress| Journal::open(folder.path(), progress, (2, 3)).unwrap();
        let (mut journal, _) = open(&Progress::default());
        let measured = Measurement {
            examples: 30,
            reconstruction: Some(1.5),
            penalty: 0.25,
            zeros: vec![f64::NAN, 0.5],
            ..Measurement::default()
        };
        let reading = StepRecord {
            step: 12,
            stage: 2,
            epoch: 1,
            seconds: 0.5,
            rate: 0.01,
            measured,
        };
        journal.reading(&reading).unwrap();
        let written = journal.sync().unwrap();
        let csv = std::fs::read_to_string(folder.path().join(STEPS_CSV)).unwrap();
        let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].len(), rows[1].len());
        let of = |name: &str| rows[1][rows[0].iter().position(|cell| *cell == name).unwrap()];
        assert_eq!((of("step"), of("reconstruction")), ("12", "1.5"));
        assert_eq!((of("loss"), of("zeros_1"), of("zeros_2")), ("", "", "0.5"));
        let json = std::fs::read_to_string(folder.path().join(STEPS)).unwrap();
        let line: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(line["reconstruction"], 1.5);
        assert_eq!(line["zeros"], serde_json::json!([null, 0.5]));
        assert!(line.get("loss").is_none(), "{line}");
        // Opened again as it was, there is no second header.
        let progress = Progress {
            written: written.clone(),
            ..Progress::default()
        };
        let (mut journal, notices) = open(&progress);
        assert_eq!(journal.sync().unwrap(), written);
        assert!(notices.is_empty());
    }
}
