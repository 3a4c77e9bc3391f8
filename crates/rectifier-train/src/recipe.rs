//! Recipes: what is trained, stage after stage, as plain data.

use crate::{FineTune, Limit, Optimizer, Pretrain, Rate, Stage, TrainError};
pub use rectifier_nn::Objective;
use rectifier_nn::{DenseStackConfig, Network, Reconstruction, Scale, Unit};
use serde::{Deserialize, Serialize};

/// A list of stages, and the seed behind everything random in them.
///
/// ```
/// use rectifier_train::Recipe;
/// let recipe: Recipe = serde_json::from_str(r#"{
///     "seed": 1,
///     "stages": [{"stage": "fine-tune", "epochs": 15, "batch": 10, "rate": 0.1}]
/// }"#)?;
/// recipe.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Seed of initial weights, order of examples and noise.
    pub seed: u64,
    /// What the network learns to do.
    #[serde(default)]
    pub objective: Objective,
    /// The stages, in order.
    pub stages: Vec<Stage>,
}

impl Recipe {
    /// Stages one after the other, from `seed`, to classify.
    pub fn of(seed: u64, stages: impl IntoIterator<Item = impl Into<Stage>>) -> Self {
        Self {
            seed,
            objective: Objective::Classification,
            stages: stages.into_iter().map(Into::into).collect(),
        }
    }

    /// Fine-tuning alone, by plain descent, from seed 1.
    ///
    /// ```
    /// use rectifier_train::Recipe;
    /// let recipe = Recipe::fine_tune(15, 10, 0.1).l1(5e-5).patience(3);
    /// recipe.validate()?;
    /// # Ok::<(), rectifier_train::TrainError>(())
    /// ```
    pub fn fine_tune(epochs: usize, batch: usize, rate: impl Into<Rate>) -> Self {
        Self::of(1, [FineTune::new(epochs, batch, rate)])
    }

    /// The paper's recipe for images, for a network like `config`: every hidden layer pre-trained as a denoising
    /// autoencoder (masking of a quarter; softplus output units under squared error, for tanh units sigmoid ones under
    /// cross-entropy), then fine-tuning, in batches of 10 by plain descent, with an L1 penalty of 0.001 in both. Rates
    /// are two of those that the paper chooses from, by validation; how many epochs it takes is not stated there: 10 a
    /// layer and 15 here, from seed 1.
    pub fn paper(config: &DenseStackConfig) -> Self {
        const L1: f64 = 1e-3;
        let pretrain = (1..=config.hidden.len()).map(|layer| {
            let mut stage = Pretrain::new(layer, 10, 10, 0.01);
            stage.l1 = L1;
            if config.unit == Unit::Tanh {
                let scale = Scale::Global;
                stage.reconstruction = Reconstruction::CrossEntropy { scale };
            }
            Stage::from(stage)
        });
        let fine_tune = Stage::from(FineTune::new(15, 10, 0.1).l1(L1));
        Self::of(1, pretrain.chain([fine_tune]))
    }

    /// With another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// For another objective.
    pub fn with_objective(mut self, objective: Objective) -> Self {
        self.objective = objective;
        self
    }

    /// With an L1 penalty on the hidden activations in every fine-tuning stage.
    pub fn l1(self, coefficient: f64) -> Self {
        self.each_fine_tune(|stage| stage.l1(coefficient))
    }

    /// With every fine-tuning stage stopped after so many epochs without a better validation error.
    pub fn patience(self, epochs: usize) -> Self {
        self.each_fine_tune(|stage| stage.patience(epochs))
    }

    fn each_fine_tune(mut self, change: impl Fn(FineTune) -> FineTune) -> Self {
        self.stages = self
            .stages
            .into_iter()
            .map(|stage| match stage {
                Stage::FineTune(stage) => change(stage).into(),
                stage @ Stage::Pretrain(_) => stage,
            })
            .collect();
        self
    }

    /// The stages of pre-training that the recipe begins with, as a recipe of their own; `None` where there are none. Runs of
    /// recipes with the same head pre-train in the same way, whatever follows.
    pub fn head(&self) -> Option<Self> {
        let pretraining = |stage: &&Stage| matches!(stage, Stage::Pretrain(_));
        let stages: Vec<Stage> = self
            .stages
            .iter()
            .take_while(pretraining)
            .cloned()
            .collect();
        (!stages.is_empty()).then_some(Self {
            seed: self.seed,
            objective: self.objective,
            stages,
        })
    }

    /// Checks every value that can be checked without network and data.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] naming the stage, the field and what would do.
    pub fn validate(&self) -> Result<(), TrainError> {
        if self.stages.is_empty() {
            return Err(TrainError::recipe(
                "stages",
                "there is none: give at least one fine-tune stage",
            ));
        }
        if !matches!(self.stages.last(), Some(Stage::FineTune(_))) {
            return Err(TrainError::recipe(
                "stages",
                "the last one must be a fine-tune stage, which trains the output layer",
            ));
        }
        for (index, stage) in self.stages.iter().enumerate() {
            let place = format!("stage {} ({})", index + 1, stage.title());
            stage.validate(&place)?;
        }
        Ok(())
    }

    /// Checks that `network` has the layers that the recipe speaks of.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] or [`TrainError::Network`].
    pub fn check_network<N: Network>(&self, network: &N) -> Result<(), TrainError> {
        self.check_stack(network.dense_stack().map(|stack| stack.config()).as_ref())?;
        // A stack that is only a part of its network cannot be gone through layer by layer.
        let whole = !network.describe().is_empty();
        for (index, stage) in self.stages.iter().enumerate() {
            if let Stage::FineTune(stage) = stage
                && stage.dropout.hidden > 0.0
                && !whole
            {
                return Err(TrainError::recipe(
                    &format!("stage {}", index + 1),
                    "dropout of hidden activations is for networks that are dense stacks: give this network's own module \
                     dropout layers, or leave dropout.hidden out",
                ));
            }
        }
        Ok(())
    }

    /// As [`check_network`](Self::check_network), from the description alone; `None` is a network without a stack.
    ///
    /// # Errors
    /// As [`check_network`](Self::check_network).
    pub fn check_stack(&self, stack: Option<&DenseStackConfig>) -> Result<(), TrainError> {
        for (index, stage) in self.stages.iter().enumerate() {
            let place = format!("stage {}", index + 1);
            stage.check_stack(&place, stack)?;
        }
        Ok(())
    }

    /// Stage `index` (from 0) in a word or two, such as `layer 2/3`: a dashboard's panel is narrow.
    pub fn short_title(&self, index: usize) -> String {
        let pretrained = self.stages.iter().filter_map(|stage| match stage {
            Stage::Pretrain(stage) => Some(stage.layer),
            Stage::FineTune(_) => None,
        });
        match self.stages.get(index) {
            Some(Stage::Pretrain(stage)) => {
                format!(
                    "layer {}/{}",
                    stage.layer,
                    pretrained.max().unwrap_or(stage.layer)
                )
            }
            _ => "fine-tune".into(),
        }
    }

    /// Epochs of all stages together.
    pub fn total_epochs(&self) -> usize {
        self.stages.iter().map(Stage::epochs).sum()
    }
}

impl Recipe {
    /// What its stages ask for beyond plain descent of every layer, stage after stage; see [`FineTune::extras`].
    pub fn extras(&self) -> Vec<Limit> {
        let of = |stage: &Stage| match stage {
            Stage::FineTune(stage) => stage.extras(),
            Stage::Pretrain(stage) if stage.optimizer != Optimizer::Sgd => {
                vec![Limit::Optimizer(stage.optimizer)]
            }
            Stage::Pretrain(_) => Vec::new(),
        };
        self.stages.iter().flat_map(of).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rectifier_nn::Unit;

    fn parse(text: &str) -> Result<Recipe, String> {
        let recipe: Recipe = serde_json::from_str(text).map_err(|error| error.to_string())?;
        recipe.validate().map_err(|error| error.to_string())?;
        Ok(recipe)
    }

    const TWO_STAGES: &str = r#"{"seed":3,"stages":[
        {"stage":"pretrain","layer":1,"epochs":2,"batch":10,"rate":0.01,
         "corruption":{"kind":"masking","share":0.25},"reconstruction":{"kind":"softplus-squared"},"l1":0.001},
        {"stage":"fine-tune","epochs":3,"batch":10,"rate":0.1,"l1":[0.1,0.0],"patience":2,
         "optimizer":{"kind":"momentum","momentum":0.9}}]}"#;

    #[test]
    fn a_recipe_survives_json() {
        let recipe = parse(TWO_STAGES).unwrap();
        assert_eq!(
            parse(&serde_json::to_string(&recipe).unwrap()).unwrap(),
            recipe
        );
        assert_eq!(recipe.total_epochs(), 5);
    }

    #[test]
    fn impossible_recipes_are_refused_with_place_and_cure() {
        let cases = [
            (
                r#""batch":10,"rate":0.1,"l1":[0.1"#,
                r#""batch":0,"rate":0.1,"l1":[0.1"#,
                "batch is 0",
            ),
            (r#""epochs":3"#, r#""epochs":0"#, "epochs is 0"),
            (r#""share":0.25"#, r#""share":2.5"#, "masking share is 2.5"),
            (r#""rate":0.01"#, r#""rate":-0.01"#, "the rate is -0.01"),
            (
                r#""layer":1"#,
                r#""layer":0"#,
                "the first hidden layer is 1",
            ),
            (r#""patience":2"#, r#""patience":0"#, "patience is 0"),
            (r#""momentum":0.9"#, r#""momentum":1.0"#, "momentum is 1"),
            (r#""l1":0.001"#, r#""l1":-1"#, "l1 is -1"),
            (r#""l1":0.001"#, r#""l2":0.001"#, "unknown field"),
            ("softplus-squared", "softplus-cubed", "unknown variant"),
        ];
        for (from, to, text) in cases {
            let error = parse(&TWO_STAGES.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(text), "{to}: {error}");
        }
        assert!(
            parse(r#"{"seed":1,"stages":[]}"#)
                .unwrap_err()
                .contains("at least one")
        );
    }

    #[test]
    fn layers_the_network_has_not_are_refused() {
        let recipe = parse(&TWO_STAGES.replace(r#""layer":1"#, r#""layer":4"#)).unwrap();
        let config = DenseStackConfig::new(4, [3, 3], Unit::Rectifier, 2);
        let error = recipe.check_stack(Some(&config)).unwrap_err().to_string();
        assert!(
            error.contains("no hidden layer 4: the network has 2"),
            "{error}"
        );
        assert!(recipe.check_stack(None).is_err());
    }
}
