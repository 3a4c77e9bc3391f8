//! The order of one epoch, batch after batch, from any step on.

use crate::random::{Permutation, subseed};

/// In which order an epoch visits the examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they stand.
    Sequential,
    /// In the pseudo-random order of a seed.
    Shuffled {
        /// The seed of this one epoch.
        seed: u64,
    },
}

impl Order {
    /// The shuffled order of one epoch of one stage of a run with `seed`.
    pub fn epoch(seed: u64, stage: u64, epoch: u64) -> Self {
        Self::Shuffled {
            seed: subseed(seed, &[stage, epoch]),
        }
    }
}

/// The batches of one epoch, as lists of indices: every example once, the last batch short where it must be.
///
/// Any step is found without the ones before it, so that a run that stopped in the middle of an epoch goes on with
/// the batches it would have seen.
///
/// ```
/// use rectifier_data::{Batches, Order};
///
/// let mut batches = Batches::new(7, 3, Order::Sequential).skip_to(1);
/// assert_eq!(batches.next_batch(), Some(&[3, 4, 5][..]));
/// assert_eq!(batches.next_batch(), Some(&[6][..]));
/// assert_eq!(batches.next_batch(), None);
/// ```
#[derive(Clone, Debug)]
pub struct Batches {
    len: usize,
    batch: usize,
    order: Option<Permutation>,
    step: usize,
    indices: Vec<usize>,
}

impl Batches {
    /// The batches of `batch` examples (0 counts as 1) of a set of `len`.
    pub fn new(len: usize, batch: usize, order: Order) -> Self {
        let order = match order {
            Order::Sequential => None,
            Order::Shuffled { seed } => Some(Permutation::new(len, seed)),
        };
        Self {
            len,
            batch: batch.max(1),
            order,
            step: 0,
            indices: Vec::new(),
        }
    }

    /// The same epoch, from batch number `step` (counted from 0) on; past the end there is no batch.
    pub fn skip_to(mut self, step: usize) -> Self {
        self.step = step;
        self
    }

    /// How many batches the whole epoch has.
    pub fn steps(&self) -> usize {
        self.len.div_ceil(self.batch)
    }

    /// The number of the batch that comes next.
    pub fn step(&self) -> usize {
        self.step
    }

    /// The indices of the next batch, in a buffer that is used again; `None` when the epoch is over.
    ///
    /// This lends its buffer, which a standard iterator cannot: `while let Some(indices) = batches.next_batch()`.
    pub fn next_batch(&mut self) -> Option<&[usize]> {
        if self.step >= self.steps() {
            return None;
        }
        let start = self.step * self.batch;
        let positions = start..self.len.min(start.saturating_add(self.batch));
        self.indices.clear();
        match &self.order {
            Some(order) => self
                .indices
                .extend(positions.filter_map(|position| order.get(position))),
            None => self.indices.extend(positions),
        }
        self.step += 1;
        Some(&self.indices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lists(mut batches: Batches) -> Vec<Vec<usize>> {
        let mut lists = Vec::new();
        while let Some(indices) = batches.next_batch() {
            lists.push(indices.to_vec());
        }
        lists
    }

    proptest! {
        #[test]
        fn an_epoch_visits_every_example_once(
            len in 0usize..500,
            batch in 1usize..600,
            seed in any::<u64>(),
            shuffled in any::<bool>(),
        ) {
            let order = if shuffled { Order::epoch(seed, 0, 3) } else { Order::Sequential };
            let batches = Batches::new(len, batch, order);
            let steps = batches.steps();
            let lists = lists(batches);
            prop_assert_eq!(lists.len(), steps);
            let full = lists.iter().take(steps.saturating_sub(1));
            prop_assert!(full.into_iter().all(|list| list.len() == batch));
            let mut visited = lists.concat();
            visited.sort_unstable();
            prop_assert_eq!(visited, (0..len).collect::<Vec<_>>());
        }

        #[test]
        fn any_step_is_found_without_the_ones_before(
            len in 1usize..300,
            batch in 1usize..50,
            seed in any::<u64>(),
            step in 0usize..400,
        ) {
            let order = Order::Shuffled { seed };
            let whole = lists(Batches::new(len, batch, order));
            let rest = lists(Batches::new(len, batch, order).skip_to(step));
            prop_assert_eq!(&rest[..], &whole[step.min(whole.len())..]);
        }
    }

    #[test]
    fn epochs_and_stages_and_seeds_differ() {
        let order = |seed, stage, epoch| {
            lists(Batches::new(100, 100, Order::epoch(seed, stage, epoch))).concat()
        };
        let first = order(1, 0, 0);
        assert_eq!(first, order(1, 0, 0));
        assert_ne!(first, order(1, 0, 1));
        assert_ne!(first, order(1, 1, 0));
        assert_ne!(first, order(2, 0, 0));
        assert_ne!(order(1, 0, 1), order(1, 1, 0));
    }

    #[test]
    fn extremes_end() {
        assert!(lists(Batches::new(0, 10, Order::Sequential)).is_empty());
        assert_eq!(lists(Batches::new(2, 0, Order::Sequential)), [[0], [1]]);
        assert_eq!(
            lists(Batches::new(2, usize::MAX, Order::Sequential)),
            [[0, 1]]
        );
        assert!(lists(Batches::new(2, 1, Order::Sequential).skip_to(usize::MAX)).is_empty());
    }
}
