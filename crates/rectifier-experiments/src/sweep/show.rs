//! Tables and figures of a user's own sweep.

use super::UserSweep;
use crate::compare::{errors, mean_of, mean_text, zeros};
use crate::labels::word;
use crate::searches::runs_text;
use crate::{Drawing, ExperimentError, Grid, Labels, Record, Records, Report};
use rectifier_plot::words::error_name;
use rectifier_plot::{Axis, Curve, Figure, Spot};
use rectifier_train::Objective;
use serde_json::Value;

/// A row for each combination of values but the seed's, and error over each axis of numbers.
pub(super) fn report(sweep: &UserSweep, records: &Records) -> Result<Report, ExperimentError> {
    let axes = sweep.axes();
    let share = sweep
        .cells
        .iter()
        .all(|cell| cell.plan.recipe.objective == Objective::Classification);
    let (scale, unit) = if share { (100.0, "%") } else { (1.0, " stars") };
    let name = error_name(share);
    let mut grid = Grid {
        title: "Rows of the sweep".into(),
        header: axes
            .iter()
            .map(ToString::to_string)
            .chain([
                "runs".into(),
                format!("test {name}, {}", unit.trim()),
                format!("validation {name}, {}", unit.trim()),
                "zeros, %".into(),
            ])
            .collect(),
        words: axes.len(),
        rows: Vec::new(),
    };
    let mut best: Option<(f64, String)> = None;
    for row in sweep.rows() {
        let found = records.finals(&row);
        let valid: Vec<f64> = found
            .iter()
            .filter_map(|record| record.summary().map(|summary| summary.valid_error))
            .collect();
        let mut cells: Vec<String> = axes
            .iter()
            .map(|axis| row.get(axis).map_or(String::new(), word))
            .collect();
        cells.push(runs_text(&found));
        cells.push(mean_text(&errors(&found), scale, 3)?);
        cells.push(mean_text(&valid, scale, 3)?);
        cells.push(mean_text(&zeros(&found), 100.0, 1)?);
        grid.rows.push(cells);
        if let Some((mean, _)) = mean_of(&valid)?
            && best.as_ref().is_none_or(|(lowest, _)| mean < *lowest)
        {
            best = Some((mean, row.to_string()));
        }
    }
    let findings = best.map(|(mean, row)| {
        format!(
            "The lowest validation {name} is {:.3}{unit}, at {row}.",
            scale * mean
        )
    });
    Ok(Report {
        findings: findings.into_iter().collect(),
        figures: figures(
            sweep,
            records,
            scale,
            &format!("test {name}, {}", unit.trim()),
        )?,
        tables: vec![grid],
        notes: Vec::new(),
    })
}

/// Error over each axis of numbers, a curve for each combination of the others.
fn figures(
    sweep: &UserSweep,
    records: &Records,
    scale: f64,
    label: &str,
) -> Result<Vec<Drawing>, ExperimentError> {
    let mut drawings = Vec::new();
    for axis in sweep.axes() {
        let values = &sweep.file.axes[axis];
        let numbers: Vec<f64> = values.iter().filter_map(Value::as_f64).collect();
        if numbers.len() < values.len() || numbers.len() < 2 {
            continue;
        }
        let (low, high) = numbers
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(low, high), number| {
                (low.min(*number), high.max(*number))
            });
        let across = match low > 0.0 && high >= 30.0 * low {
            true => Axis::log(axis),
            false => Axis::new(axis),
        };
        let mut figure = Figure::new(&sweep.file.title, across, Axis::new(label));
        let mut others: Vec<Labels> = Vec::new();
        for row in sweep.rows() {
            let other = row.without(axis);
            if !others.contains(&other) {
                others.push(other);
            }
        }
        for (colour, other) in others.iter().enumerate() {
            let mut spots = Vec::new();
            for value in values {
                let labels = other.clone().with(axis, value.clone());
                let found: Vec<&Record> = records.finals(&labels);
                if let (Some(x), Some((mean, interval))) =
                    (value.as_f64(), mean_of(&errors(&found))?)
                {
                    let spot = Spot::new(x, scale * mean).with_title(labels.to_string());
                    spots.push(match interval {
                        Some((low, high)) => spot.with_interval(scale * low, scale * high),
                        None => spot,
                    });
                }
            }
            spots.sort_by(|a, b| a.x.total_cmp(&b.x));
            figure = figure.with(Curve::line(other.to_string(), colour, spots));
        }
        let slug: String = axis
            .chars()
            .map(|c| if c == '.' { '-' } else { c })
            .collect();
        let caption = format!("{label} over {axis}, mean of the runs with its 95% interval");
        drawings.push(Drawing::new(format!("figure-{slug}"), caption, figure));
    }
    Ok(drawings)
}
