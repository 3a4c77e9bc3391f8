//! MNIST: handwritten digits of 28x28 grey pixels, from the four official files.
//!
//! The 60,000 official training images are split as in the paper: the first 50,000 to learn from, the last 10,000 to
//! choose by; the 10,000 official test images are left for the report. Files are looked for and fetched as
//! [`rectifier_data::Locator`] says, under the set's name [`NAME`]; packed (`.gz`) or not, both are known by their
//! checksums.
//!
//! ```no_run
//! use rectifier_data::{Examples, Locator};
//! use rectifier_mnist::Mnist;
//!
//! let mnist = Mnist::load(&Locator::default(), &mut |_, _| {})?;
//! assert_eq!(mnist.train().len(), 50_000);
//! # Ok::<(), rectifier_data::DataError>(())
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `fetch` (default) | fetching what is not on this machine; brings HTTP and TLS |

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod files;
mod mnist;
mod part;
mod set;

pub use files::{NAME, find, info};
pub use mnist::Mnist;
pub use part::{MnistItem, MnistPart};
pub use set::SET;
