//! The engine that works on any Burn device, for any module that implements `Network`.

use crate::descent::Update;
use crate::engine::{Engine, SessionState, StageContext, StageSession};
use crate::measure::in_order;
use crate::meter::{METER, Meter};
use crate::{DeviceInputs, Evaluation, Pretrain, Stage, Supervised, Totals, TrainError, evaluate};
use burn::module::Module;
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::{Bytes, Device, Tensor};
use rectifier_data::{Batch, Examples, random::subseed};
use rectifier_nn::{
    ActivationPenalty, DenoisingAutoencoder, DenseStack, Network, Scale, UnitCounter,
};
use std::time::{Duration, Instant};

/// Trains on a Burn device through Burn's autodiff and optimizers.
#[derive(Clone, Debug)]
pub struct BurnEngine {
    device: Device,
    name: String,
}

impl BurnEngine {
    /// An engine on `device`.
    pub fn new(device: Device) -> Self {
        let device = device.inner();
        Self {
            name: format!("{device:?}"),
            device,
        }
    }

    /// The device's name in records, where it has one that people use.
    pub fn with_device_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

impl<N: Network> Engine<N> for BurnEngine {
    fn name(&self) -> &str {
        "burn"
    }

    fn device(&self) -> String {
        self.name.clone()
    }

    fn begin(
        &self,
        network: N,
        context: &StageContext<'_>,
    ) -> Result<Box<dyn StageSession<N>>, TrainError> {
        let network = network.fork(&self.device);
        let update = restored(Update::new(context.stage().optimizer()), context.state)?;
        match context.stage() {
            Stage::FineTune(stage) => Ok(Box::new(FineTuning {
                model: Supervised::new(network, context.objective(), stage.l1.clone()).train(),
                update,
                meter: Meter::restored(&self.device, context.state)?,
                hidden: Vec::new(),
            })),
            Stage::Pretrain(stage) => {
                let session = Denoising::begin(network, stage, update, context, &self.device)?;
                Ok(Box::new(session))
            }
        }
    }
}

const OPTIMIZER: &str = "optimizer";
const DECODER: &str = "decoder";

fn restored(update: Update, state: Option<&SessionState>) -> Result<Update, TrainError> {
    match state.and_then(|state| state.get(OPTIMIZER)) {
        Some(bytes) => update.restored(bytes.clone()).map_err(record_error),
        None => Ok(update),
    }
}

/// A module's parameters with their identities, as bytes.
pub(crate) fn module_bytes<M: Module>(module: M) -> Result<Vec<u8>, TrainError> {
    Ok(module
        .into_record()
        .into_bytes()
        .map_err(record_error)?
        .to_vec())
}

/// `module` with the parameters and identities in `bytes`.
pub(crate) fn module_from_bytes<M: Module>(module: M, bytes: &[u8]) -> Result<M, TrainError> {
    ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes.to_vec()))
        .and_then(|record| module.try_load_record(record))
        .map_err(record_error)
}

fn record_error(error: RecordError) -> TrainError {
    TrainError::Fit(format!(
        "the checkpoint does not fit this network and recipe ({error}): go on with the recipe it was made with"
    ))
}

pub(crate) fn device_error(error: impl std::fmt::Display) -> TrainError {
    TrainError::Device(error.to_string())
}

fn zero_shares(hidden: &[Tensor<2>]) -> Vec<f64> {
    let mut counter = UnitCounter::new();
    counter.count(hidden);
    counter.finish().iter().map(|layer| layer.share()).collect()
}

/// Fine-tuning of the whole network.
struct FineTuning<N: Network> {
    model: Supervised<N>,
    update: Update,
    meter: Meter,
    hidden: Vec<Tensor<2>>,
}

impl<N: Network> StageSession<N> for FineTuning<N> {
    fn step(&mut self, batch: &Batch, rate: f64, _noise: u64) -> Result<(), TrainError> {
        let start = Instant::now();
        let inputs = DeviceInputs::from_inner(DeviceInputs::of(batch, &self.meter.device));
        let labels = batch.labels_tensor(&self.meter.device);
        self.meter.bookkeeping += start.elapsed();
        let autodiff_labels = Tensor::from_inner(labels.clone());
        let forward = inputs.forward(&self.model.network);
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
        self.model.network.valid()
    }

    fn evaluate(&mut self, examples: &dyn Examples, _noise: u64) -> Result<Evaluation, TrainError> {
        let device = self.meter.device.clone();
        evaluate(&self.network(), examples, self.model.objective, &device)
    }

    fn state(&self) -> Result<SessionState, TrainError> {
        session_state(&self.update, &self.meter)
    }

    fn bookkeeping(&self) -> Duration {
        self.meter.bookkeeping
    }
}

fn session_state(update: &Update, meter: &Meter) -> Result<SessionState, TrainError> {
    Ok(SessionState::from([
        (OPTIMIZER.into(), update.state().map_err(record_error)?),
        (METER.into(), meter.save()?),
    ]))
}

/// Pre-training of one layer.
struct Denoising<N: Network> {
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
    fn begin(
        network: N,
        stage: &Pretrain,
        update: Update,
        context: &StageContext<'_>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        context.recipe.check_network(&network)?;
        let Some(stack) = network.dense_stack() else {
            return Err(TrainError::Fit(
                "this network has no dense stack to pre-train".into(),
            ));
        };
        let layer = stage.layer - 1;
        let stack = fold_scale(stack.clone(), stage, context, device)?;
        let encoder = stack.layers[layer].clone();
        let mut autoencoder =
            DenoisingAutoencoder::new(encoder, stage.reconstruction, context.seed(), device);
        if let Some(bytes) = context.state.and_then(|state| state.get(DECODER)) {
            autoencoder.decoder = module_from_bytes(autoencoder.decoder, bytes)?;
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

/// `stack` with the layer below the stage's divided by its largest activation over the training data, on `device`, where
/// the strategy asks for it. A resumed stage finds the scale already folded in, and the stack is left as it is.
///
/// # Errors
/// [`TrainError::Data`] for examples that cannot be read.
pub fn fold_scale(
    stack: DenseStack,
    stage: &Pretrain,
    context: &StageContext<'_>,
    device: &Device,
) -> Result<DenseStack, TrainError> {
    let layer = stage.layer - 1;
    let scaling = stage
        .reconstruction
        .scaling(layer, stack.layers[layer].unit);
    let (Some(scale), None) = (scaling, context.state) else {
        return Ok(stack);
    };
    let [_, units] = stack.layers[layer - 1].dims();
    let mut maxima = Tensor::<1>::zeros([units], device);
    in_order(context.train, |batch, _| {
        let inputs = batch.inputs_tensor(context.train.width(), device);
        // Sign flips do not count: a magnitude is scaled.
        let peaks = stack
            .features(inputs, layer)
            .abs()
            .max_dim(0)
            .reshape([units]);
        maxima = maxima.clone().max_pair(peaks);
        Ok(())
    })?;
    let divisor = match scale {
        Scale::PerUnit => maxima,
        Scale::Global => maxima.max().expand([units]),
    };
    Ok(stack.fold_scale(layer - 1, divisor))
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
                .map_err(device_error)?
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
        let mut state = session_state(&self.update, &self.meter)?;
        state.insert(
            DECODER.into(),
            module_bytes(self.autoencoder.decoder.valid())?,
        );
        Ok(state)
    }

    fn bookkeeping(&self) -> Duration {
        self.meter.bookkeeping
    }
}
