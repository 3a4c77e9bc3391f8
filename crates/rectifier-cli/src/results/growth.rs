//! The table of how cost grows, beside its bounds.

use super::record;
use crate::error::CliError;
use crate::output::percent;
use crate::plots::short;
use rectifier_bench::{GrowthRecord, Holds};
use std::path::Path;

/// Every point: the engines, the bound, which of the two bounds that is, and how far the sparse engine is from it.
///
/// # Errors
/// [`CliError`] for a record that cannot be read.
pub fn table(folder: &Path) -> Result<String, CliError> {
    let Some(record) = record::<GrowthRecord>(folder, "growth")? else {
        return Ok("Nothing measured yet.".into());
    };
    let mut text = String::from(
        "| what grows | to | batch | zeros | sparse engine | Burn engine | bound | held by | times the bound |\n|---|---|---|---|---|---|---|---|---|",
    );
    for point in &record.points {
        let of = |engine: &str| {
            let row = point.rows.iter().find(|row| row.engine == engine);
            row.map(|row| row.ms)
        };
        let cell = |ms: Option<f64>| ms.map_or(String::new(), |ms| format!("{ms:.3}"));
        let (sparse, bound) = (of("sparse"), &point.bound);
        let held = match bound.holds {
            Holds::Traffic => "memory traffic",
            Holds::Arithmetic => "multiply-adds",
        };
        let times = sparse.map_or(String::new(), |ms| format!("{:.1}", ms / bound.ms));
        text.push_str(&format!(
            "\n| {} | {} | {} | {} | {} | {} | {:.3} | {held} | {times} |",
            point.sweep.name(),
            short(point.sweep, point.at),
            point.batch,
            percent(bound.load.zeros),
            cell(sparse),
            cell(of("burn")),
            bound.ms
        ));
    }
    Ok(text)
}
