//! How long cells take and how much disk they need, from what was measured.

use crate::{Cell, ExperimentError, Records, SweepFolder};
use rectifier_catalog::Plan;
use rectifier_data::Locator;
use rectifier_nn::{DenseStackConfig, Unit};
use rectifier_train::Stage;
use std::collections::{BTreeMap, BTreeSet};

/// Seconds an example and a weight on one thread, where a folder has no record to go by: forward, backward and update in
/// batches of 10 on an AVX-512 server processor, three layers of 1000.
const SPARSE: f64 = 7e-11;
/// The same for units without zeros.
const DENSE: f64 = 2e-10;
/// Weights of Burn's engine cost so much more.
const BURN: f64 = 10.0;
/// Bytes of a record.
pub(crate) const RECORD: u64 = 6_000;
/// Copies of the weights in a run's folder: the best network, and two checkpoints of two each.
pub(crate) const COPIES: u64 = 5;

/// What is known of how fast cells are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// Seconds an example and a weight, by unit and engine.
    measured: BTreeMap<String, f64>,
}

/// What cells need.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Seconds on one thread.
    pub seconds: f64,
    /// Whether they are from records of this folder.
    pub measured: bool,
    /// Bytes while they run.
    pub working_bytes: u64,
    /// Bytes of weights that stay, where they are the best of their row.
    pub kept_bytes: u64,
}

/// Which pre-training is made or counted already: cells that share it need it once.
pub(crate) struct Heads<'a> {
    files: &'a SweepFolder,
    counted: BTreeSet<String>,
}

impl<'a> Heads<'a> {
    /// With what lies in a sweep's folder.
    pub fn of(files: &'a SweepFolder) -> Self {
        Self {
            files,
            counted: BTreeSet::new(),
        }
    }

    /// Whether the pre-training of `cell` is made, or counted with a cell before.
    ///
    /// # Errors
    /// As [`Cell::head`].
    pub fn made(&mut self, cell: &Cell) -> Result<bool, ExperimentError> {
        Ok(cell.head()?.is_some_and(|head| {
            self.files.pretrained_path(&head).is_file() || !self.counted.insert(head)
        }))
    }
}

impl Rates {
    /// The rates of the runs that `records` tell of.
    pub fn of(records: &Records, locator: &Locator) -> Self {
        let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        for record in records.iter() {
            let done: f64 = record.history.iter().map(|line| line.seconds).sum();
            if let (Some(summary), Ok(work)) =
                (record.summary(), work(&record.plan, false, locator))
            {
                let planned = record.plan.recipe.total_epochs().max(1) as f64;
                // A run that stopped early did a part of its work; one whose history was thinned did all of it.
                let share = (summary.epochs as f64 / planned).min(1.0);
                let seconds = summary.seconds.max(done);
                let sum = sums
                    .entry(kind(&record.plan, record.engine.name.name()))
                    .or_default();
                *sum = (sum.0 + seconds, sum.1 + work * share);
            }
        }
        let measured = sums.into_iter().filter(|(_, (_, work))| *work > 0.0);
        Self {
            measured: measured
                .map(|(kind, (seconds, work))| (kind, seconds / work))
                .collect(),
        }
    }

    /// What `cell` needs, whose pre-training was `made` for another or not.
    ///
    /// # Errors
    /// [`ExperimentError::Data`] where the size of its data cannot be told.
    pub fn estimate(
        &self,
        cell: &Cell,
        made: bool,
        locator: &Locator,
    ) -> Result<Estimate, ExperimentError> {
        let known = self
            .measured
            .get(&kind(&cell.plan, cell.engine.name.name()));
        let rate = known.copied().unwrap_or_else(|| {
            let dense = match cell.plan.network.unit {
                Unit::Rectifier => SPARSE,
                _ => DENSE,
            };
            match cell.engine.name.name() {
                "burn" => dense * BURN,
                _ => dense,
            }
        });
        let weights = 4 * cell.plan.network.parameters() as u64;
        Ok(Estimate {
            seconds: rate * work(&cell.plan, made, locator)?,
            measured: known.is_some(),
            working_bytes: COPIES * weights,
            kept_bytes: if cell.keep.is_some() { weights } else { 0 },
        })
    }
}

/// Runs of one kind are as fast as each other: small networks wait for other things than weights.
fn kind(plan: &Plan, engine: &str) -> String {
    let network = &plan.network;
    let unit = serde_json::to_value(network.unit).unwrap_or_default();
    let batch = plan.recipe.stages.last().map_or(0, Stage::batch);
    format!(
        "{} {engine} {} {:?} {batch} {}",
        unit["kind"].as_str().unwrap_or("network"),
        network.inputs,
        network.hidden,
        plan.recipe.stages.len()
    )
}

/// Examples that all epochs of a plan go through.
///
/// # Errors
/// [`ExperimentError::Data`] where the size of its data cannot be told.
pub fn passes(plan: &Plan, locator: &Locator) -> Result<f64, ExperimentError> {
    let train = plan.data.info(locator)?.sizes.train as f64;
    let stages = plan.recipe.stages.iter();
    Ok(stages
        .map(|stage| stage.epochs() as f64 * train * seen(plan, stage))
        .sum())
}

/// The share of the training part that a stage learns from.
fn seen(plan: &Plan, stage: &Stage) -> f64 {
    match stage {
        Stage::Pretrain(_) => 1.0,
        Stage::FineTune(_) => plan.label_fraction.unwrap_or(1.0),
    }
}

/// Examples times the weights that each goes through; of fine-tuning alone where pre-training is `made`.
fn work(plan: &Plan, made: bool, locator: &Locator) -> Result<f64, ExperimentError> {
    let train = plan.data.info(locator)?.sizes.train as f64;
    let stages = plan.recipe.stages.iter();
    let open = stages.filter(|stage| !made || matches!(stage, Stage::FineTune(_)));
    let each = open.map(|stage| {
        let weights = match stage {
            Stage::FineTune(_) => plan.network.parameters() as f64,
            Stage::Pretrain(stage) => layer_weights(&plan.network, stage.layer),
        };
        stage.epochs() as f64 * train * seen(plan, stage) * weights
    });
    Ok(each.sum())
}

/// The weights of a layer and of the decoder that rebuilds what is below it.
fn layer_weights(network: &DenseStackConfig, layer: usize) -> f64 {
    let size = |layer: usize| match layer {
        0 => network.inputs,
        layer => network.hidden.get(layer - 1).copied().unwrap_or(0),
    };
    2.0 * size(layer.saturating_sub(1)) as f64 * size(layer) as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Labels;
    use crate::fakes::{fake, plan};

    #[test]
    fn a_record_of_the_same_kind_is_gone_by() {
        let locator = Locator::default();
        let cell = |rate| Cell::new(plan("rectifier", 1, rate), Labels::new());
        let guess = Rates::default()
            .estimate(&cell(0.1), false, &locator)
            .unwrap();
        assert!(!guess.measured && guess.seconds > 0.0);
        let records: Records = [fake(plan("rectifier", 1, 0.1), Labels::new(), 0.5)]
            .into_iter()
            .collect();
        let known = Rates::of(&records, &locator);
        let told = known.estimate(&cell(0.3), false, &locator).unwrap();
        // The fake took ten seconds for the same work.
        assert!(
            told.measured && (told.seconds - 10.0).abs() < 1e-9,
            "{told:?}"
        );
        let tanh = Cell::new(plan("tanh", 1, 0.1), Labels::new());
        assert!(!known.estimate(&tanh, false, &locator).unwrap().measured);
        assert_eq!(passes(&cell(0.1).plan, &locator).unwrap(), 620.0);
    }
}
