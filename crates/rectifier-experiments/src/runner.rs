//! Cells run, several at once, until all that can be told have records.

use crate::carry_out::{Carried, Workshop, remove};
use crate::cell::names;
use crate::error::io;
use crate::estimate::{COPIES, Heads, RECORD, passes};
use crate::queue::{Queue, shared};
use crate::{
    Cell, CellStage, Experiment, ExperimentError, Filter, Observer, Planned, Preset, Rates, Record,
    Records, Shard, SweepFolder, SweepState, Unobserved,
};
use burn_train::Interrupter;
use rectifier_catalog::EngineChoice;
use rectifier_data::{Availability, Locator};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A sweep, ready to be run or to go on.
pub struct Runner<'a> {
    /// What is run.
    pub experiment: &'a dyn Experiment,
    /// How large.
    pub preset: Preset,
    /// The folder of experiments.
    pub folder: &'a Path,
    /// Where data is.
    pub locator: Locator,
    /// Where Burn computes; engine and threads are the cells'.
    pub device: EngineChoice,
    /// Cells at a time; one a core if `None`.
    pub jobs: Option<usize>,
    /// Which share.
    pub shard: Shard,
    /// Which cells.
    pub only: Filter,
    /// Whether the folders of runs stay.
    pub keep_runs: bool,
    /// The longest time between two checkpoints of a cell; a minute if `None`.
    pub checkpoint_every: Option<Duration>,
    /// Stops the sweep.
    pub interrupter: Interrupter,
    /// Told what happens.
    pub observer: Arc<dyn Observer>,
}

/// How a sweep ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepEnd {
    /// Cells that are known.
    pub cells: usize,
    /// Those with a record.
    pub recorded: usize,
    /// Cells that got their record now.
    pub now: usize,
    /// Open cells of this share: the sweep was stopped.
    pub open: usize,
    /// Open cells that other shares, other processes or other filters have; later stages may wait for them.
    pub elsewhere: usize,
    /// Whether it was stopped.
    pub stopped: bool,
}

impl<'a> Runner<'a> {
    /// The whole of an experiment, silently, on `device`.
    pub fn new(
        experiment: &'a dyn Experiment,
        preset: Preset,
        folder: &'a Path,
        device: EngineChoice,
    ) -> Self {
        Self {
            experiment,
            preset,
            folder,
            locator: Locator::default(),
            device,
            jobs: None,
            shard: Shard::ALL,
            only: Filter::default(),
            keep_runs: false,
            checkpoint_every: None,
            interrupter: Interrupter::new(),
            observer: Arc::new(Unobserved),
        }
    }

    fn files(&self) -> SweepFolder {
        SweepFolder::of(self.folder, self.experiment.name())
    }

    fn jobs(&self) -> Result<usize, ExperimentError> {
        match self.jobs {
            Some(0) => Err(ExperimentError::NoJob),
            Some(jobs) => Ok(jobs),
            None => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
        }
    }

    /// What would be run now, and how long it takes; nothing is written.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn plan(&self) -> Result<(Planned, Vec<Cell>), ExperimentError> {
        let records = self.files().records()?;
        let cells = self.experiment.cells(self.preset, &records)?;
        self.check(&cells)?;
        let open = self.open(&cells, &records)?;
        Ok((self.planned(&cells, &open, &records)?, open))
    }

    /// Runs every open cell, stage after stage.
    ///
    /// # Errors
    /// [`ExperimentError`]: data that is not there and a folder in use before anything runs; a failure while cells run stops
    /// the others, which are saved as far as the failure lets them.
    pub fn run(&self) -> Result<SweepEnd, ExperimentError> {
        let files = self.files();
        let jobs = self.jobs()?;
        self.check(&self.experiment.cells(self.preset, &files.records()?)?)?;
        let state = SweepState {
            experiment: self.experiment.name().into(),
            preset: self.preset,
            sweep: self.experiment.definition(),
        };
        let _lock = files.lock(&state, self.shard)?;
        let mut end = SweepEnd::default();
        loop {
            let records = self.adopt(&files)?;
            let cells = self.experiment.cells(self.preset, &records)?;
            let open = self.open(&cells, &records)?;
            if self.take_over(&files, &open)? {
                // Their records may decide what comes next.
                continue;
            }
            self.tidy(&files, &records)?;
            end.cells = names(&cells)?.len();
            end.recorded = recorded(&cells, &records)?;
            end.open = open.len();
            end.elsewhere = end.cells - end.recorded - end.open;
            if open.is_empty() || end.stopped {
                return Ok(end);
            }
            self.observer
                .planned(&self.planned(&cells, &open, &records)?);
            let shared = shared(&without_record(&cells, &records)?, &files)?;
            let done = self.batch(&files, Queue::new(open, &shared)?, jobs)?;
            end.now += done;
            end.stopped = self.interrupter.should_stop();
            if done == 0 && !end.stopped {
                // Whatever is open, others have it.
                end.elsewhere += std::mem::take(&mut end.open);
                return Ok(end);
            }
        }
    }

    /// That data is there, and that the filter means something.
    fn check(&self, cells: &[Cell]) -> Result<(), ExperimentError> {
        let mut seen = BTreeSet::new();
        let mut missing = BTreeSet::new();
        let meant = cells.iter().filter(|cell| self.only.lets(cell));
        let mut any = false;
        for cell in meant {
            any = true;
            let data = &cell.plan.data;
            if !seen.insert(data.to_plan().to_string()) {
                continue;
            }
            match data.find(&self.locator)? {
                Availability::Generated | Availability::Here(_) => {}
                Availability::Fetchable => {
                    missing.insert(format!("{0}: rectifier data fetch {0}", data.name()));
                }
                // A record of other examples than the plan's would be a false one.
                Availability::Missing { how } | Availability::Partial { lacks: how } => {
                    missing.insert(format!("{}: {how}", data.name()));
                }
            }
        }
        if !missing.is_empty() {
            return Err(ExperimentError::Missing {
                experiment: format!("{} ({})", self.experiment.name(), self.preset),
                sets: missing.into_iter().collect(),
            });
        }
        if !any && !cells.is_empty() {
            let axes: BTreeSet<&str> = cells
                .iter()
                .flat_map(|cell| cell.labels.axes().map(|(axis, _)| axis))
                .collect();
            return Err(ExperimentError::NothingLeft {
                filter: self.only.text().into(),
                cells: cells.len(),
                labels: axes.into_iter().collect::<Vec<&str>>().join(", "),
            });
        }
        Ok(())
    }

    /// All records, those of this preset's cells marked as its own: another preset may have made them.
    fn adopt(&self, files: &SweepFolder) -> Result<Records, ExperimentError> {
        let mut records = files.records()?;
        let cells = self.experiment.cells(self.preset, &records)?;
        for cell in &cells {
            let name = cell.name()?;
            if let Some(record) = records.get(&name)
                && !record.presets.contains(&self.preset)
            {
                let mut record = record.clone();
                record.presets.insert(self.preset);
                record.write(&files.record_path(&name))?;
                records.add(record);
            }
        }
        Ok(records)
    }

    /// Takes over what another experiment in the same folder has already run; whether there was anything. Cells whose weights
    /// are kept are run where they are kept.
    fn take_over(&self, files: &SweepFolder, open: &[Cell]) -> Result<bool, ExperimentError> {
        let others = others(self.folder, files.path())?;
        let mut any = false;
        for cell in open.iter().filter(|cell| cell.keep.is_none()) {
            let name = cell.name()?;
            let paths = others.iter().map(|other| other.record_path(&name));
            if let Some(path) = paths.into_iter().find(|path| path.is_file()) {
                let record =
                    Record::read(&path)?.for_cell(self.experiment.name(), self.preset, cell);
                record.write(&files.record_path(&name))?;
                any = true;
            }
        }
        Ok(any)
    }

    /// Removes the folders of runs that have a record, whose process was killed in between, and pre-training that no preset needs
    /// any more. Runs that were to be kept stay.
    fn tidy(&self, files: &SweepFolder, records: &Records) -> Result<(), ExperimentError> {
        files.tidy_pretrained(|| {
            let mut heads = BTreeSet::new();
            for preset in Preset::ALL {
                let cells = self.experiment.cells(preset, records)?;
                for cell in without_record(&cells, records)? {
                    heads.extend(cell.head()?);
                }
            }
            Ok(heads)
        })?;
        for record in records.iter() {
            if !self.keep_runs && !files.is_kept(&record.cell) {
                remove(&files.run_path(&record.cell))?;
            }
        }
        Ok(())
    }

    /// The cells that this share runs, those with more examples first.
    fn open(&self, cells: &[Cell], records: &Records) -> Result<Vec<Cell>, ExperimentError> {
        let mut open = Vec::new();
        let mut names = BTreeSet::new();
        for cell in cells {
            let name = cell.name()?;
            let own =
                records.get(&name).is_none() && self.only.lets(cell) && cell.is_in(self.shard)?;
            // Two rows may need the same cell.
            if own && names.insert(name) {
                open.push((passes(&cell.plan, &self.locator)?, cell.clone()));
            }
        }
        open.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(open.into_iter().map(|(_, cell)| cell).collect())
    }

    fn planned(
        &self,
        cells: &[Cell],
        open: &[Cell],
        records: &Records,
    ) -> Result<Planned, ExperimentError> {
        let jobs = self.jobs()?;
        let rates = Rates::of(records, &self.locator);
        let mut planned = Planned {
            cells: names(cells)?.len(),
            recorded: recorded(cells, records)?,
            open: Vec::new(),
            jobs,
            measured: true,
            disk: (0, 0),
            searches: 0,
        };
        let (mut working, mut kept) = (Vec::new(), BTreeSet::new());
        let files = self.files();
        let mut heads = Heads::of(&files);
        for cell in open {
            let estimate = rates.estimate(cell, heads.made(cell)?, &self.locator)?;
            planned.open.push((cell.name()?, estimate.seconds));
            planned.measured &= estimate.measured;
            planned.disk.1 += RECORD;
            // One of a row stays.
            if cell.keep.as_ref().is_some_and(|row| kept.insert(row)) {
                planned.disk.1 += estimate.kept_bytes;
            }
            planned.searches += usize::from(cell.stage == CellStage::Search);
            working.push(estimate.working_bytes);
        }
        working.sort_unstable_by(|a, b| b.cmp(a));
        let pretrained = working.first().map_or(0, |largest| largest / COPIES);
        planned.disk.0 = match self.keep_runs {
            true => working.iter().sum(),
            false => working.iter().take(jobs).sum(),
        };
        let shared = shared(&without_record(cells, records)?, &files)?;
        planned.disk.0 += shared.len() as u64 * pretrained;
        Ok(planned)
    }

    /// Runs what waits, so many at once; how many got their record. The first failure stops all.
    fn batch(
        &self,
        files: &SweepFolder,
        queue: Arc<Queue>,
        jobs: usize,
    ) -> Result<usize, ExperimentError> {
        let workshop = Workshop {
            experiment: self.experiment.name(),
            preset: self.preset,
            folder: files,
            locator: &self.locator,
            device: &self.device,
            keep_runs: self.keep_runs,
            checkpoint_every: self.checkpoint_every,
            interrupter: &self.interrupter,
            observer: &self.observer,
        };
        let work = || -> Result<usize, ExperimentError> {
            let _guard = StopsOnPanic(&self.interrupter);
            let mut done = 0;
            while let Some(taken) = queue.take(|| self.interrupter.should_stop()) {
                match workshop.carry_out(taken) {
                    Ok(Carried::Recorded) => done += 1,
                    Ok(Carried::Stopped | Carried::Elsewhere) => {}
                    Err(error) => {
                        self.interrupter.stop(Some("a cell failed"));
                        return Err(error);
                    }
                }
            }
            Ok(done)
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
            let ends = workers.into_iter().map(|worker| match worker.join() {
                Ok(end) => end,
                Err(payload) => std::panic::resume_unwind(payload),
            });
            // All are waited for, whoever failed.
            let ends: Vec<Result<usize, ExperimentError>> = ends.collect();
            ends.into_iter().sum()
        })
    }
}

/// Stops the other cells where a panic ends one, which otherwise would be told after all of them.
struct StopsOnPanic<'a>(&'a Interrupter);

impl Drop for StopsOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop(Some("a cell failed"));
        }
    }
}

/// The other experiments of a folder.
fn others(folder: &Path, own: &Path) -> Result<Vec<SweepFolder>, ExperimentError> {
    let entries = std::fs::read_dir(folder).map_err(|source| io(folder, source))?;
    let mut others = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| io(folder, source))?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str())
            && path != own
            && path.is_dir()
        {
            others.push(SweepFolder::of(folder, name));
        }
    }
    others.sort_by(|a, b| a.path().cmp(b.path()));
    Ok(others)
}

/// The cells that have no record yet.
fn without_record(cells: &[Cell], records: &Records) -> Result<Vec<Cell>, ExperimentError> {
    let mut left = Vec::new();
    for cell in cells {
        if records.get(&cell.name()?).is_none() {
            left.push(cell.clone());
        }
    }
    Ok(left)
}

fn recorded(cells: &[Cell], records: &Records) -> Result<usize, ExperimentError> {
    let names = names(cells)?;
    let with = names.iter().filter(|name| records.get(name).is_some());
    Ok(with.count())
}
