//! Which images, how large networks and how long runs: what the experiments on images share, preset by preset.

use crate::plans::{data, few_glyphs, network, pretrained_layers};
use crate::{CellEngine, ExperimentError, Labels, Preset, Pretraining, Row, Run};
use rectifier_catalog::DataSpec;
use rectifier_nn::Unit;
use rectifier_train::FineTune;

/// The penalty on rectifiers in fine-tuning, summed over units and averaged over the batch. The paper's 0.001 in that form
/// leaves 3% of the units and costs accuracy; under this one the share of zeros is the paper's.
pub(crate) const L1: f64 = 3e-5;

/// What stands below every table with penalized networks.
pub(crate) const PENALTY_NOTE: &str = "Rectifiers have an L1 penalty of 0.00003 on each hidden activation in fine-tuning, summed over \
     units and averaged over the batch: in that form the paper's coefficient 0.001 leaves about 3% of the units and costs accuracy, \
     and this one gives the paper's share of zeros. Tanh and softplus units, which have no exact zeros to gain, have none.";

/// A set of images, and how long networks train on it.
pub(crate) struct Images {
    pub set: &'static str,
    pub data: DataSpec,
    pub hidden: Vec<usize>,
    pub batch: usize,
    pub seeds: u64,
    pub epochs: usize,
    pub rates: Vec<f64>,
    pub search_epochs: usize,
    pub pretraining_epochs: usize,
    pub pretraining_rates: Vec<f64>,
    pub pretraining_search_epochs: usize,
}

impl Images {
    /// The set called `set`, as large as `preset` has it.
    pub fn of(set: &'static str, preset: Preset) -> Result<Self, ExperimentError> {
        let grid = vec![0.1, 0.01, 0.001];
        let paper = vec![0.1, 0.01, 0.001, 0.0001];
        let spec = match (set, preset) {
            ("glyphs", _) => few_glyphs()?,
            // Fresh ones for every epoch, so that a run sees a million; the whole is `nistp-full`.
            ("nistp", Preset::Full) => data(set, &[("examples", "100000".into())])?,
            ("nistp", Preset::Paper) => data(set, &[("examples", "819200".into())])?,
            ("norb-like", Preset::Short) => data(set, &[("examples", "6000".into())])?,
            (set, _) => data(set, &[])?,
        };
        let short = Self {
            set,
            data: spec,
            hidden: vec![1000, 1000, 1000],
            batch: 10,
            seeds: 2,
            epochs: 2,
            rates: vec![0.1],
            search_epochs: 1,
            pretraining_epochs: 1,
            pretraining_rates: vec![0.01],
            pretraining_search_epochs: 1,
        };
        Ok(match preset {
            Preset::Smoke => Self {
                hidden: vec![12, 12],
                rates: vec![0.1, 0.03],
                pretraining_rates: vec![0.01, 0.003],
                ..short
            },
            Preset::Short => short,
            Preset::Full => Self {
                seeds: if set == "mnist" { 5 } else { 3 },
                epochs: if set == "mnist" { 15 } else { 10 },
                rates: grid.clone(),
                search_epochs: 3,
                pretraining_epochs: 5,
                pretraining_rates: grid,
                pretraining_search_epochs: 2,
                ..short
            },
            Preset::Paper => Self {
                hidden: match set {
                    "norb" | "norb-like" => vec![4000, 2000],
                    _ => short.hidden.clone(),
                },
                seeds: 5,
                epochs: 50,
                rates: paper.clone(),
                search_epochs: 10,
                pretraining_epochs: 20,
                pretraining_rates: paper,
                pretraining_search_epochs: 5,
                ..short
            },
        })
    }

    /// The row of `unit` with these labels, pre-trained or not.
    pub fn row(
        &self,
        labels: Labels,
        unit: Unit,
        pretrained: bool,
    ) -> Result<Row, ExperimentError> {
        let network = network(&self.data, &self.hidden, unit)?;
        let first = self.rates.first().copied().unwrap_or(0.1);
        let mut tuning = FineTune::new(self.epochs, self.batch, first);
        if unit == Unit::Rectifier {
            tuning = tuning.l1(L1);
        }
        let pretraining = pretrained.then(|| Pretraining {
            layers: pretrained_layers(&self.data, &network, self.pretraining_epochs, 0.0),
            rates: self.pretraining_rates.clone(),
            search_epochs: self.pretraining_search_epochs,
        });
        Ok(Row {
            labels: labels.with("set", self.set).with("pretrained", pretrained),
            network,
            label_fraction: None,
            pretraining,
            fine_tuning: tuning,
            rates: self.rates.clone(),
            search_epochs: self.search_epochs,
            engine: CellEngine::SPARSE,
            runs: Run::seeds(&self.data, self.seeds),
            keep: false,
        })
    }
}
