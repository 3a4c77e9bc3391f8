//! `rectifier results`: records of runs, and the tables and drawings made from them.

mod page;
mod runs;

use crate::args::ResultsCommand;
use crate::error::CliError;
use crate::output::{say, write_file};
use crate::pictures;
use rectifier_bench::{BenchRecord, GrowthRecord, ThresholdFile, peer_epochs, trainings};
use rectifier_catalog::CatalogError;
use rectifier_experiments::{EXPERIMENTS, Experiment, SweepFolder, digest};
use rectifier_plot::Table;
use rectifier_report::shell_word;
use std::path::{Path, PathBuf};

/// What a record keeps of a run; weights and checkpoints are left behind.
const KEPT: [&str; 3] = ["recipe.json", "summary.json", "history.jsonl"];

/// How the names of records in the making begin; a command that was killed leaves them.
const PARTIAL: &str = ".partial-";

/// Does what `command` asks for.
///
/// # Errors
/// [`CliError`].
pub fn results(command: &ResultsCommand) -> Result<(), CliError> {
    match command {
        ResultsCommand::Add {
            run,
            name,
            kind,
            replace,
            folder,
        } => {
            check_name(name)?;
            let to = folder.join(kind.folder()).join(name);
            add(run, &to, *replace)?;
            say(&to.display().to_string());
            Ok(())
        }
        ResultsCommand::AddPeer {
            log,
            beside,
            program,
            replace,
            folder,
        } => {
            check_name(beside)?;
            check_name(program)?;
            let record = beside.rsplit_once('-');
            let Some((record, seed)) = record.filter(|(_, seed)| seed.parse::<u64>().is_ok())
            else {
                return Err(CliError::Usage(format!(
                    "`{beside}` is no record with a seed, such as mnist-1"
                )));
            };
            let text = peer_epochs(log)?;
            let to = folder.join("peers").join(format!("{record}.{program}"));
            let file = to.join(format!("{seed}.jsonl"));
            if !replace && holds_other(&file, text.as_bytes()) {
                return Err(taken(&file));
            }
            write_file(&file, text.as_bytes())?;
            say(&file.display().to_string());
            Ok(())
        }
        ResultsCommand::Plot { folder, png } => plot(folder, *png),
        ResultsCommand::Table { folder, write } => {
            let blocks = blocks(folder)?;
            match write {
                None => {
                    for block in &blocks {
                        say(block.text.as_deref().unwrap_or(page::NOTHING));
                    }
                    Ok(())
                }
                Some(page) => page::fill(page, folder, &blocks),
            }
        }
    }
}

/// Every table of the records in `folder`.
fn blocks(folder: &Path) -> Result<Vec<page::Block>, CliError> {
    if !folder.is_dir() {
        return Err(CliError::Failed(format!(
            "{}: no such folder of records; `rectifier results add RUN NAME --folder {0}` makes one",
            folder.display()
        )));
    }
    let bench = BenchRecord::read(folder)?;
    let markdown = |table: Table| table.markdown();
    let studies = ThresholdFile::read_all(folder)?;
    let studies: Vec<String> = studies.iter().map(ThresholdFile::table).collect();
    let texts = [
        ("runs", runs::table(folder)?.map(markdown)),
        ("training", trainings(folder)?.map(markdown)),
        ("speed", bench.as_ref().map(BenchRecord::speed_table)),
        ("bench", bench.as_ref().map(BenchRecord::whole_table)),
        ("devices", devices(folder)?),
        (
            "growth",
            GrowthRecord::read(folder)?.map(|record| record.bound_table()),
        ),
        (
            "thresholds",
            (!studies.is_empty()).then(|| studies.join("\n\n")),
        ),
        ("penalty", runs::penalties(folder)?.map(markdown)),
    ];
    let mut blocks = Vec::from(texts.map(|(name, text)| page::Block {
        name: name.into(),
        text,
    }));
    for experiment in EXPERIMENTS {
        blocks.push(page::Block {
            name: experiment.name().into(),
            text: recorded(*experiment, folder)?,
        });
    }
    Ok(blocks)
}

/// What the records of an experiment say, at the preset that was last run.
fn recorded(experiment: &dyn Experiment, folder: &Path) -> Result<Option<String>, CliError> {
    let files = SweepFolder::of(&folder.join("experiments"), experiment.name());
    match files.state()? {
        Some(state) => Ok(digest(experiment, state.preset, &files.records()?)?),
        None => Ok(None),
    }
}

/// The steps of other machines, one after another.
fn devices(folder: &Path) -> Result<Option<String>, CliError> {
    let mut tables = Vec::new();
    for machine in folders(&folder.join("devices"))? {
        tables.extend(BenchRecord::read(&machine)?.map(|record| record.speed_table()));
    }
    Ok((!tables.is_empty()).then(|| tables.join("\n\n")))
}

/// Draws the records of measurements in `folder` beside them, as pictures too where `png` is asked for.
///
/// # Errors
/// [`CliError`] where there is no record, or one that cannot be read.
fn plot(folder: &Path, png: bool) -> Result<(), CliError> {
    if png {
        pictures::check()?;
    }
    let mut drawn = Vec::new();
    for records in std::iter::once(folder.to_path_buf()).chain(folders(&folder.join("devices"))?) {
        if let Some(record) = BenchRecord::read(&records)? {
            drawn.extend(record.draw(&records.join("bench"))?);
        }
    }
    if let Some(record) = GrowthRecord::read(folder)? {
        drawn.extend(record.draw(&folder.join("growth"))?);
    }
    if drawn.is_empty() {
        return Err(CliError::Failed(format!(
            "{}: no record of a measurement; make one with `rectifier bench --out {}`",
            folder.display(),
            folder.join("bench").display()
        )));
    }
    for path in drawn {
        say(&path.display().to_string());
        if png {
            for picture in pictures::draw(&path)? {
                say(&picture.display().to_string());
            }
        }
    }
    Ok(())
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(path).map_err(|source| CliError::io(path, source))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && !in_the_making(path))
        .collect();
    paths.sort();
    Ok(paths)
}

fn in_the_making(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(PARTIAL.as_bytes())
}

/// That `name` is one of a file wherever records go.
fn check_name(name: &str) -> Result<(), CliError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match !name.is_empty() && name.chars().all(plain) && !name.starts_with('.') {
        true => Ok(()),
        false => Err(CliError::Usage(format!(
            "`{name}` cannot be the name of a record: use letters, digits, -, _ and, not first, ."
        ))),
    }
}

/// Whether there is something else than `bytes` in the file.
fn holds_other(file: &Path, bytes: &[u8]) -> bool {
    std::fs::read(file).is_ok_and(|there| there != bytes)
}

fn taken(record: &Path) -> CliError {
    CliError::Usage(format!(
        "{}: there is a record of something else already: give another name, or --replace",
        record.display()
    ))
}

/// Keeps the record of `run` in the folder `to`: a new one appears as a whole, one of another run is let be unless it is
/// to be replaced.
fn add(run: &Path, to: &Path, replace: bool) -> Result<(), CliError> {
    if !run.join(KEPT[0]).is_file() {
        let folder = run.into();
        return Err(CatalogError::NoRun { folder }.into());
    }
    if !run.join(KEPT[1]).is_file() {
        let word = shell_word(run.as_os_str());
        return Err(CliError::Failed(format!(
            "{}: the run has not ended, there is no result to keep; `rectifier train --resume {word}` goes on with it",
            run.display()
        )));
    }
    let mut kept = Vec::with_capacity(KEPT.len());
    for file in KEPT {
        let from = run.join(file);
        let bytes = std::fs::read(&from).map_err(|source| CliError::io(&from, source))?;
        kept.push((file, bytes));
    }
    let write = |folder: &Path| {
        kept.iter().try_for_each(|(file, bytes)| {
            rectifier_nn::write_atomically(&folder.join(file), bytes).map_err(CliError::from)
        })
    };
    if to.exists() {
        let other = (kept.iter()).any(|(file, bytes)| holds_other(&to.join(file), bytes));
        return match other && !replace {
            true => Err(taken(to)),
            false => write(to),
        };
    }
    let beside = to.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(beside).map_err(|source| CliError::io(beside, source))?;
    sweep(beside);
    let making = tempfile::Builder::new()
        .prefix(PARTIAL)
        .tempdir_in(beside)
        .map_err(|source| CliError::io(beside, source))?;
    // Says that somebody writes it.
    let _lock = lock(making.path());
    // A temporary folder is its maker's alone; a record may be read by everybody who may read its neighbours.
    let fresh = making.path().join("record");
    std::fs::create_dir(&fresh).map_err(|source| CliError::io(&fresh, source))?;
    write(&fresh)?;
    std::fs::rename(&fresh, to).map_err(|source| CliError::io(to, source))
}

/// The folder at `path`, locked; none where somebody else has it, or the system cannot.
#[cfg(unix)]
fn lock(path: &Path) -> Option<std::fs::File> {
    let folder = std::fs::File::open(path).ok()?;
    folder.try_lock().ok().map(|()| folder)
}

#[cfg(not(unix))]
fn lock(_path: &Path) -> Option<std::fs::File> {
    None
}

/// Removes records in the making that are a minute old and that nobody writes: those of commands that were killed.
fn sweep(folder: &Path) {
    const AGE: std::time::Duration = std::time::Duration::from_secs(60);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let modified = entry.metadata().and_then(|data| data.modified());
        let age = modified.ok().and_then(|time| time.elapsed().ok());
        let old = age.is_some_and(|age| age > AGE);
        if old && path.is_dir() && in_the_making(&path) && lock(&path).is_some() {
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}

/// What the file at `path` holds.
///
/// # Errors
/// [`CliError`] where it cannot be read or is no such record.
fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::io(path, source))?;
    serde_json::from_str(&text)
        .map_err(|error| CliError::Failed(format!("{}: {error}", path.display())))
}
