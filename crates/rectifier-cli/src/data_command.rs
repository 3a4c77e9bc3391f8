//! `rectifier data`.

use crate::args::{DataArgs, DataCommand, PartName};
use crate::data::{DataChoice, Whereabouts, all_named, distortion_sheet, named};
use crate::data_check;
use crate::error::CliError;
use crate::output::{note, say};
use crate::progress;
use rectifier_data::{DataError, Locator, Sheet, contact_sheet};
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
        DataCommand::Check {
            set: Some(set),
            data,
        } => data_check::check(set, &choice(set, data)?, data),
        DataCommand::Check { set: None, data } => data_check::check_all(data),
        DataCommand::Preview {
            set,
            out,
            count,
            columns,
            scale,
            grey,
            part,
            distortions,
            data,
        } => {
            let out = out
                .clone()
                .unwrap_or_else(|| PathBuf::from(format!("{set}.png")));
            if *distortions {
                return preview_distortions(set, &out, *scale, *part, data);
            }
            let sheet = Sheet {
                scale: *scale,
                grey: *grey,
                ..Sheet::new(*columns)
            };
            preview(set, &out, *count, sheet, *part, data)
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
    let set = named(name)?;
    match (set.whereabouts(locator)?, &set) {
        (Whereabouts::Absent, _) => return Ok(false),
        // Decoding these takes a minute: `data check` does it.
        (_, DataChoice::Norb | DataChoice::NorbSmall) => return Ok(true),
        _ => {}
    }
    match set.load(locator, &mut |_, _| {}) {
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
    for set in all_named() {
        let Some(info) = set.info() else { continue };
        let place = set.whereabouts(&locator)?;
        if as_json {
            let mut value =
                serde_json::to_value(&info).map_err(|error| CliError::Failed(error.to_string()))?;
            value["here"] = (!matches!(place, Whereabouts::Absent)).into();
            value["path"] = match &place {
                Whereabouts::At(path) => path.display().to_string().into(),
                _ => serde_json::Value::Null,
            };
            say(&value.to_string());
        } else {
            let state = match place {
                Whereabouts::Made => info.source.clone(),
                Whereabouts::At(path) => format!("here: {}", path.display()),
                Whereabouts::Absent => format!("not here: {}", info.source),
            };
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

fn preview(
    set: &str,
    out: &Path,
    count: usize,
    sheet: Sheet,
    part: PartName,
    data: &DataArgs,
) -> Result<(), CliError> {
    let choice = choice(set, data)?;
    let loaded = choice.load(&data.locator(), &mut progress::bar(false))?;
    for warning in &loaded.warnings {
        note(&format!("warning: {warning}"));
    }
    let examples = match part {
        PartName::Train => loaded.split.train,
        PartName::Valid => loaded.split.valid,
        PartName::Test => loaded.split.test,
    };
    let indices: Vec<usize> = (0..examples.len().min(count)).collect();
    let (min, max) = choice.range();
    let sheet = Sheet { min, max, ..sheet };
    let png = contact_sheet(examples.as_ref(), &indices, &sheet)?;
    rectifier_nn::write_atomically(out, &png)?;
    say(&out.display().to_string());
    Ok(())
}

fn preview_distortions(
    set: &str,
    out: &Path,
    scale: usize,
    part: PartName,
    data: &DataArgs,
) -> Result<(), CliError> {
    let DataChoice::Nistp(choice) = choice(set, data)? else {
        return Err(CliError::Usage(format!(
            "--distortions goes with nistp, {set} has none"
        )));
    };
    let sheet = distortion_sheet(&choice, part, scale, &data.locator())?;
    for warning in &sheet.warnings {
        note(&format!("warning: {warning}"));
    }
    rectifier_nn::write_atomically(out, &sheet.png)?;
    note(&sheet.legend);
    say(&out.display().to_string());
    Ok(())
}
