//! Which examples stand in which part of a split.

use crate::random::{Permutation, subseed};
use crate::{DataError, Examples, Split, Subset};
use std::sync::Arc;

/// How much of the examples the validation and the test part get; the training part gets the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// To choose by.
    pub valid: f64,
    /// To report on.
    pub test: f64,
}

impl Default for Shares {
    /// A sixth each.
    fn default() -> Self {
        Self {
            valid: 1.0 / 6.0,
            test: 1.0 / 6.0,
        }
    }
}

impl Shares {
    /// The default share of validation examples, where the test part is given.
    pub const TEST_GIVEN: Self = Self {
        valid: 1.0 / 6.0,
        test: 0.0,
    };

    fn check(&self) -> Result<(), DataError> {
        for share in [self.valid, self.test, self.valid + self.test] {
            if !(0.0..1.0).contains(&share) {
                return Err(DataError::Share { share });
            }
        }
        Ok(())
    }
}

/// Separates this use of a seed from every other.
const PARTS: u64 = u64::from_be_bytes(*b"\0\0\0parts");

/// Indices of the examples in each part, rising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitIndices {
    /// To learn from.
    pub train: Vec<usize>,
    /// To choose by.
    pub valid: Vec<usize>,
    /// To report on.
    pub test: Vec<usize>,
}

impl SplitIndices {
    /// Parts that each have their share of every class, drawn from `seed`, the same on every machine.
    ///
    /// Each class gives its share, rounded so that what one class gives too little the next one makes good: the parts have
    /// their shares of all examples to within one. The training part has one example of every class at least.
    ///
    /// # Errors
    /// [`DataError::Share`]; [`DataError::TooFew`] where a part that has a share would stay empty.
    pub fn stratified(labels: &[u32], shares: Shares, seed: u64) -> Result<Self, DataError> {
        shares.check()?;
        let classes = labels.iter().max().map_or(0, |&label| label as usize + 1);
        let mut members = vec![Vec::new(); classes];
        for (index, &label) in labels.iter().enumerate() {
            members[label as usize].push(index);
        }
        let mut parts = Self {
            train: Vec::new(),
            valid: Vec::new(),
            test: Vec::new(),
        };
        let (mut owed_valid, mut owed_test) = (0.0, 0.0);
        for (class, members) in members.iter().enumerate() {
            let order = Permutation::new(members.len(), subseed(seed, &[PARTS, class as u64]));
            let mut most = members.len().saturating_sub(1);
            let mut take = |owed: &mut f64, share: f64| {
                *owed += share * members.len() as f64;
                // `as` takes a number below 0 as 0.
                let count = (owed.round() as usize).min(most);
                most -= count;
                *owed -= count as f64;
                count
            };
            let test = take(&mut owed_test, shares.test);
            let valid = take(&mut owed_valid, shares.valid);
            for (place, index) in (0..members.len())
                .filter_map(|place| order.get(place))
                .enumerate()
            {
                let part = match place {
                    _ if place < test => &mut parts.test,
                    _ if place < test + valid => &mut parts.valid,
                    _ => &mut parts.train,
                };
                part.push(members[index]);
            }
        }
        parts.finish(shares, labels.len())
    }

    /// Parts of `count` examples drawn from `seed` whatever their classes are.
    ///
    /// # Errors
    /// As [`stratified`](Self::stratified).
    pub fn shuffled(count: usize, shares: Shares, seed: u64) -> Result<Self, DataError> {
        Self::stratified(&vec![0; count], shares, seed)
    }

    fn finish(mut self, shares: Shares, examples: usize) -> Result<Self, DataError> {
        for (part, share, name) in [
            (&mut self.train, 1.0, "training"),
            (&mut self.valid, shares.valid, "validation"),
            (&mut self.test, shares.test, "test"),
        ] {
            if part.is_empty() && share > 0.0 {
                return Err(DataError::TooFew {
                    examples,
                    part: name,
                });
            }
            part.sort_unstable();
        }
        Ok(self)
    }

    /// The split of `whole` that has these parts.
    ///
    /// # Errors
    /// As [`Subset::list`].
    pub fn split(self, whole: Arc<dyn Examples>) -> Result<Split, DataError> {
        let part = |indices| -> Result<Arc<dyn Examples>, DataError> {
            Ok(Arc::new(Subset::list(Arc::clone(&whole), indices)?))
        };
        Split::new(part(self.train)?, part(self.valid)?, part(self.test)?)
    }
}

impl Split {
    /// The parts of `whole` that each have their share of every class, as [`SplitIndices::stratified`] draws them.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use rectifier_data::{Samples, Shares, Split};
    ///
    /// let labels = (0..60).map(|index| index % 2).collect();
    /// let whole = Samples::from_f32(vec![0.5; 60], labels, &[1], 2)?;
    /// let split = Split::stratified(Arc::new(whole), Shares::default(), 1)?;
    /// assert_eq!((split.train.len(), split.valid.len(), split.test.len()), (40, 10, 10));
    /// # Ok::<(), rectifier_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// As there, and as [`Examples::labels`].
    pub fn stratified(
        whole: Arc<dyn Examples>,
        shares: Shares,
        seed: u64,
    ) -> Result<Self, DataError> {
        SplitIndices::stratified(&whole.labels()?, shares, seed)?.split(whole)
    }

    /// The parts of `whole` drawn whatever the classes are.
    ///
    /// # Errors
    /// As [`SplitIndices::shuffled`].
    pub fn shuffled(
        whole: Arc<dyn Examples>,
        shares: Shares,
        seed: u64,
    ) -> Result<Self, DataError> {
        SplitIndices::shuffled(whole.len(), shares, seed)?.split(whole)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Samples, class_counts};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_disjoint_and_have_their_share_of_every_class(
            labels in prop::collection::vec(0u32..5, 20..300),
            shares in (0.1f64..0.4, 0.1f64..0.4),
            seed: u64,
        ) {
            let shares = Shares { valid: shares.0, test: shares.1 };
            let parts = SplitIndices::stratified(&labels, shares, seed).unwrap();
            let mut all = [parts.train.clone(), parts.valid.clone(), parts.test.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            let count = |part: &[usize], class| part.iter().filter(|&&index| labels[index] == class).count();
            for class in 0..5 {
                let total = labels.iter().filter(|&&label| label == class).count();
                prop_assert!(total == 0 || count(&parts.train, class) > 0);
                // A class of few may owe its share, which the next ones make good.
                if total > 10 {
                    let near = |part: &[usize], share: f64| {
                        (count(part, class) as f64 - share * total as f64).abs() < 4.0
                    };
                    prop_assert!(near(&parts.valid, shares.valid) && near(&parts.test, shares.test));
                }
            }
            prop_assert!((parts.valid.len() as f64 - shares.valid * labels.len() as f64).abs() < 4.0);
            prop_assert!(parts.train.is_sorted() && parts.valid.is_sorted() && parts.test.is_sorted());
            prop_assert_eq!(SplitIndices::stratified(&labels, shares, seed).unwrap(), parts);
        }
    }

    #[test]
    fn splits_are_views_of_the_whole() {
        let labels: Vec<u32> = (0..600).map(|index| index % 3).collect();
        let whole = Samples::from_f32(
            (0..600).map(|value| value as f32).collect(),
            labels,
            &[1],
            3,
        )
        .unwrap();
        let whole: Arc<dyn Examples> = Arc::new(whole);
        let split = Split::stratified(whole.clone(), Shares::default(), 7).unwrap();
        assert_eq!(class_counts(&*split.train).unwrap(), [134, 132, 134]);
        assert_eq!(split.valid.len(), 100);
        let other = Split::stratified(whole.clone(), Shares::default(), 8).unwrap();
        let place = |split: &Split| {
            let mut batch = crate::Batch::default();
            split.test.gather(&[0, 1, 2, 3, 4], &mut batch).unwrap();
            batch.inputs
        };
        assert_ne!(place(&split), place(&other));
        let shuffled = Split::shuffled(whole, Shares::TEST_GIVEN, 7).unwrap();
        assert_eq!(
            (
                shuffled.train.len(),
                shuffled.valid.len(),
                shuffled.test.len()
            ),
            (500, 100, 0)
        );
    }

    #[test]
    fn too_few_examples_and_wrong_shares_are_refused() {
        let stratified = |labels: &[u32], valid, test| {
            SplitIndices::stratified(labels, Shares { valid, test }, 1)
        };
        let error = stratified(&[0, 1], 0.2, 0.2).unwrap_err().to_string();
        assert!(
            error.contains("2 examples leave the validation part empty"),
            "{error}"
        );
        assert!(stratified(&[], 0.2, 0.2).is_err());
        assert!(stratified(&[0; 30], 0.5, 0.5).is_err());
        assert!(stratified(&[0; 30], -0.1, 0.5).is_err());
        assert!(stratified(&[0; 30], f64::NAN, 0.5).is_err());
        assert!(stratified(&[0; 30], 0.0, 0.0).is_ok());
    }
}
