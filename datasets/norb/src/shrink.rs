//! Making square images smaller: each new pixel is the mean of the area it covers.
//!
//! In whole numbers: an old pixel is cut into `to / g` pieces a side and a new one is made of `from / g`, where `g` is the
//! greatest common divisor (108 to 32: 8 and 27), so that both grids lie on the pieces and the mean is exact up to the
//! last rounding.

/// How square images of one size become square images of a smaller one.
pub(crate) struct Shrink {
    from: usize,
    to: usize,
    /// The runs of old pixels under each new one along an axis: the first, and the weight of each in pieces.
    taps: Vec<(usize, Vec<u32>)>,
    /// How many pieces a new pixel has.
    pieces: u32,
    /// Sums of one new row over its old rows.
    row: Vec<u32>,
}

impl Shrink {
    /// From images of `from * from` bytes to `to * to`; `None` where that is no shrinking.
    pub fn new(from: usize, to: usize) -> Option<Self> {
        // Sums of 255 * from^2 stay within 32 bits.
        if to == 0 || from < to || from > 4096 {
            return None;
        }
        let common = gcd(from, to);
        let (cut, made) = (to / common, from / common);
        let tap = |place: usize| {
            let (start, end) = (place * made, (place + 1) * made);
            let (first, last) = (start / cut, (end - 1) / cut);
            let covered = |old: usize| ((old + 1) * cut).min(end) - (old * cut).max(start);
            let weights = (first..=last).map(|old| covered(old) as u32);
            (first, weights.collect())
        };
        Some(Self {
            from,
            to,
            taps: (0..to).map(tap).collect(),
            pieces: (made * made) as u32,
            row: vec![0; from],
        })
    }

    /// Shrinks `image`, of `from * from` bytes, into `small`, of `to * to`.
    pub fn apply(&mut self, image: &[u8], small: &mut [u8]) {
        for ((first, weights), line) in self.taps.iter().zip(small.chunks_exact_mut(self.to)) {
            self.row.fill(0);
            let old = image[first * self.from..].chunks_exact(self.from);
            for (&weight, old) in weights.iter().zip(old) {
                for (sum, &byte) in self.row.iter_mut().zip(old) {
                    *sum += weight * u32::from(byte);
                }
            }
            for ((first, weights), pixel) in self.taps.iter().zip(line) {
                let sums = weights.iter().zip(&self.row[*first..]);
                let sum: u32 = sums.map(|(weight, sum)| weight * sum).sum();
                *pixel = ((sum + self.pieces / 2) / self.pieces) as u8;
            }
        }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use rectifier_data::Picture;

    fn shrunk(image: &[u8], from: usize, to: usize) -> Vec<u8> {
        let mut small = vec![0; to * to];
        Shrink::new(from, to).unwrap().apply(image, &mut small);
        small
    }

    #[test]
    fn means_are_those_computed_by_hand() {
        let image = [0, 10, 20, 30, 40, 50, 60, 70, 80];
        assert_eq!(shrunk(&image, 3, 3), image);
        assert_eq!(shrunk(&image, 3, 1), [40]);
        // 3 to 2: each new pixel covers one and a half old ones a side.
        // (0*4 + 10*2 + 30*2 + 40*1) / 9 = 120 / 9 = 13.3; the others likewise.
        assert_eq!(shrunk(&image, 3, 2), [13, 27, 53, 67]);
        assert!(Shrink::new(2, 3).is_none() && Shrink::new(2, 0).is_none());
        assert!(Shrink::new(1 << 20, 32).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn it_agrees_with_the_resizing_of_pictures(
            from in prop::sample::select(vec![32usize, 33, 96, 108]),
            bytes in prop::collection::vec(any::<u8>(), 108 * 108),
        ) {
            let image = &bytes[..from * from];
            let pixels = image.iter().map(|&byte| f32::from(byte)).collect();
            let picture = Picture { width: from, height: from, pixels };
            let expected = picture.resize(32, 32).unwrap().pixels;
            for (found, expected) in shrunk(image, from, 32).into_iter().zip(expected) {
                prop_assert!((f32::from(found) - expected).abs() <= 0.501, "{found} {expected}");
            }
        }
    }
}
