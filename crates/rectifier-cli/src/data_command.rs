//! `rectifier data`.

use crate::args::{DataArgs, DataCommand, PartName, PlaceArgs};
use crate::data_check;
use crate::destination::{Destination, files_of};
use crate::error::CliError;
use crate::output::{note, say};
use crate::progress;
use rectifier_catalog::{DataSpec, standing_alone};
use rectifier_data::{Availability, DataError, Locator, Sheet, contact_sheet};
use std::path::{Path, PathBuf};

/// Does what `command` asks for.
///
/// # Errors
/// [`CliError`].
pub fn data(command: &DataCommand) -> Result<(), CliError> {
    match command {
        DataCommand::List { json, place } => list(*json, place),
        DataCommand::Fetch { set, data } => {
            let data_set = choice(set, data)?;
            if let Availability::Missing { how } = data_set.find(&data.locator())? {
                return Err(CliError::Failed(format!("{set} cannot be fetched: {how}")));
            }
            let loaded = data_set.load(&data.locator(), None, &mut progress::bar(false))?;
            loaded
                .warnings
                .iter()
                .for_each(|warning| note(&format!("warning: {warning}")));
            say(&format!("{set}: complete, {}", loaded.info.sizes));
            Ok(())
        }
        DataCommand::Check {
            set: Some(set),
            data,
        } => data_check::check(set, &choice(set, data)?, data),
        DataCommand::Check { set: None, data } => match data.choice()? {
            Some(set) => data_check::check(set.name(), &set, data),
            None => data_check::check_all(data),
        },
        DataCommand::Preview {
            set,
            out,
            count,
            columns,
            scale,
            as_grey,
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
                grey: *as_grey,
                ..Sheet::new(*columns)
            };
            preview(set, &out, *count, sheet, *part, data)
        }
    }
}

/// The set named as the command's argument; `--data` beside it must not name another.
fn choice(set: &str, data: &DataArgs) -> Result<DataSpec, CliError> {
    if let Some(other) = data.data.as_deref().filter(|other| *other != set) {
        return Err(CliError::Usage(format!(
            "two data sets are named, {set} and --data {other}: leave one out"
        )));
    }
    Ok(DataSpec::open(set, &data.set.options)?)
}

/// Where the set `name` is, its files checked where it is on this machine; `None` where they are missing.
///
/// # Errors
/// [`CliError`] for a file that is there but is not what it should be.
pub fn is_here(name: &str, locator: &Locator) -> Result<Availability, CliError> {
    let set = DataSpec::named(name)?;
    let place = set.find(locator)?;
    let info = set.info(locator)?;
    let pixels = info.width() as u64 * info.sizes.train as u64;
    let readable = matches!(place, Availability::Here(_)) && pixels < QUICKLY_READ;
    match readable.then(|| set.load(locator, None, &mut |_, _| {})) {
        Some(Err(DataError::Missing(missing))) => Ok(Availability::Missing {
            how: missing.to_string(),
        }),
        Some(Err(error)) => Err(error.into()),
        Some(Ok(_)) | None => Ok(place),
    }
}

/// Decoding more numbers than this takes up to a minute: `data check` does it.
const QUICKLY_READ: u64 = 200_000_000;

/// The folders that files are looked for in, in order.
pub fn searched(locator: &Locator) -> Vec<PathBuf> {
    [&locator.data_dir, &locator.shared_dir, &locator.cache_dir]
        .into_iter()
        .flatten()
        .cloned()
        .collect()
}

fn list(as_json: bool, place: &PlaceArgs) -> Result<(), CliError> {
    let locator = Locator {
        offline: true,
        ..place.locator()
    };
    for set in standing_alone() {
        let set = DataSpec::named(set.name())?;
        let info = set.info(&locator)?;
        let place = set.find(&locator)?;
        if as_json {
            let mut value =
                serde_json::to_value(&info).map_err(|error| CliError::Failed(error.to_string()))?;
            let here = match &place {
                Availability::Generated | Availability::Partial { .. } | Availability::Here(_) => {
                    true
                }
                Availability::Fetchable | Availability::Missing { .. } => false,
            };
            value["here"] = here.into();
            if let Availability::Partial { lacks } = &place {
                value["lacks"] = lacks.as_str().into();
            }
            value["path"] = match &place {
                Availability::Here(path) => path.display().to_string().into(),
                _ => serde_json::Value::Null,
            };
            say(&value.to_string());
        } else {
            let state = match place {
                Availability::Generated => info.source.clone(),
                Availability::Partial { lacks } => {
                    format!("{}\n  here in part: {lacks}", info.source)
                }
                Availability::Here(path) => format!("here: {}", path.display()),
                Availability::Fetchable => {
                    format!(
                        "not here: `rectifier data fetch {}`; {}",
                        info.name, info.source
                    )
                }
                Availability::Missing { how } => format!("not here: {how}"),
            };
            say(&format!(
                "{}\n  {}\n  {} classes, input {:?}, {}\n  {state}\n  licence {}\n  cite {}",
                info.name,
                info.title,
                info.classes,
                info.shape,
                info.sizes,
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
    let out = Destination::new("--out", out, files_of(&choice))?;
    let loaded = choice.load(&data.locator(), None, &mut progress::bar(false))?;
    for warning in &loaded.warnings {
        note(&format!("warning: {warning}"));
    }
    let examples = loaded.split.part(part.into());
    let indices: Vec<usize> = (0..examples.len().min(count)).collect();
    let (min, max) = choice.nature().range;
    let sheet = Sheet { min, max, ..sheet };
    let png = contact_sheet(examples.as_ref(), &indices, &sheet)?;
    out.write(&png)?;
    say(&out.path().display().to_string());
    Ok(())
}

fn preview_distortions(
    set: &str,
    out: &Path,
    scale: usize,
    part: PartName,
    data: &DataArgs,
) -> Result<(), CliError> {
    let choice = choice(set, data)?;
    let out = Destination::new("--out", out, files_of(&choice))?;
    let Some(sheet) = choice.making_of(part.into(), scale, &data.locator())? else {
        return Err(CliError::Usage(format!(
            "--distortions goes with nistp, {set} has none"
        )));
    };
    for warning in &sheet.warnings {
        note(&format!("warning: {warning}"));
    }
    out.write(&sheet.png)?;
    note(&sheet.legend);
    say(&out.path().display().to_string());
    Ok(())
}
