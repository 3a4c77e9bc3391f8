//! Records of measurements as drawings.

use crate::error::CliError;
use crate::output::say;
use crate::results::record;
use rectifier_bench::{BenchRecord, Environment, GrowthPoint, GrowthRecord, Holds, Row, Sweep};
use rectifier_report::{Axis, Curve, DotGroup, DotPlot, DotRow, Figure, Mark, Spot};
use std::path::{Path, PathBuf};

/// Colours of an engine's curves, a batch size each, in the order of engines; then those of the bounds.
const COLOURS: [[usize; 2]; 2] = [[0, 5], [1, 4]];
const BOUNDS: [usize; 2] = [6, 3];

/// Draws the records of measurements in `folder` beside them.
///
/// # Errors
/// [`CliError`] where there is no record, or one that cannot be read.
pub fn plot(folder: &Path) -> Result<(), CliError> {
    let mut drawn = Vec::new();
    let (bench, growth) = (folder.join("bench"), folder.join("growth"));
    if let Some(record) = record(folder, "bench")? {
        drawn.extend(draw_bench(&bench, &record)?);
    }
    if let Some(record) = record(folder, "growth")? {
        drawn.extend(draw_growth(&growth, &record)?);
    }
    if drawn.is_empty() {
        return Err(CliError::Failed(format!(
            "{}: no record of a measurement; make one with `rectifier bench --out {}`",
            folder.display(),
            bench.display()
        )));
    }
    for path in drawn {
        say(&path.display().to_string());
    }
    Ok(())
}

/// Draws `record` into `folder`; the files that it made.
///
/// # Errors
/// [`CliError::Io`].
pub fn draw_bench(folder: &Path, record: &BenchRecord) -> Result<Vec<PathBuf>, CliError> {
    let drawing = bench(record).svg();
    write(folder, drawing.map(|svg| ("bench", svg)))
}

/// Draws every sweep of `record` into `folder`; the files that it made.
///
/// # Errors
/// [`CliError::Io`].
pub fn draw_growth(folder: &Path, record: &GrowthRecord) -> Result<Vec<PathBuf>, CliError> {
    let drawings = Sweep::ALL
        .into_iter()
        .filter_map(|sweep| Some((sweep.name(), growth(record, sweep).svg()?)));
    write(folder, drawings)
}

fn write<'a>(
    folder: &Path,
    drawings: impl IntoIterator<Item = (&'a str, String)>,
) -> Result<Vec<PathBuf>, CliError> {
    let mut paths = Vec::new();
    for (name, svg) in drawings {
        let path = folder.join(format!("{name}.svg"));
        rectifier_nn::write_atomically(&path, svg.as_bytes())?;
        paths.push(path);
    }
    Ok(paths)
}

fn machine(environment: &Environment, rounds: usize) -> String {
    let Environment {
        processor,
        cores,
        level,
        ..
    } = environment;
    format!("{processor}, {cores} cores, {level}; medians of {rounds} rounds.")
}

fn unique<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// Who takes how long at what.
fn bench(record: &BenchRecord) -> DotPlot {
    let rows = &record.rows;
    let names = unique(rows.iter().map(|row| row.engine.clone()));
    let group = |work: &str| {
        let mut first: Vec<&Row> = Vec::new();
        for row in rows.iter().filter(|row| row.work == work) {
            if !first.iter().any(|earlier| earlier.same_work(row)) {
                first.push(row);
            }
        }
        first.sort_by_key(|row| (row.batch, row.setting));
        let rows = first.into_iter().map(|first| {
            let same = rows.iter().filter(|row| row.same_work(first));
            let dots = same.map(|row| {
                let title = format!(
                    "{}: {:.3} ms ({:.3} to {:.3}), {:.1}% zeros",
                    row.candidate(),
                    row.ms,
                    row.ms_min,
                    row.ms_max,
                    100.0 * row.zeros
                );
                let who = names.iter().position(|name| *name == row.engine);
                (who.unwrap_or_default(), row.ms, title)
            });
            DotRow {
                name: format!("batch {}, {:.0}% zeros", first.batch, 100.0 * first.zeros),
                dots: dots.collect(),
            }
        });
        DotGroup {
            name: work.into(),
            rows: rows.collect(),
        }
    };
    let workloads = unique(rows.iter().map(|row| row.work.as_str()));
    DotPlot {
        title: "Milliseconds a step".into(),
        notes: vec![format!(
            "{} Zeros are those of the hidden layers.",
            machine(
                &record.environment,
                rows.first().map_or(0, |row| row.rounds)
            )
        )],
        x: Axis {
            label: "milliseconds, log scale".into(),
            log: true,
            ticks: Vec::new(),
        },
        groups: workloads.into_iter().map(group).collect(),
        names,
    }
}

/// How time grows along `sweep`, beside its bound.
fn growth(record: &GrowthRecord, sweep: Sweep) -> Figure {
    let points: Vec<&GrowthPoint> = record
        .points
        .iter()
        .filter(|point| point.sweep == sweep)
        .collect();
    let batches = unique(points.iter().map(|point| point.batch));
    let rows = points.iter().flat_map(|point| &point.rows);
    let engines = unique(rows.map(|row| row.engine.as_str()));
    let mut curves = Vec::new();
    for (which, engine) in engines.iter().enumerate() {
        for (curve, batch) in batches.iter().enumerate() {
            let spots = points.iter().filter(|point| point.batch == *batch);
            let spots = spots.filter_map(|point| {
                let row = point.rows.iter().find(|row| row.engine == *engine)?;
                Some(Spot {
                    x: across(point),
                    y: up(point, row.ms),
                    mark: [Mark::Dot, Mark::Square][curve % 2],
                    title: format!(
                        "{engine}, {}: {:.3} ms a step ({:.3} to {:.3}), {:.1}% zeros",
                        place(point),
                        row.ms,
                        row.ms_min,
                        row.ms_max,
                        100.0 * row.zeros
                    ),
                })
            });
            curves.push(Curve {
                name: format!("{engine}, batch {batch}"),
                colour: COLOURS[which % 2][curve % 2],
                dashed: false,
                spots: spots.collect(),
            });
        }
    }
    for (curve, batch) in batches.iter().enumerate() {
        let spots = points.iter().filter(|point| point.batch == *batch);
        curves.push(Curve {
            name: format!("bound, batch {batch}"),
            colour: BOUNDS[curve % 2],
            dashed: true,
            spots: spots.map(|point| bound(point)).collect(),
        });
    }
    Figure {
        title: title(sweep).into(),
        notes: notes(record, &points),
        x: Axis {
            label: label(sweep).into(),
            log: matches!(sweep, Sweep::Width | Sweep::Threads | Sweep::Examples),
            ticks: unique(points.iter().map(|point| point.at))
                .into_iter()
                .map(|at| (at, short(sweep, at)))
                .collect(),
        },
        y: Axis {
            label: match sweep {
                Sweep::Examples => "microseconds an example, log scale",
                _ => "milliseconds a step, log scale",
            }
            .into(),
            log: true,
            ticks: Vec::new(),
        },
        curves,
    }
}

fn bound(point: &GrowthPoint) -> Spot {
    let bound = &point.bound;
    Spot {
        x: across(point),
        y: up(point, bound.ms),
        mark: match bound.holds {
            Holds::Traffic => Mark::Ring,
            Holds::Arithmetic => Mark::Cross,
        },
        title: format!(
            "bound, {}: {:.4} ms of memory traffic, {:.4} ms of multiply-adds, {:.1}% zeros",
            place(point),
            bound.traffic_ms,
            bound.arithmetic_ms,
            100.0 * bound.load.zeros
        ),
    }
}

/// Where a point lies: of zeros where they really are.
fn across(point: &GrowthPoint) -> f64 {
    match point.sweep {
        Sweep::Zeros => 100.0 * point.bound.load.zeros,
        _ => point.at,
    }
}

fn up(point: &GrowthPoint, ms: f64) -> f64 {
    match point.sweep {
        Sweep::Examples => 1e3 * ms / point.batch as f64,
        _ => ms,
    }
}

fn place(point: &GrowthPoint) -> String {
    let (name, at) = (point.sweep.name(), short(point.sweep, point.at));
    format!("{name} {at}, batch {}", point.batch)
}

fn title(sweep: Sweep) -> &'static str {
    match sweep {
        Sweep::Width => "A training step as layers grow wider",
        Sweep::Depth => "A training step as layers are added",
        Sweep::Zeros => "A training step as activations become zero",
        Sweep::Threads => "A training step as threads are added",
        Sweep::Examples => "Time an example takes as the training set grows",
    }
}

fn label(sweep: Sweep) -> &'static str {
    match sweep {
        Sweep::Width => "units of each hidden layer, log scale",
        Sweep::Depth => "hidden layers",
        Sweep::Zeros => "zeros of the hidden activations, %",
        Sweep::Threads => "threads, log scale",
        Sweep::Examples => "examples of a shuffled epoch, log scale",
    }
}

/// What was measured, on what, and what the drawing means.
fn notes(record: &GrowthRecord, points: &[&GrowthPoint]) -> Vec<String> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let shape = |work: &str| {
        let words: Vec<&str> = work.split(' ').take(2).collect();
        words.join(" ")
    };
    let widest = points.iter().max_by(|a, b| a.at.total_cmp(&b.at));
    let widest = widest.unwrap_or(last);
    let mut work = shape(&first.work);
    if shape(&widest.work) != work {
        work = format!("{work} to {}", shape(&widest.work));
    }
    let zeros = match first.sweep {
        Sweep::Zeros => String::new(),
        _ => format!("; {:.0}% zeros", 100.0 * first.zeros_asked),
    };
    let threads = match first.sweep {
        Sweep::Threads => String::new(),
        _ => format!("; {} threads", first.threads),
    };
    let mut notes = vec![
        format!(
            "{work}{zeros}{threads}. {}",
            machine(&record.environment, record.rounds)
        ),
        "Dashed: no step can be faster; rings where memory traffic holds it, crosses where multiply-adds do.".to_string(),
    ];
    for engine in unique(points.iter().flat_map(|point| &point.left_out)) {
        let without = points
            .iter()
            .filter(|point| point.left_out.contains(engine));
        let places = unique(without.map(|point| short(point.sweep, point.at)));
        let (longest, whole) = match first.sweep {
            Sweep::Examples => (record.longest_epoch, "an epoch"),
            _ => (record.longest_step, "a step"),
        };
        notes.push(format!(
            "{engine} is left out at {}: over {longest} s {whole}.",
            places.join(", ")
        ));
    }
    notes
}

/// A number for a tick; of examples thousands are k and millions M.
pub(crate) fn short(sweep: Sweep, value: f64) -> String {
    match (sweep, value) {
        (Sweep::Examples, _) if value >= 1e6 => format!("{}M", value / 1e6),
        (Sweep::Examples, _) if value >= 1e3 => format!("{}k", value / 1e3),
        _ => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_counted_in_thousands_and_millions() {
        let texts = [10.0, 1e3, 16e3, 250e3, 1e6].map(|n| short(Sweep::Examples, n));
        assert_eq!(texts, ["10", "1k", "16k", "250k", "1M"]);
        assert_eq!(short(Sweep::Width, 8000.0), "8000");
    }
}
