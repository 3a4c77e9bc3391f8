//! What a plan is where nothing is asked for: values that train each kind of data well within a sitting on two cores.

use crate::plan::objective;
use crate::{CatalogError, DataSpec, Plan};
use rectifier_data::{Inputs, Locator, Supply};
use rectifier_nn::{Corruption, DenseStackConfig, Reconstruction, Scale, Unit};
use rectifier_train::{FineTune, Optimizer, Pretrain, Recipe, Stage};

/// Hidden layers where none are given: the paper's.
const HIDDEN: [usize; 3] = [1000, 1000, 1000];
/// On text, one layer that trains within minutes on two cores; the paper's have 5000 units.
const TEXT_HIDDEN: [usize; 1] = [500];
const TEXT_RATE: f64 = 0.05;
const TEXT_PATIENCE: usize = 4;

impl Plan {
    /// The plan for `data` where nothing else is asked for.
    ///
    /// # Errors
    /// [`CatalogError::Data`] where the data's files must be read to know its size and cannot be.
    pub fn preset(data: DataSpec, locator: &Locator) -> Result<Self, CatalogError> {
        let (info, nature) = (data.info(locator)?, data.nature());
        let sparse = matches!(nature.inputs, Inputs::Words | Inputs::Sparse);
        let hidden = match sparse {
            true => TEXT_HIDDEN.to_vec(),
            false => HIDDEN.to_vec(),
        };
        let network = DenseStackConfig::new(info.width(), hidden, Unit::Rectifier, info.classes);
        // Plain descent at the paper's batch size; on generated data larger batches and fewer epochs, so that it ends
        // within minutes, on streamed data within an hour.
        let (epochs, batch) = match nature.supply {
            Supply::Generated => (12, 32),
            Supply::Streamed => (20, 64),
            Supply::Files => (15, 10),
        };
        // Networks on text learn the training part by heart within a few epochs: the best one is kept.
        let (rate, patience) = match sparse {
            true => (TEXT_RATE, Some(TEXT_PATIENCE)),
            false => (0.1, None),
        };
        let fine_tune = FineTune {
            patience,
            ..FineTune::new(epochs, batch, rate)
        };
        let recipe = Recipe {
            seed: 1,
            objective: objective(&data),
            stages: vec![Stage::FineTune(fine_tune)],
        };
        Ok(Self::new(data, network, recipe))
    }

    /// The plan with every hidden layer pre-trained first; `change` may change each layer's stage.
    #[must_use]
    pub fn pretrained(mut self, change: impl Fn(&mut Pretrain)) -> Self {
        let fine_tune: Vec<Stage> = std::mem::take(&mut self.recipe.stages)
            .into_iter()
            .filter(|stage| matches!(stage, Stage::FineTune(_)))
            .collect();
        let batch = fine_tune.first().map_or(10, Stage::batch);
        let inputs = self.data.nature().inputs;
        self.recipe.stages = (1..=self.network.hidden.len())
            .map(|layer| {
                let mut stage = pretraining(inputs, layer, batch);
                change(&mut stage);
                Stage::Pretrain(stage)
            })
            .chain(fine_tune)
            .collect();
        self
    }
}

/// The pre-training of a hidden layer (from 1) on such inputs: the values for words are those of the paper's authors'
/// code, layer after layer.
pub fn pretraining(inputs: Inputs, layer: usize, batch: usize) -> Pretrain {
    let words = inputs == Inputs::Words;
    let (rate, corruption) = match (words, layer) {
        (false, _) => (0.01, Corruption::Masking { share: 0.25 }),
        (true, 1) => {
            let (drop, insert) = (0.8, 0.005);
            (0.005, Corruption::SaltAndPepper { drop, insert })
        }
        (true, 2) => (0.001, Corruption::Masking { share: 0.5 }),
        (true, _) => (0.001, Corruption::Masking { share: 0.3 }),
    };
    let reconstruction = match words {
        true => Reconstruction::CrossEntropy {
            scale: Scale::Global,
        },
        false => Reconstruction::SoftplusSquared,
    };
    Pretrain {
        layer,
        epochs: 10,
        batch,
        rate: rate.into(),
        optimizer: Optimizer::Sgd,
        corruption,
        reconstruction,
        l1: 0.0,
    }
}
