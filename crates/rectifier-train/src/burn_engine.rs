//! The engine that works on any Burn device, for any module that implements `Network`.

use crate::denoising::Denoising;
use crate::descent::Update;
use crate::engine::{Engine, StageContext, StageSession};
use crate::fine_tuning::FineTuning;
use crate::{Stage, TrainError};
use burn::tensor::Device;
use rectifier_nn::Network;

/// Trains on Burn devices through Burn's autodiff and optimizers.
///
/// Several devices split the examples of every step among themselves, in the order of the batch: each takes the gradient of its
/// share in a copy of the network, the first one sums them and takes the step, and evaluates. Order, noise and dropout are drawn
/// for the batch as a whole, so losses and parameters are those of one device within rounding. What a module of one's own
/// makes of the batch as a whole it makes of each share instead (batch normalization), and what it would keep from step to
/// step beside its parameters stays in the copy and is lost: such a module trains on one device.
///
/// ```
/// use burn::tensor::Device;
/// use rectifier_train::BurnEngine;
///
/// // Where there are graphics cards: `Device::cuda(0)`, `Device::cuda(1)`. One device may be named twice.
/// let engine = BurnEngine::new(Device::flex()).with_further([Device::flex()]);
/// # let _ = engine;
/// ```
#[derive(Clone, Debug)]
pub struct BurnEngine {
    /// At least one; the first holds the network.
    devices: Vec<Device>,
    name: Option<String>,
}

impl BurnEngine {
    /// An engine on `device`.
    pub fn new(device: Device) -> Self {
        Self {
            devices: vec![device.inner()],
            name: None,
        }
    }

    /// The same on `devices` as well.
    pub fn with_further(mut self, devices: impl IntoIterator<Item = Device>) -> Self {
        self.devices
            .extend(devices.into_iter().map(|device| device.inner()));
        self
    }

    /// The devices' name in records, where they have one that people use.
    pub fn with_device_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl<N: Network> Engine<N> for BurnEngine {
    fn name(&self) -> &str {
        "burn"
    }

    fn device(&self) -> String {
        let names = || self.devices.iter().map(|device| format!("{device:?}"));
        match &self.name {
            Some(name) => name.clone(),
            None => names().collect::<Vec<_>>().join(", "),
        }
    }

    fn begin(
        &self,
        network: N,
        context: &StageContext<'_>,
    ) -> Result<Box<dyn StageSession<N>>, TrainError> {
        let network = network.fork(&self.devices[0]);
        match context.stage() {
            Stage::FineTune(stage) => {
                let update = Update::new(stage.optimizer, stage.weight_decay);
                let update = update.restored(context.state)?;
                let session = FineTuning::begin(network, stage, update, context, &self.devices)?;
                Ok(Box::new(session))
            }
            Stage::Pretrain(stage) => {
                let update = Update::new(stage.optimizer, 0.0).restored(context.state)?;
                let session = Denoising::begin(network, stage, update, context, &self.devices)?;
                Ok(Box::new(session))
            }
        }
    }
}
