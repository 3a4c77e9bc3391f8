//! What is known of CIFAR-10: its files, where they can be had, and what they hold.

use std::path::PathBuf;

use rectifier_data::{DataError, DataInfo, Locator, Remote, Sizes};

/// The name of the set, and of its folder.
pub const NAME: &str = "cifar10";

/// The side of an image, in pixels.
pub(crate) const SIDE: usize = 32;
/// The classes, in the order of `batches.meta.txt`.
pub const CLASS_NAMES: [&str; 10] = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
];
/// How many images a batch file holds.
pub(crate) const BATCH: usize = 10_000;
/// How many official test images, the first, are to choose by.
pub(crate) const VALID: usize = 5_000;

/// The folder that the archive unpacks to.
pub(crate) const FOLDER: &str = "cifar-10-batches-bin";
/// The files of images in it: five to learn from, then the one to test on.
pub(crate) const BATCHES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// The official archive. Its author publishes the MD5 c32a1d4ab5d03f1284b67883e8d87530; the SHA-256 of the same
/// 170,052,171 bytes is the one that TensorFlow Datasets and others pin for this address.
pub(crate) const ARCHIVE: Remote<'static> = Remote {
    file: "cifar-10-binary.tar.gz",
    sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    bytes: 170_052_171,
    mirrors: &["https://www.cs.toronto.edu/~kriz/"],
};

/// Where the set may be in a folder: unpacked in its own folder, unpacked right there, packed.
pub(crate) const PLACES: [&str; 3] = [
    "cifar-10-batches-bin/data_batch_1.bin",
    BATCHES[0],
    ARCHIVE.file,
];

/// Where the set is on this machine, without reading it: its first batch, or its archive.
///
/// # Errors
/// As [`Locator::find`].
pub fn find(locator: &Locator) -> Result<Option<PathBuf>, DataError> {
    Ok(locator.find(NAME, &PLACES)?.map(|(path, _)| path))
}

/// CIFAR-10 in a listing.
pub fn info() -> DataInfo {
    DataInfo {
        name: NAME.into(),
        title: "CIFAR-10: photographs of animals and vehicles, 32x32 pixels in colour".into(),
        classes: CLASS_NAMES.len(),
        class_names: CLASS_NAMES.map(String::from).into(),
        shape: vec![3, SIDE, SIDE],
        sizes: Sizes {
            train: 5 * BATCH,
            valid: VALID,
            test: BATCH - VALID,
        },
        licence: "none stated; collected from the web for research by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton"
            .into(),
        citation: "A. Krizhevsky: Learning multiple layers of features from tiny images. Technical report, University \
                   of Toronto, 2009"
            .into(),
        source: format!("fetched on first use (170.1 MB) from {}", ARCHIVE.mirrors[0]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_sizes_agree_with_the_names() {
        assert_eq!(PLACES[0], format!("{FOLDER}/{}", BATCHES[0]));
        let text = format!("({:.1} MB)", ARCHIVE.bytes as f64 / 1e6);
        assert!(info().source.contains(&text), "{text}");
        let Sizes { train, valid, test } = info().sizes;
        assert_eq!((train, valid, test), (50_000, 5_000, 5_000));
        assert_eq!(ARCHIVE.sha256.len(), 64);
    }
}
