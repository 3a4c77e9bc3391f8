//! Recipes: what is trained, stage after stage, as plain data.

use crate::{Dropout, Rate, TrainError};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, ModuleOptimizer, SgdConfig};
use rectifier_data::{Examples, Split};
pub use rectifier_nn::Objective;
use rectifier_nn::{
    ActivationPenalty, Corruption, DenseStackConfig, Network, Reconstruction, Scale, Unit,
};
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
///
/// `frozen` is for networks whose lower layers come from elsewhere. `weight_decay` and `dropout` are modern: the paper
/// has neither ("no other regularization" than the penalty), and recipes leave them out where they are not used.
///
/// ```
/// use rectifier_train::{Dropout, FineTune};
/// let stage = FineTune::new(15, 10, 0.1).l1(5e-5).patience(3).dropout(Dropout::new(0.2, 0.5));
/// assert_eq!((stage.epochs, stage.patience), (15, Some(3)));
/// ```
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
    /// Hidden layers, from 1, that stay as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<usize>,
    /// Modern: added to every gradient times the parameter, weights and biases alike, as PyTorch's optimizers do it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub weight_decay: f64,
    /// Modern: inputs and hidden activations that are left out at random in each step.
    #[serde(default, skip_serializing_if = "Dropout::is_none")]
    pub dropout: Dropout,
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl FineTune {
    /// Plain descent without a penalty; every epoch is made.
    pub fn new(epochs: usize, batch: usize, rate: impl Into<Rate>) -> Self {
        Self {
            epochs,
            batch,
            rate: rate.into(),
            optimizer: Optimizer::Sgd,
            l1: ActivationPenalty::default(),
            patience: None,
            frozen: Vec::new(),
            weight_decay: 0.0,
            dropout: Dropout::default(),
        }
    }

    /// With an L1 penalty on the hidden activations, the same for every layer.
    pub fn l1(mut self, coefficient: f64) -> Self {
        self.l1 = ActivationPenalty::Uniform(coefficient);
        self
    }

    /// Stopped after so many epochs without a better validation error.
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = Some(epochs);
        self
    }

    /// With another optimizer.
    pub fn optimizer(mut self, optimizer: Optimizer) -> Self {
        self.optimizer = optimizer;
        self
    }

    /// With these hidden layers, from 1, kept as they are.
    pub fn frozen(mut self, layers: impl Into<Vec<usize>>) -> Self {
        self.frozen = layers.into();
        self
    }

    /// With weight decay.
    pub fn weight_decay(mut self, decay: f64) -> Self {
        self.weight_decay = decay;
        self
    }

    /// With dropout.
    pub fn dropout(mut self, dropout: Dropout) -> Self {
        self.dropout = dropout;
        self
    }

    /// Checks every value.
    fn validate(&self, place: &str) -> Result<(), TrainError> {
        if self.patience == Some(0) {
            return Err(wrong(
                place,
                "patience is 0: it must be at least 1, or absent",
            ));
        }
        if self.frozen.contains(&0) {
            return Err(wrong(
                place,
                "frozen names layer 0: the first hidden layer is 1",
            ));
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            let text = format!(
                "weight_decay is {}: it must be at least 0",
                self.weight_decay
            );
            return Err(wrong(place, &text));
        }
        self.dropout.validate(place)?;
        penalty(place, &self.l1)
    }
}

impl From<FineTune> for Stage {
    fn from(stage: FineTune) -> Self {
        Self::FineTune(stage)
    }
}

impl From<Pretrain> for Stage {
    fn from(stage: Pretrain) -> Self {
        Self::Pretrain(stage)
    }
}

impl Pretrain {
    /// Masking noise of a quarter, softplus output units under squared error: the paper's choice for rectifiers on images,
    /// by plain descent without a penalty.
    pub fn new(layer: usize, epochs: usize, batch: usize, rate: impl Into<Rate>) -> Self {
        Self {
            layer,
            epochs,
            batch,
            rate: rate.into(),
            optimizer: Optimizer::Sgd,
            corruption: Corruption::Masking { share: 0.25 },
            reconstruction: Reconstruction::SoftplusSquared,
            l1: 0.0,
        }
    }
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
        self.init_with_decay(0.0)
    }

    /// Burn's optimizer of this kind, which adds `decay` times the parameter to every gradient.
    pub fn init_with_decay(&self, decay: f64) -> ModuleOptimizer {
        let decay = (decay != 0.0).then(|| WeightDecayConfig::new(decay as f32));
        match *self {
            Self::Sgd => SgdConfig::new().with_weight_decay(decay).init(),
            Self::Momentum { momentum } => SgdConfig::new()
                .with_weight_decay(decay)
                .with_momentum(Some(
                    MomentumConfig::new()
                        .with_momentum(momentum)
                        .with_dampening(0.0),
                ))
                .init(),
            Self::Adam => AdamConfig::new()
                .with_weight_decay(decay)
                .with_epsilon(1e-8)
                .init(),
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
                Stage::Pretrain(stage) => {
                    penalty(&place, &ActivationPenalty::Uniform(stage.l1))?;
                    stage.corruption.validate()
                }
                Stage::FineTune(stage) => {
                    stage.validate(&place)?;
                    Ok(())
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
        self.check_stack(network.dense_stack().map(|stack| stack.config()).as_ref())?;
        // A stack that is only a part of its network cannot be gone through layer by layer.
        let whole = !network.describe().is_empty();
        for (index, stage) in self.stages.iter().enumerate() {
            if let Stage::FineTune(stage) = stage
                && stage.dropout.hidden > 0.0
                && !whole
            {
                return Err(wrong(
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
            match stage {
                Stage::Pretrain(stage) => stage.check_stack(&place, stack)?,
                Stage::FineTune(stage) => stage.check_stack(&place, stack)?,
            }
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

impl Pretrain {
    fn check_stack(&self, place: &str, stack: Option<&DenseStackConfig>) -> Result<(), TrainError> {
        let Some(stack) = stack else {
            return Err(wrong(
                place,
                "this network has no dense stack to pre-train: use fine-tuning alone",
            ));
        };
        has_layer(place, self.layer, stack)?;
        self.reconstruction
            .validate(self.layer - 1, stack.unit)
            .map_err(|error| wrong(place, &error.to_string()))
    }
}

impl FineTune {
    fn check_stack(&self, place: &str, stack: Option<&DenseStackConfig>) -> Result<(), TrainError> {
        match (stack, self.frozen.as_slice()) {
            (_, []) => {}
            (Some(stack), layers) => {
                for &layer in layers {
                    has_layer(place, layer, stack)?;
                }
            }
            (None, _) => {
                return Err(wrong(
                    place,
                    "frozen counts the layers of a dense stack, and this network has none: use Module::no_grad on its \
                     parts and leave frozen out",
                ));
            }
        }
        if let (Some(stack), ActivationPenalty::PerLayer(list)) = (stack, &self.l1)
            && list.len() != stack.hidden.len()
        {
            let text = format!(
                "l1 has {} numbers, the network {} hidden layers: give one number a layer, or one for all",
                list.len(),
                stack.hidden.len()
            );
            return Err(wrong(place, &text));
        }
        Ok(())
    }
}

fn has_layer(place: &str, layer: usize, stack: &DenseStackConfig) -> Result<(), TrainError> {
    match layer > stack.hidden.len() {
        true => {
            let text = format!(
                "there is no hidden layer {layer}: the network has {}",
                stack.hidden.len()
            );
            Err(wrong(place, &text))
        }
        false => Ok(()),
    }
}

/// Checks the coefficients of a penalty; they are used as `f32`.
fn penalty(place: &str, penalty: &ActivationPenalty) -> Result<(), TrainError> {
    let coefficients = match penalty {
        ActivationPenalty::Uniform(coefficient) => std::slice::from_ref(coefficient),
        ActivationPenalty::PerLayer(list) => list.as_slice(),
    };
    if let Some(high) = coefficients.iter().find(|l1| **l1 > f64::from(f32::MAX)) {
        let text = format!("l1 is {high:e}: it must be below 3.4e38, and is useful below 0.1");
        return Err(wrong(place, &text));
    }
    penalty
        .validate()
        .map_err(|error| wrong(place, &error.to_string()))
}

pub(crate) fn wrong(place: &str, reason: &str) -> TrainError {
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
