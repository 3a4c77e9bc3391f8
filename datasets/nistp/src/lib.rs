//! NISTP: characters of several sources, distorted on demand; 62 classes, 32x32 grey images, ink 1 on paper 0.
#![warn(missing_docs)]

mod dice;
pub mod distort;
mod image;
mod nistp;
mod settings;
mod source;

pub use dice::Dice;
pub use distort::Distortion;
pub use image::{Image, PIXELS, SIDE};
pub use nistp::{Nistp, NistpItem, NistpPart, SIZES, info};
pub use rectifier_glyphs::{CLASS_NAMES, Part};
pub use settings::{Complexity, Settings, Variant};
pub use source::{Sources, Weights};

/// The name of the set.
pub const NAME: &str = "nistp";

/// How many classes there are: digits, capitals, small letters.
pub const CLASSES: usize = CLASS_NAMES.len();
