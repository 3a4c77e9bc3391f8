//! One row of a table as cells: rates chosen by validation in shorter runs, then the chosen ones at length, over seeds or
//! folds.

use crate::{Cell, CellEngine, CellStage, ExperimentError, Labels, Record, Records};
use rectifier_catalog::{DataSpec, Plan, objective};
use rectifier_nn::DenseStackConfig;
use rectifier_train::{FineTune, Pretrain, Recipe, Stage};

/// A row: one network on one set of data, with what is to be chosen for it.
///
/// With more than one rate of a kind, cells of the stage [`Search`](CellStage::Search) come first: each rate of
/// pre-training trains the first layer alone, and the lowest reconstruction cost on the validation part wins (costs of layers
/// above are of another scale under each rate); then each rate of fine-tuning trains the whole network, pre-trained at the
/// chosen rate, and the lowest validation error wins. Runs that diverge never win. The test part is not looked at.
#[derive(Clone, Debug)]
pub struct Row {
    /// What tells it from other rows.
    pub labels: Labels,
    /// The network.
    pub network: DenseStackConfig,
    /// The share of labels that is used, where not all are.
    pub label_fraction: Option<f64>,
    /// Pre-training, where there is any.
    pub pretraining: Option<Pretraining>,
    /// Fine-tuning of the last stage; its rate is one of `rates`.
    pub fine_tuning: FineTune,
    /// Rates of fine-tuning to choose from, at least one.
    pub rates: Vec<f64>,
    /// Epochs of fine-tuning in the search.
    pub search_epochs: usize,
    /// What computes.
    pub engine: CellEngine,
    /// The runs; the search is made as the first of them.
    pub runs: Vec<Run>,
    /// Whether the weights of the best run are kept.
    pub keep: bool,
}

/// Pre-training of a row.
#[derive(Clone, Debug)]
pub struct Pretraining {
    /// Every hidden layer's stage.
    pub layers: Vec<Pretrain>,
    /// Rates to choose from; the layers' own if empty.
    pub rates: Vec<f64>,
    /// Epochs a layer in the search.
    pub search_epochs: usize,
}

/// One run of a row.
#[derive(Clone, Debug)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// The data: a fold of its own, or the same for all.
    pub data: DataSpec,
    /// Labels beside the row's: seed, fold.
    pub labels: Labels,
}

impl Run {
    /// Runs that differ in their seeds, from 1.
    pub fn seeds(data: &DataSpec, count: u64) -> Vec<Self> {
        let run = |seed| Self {
            seed,
            data: data.clone(),
            labels: Labels::new().with("seed", seed),
        };
        (1..=count).map(run).collect()
    }
}

impl Row {
    /// Every cell that can be told by now.
    ///
    /// # Errors
    /// [`ExperimentError::Catalog`] for a plan that cannot be made.
    pub fn cells(&self, records: &Records) -> Result<Vec<Cell>, ExperimentError> {
        let mut cells = Vec::new();
        let Some(first) = self.runs.first() else {
            return Ok(cells);
        };
        let mut layers: Option<Vec<Pretrain>> =
            self.pretraining.as_ref().map(|stage| stage.layers.clone());
        if let (Some(stage), Some(layers)) = (&self.pretraining, &mut layers) {
            let searched = self.pretraining_search(stage, first)?;
            let cost = |record: &Record| {
                record
                    .history
                    .iter()
                    .rev()
                    .find(|line| line.stage == 1)
                    .map(|line| line.valid_loss)
            };
            let choice = choose(&stage.rates, &searched, records, cost)?;
            cells.extend(searched);
            match choice {
                Choice::Open => return Ok(cells),
                Choice::None => {}
                Choice::Rate(rate) => layers.iter_mut().for_each(|layer| layer.rate = rate.into()),
            }
        }
        let searched = match self.rates.len() {
            0 | 1 => Vec::new(),
            _ => self.fine_tuning_search(layers.as_deref(), first)?,
        };
        let error = |record: &Record| record.summary().map(|summary| summary.valid_error);
        let choice = choose(&self.rates, &searched, records, error)?;
        cells.extend(searched);
        let mut stage = self.fine_tuning.clone();
        match choice {
            Choice::Open => return Ok(cells),
            Choice::None => {}
            Choice::Rate(rate) => stage.rate = rate.into(),
        }
        for run in &self.runs {
            let mut cell = self.cell(run, layers.as_deref(), stage.clone(), CellStage::Final)?;
            cell.labels = run
                .labels
                .axes()
                .fold(cell.labels, |labels, (axis, value)| {
                    labels.with(axis, value.clone())
                });
            cell.keep = self.keep.then(|| self.labels.slug());
            cells.push(cell);
        }
        Ok(cells)
    }

    fn pretraining_search(
        &self,
        stage: &Pretraining,
        run: &Run,
    ) -> Result<Vec<Cell>, ExperimentError> {
        let Some(layer) = stage.layers.first().filter(|_| stage.rates.len() > 1) else {
            return Ok(Vec::new());
        };
        let cells = stage.rates.iter().map(|rate| {
            let layer = Pretrain {
                rate: (*rate).into(),
                epochs: stage.search_epochs,
                ..layer.clone()
            };
            // A recipe ends with fine-tuning; its result is not looked at.
            let tuning = FineTune {
                epochs: 1,
                patience: None,
                ..self.fine_tuning.clone()
            };
            let mut cell = self.cell(run, Some(&[layer]), tuning, CellStage::Search)?;
            cell.labels = cell
                .labels
                .with("search", "pre-training")
                .with("rate", *rate);
            Ok(cell)
        });
        cells.collect()
    }

    fn fine_tuning_search(
        &self,
        layers: Option<&[Pretrain]>,
        run: &Run,
    ) -> Result<Vec<Cell>, ExperimentError> {
        let short: Option<Vec<Pretrain>> =
            layers
                .zip(self.pretraining.as_ref())
                .map(|(layers, stage)| {
                    let short = |layer: &Pretrain| Pretrain {
                        epochs: stage.search_epochs,
                        ..layer.clone()
                    };
                    layers.iter().map(short).collect()
                });
        let cells = self.rates.iter().map(|rate| {
            let tuning = FineTune {
                rate: (*rate).into(),
                epochs: self.search_epochs,
                ..self.fine_tuning.clone()
            };
            let mut cell = self.cell(run, short.as_deref(), tuning, CellStage::Search)?;
            cell.labels = cell
                .labels
                .with("search", "fine-tuning")
                .with("rate", *rate);
            Ok(cell)
        });
        cells.collect()
    }

    fn cell(
        &self,
        run: &Run,
        layers: Option<&[Pretrain]>,
        tuning: FineTune,
        stage: CellStage,
    ) -> Result<Cell, ExperimentError> {
        let layers = layers
            .unwrap_or_default()
            .iter()
            .cloned()
            .map(Stage::Pretrain);
        let recipe = Recipe::of(run.seed, layers.chain([Stage::FineTune(tuning)]))
            .with_objective(objective(&run.data));
        let mut plan = Plan::new(run.data.clone(), self.network.clone(), recipe);
        plan.label_fraction = self.label_fraction;
        plan.validate()?;
        let mut cell = Cell::new(plan, self.labels.clone());
        cell.engine = self.engine;
        cell.stage = stage;
        Ok(cell)
    }
}

/// What a search says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Choice {
    /// Nothing was to be chosen, or everything diverged: what the stage has stays.
    None,
    /// Some of its cells have no record yet.
    Open,
    /// The rate of the lowest score.
    Rate(f64),
}

/// The rate whose cell scores lowest.
fn choose(
    rates: &[f64],
    cells: &[Cell],
    records: &Records,
    score: impl Fn(&Record) -> Option<f64>,
) -> Result<Choice, ExperimentError> {
    if cells.is_empty() {
        return Ok(match rates {
            [rate] => Choice::Rate(*rate),
            _ => Choice::None,
        });
    }
    let mut best: Option<(f64, f64)> = None;
    for (rate, cell) in rates.iter().zip(cells) {
        let Some(record) = records.get(&cell.name()?) else {
            return Ok(Choice::Open);
        };
        let score = record.summary().and_then(|_| score(record));
        if let Some(score) = score.filter(|score| score.is_finite())
            && best.is_none_or(|(_, lowest)| score < lowest)
        {
            best = Some((*rate, score));
        }
    }
    Ok(best.map_or(Choice::None, |(rate, _)| Choice::Rate(rate)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::fakes::of;
    use crate::plans::{few_glyphs, network, pretrained_layers};
    use rectifier_nn::Unit;

    fn row(pretrained: bool) -> Row {
        let data = few_glyphs().unwrap();
        let network = network(&data, &[8, 8], Unit::Rectifier).unwrap();
        Row {
            labels: Labels::new().with("unit", "rectifier"),
            label_fraction: None,
            pretraining: pretrained.then(|| Pretraining {
                layers: pretrained_layers(&data, &network, 4, 0.0),
                rates: vec![0.1, 0.01],
                search_epochs: 1,
            }),
            network,
            fine_tuning: FineTune::new(5, 10, 0.1),
            rates: vec![0.3, 0.03, 0.003],
            search_epochs: 2,
            engine: CellEngine::SPARSE,
            runs: Run::seeds(&data, 3),
            keep: true,
        }
    }

    /// Records every open cell with the error that `error` gives.
    fn carry_on(row: &Row, records: &mut Records, error: impl Fn(&Cell) -> f64) -> Vec<Cell> {
        let cells = row.cells(records).unwrap();
        let open = |cell: &&Cell| records.get(&cell.name().unwrap()).is_none();
        let open: Vec<Cell> = cells.iter().filter(open).cloned().collect();
        for cell in &open {
            records.add(of(cell, error(cell)));
        }
        open
    }

    #[test]
    fn the_next_stage_follows_from_the_records_alone() {
        let row = row(true);
        let mut records = Records::default();
        // Far from the lowest rate, far from the lowest error.
        let error =
            |wanted: f64| move |cell: &Cell| (cell.labels.number("rate").unwrap() - wanted).abs();
        let first = carry_on(&row, &mut records, error(0.01));
        assert_eq!(first.len(), 2);
        assert!(first.iter().all(|cell| cell.plan.recipe.stages.len() == 2));
        let second = carry_on(&row, &mut records, error(0.03));
        assert_eq!(second.len(), 3);
        assert!(second.iter().all(|cell| cell.stage == CellStage::Search));
        let last = carry_on(&row, &mut records, |_| 0.1);
        assert_eq!(last.len(), 3);
        for cell in &last {
            let rates: Vec<f64> = cell
                .plan
                .recipe
                .stages
                .iter()
                .map(|stage| stage.rate().start())
                .collect();
            assert_eq!(rates, [0.01, 0.01, 0.03]);
            assert_eq!(cell.plan.recipe.stages[0].epochs(), 4);
            assert_eq!(cell.keep.as_deref(), Some("rectifier"));
        }
        assert!(carry_on(&row, &mut records, |_| 0.0).is_empty());
        assert_eq!(row.cells(&records).unwrap().len(), 8);
    }

    #[test]
    fn what_diverged_is_not_chosen() {
        let row = row(false);
        let mut records = Records::default();
        let cells = row.cells(&records).unwrap();
        for cell in &cells {
            let mut record = of(cell, 0.5);
            if cell.labels.number("rate") != Some(0.003) {
                let reason = "no number".into();
                record.ended = crate::Ended::Diverged { reason };
            }
            records.add(record);
        }
        let next = row.cells(&records).unwrap();
        assert_eq!(next[3].plan.recipe.stages[0].rate().start(), 0.003);
    }
}
