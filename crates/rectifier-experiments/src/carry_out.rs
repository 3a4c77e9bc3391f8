//! One cell carried out: trained in a run's folder, recorded, and tidied away.

use crate::error::io;
use crate::queue::{Making, Taken};
use crate::{Cell, ExperimentError, Observer, Preset, Record, SweepFolder};
use burn_train::Interrupter;
use rectifier_catalog::{CatalogError, EngineChoice, Launcher};
use rectifier_data::Locator;
use rectifier_nn::write_atomically;
use rectifier_train::{
    EpochRecord, FolderProblem, Notice, RunFiles, RunFolder, RunRecord, Stage, StageBegins,
    Standing, TrainError, Watch,
};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What every cell of a sweep is carried out with.
pub(crate) struct Workshop<'a> {
    pub experiment: &'a str,
    pub preset: Preset,
    pub folder: &'a SweepFolder,
    pub locator: &'a Locator,
    /// Where Burn computes; the engine is the cell's.
    pub device: &'a EngineChoice,
    pub keep_runs: bool,
    pub checkpoint_every: Option<Duration>,
    pub interrupter: &'a Interrupter,
    pub observer: &'a Arc<dyn Observer>,
}

/// What became of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    /// It has a record.
    Recorded,
    /// It was stopped, and goes on later.
    Stopped,
    /// Another process has it.
    Elsewhere,
}

/// Which cell's weights are kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    pub cell: String,
    valid_error: f64,
    /// Absent in files of before.
    #[serde(default)]
    preset: Option<Preset>,
    /// Fold and seed: of equal errors the first one's weights are kept, whichever ended first.
    #[serde(default)]
    place: (f64, f64),
}

impl Kept {
    /// Whether these weights take the place of `other`'s: those of a larger preset do, and the better ones of the same.
    fn goes_before(&self, other: &Self) -> bool {
        let own = |kept: &Self| (kept.valid_error, kept.place.0, kept.place.1);
        match self.preset.cmp(&other.preset.or(self.preset)) {
            _ if self.cell == other.cell => true,
            Ordering::Equal => own(self) < own(other),
            size => size.is_gt(),
        }
    }
}

impl Workshop<'_> {
    /// Trains the cell that was `taken` from where it stands.
    ///
    /// # Errors
    /// [`ExperimentError`]; what was written before stays.
    pub fn carry_out(&self, taken: Taken) -> Result<Carried, ExperimentError> {
        let Taken {
            cell,
            pretrained,
            making,
        } = taken;
        let name = cell.name()?;
        let path = self.folder.run_path(&name);
        let files = RunFiles::at(&path);
        let folder = match files.plan()?.is_some() {
            true => RunFolder::open(&path),
            false => RunFolder::create(&path),
        };
        let folder = match folder {
            Err(TrainError::RunFolder {
                problem: FolderProblem::Busy,
                ..
            }) => return Ok(Carried::Elsewhere),
            folder => folder?,
        };
        // Between the list of records and the lock, another share may have been faster.
        if self.folder.record_path(&name).is_file() {
            return Ok(Carried::Elsewhere);
        }
        self.observer.begins(&name, &cell);
        let run = match self.launch(&name, &cell, (pretrained, making), folder) {
            Ok(run) if run.summary.is_some() => (run, None),
            Ok(_) => return Ok(Carried::Stopped),
            Err(CatalogError::Train(error)) if error.is_interruption() => {
                return Ok(Carried::Stopped);
            }
            Err(CatalogError::Train(error @ TrainError::Diverged { .. })) => {
                (self.unfinished(&files)?, Some(reason(&error)))
            }
            Err(error) => return Err(error.into()),
        };
        let record = Record::new(self.experiment, self.preset, &cell, run.0, run.1)?;
        if self.keep_runs {
            self.folder.mark_kept(&name)?;
        }
        self.keep_model(&cell, &record, &files)?;
        record.write(&self.folder.record_path(&name))?;
        if !self.keep_runs {
            remove(&path)?;
        }
        self.observer.ended(&name, &record);
        Ok(Carried::Recorded)
    }

    fn launch(
        &self,
        name: &str,
        cell: &Cell,
        (pretrained, making): (Option<PathBuf>, Making),
        folder: RunFolder,
    ) -> Result<RunRecord, CatalogError> {
        let engine = EngineChoice {
            engine: Some(cell.engine.name),
            threads: cell.engine.threads,
            ..self.device.clone()
        };
        let launcher = Launcher {
            watch: Box::new(CellWatch {
                name: name.into(),
                observer: self.observer.clone(),
                making,
            }),
            pretrained,
            interrupter: self.interrupter.clone(),
            checkpoint_every: self.checkpoint_every,
            ..Launcher::new(cell.plan.clone(), engine)
        };
        let prepared = launcher.prepare(self.locator, &mut |_, _| {})?;
        for warning in &prepared.loaded().warnings {
            self.observer.notice(name, warning);
        }
        Ok(prepared.launch(folder)?.record)
    }

    /// What the folder of a run without an end tells.
    fn unfinished(&self, files: &RunFiles) -> Result<RunRecord, ExperimentError> {
        let record = files.record()?;
        Ok(record.unwrap_or(RunRecord {
            plan: serde_json::Value::Null,
            summary: None,
            history: Vec::new(),
            provenance: None,
            test_wrong: None,
        }))
    }

    /// Keeps the weights where they are the best of their name by validation. One cell at a time looks, of whichever process.
    fn keep_model(
        &self,
        cell: &Cell,
        record: &Record,
        run: &RunFiles,
    ) -> Result<(), ExperimentError> {
        let (Some(row), Some(summary)) = (&cell.keep, record.summary()) else {
            return Ok(());
        };
        let models = self.folder.models_path();
        std::fs::create_dir_all(&models).map_err(|source| io(&models, source))?;
        let lock = self.folder.path().join(".lock-models");
        let alone = File::create(&lock).map_err(|source| io(&lock, source))?;
        alone.lock().map_err(|source| io(&lock, source))?;
        let place = |axis| cell.labels.number(axis).unwrap_or(0.0);
        let own = Kept {
            cell: record.cell.clone(),
            valid_error: summary.valid_error,
            preset: Some(self.preset),
            place: (place("fold"), place("seed")),
        };
        let card = models.join(format!("{row}.json"));
        if kept(&card)?.is_some_and(|kept| !own.goes_before(&kept)) {
            return Ok(());
        }
        let weights = run.model_path();
        let bytes = std::fs::read(&weights).map_err(|source| io(&weights, source))?;
        write_atomically(&models.join(format!("{row}.safetensors")), &bytes)?;
        let text = serde_json::to_string(&own).map_err(CatalogError::Syntax)?;
        Ok(write_atomically(&card, format!("{text}\n").as_bytes())?)
    }
}

pub(crate) fn kept(card: &Path) -> Result<Option<Kept>, ExperimentError> {
    match std::fs::read(card) {
        Ok(bytes) => {
            serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|source| ExperimentError::Json {
                    path: card.into(),
                    source,
                })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io(card, source)),
    }
}

/// Removes the folder of a run that has a record; another share may be faster.
pub(crate) fn remove(path: &Path) -> Result<(), ExperimentError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io(path, error)),
        _ => Ok(()),
    }
}

/// Why a run diverged, without what a user of its folder could do.
fn reason(error: &TrainError) -> String {
    match error {
        TrainError::Diverged {
            stage, epoch, rate, ..
        } => format!("no number any more in {stage}, epoch {epoch}, at rate {rate}"),
        other => other.to_string(),
    }
}

/// Tells the sweep's observer of one run.
struct CellWatch {
    name: String,
    observer: Arc<dyn Observer>,
    making: Making,
}

impl Watch for CellWatch {
    fn stage(&mut self, stage: &StageBegins<'_>) {
        // What comes before it lies where others find it.
        if matches!(stage.stage, Stage::FineTune(_)) {
            self.making.release();
        }
    }

    fn epoch(&mut self, record: &EpochRecord, standing: &Standing) {
        self.observer.epoch(&self.name, record, standing);
    }

    fn notice(&mut self, notice: &Notice) {
        self.observer.notice(&self.name, &notice.to_string());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_that_stay_do_not_depend_on_who_ended_first() {
        let of = |cell: &str, valid_error, preset, seed| Kept {
            cell: cell.into(),
            valid_error,
            preset: Some(preset),
            place: (0.0, seed),
        };
        let first = of("a", 0.02, Preset::Full, 1.0);
        let second = of("b", 0.02, Preset::Full, 2.0);
        assert!(first.goes_before(&second) && !second.goes_before(&first));
        let better = of("c", 0.01, Preset::Full, 3.0);
        assert!(better.goes_before(&first) && !first.goes_before(&better));
        // A cell that is run again takes its own place.
        assert!(of("c", 0.03, Preset::Full, 3.0).goes_before(&better));
        let quick = of("d", 0.001, Preset::Short, 1.0);
        assert!(first.goes_before(&quick) && !quick.goes_before(&first));
        // What a version of before kept.
        let old: Kept = serde_json::from_str(r#"{"cell": "e", "valid_error": 0.015}"#).unwrap();
        assert!(better.goes_before(&old) && !first.goes_before(&old));
    }
}
