//! Deep rectifier networks in and out of other programs' formats, without a tensor library.
//!
//! [`Network`] holds a dense stack as plain numbers. [`pytorch`] writes it as the state dict of a `torch.nn.Sequential` and
//! reads such state dicts, from safetensors and from `.pt` files; [`onnx`] writes and reads chains of layers and activations.
//! What a file says is checked and never executed; what a dense stack of one kind of unit cannot express is an
//! error that names the layer.
//!
//! ```
//! use rectifier_exchange::{ImportOptions, Layer, Network, onnx};
//! use rectifier_model::{DenseStackConfig, ModelCard, Unit};
//!
//! let config = DenseStackConfig::new(2, [2], Unit::Rectifier, 2);
//! let layers = vec![
//!     Layer::new([2, 2], vec![1.0, -1.0, -1.0, 1.0], vec![0.0, 0.0]),
//!     Layer::new([2, 2], vec![1.0, 0.0, 1.0, 0.0], vec![0.5, 0.0]),
//! ];
//! let network = Network::new(ModelCard::new(config), layers)?;
//! let file = onnx::encode(&network)?;
//! let again = onnx::from_bytes(file, "an example", &ImportOptions::default())?;
//! assert_eq!(again, network);
//! # Ok::<(), rectifier_exchange::ExchangeError>(())
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod activation;
mod batch_norm;
mod budget;
mod error;
mod import;
mod network;
mod numbers;
pub mod onnx;
pub mod pytorch;
mod stack;

pub use activation::Activation;
pub use error::ExchangeError;
pub use import::ImportOptions;
pub use network::{Layer, Network};
