//! Random numbers that are the same on every machine.
//!
//! Only `+`, `-`, `*`, `/` and square roots of `f32` stand between a seed and a pixel: IEEE 754 fixes their
//! results to the last bit, and Rust neither reorders nor fuses them. Sines, exponentials and logarithms differ
//! between mathematical libraries; so bells are sums of uniform numbers, and angles are rational or polynomial.

use rand::Rng;
use rectifier_data::random::{Stream, stream};

/// A source of random numbers for one aspect of one image.
pub(crate) struct Dice(Stream);

impl Dice {
    /// The numbers of `aspect` below `seed`. Each aspect has its own, so that a change of style in one leaves
    /// the draws of the others alone.
    pub(crate) fn new(seed: u64, aspect: u64) -> Self {
        Self(stream(seed, &[aspect]))
    }

    /// Uniform in `[0, 1)`, a multiple of 2^-24.
    pub(crate) fn uniform(&mut self) -> f32 {
        (self.0.next_u64() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// Uniform in `[low, high)`.
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// A bell of mean 0 and standard deviation 1, within -3 and 3: the centred sum of three uniform numbers
    /// (Irwin-Hall), whose variance is 3/12, doubled. The bound keeps every pose legible.
    pub(crate) fn bell(&mut self) -> f32 {
        let word = self.0.next_u64();
        let parts = [
            word >> 43,
            (word >> 22) & 0x1F_FFFF,
            (word >> 1) & 0x1F_FFFF,
        ];
        // The sum stays below 2^23, so it is exact in f32.
        let sum = parts.iter().sum::<u64>() as f32 / (1u32 << 21) as f32;
        2.0 * (sum - 1.5)
    }

    /// Two independent bells.
    pub(crate) fn bell_pair(&mut self) -> [f32; 2] {
        [self.bell(), self.bell()]
    }

    /// Uniform in `0..count`; 0 when `count` is 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (((self.0.next_u64() >> 32) * count as u64) >> 32) as usize
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f32) -> bool {
        self.uniform() < p
    }

    /// A unit vector of the right half plane; the draw is uniform in the tangent of half the angle.
    pub(crate) fn direction(&mut self) -> [f32; 2] {
        let tangent = self.between(-1.0, 1.0);
        unit(tangent)
    }
}

/// `[cos, sin]` of the angle whose half has this tangent.
pub(crate) fn unit(half_tangent: f32) -> [f32; 2] {
    let square = half_tangent * half_tangent;
    [
        (1.0 - square) / (1.0 + square),
        2.0 * half_tangent / (1.0 + square),
    ]
}

/// `[cos, sin]` of an angle in degrees: Taylor polynomials within 45 degrees of a quarter turn, error below 1e-6.
pub(crate) fn unit_of_degrees(degrees: f32) -> [f32; 2] {
    let quarters = (degrees / 90.0 + 0.5).floor();
    let angle = (degrees - 90.0 * quarters) * (core::f32::consts::PI / 180.0);
    let square = angle * angle;
    let sin = angle * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0)));
    let cos =
        1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0 * (1.0 - square / 56.0)));
    match (quarters as i32).rem_euclid(4) {
        0 => [cos, sin],
        1 => [-sin, cos],
        2 => [-cos, -sin],
        _ => [sin, -cos],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_has_mean_zero_and_deviation_one_and_is_bounded() {
        let mut dice = Dice::new(1, 2);
        let draws: Vec<f32> = (0..40_000).map(|_| dice.bell()).collect();
        let mean = draws.iter().sum::<f32>() / 40_000.0;
        let variance = draws.iter().map(|d| d * d).sum::<f32>() / 40_000.0;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.03,
            "{mean} {variance}"
        );
        assert!(draws.iter().all(|d| d.abs() <= 3.0));
    }

    #[test]
    fn below_reaches_every_value_and_no_other() {
        let mut dice = Dice::new(3, 4);
        let mut counts = [0; 5];
        for _ in 0..5_000 {
            counts[dice.below(5)] += 1;
        }
        assert!(counts.iter().all(|c| (850..1150).contains(c)), "{counts:?}");
        assert_eq!(dice.below(0), 0);
    }

    #[test]
    fn angles_agree_with_the_standard_library() {
        for degrees in (-720..=720).map(|d| d as f32) {
            let [cos, sin] = unit_of_degrees(degrees);
            let radians = f64::from(degrees).to_radians();
            assert!((f64::from(cos) - radians.cos()).abs() < 2e-6, "{degrees}");
            assert!((f64::from(sin) - radians.sin()).abs() < 2e-6, "{degrees}");
        }
        let [cos, sin] = unit(0.1);
        let angle = 2.0 * 0.1f64.atan();
        assert!((f64::from(cos) - angle.cos()).abs() < 1e-6);
        assert!((f64::from(sin) - angle.sin()).abs() < 1e-6);
    }

    #[test]
    fn aspects_of_one_seed_differ() {
        assert_ne!(Dice::new(1, 0).uniform(), Dice::new(1, 1).uniform());
    }
}
