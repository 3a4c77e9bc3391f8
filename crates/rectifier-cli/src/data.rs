//! The data sets the command knows, a module each where there is something to tell.

mod glyphs;
mod idx;
mod nistp;

use crate::error::CliError;
use rectifier_data::{DataInfo, Locator, Sizes, Split};
use rectifier_glyphs::CLASS_NAMES;
use rectifier_mnist::Mnist;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

pub use nistp::{NistpChoice, distortion_sheet};

/// Which data a run works on, as plain data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "set", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DataChoice {
    /// Generated characters.
    Glyphs {
        /// Seed of the characters.
        seed: u64,
        /// Training examples.
        train: usize,
        /// Validation examples.
        valid: usize,
        /// Test examples.
        test: usize,
    },
    /// Handwritten digits.
    Mnist,
    /// Distorted characters, streamed.
    Nistp(NistpChoice),
    /// Any images and labels in IDX files.
    Idx {
        /// Images to train and validate on.
        images: PathBuf,
        /// Their labels.
        labels: PathBuf,
        /// Images to test on; part of the others where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_images: Option<PathBuf>,
        /// Their labels.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_labels: Option<PathBuf>,
    },
}

/// What is known of a loaded set.
pub struct Loaded {
    /// Its parts.
    pub split: Split,
    /// What it is.
    pub info: DataInfo,
    /// What the user should know about it.
    pub warnings: Vec<String>,
}

/// What the command is told while data comes in.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

impl DataChoice {
    /// Sizes of the embedded data where none are given.
    pub const GLYPHS: Self = Self::Glyphs {
        seed: 1,
        train: 31_000,
        valid: 6_200,
        test: 12_400,
    };

    /// The name of the set.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Glyphs { .. } => "glyphs",
            Self::Mnist => "mnist",
            Self::Nistp(_) => "nistp",
            Self::Idx { .. } => "idx",
        }
    }

    /// Checks the sizes.
    ///
    /// # Errors
    /// [`CliError::Usage`].
    pub fn validate(&self) -> Result<(), CliError> {
        match self {
            Self::Glyphs { train: 0, .. }
            | Self::Glyphs { valid: 0, .. }
            | Self::Glyphs { test: 0, .. } => Err(CliError::Usage(
                "glyphs: every part needs at least one example".into(),
            )),
            Self::Nistp(choice) => choice.validate(),
            Self::Idx {
                test_images,
                test_labels,
                ..
            } if test_images.is_some() != test_labels.is_some() => Err(CliError::Usage(
                "idx: test images and test labels go together".into(),
            )),
            _ => Ok(()),
        }
    }

    /// The set in a few words.
    pub fn describe(&self) -> String {
        match self {
            Self::Glyphs {
                seed,
                train,
                valid,
                test,
            } => {
                format!(
                    "glyphs (generated, seed {seed}), {train} / {valid} / {test} train / valid / test"
                )
            }
            Self::Mnist => "mnist, 50000 / 10000 / 10000 train / valid / test".into(),
            Self::Nistp(choice) => choice.describe(),
            Self::Idx { images, .. } => format!("idx, {}", images.display()),
        }
    }

    /// Inputs and classes of an example.
    ///
    /// # Errors
    /// [`CliError::Data`] where files must be read to know.
    pub fn dims(&self) -> Result<(usize, usize), CliError> {
        match self {
            Self::Glyphs { .. } | Self::Nistp(_) => Ok((1024, CLASS_NAMES.len())),
            Self::Mnist => Ok((784, 10)),
            Self::Idx { .. } => {
                let loaded = self.load(&Locator::default(), &mut |_, _| {})?;
                Ok((loaded.split.train.width(), loaded.split.train.classes()))
            }
        }
    }

    /// Reads or makes the examples.
    ///
    /// # Errors
    /// [`CliError::Data`].
    pub fn load(&self, locator: &Locator, progress: &mut Progress<'_>) -> Result<Loaded, CliError> {
        match self {
            Self::Glyphs {
                seed,
                train,
                valid,
                test,
            } => glyphs::load(
                *seed,
                Sizes {
                    train: *train,
                    valid: *valid,
                    test: *test,
                },
            ),
            Self::Mnist => {
                let mnist = Mnist::load(locator, progress)?;
                Ok(Loaded {
                    split: mnist.split(),
                    info: rectifier_mnist::info(),
                    warnings: mnist.warnings().to_vec(),
                })
            }
            Self::Nistp(choice) => nistp::load(choice, locator),
            Self::Idx {
                images,
                labels,
                test_images,
                test_labels,
            } => idx::load(
                images,
                labels,
                test_images.as_deref().zip(test_labels.as_deref()),
            ),
        }
    }
}

fn sizes_of(split: &Split) -> Sizes {
    Sizes {
        train: split.train.len(),
        valid: split.valid.len(),
        test: split.test.len(),
    }
}

/// What `data list` shows of every named set.
pub fn infos() -> Vec<DataInfo> {
    let DataChoice::Glyphs {
        train, valid, test, ..
    } = DataChoice::GLYPHS
    else {
        return vec![rectifier_mnist::info(), rectifier_nistp::info()];
    };
    vec![
        glyphs::info(Sizes { train, valid, test }),
        rectifier_mnist::info(),
        rectifier_nistp::info(),
    ]
}

/// The named set with its default sizes.
///
/// # Errors
/// [`CliError::Usage`] for an unknown name.
pub fn named(name: &str) -> Result<DataChoice, CliError> {
    match name {
        "glyphs" => Ok(DataChoice::GLYPHS),
        "mnist" => Ok(DataChoice::Mnist),
        "nistp" => Ok(DataChoice::Nistp(NistpChoice::default())),
        "idx" => Err(CliError::Usage(
            "--data idx needs --images and --labels".into(),
        )),
        _ => Err(CliError::Usage(format!(
            "there is no data set `{name}`: there are glyphs, mnist, nistp, and idx with --images and --labels"
        ))),
    }
}
