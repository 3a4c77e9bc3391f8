//! The set: labelled images by index, made when asked for.

use burn_dataset::{Dataset, DatasetError};
use rectifier_data::random::{Permutation, subseed};
use rectifier_data::{Batch, DataError, Examples, Samples};

use crate::pose::SIDE;
use crate::render::render_with;
use crate::style::Style;
use crate::{CLASS_NAMES, PIXELS};

/// Which of three sets below one seed: their examples come from different random streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// To learn from.
    Train,
    /// To choose by.
    Valid,
    /// To report on.
    Test,
}

/// An example for Burn's data loaders.
#[derive(Clone, Debug, PartialEq)]
pub struct GlyphItem {
    /// 1024 numbers from 0 (paper) to 1 (ink), row by row from the top.
    pub pixels: Vec<f32>,
    /// The class, below 62: the place in [`CLASS_NAMES`].
    pub label: u32,
}

/// A set of generated characters: example `i` depends on seed, part, style and `i` alone, never on the length of the set.
///
/// Every run of 62 examples that starts at a multiple of 62 holds each class once, in a seeded order: classes
/// are equally likely, and a set whose length is a multiple of 62 is exactly balanced.
///
/// Examples are rendered each time they are gathered. Nothing is kept; a set of a billion costs no memory. What is
/// read many times is faster from [`rendered`](Self::rendered).
///
/// ```
/// use rectifier_data::{Batch, Examples};
/// use rectifier_glyphs::{Glyphs, Part};
///
/// let train = Glyphs::split(42, Part::Train, 30_000);
/// let mut batch = Batch::default();
/// train.gather(&[0, 7, 29_999], &mut batch)?;
/// assert_eq!(batch.inputs.len(), 3 * 32 * 32);
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Glyphs {
    seed: u64,
    part: Part,
    len: usize,
    style: Style,
}

const LABELS: u64 = 0;
const IMAGES: u64 = 1;

impl Glyphs {
    /// The first `len` examples to learn from below `seed`, in the default style.
    pub fn new(seed: u64, len: usize) -> Self {
        Self::split(seed, Part::Train, len)
    }

    /// The first `len` examples of one part below `seed`, in the default style.
    pub fn split(seed: u64, part: Part, len: usize) -> Self {
        Self {
            seed,
            part,
            len,
            style: Style::HAND,
        }
    }

    /// The same labels, written in another style.
    pub fn with_style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// How many examples there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The style the examples are written in.
    pub fn style(&self) -> &Style {
        &self.style
    }

    /// The class of an example; `None` past the end. Nothing is rendered.
    pub fn label(&self, index: usize) -> Option<u32> {
        if index >= self.len {
            return None;
        }
        let classes = CLASS_NAMES.len();
        let block = (index / classes) as u64;
        let order = Permutation::new(
            classes,
            subseed(self.seed, &[self.part as u64, LABELS, block]),
        );
        order.get(index % classes).map(|class| class as u32)
    }

    /// The image (32 rows of 32 pixels, ink 255 on paper 0) and the class of an example; `None` past the end.
    pub fn image(&self, index: usize) -> Option<([u8; PIXELS], u32)> {
        let label = self.label(index)?;
        let seed = subseed(self.seed, &[self.part as u64, IMAGES, index as u64]);
        Some((render_with(label, seed, &self.style)?, label))
    }

    /// The whole set, rendered once and resident: one byte a pixel, 1 KiB an example. It gathers the very numbers
    /// that this set gathers, at the speed of a copy.
    ///
    /// # Errors
    /// As [`Samples::from_bytes`]; none for a set that fits into memory.
    ///
    /// # Panics
    /// As `Vec`, where the machine's memory is too small for the set.
    pub fn rendered(&self) -> Result<Samples, DataError> {
        let mut bytes = Vec::with_capacity(self.len.saturating_mul(PIXELS));
        let mut labels = Vec::with_capacity(self.len);
        for index in 0..self.len {
            let (image, label) = self.checked(index)?;
            bytes.extend_from_slice(&image);
            labels.push(label);
        }
        Samples::from_bytes(bytes, labels, &[SIDE, SIDE], CLASS_NAMES.len())
    }

    fn checked(&self, index: usize) -> Result<([u8; PIXELS], u32), DataError> {
        self.image(index).ok_or(DataError::Index {
            index,
            len: self.len,
        })
    }
}

impl Examples for Glyphs {
    fn len(&self) -> usize {
        self.len
    }

    fn shape(&self) -> &[usize] {
        &[SIDE, SIDE]
    }

    fn classes(&self) -> usize {
        CLASS_NAMES.len()
    }

    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        batch.inputs.reserve(indices.len() * PIXELS);
        batch.labels.reserve(indices.len());
        for &index in indices {
            let (image, label) = self.checked(index)?;
            batch.inputs.extend(image.map(grey));
            batch.labels.push(label);
        }
        Ok(())
    }

    fn labels(&self) -> Result<Vec<u32>, DataError> {
        Ok((0..self.len).map_while(|index| self.label(index)).collect())
    }
}

/// For Burn's own loaders and transforms. An index past the end is an error here, where Burn's own sets panic.
impl Dataset<GlyphItem> for Glyphs {
    fn get(&self, index: usize) -> Result<GlyphItem, DatasetError> {
        let (image, label) = self.checked(index).map_err(DatasetError::new)?;
        Ok(GlyphItem {
            pixels: image.map(grey).to_vec(),
            label,
        })
    }

    fn len(&self) -> usize {
        self.len
    }
}

/// A byte as a number from 0 to 1.
fn grey(byte: u8) -> f32 {
    f32::from(byte) / 255.0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn an_index_past_the_end_is_an_error(seed in any::<u64>(), len in 0usize..1000, past in 0usize..1000) {
            let set = Glyphs::new(seed, len);
            let asked = len + past;
            let error = set.gather(&[asked], &mut Batch::default()).unwrap_err();
            let named = matches!(error, DataError::Index { index, len: of } if index == asked && of == len);
            prop_assert!(named);
            prop_assert_eq!(set.label(asked), None);
        }

        #[test]
        fn any_example_of_any_set_is_rendered(seed in any::<u64>(), index in 0usize..usize::MAX, part in 0usize..3) {
            let part = [Part::Train, Part::Valid, Part::Test][part];
            let set = Glyphs::split(seed, part, usize::MAX);
            let mut batch = Batch::default();
            set.gather(&[index], &mut batch).unwrap();
            prop_assert_eq!(batch.inputs.len(), PIXELS);
            prop_assert!(batch.inputs.iter().all(|ink| (0.0..=1.0).contains(ink)));
            prop_assert!(batch.labels[0] < 62);
        }
    }

    #[test]
    fn the_examples_are_pinned() {
        // Results of trained networks rest on these examples, and they must be the same on every machine. Whoever
        // changes them on purpose puts the new numbers here and says so where results are kept.
        let sums = [
            (Part::Train, Style::HAND),
            (Part::Valid, Style::NEAT),
            (Part::Test, Style::MESSY),
        ]
        .map(|(part, style)| {
            let set = Glyphs::split(1, part, 620).with_style(style);
            (0..set.len()).fold(0xCBF2_9CE4_8422_2325, |sum, index| {
                let (image, label) = set.image(index).unwrap();
                fnv1a(fnv1a(sum, &image), &label.to_le_bytes())
            })
        });
        let pinned = [
            0xd4ba_d973_ded2_8804,
            0x4cab_447a_6f8f_d8b3,
            0xa144_453f_6c82_b4c7,
        ];
        assert_eq!(sums, pinned, "{sums:#018x?}");
    }

    /// The FNV-1a checksum of 64 bits, continued from `sum`.
    fn fnv1a(sum: u64, bytes: &[u8]) -> u64 {
        bytes.iter().fold(sum, |sum, &byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        })
    }

    #[test]
    fn classes_are_balanced_in_every_block() {
        for part in [Part::Train, Part::Valid, Part::Test] {
            let labels = Glyphs::split(9, part, 62 * 20).labels().unwrap();
            for block in labels.chunks(62) {
                let seen: HashSet<u32> = block.iter().copied().collect();
                assert_eq!(seen.len(), 62);
                assert!(block.iter().all(|&label| label < 62));
            }
            assert_ne!(labels[..62], labels[62..124]);
        }
    }

    #[test]
    fn every_place_of_a_block_sees_every_class() {
        // Were orders not drawn anew for each block, a place would see few classes.
        let labels = Glyphs::new(3, 62 * 1000).labels().unwrap();
        for place in [0, 1, 30, 61] {
            let seen: HashSet<u32> = labels.iter().skip(place).step_by(62).copied().collect();
            assert_eq!(seen.len(), 62, "place {place}");
        }
    }

    #[test]
    fn labels_are_those_of_the_gathered_examples() {
        let set = Glyphs::split(1, Part::Valid, 200);
        let indices: Vec<usize> = (0..200).rev().collect();
        let mut batch = Batch::default();
        set.gather(&indices, &mut batch).unwrap();
        let mut labels = set.labels().unwrap();
        labels.reverse();
        assert_eq!(batch.labels, labels);
    }

    #[test]
    fn an_example_does_not_depend_on_the_length_or_on_its_company() {
        let mut alone = Batch::default();
        Glyphs::new(5, 100).gather(&[77], &mut alone).unwrap();
        let mut among = Batch::default();
        Glyphs::new(5, 100_000)
            .gather(&[3, 77, 4], &mut among)
            .unwrap();
        assert_eq!(alone.inputs, among.inputs[PIXELS..2 * PIXELS]);
        assert_eq!(alone.labels[0], among.labels[1]);
    }

    #[test]
    fn parts_and_seeds_share_no_image() {
        let mut seen = HashSet::new();
        let mut count = 0;
        for (seed, part) in [
            (1, Part::Train),
            (1, Part::Valid),
            (1, Part::Test),
            (2, Part::Train),
        ] {
            let set = Glyphs::split(seed, part, 620);
            for index in 0..set.len() {
                seen.insert(set.image(index).unwrap().0);
                count += 1;
            }
        }
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn a_rendered_set_gathers_the_same_numbers() {
        let set = Glyphs::split(2, Part::Valid, 130);
        let resident = set.rendered().unwrap();
        let indices: Vec<usize> = (0..130).rev().collect();
        let (mut made, mut kept) = (Batch::default(), Batch::default());
        set.gather(&indices, &mut made).unwrap();
        resident.gather(&indices, &mut kept).unwrap();
        assert_eq!(made, kept);
        assert_eq!(resident.shape(), Examples::shape(&set));
        assert_eq!(resident.classes(), 62);
    }

    #[test]
    fn the_data_loader_sees_the_same_examples() {
        let set = Glyphs::split(4, Part::Test, 70);
        let item = set.get(69).unwrap();
        let mut batch = Batch::default();
        set.gather(&[69], &mut batch).unwrap();
        assert_eq!(item.pixels, batch.inputs);
        assert_eq!(item.label, batch.labels[0]);
        assert_eq!(Dataset::iter(&set).count(), 70);
        let error = set.get(70).unwrap_err();
        assert_eq!(error.to_string(), "example 70 was asked of a set of 70");
    }

    #[test]
    fn a_style_changes_images_and_not_labels() {
        let hand = Glyphs::new(8, 62);
        let neat = hand.clone().with_style(Style::NEAT);
        assert_eq!(hand.labels().unwrap(), neat.labels().unwrap());
        assert_ne!(hand.image(0), neat.image(0));
    }
}
