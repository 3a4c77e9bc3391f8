//! From softplus to the rectifier: softplus(a x) / a with a growing sharpness.

use super::cells_of;
use super::images::Images;
use crate::compare::{ALPHA, errors, mean_of, mean_text, p_is, paired_test, zeros};
use crate::searches::{runs_text, searches};
use crate::statistics::holm;
use crate::{
    Cell, Drawing, Experiment, ExperimentError, Grid, Labels, Preset, Records, Report, Row, paper,
};
use rectifier_nn::Unit;
use rectifier_plot::{Axis, Curve, Figure, Spot};

/// The rescaled softplus.
pub struct Softplus;
/// The rescaled softplus.
pub static SOFTPLUS: Softplus = Softplus;

/// What the paper tried; infinity is the rectifier.
const SHARPNESS: [f64; 6] = [1.0, 1.3, 2.0, 3.0, 6.0, f64::INFINITY];
/// Where infinity stands on the axis.
const FAR: f64 = 12.0;

fn name(sharpness: f64) -> String {
    match sharpness.is_finite() {
        true => sharpness.to_string(),
        false => "infinity".into(),
    }
}

impl Softplus {
    fn rows(preset: Preset) -> Result<Vec<Row>, ExperimentError> {
        let set = match preset {
            Preset::Smoke => "glyphs",
            Preset::Short | Preset::Full => "norb-like",
            Preset::Paper => "norb",
        };
        let images = Images::of(set, preset)?;
        let rows = SHARPNESS.iter().map(|&sharpness| {
            let unit = match sharpness.is_finite() {
                true => Unit::Softplus { sharpness },
                false => Unit::Rectifier,
            };
            let mut row = images.row(Labels::new().with("a", name(sharpness)), unit, false)?;
            // The paper's is without a penalty as far as it is known; only the unit differs.
            row.fine_tuning = row.fine_tuning.l1(0.0);
            Ok(row)
        });
        rows.collect()
    }
}

impl Experiment for Softplus {
    fn name(&self) -> &str {
        "softplus"
    }

    fn title(&self) -> &str {
        "From softplus to the rectifier: the rescaled softplus"
    }

    fn cells(&self, preset: Preset, records: &Records) -> Result<Vec<Cell>, ExperimentError> {
        cells_of(&Self::rows(preset)?, records)
    }

    fn report(&self, records: &Records) -> Result<Report, ExperimentError> {
        let set = records.iter().find_map(|record| record.labels.text("set"));
        let set = set.unwrap_or("images").to_string();
        let header = [
            "a",
            "runs",
            "test error, %",
            "zeros, %",
            "the paper on NORB, %",
        ];
        let mut grid = Grid::new(format!("softplus(a x) / a on {set}"), 1, header);
        let mut spots = Vec::new();
        for sharpness in SHARPNESS {
            let found = records.finals(&Labels::new().with("a", name(sharpness)));
            let Some((mean, interval)) = mean_of(&errors(&found))? else {
                continue;
            };
            grid.push([
                name(sharpness),
                runs_text(&found),
                mean_text(&errors(&found), 100.0, 2)?,
                mean_text(&zeros(&found), 100.0, 1)?,
                paper::softplus(sharpness).map_or(String::new(), |figure| figure.text(2)),
            ]);
            let title = format!("a = {}: {:.2}%", name(sharpness), 100.0 * mean);
            let spot = Spot::new(sharpness.min(FAR), 100.0 * mean).with_title(title);
            spots.push(match interval {
                Some((low, high)) => spot.with_interval(100.0 * low, 100.0 * high),
                None => spot,
            });
        }
        let mut findings = Vec::new();
        if let (Some(first), Some(last), true) =
            (spots.first(), spots.last(), spots.len() == SHARPNESS.len())
        {
            let falls = spots.windows(2).all(|pair| pair[1].y <= pair[0].y);
            let verb = if falls {
                "falls at every step"
            } else {
                "does not fall at every step"
            };
            findings.push(format!(
                "From softplus ({:.2}%) to the rectifier ({:.2}%) the mean error {verb}; in the paper it does.",
                first.y, last.y
            ));
        }
        findings.extend(below_the_rectifier(records)?);
        let ticks = SHARPNESS.map(|a| {
            (
                a.min(FAR),
                if a.is_finite() {
                    name(a)
                } else {
                    "rectifier".into()
                },
            )
        });
        let figure = Figure::new(
            format!("Sharper softplus units on {set}"),
            Axis::log("a").with_ticks(ticks),
            Axis::new("test error, %"),
        )
        .with(Curve::line("mean over seeds, 95% interval", 0, spots));
        let mut notes = vec![paper::LETTERS.to_string()];
        if set != "norb" {
            notes.insert(
                0,
                format!(
                    "The paper's networks are on NORB; these are on {set}, which is not NORB: only the order can be compared. No \
                     penalty on activations here, so that the rectifier's error is another one than in table 1."
                ),
            );
        }
        let caption = format!("Test error on {set} as softplus units become rectifiers");
        Ok(Report {
            findings,
            tables: std::iter::once(grid).chain(searches(records)).collect(),
            figures: vec![Drawing::new("figure", caption, figure)],
            notes,
        })
    }
}

/// Which sharpnesses differ from the rectifier, over the seeds that both have.
fn below_the_rectifier(records: &Records) -> Result<Vec<String>, ExperimentError> {
    let of = |sharpness| records.finals(&Labels::new().with("a", name(sharpness)));
    let mut tests = Vec::new();
    for sharpness in SHARPNESS.into_iter().filter(|a| a.is_finite()) {
        if let Some(test) = paired_test(&of(sharpness), &of(f64::INFINITY))? {
            tests.push((sharpness, test));
        }
    }
    let adjusted = holm(&tests.iter().map(|(_, test)| test.p).collect::<Vec<_>>())?;
    let findings = tests.iter().zip(adjusted).map(|((sharpness, test), p)| {
        let verdict = match (p < ALPHA, test.difference < 0.0) {
            (false, _) => "not significantly other than the rectifier's",
            (true, true) => "below the rectifier's",
            (true, false) => "above the rectifier's",
        };
        format!(
            "a = {}: the error is {verdict} ({:+.2} points over the same seeds, {} after Holm's correction).",
            name(*sharpness),
            100.0 * test.difference,
            p_is(p)
        )
    });
    Ok(findings.collect())
}
