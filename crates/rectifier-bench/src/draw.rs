//! Records of measurements as drawings.

use crate::{BenchRecord, Environment, GrowthPoint, GrowthRecord, Holds, Row, Sweep};
use rectifier_plot::words::{compact, count};
use rectifier_plot::{Axis, Curve, DotGroup, DotPlot, DotRow, Figure, Layer, Mark, Spot};

/// Colours of an engine's curves, a batch size each, in the order of engines; then those of the bounds.
const COLOURS: [[usize; 2]; 2] = [[0, 5], [1, 4]];
const BOUNDS: [usize; 2] = [6, 3];

impl BenchRecord {
    /// Who takes how long at what.
    pub fn plot(&self) -> DotPlot {
        bench(self)
    }
}

impl GrowthRecord {
    /// How time grows along `sweep`, beside its bound; without curves where that was not measured.
    pub fn figure(&self, sweep: Sweep) -> Figure {
        growth(self, sweep)
    }
}

impl Sweep {
    /// A number along it, for ticks and tables; of examples thousands are k and millions M.
    pub fn short(self, value: f64) -> String {
        match self {
            Self::Examples => compact(value),
            _ => value.to_string(),
        }
    }
}

fn machine(environment: &Environment, rounds: usize) -> String {
    format!(
        "{}; medians of {}.",
        environment.short(),
        count(rounds, "round")
    )
}

/// Each of `values` where it stands first.
pub(crate) fn unique<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
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
        x: Axis::log("milliseconds, log scale"),
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
                let title = format!(
                    "{engine}, {}: {:.3} ms a step ({:.3} to {:.3}), {:.1}% zeros",
                    place(point),
                    row.ms,
                    row.ms_min,
                    row.ms_max,
                    100.0 * row.zeros
                );
                let spot = Spot::new(across(point), up(point, row.ms));
                let mark = [Mark::Dot, Mark::Square][curve % 2];
                Some(spot.with_mark(mark).with_title(title))
            });
            let colour = COLOURS[which % 2][curve % 2];
            curves.push(Curve::line(
                format!("{engine}, batch {batch}"),
                colour,
                spots,
            ));
        }
    }
    for (curve, batch) in batches.iter().enumerate() {
        let spots = points.iter().filter(|point| point.batch == *batch);
        let name = format!("bound, batch {batch}");
        let spots = spots.map(|point| bound(point));
        curves.push(Curve::line(name, BOUNDS[curve % 2], spots).dashed());
    }
    let ticks = unique(points.iter().map(|point| point.at)).into_iter();
    let ticks = ticks.map(|at| (at, sweep.short(at)));
    Figure {
        title: title(sweep).into(),
        notes: notes(record, &points),
        x: Axis {
            log: matches!(sweep, Sweep::Width | Sweep::Threads | Sweep::Examples),
            ..Axis::new(label(sweep)).with_ticks(ticks)
        },
        y: Axis::log(match sweep {
            Sweep::Examples => "microseconds an example, log scale",
            _ => "milliseconds a step, log scale",
        }),
        layers: curves.into_iter().map(Layer::from).collect(),
    }
}

fn bound(point: &GrowthPoint) -> Spot {
    let bound = &point.bound;
    let title = format!(
        "bound, {}: {:.4} ms of memory traffic, {:.4} ms of multiply-adds, {:.1}% zeros",
        place(point),
        bound.traffic_ms,
        bound.arithmetic_ms,
        100.0 * bound.load.zeros
    );
    let mark = match bound.holds {
        Holds::Traffic => Mark::Ring,
        Holds::Arithmetic => Mark::Cross,
    };
    Spot::new(across(point), up(point, bound.ms))
        .with_mark(mark)
        .with_title(title)
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
    let (name, at) = (point.sweep.name(), point.sweep.short(point.at));
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
        let places = unique(without.map(|point| point.sweep.short(point.at)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_counted_in_thousands_and_millions() {
        let texts = [10.0, 1e3, 16e3, 250e3, 1e6].map(|n| Sweep::Examples.short(n));
        assert_eq!(texts, ["10", "1k", "16k", "250k", "1M"]);
        assert_eq!(Sweep::Width.short(8000.0), "8000");
    }
}
