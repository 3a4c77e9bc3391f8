//! A part of MNIST, for this workspace's loaders and for Burn's.

use rectifier_data::{Item, Part};

/// A digit, for Burn's data loaders.
#[derive(Clone, Debug, PartialEq)]
pub struct MnistItem {
    /// 784 numbers from 0 (paper) to 1 (ink), 28 rows of 28 from the top.
    pub pixels: Vec<f32>,
    /// The digit, 0 to 9.
    pub label: u32,
}

impl From<Item> for MnistItem {
    fn from(Item { input, label }: Item) -> Self {
        Self {
            pixels: input,
            label,
        }
    }
}

/// A run of MNIST's images.
pub type MnistPart = Part<MnistItem>;
