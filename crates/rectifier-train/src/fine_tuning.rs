//! Fine-tuning of the whole network as a session of Burn's engine.

use crate::descent::Update;
use crate::engine::{SessionState, StageContext, StageSession};
use crate::measure::zero_shares;
use crate::meter::Meter;
use crate::{DeviceInputs, Evaluation, FineTune, Supervised, Totals, TrainError, evaluate};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rectifier_data::{Batch, Examples};
use rectifier_nn::{DenseLayer, DenseStack, Forward, Network};
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// Fine-tuning of the whole network.
pub(crate) struct FineTuning<N: Network> {
    model: Supervised<N>,
    stage: FineTune,
    /// The layers that stay as they are, by place; without gradients while the stage lasts.
    frozen: Vec<(usize, DenseLayer)>,
    update: Update,
    meter: Meter,
    hidden: Vec<Tensor<2>>,
}

impl<N: Network> FineTuning<N> {
    pub(crate) fn begin(
        network: N,
        stage: &FineTune,
        update: Update,
        context: &StageContext<'_>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        context.recipe.check_network(&network)?;
        let mut frozen = Vec::new();
        let mut network = network;
        if !stage.frozen.is_empty() {
            let mut stack = network.dense_stack().ok_or(TrainError::NoStack)?.clone();
            for (place, layer) in stack.layers.iter_mut().enumerate() {
                if stage.frozen.contains(&(place + 1)) {
                    frozen.push((place, layer.clone()));
                    *layer = layer.clone().no_grad();
                }
            }
            network = network.with_dense_stack(stack)?;
        }
        Ok(Self {
            model: Supervised::new(network, context.objective(), stage.l1.clone()).train(),
            stage: stage.clone(),
            frozen,
            update,
            meter: Meter::restored(device, context.state)?,
            hidden: Vec::new(),
        })
    }

    fn forward(&self, inputs: DeviceInputs, noise: u64) -> Forward {
        match self.model.network.dense_stack() {
            Some(stack) if self.stage.dropout.hidden > 0.0 => {
                let device = &self.meter.device;
                self.stage.dropout.forward(stack, inputs, noise, device)
            }
            _ => inputs.forward(&self.model.network),
        }
    }
}

impl<N: Network> StageSession<N> for FineTuning<N> {
    fn step(&mut self, batch: &Batch, rate: f64, noise: u64) -> Result<(), TrainError> {
        let start = Instant::now();
        let batch = match self.stage.dropout.of_inputs(batch, noise)? {
            Some(thinned) => Cow::Owned(thinned),
            None => Cow::Borrowed(batch),
        };
        let inputs = DeviceInputs::from_inner(DeviceInputs::of(&batch, &self.meter.device));
        let labels = batch.labels_tensor(&self.meter.device);
        self.meter.bookkeeping += start.elapsed();
        let autodiff_labels = Tensor::from_inner(labels.clone());
        let forward = self.forward(inputs, noise);
        let losses = self.model.losses_of(forward, autodiff_labels);
        let total = losses.total();
        let start = Instant::now();
        self.meter.count(batch.len(), losses.task, losses.penalty);
        self.meter.count_errors(losses.forward.logits, labels);
        self.hidden = losses
            .forward
            .hidden
            .into_iter()
            .map(Tensor::inner)
            .collect();
        self.meter.bookkeeping += start.elapsed();
        self.model = self.update.step(&self.model, total, rate);
        Ok(())
    }

    fn totals(&mut self) -> Result<Totals, TrainError> {
        self.meter.take()
    }

    fn zeros(&mut self) -> Result<Vec<f64>, TrainError> {
        Ok(zero_shares(&self.hidden))
    }

    fn network(&self) -> N {
        let network = self.model.network.valid();
        let Some(mut stack) = network.dense_stack().cloned() else {
            return network;
        };
        if self.frozen.is_empty() {
            return network;
        }
        restore(&mut stack, &self.frozen);
        // `begin` has seen that the network has a stack, so it takes one back.
        network.clone().with_dense_stack(stack).unwrap_or(network)
    }

    fn evaluate(&mut self, examples: &dyn Examples, _noise: u64) -> Result<Evaluation, TrainError> {
        let device = self.meter.device.clone();
        evaluate(&self.network(), examples, self.model.objective, &device)
    }

    fn state(&self) -> Result<SessionState, TrainError> {
        self.meter.state(&self.update)
    }

    fn bookkeeping(&self) -> Duration {
        self.meter.bookkeeping
    }
}

/// Puts `frozen` layers back as they were, gradients included.
fn restore(stack: &mut DenseStack, frozen: &[(usize, DenseLayer)]) {
    for (place, layer) in frozen {
        if let Some(slot) = stack.layers.get_mut(*place) {
            *slot = layer.clone();
        }
    }
}
