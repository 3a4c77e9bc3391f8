//! CIFAR-10: photographs of ten kinds of things, 32x32 pixels in red, green and blue, from the official binary files.
//!
//! The 50,000 official training images are learned from, as in the paper; of the 10,000 official test images the first
//! 5,000 are to choose by, the last 5,000 for the report (the paper's 50k / 5k / 5k). Numbers go from 0 to 1,
//! channel by channel: `[3, 32, 32]`.
//!
//! The set is read from the unpacked folder `cifar-10-batches-bin`, or straight from `cifar-10-binary.tar.gz`, which is
//! never unpacked to the disk. They are looked for as [`rectifier_data::Locator`] says, under the set's name [`NAME`];
//! the archive is fetched if nothing is there. The archive is known by its checksum. For the unpacked files none is
//! published: their sizes and labels are checked, and [`Cifar10::warnings`] names them.
//!
//! ```no_run
//! use rectifier_cifar10::Cifar10;
//! use rectifier_data::{Examples, Locator};
//!
//! let cifar10 = Cifar10::load(&Locator::default(), &mut |_, _| {})?;
//! assert_eq!(cifar10.train().len(), 50_000);
//! assert_eq!(cifar10.train().shape(), [3, 32, 32]);
//! # Ok::<(), rectifier_data::DataError>(())
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `fetch` (default) | fetching what is not on this machine; brings HTTP and TLS |

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod archive;
mod cifar10;
mod files;
mod item;
mod records;
mod set;

pub use archive::read_archive;
pub use cifar10::Cifar10;
pub use files::{CLASS_NAMES, NAME, find, info};
pub use item::{Cifar10Item, Cifar10Part};
pub use records::{RECORD, RecordProblem, Records};
pub use set::SET;
