//! The tables of what `bench` measured.

use super::record;
use crate::error::CliError;
use crate::output::percent;
use rectifier_bench::{BenchRecord, Row};
use std::path::Path;

/// The works that a peer does too, with how many times as fast the sparse engine is.
///
/// # Errors
/// [`CliError`] for a record that cannot be read.
pub fn speed(folder: &Path) -> Result<String, CliError> {
    let Some(record) = record::<BenchRecord>(folder, "bench")? else {
        return Ok("Nothing measured yet.".into());
    };
    let ours = ["sparse", "sparse-layers", "burn"];
    let peer = record
        .rows
        .iter()
        .find(|row| !ours.contains(&row.engine.as_str()))
        .map_or("", |row| row.engine.as_str());
    let mut text = format!(
        "{}, {} cores, {}; milliseconds a step, medians of {} interleaved rounds.\n\n\
         | work | batch | zeros | sparse engine | sparse layers | Burn engine | {peer} | times as fast |\n|---|---|---|---|---|---|---|---|",
        record.environment.processor,
        record.environment.cores,
        record.environment.level,
        record.rows.first().map_or(0, |row| row.rounds)
    );
    for row in record.rows.iter().filter(|row| row.engine == "sparse") {
        let of = |engine: &str| {
            record
                .rows
                .iter()
                .find(|other| other.same_work(row) && other.engine == engine)
                .map(|other| other.ms)
        };
        if let (Some(burn), Some(peer)) = (of("burn"), of(peer)) {
            let layers = of("sparse-layers").map_or(String::new(), |ms| format!("{ms:.3}"));
            text.push_str(&format!(
                "\n| {} | {} | {} | {:.3} | {layers} | {burn:.3} | {peer:.3} | {:.1} |",
                row.work,
                row.batch,
                percent(row.zeros),
                row.ms,
                peer / row.ms
            ));
        }
    }
    Ok(text)
}

/// Every row: works below each other, candidates beside each other.
///
/// # Errors
/// [`CliError`] for a record that cannot be read.
pub fn table(folder: &Path) -> Result<String, CliError> {
    let Some(record) = record::<BenchRecord>(folder, "bench")? else {
        return Ok("Nothing measured yet.".into());
    };
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
