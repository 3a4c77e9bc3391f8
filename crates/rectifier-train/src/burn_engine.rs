//! The engine that works on any Burn device, for any module that implements `Network`.

use crate::denoising::Denoising;
use crate::descent::Update;
use crate::engine::{Engine, StageContext, StageSession};
use crate::fine_tuning::FineTuning;
use crate::{Stage, TrainError};
use burn::tensor::Device;
use rectifier_nn::Network;

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
        match context.stage() {
            Stage::FineTune(stage) => {
                let update = Update::new(stage.optimizer, stage.weight_decay);
                let update = update.restored(context.state)?;
                let session = FineTuning::begin(network, stage, update, context, &self.device)?;
                Ok(Box::new(session))
            }
            Stage::Pretrain(stage) => {
                let update = Update::new(stage.optimizer, 0.0).restored(context.state)?;
                let session = Denoising::begin(network, stage, update, context, &self.device)?;
                Ok(Box::new(session))
            }
        }
    }
}
