//! The real CIFAR-10, where `RECTIFIER_DATA` names a folder that holds it; elsewhere each test says that it was skipped.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};

use burn_dataset::Dataset;
use rectifier_cifar10::{CLASS_NAMES, Cifar10, find, info};
use rectifier_data::{Batch, DATA_VARIABLE, Examples, Locator, class_counts};

/// A locator for the folder that holds the set. A relative path counts from the root of the workspace, where cargo is
/// called from, not from this package, where cargo runs tests.
fn locator() -> Option<Locator> {
    let named = std::env::var_os(DATA_VARIABLE).unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder: PathBuf = root.join(named);
    let locator = Locator {
        data_dir: folder.is_dir().then_some(folder),
        shared_dir: None,
        cache_dir: None,
        offline: true,
        ..Locator::default()
    };
    let found = find(&locator).unwrap();
    if found.is_none() {
        eprintln!("skipped: {DATA_VARIABLE} names no folder that holds the real CIFAR-10");
    }
    found.map(|_| locator)
}

fn load(locator: &Locator) -> Cifar10 {
    Cifar10::load(locator, &mut |_, _| {}).unwrap()
}

#[test]
fn sizes_counts_and_means_are_those_published() {
    let Some(locator) = locator() else { return };
    let cifar10 = load(&locator);
    let split = cifar10.split();
    let sizes = [&split.train, &split.valid, &split.test].map(|part| part.len());
    let listed = info().sizes;
    assert_eq!(sizes, [50_000, 5_000, 5_000]);
    assert_eq!(sizes, [listed.train, listed.valid, listed.test]);
    assert_eq!(split.train.shape(), [3, 32, 32]);
    assert_eq!(class_counts(cifar10.train()).unwrap(), [5_000; 10]);
    assert_eq!(class_counts(cifar10.official_test()).unwrap(), [1_000; 10]);
    // The channel means and deviations that users of the set normalize by.
    let mut sums = [[0f64; 2]; 3];
    let mut batch = Batch::default();
    for start in (0..50_000).step_by(1_000) {
        let indices: Vec<usize> = (start..start + 1_000).collect();
        batch.clear();
        split.train.gather(&indices, &mut batch).unwrap();
        for (place, plane) in batch.inputs.chunks_exact(1024).enumerate() {
            for &pixel in plane {
                sums[place % 3][0] += f64::from(pixel);
                sums[place % 3][1] += f64::from(pixel).powi(2);
            }
        }
    }
    let published = [(0.4914, 0.2470), (0.4822, 0.2435), (0.4465, 0.2616)];
    for ([sum, squares], (mean, deviation)) in sums.into_iter().zip(published) {
        let count = 50_000.0 * 1024.0;
        let found = sum / count;
        assert!((found - mean).abs() < 1e-4, "{found} is not {mean}");
        let found = (squares / count - found * found).sqrt();
        assert!(
            (found - deviation).abs() < 1e-4,
            "{found} is not {deviation}"
        );
    }
}

#[test]
fn the_first_image_is_the_well_known_frog() {
    let Some(locator) = locator() else { return };
    let cifar10 = load(&locator);
    let first = cifar10.train().get(0).unwrap();
    assert_eq!(CLASS_NAMES[first.label as usize], "frog");
    // Red, green and blue of the first four pixels, read off with NumPy.
    for (channel, bytes) in [[59, 43, 50, 68], [62, 46, 48, 54], [63, 45, 43, 42]]
        .iter()
        .enumerate()
    {
        let expected = bytes.map(|byte: u8| f32::from(byte) / 255.0);
        assert_eq!(first.pixels[channel * 1024..][..4], expected);
    }
    let mut batch = Batch::default();
    cifar10
        .train()
        .gather(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10_000, 49_999], &mut batch)
        .unwrap();
    assert_eq!(batch.labels, [6, 9, 9, 4, 1, 1, 2, 7, 8, 3, 1, 1]);
}

#[test]
fn the_parts_are_the_runs_they_are_said_to_be() {
    let Some(locator) = locator() else { return };
    let cifar10 = load(&locator);
    let whole = cifar10.official_test();
    for (part, start) in [(cifar10.valid(), 0), (cifar10.test(), 5_000)] {
        for index in [0, 1, 4_999] {
            assert_eq!(part.get(index).unwrap(), whole.get(start + index).unwrap());
        }
        assert!(part.get(5_000).is_err());
    }
}

#[test]
fn files_without_a_checksum_are_named() {
    let Some(locator) = locator() else { return };
    let cifar10 = load(&locator);
    let place = find(&locator).unwrap().unwrap();
    if place.ends_with("data_batch_1.bin") {
        let [warning] = cifar10.warnings() else {
            panic!("{:?}", cifar10.warnings())
        };
        assert!(
            warning.contains("test_batch.bin have no published checksum"),
            "{warning}"
        );
    } else {
        assert_eq!(cifar10.warnings(), [""; 0]);
    }
}
