//! The rows of each question.

use crate::experiments::images::Images;
use crate::experiments::table1::UNITS;
use crate::plans::unit;
use crate::{CellEngine, ExperimentError, Labels, Preset, Row};
use rectifier_nn::{Reconstruction, Scale, Target, Unit};
use rectifier_train::{Dropout, FineTune, Optimizer, Pretrain, Rate, Schedule};

/// A rate at which rectifiers die.
const HIGH: f64 = 0.3;

/// Every row.
pub(super) fn rows(images: &Images, preset: Preset) -> Result<Vec<Row>, ExperimentError> {
    let mut rows = dying(images, preset)?;
    rows.extend(flips(images)?);
    rows.extend(strategies(images)?);
    rows.extend(batches(images)?);
    rows.extend(penalties(images)?);
    rows.extend(rates(images, preset)?);
    rows.extend(longer(images, preset)?);
    rows.extend(modern(images)?);
    Ok(rows)
}

fn labels(part: &str, what: impl Into<serde_json::Value>) -> Labels {
    Labels::new().with("part", part).with("what", what)
}

/// Units that die, and those that do not, at the usual rate and at a high one.
fn dying(images: &Images, preset: Preset) -> Result<Vec<Row>, ExperimentError> {
    let mut units = vec![
        ("rectifier", Unit::Rectifier, CellEngine::SPARSE),
        (
            "leaky",
            Unit::Leaky {
                slope: Unit::LEAKY_SLOPE,
            },
            CellEngine::SPARSE,
        ),
        ("elu", Unit::Elu { alpha: 1.0 }, CellEngine::SPARSE),
        // Drawn as it wants to be: normally, with variance 1 / inputs.
        ("selu", Unit::Selu, CellEngine::SPARSE),
    ];
    // Ten times as slow on a CPU: the sparse engine learns no slopes.
    if preset == Preset::Paper {
        let slope = Unit::PARAMETRIC_SLOPE;
        units.push((
            "parametric-leaky",
            Unit::ParametricLeaky { slope },
            CellEngine::BURN,
        ));
    }
    let mut rows = Vec::new();
    for (name, unit, engine) in units {
        for rate in [0.1, HIGH] {
            let mut row = images.row(labels("dying", name).with("rate", rate), unit, false)?;
            row.fine_tuning = FineTune::new(images.epochs, images.batch, rate);
            row.rates = vec![rate];
            row.engine = engine;
            rows.push(row);
        }
    }
    // What else keeps units alive, or revives them, at the high rate.
    let mut falling = images.row(
        labels("dying", "rectifier, falling rate").with("rate", HIGH),
        Unit::Rectifier,
        false,
    )?;
    falling.fine_tuning = FineTune::new(images.epochs, images.batch, to_zero(HIGH));
    falling.rates = Vec::new();
    let mut flipped = images.row(
        labels("dying", "rectifier, half of the signs flipped").with("rate", HIGH),
        Unit::Rectifier,
        false,
    )?;
    flipped.network.flips = true;
    flipped.fine_tuning = FineTune::new(images.epochs, images.batch, HIGH);
    flipped.rates = vec![HIGH];
    rows.extend([falling, flipped]);
    Ok(rows)
}

/// From a rate to none at all, along a cosine.
fn to_zero(start: f64) -> Rate {
    Rate::Scheduled(Schedule::Cosine { start, end: 0.0 })
}

/// The picture of the rate grid, with rates between and above the paper's.
fn rates(images: &Images, preset: Preset) -> Result<Vec<Row>, ExperimentError> {
    let rates: &[f64] = match preset {
        Preset::Smoke => &[0.3, 0.1],
        _ => &[0.3, 0.1, 0.03, 0.01],
    };
    let mut rows = Vec::new();
    for name in UNITS {
        for &rate in rates {
            let labels = labels("rates", name).with("rate", rate);
            let mut row = images.row(labels, unit(name), false)?;
            row.fine_tuning.rate = rate.into();
            row.rates = vec![rate];
            row.runs.truncate(1);
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The units of table 1 with three times its epochs, at its best rate: whether those that are far from the paper's there are so
/// for want of training.
fn longer(images: &Images, preset: Preset) -> Result<Vec<Row>, ExperimentError> {
    let epochs = 3 * Images::of(images.set, preset)?.epochs;
    let rate = 0.1;
    let mut rows = Vec::new();
    for name in UNITS {
        let what = format!("{name}, {epochs} epochs");
        let mut row = images.row(labels("longer", what).with("rate", rate), unit(name), false)?;
        row.fine_tuning.epochs = epochs;
        row.fine_tuning.rate = rate.into();
        row.rates = vec![rate];
        rows.push(row);
    }
    Ok(rows)
}

/// Half of the units' signs flipped, which answers the lack of symmetry around 0.
fn flips(images: &Images) -> Result<Vec<Row>, ExperimentError> {
    let rows = [false, true].map(|flips| {
        let mut row = images.row(labels("flips", flips), Unit::Rectifier, false)?;
        row.network.flips = flips;
        Ok(row)
    });
    rows.into_iter().collect()
}

/// The paper's four strategies of reconstruction.
fn strategies(images: &Images) -> Result<Vec<Row>, ExperimentError> {
    let all = [
        ("1 softplus, squared", Reconstruction::SoftplusSquared),
        (
            "2 logistic, cross-entropy",
            Reconstruction::CrossEntropy {
                scale: Scale::Global,
            },
        ),
        (
            "3 linear, squared",
            Reconstruction::LinearSquared {
                target: Target::After,
            },
        ),
        ("4 rectifier, squared", Reconstruction::RectifierSquared),
    ];
    let rows = all.map(|(name, reconstruction)| {
        let mut row = images.row(labels("strategies", name), Unit::Rectifier, true)?;
        change_layers(&mut row, |layer| layer.reconstruction = reconstruction);
        Ok(row)
    });
    rows.into_iter().collect()
}

/// How many examples a step has; the rate grows with the root of the batch, so that steps stay as noisy.
fn batches(images: &Images) -> Result<Vec<Row>, ExperimentError> {
    let rows = [10, 32, 128, 512].map(|batch: usize| {
        let mut row = images.row(labels("batch", batch), Unit::Rectifier, false)?;
        row.fine_tuning.batch = batch;
        let rate = 0.1 * (batch as f64 / 10.0).sqrt();
        let rate = (rate * 1000.0).round() / 1000.0;
        row.rates = vec![rate];
        Ok(row)
    });
    rows.into_iter().collect()
}

/// Whether the penalty in pre-training matters.
fn penalties(images: &Images) -> Result<Vec<Row>, ExperimentError> {
    let rows = [0.0, 1e-4, 1e-3].map(|l1| {
        let mut row = images.row(labels("penalty in pre-training", l1), Unit::Rectifier, true)?;
        change_layers(&mut row, |layer| layer.l1 = l1);
        Ok(row)
    });
    rows.into_iter().collect()
}

/// Today's training of the same network: not the paper's.
fn modern(images: &Images) -> Result<Vec<Row>, ExperimentError> {
    let epochs = images.epochs;
    let falling = FineTune::new(epochs, images.batch, to_zero(0.1));
    // Many epochs, since what is left out at random wants them.
    let thinned = FineTune::new(3 * epochs, 128, to_zero(0.1))
        .optimizer(Optimizer::Momentum { momentum: 0.9 })
        .dropout(Dropout::new(0.2, 0.5))
        .weight_decay(1e-5);
    let all = [
        (
            "the paper's training",
            FineTune::new(epochs, images.batch, 0.1),
        ),
        ("cosine schedule", falling.clone()),
        (
            "cosine schedule, pictures moved by up to 2 pixels",
            falling.shift(2),
        ),
        (
            "momentum, batch 128, cosine schedule, dropout, weight decay, 3 times the epochs",
            thinned.clone(),
        ),
        (
            "momentum, batch 128, cosine schedule, dropout, weight decay, 3 times the epochs, pictures moved by up to 2 pixels",
            thinned.shift(2),
        ),
    ];
    let rows = all.map(|(name, stage)| {
        let mut row = images.row(labels("modern", name), Unit::Rectifier, false)?;
        row.fine_tuning = stage;
        // A rate to choose would take the schedule's place.
        row.rates = Vec::new();
        Ok(row)
    });
    rows.into_iter().collect()
}

fn change_layers(row: &mut Row, change: impl Fn(&mut Pretrain)) {
    if let Some(stage) = &mut row.pretraining {
        stage.layers.iter_mut().for_each(change);
    }
}
