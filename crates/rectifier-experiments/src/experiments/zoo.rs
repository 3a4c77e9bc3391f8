//! The networks that are handed out: each row trains one of them, and the weights of its best validation run are kept.

use super::cells_of;
use super::images::Images;
use crate::compare::{best, errors, mean_text, zeros};
use crate::labels::word;
use crate::plans::{BATCH, data, few_glyphs, network, unit};
use crate::searches::{at_the_edge, runs_text, searches};
use crate::{
    Cell, CellEngine, Experiment, ExperimentError, Grid, Labels, Preset, Records, Report, Row, Run,
};
use rectifier_catalog::DataSpec;
use rectifier_nn::Unit;
use rectifier_train::{FineTune, Objective};

/// Networks for others to use.
pub struct Zoo;
/// Networks for others to use.
pub static ZOO: Zoo = Zoo;

/// The label that holds a network's name, such as `mnist/rectifier-3x1000`.
pub const MODEL: &str = "model";

/// The hidden layers of the smallest one: as many as the large ones have, under 300,000 weights.
const TINY: [usize; 3] = [272, 128, 96];
/// The penalty that leaves about 85% of a network on MNIST silent at no cost in error (figure 3).
const SPARSE_L1: f64 = 5e-5;
/// Networks on text learn the training part by heart within a few epochs.
const TEXT_PATIENCE: usize = 4;

/// A name for each row of images: set, unit, whether pre-trained.
const IMAGES: [(&str, &str, &str, bool); 7] = [
    ("mnist/rectifier-3x1000", "mnist", "rectifier", false),
    (
        "mnist/rectifier-3x1000-pretrained",
        "mnist",
        "rectifier",
        true,
    ),
    ("mnist/tanh-3x1000", "mnist", "tanh", false),
    ("mnist/softplus-3x1000", "mnist", "softplus", false),
    ("nistp/rectifier-3x1000", "nistp", "rectifier", false),
    (
        "norb-like/rectifier-3x1000",
        "norb-like",
        "rectifier",
        false,
    ),
    ("cifar10/rectifier-3x1000", "cifar10", "rectifier", false),
];

impl Zoo {
    fn rows(preset: Preset) -> Result<Vec<Row>, ExperimentError> {
        let small = preset == Preset::Smoke;
        let mut rows = Vec::new();
        // Where everything is on glyphs, rows of other sets would be the same runs once more.
        let shown = IMAGES.iter().filter(|row| !small || row.1 == "mnist");
        for &(name, set, kind, pretrained) in shown {
            let images = Images::of(if small { "glyphs" } else { set }, preset)?;
            let row = images.row(Labels::new(), unit(kind), pretrained)?;
            rows.push(named(name, row));
        }
        let digits = Images::of(if small { "glyphs" } else { "mnist" }, preset)?;
        let plain = |name, penalty| {
            let mut row = digits.row(Labels::new(), Unit::Rectifier, false)?;
            row.fine_tuning = row.fine_tuning.l1(penalty);
            // The rate that the row without this penalty chooses among the same is as good here.
            row.rates = vec![0.1];
            Ok::<Row, ExperimentError>(named(name, row))
        };
        rows.push(plain("mnist/rectifier-3x1000-sparse", SPARSE_L1)?);
        let mut tiny = plain("mnist/rectifier-tiny", 0.0)?;
        if !small {
            tiny.network = network(&digits.data, &TINY, Unit::Rectifier)?;
            // A small network takes longer, and costs little.
            tiny.fine_tuning.epochs *= 2;
        }
        rows.push(tiny);
        let seeds = digits.seeds.min(3);
        rows.push(named("glyphs/rectifier-3x1000", glyphs(preset, seeds)?));
        let words = restaurants(preset, seeds)?;
        rows.push(named("restaurants/rectifier-1x1000", words));
        Ok(rows)
    }
}

/// The row, known by the network's name alone.
fn named(name: &str, row: Row) -> Row {
    Row {
        labels: Labels::new().with(MODEL, name),
        keep: true,
        ..row
    }
}

fn rectifiers(
    set: &DataSpec,
    hidden: &[usize],
    stage: FineTune,
    seeds: u64,
) -> Result<Row, ExperimentError> {
    Ok(Row {
        labels: Labels::new(),
        network: network(set, hidden, Unit::Rectifier)?,
        label_fraction: None,
        pretraining: None,
        rates: vec![stage.rate.start()],
        search_epochs: 1,
        fine_tuning: stage,
        engine: CellEngine::SPARSE,
        runs: Run::seeds(set, seeds),
        keep: false,
    })
}

/// What `rectifier train` trains without options.
fn glyphs(preset: Preset, seeds: u64) -> Result<Row, ExperimentError> {
    let (set, hidden, epochs) = match preset {
        Preset::Smoke => (few_glyphs()?, vec![12, 12], 2),
        Preset::Short => (data("glyphs", &[])?, vec![1000; 3], 2),
        Preset::Full | Preset::Paper => (data("glyphs", &[])?, vec![1000; 3], 12),
    };
    let stage = FineTune::new(epochs, 32, 0.1);
    rectifiers(&set, &hidden, stage, seeds)
}

/// Stars from words, on the first fold.
fn restaurants(preset: Preset, seeds: u64) -> Result<Row, ExperimentError> {
    let set = match preset {
        Preset::Smoke => few_glyphs()?,
        _ => data("restaurants", &[("fold", "1/10".into())])?,
    };
    let (units, epochs) = match preset {
        Preset::Smoke => (12, 2),
        Preset::Short => (300, 5),
        Preset::Full | Preset::Paper => (1000, 15),
    };
    let stage = FineTune::new(epochs, BATCH, 0.05).patience(TEXT_PATIENCE);
    rectifiers(&set, &[units], stage, seeds)
}

impl Experiment for Zoo {
    fn name(&self) -> &str {
        "zoo"
    }

    fn title(&self) -> &str {
        "Networks for others to use: the best validation run of each row is kept"
    }

    fn cells(&self, preset: Preset, records: &Records) -> Result<Vec<Cell>, ExperimentError> {
        cells_of(&Self::rows(preset)?, records)
    }

    fn report(&self, records: &Records) -> Result<Report, ExperimentError> {
        let header = [
            "network",
            "data",
            "weights",
            "runs",
            "test error, mean",
            "zeros, %",
            "kept: seed",
            "its validation error",
            "its test error",
        ];
        let mut grid = Grid::new("Networks, and the run of each that is kept", 2, header);
        for model in records.values(MODEL) {
            let model = word(&model);
            let own = records.finals(&Labels::new().with(MODEL, model.clone()));
            let Some(kept) = best(&own) else {
                continue;
            };
            let rated = kept.plan.recipe.objective == Objective::ExpectedRating;
            let (scale, decimals, mark) = if rated {
                (1.0, 4, "RMSE ")
            } else {
                (100.0, 2, "")
            };
            let text = |error: Option<f64>| match error {
                Some(error) => format!("{mark}{:.decimals$}", scale * error),
                None => String::new(),
            };
            grid.push([
                model,
                kept.plan.data.name().into(),
                kept.plan.network.parameters().to_string(),
                runs_text(&own),
                format!("{mark}{}", mean_text(&errors(&own), scale, decimals)?),
                mean_text(&zeros(&own), 100.0, 1)?,
                kept.plan.recipe.seed.to_string(),
                text(kept.summary().map(|summary| summary.valid_error)),
                text(kept.error()),
            ]);
        }
        Ok(Report {
            findings: at_the_edge(records),
            tables: std::iter::once(grid).chain(searches(records)).collect(),
            figures: Vec::new(),
            notes: vec![
                "Errors in percent, or as RMSE in stars; means over seeds with Student's 95% interval of the mean. The run of the \
                 lowest validation error is kept; its own test error is one draw, the mean is what to expect of the recipe."
                    .into(),
            ],
        })
    }
}
