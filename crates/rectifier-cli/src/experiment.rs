//! `rectifier experiment`.

mod progress;

use crate::args::{ExperimentCommand, ExperimentRunArgs};
use crate::device;
use crate::error::CliError;
use crate::output::{note, say};
use crate::pictures;
use crate::signals::Signals;
use crate::terminal::Terminal;
use crate::threads;
use burn_train::Interrupter;
use progress::Progress;
use rectifier_catalog::EngineChoice;
use rectifier_data::Locator;
use rectifier_experiments::{
    EXPERIMENTS, Experiment, ExperimentError, Planned, Preset, Runner, Shard, Status, SweepFolder,
    UserSweep, artifacts, cell_names, experiment,
};
use rectifier_nn::write_atomically;
use rectifier_train::spoken_seconds;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

/// Lists, runs, follows and reports experiments.
///
/// # Errors
/// [`CliError`].
pub fn run(command: &ExperimentCommand) -> Result<(), CliError> {
    match command {
        ExperimentCommand::List { at, preset } => list(&at.folder, *preset),
        ExperimentCommand::Run(args) => sweep(args),
        ExperimentCommand::Status { name, at, preset } => status(name, &at.folder, *preset),
        ExperimentCommand::Report {
            names,
            at,
            preset,
            png,
        } => {
            if *png {
                pictures::check()?;
            }
            let found = match names.is_empty() {
                true => recorded(&at.folder)?,
                false => names.clone(),
            };
            if found.is_empty() {
                let nothing = format!(
                    "{}: there is no record of an experiment",
                    at.folder.display()
                );
                return Err(CliError::Failed(nothing));
            }
            for name in &found {
                report(name, &at.folder, *preset, *png)?;
            }
            Ok(())
        }
    }
}

/// An experiment of the table, or a user's own.
enum Found {
    Known(&'static dyn Experiment),
    Own(Box<UserSweep>),
}

impl Deref for Found {
    type Target = dyn Experiment;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Known(experiment) => *experiment,
            Self::Own(sweep) => sweep.as_ref(),
        }
    }
}

/// What is called `name`: an experiment, or the sweep that the folder of this name remembers.
fn find(name: &str, folder: &Path) -> Result<Found, CliError> {
    let files = SweepFolder::of(folder, name);
    match experiment(name) {
        Ok(known) => Ok(Found::Known(known)),
        Err(unknown) => match files.state()?.and_then(|state| state.sweep) {
            Some(definition) => {
                let sweep = UserSweep::of(&definition, files.path())?;
                Ok(Found::Own(Box::new(sweep)))
            }
            None => Err(unknown.into()),
        },
    }
}

fn list(folder: &Path, preset: Preset) -> Result<(), CliError> {
    for experiment in EXPERIMENTS {
        let records = SweepFolder::of(folder, experiment.name()).records()?;
        let cells = experiment.cells(preset, &records)?;
        let done = records.of(preset).len();
        say(&format!(
            "{:<11} {done:>4} of {:>4} cells  {}",
            experiment.name(),
            // Rows may share a run.
            cell_names(&cells)?.len(),
            experiment.title()
        ));
    }
    Ok(())
}

fn sweep(args: &ExperimentRunArgs) -> Result<(), CliError> {
    let found = match (&args.sweep, &args.name) {
        (Some(file), _) => Found::Own(Box::new(UserSweep::read(file)?)),
        (None, Some(name)) => find(name, &args.at.folder)?,
        (None, None) => {
            return Err(CliError::Usage(
                "which experiment? `rectifier experiment list` names them".into(),
            ));
        }
    };
    let opened = device::open_all(args.device.as_deref())?;
    let interrupter = Interrupter::new();
    let progress = Arc::new(Progress::new(args.quiet));
    let runner = Runner {
        locator: args.place.locator(),
        jobs: args.jobs,
        shard: args.shard.unwrap_or(Shard::ALL),
        only: args.only.clone().unwrap_or_default(),
        keep_runs: args.keep,
        checkpoint_every: args.checkpoint_every,
        interrupter: interrupter.clone(),
        observer: progress.clone(),
        ..Runner::new(
            &*found,
            args.preset,
            &args.at.folder,
            EngineChoice {
                further: opened.further,
                ..EngineChoice::on(opened.device, &opened.name)
            },
        )
    };
    if args.dry_run {
        return dry_run(&runner);
    }
    threads::check()?;
    let signals = Signals::default();
    signals
        .watch(&interrupter, &Terminal, !args.quiet)
        .map_err(|source| CliError::Signals { source })?;
    let end = runner.run();
    progress.close();
    let end = end?;
    if end.stopped {
        return Err(CliError::Stopped {
            signal: signals.received(),
            text: format!(
                "stopped with {} of {} cells recorded, everything is saved; the same command goes on",
                end.recorded, end.cells
            ),
        });
    }
    let elsewhere = match end.elsewhere {
        0 => String::new(),
        cells => format!(
            "; {cells} are left to other shares, processes or filters: run again once they are done, for what follows from them"
        ),
    };
    say(&format!(
        "{}: {} of {} cells recorded, {} of them now{elsewhere}",
        found.name(),
        end.recorded,
        end.cells,
        end.now
    ));
    // A share may be done, or empty, before any other has a record.
    match end.recorded {
        0 => Ok(()),
        _ => report(found.name(), &args.at.folder, Some(args.preset), false),
    }
}

fn dry_run(runner: &Runner<'_>) -> Result<(), CliError> {
    let (planned, cells) = runner.plan()?;
    for (cell, (name, seconds)) in cells.iter().zip(&planned.open) {
        say(&format!(
            "{name}  {:>7}  {}",
            spoken_seconds(*seconds),
            cell.labels
        ));
    }
    say(&summary(&planned));
    Ok(())
}

/// What a sweep is about to do, in a line.
fn summary(planned: &Planned) -> String {
    const MEGABYTE: u64 = 1_000_000;
    let how = match planned.measured {
        true => "by the records of this folder",
        false => "by what a server processor with AVX-512 was measured at",
    };
    let follow = match planned.searches {
        0 => String::new(),
        searches => format!("; {searches} of them choose rates, and longer ones follow from them"),
    };
    format!(
        "{} of {} cells recorded, {} to run: {} with {} at a time, {how}; {} MB of disk while they run, {} MB stay{follow}",
        planned.recorded,
        planned.cells,
        planned.open.len(),
        spoken_seconds(planned.seconds()),
        planned.jobs,
        planned.disk.0.div_ceil(MEGABYTE),
        planned.disk.1.div_ceil(MEGABYTE),
    )
}

fn status(name: &str, folder: &Path, preset: Option<Preset>) -> Result<(), CliError> {
    let found = find(name, folder)?;
    let files = SweepFolder::of(folder, name);
    let last = files.state()?.map(|state| state.preset);
    let Some(preset) = preset.or(last) else {
        return Err(nothing(&files));
    };
    let status = Status::of(&*found, preset, &files, &Locator::default())?;
    say(&format!(
        "{name} ({preset}): {} of {} cells recorded{}; about {} on one thread are left",
        status.recorded,
        status.cells,
        match status.diverged {
            0 => String::new(),
            count => format!(", {count} diverged"),
        },
        spoken_seconds(status.seconds_left)
    ));
    for begun in &status.begun {
        let error = begun.valid_error.map_or(String::new(), |error| {
            format!("  validation error {error:.4}")
        });
        say(&format!(
            "  {}  epoch {} of {}{error}  {}",
            begun.cell, begun.epochs, begun.of, begun.labels
        ));
    }
    if let Some(best) = &status.best
        && let Some(summary) = best.summary()
    {
        say(&format!(
            "  best by validation: {:.4}  {}",
            summary.valid_error, best.labels
        ));
    }
    Ok(())
}

fn nothing(files: &SweepFolder) -> CliError {
    let error = ExperimentError::Nothing {
        folder: files.path().into(),
        name: files.name().into(),
    };
    error.into()
}

fn report(name: &str, folder: &Path, preset: Option<Preset>, png: bool) -> Result<(), CliError> {
    let found = find(name, folder)?;
    let files = SweepFolder::of(folder, name);
    let records = files.records()?;
    let Some(preset) = preset.or(records.largest_preset()) else {
        return Err(nothing(&files));
    };
    if records.of(preset).is_empty() {
        return Err(nothing(&files));
    }
    for file in artifacts(&*found, preset, &records)? {
        let path = files.path().join(&file.name);
        write_atomically(&path, file.text.as_bytes())?;
        if png && file.name.ends_with(".svg") {
            pictures::draw(&path)?;
        }
    }
    note(&format!(
        "{name}: {} records of preset {preset}, made {}",
        records.of(preset).len(),
        files.path().join("index.html").display()
    ));
    Ok(())
}

/// The experiments and sweeps that have records.
fn recorded(folder: &Path) -> Result<Vec<String>, CliError> {
    let mut names = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|source| CliError::io(folder, source))?;
    for entry in entries {
        let entry = entry.map_err(|source| CliError::io(folder, source))?;
        if entry.path().join("records").is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
