//! What a dense rectifier network is, without a tensor library: its units and layers, its model file, and the card that
//! tells what the file holds and how it was made.
//!
//! ```
//! use rectifier_model::{DenseStackConfig, ModelBytes, ModelCard, TensorView, Unit, encode};
//!
//! let network = DenseStackConfig::new(2, [], Unit::Rectifier, 2);
//! let mut card = ModelCard::new(network);
//! card.classes = vec!["no".into(), "yes".into()];
//! let weight = [1.0f32, 0.0, 0.0, 1.0].map(f32::to_le_bytes);
//! let bias = [0.0f32; 2].map(f32::to_le_bytes);
//! let tensors = [
//!     TensorView::f32("head.weight", &[2, 2], weight.as_flattened()),
//!     TensorView::f32("head.bias", &[2], bias.as_flattened()),
//! ];
//! let bytes = encode(&card.metadata()?, &tensors)?;
//!
//! let file = ModelBytes::from_bytes(&bytes, "an example")?;
//! assert_eq!(file.card()?.classes, ["no", "yes"]);
//! assert_eq!(file.floats("head.weight")?, [1.0, 0.0, 0.0, 1.0]);
//! # Ok::<(), rectifier_model::ModelFileError>(())
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `std` (default) | reading files; without it the crate is `no_std` with `alloc` and reads bytes |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

extern crate alloc;

mod bytes;
mod card;
mod config;
mod error;
mod file_error;
mod header;
mod legacy;
mod objective;
mod unit;

pub use bytes::ModelBytes;
pub use card::{
    CARD, CARD_VERSION, DataCard, EncoderText, Figures, Layout, ModelCard, Precision, Provenance,
};
pub use config::DenseStackConfig;
pub use error::NetworkError;
pub use file_error::{CardError, ModelFileError};
pub use header::{Dtype, HEADER_LIMIT, Header, TensorInfo, TensorView, encode};
pub use objective::Objective;
pub use unit::{Unit, WeightDraw};
