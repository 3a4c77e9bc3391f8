//! Recipes: what is trained, stage after stage, as plain data.

use crate::{Rate, TrainError};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, ModuleOptimizer, SgdConfig};
use rectifier_data::{Examples, Split};
pub use rectifier_nn::Objective;
use rectifier_nn::{ActivationPenalty, Corruption, DenseStackConfig, Network, Reconstruction};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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

/// One stage of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum Stage {
    /// Unsupervised pre-training of one hidden layer.
    Pretrain(Pretrain),
    /// Supervised training of the whole network.
    FineTune(FineTune),
}

/// Greedy pre-training of one layer as a denoising autoencoder; the layers below stay as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pretrain {
    /// Which hidden layer, from 1.
    pub layer: usize,
    /// Passes over the data, labelled or not.
    pub epochs: usize,
    /// Examples a step.
    pub batch: usize,
    /// Learning rate.
    pub rate: Rate,
    /// What makes a step of a gradient.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// Noise on the layer's input.
    pub corruption: Corruption,
    /// Output unit and cost.
    pub reconstruction: Reconstruction,
    /// Coefficient of the L1 penalty on the layer's activations.
    #[serde(default)]
    pub l1: f64,
}

/// Supervised training with selection by validation error: the best epoch's network is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FineTune {
    /// Passes over the training data.
    pub epochs: usize,
    /// Examples a step.
    pub batch: usize,
    /// Learning rate.
    pub rate: Rate,
    /// What makes a step of a gradient.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// L1 penalty on the hidden activations.
    #[serde(default)]
    pub l1: ActivationPenalty,
    /// Stop after this many epochs without a better validation error; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
}

/// What makes a step of a gradient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Optimizer {
    /// w - rate g, as in the paper.
    #[default]
    Sgd,
    /// v = momentum v + g; w - rate v.
    Momentum {
        /// In [0, 1).
        momentum: f64,
    },
    /// Adam (Kingma, Ba 2015) with decays .9 and .999 and epsilon 1e-8.
    Adam,
}

impl Optimizer {
    /// Burn's optimizer of this kind.
    pub fn init(&self) -> ModuleOptimizer {
        match *self {
            Self::Sgd => SgdConfig::new().init(),
            Self::Momentum { momentum } => SgdConfig::new()
                .with_momentum(Some(
                    MomentumConfig::new()
                        .with_momentum(momentum)
                        .with_dampening(0.0),
                ))
                .init(),
            Self::Adam => AdamConfig::new().with_epsilon(1e-8).init(),
        }
    }
}

impl Stage {
    /// Passes over the training data.
    pub fn epochs(&self) -> usize {
        match self {
            Self::Pretrain(stage) => stage.epochs,
            Self::FineTune(stage) => stage.epochs,
        }
    }

    /// What of `split` the stage learns from: pre-training needs no labels.
    pub fn examples<'a>(&self, split: &'a Split) -> &'a Arc<dyn Examples> {
        match self {
            Self::Pretrain(_) => split.for_pretraining(),
            Self::FineTune(_) => &split.train,
        }
    }

    /// Examples a step.
    pub fn batch(&self) -> usize {
        match self {
            Self::Pretrain(stage) => stage.batch,
            Self::FineTune(stage) => stage.batch,
        }
    }

    /// Steps of an epoch on so many examples.
    pub fn steps(&self, examples: usize) -> usize {
        examples.div_ceil(self.batch().max(1))
    }

    /// Learning rate.
    pub fn rate(&self) -> Rate {
        match self {
            Self::Pretrain(stage) => stage.rate,
            Self::FineTune(stage) => stage.rate,
        }
    }

    /// Epochs without a better validation error after which the stage stops.
    pub fn patience(&self) -> Option<usize> {
        match self {
            Self::Pretrain(_) => None,
            Self::FineTune(stage) => stage.patience,
        }
    }

    /// The stage in a few words, such as `pre-training of layer 2`.
    pub fn title(&self) -> String {
        match self {
            Self::Pretrain(stage) => format!("pre-training of layer {}", stage.layer),
            Self::FineTune(_) => "fine-tuning".into(),
        }
    }
}

impl Recipe {
    /// Checks every value that can be checked without network and data.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] naming the stage, the field and what would do.
    pub fn validate(&self) -> Result<(), TrainError> {
        if self.stages.is_empty() {
            return Err(wrong(
                "stages",
                "there is none: give at least one fine-tune stage",
            ));
        }
        if !matches!(self.stages.last(), Some(Stage::FineTune(_))) {
            return Err(wrong(
                "stages",
                "the last one must be a fine-tune stage, which trains the output layer",
            ));
        }
        for (index, stage) in self.stages.iter().enumerate() {
            let place = format!("stage {} ({})", index + 1, stage.title());
            if stage.epochs() == 0 {
                return Err(wrong(&place, "epochs is 0: it must be at least 1"));
            }
            if stage.batch() == 0 {
                return Err(wrong(&place, "batch is 0: it must be at least 1"));
            }
            stage.rate().validate(&place)?;
            let checked = match stage {
                Stage::Pretrain(stage) if stage.layer == 0 => {
                    return Err(wrong(&place, "layer is 0: the first hidden layer is 1"));
                }
                Stage::Pretrain(stage) => stage
                    .corruption
                    .validate()
                    .and_then(|()| ActivationPenalty::Uniform(stage.l1).validate()),
                Stage::FineTune(stage) => {
                    if stage.patience == Some(0) {
                        return Err(wrong(
                            &place,
                            "patience is 0: it must be at least 1, or absent",
                        ));
                    }
                    stage.l1.validate()
                }
            };
            checked.map_err(|error| wrong(&place, &error.to_string()))?;
            if let Optimizer::Momentum { momentum } = stage.optimizer()
                && !(0.0..1.0).contains(&momentum)
            {
                let text = format!("momentum is {momentum}: it must be from 0 to below 1");
                return Err(wrong(&place, &text));
            }
        }
        Ok(())
    }

    /// Checks that `network` has the layers that the recipe speaks of.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] or [`TrainError::Network`].
    pub fn check_network<N: Network>(&self, network: &N) -> Result<(), TrainError> {
        self.check_stack(network.dense_stack().map(|stack| stack.config()).as_ref())
    }

    /// As [`check_network`](Self::check_network), from the description alone; `None` is a network without a stack.
    ///
    /// # Errors
    /// As [`check_network`](Self::check_network).
    pub fn check_stack(&self, stack: Option<&DenseStackConfig>) -> Result<(), TrainError> {
        for (index, stage) in self.stages.iter().enumerate() {
            let Stage::Pretrain(stage) = stage else {
                continue;
            };
            let place = format!("stage {}", index + 1);
            let Some(stack) = stack else {
                return Err(wrong(
                    &place,
                    "this network has no dense stack to pre-train: use fine-tuning alone",
                ));
            };
            if stage.layer > stack.hidden.len() {
                let text = format!(
                    "there is no hidden layer {}: the network has {}",
                    stage.layer,
                    stack.hidden.len()
                );
                return Err(wrong(&place, &text));
            }
            stage
                .reconstruction
                .validate(stage.layer - 1, stack.unit)
                .map_err(|error| wrong(&place, &error.to_string()))?;
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

impl Stage {
    /// What makes a step of a gradient.
    pub fn optimizer(&self) -> Optimizer {
        match self {
            Self::Pretrain(stage) => stage.optimizer,
            Self::FineTune(stage) => stage.optimizer,
        }
    }
}

fn wrong(place: &str, reason: &str) -> TrainError {
    TrainError::Recipe {
        place: place.into(),
        reason: reason.into(),
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
