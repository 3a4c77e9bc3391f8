//! Views of a set: a part of it, the parts of a split, a share of each class.

use std::ops::Range;
use std::sync::Arc;

use crate::random::{Permutation, subseed};
use crate::{Batch, DataError, Examples, Sizes};

/// Some of the examples of a set, which stays where it is.
#[derive(Clone)]
pub struct Subset {
    whole: Arc<dyn Examples>,
    chosen: Chosen,
}

#[derive(Clone)]
enum Chosen {
    Range(Range<usize>),
    List(Vec<usize>),
}

impl std::fmt::Debug for Subset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Subset({} of {})", self.len(), self.whole.len())
    }
}

impl Subset {
    /// The examples of `whole` in `range`.
    ///
    /// # Errors
    /// [`DataError::Range`] for a range that is not inside the set.
    pub fn range(whole: Arc<dyn Examples>, range: Range<usize>) -> Result<Self, DataError> {
        if range.start > range.end || range.end > whole.len() {
            return Err(DataError::Range {
                start: range.start,
                end: range.end,
                len: whole.len(),
            });
        }
        let chosen = Chosen::Range(range);
        Ok(Self { whole, chosen })
    }

    /// The examples of `whole` at `indices`, in that order; an index may stand there more than once.
    ///
    /// # Errors
    /// [`DataError::Index`] for an index past the end.
    pub fn list(whole: Arc<dyn Examples>, indices: Vec<usize>) -> Result<Self, DataError> {
        let len = whole.len();
        if let Some(&index) = indices.iter().find(|&&index| index >= len) {
            return Err(DataError::Index { index, len });
        }
        let chosen = Chosen::List(indices);
        Ok(Self { whole, chosen })
    }

    /// Where the example stands in the whole set; `None` past the end.
    pub fn place(&self, index: usize) -> Option<usize> {
        match &self.chosen {
            Chosen::Range(range) => Some(range.start + index).filter(|_| index < range.len()),
            Chosen::List(list) => list.get(index).copied(),
        }
    }
}

impl Examples for Subset {
    fn len(&self) -> usize {
        match &self.chosen {
            Chosen::Range(range) => range.len(),
            Chosen::List(list) => list.len(),
        }
    }

    fn shape(&self) -> &[usize] {
        self.whole.shape()
    }

    fn width(&self) -> usize {
        self.whole.width()
    }

    fn classes(&self) -> usize {
        self.whole.classes()
    }

    fn is_sparse(&self) -> bool {
        self.whole.is_sparse()
    }

    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        let len = self.len();
        let place = |&index: &usize| self.place(index).ok_or(DataError::Index { index, len });
        let places: Vec<usize> = indices.iter().map(place).collect::<Result<_, _>>()?;
        self.whole.gather(&places, batch)
    }

    /// A range of what the whole is renewed by. A list was chosen for what its examples are: others do not take their
    /// places.
    fn renewed(&self, epoch: usize) -> Option<Arc<dyn Examples>> {
        let Chosen::Range(range) = &self.chosen else {
            return None;
        };
        let whole = self.whole.renewed(epoch)?;
        let part = Self::range(whole, range.clone()).ok()?;
        Some(Arc::new(part))
    }

    fn labels(&self) -> Result<Vec<u32>, DataError> {
        let mut labels = self.whole.labels()?;
        Ok(match &self.chosen {
            Chosen::Range(range) => {
                labels.truncate(range.end);
                labels.split_off(range.start)
            }
            Chosen::List(list) => list.iter().map(|&index| labels[index]).collect(),
        })
    }
}

/// Which part of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartName {
    /// To learn from.
    Train,
    /// To choose by.
    Valid,
    /// To report on.
    Test,
}

/// Three sets of one kind: one to learn from, one to choose by, one to report on; and where learning is partly
/// unsupervised, what that sees.
#[derive(Clone)]
pub struct Split {
    /// To learn from.
    pub train: Arc<dyn Examples>,
    /// To choose epochs and settings by.
    pub valid: Arc<dyn Examples>,
    /// To report on, once.
    pub test: Arc<dyn Examples>,
    /// What stages that need no labels learn from; `None` where that is `train`. Its labels are never looked at.
    pub unlabelled: Option<Arc<dyn Examples>>,
}

impl std::fmt::Debug for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Split")
            .field("train", &self.train.len())
            .field("valid", &self.valid.len())
            .field("test", &self.test.len())
            .field("shape", &self.train.shape())
            .field("classes", &self.train.classes())
            .field("unlabelled", &self.unlabelled.as_ref().map(Examples::len))
            .finish()
    }
}

impl Split {
    /// A split whose parts are checked to have one shape and one number of classes.
    ///
    /// # Errors
    /// [`DataError::Parts`] where they differ.
    pub fn new(
        train: Arc<dyn Examples>,
        valid: Arc<dyn Examples>,
        test: Arc<dyn Examples>,
    ) -> Result<Self, DataError> {
        for (part, set) in [("validation", &valid), ("test", &test)] {
            agree(part, set, &train)?;
        }
        Ok(Self {
            train,
            valid,
            test,
            unlabelled: None,
        })
    }

    /// The same split, where stages that need no labels learn from `examples`: all there are, those of `train` included.
    ///
    /// # Errors
    /// [`DataError::Parts`] where their shape or number of classes is another.
    pub fn with_unlabelled(self, examples: Arc<dyn Examples>) -> Result<Self, DataError> {
        agree("unlabelled", &examples, &self.train)?;
        Ok(Self {
            unlabelled: Some(examples),
            ..self
        })
    }

    /// The same split with the labels of only a [`fraction`] of the train part: `train` is that fraction, and stages
    /// that need no labels go on seeing what they saw before. The other parts stay whole.
    ///
    /// # Errors
    /// As [`fraction`].
    pub fn with_label_fraction(self, share: f64, seed: u64) -> Result<Self, DataError> {
        let train = Arc::new(fraction(&self.train, share, seed)?);
        Ok(Self {
            train,
            unlabelled: Some(self.unlabelled.unwrap_or(self.train)),
            ..self
        })
    }

    /// The part of this name.
    pub fn part(&self, name: PartName) -> &Arc<dyn Examples> {
        match name {
            PartName::Train => &self.train,
            PartName::Valid => &self.valid,
            PartName::Test => &self.test,
        }
    }

    /// How many examples each part has.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            train: self.train.len(),
            valid: self.valid.len(),
            test: self.test.len(),
        }
    }

    /// What stages that need no labels learn from.
    pub fn for_pretraining(&self) -> &Arc<dyn Examples> {
        self.unlabelled.as_ref().unwrap_or(&self.train)
    }
}

fn agree(
    part: &'static str,
    set: &Arc<dyn Examples>,
    train: &Arc<dyn Examples>,
) -> Result<(), DataError> {
    if set.shape() == train.shape() && set.classes() == train.classes() {
        return Ok(());
    }
    let describe =
        |set: &Arc<dyn Examples>| format!("shape {:?} and {} classes", set.shape(), set.classes());
    Err(DataError::Parts {
        part,
        expected: describe(train),
        found: describe(set),
    })
}

/// Separates this use of a seed from every other.
const FRACTION: u64 = u64::from_be_bytes(*b"fraction");

/// A share of every class, in the order of the whole set: `round(share * n)` of the `n` examples of a class, at
/// least one. The same seed chooses the same examples, and a larger share contains every smaller one.
///
/// # Errors
/// [`DataError::Share`] for a share that is not above 0 and at most 1; as [`Examples::labels`].
pub fn fraction(whole: &Arc<dyn Examples>, share: f64, seed: u64) -> Result<Subset, DataError> {
    if !(share > 0.0 && share <= 1.0) {
        return Err(DataError::Share { share });
    }
    let mut members = vec![Vec::new(); whole.classes()];
    for (index, &label) in whole.labels()?.iter().enumerate() {
        match members.get_mut(label as usize) {
            Some(class) => class.push(index),
            None => return Err(wrong_label(&**whole, index, label)),
        }
    }
    let mut kept = Vec::new();
    for (class, members) in members.iter().enumerate() {
        let order = Permutation::new(members.len(), subseed(seed, &[FRACTION, class as u64]));
        let count = ((share * members.len() as f64).round() as usize).max(1);
        let places = (0..count).filter_map(|position| order.get(position));
        kept.extend(places.map(|place| members[place]));
    }
    kept.sort_unstable();
    Subset::list(Arc::clone(whole), kept)
}

/// How many examples each class has.
///
/// # Errors
/// As [`Examples::labels`]; [`DataError::Label`] where a set breaks its promise that labels are below
/// [`Examples::classes`].
pub fn class_counts(examples: &dyn Examples) -> Result<Vec<usize>, DataError> {
    let mut counts = vec![0; examples.classes()];
    for (index, &label) in examples.labels()?.iter().enumerate() {
        match counts.get_mut(label as usize) {
            Some(count) => *count += 1,
            None => return Err(wrong_label(examples, index, label)),
        }
    }
    Ok(counts)
}

fn wrong_label(examples: &dyn Examples, example: usize, label: u32) -> DataError {
    DataError::Label {
        example,
        label,
        classes: examples.classes(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Samples;
    use proptest::prelude::*;

    /// One number an example: its own index.
    fn numbered(labels: Vec<u32>, classes: usize) -> Arc<dyn Examples> {
        let values = (0..labels.len()).map(|index| index as f32).collect();
        Arc::new(Samples::from_f32(values, labels, &[1], classes).unwrap())
    }

    fn all(set: &dyn Examples) -> Batch {
        let mut batch = Batch::default();
        let indices: Vec<usize> = (0..set.len()).collect();
        set.gather(&indices, &mut batch).unwrap();
        batch
    }

    #[test]
    fn a_split_shows_its_sizes_and_not_its_numbers() {
        let part = |labels: &[u32]| numbered(labels.to_vec(), 3);
        let split = Split::new(part(&[0, 1, 2, 0]), part(&[1, 2]), part(&[2])).unwrap();
        assert_eq!(
            format!("{split:?}"),
            "Split { train: 4, valid: 2, test: 1, shape: [1], classes: 3, unlabelled: None }"
        );
    }

    #[test]
    fn a_range_sees_its_own_examples_and_no_other() {
        let whole = numbered(vec![0, 1, 2, 0, 1, 2], 3);
        let part = Subset::range(whole.clone(), 2..5).unwrap();
        assert_eq!(all(&part).inputs, [2., 3., 4.]);
        assert_eq!(all(&part).labels, [2, 0, 1]);
        assert_eq!(part.labels().unwrap(), [2, 0, 1]);
        let error = part.gather(&[3], &mut Batch::default()).unwrap_err();
        assert!(matches!(error, DataError::Index { index: 3, len: 3 }));
        assert_eq!((part.place(2), part.place(3)), (Some(4), None));
        assert!(Subset::range(whole.clone(), 6..6).unwrap().is_empty());
        assert!(matches!(
            Subset::range(whole.clone(), 3..7),
            Err(DataError::Range {
                start: 3,
                end: 7,
                len: 6
            })
        ));
        #[expect(clippy::reversed_empty_ranges)]
        let reversed = Subset::range(whole, 4..3);
        assert!(matches!(reversed, Err(DataError::Range { .. })));
    }

    #[test]
    fn a_list_may_order_and_repeat_and_nest() {
        let whole = numbered(vec![0, 1, 2, 0], 3);
        let list = Subset::list(whole.clone(), vec![3, 1, 1]).unwrap();
        assert_eq!(all(&list).inputs, [3., 1., 1.]);
        assert_eq!(list.labels().unwrap(), [0, 1, 1]);
        let nested = Subset::range(Arc::new(list), 0..2).unwrap();
        assert_eq!(all(&nested).inputs, [3., 1.]);
        assert!(matches!(
            Subset::list(whole, vec![0, 4]),
            Err(DataError::Index { index: 4, len: 4 })
        ));
    }

    proptest! {
        #[test]
        fn a_fraction_keeps_its_share_of_every_class(
            labels in prop::collection::vec(0u32..5, 1..400),
            share in 0.001f64..=1.0,
            seed in any::<u64>(),
        ) {
            let whole = numbered(labels, 6);
            let part = fraction(&whole, share, seed).unwrap();
            let before = class_counts(&*whole).unwrap();
            let after = class_counts(&part).unwrap();
            for (before, after) in before.iter().zip(after) {
                let expected = match before {
                    0 => 0,
                    n => ((*n as f64 * share).round() as usize).max(1),
                };
                prop_assert_eq!(after, expected);
            }
            let kept = all(&part).inputs;
            prop_assert!(kept.is_sorted_by(|a, b| a < b));
            prop_assert_eq!(&kept, &all(&fraction(&whole, share, seed).unwrap()).inputs);
            let larger = all(&fraction(&whole, (share * 1.5).min(1.0), seed).unwrap()).inputs;
            prop_assert!(kept.iter().all(|index| larger.contains(index)));
        }
    }

    #[test]
    fn seeds_choose_different_examples() {
        let whole = numbered(vec![0; 1000], 1);
        let kept = |seed| all(&fraction(&whole, 0.1, seed).unwrap()).inputs;
        let (first, second) = (kept(1), kept(2));
        let common = first.iter().filter(|index| second.contains(index)).count();
        // Two random tenths of 1000 share 10 examples on average, with a standard deviation of 2.8.
        assert!(common < 30, "{common}");
    }

    #[test]
    fn shares_outside_zero_to_one_are_refused() {
        let whole = numbered(vec![0, 1], 2);
        for share in [0.0, -0.5, 1.0001, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                fraction(&whole, share, 0),
                Err(DataError::Share { .. })
            ));
        }
    }

    #[test]
    fn the_parts_of_a_split_agree() {
        let (three, four) = (numbered(vec![0, 1, 2], 3), numbered(vec![0], 4));
        let error = Split::new(three.clone(), three.clone(), four).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the test part has shape [1] and 4 classes, but the train part has shape [1] and 3 classes: \
             all parts of a split must agree"
        );
        let split = Split::new(three.clone(), three.clone(), three).unwrap();
        let other = numbered(vec![0], 1);
        let error = split.with_unlabelled(other).unwrap_err();
        assert!(matches!(
            error,
            DataError::Parts {
                part: "unlabelled",
                ..
            }
        ));
    }

    #[test]
    fn a_fraction_of_the_labels_leaves_the_inputs() {
        let labels: Vec<u32> = (0..40).map(|index| index % 2).collect();
        let train = numbered(labels, 2);
        let split = Split::new(train.clone(), train.clone(), train.clone()).unwrap();
        assert_eq!(split.for_pretraining().len(), 40);
        let small = split.clone().with_label_fraction(0.1, 5).unwrap();
        assert_eq!(class_counts(&small.train).unwrap(), [2, 2]);
        assert_eq!((small.valid.len(), small.test.len()), (40, 40));
        assert!(Arc::ptr_eq(small.for_pretraining(), &train));
        // More inputs than the train part has stay where they are, too.
        let more = numbered(vec![0; 90], 2);
        let split = split.with_unlabelled(more.clone()).unwrap();
        let small = split.with_label_fraction(0.1, 5).unwrap();
        assert!(Arc::ptr_eq(small.for_pretraining(), &more));
        assert_eq!(small.train.len(), 4);
    }
}
