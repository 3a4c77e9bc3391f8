//! A histogram of numbers whose range is not known beforehand, in one pass and little memory.

use serde::{Deserialize, Serialize};

/// Bins on each side of zero.
const SIDE: i64 = 512;
/// Bins are this wide until a number falls outside of them: far below any activation that matters.
const FINEST: f64 = 1.0 / (1 << 20) as f64;

/// Counts of numbers in bins of one width; exact zeros are counted apart.
///
/// The width is a power of two. When a number falls outside, pairs of bins become one, so that every count stays
/// exact whatever comes.
///
/// ```
/// use rectifier_report::Histogram;
///
/// let mut histogram = Histogram::default();
/// histogram.add(&[0.0, 0.4, 0.6, 90.0]);
/// assert_eq!(histogram.zeros, 1);
/// assert_eq!(histogram.others(), 3);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Exact zeros.
    pub zeros: u64,
    /// Numbers that are infinite or none.
    pub odd: u64,
    /// The width of a bin.
    pub width: f64,
    /// The bins: the one at place `k` counts numbers from `(k - len / 2) width` to below `(k - len / 2 + 1) width`.
    pub counts: Vec<u64>,
}

/// Neighbouring bins as one bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Where it starts.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// How many numbers lie in it.
    pub count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            zeros: 0,
            odd: 0,
            width: FINEST,
            counts: vec![0; 2 * SIDE as usize],
        }
    }
}

impl Histogram {
    /// Counts `values`.
    pub fn add(&mut self, values: &[f32]) {
        for &value in values {
            if value == 0.0 {
                self.zeros += 1;
            } else if value.is_finite() {
                let place = self.place(f64::from(value));
                self.counts[place] += 1;
            } else {
                self.odd += 1;
            }
        }
    }

    fn place(&mut self, value: f64) -> usize {
        loop {
            let bin = (value / self.width).floor();
            if (-SIDE as f64..SIDE as f64).contains(&bin) {
                return (bin as i64 + SIDE) as usize;
            }
            self.widen();
        }
    }

    /// Doubles the width: floor(v / 2w) is floor(floor(v / w) / 2).
    fn widen(&mut self) {
        let mut wider = vec![0; self.counts.len()];
        for (place, count) in self.counts.iter().enumerate() {
            let bin = (place as i64 - SIDE).div_euclid(2);
            wider[(bin + SIDE) as usize] += count;
        }
        self.counts = wider;
        self.width *= 2.0;
    }

    /// Numbers that are neither zero nor odd.
    pub fn others(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// At most about `bars` bars of one width that hold all numbers but `tail` of them (a share, such as 0.001) at
    /// each end; the numbers beyond are in the outermost bars. None where there is no number.
    pub fn bars(&self, bars: usize, tail: f64) -> Vec<Bin> {
        let all = self.others();
        if all == 0 {
            return Vec::new();
        }
        let beyond = (all as f64 * tail) as u64;
        let mut first = reach(self.counts.iter(), beyond) as i64 - self.middle();
        let last = self.counts.len() as i64
            - 1
            - reach(self.counts.iter().rev(), beyond) as i64
            - self.middle();
        // Activations that are never negative are shown from zero on.
        let below: u64 = self.counts[..self.middle() as usize].iter().sum();
        if below == 0 {
            first = 0;
        }
        let last = last.max(first);
        let mut group = 1i64;
        while (last - first) / group >= bars.max(1) as i64 {
            group *= 2;
        }
        let (low, high) = (first.div_euclid(group), last.div_euclid(group));
        let mut found: Vec<Bin> = (low..=high)
            .map(|bar| Bin {
                from: (bar * group) as f64 * self.width,
                to: ((bar + 1) * group) as f64 * self.width,
                count: 0,
            })
            .collect();
        for (place, count) in self.counts.iter().enumerate() {
            let bar = (place as i64 - self.middle()).div_euclid(group);
            found[(bar.clamp(low, high) - low) as usize].count += count;
        }
        found
    }

    fn middle(&self) -> i64 {
        (self.counts.len() / 2) as i64
    }
}

/// The first place at which more than `beyond` numbers have been passed.
fn reach<'a>(counts: impl Iterator<Item = &'a u64>, beyond: u64) -> usize {
    let mut passed = 0;
    for (place, count) in counts.enumerate() {
        passed += count;
        if passed > beyond {
            return place;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_are_those_of_a_recount_at_the_final_width(
            values in prop::collection::vec(prop_oneof![
                Just(0.0f32), -1.0f32..1.0, 0.0f32..5.0, -1e3f32..1e3, any::<f32>()
            ], 0..200),
            step in 1usize..50,
        ) {
            let mut histogram = Histogram::default();
            values.chunks(step).for_each(|chunk| histogram.add(chunk));
            let mut expected = vec![0u64; histogram.counts.len()];
            for value in values.iter().filter(|value| value.is_finite() && **value != 0.0) {
                let bin = (f64::from(*value) / histogram.width).floor();
                expected[(bin as i64 + 512) as usize] += 1;
            }
            prop_assert_eq!(&histogram.counts, &expected);
            let zeros = values.iter().filter(|value| **value == 0.0).count() as u64;
            let odd = values.iter().filter(|value| !value.is_finite()).count() as u64;
            prop_assert_eq!((histogram.zeros, histogram.odd), (zeros, odd));
        }

        #[test]
        fn bars_hold_every_number(values in prop::collection::vec(-30.0f32..90.0, 1..300), bars in 1usize..60) {
            let mut histogram = Histogram::default();
            histogram.add(&values);
            let found = histogram.bars(bars, 0.01);
            prop_assert!(found.len() <= bars + 2, "{}", found.len());
            prop_assert_eq!(found.iter().map(|bin| bin.count).sum::<u64>(), histogram.others());
            for pair in found.windows(2) {
                prop_assert_eq!(pair[0].to, pair[1].from);
            }
            if let (Some(first), Some(last)) = (found.first(), found.last()) {
                prop_assert!(last.count > 0);
                let outside = |value: &&f32| {
                    let value = f64::from(**value);
                    value != 0.0 && !(first.from..last.to).contains(&value)
                };
                // At most the tail at each end.
                let tails = values.iter().filter(outside).count() as f64;
                prop_assert!(tails <= 0.02 * histogram.others() as f64, "{}", tails);
            }
        }
    }

    #[test]
    fn the_tail_goes_into_the_outermost_bar() {
        let mut histogram = Histogram::default();
        let values: Vec<f32> = (0..1000).map(|k| (k as f32 + 0.5) / 1000.0).collect();
        histogram.add(&values);
        histogram.add(&[64.0]);
        let bars = histogram.bars(16, 0.001);
        assert_eq!(bars.first().map(|bin| bin.from), Some(0.0));
        assert!(
            bars.last().is_some_and(|bin| bin.to <= 1.5),
            "{:?}",
            bars.last()
        );
    }

    #[test]
    fn nothing_seen_is_nothing_shown() {
        let mut histogram = Histogram::default();
        assert!(histogram.bars(10, 0.001).is_empty());
        histogram.add(&[0.0, f32::NAN]);
        assert!(histogram.bars(10, 0.001).is_empty());
        assert_eq!((histogram.zeros, histogram.odd), (1, 1));
    }
}
