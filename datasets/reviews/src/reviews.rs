//! Reviews in memory: labelled ones, and texts without a label.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use burn_dataset::{Dataset, DatasetError};
use rectifier_data::{DataError, SparseSamples, Split};

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
        })
    }

    pub(crate) fn with_warnings(mut self, warnings: Vec<String>) -> Self {
        self.warnings = warnings;
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
    /// [`DataError::Content`] where the reviews are too few for so many folds.
    pub fn bag(&self, fold: Fold, words: usize) -> Result<Bag, DataError> {
        let parts = self.parts(fold)?;
        let train = parts.train.iter().map(|&index| self.text(index));
        let unlabelled = self.fresh(&parts);
        let vocabulary = Vocabulary::fit(train.chain(unlabelled.iter().copied()), words);
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
