//! The only place that writes to the terminal.

use crate::error::CliError;
use rectifier_train::{EpochRecord, Evaluation, Objective, Standing, Summary, spoken_seconds};
use serde_json::json;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::OnceLock;

/// The first line of output that nothing took.
static LOST: OnceLock<std::io::Error> = OnceLock::new();

/// Writes a line to standard output; [`said`] tells whether every line went through.
pub fn say(line: &str) {
    if let Err(error) = writeln!(std::io::stdout(), "{line}") {
        let _ = LOST.set(error);
    }
}

/// Whether every line went through; a closed pipe is no error, its reader has seen enough.
///
/// # Errors
/// [`CliError::Io`], such as for a full disk behind a redirection.
pub fn said() -> Result<(), CliError> {
    match LOST.get() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => {
            let again = error
                .raw_os_error()
                .map_or_else(|| error.kind().into(), std::io::Error::from_raw_os_error);
            Err(CliError::io(Path::new("standard output"), again))
        }
        _ => Ok(()),
    }
}

/// Writes a file whole or not at all, and makes its folder where there is none.
///
/// # Errors
/// [`CliError::Io`] and those of writing.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| CliError::io(folder, source))?;
    }
    Ok(rectifier_nn::write_atomically(path, bytes)?)
}

/// Writes a line to standard error.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

use rectifier_plot::words;
pub use rectifier_plot::words::{count, percent, percents};

/// The error that `objective` is measured by: its name, and the value as people write it.
pub fn error_of(objective: Objective, error: f64) -> (&'static str, String) {
    let share = objective == Objective::Classification;
    (words::error_name(share), words::error(error, share))
}

/// One epoch on one line.
pub fn epoch_line(record: &EpochRecord, standing: &Standing, objective: Objective) -> String {
    let place = format!(
        "epoch {:>2}/{}  {} {}",
        standing.done, standing.total, record.title, record.epoch
    );
    let middle = match (record.train_error, record.valid_error) {
        (Some(train), Some(valid)) => {
            let (name, valid) = error_of(objective, valid);
            format!(
                "loss {:.4}  train error {}  valid {name} {valid}{}",
                record.train_loss,
                percent(train),
                if record.best { " *" } else { "  " }
            )
        }
        _ => format!(
            "reconstruction {:.4}  valid {:.4}",
            record.train_loss, record.valid_loss
        ),
    };
    let zeros = match record.zeros.as_slice() {
        [] => String::new(),
        zeros => format!("  zeros {}", percents(zeros)),
    };
    let left = spoken_seconds(standing.seconds_left);
    format!(
        "{place}  {middle}{zeros}  {:.1}s  {left} left",
        record.seconds
    )
}

/// The result of a run for people.
pub fn summary(summary: &Summary, objective: Objective, run: &str, model: &str) -> String {
    let mut text = String::new();
    let interval = match summary.test_interval {
        Some((low, high)) => format!("  (95% interval {} to {})", percent(low), percent(high)),
        None => String::new(),
    };
    let (name, test) = error_of(objective, summary.test_error);
    let (_, valid) = error_of(objective, summary.valid_error);
    text.push_str(&format!("test {name:<7} {test}{interval}\n"));
    text.push_str(&format!(
        "valid {name:<6} {valid}  (best epoch {})\n",
        summary.best_epoch
    ));
    if !summary.zeros.is_empty() {
        let zeros: Vec<String> = summary.zeros.iter().map(|share| percent(*share)).collect();
        let layers = match zeros.len() {
            1 => "the hidden layer".into(),
            count => format!("hidden layers 1 to {count}"),
        };
        text.push_str(&format!("exact zeros  {}  ({layers})\n", zeros.join("  ")));
        let dead: Vec<String> = summary
            .dead
            .iter()
            .zip(&summary.units)
            .map(|(dead, units)| format!("{dead} of {units}"))
            .collect();
        text.push_str(&format!("dead units   {}\n", dead.join(", ")));
    }
    text.push_str(&format!(
        "time         {} for {} on {} ({})\n",
        spoken_seconds(summary.seconds),
        count(summary.epochs, "epoch"),
        summary.device,
        summary.engine
    ));
    text.push_str(&format!("run          {run}\nmodel        {model}"));
    text
}

/// What there is to say of a network that gives the test examples one class: its error is no better than a guess.
pub fn one_answer(test: &Evaluation, names: &[String]) -> Option<String> {
    let one = test.one_answer()?;
    let name = names.get(one.class).cloned();
    let silent = test.zeros().iter().any(|share| *share > SILENT);
    let cure = match silent {
        true => "a layer has fallen silent: lower the rate or the penalty",
        false => {
            "train it for longer or at another rate, and see whether classes and inputs are the right ones"
        }
    };
    Some(format!(
        "the network takes {} of the {} test examples for {}, which {} are: {cure}",
        one.given,
        one.examples,
        name.unwrap_or_else(|| one.class.to_string()),
        one.right
    ))
}

/// A layer whose units are 0 so often passes nothing on.
const SILENT: f64 = 0.999;

/// The JSON object that `train` and `eval` end with.
pub fn result_json(result: &Summary, run: Option<&Path>, model: &Path) -> serde_json::Value {
    json!({
        "test_error": result.test_error,
        "test_interval": result.test_interval,
        "valid_error": result.valid_error,
        "zeros": result.zeros,
        "dead": result.dead,
        "epochs": result.epochs,
        "seconds": result.seconds,
        "overhead": result.overhead,
        "engine": result.engine,
        "device": result.device,
        "run": run.map(|run| run.display().to_string()),
        "model": model.display().to_string(),
    })
}
