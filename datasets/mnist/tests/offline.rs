//! What needs no real data: files that are missing, wrong, or not MNIST at all.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use rectifier_data::{DataError, Locator};
use rectifier_mnist::{Mnist, NAME};

fn locator(folder: &Path) -> Locator {
    Locator {
        data_dir: Some(folder.to_path_buf()),
        shared_dir: None,
        cache_dir: None,
        offline: true,
        ..Locator::default()
    }
}

fn load(locator: &Locator) -> Result<Mnist, DataError> {
    Mnist::load(locator, &mut |_, _| {})
}

/// `count` black images of `side` and as many labels, under the official names.
fn write_set(folder: &Path, count: u8, side: u8) {
    for part in ["train", "t10k"] {
        let mut images = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, side, 0, 0, 0, side];
        images.resize(16 + usize::from(count) * usize::from(side).pow(2), 0);
        fs::write(folder.join(format!("{part}-images-idx3-ubyte")), images).unwrap();
        let mut labels = vec![0, 0, 8, 1, 0, 0, 0, count];
        labels.resize(8 + usize::from(count), 9);
        fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), labels).unwrap();
    }
}

#[test]
fn without_files_the_error_names_them_and_both_mirrors() {
    let folder = tempfile::tempdir().unwrap();
    let text = load(&locator(folder.path())).unwrap_err().to_string();
    for part in [
        "train-images-idx3-ubyte.gz (9912422 bytes, SHA-256 440fcabf",
        "train-images-idx3-ubyte (47040016 bytes",
        "offline",
        "https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz",
        "https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz",
        &folder.path().join(NAME).display().to_string(),
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn files_of_another_set_are_refused_and_even_if_allowed_must_look_like_mnist() {
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), 2, 28);
    let mut locator = locator(folder.path());
    assert!(matches!(load(&locator), Err(DataError::Checksum(_))));
    locator.allow_unknown = true;
    let text = load(&locator).unwrap_err().to_string();
    assert!(
        text.contains("2 images of [28, 28], where MNIST has 60000"),
        "{text}"
    );
}
