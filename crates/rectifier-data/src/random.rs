//! Seeded random streams and permutations that do not depend on how far a run has come.
//!
//! Everything random in a run is a function of a seed and of a place (stage, epoch, step, example), never of
//! how many numbers were drawn before. That is what lets a run stop anywhere and go on with the same numbers.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The generator behind every random choice of the workspace.
pub type Stream = Xoshiro256PlusPlus;

/// One round of the SplitMix64 finalizer (Steele, Lea, Flood 2014): a bijection of 64-bit words that mixes well.
#[inline]
pub fn mix(mut word: u64) -> u64 {
    word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// A seed for the place `path` below `seed`: the same arguments, the same seed, on every machine.
pub fn subseed(seed: u64, path: &[u64]) -> u64 {
    path.iter()
        .fold(mix(seed), |state, &step| mix(state ^ mix(step)))
}

/// A random stream for the place `path` below `seed`.
///
/// ```
/// use rand::Rng;
/// use rectifier_data::random::stream;
/// assert_eq!(stream(7, &[1, 2]).next_u64(), stream(7, &[1, 2]).next_u64());
/// assert_ne!(stream(7, &[1, 2]).next_u64(), stream(7, &[2, 1]).next_u64());
/// ```
pub fn stream(seed: u64, path: &[u64]) -> Stream {
    Stream::seed_from_u64(subseed(seed, path))
}

/// A pseudo-random order of `0..len` that takes no memory: a four-round Feistel network over the next power of
/// four, walked until it lands inside (Black and Rogaway 2002). Position `i` is found without its predecessors.
#[derive(Clone, Copy, Debug)]
pub struct Permutation {
    len: u64,
    half_bits: u32,
    keys: [u64; 4],
}

impl Permutation {
    /// The order of `0..len` for `seed`.
    pub fn new(len: usize, seed: u64) -> Self {
        let len = len as u64;
        let bits = u64::BITS - len.saturating_sub(1).leading_zeros();
        let half_bits = bits.div_ceil(2).max(1);
        let keys = [0, 1, 2, 3].map(|round| subseed(seed, &[round]));
        Self {
            len,
            half_bits,
            keys,
        }
    }

    /// How many positions there are.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are no positions.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What stands at `position`; `None` past the end.
    pub fn get(&self, position: usize) -> Option<usize> {
        let mut word = position as u64;
        if word >= self.len {
            return None;
        }
        loop {
            word = self.scramble(word);
            if word < self.len {
                return Some(word as usize);
            }
        }
    }

    fn scramble(&self, word: u64) -> u64 {
        let mask = (1u64 << self.half_bits) - 1;
        let (mut left, mut right) = (word >> self.half_bits, word & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (mix(right ^ key) & mask));
        }
        (left << self.half_bits) | right
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_permutation_visits_every_index_once(len in 0usize..3000, seed in any::<u64>()) {
            let order = Permutation::new(len, seed);
            let mut seen = vec![false; len];
            for position in 0..len {
                let index = order.get(position).unwrap();
                prop_assert!(!seen[index]);
                seen[index] = true;
            }
            prop_assert_eq!(order.get(len), None);
        }
    }

    #[test]
    fn places_are_uniform_over_seeds() {
        // Index at position 0 over many seeds: a chi-square of 63 degrees of freedom stays below its 1e-6 quantile.
        let (len, draws) = (64, 64_000);
        let mut counts = vec![0f64; len];
        for seed in 0..draws {
            counts[Permutation::new(len, seed).get(0).unwrap()] += 1.0;
        }
        let expected = draws as f64 / len as f64;
        let chi: f64 = counts
            .iter()
            .map(|c| (c - expected).powi(2) / expected)
            .sum();
        assert!(chi < 131.0, "{chi}");
    }

    #[test]
    fn neighbours_are_independent() {
        // Among random orders the second position is above the first half of the time.
        let rises = (0..20_000)
            .filter(|&seed| {
                let order = Permutation::new(1000, seed);
                order.get(1) > order.get(0)
            })
            .count();
        assert!((9_700..10_300).contains(&rises), "{rises}");
    }
}
