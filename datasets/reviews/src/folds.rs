//! k folds: each review is tested once.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::str::FromStr;

use rectifier_data::DataError;
use rectifier_data::random::{Permutation, subseed};

use crate::{Parts, words};

/// One way to split reviews: of `of` folds, fold `number` is the test part, the next one (after the last comes the
/// first) the validation part, all others the training part.
///
/// Folds are stratified: each has its share of every class. They are drawn from `seed`, the same on every machine. The
/// same text of more than three words never stands in two folds, so no test text was seen in training; shorter ones,
/// such as `very good`, are said by many people and are dealt out one by one.
///
/// ```
/// let fold: rectifier_reviews::Fold = "3/10".parse()?;
/// assert_eq!((fold.number, fold.of, fold.seed), (3, 10, 1));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Which fold is tested, from 1.
    pub number: usize,
    /// How many folds there are, at least 3.
    pub of: usize,
    /// What the folds are drawn from.
    pub seed: u64,
}

/// Separates this use of a seed from every other.
const FOLDS: u64 = u64::from_be_bytes(*b"\0\0\0folds");

/// Texts of so many words are said again without being copied.
const SHORT: usize = 3;

impl Fold {
    /// The first of ten folds, as the paper has them, below seed 1.
    pub const FIRST: Self = Self {
        number: 1,
        of: 10,
        seed: 1,
    };

    /// Checks both numbers.
    ///
    /// # Errors
    /// What they must be.
    pub fn validate(&self) -> Result<(), String> {
        match self {
            Self { of: 0..=2, .. } => Err(format!(
                "{} folds: there must be at least 3, to test, to choose by and to learn from",
                self.of
            )),
            Self { number, of, .. } if !(1..=*of).contains(number) => {
                Err(format!("fold {number} of {of}: they go from 1 to {of}"))
            }
            _ => Ok(()),
        }
    }

    /// Which of `texts`, with these `labels`, is in which part.
    ///
    /// # Errors
    /// [`DataError::Content`] where a part would be empty, or the fold is none.
    pub fn parts(&self, texts: &[&str], labels: &[u32]) -> Result<Parts, DataError> {
        let wrong = |problem| DataError::Content {
            path: "the reviews".into(),
            problem,
        };
        self.validate().map_err(wrong)?;
        let too_few = || {
            wrong(format!(
                "{} reviews do not fill fold {} of {}: give more reviews, or make fewer folds",
                texts.len(),
                self.number,
                self.of
            ))
        };
        if self.of > texts.len() {
            return Err(too_few());
        }
        let valid = self.number % self.of;
        let mut parts = Parts {
            train: Vec::new(),
            valid: Vec::new(),
            test: Vec::new(),
        };
        for (index, fold) in self.assign(texts, labels).into_iter().enumerate() {
            let part = match fold {
                fold if fold + 1 == self.number => &mut parts.test,
                fold if fold == valid => &mut parts.valid,
                _ => &mut parts.train,
            };
            part.push(index);
        }
        if [&parts.train, &parts.valid, &parts.test]
            .iter()
            .any(|part| part.is_empty())
        {
            return Err(too_few());
        }
        Ok(parts)
    }

    /// The fold of every review, from 0.
    fn assign(&self, texts: &[&str], labels: &[u32]) -> Vec<usize> {
        // Equal texts are dealt out together, as members of the first one's class.
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (index, text) in texts.iter().enumerate() {
            let next = groups.len();
            let group = match words(text).nth(SHORT).is_some() {
                true => *known.entry(*text).or_insert(next),
                false => next,
            };
            if group == next {
                groups.push(Vec::new());
            }
            groups[group].push(index);
        }
        let classes = labels.iter().max().map_or(0, |&label| label as usize + 1);
        let mut members = vec![Vec::new(); classes];
        for group in groups {
            members[labels[group[0]] as usize].push(group);
        }
        let mut folds = vec![0; texts.len()];
        let mut sizes = vec![0usize; self.of];
        for (class, groups) in members.iter().enumerate() {
            let order = Permutation::new(groups.len(), subseed(self.seed, &[FOLDS, class as u64]));
            let mut own = vec![0usize; self.of];
            let drawn = (0..groups.len()).filter_map(|place| order.get(place));
            let mut drawn: Vec<&Vec<usize>> = drawn.map(|place| &groups[place]).collect();
            // Large groups first, so that single texts even out what they leave uneven.
            drawn.sort_by_key(|group| Reverse(group.len()));
            for group in drawn {
                // To the fold that has the fewest of this class, then the fewest of all.
                let poorest = (0..self.of).min_by_key(|&fold| (own[fold], sizes[fold]));
                let fold = poorest.unwrap_or(0);
                own[fold] += group.len();
                sizes[fold] += group.len();
                group.iter().for_each(|&index| folds[index] = fold);
            }
        }
        folds
    }
}

impl FromStr for Fold {
    type Err = String;

    /// `K/N`, below seed 1.
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text
            .split_once('/')
            .and_then(|(number, of)| Some((number.trim().parse().ok()?, of.trim().parse().ok()?)));
        let Some((number, of)) = numbers else {
            return Err(format!(
                "{text:?} is no fold: write 1/10 for the first of ten"
            ));
        };
        let fold = Self {
            number,
            of,
            ..Self::FIRST
        };
        fold.validate().map(|()| fold)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn every_review_is_tested_once_and_no_text_is_in_two_folds(
            reviews in prop::collection::vec((0u32..60, 0u32..3), 30..150),
            of in 3usize..7,
            seed in any::<u64>(),
        ) {
            let texts: Vec<String> = reviews.iter().map(|(text, _)| format!("this is text {text}")).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let labels: Vec<u32> = reviews.iter().map(|(_, label)| *label).collect();
            let mut tested = vec![0; texts.len()];
            for number in 1..=of {
                let fold = Fold { number, of, seed };
                let parts = fold.parts(&texts, &labels).unwrap();
                parts.test.iter().for_each(|&index| tested[index] += 1);
                // The first fold is fold 1.
                let folds = fold.assign(&texts, &labels);
                prop_assert!(parts.test.iter().all(|&index| folds[index] == number - 1));
                let mut all = [parts.train.clone(), parts.valid.clone(), parts.test.clone()].concat();
                all.sort_unstable();
                prop_assert_eq!(all, (0..texts.len()).collect::<Vec<_>>());
                let of_part = |part: &[usize]| part.iter().map(|&index| texts[index]).collect::<HashSet<_>>();
                let (train, valid, test) = (of_part(&parts.train), of_part(&parts.valid), of_part(&parts.test));
                prop_assert!(train.is_disjoint(&test) && train.is_disjoint(&valid) && valid.is_disjoint(&test));
                let next = Fold { number: number % of + 1, of, seed }.parts(&texts, &labels).unwrap();
                prop_assert_eq!(parts.valid, next.test);
            }
            prop_assert!(tested.iter().all(|&count| count == 1));
        }

        #[test]
        fn distinct_texts_are_stratified(labels in prop::collection::vec(0u32..4, 30..200), of in 3usize..8, seed in any::<u64>()) {
            let texts: Vec<String> = (0..labels.len()).map(|index| index.to_string()).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let folds = Fold { number: 1, of, seed }.assign(&texts, &labels);
            for class in 0..4 {
                let mut counts = vec![0usize; of];
                labels.iter().zip(&folds).filter(|(label, _)| **label == class).for_each(|(_, &fold)| counts[fold] += 1);
                prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
            }
            let mut sizes = vec![0usize; of];
            folds.iter().for_each(|&fold| sizes[fold] += 1);
            prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
        }
    }

    #[test]
    fn seeds_draw_different_folds_and_the_same_seed_the_same() {
        let texts: Vec<String> = (0..300).map(|index| index.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let labels: Vec<u32> = (0..300).map(|index| index % 5).collect();
        let test = |seed| {
            Fold {
                seed,
                ..Fold::FIRST
            }
            .parts(&texts, &labels)
            .unwrap()
            .test
        };
        assert_eq!(test(1), test(1));
        let (one, two) = (test(1), test(2));
        assert_eq!((one.len(), two.len()), (30, 30));
        // Two random tenths of 300 share three examples on average.
        assert!(one.iter().filter(|index| two.contains(index)).count() < 15);
    }

    #[test]
    fn what_is_no_fold_is_refused() {
        for text in [
            "",
            "1",
            "0/10",
            "11/10",
            "1/2",
            "a/b",
            "1/",
            "-1/10",
            "1/99999999999999999999",
        ] {
            assert!(text.parse::<Fold>().is_err(), "{text}");
        }
        let error = Fold::FIRST.parts(&["a", "b"], &[0, 1]).unwrap_err();
        assert!(error.to_string().contains("make fewer folds"), "{error}");
        assert!(Fold::FIRST.parts(&[], &[]).is_err());
        assert!(
            Fold::FIRST
                .parts(&["the very same text"; 40], &[0; 40])
                .is_err()
        );
        assert!(Fold::FIRST.parts(&["very good food"; 40], &[0; 40]).is_ok());
    }
}
