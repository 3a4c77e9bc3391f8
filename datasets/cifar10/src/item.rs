//! A photograph, for Burn's data loaders.

use rectifier_data::{Item, Part};

/// A photograph, for Burn's data loaders.
#[derive(Clone, Debug, PartialEq)]
pub struct Cifar10Item {
    /// 3072 numbers from 0 to 1: 32 rows of 32 from the top in red, then as many in green, then in blue.
    pub pixels: Vec<f32>,
    /// The class, 0 to 9: the place in [`CLASS_NAMES`](crate::CLASS_NAMES).
    pub label: u32,
}

impl From<Item> for Cifar10Item {
    fn from(Item { input, label }: Item) -> Self {
        Self {
            pixels: input,
            label,
        }
    }
}

/// A run of CIFAR-10's images.
pub type Cifar10Part = Part<Cifar10Item>;
