//! Reviews in memory: labelled ones, and texts without a label.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use burn_dataset::{Dataset, DatasetError};
use rectifier_data::{DataError, SparseSamples, Split, TextForm};

use crate::{Fold, STARS, Vocabulary};

/// A review with its stars, for Burn's data loaders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// What was written.
    pub text: String,
    /// Whole stars, 1 to 5.
    pub stars: u8,
    /// The class: see [`Classes`].
    pub label: u32,
}

/// What the labels tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classes {
    /// One class for each number of stars: label 0 is one star, label 4 is five.
    Stars,
    /// Label 0 is a bad review (one or two stars), label 1 a good one (four or five).
    Sentiment,
}

impl Classes {
    /// How many there are.
    pub fn count(self) -> usize {
        match self {
            Self::Stars => STARS,
            Self::Sentiment => 2,
        }
    }

    /// Their names, class after class.
    pub fn names(self) -> Vec<String> {
        match self {
            Self::Stars => (1..=STARS).map(|stars| stars.to_string()).collect(),
            Self::Sentiment => vec!["negative".into(), "positive".into()],
        }
    }
}

/// Reviews in memory, as they were written.
///
/// It is a [`Dataset`] of [`Review`] for Burn's own loaders (an index past the end is an error, not a panic).
/// [`bag`](Self::bag) makes of it what this workspace trains on.
#[derive(Clone, Debug, PartialEq)]
pub struct Reviews {
    reviews: Vec<Review>,
    unlabelled: Vec<String>,
    classes: Classes,
    warnings: Vec<String>,
    form: Option<TextForm>,
}

impl Reviews {
    /// Reviews whose labels are their stars.
    pub(crate) fn rated(
        rated: Vec<(String, u8)>,
        unlabelled: Vec<String>,
        path: &Path,
    ) -> Result<Self, DataError> {
        let review = |(text, stars): (String, u8)| Review {
            text,
            stars,
            label: u32::from(stars.max(1)) - 1,
        };
        let reviews = rated.into_iter().map(review).collect();
        Self::new(reviews, unlabelled, Classes::Stars, path)
    }

    pub(crate) fn new(
        reviews: Vec<Review>,
        unlabelled: Vec<String>,
        classes: Classes,
        path: &Path,
    ) -> Result<Self, DataError> {
        if reviews.is_empty() {
            return Err(DataError::Content {
                path: path.to_path_buf(),
                problem: format!(
                    "no review with stars is in it ({} without): give reviews with stars, and check the names of both columns",
                    unlabelled.len()
                ),
            });
        }
        Ok(Self {
            reviews,
            unlabelled,
            classes,
            warnings: Vec::new(),
            form: None,
        })
    }

    pub(crate) fn with_warnings(mut self, warnings: Vec<String>) -> Self {
        self.warnings = warnings;
        self
    }

    /// The same reviews, whose vocabulary is to know in what form they stood.
    pub(crate) fn with_form(mut self, form: TextForm) -> Self {
        self.form = Some(form);
        self
    }

    /// The reviews that have stars.
    pub fn reviews(&self) -> &[Review] {
        &self.reviews
    }

    /// Texts without stars, for pre-training.
    pub fn unlabelled(&self) -> &[String] {
        &self.unlabelled
    }

    /// What the labels tell apart.
    pub fn classes(&self) -> Classes {
        self.classes
    }

    /// What to tell the user of files that are not the known ones; nothing where they are.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The parts of `fold` as binary bags of the `words` most frequent words of its training part.
    ///
    /// Only training texts, labelled or not, are counted: the words of validation and test texts do not show in the
    /// vocabulary.
    ///
    /// # Errors
    /// [`DataError::Content`] where the reviews are too few for so many folds; as [`Vocabulary::check_size`].
    pub fn bag(&self, fold: Fold, words: usize) -> Result<Bag, DataError> {
        let parts = self.parts(fold)?;
        let train = parts.train.iter().map(|&index| self.text(index));
        let unlabelled = self.fresh(&parts);
        let mut vocabulary = Vocabulary::fit(train.chain(unlabelled.iter().copied()), words);
        vocabulary.check_size()?;
        if let Some(form) = &self.form {
            vocabulary = vocabulary.with_form(form.clone());
        }
        self.encode(&parts, &unlabelled, vocabulary)
    }

    /// As [`bag`](Self::bag), with the words of a vocabulary that exists, such as that of a trained network.
    ///
    /// # Errors
    /// As [`bag`](Self::bag).
    pub fn bag_with(&self, fold: Fold, vocabulary: Vocabulary) -> Result<Bag, DataError> {
        let parts = self.parts(fold)?;
        self.encode(&parts, &self.fresh(&parts), vocabulary)
    }

    /// Which reviews are in which part of `fold`.
    ///
    /// # Errors
    /// As [`bag`](Self::bag).
    pub fn parts(&self, fold: Fold) -> Result<Parts, DataError> {
        let texts: Vec<&str> = self.reviews.iter().map(|r| r.text.as_str()).collect();
        let labels: Vec<u32> = self.reviews.iter().map(|r| r.label).collect();
        fold.parts(&texts, &labels)
    }

    fn text(&self, index: usize) -> &str {
        &self.reviews[index].text
    }

    /// The unlabelled texts that are not validation or test texts without their stars.
    fn fresh(&self, parts: &Parts) -> Vec<&str> {
        let held_out = parts.valid.iter().chain(&parts.test);
        let held_out: HashSet<&str> = held_out.map(|&index| self.text(index)).collect();
        let texts = self.unlabelled.iter().map(String::as_str);
        texts.filter(|text| !held_out.contains(text)).collect()
    }

    fn encode(
        &self,
        parts: &Parts,
        unlabelled: &[&str],
        vocabulary: Vocabulary,
    ) -> Result<Bag, DataError> {
        let classes = self.classes.count();
        let part = |indices: &[usize]| -> Result<Arc<SparseSamples>, DataError> {
            let rows = vocabulary.rows(indices.iter().map(|&index| self.text(index)))?;
            let labels = indices.iter().map(|&index| self.reviews[index].label);
            Ok(Arc::new(SparseSamples::new(
                rows,
                labels.collect(),
                classes,
            )?))
        };
        let mut split = Split::new(part(&parts.train)?, part(&parts.valid)?, part(&parts.test)?)?;
        if !unlabelled.is_empty() {
            let train = parts.train.iter().map(|&index| self.text(index));
            let rows = vocabulary.rows(train.chain(unlabelled.iter().copied()))?;
            let labels = vec![0; rows.len()];
            let all = SparseSamples::new(rows, labels, classes)?;
            split = split.with_unlabelled(Arc::new(all))?;
        }
        Ok(Bag { split, vocabulary })
    }
}

/// The parts of a fold as binary bags of words, in sparse rows.
#[derive(Clone, Debug)]
pub struct Bag {
    /// Training, validation and test reviews; where there are texts without stars, they and the training texts are what
    /// pre-training sees.
    pub split: Split,
    /// The words that have a column.
    pub vocabulary: Vocabulary,
}

/// Indices of the reviews in each part of a fold, rising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// To learn from.
    pub train: Vec<usize>,
    /// To choose by.
    pub valid: Vec<usize>,
    /// To report on.
    pub test: Vec<usize>,
}

impl Dataset<Review> for Reviews {
    fn get(&self, index: usize) -> Result<Review, DatasetError> {
        self.reviews.get(index).cloned().ok_or_else(|| {
            let len = self.reviews.len();
            DatasetError::new(DataError::Index { index, len })
        })
    }

    fn len(&self) -> usize {
        self.reviews.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::words;
    use rectifier_data::{Batch, Examples};

    /// Every review has a word of its own; `unlabelled` repeats reviews without their stars.
    fn reviews(count: usize, unlabelled: &[usize]) -> Reviews {
        let text = |index: usize| format!("all have four words and own{index}");
        let rated = (0..count).map(|index| (text(index), (index % 5) as u8 + 1));
        let mut texts: Vec<String> = unlabelled.iter().map(|&index| text(index)).collect();
        texts.push("a text nobody rated".into());
        Reviews::rated(rated.collect(), texts, Path::new("memory")).unwrap()
    }

    fn gathered(part: &dyn Examples) -> Batch {
        let mut batch = Batch::default();
        let indices: Vec<usize> = (0..part.len()).collect();
        part.gather(&indices, &mut batch).unwrap();
        batch
    }

    #[test]
    fn words_of_held_out_texts_are_not_in_the_vocabulary() {
        let all: Vec<usize> = (0..60).collect();
        let reviews = reviews(60, &all);
        for number in 1..=10 {
            let fold = Fold {
                number,
                ..Fold::FIRST
            };
            let parts = reviews.parts(fold).unwrap();
            let bag = reviews.bag(fold, 1000).unwrap();
            let has = |index: &usize| bag.vocabulary.words().contains(&format!("own{index}"));
            assert!(parts.train.iter().all(has));
            assert!(!parts.valid.iter().chain(&parts.test).any(has));
            // Neither do they come in by the back door, as unlabelled texts.
            assert!(bag.vocabulary.words().contains(&"nobody".to_string()));
            let unlabelled = bag.split.unlabelled.unwrap();
            assert_eq!(unlabelled.len(), 2 * parts.train.len() + 1);
            assert!(unlabelled.is_sparse());
        }
    }

    #[test]
    fn rows_are_the_texts_of_their_parts() {
        let reviews = reviews(60, &[]);
        let bag = reviews.bag(Fold::FIRST, 1000).unwrap();
        let parts = reviews.parts(Fold::FIRST).unwrap();
        let batch = gathered(bag.split.train.as_ref());
        let rows = batch.sparse.unwrap();
        for (place, &index) in parts.train.iter().enumerate() {
            let review = &reviews.reviews()[index];
            assert_eq!(batch.labels[place], review.label);
            let (columns, values) = rows.row(place).unwrap();
            let mut found: Vec<&str> = columns
                .iter()
                .map(|&c| bag.vocabulary.words()[c as usize].as_str())
                .collect();
            let mut expected: Vec<String> = words(&review.text).collect();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected);
            assert!(values.iter().all(|&value| value == 1.0));
        }
        // Held-out texts keep the words that training texts have too, and no other.
        let test = gathered(bag.split.test.as_ref()).sparse.unwrap();
        assert!(test.iter().all(|(columns, _)| columns.len() == 5));
    }

    #[test]
    fn a_vocabulary_that_exists_is_taken_as_it_is() {
        let reviews = reviews(60, &[]);
        let vocabulary = Vocabulary::fit(["four words", "words"], 3);
        let bag = reviews.bag_with(Fold::FIRST, vocabulary.clone()).unwrap();
        assert_eq!((bag.vocabulary, bag.split.train.width()), (vocabulary, 3));
        let rows = gathered(bag.split.valid.as_ref()).sparse.unwrap();
        assert_eq!(rows.row(0), Some((&[0, 1][..], &[1.0, 1.0][..])));
        assert_eq!(rows.width(), 3);
    }

    #[test]
    fn items_are_the_reviews() {
        let reviews = reviews(3, &[]);
        assert_eq!(reviews.get(1).unwrap(), reviews.reviews()[1]);
        assert_eq!(
            (reviews.get(1).unwrap().stars, reviews.get(1).unwrap().label),
            (2, 1)
        );
        let error = reviews.get(3).unwrap_err().to_string();
        assert!(
            error.contains("example 3 was asked of a set of 3"),
            "{error}"
        );
        assert_eq!(Dataset::iter(&reviews).count(), 3);
    }
}
