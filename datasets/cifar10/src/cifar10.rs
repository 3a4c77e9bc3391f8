//! CIFAR-10 in memory, checked.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use rectifier_data::{DataError, Locator, Progress, Samples, Split};

use crate::Cifar10Part;
use crate::archive;
use crate::files::{ARCHIVE, BATCH, BATCHES, CLASS_NAMES, NAME, PLACES, SIDE, VALID};
use crate::records::{RECORD, Records, Trouble};

/// CIFAR-10 in memory: 184 MB, one byte a number.
#[derive(Clone, Debug)]
pub struct Cifar10 {
    train: Cifar10Part,
    valid: Cifar10Part,
    test: Cifar10Part,
    official_test: Cifar10Part,
    warnings: Vec<String>,
}

impl Cifar10 {
    /// Finds the unpacked batches or the archive, fetches the archive if neither is on this machine, checks and decodes.
    ///
    /// `progress` is told of a fetch only.
    ///
    /// # Errors
    /// As [`Locator::locate`]; [`DataError::Content`] for files that are not the six batches of CIFAR-10's binary version.
    pub fn load(locator: &Locator, progress: &mut Progress<'_>) -> Result<Self, DataError> {
        match locator.find(NAME, &PLACES)? {
            Some((first, _)) if first.ends_with(BATCHES[0]) => {
                let folder = first.parent().unwrap_or(Path::new("."));
                Self::from_folder(folder)
            }
            _ => {
                let found = locator
                    .locate(NAME, &ARCHIVE, progress)
                    .map_err(also_looked)?;
                let batches = archive::read(&found.path, open(&found.path)?, BATCH)?;
                let [train @ .., test] = batches;
                let mut whole = Records::with_capacity(5 * BATCH);
                for batch in train {
                    whole.pixels.extend_from_slice(&batch.pixels);
                    whole.labels.extend_from_slice(&batch.labels);
                }
                Self::new(whole, test, found.warning.into_iter().collect())
            }
        }
    }

    /// Reads the six unpacked batches in `folder`, whose checksums nobody published: one of the
    /// [`warnings`](Self::warnings) names them.
    ///
    /// # Errors
    /// [`DataError::Content`], [`DataError::Io`].
    pub fn from_folder(folder: &Path) -> Result<Self, DataError> {
        let [train @ .., test] = BATCHES.map(|name| folder.join(name));
        let mut whole = Records::with_capacity(5 * BATCH);
        for path in &train {
            read_batch(path, &mut whole)?;
        }
        let mut last = Records::with_capacity(BATCH);
        read_batch(&test, &mut last)?;
        let warning = format!(
            "{}: {} to {} and {} have no published checksum; their sizes and labels are right, but neither pictures nor \
             order could be checked. {} has one",
            folder.display(),
            BATCHES[0],
            BATCHES[4],
            BATCHES[5],
            ARCHIVE.file
        );
        Self::new(whole, last, vec![warning])
    }

    fn new(train: Records, test: Records, warnings: Vec<String>) -> Result<Self, DataError> {
        let samples = |records: Records| {
            let Records { pixels, labels } = records;
            let shape = [3, SIDE, SIDE];
            Samples::from_bytes(pixels, labels, &shape, CLASS_NAMES.len()).map(Arc::new)
        };
        let (train, test) = (samples(train)?, samples(test)?);
        Ok(Self {
            train: Cifar10Part::new(train, 0..5 * BATCH)?,
            valid: Cifar10Part::new(test.clone(), 0..VALID)?,
            test: Cifar10Part::new(test.clone(), VALID..BATCH)?,
            official_test: Cifar10Part::new(test, 0..BATCH)?,
            warnings,
        })
    }

    /// The 50,000 official training images, to learn from.
    pub fn train(&self) -> &Cifar10Part {
        &self.train
    }

    /// The first 5,000 official test images, to choose by.
    pub fn valid(&self) -> &Cifar10Part {
        &self.valid
    }

    /// The last 5,000 official test images, to report on.
    pub fn test(&self) -> &Cifar10Part {
        &self.test
    }

    /// All 10,000 official test images, to report on where nothing was chosen by them.
    pub fn official_test(&self) -> &Cifar10Part {
        &self.official_test
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

fn open(path: &Path) -> Result<BufReader<File>, DataError> {
    let file = File::open(path).map_err(|source| DataError::io(path, source))?;
    Ok(BufReader::with_capacity(1 << 18, file))
}

fn read_batch(path: &Path, records: &mut Records) -> Result<(), DataError> {
    let wrong = |problem: String| DataError::Content {
        path: path.to_path_buf(),
        problem,
    };
    if !path.is_file() {
        return Err(wrong(format!(
            "the file is missing beside the other batches: unpack the whole {}",
            ARCHIVE.file
        )));
    }
    let read = records.append(open(path)?, BATCH);
    read.map_err(|trouble| match trouble {
        Trouble::Io(source) => DataError::io(path, source),
        Trouble::Records(problem) => wrong(format!(
            "{problem} (expected {BATCH} records, {} bytes)",
            BATCH * RECORD
        )),
    })
}

/// Says that the unpacked batches were looked for, too.
fn also_looked(error: DataError) -> DataError {
    let DataError::Missing(mut missing) = error else {
        return error;
    };
    let packed = std::mem::take(&mut missing.looked_at);
    for path in packed {
        let folder = path.parent().unwrap_or(Path::new("."));
        missing
            .looked_at
            .extend(PLACES.map(|place| folder.join(place)));
    }
    DataError::Missing(missing)
}
