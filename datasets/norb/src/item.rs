//! A stereo pair, for Burn's data loaders.

use rectifier_data::{Item, Part};

/// A stereo pair, for Burn's data loaders.
#[derive(Clone, Debug, PartialEq)]
pub struct NorbItem {
    /// What the left camera saw: 1024 numbers from -1 (black) to 1 (white), 32 rows of 32 from the top.
    pub left: Vec<f32>,
    /// What the right camera saw, likewise.
    pub right: Vec<f32>,
    /// The class: the place in [`Variant::class_names`](crate::Variant::class_names).
    pub label: u32,
}

impl From<Item> for NorbItem {
    fn from(Item { mut input, label }: Item) -> Self {
        let right = input.split_off(input.len() / 2);
        Self {
            left: input,
            right,
            label,
        }
    }
}

/// A run of NORB's pairs.
pub type NorbPart = Part<NorbItem>;
