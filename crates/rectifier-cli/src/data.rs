//! The data sets the command knows, a module each where there is something to tell.

mod cifar10;
mod glyphs;
mod idx;
mod nistp;
mod norb;
mod norb_like;
mod text;

use crate::error::CliError;
use rectifier_data::{DataInfo, Locator, Sizes, Split};
use rectifier_glyphs::CLASS_NAMES;
use rectifier_mnist::Mnist;
use rectifier_norb::Variant;
use rectifier_reviews::Vocabulary;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
pub use text::TextChoice;

pub use nistp::{NistpChoice, distortion_sheet};

/// Which data a run works on, as plain data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "set", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DataChoice {
    /// Generated characters.
    Glyphs(Generated),
    /// Handwritten digits.
    Mnist,
    /// Photographs of ten kinds of things.
    Cifar10,
    /// Stereo pairs of toys over clutter.
    Norb,
    /// Stereo pairs of toys on plain ground.
    NorbSmall,
    /// Generated stereo pairs in the shape of NORB's.
    NorbLike(Generated),
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
    /// Star-rated text.
    Text(TextChoice),
}

/// How much to generate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// Seed of the examples.
    pub seed: u64,
    /// Training examples.
    pub train: usize,
    /// Validation examples.
    pub valid: usize,
    /// Test examples.
    pub test: usize,
}

impl Generated {
    /// The sizes of the parts.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            train: self.train,
            valid: self.valid,
            test: self.test,
        }
    }
}

/// What is known of a loaded set.
pub struct Loaded {
    /// Its parts.
    pub split: Split,
    /// What it is.
    pub info: DataInfo,
    /// What the user should know about it.
    pub warnings: Vec<String>,
    /// The words behind the inputs, where they are bags of words.
    pub vocabulary: Option<Vocabulary>,
}

/// Where a set is, as far as that is known without reading it.
pub enum Whereabouts {
    /// It is made when it is asked for.
    Made,
    /// On this machine, this file first.
    At(PathBuf),
    /// Nowhere on this machine.
    Absent,
}

/// What the command is told while data comes in.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

impl DataChoice {
    /// Sizes of the embedded data where none are given.
    pub const GLYPHS: Self = Self::Glyphs(Generated {
        seed: 1,
        train: 31_000,
        valid: 6_200,
        test: 12_400,
    });

    /// Sizes of the generated stereo pairs where none are given.
    pub const NORB_LIKE: Self = Self::NorbLike(Generated {
        seed: 1,
        train: 30_000,
        valid: 6_000,
        test: 12_000,
    });

    /// The name of the set.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Glyphs(_) => "glyphs",
            Self::Mnist => "mnist",
            Self::Cifar10 => "cifar10",
            Self::Norb => Variant::JitteredCluttered.name(),
            Self::NorbSmall => Variant::Small.name(),
            Self::NorbLike(_) => rectifier_norb_like::NAME,
            Self::Nistp(_) => "nistp",
            Self::Idx { .. } => "idx",
            Self::Text(text) => text.name(),
        }
    }

    /// Checks the sizes.
    ///
    /// # Errors
    /// [`CliError::Usage`].
    pub fn validate(&self) -> Result<(), CliError> {
        match self {
            Self::Glyphs(of) | Self::NorbLike(of)
                if of.train == 0 || of.valid == 0 || of.test == 0 =>
            {
                Err(CliError::Usage(format!(
                    "{}: every part needs at least one example",
                    self.name()
                )))
            }
            Self::Nistp(choice) => choice.validate(),
            Self::Idx {
                test_images,
                test_labels,
                ..
            } if test_images.is_some() != test_labels.is_some() => Err(CliError::Usage(
                "idx: test images and test labels go together".into(),
            )),
            Self::Text(text) => text.validate(),
            _ => Ok(()),
        }
    }

    /// The set in a few words.
    pub fn describe(&self) -> String {
        match self {
            Self::Glyphs(of) | Self::NorbLike(of) => {
                let what = match self {
                    Self::Glyphs(_) => "glyphs (generated",
                    _ => "norb-like (generated, not NORB",
                };
                let Generated {
                    seed,
                    train,
                    valid,
                    test,
                } = of;
                format!("{what}, seed {seed}), {train} / {valid} / {test} train / valid / test")
            }
            Self::Mnist => "mnist, 50000 / 10000 / 10000 train / valid / test".into(),
            Self::Cifar10 => "cifar10, 50000 / 5000 / 5000 train / valid / test".into(),
            Self::Norb => "norb, 233172 / 58428 / 58320 train / valid / test".into(),
            Self::NorbSmall => "norb-small, 19440 / 4860 / 24300 train / valid / test".into(),
            Self::Nistp(choice) => choice.describe(),
            Self::Idx { images, .. } => format!("idx, {}", images.display()),
            Self::Text(text) => text.describe(),
        }
    }

    /// Inputs and classes of an example.
    ///
    /// # Errors
    /// [`CliError::Data`] where files must be read to know.
    pub fn dims(&self) -> Result<(usize, usize), CliError> {
        match self {
            Self::Glyphs(_) | Self::Nistp(_) => Ok((1024, CLASS_NAMES.len())),
            Self::Mnist => Ok((784, 10)),
            Self::Cifar10 => Ok((3072, 10)),
            Self::Norb | Self::NorbLike(_) => Ok((2048, 6)),
            Self::NorbSmall => Ok((2048, 5)),
            Self::Text(text) => Ok(text.dims()),
            Self::Idx { .. } => {
                let loaded = self.load(&Locator::default(), &mut |_, _| {})?;
                Ok((loaded.split.train.width(), loaded.split.train.classes()))
            }
        }
    }

    /// The smallest and the largest number an input may hold.
    pub fn range(&self) -> (f32, f32) {
        match self {
            Self::Norb | Self::NorbSmall | Self::NorbLike(_) => (-1.0, 1.0),
            _ => (0.0, 1.0),
        }
    }

    /// Where the set is, without reading it.
    ///
    /// # Errors
    /// [`CliError::Data`] for a data folder that does not exist.
    pub fn whereabouts(&self, locator: &Locator) -> Result<Whereabouts, CliError> {
        let found = match self {
            Self::Glyphs(_) | Self::NorbLike(_) | Self::Nistp(_) => {
                return Ok(Whereabouts::Made);
            }
            Self::Mnist => rectifier_mnist::find(locator)?,
            Self::Cifar10 => rectifier_cifar10::find(locator)?,
            Self::Norb => Variant::JitteredCluttered.find(locator)?,
            Self::NorbSmall => Variant::Small.find(locator)?,
            Self::Idx { images, .. } => Some(images.clone()).filter(|path| path.is_file()),
            Self::Text(text) => text.find(locator)?,
        };
        Ok(found.map_or(Whereabouts::Absent, Whereabouts::At))
    }

    /// Reads or makes the examples.
    ///
    /// # Errors
    /// [`CliError::Data`].
    pub fn load(&self, locator: &Locator, progress: &mut Progress<'_>) -> Result<Loaded, CliError> {
        match self {
            Self::Glyphs(of) => glyphs::load(of.seed, of.sizes()),
            Self::Mnist => {
                let mnist = Mnist::load(locator, progress)?;
                Ok(Loaded {
                    split: mnist.split(),
                    info: rectifier_mnist::info(),
                    warnings: mnist.warnings().to_vec(),
                    vocabulary: None,
                })
            }
            Self::Cifar10 => cifar10::load(locator, progress),
            Self::Norb => norb::load(Variant::JitteredCluttered, locator, progress),
            Self::NorbSmall => norb::load(Variant::Small, locator, progress),
            Self::NorbLike(of) => norb_like::load(of.seed, of.sizes()),
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
            Self::Text(text) => text.load(None, locator, progress),
        }
    }

    /// The examples as a model that was trained on the words of `vocabulary` takes them.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_for(
        &self,
        vocabulary: Option<Vocabulary>,
        locator: &Locator,
        progress: &mut Progress<'_>,
    ) -> Result<Loaded, CliError> {
        match self {
            Self::Text(text) => text.load(vocabulary, locator, progress),
            _ => self.load(locator, progress),
        }
    }

    /// Whether labels are stars, whose expected number is the prediction.
    pub fn is_rating(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_rating())
    }
}

fn sizes_of(split: &Split) -> Sizes {
    Sizes {
        train: split.train.len(),
        valid: split.valid.len(),
        test: split.test.len(),
    }
}

/// The sets that have a name, with their default sizes.
pub fn all_named() -> Vec<DataChoice> {
    let mut all = vec![
        DataChoice::GLYPHS,
        DataChoice::Mnist,
        DataChoice::Cifar10,
        DataChoice::Norb,
        DataChoice::NorbSmall,
        DataChoice::NORB_LIKE,
        DataChoice::Nistp(NistpChoice::default()),
    ];
    all.extend(TextChoice::named().map(DataChoice::Text));
    all
}

impl DataChoice {
    /// What the set is; `None` for one that is known by its files alone.
    pub fn info(&self) -> Option<DataInfo> {
        Some(match *self {
            Self::Glyphs(ref of) => glyphs::info(of.sizes()),
            Self::Mnist => rectifier_mnist::info(),
            Self::Cifar10 => rectifier_cifar10::info(),
            Self::Norb => Variant::JitteredCluttered.info(),
            Self::NorbSmall => Variant::Small.info(),
            Self::NorbLike(ref of) => rectifier_norb_like::info(of.sizes()),
            Self::Nistp(_) => rectifier_nistp::info(),
            Self::Text(ref text) => text.info(),
            Self::Idx { .. } => return None,
        })
    }
}

/// The named set with its default sizes.
///
/// # Errors
/// [`CliError::Usage`] for an unknown name.
pub fn named(name: &str) -> Result<DataChoice, CliError> {
    if name == "idx" {
        return Err(CliError::Usage(
            "--data idx needs --images and --labels".into(),
        ));
    }
    let mut known = all_named().into_iter();
    known.find(|set| set.name() == name).ok_or_else(|| {
        let names: Vec<&str> = all_named().iter().map(DataChoice::name).collect();
        CliError::Usage(format!(
            "there is no data set `{name}`: there are {}, reviews with --file, and idx with --images and --labels",
            names.join(", ")
        ))
    })
}
