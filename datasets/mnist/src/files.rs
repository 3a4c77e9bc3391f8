//! What is known of MNIST: its files, where they can be had, and what they hold.

use std::path::PathBuf;

use rectifier_data::{DataError, DataInfo, Locator, Remote, Sizes};

/// The name of the set, and of its folder.
pub const NAME: &str = "mnist";

/// The side of an image, in pixels.
pub(crate) const SIDE: usize = 28;
/// How many digits there are.
pub(crate) const CLASSES: usize = 10;
/// How many official training images there are, and how many of them, the first, are learned from.
pub(crate) const OFFICIAL_TRAIN: usize = 60_000;
pub(crate) const TRAIN: usize = 50_000;
/// How many test images there are.
pub(crate) const TEST: usize = 10_000;

/// Each file packed, as it is fetched, then unpacked: training images and labels, test images and labels.
pub(crate) const FILES: [[Remote<'static>; 2]; 4] = [
    [
        packed(
            "train-images-idx3-ubyte.gz",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            9_912_422,
        ),
        unpacked(
            "train-images-idx3-ubyte",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            47_040_016,
        ),
    ],
    [
        packed(
            "train-labels-idx1-ubyte.gz",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            28_881,
        ),
        unpacked(
            "train-labels-idx1-ubyte",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            60_008,
        ),
    ],
    [
        packed(
            "t10k-images-idx3-ubyte.gz",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            1_648_877,
        ),
        unpacked(
            "t10k-images-idx3-ubyte",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            7_840_016,
        ),
    ],
    [
        packed(
            "t10k-labels-idx1-ubyte.gz",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            4_542,
        ),
        unpacked(
            "t10k-labels-idx1-ubyte",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            10_008,
        ),
    ],
];

/// Public copies of the official files; the official page itself no longer hands them out.
const MIRRORS: &[&str] = &[
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
];

const fn packed(file: &'static str, sha256: &'static str, bytes: u64) -> Remote<'static> {
    Remote {
        file,
        sha256,
        bytes,
        mirrors: MIRRORS,
    }
}

const fn unpacked(file: &'static str, sha256: &'static str, bytes: u64) -> Remote<'static> {
    Remote {
        file,
        sha256,
        bytes,
        mirrors: &[],
    }
}

/// Where the set is on this machine, without reading it: its first file.
///
/// # Errors
/// As [`Locator::find`].
pub fn find(locator: &Locator) -> Result<Option<PathBuf>, DataError> {
    let names = FILES[0].map(|form| form.file);
    Ok(locator.find(NAME, &names)?.map(|(path, _)| path))
}

/// MNIST in a listing.
pub fn info() -> DataInfo {
    DataInfo {
        name: NAME.into(),
        title: "MNIST: handwritten digits, 28x28 grey pixels".into(),
        classes: CLASSES,
        class_names: (0..CLASSES).map(|digit| digit.to_string()).collect(),
        shape: vec![SIDE, SIDE],
        sizes: Sizes {
            train: TRAIN,
            valid: OFFICIAL_TRAIN - TRAIN,
            test: TEST,
        },
        licence: "CC BY-SA 3.0, as redistributors state it; made by Yann LeCun and Corinna Cortes from \
                  NIST Special Databases 1 and 3"
            .into(),
        citation: "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document \
                   recognition. Proceedings of the IEEE 86(11), 1998"
            .into(),
        source: format!(
            "fetched on first use (11.6 MB) from {} or {}",
            MIRRORS[0], MIRRORS[1]
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_whole_and_distinct() {
        let mut all: Vec<&str> = FILES.iter().flatten().map(|file| file.sha256).collect();
        let hexadecimal =
            |text: &&str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(all.iter().all(hexadecimal));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 8);
    }

    #[test]
    fn unpacked_sizes_are_those_of_the_format() {
        let sizes = FILES.map(|[_, unpacked]| unpacked.bytes as usize);
        let image = SIDE * SIDE;
        let expected = [
            16 + OFFICIAL_TRAIN * image,
            8 + OFFICIAL_TRAIN,
            16 + TEST * image,
            8 + TEST,
        ];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn the_listing_gives_the_size_of_what_is_fetched() {
        let bytes: u64 = FILES.iter().map(|[packed, _]| packed.bytes).sum();
        let text = format!("({:.1} MB)", bytes as f64 / 1e6);
        assert!(info().source.contains(&text), "{text}");
        assert_eq!(info().class_names.len(), info().classes);
    }
}
