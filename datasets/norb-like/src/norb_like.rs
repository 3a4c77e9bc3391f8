//! The set: labelled pairs by index, made when asked for.

use burn_dataset::{Dataset, DatasetError};
use rectifier_data::random::{Permutation, subseed};
use rectifier_data::{Batch, DataError, DataInfo, Examples, Samples, Sizes};

use crate::scene::draw;
use crate::{CLASS_NAMES, NAME, PIXELS, SIDE};

/// Which of three sets below one seed: their pairs come from different random streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// To learn from.
    Train,
    /// To choose by.
    Valid,
    /// To report on.
    Test,
}

/// A generated pair, for Burn's data loaders.
#[derive(Clone, Debug, PartialEq)]
pub struct NorbLikeItem {
    /// What the left camera sees: 1024 numbers from -1 (black) to 1 (white), 32 rows of 32 from the top.
    pub left: Vec<f32>,
    /// What the right camera sees, likewise.
    pub right: Vec<f32>,
    /// The class: the place in [`CLASS_NAMES`].
    pub label: u32,
}

/// A set of generated pairs: pair `i` depends on seed, part and `i` alone, never on the length of the set.
///
/// Every run of 6 pairs that starts at a multiple of 6 holds each class once, in a seeded order. Pairs are drawn each time
/// they are gathered; what is read many times is faster from [`rendered`](Self::rendered).
#[derive(Clone, Debug, PartialEq)]
pub struct NorbLike {
    seed: u64,
    part: Part,
    len: usize,
}

const LABELS: u64 = 0;
const IMAGES: u64 = 1;
/// Keeps the seeds of this set apart from those of others.
const SET: u64 = u64::from_be_bytes(*b"norblike");

impl NorbLike {
    /// The first `len` pairs of one part below `seed`.
    pub fn split(seed: u64, part: Part, len: usize) -> Self {
        Self { seed, part, len }
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn subseed(&self, what: u64, index: usize) -> u64 {
        subseed(self.seed, &[SET, self.part as u64, what, index as u64])
    }

    /// The class of a pair; `None` past the end. Nothing is drawn.
    pub fn label(&self, index: usize) -> Option<u32> {
        if index >= self.len {
            return None;
        }
        let classes = CLASS_NAMES.len();
        let order = Permutation::new(classes, self.subseed(LABELS, index / classes));
        order.get(index % classes).map(|class| class as u32)
    }

    /// The pair (left image, then right, 32 rows of 32 bytes each) and its class; `None` past the end.
    pub fn pair(&self, index: usize) -> Option<([u8; PIXELS], u32)> {
        let label = self.label(index)?;
        Some((draw(label as usize, self.subseed(IMAGES, index)), label))
    }

    fn checked(&self, index: usize) -> Result<([u8; PIXELS], u32), DataError> {
        self.pair(index).ok_or(DataError::Index {
            index,
            len: self.len,
        })
    }

    /// The whole set, drawn once on all cores and resident: one byte a number, 2 KiB a pair. It gathers the very numbers
    /// that this set gathers.
    ///
    /// # Errors
    /// As [`Samples::from_bytes_with`]; none for a set that fits into memory.
    ///
    /// # Panics
    /// As `Vec`, where the machine's memory is too small for the set.
    pub fn rendered(&self) -> Result<Samples, DataError> {
        let mut bytes = vec![0; self.len.saturating_mul(PIXELS)];
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let share = self.len.div_ceil(cores).max(1);
        std::thread::scope(|scope| {
            for (place, room) in bytes.chunks_mut(share * PIXELS).enumerate() {
                scope.spawn(move || {
                    for (index, pair) in room.chunks_exact_mut(PIXELS).enumerate() {
                        if let Some((drawn, _)) = self.pair(place * share + index) {
                            pair.copy_from_slice(&drawn);
                        }
                    }
                });
            }
        });
        let classes = CLASS_NAMES.len();
        let labels = Examples::labels(self)?;
        Samples::from_bytes_with(
            bytes,
            std::array::from_fn(|b| signed(b as u8)),
            labels,
            &[2, SIDE, SIDE],
            classes,
        )
    }
}

/// A byte as a number from -1 to 1.
fn signed(byte: u8) -> f32 {
    f32::from(byte) / 127.5 - 1.0
}

impl Examples for NorbLike {
    fn len(&self) -> usize {
        self.len
    }

    fn shape(&self) -> &[usize] {
        &[2, SIDE, SIDE]
    }

    fn classes(&self) -> usize {
        CLASS_NAMES.len()
    }

    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        batch.inputs.reserve(indices.len() * PIXELS);
        for &index in indices {
            let (pair, label) = self.checked(index)?;
            batch.inputs.extend(pair.map(signed));
            batch.labels.push(label);
        }
        Ok(())
    }

    fn labels(&self) -> Result<Vec<u32>, DataError> {
        Ok((0..self.len).map_while(|index| self.label(index)).collect())
    }
}

/// For Burn's own loaders and transforms. An index past the end is an error here, where Burn's own sets panic.
impl Dataset<NorbLikeItem> for NorbLike {
    fn get(&self, index: usize) -> Result<NorbLikeItem, DatasetError> {
        let (pair, label) = self.checked(index).map_err(DatasetError::new)?;
        let (left, right) = pair.split_at(PIXELS / 2);
        let numbers = |bytes: &[u8]| bytes.iter().map(|&byte| signed(byte)).collect();
        Ok(NorbLikeItem {
            left: numbers(left),
            right: numbers(right),
            label,
        })
    }

    fn len(&self) -> usize {
        self.len
    }
}

/// The set in a listing, at these sizes.
pub fn info(sizes: Sizes) -> DataInfo {
    DataInfo {
        name: NAME.into(),
        title: "generated stereo pairs of lit solids over clutter, in the shape of NORB; not NORB"
            .into(),
        classes: CLASS_NAMES.len(),
        class_names: CLASS_NAMES.map(String::from).into(),
        shape: vec![2, SIDE, SIDE],
        sizes,
        licence: "MIT or Apache-2.0, as this project".into(),
        citation: "this project; the real NORB is another set".into(),
        source: "generated, nothing to fetch".into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn any_pair_of_any_set_is_drawn(seed in any::<u64>(), index in 0usize..usize::MAX) {
            let set = NorbLike::split(seed, Part::Train, usize::MAX);
            let mut batch = Batch::default();
            set.gather(&[index], &mut batch).unwrap();
            prop_assert_eq!(batch.inputs.len(), PIXELS);
            prop_assert!(batch.inputs.iter().all(|number| (-1.0..=1.0).contains(number)));
            prop_assert!(batch.labels[0] < 6);
            let short = NorbLike::split(seed, Part::Train, index);
            prop_assert!(short.gather(&[index], &mut batch).is_err());
        }
    }

    #[test]
    fn pairs_are_pinned() {
        // Results of trained networks rest on these pairs, and they must be the same on every machine. Whoever changes
        // them on purpose puts the new number here and says so where results are kept.
        let mut sum = 0xCBF2_9CE4_8422_2325u64;
        for part in [Part::Train, Part::Valid, Part::Test] {
            let set = NorbLike::split(1, part, 60);
            for index in 0..60 {
                let (pair, label) = set.pair(index).unwrap();
                for byte in pair.into_iter().chain(label.to_le_bytes()) {
                    sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
                }
            }
        }
        assert_eq!(sum, 0xe819_5325_9a12_d5f8, "{sum:#018x}");
    }

    #[test]
    fn classes_are_balanced_and_parts_and_seeds_share_no_pair() {
        let mut seen = HashSet::new();
        let sets = [
            (1, Part::Train),
            (1, Part::Valid),
            (1, Part::Test),
            (2, Part::Train),
        ];
        for (seed, part) in sets {
            let set = NorbLike::split(seed, part, 60);
            assert_eq!(rectifier_data::class_counts(&set).unwrap(), [10; 6]);
            seen.extend((0..60).map(|index| set.pair(index).unwrap().0));
        }
        assert_eq!(seen.len(), 240);
    }

    #[test]
    fn a_rendered_set_and_items_hold_the_same_numbers() {
        let set = NorbLike::split(2, Part::Valid, 50);
        let resident = set.rendered().unwrap();
        let indices: Vec<usize> = (0..50).rev().collect();
        let (mut made, mut kept) = (Batch::default(), Batch::default());
        set.gather(&indices, &mut made).unwrap();
        resident.gather(&indices, &mut kept).unwrap();
        assert_eq!(made, kept);
        let item = set.get(49).unwrap();
        assert_eq!([item.left, item.right].concat(), made.inputs[..PIXELS]);
        assert_eq!(item.label, made.labels[0]);
        assert!(set.get(50).is_err());
        assert!(
            NorbLike::split(2, Part::Valid, 0)
                .rendered()
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn two_eyes_see_two_images_of_one_scene() {
        let set = NorbLike::split(3, Part::Train, 300);
        let (mut own, mut other) = (0.0, 0.0);
        for index in 0..300 {
            let (pair, _) = set.pair(index).unwrap();
            let (stranger, _) = set.pair((index + 6) % 300).unwrap();
            let (left, right) = pair.split_at(PIXELS / 2);
            assert_ne!(left, right);
            let distance = |one: &[u8], two: &[u8]| -> f64 {
                let parts = one.iter().zip(two);
                parts
                    .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
                    .sum()
            };
            own += distance(left, right);
            other += distance(left, stranger.split_at(PIXELS / 2).0);
        }
        assert!(own < 0.5 * other, "{own} {other}");
    }
}
