//! Pre-training of one layer as a session of Burn's engine.

use crate::descent::Update;
use crate::engine::{SessionState, StageContext, StageSession};
use crate::measure::{in_order, zero_shares};
use crate::meter::Meter;
use crate::parameters::{module_bytes, module_from_bytes};
use crate::scale::fold_scale;
use crate::{Evaluation, Pretrain, Totals, TrainError};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rectifier_data::{Batch, Examples, random::subseed};
use rectifier_nn::{ActivationPenalty, DenoisingAutoencoder, DenseStack, Network, UnitCounter};
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
    hidden: Vec<Tensor<2>>,
}

impl<N: Network> Denoising<N> {
    pub(crate) fn begin(
        network: N,
        stage: &Pretrain,
        update: Update,
        context: &StageContext<'_>,
        device: &Device,
    ) -> Result<Self, TrainError> {
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
        Ok(Self {
            network,
            stack,
            autoencoder: autoencoder.train(),
            stage: stage.clone(),
            update,
            meter: Meter::restored(device, context.state)?,
            hidden: Vec::new(),
        })
    }

    /// The cost of `inputs` `[batch, width]`, whose noise is drawn from `noise`.
    fn rebuild(
        &mut self,
        autoencoder: &DenoisingAutoencoder,
        inputs: Tensor<2>,
        noise: u64,
    ) -> rectifier_nn::Rebuilt {
        let layer = self.stage.layer - 1;
        let (clean, target) = self
            .stack
            .denoising_pair(inputs, layer, self.stage.reconstruction);
        let [batch, width] = clean.dims();
        let start = Instant::now();
        let noise = self.stage.corruption.draw(batch * width, noise);
        let corrupted = noise.apply(clean, &self.meter.device);
        self.meter.bookkeeping += start.elapsed();
        if autoencoder.encoder.weight.val().is_autodiff() {
            autoencoder.forward(Tensor::from_inner(corrupted), Tensor::from_inner(target))
        } else {
            autoencoder.forward(corrupted, target)
        }
    }
}

impl<N: Network> StageSession<N> for Denoising<N> {
    fn step(&mut self, batch: &Batch, rate: f64, noise: u64) -> Result<(), TrainError> {
        let start = Instant::now();
        // Noise is drawn for every number of a row, zeros included, so sparse rows get their zeros back here.
        let inputs = batch.inputs_tensor(batch.width(), &self.meter.device);
        self.meter.bookkeeping += start.elapsed();
        let autoencoder = self.autoencoder.clone();
        let rebuilt = self.rebuild(&autoencoder, inputs, noise);
        let hidden = [rebuilt.hidden];
        let penalty = ActivationPenalty::Uniform(self.stage.l1).cost(&hidden);
        let total = match &penalty {
            Some(penalty) => rebuilt.cost.clone() + penalty.clone(),
            None => rebuilt.cost.clone(),
        };
        let start = Instant::now();
        self.meter.count(batch.len(), rebuilt.cost, penalty);
        self.hidden = hidden.into_iter().map(Tensor::inner).collect();
        self.meter.bookkeeping += start.elapsed();
        self.autoencoder = self.update.step(&autoencoder, total, rate);
        Ok(())
    }

    fn totals(&mut self) -> Result<Totals, TrainError> {
        self.meter.take()
    }

    fn zeros(&mut self) -> Result<Vec<f64>, TrainError> {
        Ok(zero_shares(&self.hidden))
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
            let rebuilt = self.rebuild(&autoencoder, inputs, subseed(noise, &[start as u64]));
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
