//! What needs no real data: files that are missing, cut, or not CIFAR-10 at all.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use rectifier_cifar10::{Cifar10, NAME, RECORD, find};
use rectifier_data::{Batch, DataError, Examples, Locator, class_counts};

const BATCHES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

fn locator(folder: &Path) -> Locator {
    Locator {
        data_dir: Some(folder.to_path_buf()),
        shared_dir: None,
        cache_dir: None,
        offline: true,
        ..Locator::default()
    }
}

fn load(locator: &Locator) -> Result<Cifar10, DataError> {
    Cifar10::load(locator, &mut |_, _| {})
}

/// A batch of the right size: ten classes in turn, black pictures but for the third, which has one red dot in row 2 of column
/// 5, a green one in row 3 of column 7, and a blue one in row 31 of column 0.
fn batch() -> Vec<u8> {
    let mut bytes = vec![0; 10_000 * RECORD];
    for (record, label) in bytes.chunks_exact_mut(RECORD).zip((0..10).cycle()) {
        record[0] = label;
    }
    for (colour, row, column, value) in [(0, 2, 5, 51), (1, 3, 7, 102), (2, 31, 0, 255)] {
        bytes[2 * RECORD + 1 + (colour * 32 + row) * 32 + column] = value;
    }
    bytes
}

#[test]
fn without_files_the_error_names_both_forms_and_the_address() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(find(&locator(folder.path())).unwrap(), None);
    let text = load(&locator(folder.path())).unwrap_err().to_string();
    for part in [
        "cifar-10-binary.tar.gz (170052171 bytes, SHA-256 c4a38c50",
        "cifar-10-batches-bin/data_batch_1.bin",
        "offline",
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        &folder.path().join(NAME).display().to_string(),
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn an_archive_with_another_checksum_is_refused_and_even_if_allowed_must_hold_the_batches() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cifar-10-binary.tar.gz"), b"half of it").unwrap();
    let mut locator = locator(folder.path());
    assert!(matches!(load(&locator), Err(DataError::Checksum(_))));
    locator.allow_unknown = true;
    let text = load(&locator).unwrap_err().to_string();
    assert!(text.contains("damaged or cut off"), "{text}");
}

#[test]
fn unpacked_batches_are_taken_with_a_warning_and_each_must_be_whole() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("cifar10/cifar-10-batches-bin");
    fs::create_dir_all(&inner).unwrap();
    let good = batch();
    for name in BATCHES {
        fs::write(inner.join(name), &good).unwrap();
    }
    let cifar10 = load(&locator(folder.path())).unwrap();
    assert_eq!(class_counts(cifar10.valid()).unwrap(), [500; 10]);
    assert_eq!(Examples::len(cifar10.train()), 50_000);
    // Red, green and blue one after the other, each row by row; the first batch's third picture is the 20,003rd too.
    assert_eq!(Examples::shape(cifar10.train()), [3, 32, 32]);
    let mut picture = Batch::default();
    cifar10.train().gather(&[20_002], &mut picture).unwrap();
    let lit: Vec<(usize, f32)> = picture.inputs.iter().copied().enumerate().collect();
    let lit: Vec<_> = lit.into_iter().filter(|(_, value)| *value > 0.0).collect();
    let place = |colour: usize, row: usize, column: usize| (colour * 32 + row) * 32 + column;
    assert_eq!(
        lit,
        [
            (place(0, 2, 5), 0.2),
            (place(1, 3, 7), 0.4),
            (place(2, 31, 0), 1.0)
        ]
    );
    assert_eq!(picture.labels, [2]);
    let warning = &cifar10.warnings()[0];
    assert!(
        warning.contains(&inner.display().to_string()) && warning.contains("data_batch_5.bin"),
        "{warning}"
    );
    // The folder of the batches itself may be named, too.
    assert!(load(&locator(&inner)).is_ok());

    let refused = |name: &str, bytes: &[u8], why: &str| {
        fs::write(inner.join(name), bytes).unwrap();
        let text = load(&locator(folder.path())).unwrap_err().to_string();
        assert!(
            text.contains(name) && text.contains(why),
            "{why:?} in {text}"
        );
        fs::write(inner.join(name), &good).unwrap();
    };
    refused("data_batch_3.bin", &[], "ends after 0 of 30730000 bytes");
    refused(
        "test_batch.bin",
        &good[..good.len() - 1],
        "ends after 30729999",
    );
    refused(
        "data_batch_1.bin",
        &[&good[..], &[0]].concat(),
        "goes on after 30730000",
    );
    let mut wrong = good.clone();
    wrong[77 * RECORD] = 10;
    refused("data_batch_2.bin", &wrong, "record 77 has label 10");
    fs::remove_file(inner.join("data_batch_4.bin")).unwrap();
    let text = load(&locator(folder.path())).unwrap_err().to_string();
    assert!(
        text.contains("data_batch_4.bin") && text.contains("missing beside"),
        "{text}"
    );
}
