//! `models list`, `show` and `fetch`.

use super::chosen::{Chosen, Shelf};
use crate::args::ZooArgs;
use crate::error::CliError;
use crate::output::{error_of, note, percent, percents, say};
use crate::progress;
use rectifier_plot::words;
use rectifier_zoo::{Entry, Place};
use serde_json::{Value, json};

/// `models list`.
///
/// # Errors
/// [`CliError`].
pub fn list(pattern: &str, as_json: bool, zoo: &ZooArgs) -> Result<(), CliError> {
    let shelf = Shelf::open(zoo, true)?;
    let entries = shelf.zoo.list(pattern);
    if entries.is_empty() {
        note(match shelf.zoo.entries() {
            [] => "the registry has no networks",
            _ => "no network is called so",
        });
    }
    let mut rows = Vec::new();
    for entry in entries {
        let place = shelf.places.look(entry)?;
        if as_json {
            say(&as_value(entry, place.as_ref())?.to_string());
            continue;
        }
        let (name, error) = error_of(entry.objective, entry.figures.test_error);
        let place = place.map_or("not here".into(), |place| place.to_string());
        rows.push([
            entry.name.clone(),
            format!("{name} {error}"),
            format!("zeros {}", percents(&entry.figures.zeros)),
            format!("{} {}", size(entry.file.bytes), entry.precision),
            entry.sizes(),
            place,
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    for row in &rows {
        let cells = row.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        say(cells.join("  ").trim_end());
    }
    Ok(())
}

/// `models show`.
///
/// # Errors
/// [`CliError`].
pub fn show(name: &str, as_json: bool, zoo: &ZooArgs) -> Result<(), CliError> {
    let shelf = Shelf::open(zoo, true)?;
    let entry = shelf.zoo.get(name)?;
    let place = shelf.places.look(entry)?;
    if as_json {
        say(&as_value(entry, place.as_ref())?.to_string());
        return Ok(());
    }
    let text = |error: f64| error_of(entry.objective, error).1;
    let range = |interval: Option<[f64; 2]>| {
        interval.map_or(String::new(), |[low, high]| {
            format!(" (95% interval {} to {})", text(low), text(high))
        })
    };
    let (error, _) = error_of(entry.objective, 0.0);
    let figures = &entry.figures;
    let shape: Vec<String> = entry.data.shape.iter().map(usize::to_string).collect();
    let [low, high] = entry.data.range;
    let told = |value: &Option<String>| value.clone().unwrap_or_else(|| "not told".into());
    let zeros: Vec<String> = figures.zeros.iter().copied().map(percent).collect();
    let dead: Vec<String> = figures.dead.iter().map(usize::to_string).collect();
    let made = &entry.provenance;
    let lines = [
        ("network", format!("{} ({})", entry.name, entry.sizes())),
        ("units", unit(entry)),
        ("task", entry.task.clone()),
        (
            "inputs",
            match &entry.encoder {
                Some(kind) => format!("{}, by the encoder in the file ({kind})", shape.join("x")),
                None => format!("{} numbers from {low} to {high}", shape.join("x")),
            },
        ),
        ("classes", entry.classes.join(", ")),
        (
            error,
            format!(
                "{}{} on {} test examples; {} in f32",
                text(figures.test_error),
                range(figures.interval),
                figures.test_examples,
                text(figures.f32_error)
            ),
        ),
        (
            "row",
            format!(
                "{} over {} runs{}; seed {} has the lowest validation error, {}",
                text(entry.row.mean),
                entry.row.runs,
                range(entry.row.interval),
                entry.row.seed,
                text(figures.valid_error)
            ),
        ),
        ("zeros", zeros.join("  ")),
        ("dead units", dead.join(", ")),
        ("parameters", entry.parameters.to_string()),
        (
            "file",
            format!(
                "{} ({}, {})",
                entry.file.path,
                size(entry.file.bytes),
                entry.precision
            ),
        ),
        ("SHA-256", entry.file.sha256.clone()),
        (
            "here",
            place.map_or_else(
                || format!("no: rectifier models fetch {name}"),
                |place| place.to_string(),
            ),
        ),
        (
            "made",
            format!(
                "in {:.1} minutes by {}, {} engine, {} ({})",
                entry.minutes,
                told(&made.version),
                told(&made.engine),
                told(&made.processor),
                told(&made.instruction_set)
            ),
        ),
        ("again", format!("rectifier models verify {name} --retrain")),
        ("licence", entry.licence.clone()),
        (
            "data",
            format!(
                "{}; {}",
                entry.data_terms.licence, entry.data_terms.citation
            ),
        ),
    ];
    for (what, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        say(&format!("{what:<11} {value}"));
    }
    Ok(())
}

/// `models fetch`.
///
/// # Errors
/// [`CliError`] of the first file that cannot be had.
pub fn fetch(names: &[String], zoo: &ZooArgs, offline: bool) -> Result<(), CliError> {
    let shelf = Shelf::open(zoo, offline)?;
    for name in names {
        for chosen in shelf.chosen(name)? {
            let Chosen::Entry(entry) = chosen else {
                return Err(CliError::Usage(format!("{name} is a file: it is here")));
            };
            let mut bar = progress::of(&entry.name, false);
            let located = shelf.places.file(&entry, &entry.file, &mut bar)?;
            shelf.places.file(&entry, &entry.logits, &mut |_, _| {})?;
            say(&format!("{}  {}", entry.name, located.place));
        }
    }
    Ok(())
}

/// An entry as JSON, and where its weights are.
fn as_value(entry: &Entry, place: Option<&Place>) -> Result<Value, CliError> {
    let value = serde_json::to_value(entry);
    let mut value = value.map_err(|error| CliError::Failed(error.to_string()))?;
    value["here"] = json!(place.map(Place::to_string));
    Ok(value)
}

fn unit(entry: &Entry) -> String {
    let value = serde_json::to_value(entry.network.unit).unwrap_or_default();
    value["kind"].as_str().unwrap_or_default().into()
}

/// A file's length as people say it.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", words::number(bytes as f64 / 1e3)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
