//! Initial weights, drawn on the host so that a seed means the same network on every device.

use alloc::vec::Vec;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The half-width of Glorot's uniform initialization, sqrt(6 / (fan_in + fan_out)) (Glorot, Bengio 2010).
pub fn glorot_limit(fan_in: usize, fan_out: usize) -> f32 {
    libm::sqrtf(6.0 / (fan_in + fan_out) as f32)
}

/// Draws initial values. One seed, the same values on every machine.
#[derive(Clone, Debug)]
pub struct Draw {
    generator: Xoshiro256PlusPlus,
}

impl Draw {
    /// A source of values for `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            generator: Xoshiro256PlusPlus::seed_from_u64(seed),
        }
    }

    /// Uniform on [0, 1), 24 random bits, exact in `f32`.
    pub fn unit(&mut self) -> f32 {
        (self.generator.next_u64() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// Weights `[fan_in, fan_out]`, row-major, U(-limit, limit) with [`glorot_limit`].
    pub fn glorot_uniform(&mut self, fan_in: usize, fan_out: usize) -> Vec<f32> {
        let limit = glorot_limit(fan_in, fan_out);
        (0..fan_in * fan_out)
            .map(|_| (2.0 * self.unit() - 1.0) * limit)
            .collect()
    }

    /// `len` signs, exactly half of them (rounded down) -1, in random order.
    pub fn signs(&mut self, len: usize) -> Vec<f32> {
        let mut signs: Vec<f32> = (0..len)
            .map(|unit| if unit < len / 2 { -1.0 } else { 1.0 })
            .collect();
        for last in (1..len).rev() {
            let other = ((self.generator.next_u64() as u128 * (last as u128 + 1)) >> 64) as usize;
            signs.swap(last, other);
        }
        signs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glorot_weights_fill_their_interval() {
        let weights = Draw::new(3).glorot_uniform(300, 200);
        let limit = glorot_limit(300, 200);
        assert!((limit - 0.109_544_5).abs() < 1e-6);
        let mean = weights.iter().sum::<f32>() / 60_000.0;
        let variance = weights.iter().map(|w| w * w).sum::<f32>() / 60_000.0;
        assert!(weights.iter().all(|w| w.abs() <= limit));
        // Mean 0 with a standard error of limit/sqrt(3n); variance limit^2/3.
        assert!(mean.abs() < 5.0 * limit / 424.0);
        assert!((variance / (limit * limit / 3.0) - 1.0).abs() < 0.02);
    }

    #[test]
    fn half_of_the_signs_are_negative() {
        for len in [0usize, 1, 2, 7, 1000] {
            let signs = Draw::new(9).signs(len);
            assert_eq!(signs.iter().filter(|s| **s < 0.0).count(), len / 2);
            assert!(signs.iter().all(|s| s.abs() == 1.0));
        }
        assert_ne!(Draw::new(1).signs(50), Draw::new(2).signs(50));
    }
}
