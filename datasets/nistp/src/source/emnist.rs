//! NIST handwriting, from the EMNIST `byclass` files.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rectifier_data::{DataError, Locator, Remote, read_images, read_labels};

use crate::settings::Files;
use crate::source::bank::Bank;
use crate::source::mapping::Mapping;

/// The name of the folder that the files are looked for in.
pub(crate) const FOLDER: &str = "emnist";
/// The side of an image, in pixels.
const EMNIST_SIDE: usize = 28;
/// The official archive. It is one file of all sets, so single files cannot be fetched.
const ARCHIVE: &str = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip";

const TEST_IMAGES: &[Remote<'static>] = &[
    known(
        "emnist-byclass-test-images-idx3-ubyte.gz",
        "5ec835bd5d5b1a66378a132e727fef20fe994b3cc666899befcca5ac766f50cd",
        28_908_322,
    ),
    known(
        "emnist-byclass-test-images-idx3-ubyte",
        "385559d7d5c96f49cd6b55b3e9e76d7ecbf568897b6067e8cac8f1ffc2f50f81",
        91_197_248,
    ),
];
const TEST_LABELS: &[Remote<'static>] = &[
    known(
        "emnist-byclass-test-labels-idx1-ubyte.gz",
        "501e305eeeacb093b162592d80e8a2632040872360fa6d85cfcb2200d91ca92a",
        81_839,
    ),
    known(
        "emnist-byclass-test-labels-idx1-ubyte",
        "842d01413932b3ce7afbc9990376a16f8880a212bb42d66fa2922b4218cf300a",
        116_331,
    ),
];
/// No checksum of these is known here: what they hold is checked, where they come from is not.
const TRAIN_IMAGES: &[Remote<'static>] = &[
    known("emnist-byclass-train-images-idx3-ubyte.gz", "", 0),
    known("emnist-byclass-train-images-idx3-ubyte", "", 0),
];
const TRAIN_LABELS: &[Remote<'static>] = &[
    known("emnist-byclass-train-labels-idx1-ubyte.gz", "", 0),
    known("emnist-byclass-train-labels-idx1-ubyte", "", 0),
];
const MAPPINGS: &[Remote<'static>] = &[
    known("emnist-byclass-mapping.txt", "", 0),
    known("byclass_mapping.json", "", 0),
];

const fn known(file: &'static str, sha256: &'static str, bytes: u64) -> Remote<'static> {
    Remote {
        file,
        sha256,
        bytes,
        mirrors: &[],
    }
}

/// Characters written by people: to learn from, to choose by, to report on.
#[derive(Debug)]
pub(crate) struct Handwriting {
    /// A bank for each part.
    pub banks: [Bank; 3],
    /// What to tell the user of the files.
    pub warnings: Vec<String>,
}

/// What is read of `byclass`: the part whose checksums are known, or both.
fn parts_of(files: Files) -> &'static [[&'static [Remote<'static>]; 2]] {
    match files {
        Files::Known => &[[TEST_IMAGES, TEST_LABELS]],
        Files::Found => &[[TRAIN_IMAGES, TRAIN_LABELS], [TEST_IMAGES, TEST_LABELS]],
    }
}

/// Whether there is anything to read, without reading it.
///
/// # Errors
/// As [`Locator::find`].
pub(crate) fn is_here(locator: &Locator, files: Files) -> Result<bool, DataError> {
    let here = |forms: &[Remote<'_>]| -> Result<bool, DataError> {
        let names: Vec<&str> = forms.iter().map(|form| form.file).collect();
        Ok(locator.find(FOLDER, &names)?.is_some())
    };
    for [images, labels] in parts_of(files) {
        if here(images)? && here(labels)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Finds and reads those of the `files` of `byclass` that are on this machine; `None` where there are none.
///
/// # Errors
/// As [`Locator::locate`] for files that are there but are not the known ones, and as [`read_images`] and
/// [`read_labels`]; [`DataError::Pair`], and [`DataError::Content`] for files that hold something else.
pub(crate) fn find(locator: &Locator, files: Files) -> Result<Option<Handwriting>, DataError> {
    let mut warnings = Vec::new();
    let mapping = match locate(locator, MAPPINGS, &mut Vec::new())? {
        Some(path) => read_mapping(&path)?,
        None => Mapping::by_class(),
    };
    let mut pixels = Vec::new();
    let mut classes = Vec::new();
    for [images, labels] in parts_of(files) {
        let found =
            locate(locator, images, &mut warnings)?.zip(locate(locator, labels, &mut warnings)?);
        if let Some((images, labels)) = found {
            read(&images, &labels, &mapping, &mut pixels, &mut classes)?;
        }
    }
    if classes.is_empty() {
        return Ok(None);
    }
    let pixels = Arc::new(pixels);
    let banks = parts(classes.len()).map(|range| {
        let places = range.map(|place| (place, classes[place]));
        Bank::new(pixels.clone(), EMNIST_SIDE, places)
    });
    Ok(Some(Handwriting { banks, warnings }))
}

/// The order of the file is kept: its first 80 % are to learn from, 10 % to choose by, the last 10 % to report on.
///
/// So no character serves two parts. The files name no writers, and were shuffled before they were published: one writer's
/// characters are in all parts.
pub(crate) fn parts(len: usize) -> [Range<usize>; 3] {
    let tenth = len / 10;
    let (first, second) = (len - 2 * tenth, len - tenth);
    [0..first, first..second, second..len]
}

/// How to get the files, in a line.
pub(crate) fn by_hand(locator: &Locator) -> String {
    let folders = [&locator.data_dir, &locator.shared_dir, &locator.cache_dir];
    let folder = match folders.into_iter().flatten().next() {
        Some(folder) => folder.join(FOLDER).display().to_string(),
        None => format!("a folder {FOLDER} in one that --data-dir names"),
    };
    format!(
        "unpack {} and {} from {ARCHIVE} (about 560 MB) into {folder}",
        TEST_IMAGES[0].file, TEST_LABELS[0].file
    )
}

/// Where a file is, in any of its forms; `None` if it is nowhere.
fn locate(
    locator: &Locator,
    forms: &[Remote<'static>],
    warnings: &mut Vec<String>,
) -> Result<Option<PathBuf>, DataError> {
    let checksum_known = forms.iter().all(|form| form.bytes > 0);
    let locator = Locator {
        offline: true,
        allow_unknown: locator.allow_unknown || !checksum_known,
        ..locator.clone()
    };
    match locator.locate_any(FOLDER, forms, &mut |_, _| {}) {
        Ok(found) if checksum_known => {
            warnings.extend(found.warning);
            Ok(Some(found.path))
        }
        Ok(found) => {
            let path = found.path.display();
            warnings.push(format!(
                "{path}: no checksum of this file is known here, so only its content was checked"
            ));
            Ok(Some(found.path))
        }
        Err(DataError::Missing(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_mapping(path: &Path) -> Result<Mapping, DataError> {
    let bytes = std::fs::read(path).map_err(|source| DataError::io(path, source))?;
    let content = |problem| DataError::Content {
        path: path.to_path_buf(),
        problem,
    };
    Mapping::parse(&String::from_utf8_lossy(&bytes)).map_err(content)
}

fn read(
    images_path: &Path,
    labels_path: &Path,
    mapping: &Mapping,
    pixels: &mut Vec<u8>,
    classes: &mut Vec<u32>,
) -> Result<(), DataError> {
    let images = read_images(images_path)?;
    let labels = read_labels(labels_path)?;
    let content = |path: &Path, problem| DataError::Content {
        path: path.to_path_buf(),
        problem,
    };
    let (count, shape) = images.dims.split_first().unwrap_or((&0, &[]));
    if *count > 0 && shape != [EMNIST_SIDE; 2] {
        let problem =
            format!("images of {shape:?}, where EMNIST has [28, 28]: use its byclass files");
        return Err(content(images_path, problem));
    }
    if *count != labels.len() {
        return Err(DataError::Pair {
            images_path: images_path.to_path_buf(),
            labels_path: labels_path.to_path_buf(),
            images: *count,
            labels: labels.len(),
        });
    }
    for (example, &label) in labels.iter().enumerate() {
        let class = mapping.class(label).ok_or_else(|| {
            let problem = format!(
                "example {example} has label {label}, where byclass has 0 to 61: use its own labels"
            );
            content(labels_path, problem)
        })?;
        classes.push(class);
    }
    // Stored column after column: what the file calls rows are columns.
    let size = EMNIST_SIDE * EMNIST_SIDE;
    pixels.reserve(images.bytes.len());
    for image in images.bytes.chunks_exact(size) {
        let start = pixels.len();
        pixels.resize(start + size, 0);
        let upright = &mut pixels[start..];
        for (x, column) in image.chunks_exact(EMNIST_SIDE).enumerate() {
            for (y, &byte) in column.iter().enumerate() {
                upright[y * EMNIST_SIDE + x] = byte;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn parts_are_apart_and_whole() {
        for len in [1, 9, 10, 19, 116_323] {
            let ranges = parts(len);
            assert_eq!(ranges[0].start, 0);
            assert_eq!(
                (ranges[0].end, ranges[1].end),
                (ranges[1].start, ranges[2].start)
            );
            assert_eq!(ranges[2].end, len);
        }
        assert_eq!(parts(100), [0..80, 80..90, 90..100]);
    }

    fn idx(dims: &[u32], bytes: &[u8]) -> Vec<u8> {
        let mut file = vec![0, 0, 8, dims.len() as u8];
        file.extend(dims.iter().flat_map(|side| side.to_be_bytes()));
        file.extend_from_slice(bytes);
        file
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

    fn put(folder: &Path, name: &str, bytes: &[u8]) {
        std::fs::write(folder.join(name), bytes).unwrap();
    }

    #[test]
    fn images_are_turned_upright_and_no_character_serves_two_parts() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert!(find(&locator(folder), Files::Found).unwrap().is_none());
        // Image i has one pixel, at row i of column 3.
        let mut pixels = vec![0; 20 * 784];
        for image in 0..20 {
            pixels[image * 784 + 3 * 28 + image] = 255;
        }
        let labels: Vec<u8> = (0..20).map(|i| i % 2).collect();
        put(
            folder,
            "emnist-byclass-train-images-idx3-ubyte",
            &idx(&[20, 28, 28], &pixels),
        );
        assert!(find(&locator(folder), Files::Found).unwrap().is_none());
        put(
            folder,
            "emnist-byclass-train-labels-idx1-ubyte",
            &idx(&[20], &labels),
        );
        let found = find(&locator(folder), Files::Found).unwrap().unwrap();
        assert_eq!(found.warnings.len(), 2);
        assert!(
            found.warnings[0].contains("no checksum"),
            "{:?}",
            found.warnings
        );
        let [train, valid, test] = &found.banks;
        assert_eq!((train.len(), valid.len(), test.len()), (16, 2, 2));
        let places = found.banks.iter().flat_map(|bank| bank.places());
        assert_eq!(places.collect::<HashSet<_>>().len(), 20);
        let mut out = [0.0; 1024];
        assert!(test.pick(0, &mut crate::Dice::new(0, 0), &mut out));
        // Image 18, in the middle of 32 by 32 pixels.
        assert_eq!(
            out.iter().position(|&ink| ink == 1.0),
            Some((18 + 2) * 32 + 3 + 2)
        );
        put(folder, "byclass_mapping.json", b"\"mapping\":[48]");
        let error = find(&locator(folder), Files::Found)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("byclass_mapping.json: 1 labels, where byclass has 62"),
            "{error}"
        );
    }

    #[test]
    fn files_that_hold_something_else_are_refused() {
        for (images, labels, problem) in [
            (
                idx(&[1, 27, 28], &[0; 756]),
                idx(&[1], &[0]),
                "images of [27, 28]",
            ),
            (
                idx(&[1, 28, 28], &[0; 784]),
                idx(&[2], &[0, 0]),
                "holds 1 images",
            ),
            (
                idx(&[1, 28, 28], &[0; 784]),
                idx(&[1], &[62]),
                "example 0 has label 62",
            ),
            (idx(&[1, 28, 28], &[0; 783]), idx(&[1], &[0]), "783"),
            (vec![], idx(&[1], &[0]), "images"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path();
            put(folder, "emnist-byclass-train-images-idx3-ubyte", &images);
            put(folder, "emnist-byclass-train-labels-idx1-ubyte", &labels);
            let error = find(&locator(folder), Files::Found)
                .unwrap_err()
                .to_string();
            assert!(error.contains(problem), "{problem:?} in {error}");
        }
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), TEST_IMAGES[0].file, b"something else");
        let error = find(&locator(folder.path()), Files::Found).unwrap_err();
        assert!(matches!(error, DataError::Checksum(_)), "{error}");
    }

    /// The folder of real data, where `RECTIFIER_DATA` names one; a relative path counts from the root of the workspace.
    #[allow(clippy::print_stderr)]
    fn real() -> Option<Locator> {
        let named = std::env::var_os(rectifier_data::DATA_VARIABLE).unwrap_or_default();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folder = root.join(named);
        let whole = [TEST_IMAGES, TEST_LABELS]
            .iter()
            .all(|forms| folder.join(FOLDER).join(forms[0].file).is_file());
        if !whole {
            eprintln!("skipped: RECTIFIER_DATA names no folder that holds the real EMNIST");
        }
        whole.then(|| locator(&folder))
    }

    #[test]
    fn the_real_files_hold_what_is_published() {
        let Some(locator) = real() else { return };
        let found = find(&locator, Files::Found).unwrap().unwrap();
        // The mapping has no known checksum either, but it is checked whole.
        assert_eq!(found.warnings, [""; 0]);
        assert_eq!(
            found.banks.each_ref().map(Bank::len),
            [93_059, 11_632, 11_632]
        );
        let images = read_images(
            &locate(&locator, TEST_IMAGES, &mut Vec::new())
                .unwrap()
                .unwrap(),
        );
        let labels = read_labels(
            &locate(&locator, TEST_LABELS, &mut Vec::new())
                .unwrap()
                .unwrap(),
        );
        let (images, labels) = (images.unwrap(), labels.unwrap());
        let count = |label| labels.iter().filter(|&&other| other == label).count();
        assert_eq!(
            [0, 1, 9, 10, 24, 36, 61].map(count),
            [5778, 6330, 5686, 1062, 4156, 1644, 451]
        );
        let mean = images
            .bytes
            .iter()
            .map(|&byte| f64::from(byte))
            .sum::<f64>()
            / (255.0 * images.bytes.len() as f64);
        assert!((mean - 0.17361).abs() < 5e-5, "{mean}");
        assert_eq!(labels[..10], [18, 36, 0, 3, 33, 30, 24, 40, 5, 8]);
    }

    #[test]
    fn the_first_real_character_stands_upright() {
        let Some(locator) = real() else { return };
        let paths = [TEST_IMAGES, TEST_LABELS]
            .map(|forms| locate(&locator, forms, &mut Vec::new()).unwrap().unwrap());
        let (mut pixels, mut classes) = (Vec::new(), Vec::new());
        read(
            &paths[0],
            &paths[1],
            &Mapping::by_class(),
            &mut pixels,
            &mut classes,
        )
        .unwrap();
        let rows: Vec<u32> = pixels[..784]
            .chunks(28)
            .map(|row| row.iter().map(|&byte| u32::from(byte)).sum())
            .collect();
        let published = [
            0, 1, 78, 247, 268, 360, 460, 629, 650, 750, 739, 688, 812, 824, 764, 771, 778, 927,
            845, 741, 823, 737, 749, 815, 752, 364, 12, 0,
        ];
        assert_eq!(rows, published, "an I, leaning to the right");
    }
}
