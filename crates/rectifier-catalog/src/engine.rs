//! Which engine does the arithmetic.

use crate::{CatalogError, Plan};
use burn::tensor::Device;
use rectifier_nn::Network;
use rectifier_sparse::SparseEngine;
use rectifier_train::{BurnEngine, Engine};
use serde::{Deserialize, Serialize};

/// Devices whose memory is the CPU's.
const CPU: [&str; 2] = ["flex", "ndarray"];

/// What does the arithmetic of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineName {
    /// CPU kernels that skip true zeros: dense stacks, any optimizer but Adam.
    Sparse,
    /// Burn's autodiff and optimizers, on any device.
    Burn,
}

impl EngineName {
    /// Its name, as records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sparse => "sparse",
            Self::Burn => "burn",
        }
    }

    /// The engine of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Sparse, Self::Burn]
            .into_iter()
            .find(|engine| engine.name() == name)
    }
}

/// What is to compute, and where.
#[derive(Clone, Debug)]
pub struct EngineChoice {
    /// The engine asked for; where none is, the sparse one if it can do the work.
    pub engine: Option<EngineName>,
    /// Threads of the sparse engine; one a core where not given.
    pub threads: Option<usize>,
    /// The device.
    pub device: Device,
    /// Further devices of its kind, which share the examples of every step with it.
    pub further: Vec<Device>,
    /// Their name: `flex`, `cuda:1`, `cuda:0,1`.
    pub device_name: String,
}

/// An engine, and why it is not the sparse one where nobody asked for another.
pub struct Chosen<N: Network> {
    /// The engine.
    pub engine: Box<dyn Engine<N>>,
    /// Why it is the Burn engine, where nobody asked for that.
    pub reason: Option<String>,
}

/// The most threads of an engine: more than any machine has cores, and fewer than make the system end the process.
const MOST_THREADS: usize = 1024;

impl EngineChoice {
    /// The sparse engine where it can do the work, on `device`, whose name is `device_name`.
    pub fn on(device: Device, device_name: &str) -> Self {
        Self {
            engine: None,
            threads: None,
            device,
            further: Vec::new(),
            device_name: device_name.into(),
        }
    }

    /// The engine that was asked for; without a wish the sparse one where it can do the work.
    ///
    /// # Errors
    /// [`CatalogError::Engine`] for a wish that cannot be met, [`CatalogError::ThreadsUnused`] for threads that nothing
    /// would use, [`CatalogError::Threads`].
    pub fn choose<N: Network>(&self, plan: &Plan) -> Result<Chosen<N>, CatalogError> {
        if let Some(given) = self
            .threads
            .filter(|given| !(1..=MOST_THREADS).contains(given))
        {
            return Err(CatalogError::Threads {
                given,
                most: MOST_THREADS,
            });
        }
        let obstacle = match self.engine {
            Some(EngineName::Burn) => None,
            _ => self.obstacle(plan),
        };
        match (self.engine, obstacle) {
            (Some(EngineName::Sparse), Some(reason)) => Err(CatalogError::Engine { reason }),
            (Some(EngineName::Sparse) | None, None) => {
                let engine = SparseEngine::new(self.device.clone());
                Ok(Chosen {
                    engine: match self.threads {
                        Some(threads) => Box::new(engine.with_threads(threads)),
                        None => Box::new(engine),
                    },
                    reason: None,
                })
            }
            (Some(EngineName::Burn), _) => self.burn("it was asked for", None),
            (None, Some(obstacle)) => {
                // The way out of an obstacle is the engine that is taken here.
                let reason = obstacle.split(": use").next().unwrap_or_default();
                self.burn(reason, Some(reason.into()))
            }
        }
    }

    fn burn<N: Network>(
        &self,
        why: &str,
        reason: Option<String>,
    ) -> Result<Chosen<N>, CatalogError> {
        if self.threads.is_some() {
            return Err(CatalogError::ThreadsUnused { reason: why.into() });
        }
        let engine = BurnEngine::new(self.device.clone())
            .with_further(self.further.clone())
            .with_device_name(&self.device_name);
        Ok(Chosen {
            engine: Box::new(engine),
            reason,
        })
    }

    fn obstacle(&self, plan: &Plan) -> Option<String> {
        if !self.further.is_empty() {
            return Some(format!(
                "the sparse engine computes on one device, not on {}: use the Burn engine",
                self.device_name
            ));
        }
        let device = self.device_name.split(':').next().unwrap_or_default();
        match CPU.contains(&device) {
            true => SparseEngine::check(&plan.recipe, Some(&plan.network))
                .err()
                .map(|error| error.to_string()),
            false => Some(format!(
                "the sparse engine computes on the CPU, not on {}: use the Burn engine",
                self.device_name
            )),
        }
    }
}
