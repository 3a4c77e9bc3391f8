//! Predicts with deep rectifier networks on the CPU, skipping true zeros: no tensor library, no device, `no_std` with `alloc`
//! where there is no operating system.
//!
//! A rectifier that is 0 adds nothing to the layer above, so its row of weights need not be touched. Weights lie by input
//! unit, in panels of 64 columns that each belong to one thread; each example's active units are listed, and the forward pass
//! adds the listed rows. Layers with few zeros are multiplied whole.
//!
//! ```
//! use rectifier_infer::SparseNetwork;
//! # use rectifier_model::{DenseStackConfig, ModelCard, TensorView, Unit, encode};
//! # let card = ModelCard::new(DenseStackConfig::new(2, [], Unit::Rectifier, 2));
//! # let (weight, bias) = ([1.0f32, 0.0, 0.0, 1.0].map(f32::to_le_bytes), [0.0f32; 2].map(f32::to_le_bytes));
//! # let file = encode(&card.metadata()?, &[
//! #     TensorView::f32("head.weight", &[2, 2], weight.as_flattened()),
//! #     TensorView::f32("head.bias", &[2], bias.as_flattened()),
//! # ])?;
//!
//! // Or `SparseNetwork::load("model.safetensors")`.
//! let network = SparseNetwork::from_bytes(&file)?;
//! let examples = [0.9, 0.1, 0.2, 0.8];
//! let answers = network.predict(&examples)?;
//! assert_eq!((answers[0].class, answers[1].class), (0, 1));
//! assert!(network.predict(&[f32::NAN, 0.0]).is_err());
//! # Ok::<(), rectifier_infer::InferError>(())
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `threads` (default) | one prediction on several threads; brings `std` |
//! | `std` | reading files, and the choice of the instruction set at run time |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

extern crate alloc;

mod error;
mod evaluation;
mod flush;
mod int8;
mod network;
mod rows;
mod slot;

// What the training engine is built on too. Not for others: these parts answer for no order of calls and change with the
// kernels.
#[doc(hidden)]
#[allow(missing_docs)]
pub mod activations;
#[doc(hidden)]
#[allow(missing_docs, clippy::missing_safety_doc)]
pub mod active;
#[doc(hidden)]
#[allow(missing_docs)]
pub mod buffer;
#[doc(hidden)]
#[allow(missing_docs)]
pub mod forward;
#[doc(hidden)]
#[allow(missing_docs, clippy::missing_safety_doc)]
pub mod kernels;
#[doc(hidden)]
#[allow(missing_docs)]
pub mod layer;
#[doc(hidden)]
#[allow(missing_docs)]
#[cfg_attr(not(feature = "threads"), path = "alone_pace.rs")]
pub mod pace;
#[doc(hidden)]
#[allow(missing_docs)]
pub mod packed;
#[doc(hidden)]
#[allow(missing_docs)]
pub mod passes;
#[doc(hidden)]
#[allow(missing_docs, clippy::missing_safety_doc)]
pub mod pointwise;
#[cfg(feature = "threads")]
#[doc(hidden)]
#[allow(missing_docs)]
pub mod pool;
#[cfg(not(feature = "threads"))]
#[doc(hidden)]
#[allow(missing_docs)]
#[path = "alone.rs"]
pub mod pool;
#[doc(hidden)]
#[allow(missing_docs, clippy::missing_safety_doc)]
pub mod simd;
#[doc(hidden)]
#[allow(missing_docs)]
pub mod team;
#[cfg(test)]
mod testing;

pub use error::InferError;
pub use evaluation::{Evaluation, Zeros};
pub use network::{CALIBRATION, Prediction, SparseNetwork, Trace, TracedLayer};
pub use rows::{Rows, SparseRows};
pub use simd::Level;
