//! Which engine does the arithmetic.

use crate::args::EngineName;
use crate::error::CliError;
use crate::plan::Plan;
use burn::tensor::Device;
use rectifier_nn::Network;
use rectifier_sparse::SparseEngine;
use rectifier_train::{BurnEngine, Engine, EngineLimit, Limit, TrainError};

/// Devices whose memory is the CPU's.
const CPU: [&str; 2] = ["flex", "ndarray"];

/// An engine, and why it is not the sparse one where nobody asked for another.
pub type Chosen<N> = (Box<dyn Engine<N>>, Option<String>);

/// The engine asked for; without a wish the sparse one where it can do the work. Says why where it cannot.
///
/// # Errors
/// [`CliError::Usage`] for a wish that cannot be met.
pub fn choose<N: Network>(
    wish: Option<EngineName>,
    threads: Option<usize>,
    plan: &Plan,
    device_name: &str,
    device: &Device,
) -> Result<Chosen<N>, CliError> {
    let burn = || {
        let engine = BurnEngine::new(device.clone()).with_device_name(device_name);
        Box::new(engine) as Box<dyn Engine<N>>
    };
    if threads == Some(0) {
        return Err(CliError::Usage("--threads 0: it must be at least 1".into()));
    }
    if wish == Some(EngineName::Burn) {
        return Ok((burn(), None));
    }
    let obstacle = match CPU.contains(&device_name.split(':').next().unwrap_or_default()) {
        true => SparseEngine::check(&plan.recipe, Some(&plan.network)).err(),
        false => Some(TrainError::Limit(EngineLimit {
            engine: "sparse",
            limit: Limit::Device(device_name.into()),
            other: "burn",
        })),
    };
    match (obstacle, wish) {
        (None, _) => {
            let engine = SparseEngine::new(device.clone());
            let engine = match threads {
                Some(threads) => engine.with_threads(threads),
                None => engine,
            };
            Ok((Box::new(engine), None))
        }
        (Some(obstacle), Some(_)) => Err(CliError::Usage(obstacle.to_string())),
        (Some(TrainError::Limit(beyond)), None) => {
            Ok((burn(), Some(format!("the sparse engine {}", beyond.limit))))
        }
        (Some(obstacle), None) => Ok((burn(), Some(obstacle.to_string()))),
    }
}
