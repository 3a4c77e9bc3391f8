//! Figure 4: error against the share of labels, with pre-training on all inputs and without.

use super::cells_of;
use super::images::{Images, PENALTY_NOTE};
use crate::compare::{ALPHA, errors, mean_of, mean_text, p_is, paired_test};
use crate::labels::word;
use crate::plans::unit;
use crate::searches::runs_text;
use crate::{
    Cell, Drawing, Experiment, ExperimentError, Grid, Labels, Preset, Record, Records, Report, Row,
};
use rectifier_plot::{Axis, Curve, Figure, Spot};
use serde_json::Value;

/// Figure 4.
pub struct Figure4;
/// Figure 4.
pub static FIGURE4: Figure4 = Figure4;

const UNITS: [&str; 2] = ["rectifier", "tanh"];
/// Epochs are more where labels are fewer, by this at most.
const LONGER: f64 = 8.0;

/// Sets, and shares of labels in percent.
fn size(preset: Preset) -> (&'static [&'static str], &'static [f64]) {
    match preset {
        Preset::Smoke => (&["glyphs"], &[25.0, 100.0]),
        Preset::Short => (&["mnist"], &[1.0, 10.0, 100.0]),
        Preset::Full | Preset::Paper => (
            &["mnist", "norb-like"],
            &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0],
        ),
    }
}

impl Figure4 {
    fn rows(preset: Preset) -> Result<Vec<Row>, ExperimentError> {
        let (sets, shares) = size(preset);
        let mut rows = Vec::new();
        for set in sets {
            let mut images = Images::of(set, preset)?;
            if preset != Preset::Paper {
                // Rates as table 1's search finds them; here every share would need one of its own.
                images.rates.truncate(1);
                images.pretraining_rates = vec![0.01];
                images.seeds = images.seeds.min(3);
                images.epochs = images.epochs.min(10);
                images.pretraining_epochs = images.pretraining_epochs.min(3);
            }
            for &percent in shares {
                for name in UNITS {
                    for pretrained in [false, true] {
                        let labels = Labels::new().with("unit", name).with("labels", percent);
                        let mut row = images.row(labels, unit(name), pretrained)?;
                        let share = percent / 100.0;
                        row.label_fraction = (share < 1.0).then_some(share);
                        let longer = (1.0 / share).min(LONGER);
                        row.fine_tuning.epochs = (images.epochs as f64 * longer).round() as usize;
                        rows.push(row);
                    }
                }
            }
        }
        Ok(rows)
    }
}

impl Experiment for Figure4 {
    fn name(&self) -> &str {
        "figure4"
    }

    fn title(&self) -> &str {
        "Figure 4: test error against the share of labelled examples"
    }

    fn cells(&self, preset: Preset, records: &Records) -> Result<Vec<Cell>, ExperimentError> {
        cells_of(&Self::rows(preset)?, records)
    }

    fn report(&self, records: &Records) -> Result<Report, ExperimentError> {
        let mut report = Report {
            notes: vec![
                "Pre-training sees all inputs, fine-tuning the labelled share of them. With fewer labels there are more epochs, up \
                 to eight times as many. The paper's figure is of NORB and is known here in words: much help with few labels, \
                 none for the rectifier with all of them."
                    .into(),
                PENALTY_NOTE.into(),
            ],
            ..Report::default()
        };
        let header = [
            "set",
            "network",
            "pre-training",
            "labels, %",
            "runs",
            "test error, %",
        ];
        let mut grid = Grid::new("Test error by the share of labels", 3, header);
        let shares = records.values("labels");
        for set in records.values("set") {
            let set = word(&set);
            let mut figure = Figure::new(
                format!("Test error on {set} against the share of labels"),
                Axis::log("labelled examples, %").with_ticks(
                    shares
                        .iter()
                        .filter_map(|share| Some((share.as_f64()?, word(share)))),
                ),
                Axis::log("test error, %, log scale"),
            );
            for (colour, (name, pretrained)) in [
                ("rectifier", false),
                ("rectifier", true),
                ("tanh", false),
                ("tanh", true),
            ]
            .into_iter()
            .enumerate()
            {
                let mut spots = Vec::new();
                for share in &shares {
                    let found = group(records, &set, name, pretrained, share);
                    let Some((mean, interval)) = mean_of(&errors(&found))? else {
                        continue;
                    };
                    grid.push([
                        set.clone(),
                        name.into(),
                        if pretrained { "yes" } else { "no" }.into(),
                        word(share),
                        runs_text(&found),
                        mean_text(&errors(&found), 100.0, 2)?,
                    ]);
                    let spot =
                        Spot::new(share.as_f64().unwrap_or(f64::NAN), 100.0 * mean).with_title(
                            format!("{}% of the labels: {:.2}%", word(share), 100.0 * mean),
                        );
                    spots.push(match interval {
                        Some((low, high)) => spot.with_interval(100.0 * low, 100.0 * high),
                        None => spot,
                    });
                }
                let how = if pretrained {
                    "pre-trained"
                } else {
                    "not pre-trained"
                };
                let curve = Curve::line(format!("{name}, {how}"), colour, spots);
                figure = figure.with(if pretrained { curve } else { curve.dashed() });
            }
            let caption = format!(
                "Test error on {set} over the share of labelled examples, means over seeds"
            );
            report
                .figures
                .push(Drawing::new(format!("figure-{set}"), caption, figure));
            findings(&mut report.findings, records, &set, &shares)?;
        }
        report.tables.push(grid);
        Ok(report)
    }
}

fn group<'a>(
    records: &'a Records,
    set: &str,
    unit: &str,
    pretrained: bool,
    share: &Value,
) -> Vec<&'a Record> {
    let labels = Labels::new()
        .with("set", set)
        .with("unit", unit)
        .with("pretrained", pretrained)
        .with("labels", share.clone());
    records.finals(&labels)
}

/// What pre-training does with the fewest labels and with all of them.
fn findings(
    findings: &mut Vec<String>,
    records: &Records,
    set: &str,
    shares: &[Value],
) -> Result<(), ExperimentError> {
    let ends = match shares {
        [] => return Ok(()),
        [only] => vec![only],
        [first, .., last] => vec![first, last],
    };
    for unit in UNITS {
        for share in &ends {
            let with = group(records, set, unit, true, share);
            let without = group(records, set, unit, false, share);
            if let Some(test) = paired_test(&without, &with)? {
                let verdict = match (test.p < ALPHA, test.difference > 0.0) {
                    (false, _) => "makes no significant difference to",
                    (true, true) => "helps",
                    (true, false) => "harms",
                };
                findings.push(format!(
                    "{set}, {}% of the labels: pre-training {verdict} the {unit} network ({:+.2} points, {}).",
                    word(share),
                    -100.0 * test.difference,
                    p_is(test.p)
                ));
            }
        }
    }
    Ok(())
}
