//! Generated handwriting-like characters: 62 classes (digits, capitals, small letters), 32x32 grey images with ink 1
//! on paper 0. There is nothing to fetch, and there is no end: example `i` below a seed is always the same image.
//!
//! ```
//! use rectifier_data::{Batch, Examples};
//! use rectifier_glyphs::{Glyphs, Part, name_of};
//!
//! let train = Glyphs::split(1, Part::Train, 30_000);
//! let test = Glyphs::split(1, Part::Test, 6_200);
//! assert_eq!((train.shape(), train.classes()), (&[32, 32][..], 62));
//!
//! let mut batch = Batch::default();
//! test.gather(&[0, 1, 2], &mut batch)?;
//! assert_eq!(batch.inputs.len(), 3 * 1024);
//! let names: String = batch.labels.iter().filter_map(|&label| name_of(label)).collect();
//! assert_eq!(names.len(), 3);
//! # Ok::<(), rectifier_data::DataError>(())
//! ```
//!
//! # How an image comes about
//! 1. Each class has two to four forms, described as strokes in a small notation of our own (`strokes`).
//! 2. A hand strays from the points of the strokes, bends them, and stops short or goes on too long (`hand`).
//! 3. A pose warps the character smoothly, slants, stretches, turns and places it (`pose`).
//! 4. A pen, round or flat, thin or thick, draws it with changing pressure, at times with gaps (`pen`).
//! 5. Specks and scratches fall on the paper, and the ink is fainter here and there (`render`).
//!
//! [`Style`] says how much of each there is. From seed to pixel there are only operations whose results IEEE 754
//! fixes to the last bit (`+ - * /` and square roots of `f32`), so images agree on every machine with true single
//! precision: all but 32-bit x86 without SSE2. A test pins them.
//!
//! # How hard it is
//! Letters stand on a line, so most look-alikes differ as they do on ruled paper: `o` is smaller than `O`, and `O`
//! wider than `0`, which is struck through two times in three; `p` and `y` hang below the line where `P` and `Y` do
//! not; `I` has its bars, `l` a foot or a loop, and a bare stroke is a `1`; `U` and `u`, `Z` and `z` differ in size.
//! The hand, the pose and the dirt blur these differences, so some images cannot be told apart even by people: an
//! upright narrow `O` and a wide bare `0`, a tall `v` and a low `V`, a `6` with a straight back and a `b`.
//!
//! Test errors in the default style ([`Style::HAND`]), 6,200 test images, plain gradient descent at rate 0.1 on 30,000
//! images of seed 1 for 8 passes in batches of 32 (the rectifiers: rate 0.02 in the last 2), PyTorch on a CPU, one
//! run each:
//!
//! | classifier | error |
//! |---|---|
//! | linear (softmax of the pixels) | 53.6 % |
//! | 3 hidden layers of 1000 rectifiers | 14.5 % |
//! | a small convolutional network, AdamW, 218,000 images seen once | 1.9 % |
//!
//! The last row bounds the ambiguity from above: at most about 2 % of the images are lost to every classifier, and
//! most of its mistakes are pairs like those above. With [`Style::NEAT`] even the linear classifier errs on less than
//! 1 %; with [`Style::MESSY`] the three-layer network errs on about a third.
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod curve;
mod dice;
mod glyphs;
mod hand;
mod pen;
mod pose;
mod render;
mod set;
mod strokes;
mod style;

pub use glyphs::{GlyphItem, Glyphs, Part};
pub use pen::PIXELS;
pub use pose::SIDE;
pub use render::{render, render_with};
pub use set::{NAME, SET, info};
pub use style::Style;

/// The characters, by class: digits, capitals, small letters.
pub const CLASS_NAMES: [char; 62] = {
    let bytes = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut names = ['0'; 62];
    let mut class = 0;
    while class < 62 {
        names[class] = bytes[class] as char;
        class += 1;
    }
    names
};

/// The character of a class; `None` past the last.
///
/// ```
/// use rectifier_glyphs::name_of;
/// assert_eq!([name_of(0), name_of(10), name_of(61), name_of(62)], [Some('0'), Some('A'), Some('z'), None]);
/// ```
pub fn name_of(label: u32) -> Option<char> {
    CLASS_NAMES.get(label as usize).copied()
}
