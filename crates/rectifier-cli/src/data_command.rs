//! `rectifier data`.

use crate::args::{DataArgs, DataCommand, PartName};
use crate::data::{DataChoice, infos, named};
use crate::error::CliError;
use crate::output::{note, say};
use crate::progress;
use rectifier_data::{DataError, Locator, Sheet, class_counts, contact_sheet};
use std::path::{Path, PathBuf};

/// Does what `command` asks for.
///
/// # Errors
/// [`CliError`].
pub fn data(command: &DataCommand) -> Result<(), CliError> {
    match command {
        DataCommand::List { json, data } => list(*json, data),
        DataCommand::Fetch { set, data } => {
            let loaded = choice(set, data)?.load(&data.locator(), &mut progress::bar(false))?;
            loaded
                .warnings
                .iter()
                .for_each(|warning| note(&format!("warning: {warning}")));
            say(&format!("{set}: complete, {}", sizes(&loaded.info.sizes)));
            Ok(())
        }
        DataCommand::Check { set, data } => check(set, data),
        DataCommand::Preview {
            set,
            out,
            count,
            columns,
            scale,
            part,
            data,
        } => {
            let out = out
                .clone()
                .unwrap_or_else(|| PathBuf::from(format!("{set}.png")));
            preview(set, &out, (*count, *columns, *scale), *part, data)
        }
    }
}

fn choice(set: &str, data: &DataArgs) -> Result<DataChoice, CliError> {
    let mut asked = data.clone();
    asked.data = Some(set.into());
    match asked.choice()? {
        Some(choice) => Ok(choice),
        None => named(set),
    }
}

fn sizes(sizes: &rectifier_data::Sizes) -> String {
    format!(
        "{} / {} / {} train / valid / test",
        sizes.train, sizes.valid, sizes.test
    )
}

/// Whether every file of the set `name` is on this machine and right; fetches nothing if the locator is offline.
///
/// # Errors
/// [`CliError::Data`] for a file that is there but is not what it should be.
pub fn is_here(name: &str, locator: &Locator) -> Result<bool, CliError> {
    match named(name)?.load(locator, &mut |_, _| {}) {
        Ok(_) => Ok(true),
        Err(CliError::Data(DataError::Missing(_))) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The folders that files are looked for in, in order.
pub fn searched(locator: &Locator) -> Vec<PathBuf> {
    [&locator.data_dir, &locator.shared_dir, &locator.cache_dir]
        .into_iter()
        .flatten()
        .cloned()
        .collect()
}

fn list(as_json: bool, data: &DataArgs) -> Result<(), CliError> {
    let locator = Locator {
        offline: true,
        ..data.locator()
    };
    for info in infos() {
        let state = match is_here(&info.name, &locator) {
            Ok(true) => "here".to_string(),
            Ok(false) => format!("not here: {}", info.source),
            Err(error) => format!("not usable: {error}"),
        };
        if as_json {
            let mut value =
                serde_json::to_value(&info).map_err(|error| CliError::Failed(error.to_string()))?;
            value["here"] = (state == "here").into();
            say(&value.to_string());
        } else {
            say(&format!(
                "{}\n  {}\n  {} classes, input {:?}, {}\n  {state}\n  licence {}\n  cite {}",
                info.name,
                info.title,
                info.classes,
                info.shape,
                sizes(&info.sizes),
                info.licence,
                info.citation
            ));
        }
    }
    Ok(())
}

fn check(set: &str, data: &DataArgs) -> Result<(), CliError> {
    let loaded = choice(set, data)?.load(&data.locator(), &mut progress::bar(false))?;
    loaded
        .warnings
        .iter()
        .for_each(|warning| note(&format!("warning: {warning}")));
    for (name, part) in [
        ("train", &loaded.split.train),
        ("valid", &loaded.split.valid),
        ("test", &loaded.split.test),
    ] {
        let counts = class_counts(part.as_ref())?;
        let (fewest, most) = (counts.iter().min().copied(), counts.iter().max().copied());
        say(&format!(
            "{name:<5} {:>6} examples of {:?}, {} classes with {} to {} examples each",
            part.len(),
            part.shape(),
            counts.len(),
            fewest.unwrap_or(0),
            most.unwrap_or(0)
        ));
    }
    say(&format!(
        "{set}: every file and every label is as it should be"
    ));
    Ok(())
}

fn preview(
    set: &str,
    out: &Path,
    (count, columns, scale): (usize, usize, usize),
    part: PartName,
    data: &DataArgs,
) -> Result<(), CliError> {
    let loaded = choice(set, data)?.load(&data.locator(), &mut progress::bar(false))?;
    let examples = match part {
        PartName::Train => loaded.split.train,
        PartName::Valid => loaded.split.valid,
        PartName::Test => loaded.split.test,
    };
    let indices: Vec<usize> = (0..examples.len().min(count)).collect();
    let sheet = Sheet {
        scale,
        ..Sheet::new(columns)
    };
    let png = contact_sheet(examples.as_ref(), &indices, &sheet)?;
    rectifier_nn::write_atomically(out, &png)?;
    say(&out.display().to_string());
    Ok(())
}
