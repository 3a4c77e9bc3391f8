//! What the records of each question say.

use crate::compare::{ALPHA, errors, mean_of, mean_text, p_is, p_text, paired_test, zeros};
use crate::experiments::images::PENALTY_NOTE;
use crate::labels::word;
use crate::statistics::holm;
use crate::{Drawing, Ended, ExperimentError, Grid, Labels, Record, Records, Report};
use rectifier_plot::words::duration;
use rectifier_plot::{Axis, Curve, Figure, Spot};
use serde_json::Value;

/// Each question: its part, what its table is called, and what is compared with what.
const PARTS: [(&str, &str); 8] = [
    (
        "dying",
        "Dying units: units that are 0 on all of the validation part",
    ),
    ("flips", "Half of the signs flipped"),
    ("strategies", "Strategies of reconstruction"),
    ("batch", "Examples a step"),
    ("penalty in pre-training", "L1 penalty in pre-training"),
    ("rates", "Learning rates"),
    ("longer", "Three times the epochs of table 1"),
    (
        "modern",
        "Modern training of the same network, which is not the paper's",
    ),
];

pub(super) fn report(records: &Records) -> Result<Report, ExperimentError> {
    let mut report = Report {
        notes: vec![
            "Every row is a mean over its runs, which differ in their seed, with Student's 95% interval where there are several. p is of the paired t test over seeds against the first \
             row of the table, each by itself; what is called a difference above is one after Holm's correction for all of a table's. What FATReLU's threshold does to a trained network, `rectifier thresholds` measures."
                .into(),
            format!("{PENALTY_NOTE} The tables of dying units and of modern training are without any."),
        ],
        ..Report::default()
    };
    for (part, title) in PARTS {
        let rows = rows(records, part);
        if rows.is_empty() {
            continue;
        }
        let header = [
            "",
            "rate",
            "runs",
            "test error, %",
            "p, as the first",
            "zeros, %",
            "dead units",
            "took",
        ];
        let mut grid = Grid::new(title, 1, header);
        let first = rows
            .first()
            .map(|labels| records.finals(labels))
            .unwrap_or_default();
        let mut tests = Vec::new();
        for labels in &rows {
            let found = records.finals(labels);
            let test = paired_test(&found, &first)?;
            let tested = found.len() > 1 && Some(labels) != rows.first();
            grid.push([
                labels.get("what").map_or(String::new(), word),
                rate(&found),
                found.len().to_string(),
                result(&found)?,
                p_text(test.filter(|_| tested).map(|test| test.p)),
                mean_text(&zeros(&found), 100.0, 1)?,
                dead(&found)?,
                took(&found)?,
            ]);
            tests.extend(test.filter(|_| tested).map(|test| (labels, test)));
        }
        let adjusted = holm(&tests.iter().map(|(_, test)| test.p).collect::<Vec<f64>>())?;
        for ((labels, test), p) in tests.iter().zip(adjusted).filter(|(_, p)| *p < ALPHA) {
            report.findings.push(format!(
                "{part}: {} has {:+.2} points of error against {} ({} after Holm's correction).",
                name(labels),
                100.0 * test.difference,
                rows.first().map_or(String::new(), name),
                p_is(p)
            ));
        }
        report.tables.push(grid);
    }
    report.figures.extend(dying(records));
    report.figures.extend(batches(records)?);
    report.figures.extend(rates(records)?);
    Ok(report)
}

/// The different labels of a part, without seeds.
fn rows(records: &Records, part: &str) -> Vec<Labels> {
    let mut rows: Vec<Labels> = Vec::new();
    for record in records.finals(&Labels::new().with("part", part)) {
        let labels = record.labels.clone().without("seed");
        if !rows.contains(&labels) {
            rows.push(labels);
        }
    }
    let place = |labels: &Labels| {
        let what = labels.get("what").cloned().unwrap_or(Value::Null);
        // What others are compared with comes first.
        let usual = [
            Value::from("rectifier"),
            Value::from("the paper's training"),
        ]
        .contains(&what);
        let number = what.as_f64().unwrap_or(f64::INFINITY);
        (
            !usual,
            number,
            word(&what),
            labels.number("rate").unwrap_or(0.0),
        )
    };
    rows.sort_by(|a, b| {
        place(a)
            .partial_cmp(&place(b))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    rows
}

/// What a row is called in a sentence.
fn name(labels: &Labels) -> String {
    let rate = labels
        .get("rate")
        .map_or(String::new(), |rate| format!(" at rate {rate}"));
    format!("{}{rate}", labels.get("what").map_or(String::new(), word))
}

fn rate(found: &[&Record]) -> String {
    let stage = found
        .first()
        .and_then(|record| record.plan.recipe.stages.last());
    stage.map_or(String::new(), |stage| stage.rate().start().to_string())
}

/// The mean error, and how many runs diverged.
fn result(found: &[&Record]) -> Result<String, ExperimentError> {
    let text = mean_text(&errors(found), 100.0, 2)?;
    let diverged = found
        .iter()
        .filter(|record| matches!(record.ended, Ended::Diverged { .. }))
        .count();
    Ok(match (diverged, text.is_empty()) {
        (0, _) => text,
        (some, true) => format!("{some} diverged"),
        (some, false) => format!("{text}, {some} diverged"),
    })
}

fn dead(found: &[&Record]) -> Result<String, ExperimentError> {
    let dead = found.iter().filter_map(|record| record.summary());
    let dead: Vec<f64> = dead
        .map(|summary| summary.dead.iter().sum::<usize>() as f64)
        .collect();
    mean_text(&dead, 1.0, 1)
}

fn took(found: &[&Record]) -> Result<String, ExperimentError> {
    let seconds = found.iter().filter_map(|record| record.summary());
    let seconds: Vec<f64> = seconds.map(|summary| summary.seconds).collect();
    Ok(mean_of(&seconds)?.map_or(String::new(), |(mean, _)| duration(mean)))
}

/// Dead units epoch by epoch, mean over seeds.
fn dying(records: &Records) -> Option<Drawing> {
    let rows = rows(records, "dying");
    let mut figure = Figure::new(
        "Units that are always 0",
        Axis::new("epoch"),
        Axis::new("units that are 0 on all of the validation part"),
    );
    for (colour, labels) in rows.iter().enumerate() {
        let found = records.finals(labels);
        // Of runs that diverged at once nothing is known.
        let known: Vec<&&Record> = found
            .iter()
            .filter(|record| !record.history.is_empty())
            .collect();
        let epochs = known.iter().flat_map(|record| &record.history);
        let last = epochs.map(|line| line.epoch).max().unwrap_or(0);
        let spots = (1..=last).filter_map(|epoch| {
            let lines = known
                .iter()
                .filter_map(|record| record.history.iter().find(|line| line.epoch == epoch));
            let dead: Vec<f64> = lines
                .map(|line| line.dead.iter().sum::<usize>() as f64)
                .collect();
            // Long histories are thinned, each around its own best epoch: a mean is of all runs or is none.
            if dead.len() < known.len() {
                return None;
            }
            let mean = mean_of(&dead).ok()??.0;
            Some(
                Spot::new(epoch as f64, mean)
                    .with_title(format!("{labels}, epoch {epoch}: {mean:.1}")),
            )
        });
        let what = labels.get("what").map_or(String::new(), word);
        let rate = labels.number("rate").unwrap_or(0.0);
        let name = format!("{what}, rate {rate}");
        let curve = Curve::line(name, colour, spots.collect::<Vec<_>>());
        // The high rate.
        figure = figure.with(if rate > 0.1 { curve.dashed() } else { curve });
    }
    let caption = "Units that are 0 on all of the validation part, epoch by epoch, mean over seeds";
    (!rows.is_empty()).then(|| Drawing::new("figure-dying", caption, figure))
}

/// Error against time, batch by batch.
fn batches(records: &Records) -> Result<Option<Drawing>, ExperimentError> {
    let rows = rows(records, "batch");
    let mut spots = Vec::new();
    for labels in &rows {
        let found = records.finals(labels);
        let seconds = found.iter().filter_map(|record| record.summary());
        let seconds: Vec<f64> = seconds.map(|summary| summary.seconds).collect();
        if let (Some((error, interval)), Some((took, _))) =
            (mean_of(&errors(&found))?, mean_of(&seconds)?)
        {
            let batch = labels.get("what").map_or(String::new(), word);
            let spot = Spot::new(took, 100.0 * error).with_title(format!(
                "batch {batch}: {:.2}% in {}",
                100.0 * error,
                duration(took)
            ));
            spots.push(match interval {
                Some((low, high)) => spot.with_interval(100.0 * low, 100.0 * high),
                None => spot,
            });
        }
    }
    spots.sort_by(|a, b| a.x.total_cmp(&b.x));
    let figure = Figure::new(
        "Error against time, by examples a step",
        Axis::log("seconds of training on one thread"),
        Axis::new("test error, %"),
    )
    .with(Curve::line("examples a step", 0, spots.clone()));
    let caption = "Test error against the time of training, for several numbers of examples a step";
    Ok((!spots.is_empty()).then(|| Drawing::new("figure-batch", caption, figure)))
}

/// Error against the rate, unit by unit.
fn rates(records: &Records) -> Result<Option<Drawing>, ExperimentError> {
    let rows = rows(records, "rates");
    let mut curves: Vec<(String, Vec<Spot>)> = Vec::new();
    for labels in &rows {
        let found = records.finals(labels);
        let (Some(rate), Some((error, _))) = (labels.number("rate"), mean_of(&errors(&found))?)
        else {
            continue;
        };
        let unit = labels.get("what").map_or(String::new(), word);
        let title = format!("{unit}, rate {rate}: {:.2}%", 100.0 * error);
        let spot = Spot::new(rate, 100.0 * error).with_title(title);
        match curves.iter_mut().find(|(name, _)| *name == unit) {
            Some((_, spots)) => spots.push(spot),
            None => curves.push((unit, vec![spot])),
        }
    }
    let mut figure = Figure::new(
        "Error against the learning rate",
        Axis::log("learning rate"),
        Axis::log("test error, %, log scale"),
    );
    let some = !curves.is_empty();
    for (colour, (unit, spots)) in curves.into_iter().enumerate() {
        figure = figure.with(Curve::line(unit, colour, spots));
    }
    let caption =
        "Test error against the learning rate, one run each; runs that diverged have no spot";
    Ok(some.then(|| Drawing::new("figure-rates", caption, figure)))
}
