//! CPU kernels that skip true zeros, and what is made of them: an engine that trains rectifier networks, and an
//! immutable predictor.
//!
//! A rectifier that is 0 neither adds to the layer above nor learns, so its row of weights need not be touched. Weights
//! lie by input unit, in panels of 64 columns that each belong to one thread; each example's active units are listed; the way
//! up adds the listed rows, the way down takes a row's error and updates it while it is in the first cache, so that no
//! gradient is ever written. Layers with few zeros are multiplied whole.
//!
//! ```
//! use burn::tensor::Device;
//! use rectifier_nn::{DenseStackConfig, Unit};
//! use rectifier_sparse::SparseNetwork;
//!
//! let stack = DenseStackConfig::new(784, [100, 100], Unit::Rectifier, 10).init(7, &Device::default())?;
//! let network = SparseNetwork::new(&stack)?;
//! let image = vec![0.5; 784];
//! let probabilities = network.probabilities(&image)?;
//! assert_eq!(probabilities.len(), 10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

mod active;
mod buffer;
mod convert;
mod denoise;
mod engine;
#[cfg(feature = "extension")]
pub mod extension;
mod finetune;
mod forward;
mod kernels;
mod layer;
mod passes;
mod pointwise;
mod pool;
mod predictor;
mod pretrain;
mod probe;
mod signals;
mod simd;
mod supervised;
#[cfg(test)]
mod textbook;

pub use engine::SparseEngine;
pub use predictor::SparseNetwork;
pub use probe::Probe;
pub use simd::Level;
