//! The stages of a recipe: pre-training of a layer, and fine-tuning of the whole network.

use crate::{Dropout, Limit, Optimizer, Rate, TrainError};
use rectifier_data::{Examples, Shifted, Split};
use rectifier_nn::{ActivationPenalty, Corruption, DenseStackConfig, Reconstruction};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One stage of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "stage",
    rename_all = "kebab-case",
    expecting = r#"a stage such as {"stage": "fine-tune", "epochs": 15, "batch": 10, "rate": 0.1}"#
)]
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
/// `frozen` is for networks whose lower layers come from elsewhere. `weight_decay`, `dropout` and `shift` are modern: the
/// paper has none of them ("no other regularization" than the penalty), and recipes leave them out where they are not used.
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
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_decay: f64,
    /// Modern: inputs and hidden activations that are left out at random in each step.
    #[serde(default, skip_serializing_if = "Dropout::is_none")]
    pub dropout: Dropout,
    /// Modern: pictures are moved by up to so many pixels along both axes, drawn anew in every epoch.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shift: usize,
}

/// Whether a field is what it is where it is left out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
            shift: 0,
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

    /// With pictures moved by up to so many pixels.
    pub fn shift(mut self, pixels: usize) -> Self {
        self.shift = pixels;
        self
    }

    /// Checks every value.
    fn validate(&self, place: &str) -> Result<(), TrainError> {
        if self.patience == Some(0) {
            return Err(TrainError::recipe(
                place,
                "patience is 0: it must be at least 1, or absent",
            ));
        }
        if self.frozen.contains(&0) {
            return Err(TrainError::recipe(
                place,
                "frozen names layer 0: the first hidden layer is 1",
            ));
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            let text = format!(
                "weight_decay is {}: it must be at least 0",
                self.weight_decay
            );
            return Err(TrainError::recipe(place, &text));
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

    /// What an epoch learns from, of `examples`: pictures moved by the draws of `seed` where the stage asks for it.
    pub(crate) fn moved(
        &self,
        examples: Arc<dyn Examples>,
        seed: u64,
    ) -> Result<Arc<dyn Examples>, TrainError> {
        Ok(match self {
            Self::FineTune(FineTune { shift: pixels, .. }) if *pixels > 0 => {
                Arc::new(Shifted::new(examples, *pixels, seed)?)
            }
            Self::FineTune(_) | Self::Pretrain(_) => examples,
        })
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

impl Stage {
    /// What makes a step of a gradient.
    pub fn optimizer(&self) -> Optimizer {
        match self {
            Self::Pretrain(stage) => stage.optimizer,
            Self::FineTune(stage) => stage.optimizer,
        }
    }

    /// Checks every value that can be checked without network and data.
    pub(crate) fn validate(&self, place: &str) -> Result<(), TrainError> {
        for (name, count) in [("epochs", self.epochs()), ("batch", self.batch())] {
            if count == 0 {
                let text = format!("{name} is 0: it must be at least 1");
                return Err(TrainError::recipe(place, &text));
            }
        }
        self.rate().validate(place)?;
        if let Optimizer::Momentum { momentum } = self.optimizer()
            && !(0.0..1.0).contains(&momentum)
        {
            let text = format!("momentum is {momentum}: it must be from 0 to below 1");
            return Err(TrainError::recipe(place, &text));
        }
        match self {
            Self::Pretrain(stage) => stage.validate(place),
            Self::FineTune(stage) => stage.validate(place),
        }
    }

    /// Checks that a network with this stack, or with none, has the layers that the stage speaks of.
    pub(crate) fn check_stack(
        &self,
        place: &str,
        stack: Option<&DenseStackConfig>,
    ) -> Result<(), TrainError> {
        match self {
            Self::Pretrain(stage) => stage.check_stack(place, stack),
            Self::FineTune(stage) => stage.check_stack(place, stack),
        }
    }
}

impl Pretrain {
    fn validate(&self, place: &str) -> Result<(), TrainError> {
        if self.layer == 0 {
            return Err(TrainError::recipe(
                place,
                "layer is 0: the first hidden layer is 1",
            ));
        }
        penalty(place, &ActivationPenalty::Uniform(self.l1))?;
        self.corruption
            .validate()
            .map_err(|error| TrainError::recipe(place, &error.to_string()))
    }
}

impl Pretrain {
    fn check_stack(&self, place: &str, stack: Option<&DenseStackConfig>) -> Result<(), TrainError> {
        let Some(stack) = stack else {
            return Err(TrainError::recipe(
                place,
                "this network has no dense stack to pre-train: use fine-tuning alone",
            ));
        };
        has_layer(place, self.layer, stack)?;
        self.reconstruction
            .validate(self.layer - 1, stack.unit)
            .map_err(|error| TrainError::recipe(place, &error.to_string()))
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
                return Err(TrainError::recipe(
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
            return Err(TrainError::recipe(place, &text));
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
            Err(TrainError::recipe(place, &text))
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
        return Err(TrainError::recipe(place, &text));
    }
    penalty
        .validate()
        .map_err(|error| TrainError::recipe(place, &error.to_string()))
}

impl FineTune {
    /// What the stage asks for beyond plain descent of every layer, in the order of the recipe's fields: what an engine
    /// holds against what it can.
    pub fn extras(&self) -> Vec<Limit> {
        let mut extras = Vec::new();
        if self.optimizer != Optimizer::Sgd {
            extras.push(Limit::Optimizer(self.optimizer));
        }
        if !self.frozen.is_empty() {
            extras.push(Limit::Frozen);
        }
        if self.weight_decay != 0.0 {
            extras.push(Limit::WeightDecay);
        }
        if !self.dropout.is_none() {
            extras.push(Limit::Dropout);
        }
        extras
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EngineLimit;

    #[test]
    fn a_stage_tells_what_it_asks_for() {
        let plain = FineTune::new(1, 10, 0.1).l1(1e-4).patience(3);
        assert!(plain.extras().is_empty());
        let momentum = Optimizer::Momentum { momentum: 0.9 };
        let all = plain
            .optimizer(momentum)
            .frozen([1])
            .weight_decay(1e-4)
            .dropout(Dropout::new(0.2, 0.5));
        let limits = [
            Limit::Optimizer(momentum),
            Limit::Frozen,
            Limit::WeightDecay,
            Limit::Dropout,
        ];
        assert_eq!(all.extras(), limits);
        let limit = EngineLimit {
            engine: "sparse",
            limit: Limit::Dropout,
            other: "burn",
        };
        assert_eq!(
            limit.to_string(),
            "the sparse engine has no dropout: use --engine burn"
        );
    }
}
