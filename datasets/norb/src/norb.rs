//! NORB in memory, checked.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rectifier_data::{DataError, Locator, Progress, Samples, Split};

use crate::files::{Layout, Place, Variant};
use crate::pairs::{read_categories, read_into};
use crate::{NorbPart, PIXELS, SIDE};

/// NORB in memory: one byte a number, 717 MB (jittered-cluttered) or 100 MB (small).
#[derive(Clone, Debug)]
pub struct Norb {
    train: NorbPart,
    valid: NorbPart,
    official_train: NorbPart,
    test: NorbPart,
    warnings: Vec<String>,
}

/// The two files of one run of pairs.
struct Files {
    pairs: PathBuf,
    categories: PathBuf,
}

impl Norb {
    /// Finds all files, fetches those that can be (the small set's), checks and decodes them.
    ///
    /// `progress` is told of fetches only.
    ///
    /// # Errors
    /// As [`Locator::locate`]; [`DataError::Content`] for files that are missing, damaged, or hold something else.
    pub fn load(
        variant: Variant,
        locator: &Locator,
        progress: &mut Progress<'_>,
    ) -> Result<Self, DataError> {
        let layout = variant.layout();
        let mut warnings = Vec::new();
        let mut unknown = Vec::new();
        let mut locate = |stem: &str, ending: &str| -> Result<PathBuf, DataError> {
            let Place {
                path,
                known,
                warning,
            } = variant.locate(stem, ending, locator, progress)?;
            warnings.extend(warning);
            if !known {
                unknown.push(path.clone());
            }
            Ok(path)
        };
        let mut files = |stems: &[String]| -> Result<Vec<Files>, DataError> {
            let both = |stem: &String| {
                Ok(Files {
                    pairs: locate(stem, "dat")?,
                    categories: locate(stem, "cat")?,
                })
            };
            stems.iter().map(both).collect()
        };
        let (train, test) = (files(&layout.train)?, files(&layout.test)?);
        if let [first, others @ ..] = unknown.as_slice() {
            warnings.push(format!(
                "{} and {} more files have no published checksum; their headers, sizes and categories are right, but the \
                 pictures could not be checked",
                first.display(),
                others.len()
            ));
        }
        Self::decode(&layout, &train, &test, warnings)
    }

    fn decode(
        layout: &Layout,
        train: &[Files],
        test: &[Files],
        warnings: Vec<String>,
    ) -> Result<Self, DataError> {
        let train = Arc::new(decode(layout, train)?);
        let test = Arc::new(decode(layout, test)?);
        let whole = layout.train.len() * layout.count;
        let learned = whole.saturating_sub(layout.valid);
        Ok(Self {
            train: NorbPart::new(train.clone(), 0..learned)?,
            valid: NorbPart::new(train.clone(), learned..whole)?,
            official_train: NorbPart::new(train, 0..whole)?,
            test: NorbPart::new(test, 0..layout.test.len() * layout.count)?,
            warnings,
        })
    }

    /// The first official training pairs, to learn from.
    pub fn train(&self) -> &NorbPart {
        &self.train
    }

    /// The last official training pairs, to choose by.
    pub fn valid(&self) -> &NorbPart {
        &self.valid
    }

    /// All official training pairs, for a last training when everything is chosen.
    pub fn official_train(&self) -> &NorbPart {
        &self.official_train
    }

    /// The official test pairs, of other toys than the training pairs, to report on.
    pub fn test(&self) -> &NorbPart {
        &self.test
    }

    /// The parts to train, choose and report by.
    pub fn split(&self) -> Split {
        Split {
            train: Arc::new(self.train.clone()),
            valid: Arc::new(self.valid.clone()),
            test: Arc::new(self.test.clone()),
            unlabelled: None,
        }
    }

    /// What to tell the user of files that are not known to be the official ones; nothing where they are.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Byte `b` as `b / 127.5 - 1`, from -1 to 1.
fn signed_table() -> [f32; 256] {
    std::array::from_fn(|byte| byte as f32 / 127.5 - 1.0)
}

/// Reads all pairs of `files` into one buffer, a file on each core.
fn decode(layout: &Layout, files: &[Files]) -> Result<Samples, DataError> {
    let mut labels = Vec::with_capacity(files.len() * layout.count);
    for Files { categories, .. } in files {
        let found = read_categories(categories, layout.classes)?;
        if found.len() != layout.count {
            return Err(DataError::Content {
                path: categories.clone(),
                problem: format!(
                    "{} categories, where {} were expected: use the official files",
                    found.len(),
                    layout.count
                ),
            });
        }
        labels.extend(found);
    }
    let mut pixels = vec![0; labels.len() * PIXELS];
    let rooms = pixels.chunks_mut(layout.count * PIXELS);
    let jobs = Mutex::new(files.iter().zip(rooms));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || -> Result<(), DataError> {
        loop {
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((files, room)) = job else {
                return Ok(());
            };
            read_into(&files.pairs, layout.side, room)?;
        }
    };
    std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..cores.min(files.len()))
            .map(|_| scope.spawn(work))
            .collect();
        let mut result = work();
        for helper in helpers {
            match helper.join() {
                Ok(helped) => result = result.and(helped),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        result
    })?;
    let shape = [2, SIDE, SIDE];
    Samples::from_bytes_with(pixels, signed_table(), labels, &shape, layout.classes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rectifier_data::{Batch, Examples};
    use std::fs;
    use std::path::Path;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Writes the files of `layout`: every image of pair `n` of file `f` is all `10 f + n`, its category `n % classes`.
    fn write(folder: &Path, layout: &Layout) -> [Vec<Files>; 2] {
        let mut number = 0;
        let mut files = |stem: &String| {
            let side = layout.side as u32;
            let count = layout.count as u32;
            let mut dat = words(&[0x1E3D_4C55, 4, count, 2, side, side]);
            let mut cat = words(&[0x1E3D_4C54, 1, count, 1, 1]);
            for pair in 0..count {
                let byte = (10 * number + pair) as u8;
                dat.resize(dat.len() + 2 * layout.side * layout.side, byte);
                cat.extend(words(&[pair % layout.classes as u32]));
            }
            number += 1;
            let files = Files {
                pairs: folder.join(format!("{stem}-dat.mat")),
                categories: folder.join(format!("{stem}-cat.mat")),
            };
            fs::write(&files.pairs, dat).unwrap();
            fs::write(&files.categories, cat).unwrap();
            files
        };
        [&layout.train, &layout.test].map(|stems| stems.iter().map(&mut files).collect())
    }

    fn layout() -> Layout {
        Layout {
            train: vec!["a".into(), "b".into(), "c".into()],
            test: vec!["d".into(), "e".into()],
            count: 6,
            side: 36,
            classes: 3,
            valid: 4,
        }
    }

    #[test]
    fn files_follow_each_other_and_the_last_pairs_validate() {
        let (folder, layout) = (tempfile::tempdir().unwrap(), layout());
        let [train, test] = write(folder.path(), &layout);
        let norb = Norb::decode(&layout, &train, &test, Vec::new()).unwrap();
        let split = norb.split();
        let sizes = [&split.train, &split.valid, &split.test].map(|part| part.len());
        assert_eq!(sizes, [14, 4, 12]);
        let mut batch = Batch::default();
        split.train.gather(&[0, 7, 13], &mut batch).unwrap();
        split.valid.gather(&[0, 3], &mut batch).unwrap();
        split.test.gather(&[0, 11], &mut batch).unwrap();
        assert_eq!(batch.labels, [0, 1, 1, 2, 2, 0, 2]);
        let bytes = [0, 11, 21, 22, 25, 30, 45].map(|byte| byte as f32 / 127.5 - 1.0);
        for (row, number) in batch.inputs.chunks_exact(PIXELS).zip(bytes) {
            assert!(
                row.iter().all(|&found| found == number),
                "{} {number}",
                row[0]
            );
        }
        assert_eq!(norb.official_train().len(), 18);
    }

    #[test]
    fn one_bad_file_among_many_is_named() {
        let (folder, layout) = (tempfile::tempdir().unwrap(), layout());
        let [train, test] = write(folder.path(), &layout);
        let refused = |path: &Path, bytes: &[u8], why: &str| {
            let good = fs::read(path).unwrap();
            fs::write(path, bytes).unwrap();
            let error = Norb::decode(&layout, &train, &test, Vec::new()).unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains(why) && text.contains(&path.display().to_string()),
                "{text}"
            );
            fs::write(path, good).unwrap();
        };
        let whole = fs::read(&train[1].pairs).unwrap();
        refused(
            &train[1].pairs,
            &whole[..whole.len() - 7],
            "7 bytes before the end",
        );
        refused(&train[2].pairs, &[], "ends inside its header");
        let other = words(&[0x1E3D_4C55, 4, 0, 2, 36, 36]);
        refused(
            &test[1].pairs,
            &other,
            "where 6 pairs of 2x36x36 bytes were expected",
        );
        let other = words(&[0x1E3D_4C54, 1, 1, 1, 1, 0]);
        refused(
            &test[0].categories,
            &other,
            "1 categories, where 6 were expected",
        );
        assert!(Norb::decode(&layout, &train, &test, Vec::new()).is_ok());
    }
}
