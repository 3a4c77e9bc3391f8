//! `rectifier results`: records of runs, and the tables made from them.

use crate::args::ResultsCommand;
use crate::error::CliError;
use crate::output::{percent, percents, say};
use crate::plan::Plan;
use crate::plots;
use rectifier_lab::{BenchRecord, Row};
use rectifier_train::{Stage, Summary, spoken_seconds};
use std::path::{Path, PathBuf};

/// What a record keeps of a run; weights and checkpoints are left behind.
const KEPT: [&str; 3] = ["recipe.json", "summary.json", "history.jsonl"];

/// Does what `command` asks for.
///
/// # Errors
/// [`CliError`].
pub fn results(command: &ResultsCommand) -> Result<(), CliError> {
    match command {
        ResultsCommand::Add { run, name, folder } => {
            let to = folder.join("runs").join(name);
            std::fs::create_dir_all(&to).map_err(|source| CliError::io(&to, source))?;
            for file in KEPT {
                let from = run.join(file);
                let bytes = std::fs::read(&from).map_err(|source| CliError::io(&from, source))?;
                rectifier_nn::write_atomically(&to.join(file), &bytes)?;
            }
            say(&to.display().to_string());
            Ok(())
        }
        ResultsCommand::Plot { folder } => plots::plot(folder),
        ResultsCommand::Table { folder, write } => {
            let blocks = [("runs", runs(folder)?), ("bench", bench(folder)?)];
            match write {
                None => blocks.iter().for_each(|(_, text)| say(text)),
                Some(page) => {
                    let old = std::fs::read_to_string(page)
                        .map_err(|source| CliError::io(page, source))?;
                    let mut text = old.clone();
                    for (name, block) in &blocks {
                        text = replaced(&text, name, block, page)?;
                    }
                    if text != old {
                        rectifier_nn::write_atomically(page, text.as_bytes())?;
                    }
                }
            }
            Ok(())
        }
    }
}

/// `text` with what stands between `<!-- NAME -->` and `<!-- /NAME -->` replaced by `block`.
fn replaced(text: &str, name: &str, block: &str, page: &Path) -> Result<String, CliError> {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let place = text
        .find(&open)
        .zip(text.find(&close))
        .filter(|(from, to)| from < to);
    let Some((from, to)) = place else {
        let text = format!(
            "{}: no `{open}` and `{close}` to write between",
            page.display()
        );
        return Err(CliError::Failed(text));
    };
    Ok(format!("{}{open}\n{block}\n{}", &text[..from], &text[to..]))
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(path).map_err(|source| CliError::io(path, source))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    paths.sort();
    Ok(paths)
}

/// What the file at `path` holds.
///
/// # Errors
/// [`CliError`] where it cannot be read or is no such record.
pub fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::io(path, source))?;
    serde_json::from_str(&text)
        .map_err(|error| CliError::Failed(format!("{}: {error}", path.display())))
}

fn runs(folder: &Path) -> Result<String, CliError> {
    let mut text = String::from(
        "| record | data | network | training | test error (95% interval) | exact zeros a layer | time | engine, device |\n\
         |---|---|---|---|---|---|---|---|",
    );
    for path in folders(&folder.join("runs"))? {
        let plan = Plan::read(&path.join("recipe.json"))?;
        let summary: Summary = json(&path.join("summary.json"))?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let hidden: Vec<String> = plan.network.hidden.iter().map(usize::to_string).collect();
        let unit = serde_json::to_value(plan.network.unit).ok();
        let unit = unit
            .as_ref()
            .and_then(|unit| unit["kind"].as_str())
            .unwrap_or_default();
        let network = match hidden.is_empty() {
            true => "no hidden layer".to_string(),
            false => format!("{unit} {}", hidden.join("-")),
        };
        let error = match summary.test_interval {
            Some((low, high)) => format!(
                "{} ({} to {})",
                percent(summary.test_error),
                percent(low),
                percent(high)
            ),
            None => format!("RMSE {:.3}", summary.test_error),
        };
        text.push_str(&format!(
            "\n| {name} | {} | {network} | {} | {error} | {} | {} | {}, {} |",
            plan.data.name(),
            training(&plan),
            percents(&summary.zeros),
            spoken_seconds(summary.seconds),
            summary.engine,
            summary.device
        ));
    }
    Ok(text)
}

/// The stages in a few words.
fn training(plan: &Plan) -> String {
    let mut words = Vec::new();
    let pretraining: Vec<usize> = plan
        .recipe
        .stages
        .iter()
        .filter(|stage| matches!(stage, Stage::Pretrain(_)))
        .map(Stage::epochs)
        .collect();
    if let Some(epochs) = pretraining.first() {
        words.push(format!("pre-trained {epochs} epochs a layer"));
    }
    for stage in &plan.recipe.stages {
        if let Stage::FineTune(stage) = stage {
            let penalty = match stage.l1.coefficient(0) {
                0.0 => String::new(),
                coefficient => format!(", L1 {coefficient}"),
            };
            words.push(format!(
                "{} epochs, batch {}{penalty}",
                stage.epochs, stage.batch
            ));
        }
    }
    format!("{}, seed {}", words.join(", "), plan.recipe.seed)
}

fn bench(folder: &Path) -> Result<String, CliError> {
    let path = folder.join("bench").join("bench.json");
    if !path.is_file() {
        return Ok("Nothing measured yet.".into());
    }
    let record: BenchRecord = json(&path)?;
    let mut columns: Vec<String> = Vec::new();
    for row in &record.rows {
        if !columns.contains(&row.engine) {
            columns.push(row.engine.clone());
        }
    }
    let mut text = format!(
        "{}, {} cores, {}; milliseconds a step, medians of {} interleaved rounds.\n\n| work | batch | zeros | {} |\n|---|---|---|{}",
        record.environment.processor,
        record.environment.cores,
        record.environment.level,
        record.rows.first().map_or(0, |row| row.rounds),
        columns.join(" | "),
        "---|".repeat(columns.len())
    );
    let mut told: Vec<&Row> = Vec::new();
    for row in &record.rows {
        if told.iter().any(|earlier| earlier.same_work(row)) {
            continue;
        }
        told.push(row);
        let cells: Vec<String> = columns
            .iter()
            .map(|column| {
                let found = record
                    .rows
                    .iter()
                    .find(|other| other.same_work(row) && other.engine == *column);
                found.map_or(String::new(), |found| format!("{:.3}", found.ms))
            })
            .collect();
        text.push_str(&format!(
            "\n| {} | {} | {} | {} |",
            row.work,
            row.batch,
            percent(row.zeros),
            cells.join(" | ")
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_replaced_between_its_marks_only() {
        let page = Path::new("page");
        let text = "a\n<!-- runs -->\nold\n<!-- /runs -->\nb\n";
        let new = replaced(text, "runs", "new", page).ok();
        assert_eq!(
            new.as_deref(),
            Some("a\n<!-- runs -->\nnew\n<!-- /runs -->\nb\n")
        );
        assert!(replaced(text, "bench", "new", page).is_err());
    }
}
