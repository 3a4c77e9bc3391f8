//! Order statistics, and drawing anew from what was observed.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The middle of `values`, or the mean of the two in the middle; none where there is no value, or one is not a number.
///
/// ```
/// assert_eq!(rectifier_plot::median(&[3.0, 1.0, 2.0, 10.0]), Some(2.5));
/// ```
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The `share`-quantile of `values`, between two of them on the line through both (type 7 of Hyndman and Fan 1996, NumPy's
/// default); none where there is no value, one is not a number, or `share` is not from 0 to 1.
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    if values.is_empty() || values.iter().any(|value| value.is_nan()) {
        return None;
    }
    if !(0.0..=1.0).contains(&share) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(match below == above {
        // Also where both are infinite.
        true => below,
        false => below + (at - at.floor()) * (above - below),
    })
}

/// Draws places with replacement, for the bootstrap (Efron 1979): the same seed, the same draws.
#[derive(Clone, Debug)]
pub struct Resampler {
    rng: Xoshiro256PlusPlus,
}

impl Resampler {
    /// The draws of `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
        }
    }

    /// One place of `0..len`; 0 where `len` is 0.
    pub fn place(&mut self, len: usize) -> usize {
        match len {
            0 => 0,
            _ => self.rng.random_range(0..len),
        }
    }

    /// As many places of `0..len` as there are, drawn with replacement; none where `len` is 0.
    pub fn places(&mut self, len: usize) -> Vec<usize> {
        match len {
            0 => Vec::new(),
            _ => (0..len).map(|_| self.place(len)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let values = [4.0, 1.0, 3.0, 2.0];
        let of = |share| quantile(&values, share);
        assert_eq!((of(0.0), of(1.0)), (Some(1.0), Some(4.0)));
        assert_eq!((median(&values), of(0.25)), (Some(2.5), Some(1.75)));
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, f64::NAN]), None);
        assert_eq!(quantile(&values, 1.5), None);
        let infinite = [f64::INFINITY; 2];
        assert_eq!(median(&infinite), Some(f64::INFINITY));
    }

    #[test]
    fn draws_are_those_of_their_seed_and_reach_everything() {
        let draw = |seed| Resampler::new(seed).places(50);
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let mut all = Resampler::new(3);
        let mut seen = [false; 5];
        for place in (0..20).flat_map(|_| all.places(5)).collect::<Vec<_>>() {
            seen[place] = true;
        }
        assert_eq!(seen, [true; 5]);
        assert!(all.places(0).is_empty());
    }
}
