//! MNIST in memory, checked.

use std::path::Path;
use std::sync::Arc;

use rectifier_data::{DataError, Examples, IdxPair, Locator, Progress, Remote, Samples, Split};

use crate::MnistPart;
use crate::files::{CLASSES, FILES, NAME, OFFICIAL_TRAIN, SIDE, TEST, TRAIN};

/// MNIST in memory: 55 MB, one byte a pixel.
#[derive(Clone, Debug)]
pub struct Mnist {
    train: MnistPart,
    valid: MnistPart,
    official_train: MnistPart,
    test: MnistPart,
    warnings: Vec<String>,
}

impl Mnist {
    /// Finds the four files, fetches those that are nowhere on this machine, checks and decodes them.
    ///
    /// `progress` is told of fetches only: how many of the bytes of all four files are there.
    ///
    /// # Errors
    /// As [`Locator::locate`] and [`IdxPair::load`]; [`DataError::Content`] for files that hold another number of images
    /// than MNIST, or images of another size, which unknown files may.
    pub fn load(locator: &Locator, progress: &mut Progress<'_>) -> Result<Self, DataError> {
        let forms: [&[Remote<'_>]; 4] = std::array::from_fn(|file| FILES[file].as_slice());
        let found = locator.locate_all(NAME, &forms, progress)?;
        // One is found for each of the four.
        let train = load_pair(&found[0].path, &found[1].path, OFFICIAL_TRAIN)?;
        let test = load_pair(&found[2].path, &found[3].path, TEST)?;
        Ok(Self {
            train: MnistPart::new(train.clone(), 0..TRAIN)?,
            valid: MnistPart::new(train.clone(), TRAIN..OFFICIAL_TRAIN)?,
            official_train: MnistPart::new(train, 0..OFFICIAL_TRAIN)?,
            test: MnistPart::new(test, 0..TEST)?,
            warnings: found
                .into_iter()
                .filter_map(|found| found.warning)
                .collect(),
        })
    }

    /// The first 50,000 official training images, to learn from.
    pub fn train(&self) -> &MnistPart {
        &self.train
    }

    /// The last 10,000 official training images, to choose by.
    pub fn valid(&self) -> &MnistPart {
        &self.valid
    }

    /// All 60,000 official training images, for a last training when everything is chosen.
    pub fn official_train(&self) -> &MnistPart {
        &self.official_train
    }

    /// The 10,000 official test images, to report on.
    pub fn test(&self) -> &MnistPart {
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

    /// What to tell the user of files that are not the official ones; nothing where they are.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

fn load_pair(images: &Path, labels: &Path, expected: usize) -> Result<Arc<Samples>, DataError> {
    let samples = IdxPair::load(images, labels, Some(CLASSES))?;
    if samples.len() != expected || samples.shape() != [SIDE, SIDE] {
        let (len, shape) = (samples.len(), samples.shape());
        return Err(DataError::Content {
            path: images.to_path_buf(),
            problem: format!(
                "{len} images of {shape:?}, where MNIST has {expected} of [{SIDE}, {SIDE}]: use the official files"
            ),
        });
    }
    Ok(Arc::new(samples))
}
