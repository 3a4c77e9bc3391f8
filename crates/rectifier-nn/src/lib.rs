//! Rectifier units, dense stacks and denoising autoencoders as Burn modules.
//!
//! The building blocks of Glorot, Bordes, Bengio, "Deep Sparse Rectifier Neural Networks" (AISTATS 2011). No backend
//! is chosen here: modules live on whatever [`Device`](burn::tensor::Device) they are made for.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use rectifier_nn::{DenseStackConfig, Init, Network, Unit};
//!
//! let device = Device::default();
//! let network = DenseStackConfig::new(784, [100, 100], Unit::Rectifier, 10).init(7, &device)?;
//! let forward = network.forward(Tensor::zeros([2, 784], &device));
//! assert_eq!(forward.logits.dims(), [2, 10]);
//! assert_eq!(forward.hidden[1].dims(), [2, 100]);
//! # Ok::<(), rectifier_nn::NetworkError>(())
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `std` (default) | files, and the weights of any module; without it the crate is `no_std` with `alloc` and reads dense stacks from bytes |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

extern crate alloc;

mod autoencoder;
mod corruption;
mod file;
mod init;
mod layer;
mod network;
mod sparse_input;
mod sparsity;
mod stack;
mod unit;

pub use autoencoder::{DenoisingAutoencoder, Rebuilt, Reconstruction, Scale, Target};
pub use corruption::{Corruption, Noise};
pub use file::ModelFile;
#[cfg(feature = "std")]
pub use file::{remove_partials, takes_files, write_atomically};
pub use init::{Draw, glorot_limit};
pub use layer::DenseLayer;
pub use network::{Forward, Network};
pub use rectifier_model::{
    CardError, DataCard, DenseStackConfig, EncoderText, Figures, ModelBytes, ModelCard,
    ModelFileError, NetworkError, Objective, Precision, Provenance as CardProvenance, Unit,
    WeightDraw,
};
pub use sparse_input::SparseInput;
pub use sparsity::{ActivationPenalty, LayerCounts, UnitCounter};
pub use stack::{DenseStack, Init};
pub use unit::Apply;
