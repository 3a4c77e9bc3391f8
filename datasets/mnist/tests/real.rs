//! The real MNIST, where `RECTIFIER_DATA` names a folder that holds it; elsewhere each test says that it was skipped.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fs::{self, File};
use std::io::{Read, copy};
use std::path::{Path, PathBuf};

use burn_dataset::Dataset;
use rectifier_data::{Batch, DATA_VARIABLE, DataError, Examples, Locator, class_counts};
use rectifier_mnist::{Mnist, info};

const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// The folder with the four packed files. A relative path counts from the root of the workspace, where cargo is
/// called from, not from this package, where cargo runs tests.
fn real_folder() -> Option<PathBuf> {
    let named = std::env::var_os(DATA_VARIABLE).unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join(named).join("mnist");
    let whole = FILES
        .iter()
        .all(|file| folder.join(format!("{file}.gz")).is_file());
    if !whole {
        eprintln!("skipped: {DATA_VARIABLE} names no folder that holds the real MNIST");
    }
    whole.then_some(folder)
}

fn locator(folder: &Path) -> Locator {
    Locator {
        data_dir: Some(folder.to_path_buf()),
        shared_dir: None,
        cache_dir: None,
        offline: true,
        ..Locator::default()
    }
}

fn load(folder: &Path) -> Result<Mnist, DataError> {
    Mnist::load(&locator(folder), &mut |_, _| {})
}

fn inputs(examples: &dyn Examples) -> Batch {
    let mut batch = Batch::default();
    let indices: Vec<usize> = (0..examples.len()).collect();
    examples.gather(&indices, &mut batch).unwrap();
    batch
}

#[test]
fn sizes_counts_and_mean_are_those_published() {
    let Some(folder) = real_folder() else { return };
    let mnist = load(&folder).unwrap();
    assert_eq!(mnist.warnings(), [""; 0]);
    let split = mnist.split();
    let sizes = [&split.train, &split.valid, &split.test].map(|part| part.len());
    assert_eq!(sizes, [50_000, 10_000, 10_000]);
    let listed = info().sizes;
    assert_eq!(sizes, [listed.train, listed.valid, listed.test]);
    assert_eq!(split.train.shape(), [28, 28]);
    let train = class_counts(mnist.official_train()).unwrap();
    assert_eq!(
        train,
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    );
    let test = class_counts(mnist.test()).unwrap();
    assert_eq!(
        test,
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    );
    let pixels = inputs(mnist.official_train()).inputs;
    let mean = pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / pixels.len() as f64;
    let squares = pixels.iter().map(|&p| (f64::from(p) - mean).powi(2));
    let deviation = (squares.sum::<f64>() / pixels.len() as f64).sqrt();
    assert!((mean - 0.1307).abs() < 5e-5, "{mean}");
    assert!((deviation - 0.3081).abs() < 5e-5, "{deviation}");
}

#[test]
fn the_first_image_is_the_well_known_five() {
    let Some(folder) = real_folder() else { return };
    let mnist = load(&folder).unwrap();
    let first = mnist.train().get(0).unwrap();
    assert_eq!(first.label, 5);
    // The sixth row, whose ink begins at column 12.
    let ink = [3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127];
    let row = &first.pixels[5 * 28..6 * 28];
    assert_eq!(row[12..24], ink.map(|byte: u8| f32::from(byte) / 255.0));
    assert!(
        first.pixels[..5 * 28 + 12]
            .iter()
            .all(|&pixel| pixel == 0.0)
    );
    let labels = inputs(mnist.train()).labels;
    assert_eq!(labels[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(mnist.test().get(0).unwrap().label, 7);
}

#[test]
fn the_parts_are_the_runs_they_are_said_to_be() {
    let Some(folder) = real_folder() else { return };
    let mnist = load(&folder).unwrap();
    let whole = mnist.official_train();
    for (part, start) in [(mnist.train(), 0), (mnist.valid(), 50_000)] {
        for index in [0, 1, 5_000, 9_999] {
            assert_eq!(part.get(index).unwrap(), whole.get(start + index).unwrap());
        }
        let labels = whole.labels().unwrap();
        let run = &labels[start..start + Examples::len(part)];
        assert_eq!(part.labels().unwrap(), run);
    }
    assert!(mnist.train().get(50_000).is_err());
}

#[test]
fn unpacked_files_are_as_good_and_a_changed_one_is_not() {
    let Some(folder) = real_folder() else { return };
    let unpacked = tempfile::tempdir().unwrap();
    for file in FILES {
        let packed = File::open(folder.join(format!("{file}.gz"))).unwrap();
        let mut out = File::create(unpacked.path().join(file)).unwrap();
        copy(&mut flate2::read::GzDecoder::new(packed), &mut out).unwrap();
    }
    let (one, other) = (load(&folder).unwrap(), load(unpacked.path()).unwrap());
    assert_eq!(other.warnings(), [""; 0]);
    assert!(inputs(one.test()) == inputs(other.test()));
    assert_eq!(
        one.train().get(49_999).unwrap(),
        other.train().get(49_999).unwrap()
    );

    let labels = unpacked.path().join(FILES[3]);
    let mut bytes = Vec::new();
    File::open(&labels)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    assert_eq!(bytes[8], 7);
    bytes[8] = 3;
    fs::write(&labels, bytes).unwrap();
    let error = load(unpacked.path()).unwrap_err();
    assert!(
        matches!(&error, DataError::Checksum(mismatch) if mismatch.path == labels),
        "{error}"
    );
    let permissive = Locator {
        allow_unknown: true,
        ..locator(unpacked.path())
    };
    let changed = Mnist::load(&permissive, &mut |_, _| {}).unwrap();
    assert_eq!(changed.warnings().len(), 1);
    assert!(
        changed.warnings()[0].contains(FILES[3]),
        "{}",
        changed.warnings()[0]
    );
    assert_eq!(changed.test().get(0).unwrap().label, 3);
}
