//! Random numbers of one module of one image.

use std::sync::LazyLock;

use rand::Rng;
use rectifier_data::random::{Stream, stream};

/// A source of random numbers for one module of one image.
///
/// Every module has numbers of its own, so that what one draws leaves the others alone.
#[derive(Clone, Debug)]
pub struct Dice(Stream);

impl Dice {
    /// The numbers of `module` below `seed`.
    pub fn new(seed: u64, module: u64) -> Self {
        Self(stream(seed, &[module]))
    }

    /// 64 random bits.
    #[inline]
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `[0, 1)`, a multiple of 2^-24.
    #[inline]
    pub fn uniform(&mut self) -> f32 {
        (self.word() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// Uniform in `[low, high)`; `low` where both are equal.
    #[inline]
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in `0..count`; 0 when `count` is 0.
    #[inline]
    pub fn below(&mut self, count: usize) -> usize {
        (((self.word() >> 32) * count as u64) >> 32) as usize
    }

    /// True with probability `p`.
    #[inline]
    pub fn chance(&mut self, p: f32) -> bool {
        self.uniform() < p
    }

    /// Normal with mean 0 and standard deviation 1: one of 4,096 quantiles, within 3.7 of the mean.
    #[inline]
    pub fn normal(&mut self) -> f32 {
        quantile(self.word() as u16)
    }
}

/// Fills `numbers` with 16-bit uniform numbers in (-1, 1), four a word.
#[inline(always)]
pub(crate) fn fill_signed(dice: &mut Dice, numbers: &mut [f32]) {
    for four in numbers.chunks_exact_mut(4) {
        let word = dice.word();
        for (place, number) in four.iter_mut().enumerate() {
            *number = (f32::from((word >> (16 * place)) as i16) + 0.5) / 32768.0;
        }
    }
}

/// Fills `numbers` with normal numbers as [`Dice::normal`], four a word.
pub(crate) fn fill_normal(dice: &mut Dice, numbers: &mut [f32]) {
    for four in numbers.chunks_exact_mut(4) {
        let word = dice.word();
        for (place, number) in four.iter_mut().enumerate() {
            *number = quantile((word >> (16 * place)) as u16);
        }
    }
}

const QUANTILES: usize = 4096;

/// The quantiles at (i + 1/2) / 4096, scaled to variance 1.
static TABLE: LazyLock<Box<[f32; QUANTILES]>> = LazyLock::new(|| {
    let mut table = Box::new([0.0; QUANTILES]);
    let at = |i: usize| normal_quantile((i as f64 + 0.5) / QUANTILES as f64);
    let variance = (0..QUANTILES).map(|i| at(i) * at(i)).sum::<f64>() / QUANTILES as f64;
    for (i, number) in table.iter_mut().enumerate() {
        *number = (at(i) / variance.sqrt()) as f32;
    }
    table
});

#[inline]
fn quantile(bits: u16) -> f32 {
    TABLE[usize::from(bits) % QUANTILES]
}

/// The quantile of the standard normal distribution at `p`, by bisection of its distribution function.
fn normal_quantile(p: f64) -> f64 {
    let below = |x: f64| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
    let (mut low, mut high) = (-6.0, 6.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if below(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_numbers_fill_their_range_evenly() {
        let mut dice = Dice::new(1, 2);
        let mut counts = [0; 10];
        for _ in 0..20_000 {
            counts[(dice.uniform() * 10.0) as usize] += 1;
        }
        assert!(
            counts.iter().all(|c| (1800..2200).contains(c)),
            "{counts:?}"
        );
        let mut numbers = vec![0.0; 40_000];
        fill_signed(&mut dice, &mut numbers);
        let mean = numbers.iter().sum::<f32>() / 40_000.0;
        let variance = numbers.iter().map(|n| n * n).sum::<f32>() / 40_000.0;
        assert!(
            mean.abs() < 0.01 && (variance - 1.0 / 3.0).abs() < 0.01,
            "{mean} {variance}"
        );
        assert!(numbers.iter().all(|n| n.abs() < 1.0));
    }

    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let mut numbers = vec![0.0; 200_000];
        fill_normal(&mut Dice::new(3, 4), &mut numbers);
        let moment = |power| {
            numbers
                .iter()
                .map(|&n| f64::from(n).powi(power))
                .sum::<f64>()
                / 200_000.0
        };
        assert!(moment(1).abs() < 0.01, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.02, "{}", moment(2));
        assert!(moment(3).abs() < 0.05, "{}", moment(3));
        assert!((moment(4) - 3.0).abs() < 0.12, "{}", moment(4));
    }

    #[test]
    fn the_quantiles_are_the_tabulated_ones() {
        // Two-sided 5 % and 1 % points of the standard normal distribution.
        assert!((normal_quantile(0.975) - 1.959_963_985).abs() < 1e-8);
        assert!((normal_quantile(0.005) + 2.575_829_304).abs() < 1e-8);
    }

    #[test]
    fn below_reaches_every_value_and_no_other() {
        let mut dice = Dice::new(5, 6);
        let mut counts = [0; 5];
        for _ in 0..5_000 {
            counts[dice.below(5)] += 1;
        }
        assert!(counts.iter().all(|c| (850..1150).contains(c)), "{counts:?}");
        assert_eq!(dice.below(0), 0);
    }
}
