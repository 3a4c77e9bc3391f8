//! Table 1: rectifier, tanh and softplus networks, with and without pre-training, on images.

use super::cells_of;
use super::images::{Images, PENALTY_NOTE};
use crate::compare::{
    ALPHA, errors, mcnemar_best, mean_of, mean_text, p_is, p_text, paired_test, published_test,
    zeros,
};
use crate::labels::word;
use crate::plans::unit;
use crate::searches::{at_the_edge, runs_text, searches};
use crate::{
    Cell, Drawing, Experiment, ExperimentError, Grid, Labels, Preset, Record, Records, Report, Row,
    paper,
};
use rectifier_plot::words::{count, thousands};
use rectifier_plot::{Axis, Curve, Figure, Mark, Reference, Spot};
use rectifier_train::Stage;

/// Table 1.
pub struct Table1;
/// Table 1.
pub static TABLE1: Table1 = Table1;

/// Training examples of the paper's NISTP.
const PAPERS_NISTP: u64 = 81_920_000;
/// The units that are compared.
pub(super) const UNITS: [&str; 3] = ["rectifier", "tanh", "softplus"];

fn sets(preset: Preset) -> &'static [&'static str] {
    match preset {
        Preset::Smoke => &["glyphs"],
        Preset::Short => &["mnist"],
        Preset::Full => &["mnist", "cifar10", "nistp", "norb-like"],
        Preset::Paper => &["mnist", "cifar10", "nistp", "norb"],
    }
}

impl Table1 {
    fn rows(preset: Preset) -> Result<Vec<Row>, ExperimentError> {
        let mut rows = Vec::new();
        for set in sets(preset) {
            let images = Images::of(set, preset)?;
            for pretrained in [false, true] {
                for name in UNITS {
                    let labels = Labels::new().with("unit", name);
                    rows.push(images.row(labels, unit(name), pretrained)?);
                }
            }
        }
        Ok(rows)
    }
}

impl Experiment for Table1 {
    fn name(&self) -> &str {
        "table1"
    }

    fn title(&self) -> &str {
        "Table 1: rectifier, tanh and softplus networks with and without pre-training"
    }

    fn cells(&self, preset: Preset, records: &Records) -> Result<Vec<Cell>, ExperimentError> {
        cells_of(&Self::rows(preset)?, records)
    }

    fn report(&self, records: &Records) -> Result<Report, ExperimentError> {
        let mut report = Report {
            notes: vec![
                "Errors are means over seeds with Student's 95% interval of the mean, in percent. Bold, as in the paper: no \
                 significant difference with and without pre-training (paired t test over seeds at 0.05, each by itself). McNemar's exact test \
                 compares the networks of the best validation error on the same test examples."
                    .into(),
                PENALTY_NOTE.into(),
                paper::LETTERS.into(),
            ],
            ..Report::default()
        };
        let mut grid = Grid::new(
            "Test error, %",
            3,
            [
                "set",
                "network",
                "pre-training",
                "runs",
                "ours, %",
                "the paper, %",
                "p, ours = the paper",
                "p, with = without",
                "McNemar",
                "zeros, %",
                "the paper's zeros, %",
                "rates",
            ],
        );
        for set in records.values("set") {
            let set = word(&set);
            for pretrained in [true, false] {
                for name in UNITS {
                    row(&mut grid, records, &set, name, pretrained)?;
                }
            }
            findings(&mut report.findings, records, &set)?;
            report.figures.extend(figure(records, &set)?);
        }
        if records.values("set").contains(&"norb-like".into()) {
            report.notes.push(
                "norb-like are generated stereo pairs in the shape of NORB's. They are not NORB, and the paper has no figure \
                 for them."
                    .into(),
            );
        }
        report.findings.extend(budgets(records));
        report.findings.extend(late(records));
        report.findings.extend(at_the_edge(records));
        report.tables.push(grid);
        report.tables.extend(searches(records));
        Ok(report)
    }
}

fn group<'a>(records: &'a Records, set: &str, unit: &str, pretrained: bool) -> Vec<&'a Record> {
    let labels = Labels::new()
        .with("set", set)
        .with("unit", unit)
        .with("pretrained", pretrained);
    records.finals(&labels)
}

fn row(
    grid: &mut Grid,
    records: &Records,
    set: &str,
    unit: &str,
    pretrained: bool,
) -> Result<(), ExperimentError> {
    let own = group(records, set, unit, pretrained);
    if own.is_empty() {
        return Ok(());
    }
    let other = group(records, set, unit, !pretrained);
    let test = paired_test(&own, &other)?;
    let mut ours = mean_text(&errors(&own), 100.0, 2)?;
    if test.is_some_and(|test| test.p >= ALPHA) {
        ours = format!("**{ours}**");
    }
    let published = paper::table1(set, unit, pretrained);
    let against = match published {
        Some(figure) => published_test(&own, figure.value / 100.0)?,
        None => None,
    };
    let zeros = match unit {
        "rectifier" => mean_text(&zeros(&own), 100.0, 1)?,
        _ => String::new(),
    };
    let published_zeros = paper::zeros(set).filter(|_| unit == "rectifier");
    let rates: Vec<String> = own
        .first()
        .into_iter()
        .flat_map(|record| &record.plan.recipe.stages)
        .map(|stage| stage.rate().start().to_string())
        .collect();
    let mut shown = rates;
    shown.dedup();
    grid.push([
        set.to_string(),
        unit.into(),
        if pretrained { "yes" } else { "no" }.into(),
        runs_text(&own),
        ours,
        published.map_or(String::new(), |figure| figure.text(2)),
        p_text(against.map(|test| test.p)),
        p_text(test.map(|test| test.p)),
        p_text(mcnemar_best(&own, &other).map(|test| test.p)),
        zeros,
        published_zeros.map_or(String::new(), |figure| figure.text(1)),
        shown.join(", then "),
    ]);
    Ok(())
}

/// What the records of a set say.
fn findings(
    findings: &mut Vec<String>,
    records: &Records,
    set: &str,
) -> Result<(), ExperimentError> {
    for pretrained in [false, true] {
        let how = if pretrained { "with" } else { "without" };
        let mut order: Vec<(f64, &str)> = Vec::new();
        for unit in UNITS {
            if let Some((mean, _)) = mean_of(&errors(&group(records, set, unit, pretrained)))? {
                order.push((mean, unit));
            }
        }
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        if order.len() == UNITS.len() {
            let words: Vec<String> = order
                .iter()
                .map(|(mean, unit)| format!("{unit} {:.2}%", 100.0 * mean))
                .collect();
            let published = |unit: &str| paper::table1(set, unit, pretrained).map(|f| f.value);
            let mut theirs = UNITS;
            theirs.sort_by(|a, b| {
                published(a)
                    .unwrap_or(0.0)
                    .total_cmp(&published(b).unwrap_or(0.0))
            });
            let same = order.iter().map(|(_, unit)| *unit).eq(theirs);
            let beside = match (published(UNITS[0]), same) {
                (None, _) => String::new(),
                (Some(_), true) => ", the paper's order".into(),
                (Some(_), false) => format!("; the paper's order is {}", theirs.join(", ")),
            };
            findings.push(format!(
                "{set}, {how} pre-training, best first: {}{beside}.",
                words.join(", ")
            ));
        }
    }
    for unit in UNITS {
        let (with, without) = (
            group(records, set, unit, true),
            group(records, set, unit, false),
        );
        if let Some(test) = paired_test(&without, &with)? {
            let verb = match (test.p < ALPHA, test.difference > 0.0) {
                (false, _) => "makes no significant difference to",
                (true, true) => "helps",
                (true, false) => "harms",
            };
            findings.push(format!(
                "{set}: pre-training {verb} the {unit} network ({:+.2} points, 95% interval {:+.2} to {:+.2}, {}).",
                -100.0 * test.difference,
                -100.0 * test.interval.high,
                -100.0 * test.interval.low,
                p_is(test.p)
            ));
        }
    }
    Ok(())
}

/// What the networks of each set saw: more of it may be what is between two figures.
fn budgets(records: &Records) -> Option<String> {
    let mut budgets: Vec<String> = Vec::new();
    for set in records.values("set") {
        let found = records.finals(&Labels::new().with("set", set.clone()));
        let made = found.iter().filter_map(|record| record.provenance.as_ref());
        let examples = made.map(|made| made.data.sizes.train).max();
        let stages = |pretraining: bool| {
            let stages = found.iter().flat_map(|record| &record.plan.recipe.stages);
            let of_it = stages.filter(|stage| matches!(stage, Stage::Pretrain(_)) == pretraining);
            of_it.map(Stage::epochs).max()
        };
        let (Some(examples), Some(epochs)) = (examples, stages(false)) else {
            continue;
        };
        let before = stages(true).map_or(String::new(), |epochs| {
            format!(" after {epochs} a layer of pre-training")
        });
        budgets.push(format!(
            "{} {} examples, {}{before}",
            word(&set),
            thousands(examples as u64),
            count(epochs, "epoch")
        ));
    }
    (!budgets.is_empty()).then(|| {
        format!(
            "Trained on: {}; the paper does not state its epochs, and its NISTP has {} examples.",
            budgets.join("; "),
            thousands(PAPERS_NISTP)
        )
    })
}

/// How many runs were best in their last epoch.
fn late(records: &Records) -> Option<String> {
    let finals = records.finals(&Labels::new());
    let tested: Vec<(usize, usize)> = finals
        .iter()
        .filter_map(|record| {
            let epochs = record.plan.recipe.stages.last()?.epochs();
            Some((record.summary()?.best_epoch, epochs))
        })
        .collect();
    let last = tested
        .iter()
        .filter(|(best, epochs)| best == epochs)
        .count();
    (last > 0).then(|| {
        format!(
            "{last} of {} runs were best in their last epoch: more epochs may help them.",
            tested.len()
        )
    })
}

/// Every run's error, unit by unit, beside the paper's.
fn figure(records: &Records, set: &str) -> Result<Option<Drawing>, ExperimentError> {
    let mut ticks = Vec::new();
    let mut figure = Figure::new(
        format!("Test error on {set}"),
        Axis::new("network"),
        Axis::new("test error, %"),
    );
    let mut any = false;
    for (colour, pretrained) in [(0, false), (1, true)] {
        let name = if pretrained {
            "pre-trained"
        } else {
            "not pre-trained"
        };
        let mut means = Vec::new();
        let mut runs = Vec::new();
        for (place, unit) in UNITS.iter().enumerate() {
            let x = place as f64 + if pretrained { 0.18 } else { -0.18 };
            let found = group(records, set, unit, pretrained);
            if let Some((mean, Some((low, high)))) = mean_of(&errors(&found))? {
                let title = format!("{unit}, {name}: mean {:.2}%", 100.0 * mean);
                let spot = Spot::new(x, 100.0 * mean).with_title(title);
                means.push(spot.with_interval(100.0 * low, 100.0 * high));
            }
            for record in &found {
                if let Some(error) = record.error() {
                    any = true;
                    let title = format!("{}: {:.2}%", record.labels, 100.0 * error);
                    let spot = Spot::new(x + 0.08, 100.0 * error).with_mark(Mark::Ring);
                    runs.push(spot.with_title(title));
                }
            }
            if let Some(published) = paper::table1(set, unit, pretrained) {
                let label = if place == 0 {
                    format!("the paper, {name}")
                } else {
                    String::new()
                };
                figure = figure.with(Reference::point(
                    label,
                    colour + 2,
                    x - 0.08,
                    published.value,
                ));
            }
        }
        figure = figure
            .with(Curve::scatter(
                format!("{name}, mean and 95% interval"),
                colour,
                means,
            ))
            .with(Curve::scatter(format!("{name}, each seed"), colour, runs));
    }
    for (place, unit) in UNITS.iter().enumerate() {
        ticks.push((place as f64, (*unit).to_string()));
    }
    figure.x = figure.x.with_ticks(ticks);
    let beside = match paper::table1(set, UNITS[0], false) {
        Some(_) => ", and the paper's figure",
        None => "",
    };
    let caption = format!("Test error on {set}: each seed, the mean with its 95% interval{beside}");
    Ok(any.then(|| Drawing::new(format!("figure-{set}"), caption, figure)))
}
