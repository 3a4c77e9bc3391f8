//! The few examples with the highest cost, kept while all pass by.

/// One example that was kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept<T> {
    pub cost: f64,
    pub index: usize,
    pub what: T,
}

/// Up to `limit` examples, the highest cost first; of equal costs the earlier example.
#[derive(Clone, Debug)]
pub(crate) struct Worst<T> {
    limit: usize,
    kept: Vec<Kept<T>>,
}

impl<T> Worst<T> {
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            kept: Vec::with_capacity(limit + 1),
        }
    }

    /// Offers example `index`; `what` is only made if it is kept.
    pub fn offer(&mut self, cost: f64, index: usize, what: impl FnOnce() -> T) {
        if cost.is_nan() {
            return;
        }
        let place = self.kept.partition_point(|kept| kept.cost >= cost);
        if place < self.limit {
            let what = what();
            self.kept.insert(place, Kept { cost, index, what });
            self.kept.truncate(self.limit);
        }
    }

    pub fn finish(self) -> Vec<Kept<T>> {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_worst_are_those_a_sort_finds(costs in prop::collection::vec(0u8..20, 0..60), limit in 0usize..10) {
            let mut worst = Worst::new(limit);
            for (index, cost) in costs.iter().enumerate() {
                worst.offer(f64::from(*cost), index, || ());
            }
            let found: Vec<usize> = worst.finish().iter().map(|kept| kept.index).collect();
            let mut expected: Vec<usize> = (0..costs.len()).collect();
            expected.sort_by_key(|index| std::cmp::Reverse(costs[*index]));
            expected.truncate(limit);
            prop_assert_eq!(found, expected);
        }
    }
}
