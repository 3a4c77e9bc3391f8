//! NISTP: characters of several sources, distorted on demand; 62 classes, 32x32 grey images, ink 1 on paper 0. This is the
//! generator behind the NISTP column of "Deep Sparse Rectifier Neural Networks" (Glorot, Bordes, Bengio, AISTATS 2011).
//!
//! 81,920,000 training examples, 80,000 to choose by and 20,000 to report on exist as indices: example `i` of a seed is
//! always the same image, and nothing but source characters is in memory.
//!
//! ```no_run
//! use rectifier_data::{Batch, Examples, Locator};
//! use rectifier_nistp::{Nistp, Settings};
//!
//! let (nistp, warnings) = Nistp::load(&Locator::default(), Settings::default())?;
//! warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
//! let mut batch = Batch::default();
//! nistp.train().gather(&[0, 1, 81_919_999], &mut batch)?;
//! assert_eq!(batch.inputs.len(), 3 * 1024);
//! # Ok::<(), rectifier_data::DataError>(())
//! ```
//!
//! # How an image comes about
//! 1. Its class follows from its index: every 62 examples hold each class once.
//! 2. A source is drawn ([`Weights`]): fonts 10 %, captcha-like 25 %, as from scanned print 25 %, NIST handwriting 40 %; and
//!    from it a character of that class. The handwriting is the test part of EMNIST's `byclass`, the fonts are those of
//!    DejaVu 2.37, so that the set is the same everywhere; with [`Files::Found`] they are whatever this machine has. A source
//!    that is not on this machine leaves its share to the others, with a warning; what is generated (`rectifier-glyphs`) is
//!    always there.
//! 3. The [`Distortion`]s of the [`Variant`] are applied in order, each at a complexity drawn for it ([`Complexity`]).
//! 4. Ink is rounded to one of 256 values, as the authors stored their images.
//!
//! Train, validation and test parts share no source character: handwriting is split by its place in the file, fonts by
//! file, generated characters by their random streams.
//!
//! # What differs from the authors' set
//! Their captcha and OCR collections cannot be had: captcha-like and scanned characters are made here, of fonts and of
//! generated characters. Their NIST characters were of 128x128 pixels, made smaller; EMNIST's are of 28x28 in a frame of
//! two more pixels. EMNIST names no writers and its files are shuffled, so one writer's characters are in all parts.
//! Natural images behind characters (P07) are replaced by random textures.
//!
//! Where the sources on the set are silent, this is chosen: classes are equally likely; slant and affine maps leave the
//! middle of the image in place; what leaves the image is lost and paper comes in; affine maps interpolate; erosion gives
//! the strongest ink back; noise outside the image is 0; the pinched disk is the largest in the image. For P07, sizes of
//! occlusions, scratches and smoothing windows follow the authors' description where it is known and are assumed elsewhere
//! (see each function).
//!
//! | feature | what it brings |
//! |---|---|
//! | `fetch` (default) | fetching what is not on this machine; brings HTTP and TLS |
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod dice;
pub mod distort;
mod image;
mod nistp;
mod set;
mod settings;
mod source;

pub use dice::Dice;
pub use distort::Distortion;
pub use image::{Image, PIXELS, SIDE};
pub use nistp::{Nistp, NistpItem, NistpPart, SIZES, info};
pub use rectifier_glyphs::{CLASS_NAMES, Part};
pub use set::{NistpChoice, NistpSet, SET};
pub use settings::{Complexity, Files, Settings, Variant};
pub use source::{Sources, Weights};

/// The name of the set.
pub const NAME: &str = "nistp";

/// How many classes there are: digits, capitals, small letters.
pub const CLASSES: usize = CLASS_NAMES.len();
