//! Whether data are those that a network was trained on: all of them, or some of the test part.

use crate::{CatalogError, DataSpec, Trained};
use rectifier_data::{Batch, Examples, Loaded, Locator, Split, Supply};
use rectifier_train::DataFingerprint;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many examples are gathered at a time.
const GATHERED: usize = 256;

impl Trained {
    /// Whether `loaded`, which `data` gave, is still what it was trained on; `None` where its file does not say, or where
    /// `data` is something else by its very choices, or is generated from nothing but them.
    ///
    /// # Errors
    /// [`CatalogError`] of reading examples.
    pub fn is_unchanged(
        &self,
        data: &DataSpec,
        loaded: &Loaded,
    ) -> Result<Option<bool>, CatalogError> {
        // What is made anew for each run depends on the plan alone.
        let from_files = data.nature().supply != Supply::Generated;
        let Some(plan) = self.plan().filter(|plan| from_files && plan.data == *data) else {
            return Ok(None);
        };
        let Some(checksum) = &self.card()?.provenance.data_checksum else {
            return Ok(None);
        };
        let mut split = loaded.split.clone();
        if let Some(share) = plan.label_fraction {
            split = split.with_label_fraction(share, plan.recipe.seed)?;
        }
        let found = DataFingerprint::of_split(data.name(), &split)?;
        Ok(Some(found.checksum == *checksum))
    }

    /// How many test examples of `loaded` stand in the part that it was trained on, where `data` is the same set with other
    /// choices, such as another fold; 0 where that part cannot be read any more.
    ///
    /// # Errors
    /// [`CatalogError`] of reading examples.
    pub fn seen_in_training(
        &self,
        data: &DataSpec,
        loaded: &Loaded,
        locator: &Locator,
    ) -> Result<usize, CatalogError> {
        let files = data.nature().supply == Supply::Files;
        let other = |known: &DataSpec| known.name() == data.name() && known != data;
        let Some(plan) = self.plan().filter(|plan| files && other(&plan.data)) else {
            return Ok(0);
        };
        let encoder = self.encoder()?;
        let Ok(own) = plan.load(locator, encoder.as_ref(), &mut |_, _| {}) else {
            return Ok(0);
        };
        shared(own.split.train.as_ref(), loaded.split.test.as_ref())
    }
}

/// How many test examples of `split` stand in its training part, where `data` takes the test part from a file of its own:
/// all of them where that is the file of the training part. Parts drawn from one file share no example, only equal ones, and
/// 0 is the answer for them.
///
/// # Errors
/// [`CatalogError`] of reading examples.
pub fn test_in_training(data: &DataSpec, split: &Split) -> Result<usize, CatalogError> {
    let plan = data.to_plan();
    let given = |key: &str| plan[key].is_string();
    match given("test_file") || given("test_images") {
        true => shared(split.train.as_ref(), split.test.as_ref()),
        false => Ok(0),
    }
}

/// How many examples of `test` are in `train`, too.
fn shared(train: &dyn Examples, test: &dyn Examples) -> Result<usize, CatalogError> {
    let trained: HashSet<u64> = digests(train)?.into_iter().collect();
    let test = digests(test)?;
    Ok(test.iter().filter(|row| trained.contains(row)).count())
}

/// A digest of each example, its label included.
fn digests(examples: &dyn Examples) -> Result<Vec<u64>, CatalogError> {
    let mut all = Vec::with_capacity(examples.len());
    let mut batch = Batch::default();
    for start in (0..examples.len()).step_by(GATHERED) {
        let indices: Vec<usize> = (start..examples.len().min(start + GATHERED)).collect();
        batch.clear();
        examples.gather(&indices, &mut batch)?;
        let width = batch.width();
        for (row, label) in batch.labels.iter().enumerate() {
            let mut hasher = DefaultHasher::new();
            label.hash(&mut hasher);
            let values = match batch.sparse.as_ref() {
                Some(rows) => {
                    let (columns, values) = rows.row(row).unwrap_or_default();
                    columns.hash(&mut hasher);
                    values
                }
                None => batch
                    .inputs
                    .get(row * width..(row + 1) * width)
                    .unwrap_or_default(),
            };
            for value in values {
                value.to_bits().hash(&mut hasher);
            }
            all.push(hasher.finish());
        }
    }
    Ok(all)
}
