//! `rectifier data`.

use crate::args::{DataArgs, DataCommand, PartName};
use crate::data::{DataChoice, distortion_sheet, infos, named};
use crate::error::CliError;
use crate::output::{note, say};
use crate::progress;
use rectifier_data::{Locator, Sheet, class_counts, contact_sheet};
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
            distortions,
            data,
        } => {
            let out = out
                .clone()
                .unwrap_or_else(|| PathBuf::from(format!("{set}.png")));
            if *distortions {
                return preview_distortions(set, &out, *scale, *part, data);
            }
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

fn list(as_json: bool, data: &DataArgs) -> Result<(), CliError> {
    let locator = Locator {
        offline: true,
        ..data.locator()
    };
    for info in infos() {
        let state = match named(&info.name)?.load(&locator, &mut |_, _| {}) {
            Ok(_) => "here".to_string(),
            Err(_) => format!("not here: {}", info.source),
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
    for warning in &loaded.warnings {
        note(&format!("warning: {warning}"));
    }
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
