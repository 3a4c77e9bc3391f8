//! A network with its objective and penalty, as burn-train wants to see it.

use crate::measure::{count_errors, zero_shares};
use crate::{Measurement, Objective};
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay};
use burn::tensor::{Int, Tensor, activation};
use burn_train::{InferenceStep, TrainOutput, TrainStep};
use rectifier_nn::{ActivationPenalty, Forward, Network};

/// A batch on a device.
#[derive(Clone, Debug)]
pub struct DeviceBatch {
    /// `[batch, width]`.
    pub inputs: Tensor<2>,
    /// `[batch]`.
    pub labels: Tensor<1, Int>,
}

/// A network in supervised training. It implements burn-train's steps, so that any of burn-train's own loops can
/// train it too.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct Supervised<N: Network> {
    /// What is trained.
    pub network: N,
    /// What for.
    #[module(skip)]
    pub objective: Objective,
    /// What its hidden activations cost.
    #[module(skip)]
    pub penalty: ActivationPenalty,
}

/// The costs of a batch and what they came from.
#[derive(Clone, Debug)]
pub struct Losses {
    /// -log P(class | input), averaged over the batch, `[1]`.
    pub task: Tensor<1>,
    /// The activation penalty, `[1]`, where there is one.
    pub penalty: Option<Tensor<1>>,
    /// Logits and hidden activations.
    pub forward: Forward,
}

impl Losses {
    /// What is minimized.
    pub fn total(&self) -> Tensor<1> {
        match &self.penalty {
            Some(penalty) => self.task.clone() + penalty.clone(),
            None => self.task.clone(),
        }
    }
}

impl<N: Network> Supervised<N> {
    /// A network to be trained for `objective` under `penalty`.
    pub fn new(network: N, objective: Objective, penalty: ActivationPenalty) -> Self {
        Self {
            network,
            objective,
            penalty,
        }
    }

    /// The costs of a batch.
    pub fn losses(&self, batch: DeviceBatch) -> Losses {
        self.losses_of(self.network.forward(batch.inputs), batch.labels)
    }

    /// The costs of what the network made of a batch with these labels, `[batch]`.
    pub fn losses_of(&self, forward: Forward, labels: Tensor<1, Int>) -> Losses {
        Losses {
            task: cross_entropy(forward.logits.clone(), labels),
            penalty: self.penalty.cost(&forward.hidden),
            forward,
        }
    }
}

impl Measurement {
    pub(crate) fn of_losses(losses: &Losses, labels: Tensor<1, Int>) -> Self {
        let read = |value: &Tensor<1>| value.clone().detach().into_scalar::<f64>();
        let [examples] = labels.dims();
        let wrong = count_errors(losses.forward.logits.clone().detach(), labels);
        Self {
            examples,
            loss: Some(read(&losses.task)),
            reconstruction: None,
            penalty: losses.penalty.as_ref().map_or(0.0, read),
            error: Some(wrong.into_scalar::<i64>() as f64 / examples.max(1) as f64),
            zeros: zero_shares(&losses.forward.hidden),
            dead: None,
        }
    }
}

/// -log P(label), averaged over the batch, `[1]`, of logits `[batch, classes]`.
pub fn cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
    activation::log_softmax(logits, 1)
        .gather(1, labels.unsqueeze_dim(1))
        .mean()
        .neg()
}

impl<N: Network> TrainStep for Supervised<N> {
    type Input = DeviceBatch;
    type Output = Measurement;

    fn step(&self, batch: DeviceBatch) -> TrainOutput<Measurement> {
        let labels = batch.labels.clone();
        let losses = self.losses(batch);
        let grads = losses.total().backward();
        TrainOutput::new(self, grads, Measurement::of_losses(&losses, labels))
    }
}

impl<N: Network> InferenceStep for Supervised<N> {
    type Input = DeviceBatch;
    type Output = Measurement;

    fn step(&self, batch: DeviceBatch) -> Measurement {
        let labels = batch.labels.clone();
        Measurement::of_losses(&self.losses(batch), labels)
    }
}

impl<N: Network> ModuleDisplay for Supervised<N> {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        None
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content.add("network", &self.network).optional()
    }
}
