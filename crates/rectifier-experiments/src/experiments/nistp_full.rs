//! One pass over as many generated characters as the paper's NISTP has.

use crate::plans::{data, few_glyphs, network};
use crate::{
    Cell, Drawing, Experiment, ExperimentError, Grid, Labels, Preset, Records, Report, paper,
};
use rectifier_catalog::Plan;
use rectifier_nn::Unit;
use rectifier_plot::words::{duration, thousands};
use rectifier_plot::{Axis, Curve, Figure, Reference, Spot};
use rectifier_train::{FineTune, Recipe};

/// The whole of NISTP.
pub struct NistpFull;
/// The whole of NISTP.
pub static NISTP_FULL: NistpFull = NistpFull;

/// Training examples of the paper's NISTP.
const ALL: u64 = 81_920_000;
/// Fresh examples from one look at the validation part to the next: 80 times as many are [`ALL`].
const BETWEEN: usize = 1_024_000;

impl Experiment for NistpFull {
    fn name(&self) -> &str {
        "nistp-full"
    }

    fn title(&self) -> &str {
        "NISTP streamed: one pass over fresh characters"
    }

    fn cells(&self, preset: Preset, _: &Records) -> Result<Vec<Cell>, ExperimentError> {
        let (data, hidden, epochs, batch) = match preset {
            Preset::Smoke => (few_glyphs()?, 12, 2, 10),
            // Measured on a million first.
            Preset::Short => (streamed()?, 1000, 1, 64),
            Preset::Full => (streamed()?, 1000, 80, 64),
            Preset::Paper => (streamed()?, 1000, 80, 10),
        };
        let network = network(&data, &[hidden; 3], Unit::Rectifier)?;
        let recipe = Recipe::of(1, [FineTune::new(epochs, batch, 0.1)]);
        let plan = Plan::new(data, network, recipe);
        plan.validate()?;
        let mut cell = Cell::new(plan, Labels::new().with("seed", 1));
        cell.keep = Some("nistp-full".into());
        Ok(vec![cell])
    }

    fn report(&self, records: &Records) -> Result<Report, ExperimentError> {
        let header = [
            "examples seen",
            "test error, %",
            "validation error, %",
            "zeros, %",
            "took",
            "examples a second",
        ];
        let mut grid = Grid::new("One pass", 0, header);
        let mut findings = Vec::new();
        let mut spots = Vec::new();
        for record in records.finals(&Labels::new()) {
            let made = record.provenance.as_ref();
            let each = made.map_or(BETWEEN, |made| made.data.sizes.train) as f64;
            let Some(summary) = record.summary() else {
                continue;
            };
            let seen = each * summary.epochs as f64;
            grid.push([
                thousands(seen as u64),
                format!("{:.2}", 100.0 * summary.test_error),
                format!("{:.2}", 100.0 * summary.valid_error),
                record
                    .zeros()
                    .map_or(String::new(), |share| format!("{:.1}", 100.0 * share)),
                duration(summary.seconds),
                thousands((seen / summary.seconds.max(1e-9)) as u64),
            ]);
            findings.push(format!(
                "After {} fresh examples the test error is {:.2}%; the paper's is {} without pre-training.",
                // Those that the network had seen which is tested: the one of the best validation error.
                thousands((each * summary.best_epoch as f64) as u64),
                100.0 * summary.test_error,
                paper::table1("nistp", "rectifier", false).map_or(String::new(), |figure| figure.percent())
            ));
            if (seen as u64) < ALL {
                findings.push(format!(
                    "At this speed all {} examples of the paper's take {} on one thread.",
                    thousands(ALL),
                    duration(ALL as f64 * summary.seconds / seen.max(1.0))
                ));
            }
            for line in &record.history {
                if let Some(error) = line.valid_error {
                    let title = format!(
                        "{} examples: {:.2}%",
                        thousands((each * line.epoch as f64) as u64),
                        100.0 * error
                    );
                    spots.push(
                        Spot::new(each * line.epoch as f64 / 1e6, 100.0 * error).with_title(title),
                    );
                }
            }
        }
        let mut figure = Figure::new(
            "Validation error over fresh examples",
            Axis::new("examples seen, millions"),
            Axis::new("validation error, %"),
        )
        .with(Curve::line("three layers of rectifiers", 0, spots));
        if let Some(published) = paper::table1("nistp", "rectifier", false) {
            figure = figure.with(Reference::y("the paper's test error", 1, published.value));
        }
        Ok(Report {
            findings,
            tables: vec![grid],
            figures: vec![Drawing::new("figure", "Validation error over the examples seen", figure)],
            notes: vec![
                "Characters are generated as the paper's authors describe their generator, from sources that are at hand: the error is of \
                 other characters than the paper's."
                    .into(),
                paper::LETTERS.into(),
            ],
        })
    }
}

fn streamed() -> Result<rectifier_catalog::DataSpec, ExperimentError> {
    data("nistp", &[("examples", BETWEEN.to_string())])
}
