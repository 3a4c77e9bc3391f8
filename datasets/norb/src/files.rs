//! What is known of NORB: its files, where they can be had, and what they hold.

use std::path::PathBuf;

use rectifier_data::{DataError, DataInfo, Locator, Remote, Sizes};

use crate::SIDE;

/// Which of the two sets that are named NORB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Jittered toys over clutter, 2x108x108, and a class of clutter alone: the paper's.
    JitteredCluttered,
    /// Centred toys on plain ground, 2x96x96.
    Small,
}

/// The address of the jittered-cluttered files. No checksums are published for them, so they are not fetched.
const ADDRESS: &str = "https://cs.nyu.edu/~ylclab/data/norb-v1.0/";
const SMALL_MIRRORS: &[&str] = &["https://cs.nyu.edu/~ylclab/data/norb-v1.0-small/"];

/// The packed files of the small set, with the checksums that TensorFlow Datasets pins.
const SMALL: [Remote<'static>; 4] = [
    small(
        "smallnorb-5x46789x9x18x6x2x96x96-training-dat.mat.gz",
        "5ffd6272a07d32695ee1082a26a41a93a37aab8c28da047f8c34ed348d214873",
        131_896_188,
    ),
    small(
        "smallnorb-5x46789x9x18x6x2x96x96-training-cat.mat.gz",
        "2784e542c1922060691090952b6cd6278879a216c90f81476f0f00256d42cdaa",
        348,
    ),
    small(
        "smallnorb-5x01235x9x18x6x2x96x96-testing-dat.mat.gz",
        "cf7104eed3e51174d2f65b66d1e5878b9da233b886f161b0d88f4510ba2c7474",
        130_799_817,
    ),
    small(
        "smallnorb-5x01235x9x18x6x2x96x96-testing-cat.mat.gz",
        "ecaf6d5bb8c3bc5eab9cf0258f6d2198dd474e016e374836fc097f2e5ff509ff",
        347,
    ),
];

const fn small(file: &'static str, sha256: &'static str, bytes: u64) -> Remote<'static> {
    Remote {
        file,
        sha256,
        bytes,
        mirrors: SMALL_MIRRORS,
    }
}

/// How the files of a variant are laid out.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// What stands before `-dat.mat` and `-cat.mat` in the names of the files to learn from.
    pub train: Vec<String>,
    /// Likewise of those to test on.
    pub test: Vec<String>,
    /// How many pairs a file holds.
    pub count: usize,
    /// The side of an image in a file.
    pub side: usize,
    /// How many classes there are.
    pub classes: usize,
    /// How many of the official training pairs, the last, validate.
    pub valid: usize,
}

impl Variant {
    /// The name it is asked for by, and of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JitteredCluttered => "norb",
            Self::Small => "norb-small",
        }
    }

    /// The classes, by category.
    pub fn class_names(self) -> &'static [&'static str] {
        let all = &["animal", "human", "airplane", "truck", "car", "blank"];
        match self {
            Self::JitteredCluttered => all,
            Self::Small => &all[..5],
        }
    }

    pub(crate) fn layout(self) -> Layout {
        let classes = self.class_names().len();
        match self {
            Self::JitteredCluttered => Layout {
                train: (1..=10)
                    .map(|part| format!("norb-5x46789x9x18x6x2x108x108-training-{part:02}"))
                    .collect(),
                test: (1..=2)
                    .map(|part| format!("norb-5x01235x9x18x6x2x108x108-testing-{part:02}"))
                    .collect(),
                count: 29_160,
                side: 108,
                classes,
                valid: 58_428,
            },
            Self::Small => Layout {
                train: vec!["smallnorb-5x46789x9x18x6x2x96x96-training".into()],
                test: vec!["smallnorb-5x01235x9x18x6x2x96x96-testing".into()],
                count: 24_300,
                side: 96,
                classes,
                valid: 4_860,
            },
        }
    }

    /// Where the set is on this machine, without reading it: its first file.
    ///
    /// # Errors
    /// As [`Locator::find`].
    pub fn find(self, locator: &Locator) -> Result<Option<PathBuf>, DataError> {
        let layout = self.layout();
        let forms = forms(&layout.train[0], "dat");
        let found = locator.find(self.name(), &[&forms[0], &forms[1]])?;
        Ok(found.map(|(path, _)| path))
    }

    /// The set in a listing.
    pub fn info(self) -> DataInfo {
        let layout = self.layout();
        let names = self.class_names().iter();
        DataInfo {
            name: self.name().into(),
            title: match self {
                Self::JitteredCluttered => {
                    "NORB, jittered-cluttered: stereo pairs of toys over clutter, made 2x32x32"
                }
                Self::Small => "small NORB: stereo pairs of toys on plain ground, made 2x32x32",
            }
            .into(),
            classes: layout.classes,
            class_names: names.map(|name| name.to_string()).collect(),
            shape: vec![2, SIDE, SIDE],
            sizes: Sizes {
                train: layout.train.len() * layout.count - layout.valid,
                valid: layout.valid,
                test: layout.test.len() * layout.count,
            },
            licence: "for research purposes; it cannot be sold".into(),
            citation: "Y. LeCun, F.J. Huang, L. Bottou: Learning methods for generic object recognition with invariance \
                       to pose and lighting. CVPR 2004"
                .into(),
            source: match self {
                Self::JitteredCluttered => format!(
                    "put by hand into a folder `norb` of the data folder: the 24 files -dat.mat.gz and -cat.mat.gz \
                     (6.2 GB) from {ADDRESS}"
                ),
                Self::Small => format!("fetched on first use (262.7 MB) from {}", SMALL_MIRRORS[0]),
            },
        }
    }

    /// Finds one file, packed or not, or fetches it where that can be checked.
    pub(crate) fn locate(
        self,
        stem: &str,
        ending: &str,
        locator: &Locator,
        progress: &mut rectifier_data::Progress<'_>,
    ) -> Result<Place, DataError> {
        let forms = forms(stem, ending);
        let known = SMALL.iter().find(|remote| remote.file == forms[0]);
        let found = locator.find(self.name(), &[&forms[0], &forms[1]])?;
        match (found, known) {
            (Some((path, _)), Some(_)) if !path.ends_with(&forms[0]) => Ok(Place::unknown(path)),
            (_, Some(remote)) => {
                let found = locator.locate(self.name(), remote, progress)?;
                Ok(Place {
                    path: found.path,
                    known: true,
                    warning: found.warning,
                })
            }
            (Some((path, _)), None) => Ok(Place::unknown(path)),
            (None, None) => Err(absent(self, &forms, locator)),
        }
    }
}

/// A file on this machine.
pub(crate) struct Place {
    pub path: PathBuf,
    /// Whether a checksum of it is known.
    pub known: bool,
    /// What to say of a known file that has another checksum.
    pub warning: Option<String>,
}

impl Place {
    fn unknown(path: PathBuf) -> Self {
        Self {
            path,
            known: false,
            warning: None,
        }
    }
}

/// The two names of a file: packed and not.
fn forms(stem: &str, ending: &str) -> [String; 2] {
    [
        format!("{stem}-{ending}.mat.gz"),
        format!("{stem}-{ending}.mat"),
    ]
}

fn absent(variant: Variant, forms: &[String; 2], locator: &Locator) -> DataError {
    let folders = [&locator.data_dir, &locator.shared_dir, &locator.cache_dir];
    let folder = folders.into_iter().flatten().next();
    let folder = folder.map_or_else(PathBuf::new, |folder| folder.join(variant.name()));
    DataError::Content {
        path: folder.join(&forms[0]),
        problem: format!(
            "is missing, and so is {}; no checksums are published for these files, so they are not fetched: put them \
             there by hand (or into a folder that --data-dir or RECTIFIER_DATA names) from {ADDRESS}",
            forms[1]
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_are_those_of_the_paper() {
        let Sizes { train, valid, test } = Variant::JitteredCluttered.info().sizes;
        assert_eq!((train, valid, test), (233_172, 58_428, 58_320));
        let Sizes { train, valid, test } = Variant::Small.info().sizes;
        assert_eq!((train, valid, test), (19_440, 4_860, 24_300));
    }

    #[test]
    fn the_known_files_are_those_of_the_layout() {
        let layout = Variant::Small.layout();
        let stems = layout.train.iter().chain(&layout.test);
        let names: Vec<String> = stems
            .flat_map(|stem| ["dat", "cat"].map(|ending| forms(stem, ending)[0].clone()))
            .collect();
        assert_eq!(names, SMALL.map(|remote| remote.file));
        let bytes: u64 = SMALL.iter().map(|remote| remote.bytes).sum();
        let text = format!("({:.1} MB)", bytes as f64 / 1e6);
        assert!(Variant::Small.info().source.contains(&text), "{text}");
        let layout = Variant::JitteredCluttered.layout();
        assert_eq!(
            (layout.train[9].as_str(), layout.test[1].as_str()),
            (
                "norb-5x46789x9x18x6x2x108x108-training-10",
                "norb-5x01235x9x18x6x2x108x108-testing-02"
            )
        );
    }
}
