//! Random numbers that are the same on every machine.

use rand::Rng;
use rectifier_data::random::{Stream, stream};

/// A source of random numbers for one aspect of one pair.
pub(crate) struct Dice(Stream);

impl Dice {
    /// The numbers of `aspect` below `seed`.
    pub fn new(seed: u64, aspect: u64) -> Self {
        Self(stream(seed, &[aspect]))
    }

    /// Uniform in `[0, 1)`, a multiple of 2^-24.
    pub fn uniform(&mut self) -> f32 {
        (self.0.next_u64() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// Uniform in `[low, high)`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in `0..count`; 0 when `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        (((self.0.next_u64() >> 32) * count as u64) >> 32) as usize
    }

    /// Cosine and sine of an angle, uniform on the circle: a point of the disc, moved out to its border.
    pub fn direction(&mut self) -> [f32; 2] {
        loop {
            let [x, y] = [self.between(-1.0, 1.0), self.between(-1.0, 1.0)];
            let square = x * x + y * y;
            if (0.01..=1.0).contains(&square) {
                let length = square.sqrt();
                return [x / length, y / length];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_uniform_and_of_length_one() {
        let mut dice = Dice::new(1, 2);
        let mut quadrants = [0; 4];
        for _ in 0..8_000 {
            let [x, y] = dice.direction();
            assert!((x * x + y * y - 1.0).abs() < 1e-5);
            quadrants[usize::from(x > 0.0) + 2 * usize::from(y > 0.0)] += 1;
        }
        assert!(
            quadrants.iter().all(|n| (1_850..2_150).contains(n)),
            "{quadrants:?}"
        );
        assert_eq!(dice.below(0), 0);
        assert!((0..100).all(|_| dice.below(3) < 3));
    }
}
