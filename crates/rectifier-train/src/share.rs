//! A device's share of a batch: which examples, and what they cost.

use burn::tensor::{Int, Tensor};
use rectifier_nn::Noise;
use std::ops::Range;
use std::time::Duration;

/// Some neighbouring examples of a batch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Share {
    /// Which ones.
    pub(crate) rows: Range<usize>,
    /// How many the whole batch has.
    pub(crate) of: usize,
}

impl Share {
    /// All examples of a batch of so many.
    pub(crate) fn whole(examples: usize) -> Self {
        Self {
            rows: 0..examples,
            of: examples,
        }
    }

    /// A batch of so many examples in equal shares for so many devices, the first ones an example larger where it does not divide.
    /// A batch of fewer examples than devices has an example a share, and fewer shares.
    pub(crate) fn split(examples: usize, devices: usize) -> Vec<Self> {
        let devices = devices.clamp(1, examples.max(1));
        let (least, larger) = (examples / devices, examples % devices);
        let start = |place: usize| place * least + place.min(larger);
        let share = |place| Self {
            rows: start(place)..start(place + 1),
            of: examples,
        };
        (0..devices).map(share).collect()
    }

    /// The share itself, in (0, 1].
    pub(crate) fn fraction(&self) -> f64 {
        self.rows.len() as f64 / self.of.max(1) as f64
    }

    /// The share's part of noise that was drawn for the whole batch, `width` numbers an example: what is drawn does not depend on
    /// how the batch is split.
    pub(crate) fn noise(&self, drawn: Noise, width: usize) -> Noise {
        if self.rows == (0..self.of) {
            return drawn;
        }
        drawn.part(self.rows.start * width..self.rows.end * width)
    }
}

/// What a share of a batch cost; all tensors lie outside any graph, on the device that saw the share.
pub(crate) struct Costs {
    /// Examples in the share.
    pub(crate) examples: usize,
    /// Task loss or reconstruction cost, averaged over the share, `[1]`.
    pub(crate) cost: Tensor<1>,
    /// Activation penalty, averaged over the share, `[1]`.
    pub(crate) penalty: Option<Tensor<1>>,
    /// Wrong classes, `[1]`; none in pre-training.
    pub(crate) errors: Option<Tensor<1, Int>>,
    /// Hidden activations, `[share, units]` each.
    pub(crate) hidden: Vec<Tensor<2>>,
    /// Time spent on getting the share onto the device.
    pub(crate) preparing: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_are_the_whole_batch_in_order_and_nearly_equal(examples in 1usize..200, devices in 1usize..12) {
            let shares = Share::split(examples, devices);
            prop_assert_eq!(shares.len(), devices.min(examples));
            let rows: Vec<usize> = shares.iter().flat_map(|share| share.rows.clone()).collect();
            prop_assert_eq!(rows, (0..examples).collect::<Vec<_>>());
            let sizes: Vec<usize> = shares.iter().map(|share| share.rows.len()).collect();
            prop_assert!(sizes.is_sorted_by(|one, next| one >= next) && sizes[0] <= sizes[sizes.len() - 1] + 1);
            let sum: f64 = shares.iter().map(Share::fraction).sum();
            prop_assert!((sum - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn noise_is_that_of_the_whole_batch() {
        let drawn = Noise {
            keep: (0..12).map(|number| number as f32).collect(),
            insert: Vec::new(),
        };
        let parts = Share::split(4, 3)
            .into_iter()
            .map(|share| share.noise(drawn.clone(), 3));
        let parts: Vec<Noise> = parts.collect();
        assert_eq!(parts[1].keep, [6.0, 7.0, 8.0]);
        assert!(parts[1].insert.is_empty());
        assert_eq!(
            parts
                .iter()
                .flat_map(|part| part.keep.clone())
                .collect::<Vec<_>>(),
            drawn.keep
        );
        assert_eq!(Share::whole(4).noise(drawn.clone(), 3), drawn);
    }
}
