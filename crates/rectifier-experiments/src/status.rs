//! How far a sweep is, seen from its folder alone.

use crate::estimate::Heads;
use crate::{Ended, Experiment, ExperimentError, Preset, Rates, Record, Records, SweepFolder};
use rectifier_data::Locator;
use rectifier_train::RunFiles;
use std::collections::BTreeSet;

/// How far a sweep is.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// Its preset.
    pub preset: Preset,
    /// Cells known by now.
    pub cells: usize,
    /// Those with records.
    pub recorded: usize,
    /// Records of runs that diverged.
    pub diverged: usize,
    /// Cells that were begun: running, or stopped.
    pub begun: Vec<Begun>,
    /// Seconds on one thread that the open cells take, those of later stages aside.
    pub seconds_left: f64,
    /// The final cell with the lowest validation error.
    pub best: Option<Record>,
}

/// A cell that was begun and has no record yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// The cell.
    pub cell: String,
    /// Its labels.
    pub labels: String,
    /// Epochs done.
    pub epochs: usize,
    /// Epochs of all its stages.
    pub of: usize,
    /// The validation error of the latest epoch that has one.
    pub valid_error: Option<f64>,
}

impl Status {
    /// How far the sweep of `preset` in `folder` is, while it runs or not.
    ///
    /// # Errors
    /// [`ExperimentError`] for a folder that cannot be read.
    pub fn of(
        experiment: &dyn Experiment,
        preset: Preset,
        folder: &SweepFolder,
        locator: &Locator,
    ) -> Result<Self, ExperimentError> {
        let all = folder.records()?;
        let cells = experiment.cells(preset, &all)?;
        let rates = Rates::of(&all, locator);
        let mut own = Records::default();
        let mut begun = Vec::new();
        let mut seconds_left = 0.0;
        let (mut seen, mut heads) = (BTreeSet::new(), Heads::of(folder));
        for cell in &cells {
            let name = cell.name()?;
            if !seen.insert(name.clone()) {
                continue;
            }
            if let Some(record) = all.get(&name) {
                own.add(record.clone());
                continue;
            }
            let made = heads.made(cell)?;
            let files = RunFiles::at(folder.run_path(&name));
            let mut left = 1.0;
            if files.plan()?.is_some() {
                let history = files.history()?;
                let of = cell.plan.recipe.total_epochs();
                left = 1.0 - history.len() as f64 / of.max(1) as f64;
                begun.push(Begun {
                    cell: name,
                    labels: cell.labels.to_string(),
                    epochs: history.len(),
                    of,
                    valid_error: history.iter().rev().find_map(|epoch| epoch.valid_error),
                });
            }
            seconds_left += left.max(0.0) * rates.estimate(cell, made, locator)?.seconds;
        }
        let ended = |record: &&Record| matches!(record.ended, Ended::Diverged { .. });
        Ok(Self {
            preset,
            cells: seen.len(),
            recorded: own.len(),
            diverged: own.iter().filter(ended).count(),
            begun,
            seconds_left,
            best: best(&own),
        })
    }
}

fn best(records: &Records) -> Option<Record> {
    let error = |record: &Record| record.summary().map(|summary| summary.valid_error);
    let finals = records.finals(&crate::Labels::new());
    let found = finals
        .into_iter()
        .filter(|record| error(record).is_some_and(f64::is_finite))
        .min_by(|a, b| {
            error(a)
                .unwrap_or(f64::INFINITY)
                .total_cmp(&error(b).unwrap_or(f64::INFINITY))
        });
    found.cloned()
}
