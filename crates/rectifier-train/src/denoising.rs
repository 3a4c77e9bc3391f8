//! Pre-training of one layer as a session of Burn's engine.

use crate::descent::{Update, gradients};
use crate::devices::Devices;
use crate::engine::{SessionState, StageContext, StageSession};
use crate::measure::in_order;
use crate::meter::Meter;
use crate::parameters::{module_bytes, module_from_bytes};
use crate::scale::fold_scale;
use crate::share::{Costs, Share};
use crate::{Evaluation, Pretrain, Totals, TrainError};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rectifier_data::{Batch, Examples, random::subseed};
use rectifier_nn::{
    ActivationPenalty, DenoisingAutoencoder, DenseStack, Network, Rebuilt, UnitCounter,
};
use std::time::{Duration, Instant};

const DECODER: &str = "decoder";

/// Pre-training of one layer.
pub(crate) struct Denoising<N: Network> {
    network: N,
    /// The stack as it was when the stage began; the layers below the one in training are read from it.
    stack: DenseStack,
    autoencoder: DenoisingAutoencoder,
    stage: Pretrain,
    update: Update,
    meter: Meter,
    devices: Option<Devices<DenoisingAutoencoder>>,
    /// What every one of several devices needs of `stack`, which stays as it is: the layers below, on that device.
    below: Vec<DenseStack>,
}

impl<N: Network> Denoising<N> {
    pub(crate) fn begin(
        network: N,
        stage: &Pretrain,
        update: Update,
        context: &StageContext<'_>,
        devices: &[Device],
    ) -> Result<Self, TrainError> {
        let device = &devices[0];
        context.recipe.check_network(&network)?;
        let stack = network.dense_stack().ok_or(TrainError::NoStack)?;
        let layer = stage.layer - 1;
        let stack = fold_scale(stack.clone(), stage, context, device)?;
        let encoder = stack.layers[layer].clone();
        let mut autoencoder =
            DenoisingAutoencoder::new(encoder, stage.reconstruction, context.seed(), device);
        if let Some(bytes) = context.state.and_then(|state| state.get(DECODER)) {
            autoencoder.decoder = module_from_bytes(autoencoder.decoder, bytes, DECODER)?;
        }
        let below = |device: &Device| {
            let mut below = stack.clone();
            below.layers.truncate(layer);
            below.fork(device)
        };
        Ok(Self {
            below: match devices.len() {
                1 => Vec::new(),
                _ => devices.iter().map(below).collect(),
            },
            devices: Devices::new(devices),
            network,
            stack,
            autoencoder: autoencoder.train(),
            stage: stage.clone(),
            update,
            meter: Meter::restored(device, context.state)?,
        })
    }
}

/// What the autoencoder makes of `inputs`, a share of a batch `[share, width]` on `device`, whose noise is drawn from `noise` for the
/// whole batch; and how long the noise took. `stack` is read up to the layer in training.
fn rebuild(
    (stack, stage): (&DenseStack, &Pretrain),
    autoencoder: &DenoisingAutoencoder,
    (inputs, share): (Tensor<2>, &Share),
    noise: u64,
    device: &Device,
) -> (Rebuilt, Duration) {
    let (clean, target) = stack.denoising_pair(inputs, stage.layer - 1, stage.reconstruction);
    let width = clean.dims()[1];
    let start = Instant::now();
    let noise = stage.corruption.draw(share.of * width, noise);
    let corrupted = share.noise(noise, width).apply(clean, device);
    let took = start.elapsed();
    let rebuilt = match autoencoder.encoder.weight.val().is_autodiff() {
        true => autoencoder.forward(Tensor::from_inner(corrupted), Tensor::from_inner(target)),
        false => autoencoder.forward(corrupted, target),
    };
    (rebuilt, took)
}

/// What a share of a batch costs: what is minimized, and what is to be known of it.
fn costs(
    autoencoder: &DenoisingAutoencoder,
    below: (&DenseStack, &Pretrain),
    (batch, share): (&Batch, &Share),
    noise: u64,
    device: &Device,
) -> (Tensor<1>, Costs) {
    let start = Instant::now();
    // Noise is drawn for every number of a row, zeros included, so sparse rows get their zeros back here.
    let inputs = batch.inputs_tensor(batch.width(), device);
    let loading = start.elapsed();
    let (rebuilt, drawing) = rebuild(below, autoencoder, (inputs, share), noise, device);
    let hidden = [rebuilt.hidden];
    let penalty = ActivationPenalty::Uniform(below.1.l1).cost(&hidden);
    let total = match &penalty {
        Some(penalty) => rebuilt.cost.clone() + penalty.clone(),
        None => rebuilt.cost.clone(),
    };
    let costs = Costs {
        examples: batch.len(),
        cost: rebuilt.cost.inner(),
        penalty: penalty.map(Tensor::inner),
        errors: None,
        hidden: hidden.into_iter().map(Tensor::inner).collect(),
        preparing: loading + drawing,
    };
    (total, costs)
}

impl<N: Network> StageSession<N> for Denoising<N> {
    fn step(&mut self, batch: &Batch, rate: f64, noise: u64) -> Result<(), TrainError> {
        let factor = self.update.factor(rate);
        let (gradients, costs) = match &self.devices {
            Some(devices) => {
                devices.gradients(&self.autoencoder, batch.len(), factor, |place, share| {
                    let (below, stage) = (self.below[place].clone(), self.stage.clone());
                    let part = batch.part(share.rows.clone());
                    Box::new(move |autoencoder, device| {
                        costs(
                            autoencoder,
                            (&below, &stage),
                            (&part, &share),
                            noise,
                            device,
                        )
                    })
                })?
            }
            None => {
                let share = Share::whole(batch.len());
                let below = (&self.stack, &self.stage);
                let device = &self.meter.device;
                let (total, costs) =
                    costs(&self.autoencoder, below, (batch, &share), noise, device);
                (gradients(&self.autoencoder, total, factor), vec![costs])
            }
        };
        self.meter.count(costs);
        self.autoencoder = self.update.step(&self.autoencoder, gradients, rate);
        Ok(())
    }

    fn totals(&mut self) -> Result<Totals, TrainError> {
        self.meter.take()
    }

    fn zeros(&mut self) -> Result<Vec<f64>, TrainError> {
        Ok(self.meter.zeros())
    }

    fn network(&self) -> N {
        let mut stack = self.stack.clone();
        stack.layers[self.stage.layer - 1] = self.autoencoder.encoder.valid();
        // `begin` has seen that the network has a stack, so it takes one back.
        self.network
            .clone()
            .with_dense_stack(stack)
            .unwrap_or_else(|_| self.network.clone())
    }

    fn evaluate(&mut self, examples: &dyn Examples, noise: u64) -> Result<Evaluation, TrainError> {
        let autoencoder = self.autoencoder.valid();
        let device = self.meter.device.clone();
        let mut counter = UnitCounter::new();
        let mut loss = 0.0;
        in_order(examples, |batch, start| {
            let inputs = batch.inputs_tensor(examples.width(), &device);
            let share = Share::whole(batch.len());
            let noise = subseed(noise, &[start as u64]);
            let below = (&self.stack, &self.stage);
            let (rebuilt, _) = rebuild(below, &autoencoder, (inputs, &share), noise, &device);
            counter.count(&[rebuilt.hidden]);
            loss += rebuilt
                .cost
                .try_into_scalar::<f64>()
                .map_err(TrainError::device)?
                * batch.len() as f64;
            Ok(())
        })?;
        Ok(Evaluation {
            examples: examples.len(),
            loss: loss / examples.len().max(1) as f64,
            layers: counter.finish(),
            ..Evaluation::default()
        })
    }

    fn state(&self) -> Result<SessionState, TrainError> {
        let mut state = self.meter.state(&self.update)?;
        state.insert(
            DECODER.into(),
            module_bytes(self.autoencoder.decoder.valid(), DECODER)?,
        );
        Ok(state)
    }

    fn bookkeeping(&self) -> Duration {
        self.meter.bookkeeping
    }
}
