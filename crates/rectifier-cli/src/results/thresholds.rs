//! The tables of thresholds.

use super::json;
use crate::error::CliError;
use crate::output::{error_of, percents};
use crate::thresholds::Study;
use std::path::{Path, PathBuf};

/// A table for each study of thresholds.
///
/// # Errors
/// [`CliError`] for a record that cannot be read.
pub fn tables(folder: &Path) -> Result<String, CliError> {
    let folder = folder.join("thresholds");
    if !folder.is_dir() {
        return Ok("Nothing measured yet.".into());
    }
    let entries = std::fs::read_dir(&folder).map_err(|source| CliError::io(&folder, source))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let mut text = String::new();
    for path in paths {
        let Study {
            data,
            hidden,
            record,
        } = json(&path)?;
        let hidden: Vec<String> = hidden.iter().map(usize::to_string).collect();
        let (name, plain) = error_of(record.objective, record.test_error_plain);
        let (_, best) = error_of(record.objective, record.test_error_chosen);
        let chosen = &record.rows[record.chosen];
        text.push_str(&format!(
            "{data}, {}; {} threads, {}. Chosen on the validation part (at most {} worse than at 0): {} with {} weights; test {name} {best}, {plain} as trained.\n\n\
             | threshold | weights | exact zeros a layer | validation {name} | one example, us | examples/s, batch 256 |\n|---|---|---|---|---|---|\n",
            hidden.join("-"),
            record.threads,
            record.environment.level,
            error_of(record.objective, record.tolerance).1,
            chosen.threshold,
            chosen.weights
        ));
        for row in &record.rows {
            text.push_str(&format!(
                "| {} | {} | {} | {} | {:.1} | {:.0} |\n",
                row.threshold,
                row.weights,
                percents(&row.zeros),
                error_of(record.objective, row.valid_error).1,
                row.us_single,
                row.examples_per_s
            ));
        }
        text.push('\n');
    }
    Ok(text.trim_end().to_string())
}
