//! Generated stereo pairs in the shape of NORB's: lit solids over clutter, jittered, six classes, 2x32x32 numbers from
//! -1 (black) to 1 (white). **This is not NORB**, and no number made from it says anything about NORB; it is here so that
//! the paper's experiment can run where NORB's files are not at hand. There is nothing to fetch and no end: example `i`
//! below a seed is always the same pair.
//!
//! ```
//! use rectifier_data::{Batch, Examples};
//! use rectifier_norb_like::{CLASS_NAMES, NorbLike, Part};
//!
//! let train = NorbLike::split(1, Part::Train, 30_000);
//! assert_eq!((train.shape(), train.classes()), (&[2, 32, 32][..], 6));
//! let mut batch = Batch::default();
//! train.gather(&[0, 1, 2], &mut batch)?;
//! assert_eq!(batch.inputs.len(), 3 * 2048);
//! assert!(batch.labels.iter().all(|&label| (label as usize) < CLASS_NAMES.len()));
//! # Ok::<(), rectifier_data::DataError>(())
//! ```
//!
//! # How a pair comes about
//! 1. A ground of smooth noise, and on it flat and shaded patches at several depths (`clutter`).
//! 2. A solid of the class in random proportions: ball, box, cylinder, cone, cross, or none at all (`solid`). It stands on
//!    the ground, is turned about its own axis by any angle, and is seen from 30 to 70 degrees above, as NORB's toys are.
//! 3. Jitter: place, size, tilt, contrast and brightness. Up to two further solids, smaller, at the border distract.
//! 4. One lamp and a share of light from everywhere. Two cameras see the scene along parallel rays that converge by the
//!    depth of a thing: what is far moves to one side, what is near to the other (`scene`).
//!
//! From seed to pixel there are only operations whose results IEEE 754 fixes to the last bit (`+ - * /` and square roots
//! of `f32`), so pairs agree on every machine with true single precision. A test pins them.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod clutter;
mod dice;
mod norb_like;
mod scene;
mod set;
mod solid;
mod vector;
mod view;

pub use norb_like::{NorbLike, NorbLikeItem, Part, info};
pub use set::SET;

/// The name of the set.
pub const NAME: &str = "norb-like";
/// The classes: five solids, and clutter alone.
pub const CLASS_NAMES: [&str; 6] = ["ball", "box", "cylinder", "cone", "cross", "blank"];
/// The side of an image, in pixels.
pub const SIDE: usize = 32;
/// How many numbers a pair has: 32 rows of 32 of the left image, then of the right.
pub const PIXELS: usize = 2 * SIDE * SIDE;
