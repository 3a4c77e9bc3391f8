//! An order of units in which those that fire together are neighbours.
//!
//! Groups of four inputs, or their halves, are skipped when all of them are 0: the more alike four units fire, the more is skipped. The order of
//! hidden units changes nothing of what a network computes.

use alloc::vec;
use alloc::vec::Vec;

/// On which of some examples a unit, or any of several, fired.
#[derive(Clone)]
struct Fired {
    members: Vec<usize>,
    bits: Vec<u64>,
    count: u32,
}

/// Sets of bits, one a unit, that are filled example by example.
pub(crate) struct Firing {
    units: Vec<Vec<u64>>,
    words: usize,
}

impl Firing {
    /// Of `units` units on `examples` examples.
    pub(crate) fn new(units: usize, examples: usize) -> Self {
        let words = examples.div_ceil(64);
        Self {
            units: vec![vec![0; words]; units],
            words,
        }
    }

    /// Notes that `unit` fired on `example`.
    pub(crate) fn note(&mut self, unit: usize, example: usize) {
        if let Some(word) = self
            .units
            .get_mut(unit)
            .and_then(|bits| bits.get_mut(example / 64))
        {
            *word |= 1 << (example % 64);
        }
    }

    /// The units in an order that brings those which fire together into groups of four: paired greedily by how often both
    /// fire, the most active first, and the pairs once more. Every unit comes once.
    pub(crate) fn order(self) -> Vec<usize> {
        let words = self.words;
        let single = |(unit, bits): (usize, Vec<u64>)| Fired {
            members: vec![unit],
            count: bits.iter().map(|word| word.count_ones()).sum(),
            bits,
        };
        let units = self.units.into_iter().enumerate().map(single).collect();
        let quads = paired(paired(units, words), words);
        // A pair or quad that was left over is not whole: it goes last, so that the others begin at multiples of four.
        let (whole, rest): (Vec<_>, Vec<_>) =
            quads.into_iter().partition(|quad| quad.members.len() == 4);
        whole
            .into_iter()
            .chain(rest)
            .flat_map(|quad| quad.members)
            .collect()
    }
}

/// Pairs, each of the most active that is left and the one that fires with it most often.
fn paired(mut left: Vec<Fired>, words: usize) -> Vec<Fired> {
    // What is only half a pair waits for the end, so that all whole ones are alike.
    left.sort_by(|a, b| {
        let size = b.members.len().cmp(&a.members.len());
        size.then(b.count.cmp(&a.count))
            .then(a.members.cmp(&b.members))
    });
    let mut pairs = Vec::with_capacity(left.len().div_ceil(2));
    let mut taken = vec![false; left.len()];
    for first in 0..left.len() {
        if taken[first] {
            continue;
        }
        taken[first] = true;
        let mut best: Option<(u32, usize)> = None;
        for other in first + 1..left.len() {
            if taken[other] || left[other].members.len() != left[first].members.len() {
                continue;
            }
            // None that follows fires more often than this one does.
            if best.is_some_and(|(most, _)| most >= left[other].count) {
                break;
            }
            let both = left[first].bits.iter().zip(&left[other].bits);
            let both: u32 = both.map(|(a, b)| (a & b).count_ones()).sum();
            if best.is_none_or(|(most, _)| both > most) {
                best = Some((both, other));
            }
        }
        let mut pair = left[first].clone();
        if let Some((_, other)) = best {
            taken[other] = true;
            pair.members.extend(&left[other].members);
            for word in 0..words {
                pair.bits[word] |= left[other].bits[word];
            }
            pair.count = pair.bits.iter().map(|word| word.count_ones()).sum();
        }
        pairs.push(pair);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Draw;
    use proptest::prelude::*;

    #[test]
    fn units_that_fire_together_become_neighbours() {
        // Unit u fires on the examples that leave the rest u % 5 when divided by 5.
        let mut firing = Firing::new(20, 200);
        for unit in 0..20 {
            for example in (0..200).filter(|example| example % 5 == unit % 5) {
                firing.note(unit, example);
            }
        }
        for group in firing.order().chunks(4) {
            assert!(
                group.iter().all(|unit| unit % 5 == group[0] % 5),
                "{group:?}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 64 }))]

        #[test]
        fn every_unit_comes_once(units in 0usize..50, examples in 0usize..100, seed in any::<u64>()) {
            let mut firing = Firing::new(units, examples);
            let mut draw = Draw::new(seed);
            for unit in 0..units {
                for example in 0..examples {
                    if draw.unit() < 0.3 {
                        firing.note(unit, example);
                    }
                }
            }
            let mut order = firing.order();
            order.sort_unstable();
            prop_assert_eq!(order, (0..units).collect::<Vec<_>>());
        }
    }
}
