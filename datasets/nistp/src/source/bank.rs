//! Source characters of one kind and one part, by class.

use std::sync::Arc;

use crate::CLASSES;
use crate::dice::Dice;
use crate::image::{Image, SIDE, rows_mut};

/// Square images of one byte a pixel, which may be shared with other parts, and those of each class.
#[derive(Clone, Debug)]
pub(crate) struct Bank {
    pixels: Arc<Vec<u8>>,
    side: usize,
    /// Where each class begins in `places`, and where the last ends.
    starts: Vec<usize>,
    /// Images, class after class.
    places: Vec<u32>,
}

impl Bank {
    /// The images at `places` in `pixels` (squares of `side`, at most 32), each with its class.
    pub fn new(
        pixels: Arc<Vec<u8>>,
        side: usize,
        places: impl Iterator<Item = (usize, u32)>,
    ) -> Self {
        let mut by_class = vec![Vec::new(); CLASSES];
        for (place, class) in places {
            if let Some(of_class) = by_class.get_mut(class as usize) {
                of_class.push(place as u32);
            }
        }
        let mut starts = vec![0];
        starts.extend(by_class.iter().scan(0, |sum, places: &Vec<u32>| {
            *sum += places.len();
            Some(*sum)
        }));
        let side = side.min(SIDE);
        Self {
            pixels,
            side,
            starts,
            places: by_class.concat(),
        }
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// The place in `pixels` of every image.
    #[cfg(test)]
    pub fn places(&self) -> &[u32] {
        &self.places
    }

    fn range(&self, class: u32) -> std::ops::Range<usize> {
        let class = class as usize;
        match (self.starts.get(class), self.starts.get(class + 1)) {
            (Some(&start), Some(&end)) => start..end,
            _ => 0..0,
        }
    }

    /// Any image of a class, in the middle of `out`; false where there is none.
    #[inline(always)]
    pub fn pick(&self, class: u32, dice: &mut Dice, out: &mut Image) -> bool {
        let range = self.range(class);
        let Some(&place) = self.places[range.clone()].get(dice.below(range.len())) else {
            return false;
        };
        let start = place as usize * self.side * self.side;
        let Some(image) = self.pixels.get(start..start + self.side * self.side) else {
            return false;
        };
        let margin = (SIDE - self.side) / 2;
        *out = [0.0; SIDE * SIDE];
        for (row, bytes) in rows_mut(out)[margin..]
            .iter_mut()
            .zip(image.chunks_exact(self.side))
        {
            for (ink, &byte) in row[margin..].iter_mut().zip(bytes) {
                *ink = f32::from(byte) / 255.0;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::PIXELS;

    #[test]
    fn a_class_gives_its_images_and_no_others() {
        let pixels = Arc::new(vec![0, 0, 0, 0, 51, 51, 51, 51, 255, 0, 0, 0, 102, 0, 0, 0]);
        let bank = Bank::new(pixels, 2, [(1, 7), (2, 61), (3, 61), (0, 62)].into_iter());
        assert_eq!(bank.len(), 3);
        let mut out = [1.0; PIXELS];
        let mut dice = Dice::new(0, 0);
        assert!(bank.pick(7, &mut dice, &mut out));
        assert_eq!(
            (out[0], out[15 * 32 + 15], out[16 * 32 + 16]),
            (0.0, 0.2, 0.2)
        );
        let mut seen = [0; 2];
        for _ in 0..100 {
            assert!(bank.pick(61, &mut dice, &mut out));
            seen[usize::from(out[15 * 32 + 15] < 0.5)] += 1;
        }
        assert!(seen[0] > 25 && seen[1] > 25, "{seen:?}");
        for class in [0, 62, u32::MAX] {
            assert!(!bank.pick(class, &mut dice, &mut out));
        }
    }
}
