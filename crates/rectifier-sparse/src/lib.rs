//! CPU kernels that skip true zeros, and what is made of them: an engine that trains rectifier networks, and an
//! immutable predictor.
//!
//! A rectifier that is 0 neither adds to the layer above nor learns, so its row of weights need not be touched. Weights
//! lie by input unit, in panels of 64 columns that each belong to one thread; each example's active units are listed; the
//! forward pass adds the listed rows, the backward pass takes a row's error and updates it while it is in the first cache, so that no
//! gradient is ever written. Layers with few zeros are multiplied whole.
//!
//! ```
//! use burn::tensor::Device;
//! use rectifier_nn::{DenseStackConfig, Init, Unit};
//!
//! let stack = DenseStackConfig::new(784, [100, 100], Unit::Rectifier, 10).init(7, &Device::default())?;
//! let network = rectifier_sparse::predictor(&stack)?;
//! let image = vec![0.5; 784];
//! let probabilities = network.probabilities(&image)?;
//! assert_eq!(probabilities.len(), 10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `extension` | module `extension`: the zero-skipping layer as an operation of Burn, for modules of your own |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod backward;
mod convert;
mod denoise;
mod engine;
#[cfg(feature = "extension")]
pub mod extension;
mod finetune;
mod forward;
mod momentum;
mod phases;
mod predictor;
mod pretrain;
mod probe;
mod profile;
mod session;
mod supervised;
#[cfg(test)]
mod textbook;
mod thinning;
mod velocity;

pub use engine::SparseEngine;
pub use forward::{Rows, rows_of};
pub use phases::Phase;
pub use predictor::{evaluate, predictor};
pub use probe::Probe;
pub use profile::Profile;
pub use rectifier_infer::{InferError, Level, SparseNetwork};
// The kernels are those of prediction.
pub(crate) use rectifier_infer::{
    activations, buffer, kernels, layer, pace, pointwise, pool, simd,
};
