//! The noise of denoising pre-training, drawn on the host: one seed, the same noise on every device.

use crate::{Draw, NetworkError};
use alloc::vec::Vec;
use burn::tensor::{Device, Tensor, TensorData};
use core::ops::Range;
use serde::{Deserialize, Serialize};

/// What is done to an input before it is to be rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = r#"a corruption such as {"kind": "none"} or {"kind": "masking", "share": 0.25}"#
)]
pub enum Corruption {
    /// Nothing.
    None,
    /// Each number is set to 0 with probability `share`, nothing is rescaled. The paper uses 0.25 on images.
    Masking {
        /// Probability of 0, in [0, 1].
        share: f64,
    },
    /// Each number is set to 0 with probability `drop` and to 1 with probability `insert`, 1 prevailing. The paper's
    /// noise for the first layer on text; the authors' code has .8 and .005.
    SaltAndPepper {
        /// Probability of 0, in [0, 1].
        drop: f64,
        /// Probability of 1, in [0, 1].
        insert: f64,
    },
}

/// Noise drawn for one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// 1 keeps a number, 0 drops it; empty keeps all.
    pub keep: Vec<f32>,
    /// 1 puts a one in a number's place; empty inserts none.
    pub insert: Vec<f32>,
}

impl Corruption {
    /// Checks the probabilities.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] for one outside [0, 1].
    pub fn validate(&self) -> Result<(), NetworkError> {
        let inside = |p: f64| (0.0..=1.0).contains(&p);
        match *self {
            Self::None => Ok(()),
            Self::Masking { share } => {
                NetworkError::check("masking share", share, inside(share), "from 0 to 1")
            }
            Self::SaltAndPepper { drop, insert } => {
                NetworkError::check("drop", drop, inside(drop), "from 0 to 1")?;
                NetworkError::check("insert", insert, inside(insert), "from 0 to 1")
            }
        }
    }

    /// Draws the noise for `len` numbers from `seed`.
    pub fn draw(&self, len: usize, seed: u64) -> Noise {
        let mut draw = Draw::new(seed);
        let mut ones = |p: f64| -> Vec<f32> {
            let p = p as f32;
            (0..len)
                .map(|_| if draw.unit() < p { 1.0 } else { 0.0 })
                .collect()
        };
        match *self {
            Self::None => Noise {
                keep: Vec::new(),
                insert: Vec::new(),
            },
            Self::Masking { share } => Noise {
                keep: ones(1.0 - share),
                insert: Vec::new(),
            },
            Self::SaltAndPepper { drop, insert } => Noise {
                keep: ones(1.0 - drop),
                insert: ones(insert),
            },
        }
    }
}

impl Noise {
    /// The noise of some of the numbers that it was drawn for.
    pub fn part(&self, numbers: Range<usize>) -> Self {
        let of = |drawn: &[f32]| drawn.get(numbers.clone()).unwrap_or_default().to_vec();
        Self {
            keep: of(&self.keep),
            insert: of(&self.insert),
        }
    }

    /// `clean` `[batch, width]` with this noise, drawn for batch times width numbers.
    pub fn apply(self, clean: Tensor<2>, device: &Device) -> Tensor<2> {
        let dims = clean.dims();
        let on_device =
            |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, dims), device);
        let mut noisy = clean;
        if !self.keep.is_empty() {
            noisy = noisy * on_device(self.keep);
        }
        if !self.insert.is_empty() {
            let insert = on_device(self.insert);
            // x (1 - insert) + insert
            noisy = noisy.clone() - noisy * insert.clone() + insert;
        }
        noisy
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_share_of_dropped_numbers_is_the_probability(share in 0.0f64..=1.0, seed in any::<u64>()) {
            let noise = Corruption::Masking { share }.draw(20_000, seed);
            let kept = noise.keep.iter().sum::<f32>() as f64 / 20_000.0;
            // Five standard errors of a share of 20,000.
            prop_assert!((kept - (1.0 - share)).abs() < 5.0 * 0.5 / 141.0);
            prop_assert!(noise.keep.iter().all(|keep| *keep == 0.0 || *keep == 1.0));
        }
    }

    #[test]
    fn salt_and_pepper_drops_and_inserts_without_rescaling() {
        let device = Device::default();
        let clean = Tensor::<2>::full([100, 100], 0.5, &device);
        let corruption = Corruption::SaltAndPepper {
            drop: 0.8,
            insert: 0.05,
        };
        let noisy: Vec<f32> = corruption
            .draw(10_000, 3)
            .apply(clean, &device)
            .into_data()
            .try_to_vec()
            .unwrap();
        let count = |value: f32| noisy.iter().filter(|x| **x == value).count();
        assert_eq!(count(0.0) + count(0.5) + count(1.0), 10_000);
        assert!((count(1.0) as i64 - 500).abs() < 110, "{}", count(1.0));
        assert!((count(0.5) as i64 - 1900).abs() < 200, "{}", count(0.5));
    }

    #[test]
    fn probabilities_are_checked() {
        assert!(Corruption::Masking { share: 1.5 }.validate().is_err());
        assert!(
            Corruption::SaltAndPepper {
                drop: 0.1,
                insert: f64::NAN
            }
            .validate()
            .is_err()
        );
        assert!(Corruption::Masking { share: 0.25 }.validate().is_ok());
    }
}
