//! Fine-tuning of the whole network as a session of Burn's engine.

use crate::descent::{Update, gradients};
use crate::devices::Devices;
use crate::engine::{SessionState, StageContext, StageSession};
use crate::measure::count_errors;
use crate::meter::Meter;
use crate::share::{Costs, Share};
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
    devices: Option<Devices<Supervised<N>>>,
}

impl<N: Network> FineTuning<N> {
    pub(crate) fn begin(
        network: N,
        stage: &FineTune,
        update: Update,
        context: &StageContext<'_>,
        devices: &[Device],
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
            meter: Meter::restored(&devices[0], context.state)?,
            devices: Devices::new(devices),
        })
    }
}

/// What a share of a batch costs: what is minimized, and what is to be known of it.
fn costs<N: Network>(
    model: &Supervised<N>,
    stage: &FineTune,
    (batch, share): (&Batch, &Share),
    noise: u64,
    device: &Device,
) -> (Tensor<1>, Costs) {
    let start = Instant::now();
    let inputs = DeviceInputs::from_inner(DeviceInputs::of(batch, device));
    let labels = batch.labels_tensor(device);
    let preparing = start.elapsed();
    let autodiff_labels = Tensor::from_inner(labels.clone());
    let forward = match model.network.dense_stack() {
        Some(stack) if stage.dropout.hidden > 0.0 => {
            stage.dropout.forward(stack, inputs, share, noise, device)
        }
        _ => inputs.forward(&model.network),
    };
    let losses = model.losses_of(forward, autodiff_labels);
    let total = losses.total();
    let Forward { logits, hidden } = losses.forward;
    let costs = Costs {
        examples: batch.len(),
        cost: losses.task.inner(),
        penalty: losses.penalty.map(Tensor::inner),
        errors: Some(count_errors(logits.inner(), labels)),
        hidden: hidden.into_iter().map(Tensor::inner).collect(),
        preparing,
    };
    (total, costs)
}

impl<N: Network> StageSession<N> for FineTuning<N> {
    fn step(&mut self, batch: &Batch, rate: f64, noise: u64) -> Result<(), TrainError> {
        let start = Instant::now();
        // Drawn for the batch as a whole, whatever its shares.
        let batch = match self.stage.dropout.of_inputs(batch, noise)? {
            Some(thinned) => Cow::Owned(thinned),
            None => Cow::Borrowed(batch),
        };
        self.meter.bookkeeping += start.elapsed();
        let factor = self.update.factor(rate);
        let (gradients, costs) = match &self.devices {
            Some(devices) => devices.gradients(&self.model, batch.len(), factor, |_, share| {
                let (stage, part) = (self.stage.clone(), batch.part(share.rows.clone()));
                Box::new(move |model, device| costs(model, &stage, (&part, &share), noise, device))
            })?,
            None => {
                let share = Share::whole(batch.len());
                let batch = (&*batch, &share);
                let (total, costs) =
                    costs(&self.model, &self.stage, batch, noise, &self.meter.device);
                (gradients(&self.model, total, factor), vec![costs])
            }
        };
        self.meter.count(costs);
        self.model = self.update.step(&self.model, gradients, rate);
        Ok(())
    }

    fn totals(&mut self) -> Result<Totals, TrainError> {
        self.meter.take()
    }

    fn zeros(&mut self) -> Result<Vec<f64>, TrainError> {
        Ok(self.meter.zeros())
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
