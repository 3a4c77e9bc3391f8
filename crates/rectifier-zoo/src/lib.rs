//! Trained deep sparse rectifier networks by name: what each is, how it was made, and its weights, never loaded unchecked.
//!
//! The [registry](Zoo) is part of the crate; weights come from the program itself (feature `pretrained`), from a folder, from
//! the user's cache, or are fetched into it ([`Places`]). Bytes whose SHA-256 is not the registry's are refused.
//!
//! ```no_run
//! # #[cfg(feature = "burn")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use burn::tensor::{Device, Tensor};
//! use rectifier_zoo as zoo;
//!
//! for entry in zoo::list("mnist/*") {
//!     println!("{}: test error {:.2}%", entry.name, 100.0 * entry.figures.test_error);
//! }
//! let device = Device::default();
//! let network = zoo::get("mnist/rectifier-3x1000")?.load(&device)?;
//! let probabilities = network.probabilities(Tensor::zeros([1, 784], &device));
//! println!("{probabilities}");
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "burn"))]
//! # fn main() {}
//! ```
//!
//! Without Burn (`default-features = false`):
//!
//! ```no_run
//! let network = rectifier_zoo::get("mnist/rectifier-3x1000")?.sparse()?;
//! let answers = network.predict(&[0.0; 784]).map_err(rectifier_zoo::ZooError::from)?;
//! println!("{} {:.1}%", network.card().class(answers[0].class), 100.0 * answers[0].probability);
//! # Ok::<(), rectifier_zoo::ZooError>(())
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `burn` (default) | networks as Burn's modules; without it the crate predicts without Burn |
//! | `fetch` (default) | fetching over HTTP; without it, weights are only looked for on this machine |
//! | `pretrained` | the weights of two networks for MNIST in the program itself |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]

#[cfg(all(doctest, feature = "burn"))]
#[doc = include_str!("../README.md")]
struct Readme;
// What every card shows compiles.
#[cfg(all(doctest, feature = "burn"))]
#[doc = include_str!("card/use.md")]
struct CardExamples;

mod card;
mod embedded;
mod entry;
mod error;
mod forms;
mod logits;
mod picture;
mod places;
mod registry;

pub use card::{card, card_path, gallery, picture_path};
pub use embedded::PRETRAINED;
pub use entry::{DataTerms, Entry, Measured, Row, Speed, StoredFile};
pub use error::ZooError;
#[cfg(feature = "burn")]
pub use forms::burnpack;
pub use forms::{in_f32, weights_sha256, with_card};
pub use logits::{Arithmetic, LOGITS, Logits, probe};
pub use picture::filters;
pub use places::{Located, MODELS_VARIABLE, Place, Places, URL_VARIABLE};
pub use registry::{REGISTRY_VERSION, Zoo, fits};

/// The networks whose name `pattern` fits, by name; `*` stands for any text. What the registry of this crate holds; a test
/// keeps it readable.
pub fn list(pattern: &str) -> Vec<Entry> {
    Zoo::builtin().list(pattern).into_iter().cloned().collect()
}

/// The network of this name.
///
/// # Errors
/// [`ZooError::Unknown`], naming those that are called nearly so.
pub fn get(name: &str) -> Result<Entry, ZooError> {
    Zoo::builtin().get(name).cloned()
}
