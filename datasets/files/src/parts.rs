//! The parts of labelled files: which examples are whose, and of which class.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rectifier_data::{DataError, Examples, Shares, Sizes, Split, SplitIndices, Subset};

use crate::classes::{Classes, Labels, absent};
use crate::path::content;

/// What was read of a file, and of a file of the test part where one is given, with the class of each example.
pub(crate) struct Parts<T> {
    pub class_names: Vec<String>,
    pub whole: T,
    /// Which examples of `whole` are in which part.
    pub indices: SplitIndices,
    pub test: Option<T>,
    labels: Vec<u32>,
    test_labels: Vec<u32>,
    /// The file, and that of the test part.
    files: (PathBuf, Option<PathBuf>),
}

/// What was read of the file of the test part.
pub(crate) struct TestFile<'a, T> {
    pub path: &'a Path,
    pub rows: T,
    pub labels: Labels,
    /// What it lacks where it has no example.
    pub nothing: &'static str,
}

impl<T> Parts<T> {
    /// Draws what is not given: of every class a sixth to choose by, and a sixth to report on where there is no `test`. Tells of
    /// classes that the test part lacks.
    pub fn draw(
        (file, whole): (&Path, T),
        classes: Classes,
        test: Option<TestFile<'_, T>>,
        seed: u64,
        warnings: &mut Vec<String>,
    ) -> Result<Self, DataError> {
        let shares = match test {
            Some(_) => Shares::TEST_GIVEN,
            None => Shares::default(),
        };
        let mut parts = Self {
            indices: SplitIndices::stratified(&classes.of, shares, seed)?,
            class_names: classes.names,
            whole,
            labels: classes.of,
            test: None,
            test_labels: Vec::new(),
            files: (file.to_path_buf(), None),
        };
        if let Some(test) = test {
            let wrong = |problem: &str| content(test.path, problem);
            if test.labels.len() == 0 {
                return Err(wrong(test.nothing));
            }
            let labels = test.labels.finish_as(&parts.class_names);
            parts.test_labels = labels.map_err(|problem| wrong(&problem))?;
            warnings.extend(absent("test", &parts.test_labels, &parts.class_names));
            parts.test = Some(test.rows);
            parts.files.1 = Some(test.path.to_path_buf());
        }
        Ok(parts)
    }

    pub fn sizes(&self) -> Sizes {
        Sizes {
            train: self.indices.train.len(),
            valid: self.indices.valid.len(),
            test: match self.test {
                Some(_) => self.test_labels.len(),
                None => self.indices.test.len(),
            },
        }
    }

    /// The parts as examples, which `make` makes of what was read of a file, and its labels.
    pub fn split(
        &self,
        mut make: impl FnMut(&T, Vec<u32>, &Path) -> Result<Arc<dyn Examples>, DataError>,
    ) -> Result<Split, DataError> {
        let (file, test_file) = &self.files;
        let whole = make(&self.whole, self.labels.clone(), file)?;
        let test = match (&self.test, test_file) {
            (Some(test), Some(path)) => Some(make(test, self.test_labels.clone(), path)?),
            _ => None,
        };
        split(whole, &self.indices, test)
    }
}

/// The split of `whole` by `parts`; `test` where that part is given.
pub(crate) fn split(
    whole: Arc<dyn Examples>,
    parts: &SplitIndices,
    test: Option<Arc<dyn Examples>>,
) -> Result<Split, DataError> {
    let part = |indices: &[usize]| -> Result<Arc<dyn Examples>, DataError> {
        Ok(Arc::new(Subset::list(
            Arc::clone(&whole),
            indices.to_vec(),
        )?))
    };
    let test = match test {
        Some(test) => test,
        None => part(&parts.test)?,
    };
    Split::new(part(&parts.train)?, part(&parts.valid)?, test)
}
