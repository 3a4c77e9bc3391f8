//! Options that say which data, and where it is.

use clap::{Args, ValueEnum};
use rectifier_data::Locator;
use rectifier_reviews::{Encoding, Fold};
use std::path::PathBuf;

/// Where files of data sets are looked for.
#[derive(Debug, Clone, Default, Args)]
pub struct PlaceArgs {
    /// Folder to look for data files in, before RECTIFIER_DATA and the cache.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Never fetch anything.
    #[arg(long)]
    pub offline: bool,
    /// Accept local data files whose checksum is not the known one.
    #[arg(long)]
    pub allow_unknown_data: bool,
}

impl PlaceArgs {
    /// What finds the files.
    pub fn locator(&self) -> Locator {
        Locator {
            data_dir: self.data_dir.clone(),
            offline: self.offline,
            allow_unknown: self.allow_unknown_data,
            ..Locator::default()
        }
    }
}

/// Where data comes from.
#[derive(Debug, Clone, Default, Args)]
pub struct DataArgs {
    /// Data set: a name that `data list` prints, reviews with --file, or idx with --images and --labels [default:
    /// glyphs].
    #[arg(long, value_name = "SET")]
    pub data: Option<String>,
    /// Where its files are.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// IDX file of images, for --data idx.
    #[arg(long, value_name = "FILE")]
    pub images: Option<PathBuf>,
    /// IDX file of labels, for --data idx.
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// IDX file of test images, for --data idx.
    #[arg(long, value_name = "FILE")]
    pub test_images: Option<PathBuf>,
    /// IDX file of test labels, for --data idx.
    #[arg(long, value_name = "FILE")]
    pub test_labels: Option<PathBuf>,
    /// Training examples to generate, for --data glyphs and norb-like; fresh ones for each epoch, for nistp.
    #[arg(long, value_name = "N")]
    pub examples: Option<usize>,
    /// Seed of the generated examples, for --data glyphs, nistp and norb-like; of the folds, for reviews.
    #[arg(long, value_name = "SEED")]
    pub data_seed: Option<u64>,
    /// Which distortions, for --data nistp: nistp, or p07 with noise [default: nistp].
    #[arg(long, value_name = "NAME", value_enum)]
    pub variant: Option<VariantName>,
    /// Highest complexity of the distortions, 0 to 1, for --data nistp [default: 0.7].
    #[arg(long, value_name = "C")]
    pub complexity: Option<f32>,
    /// Which reviews.
    #[command(flatten)]
    pub text: TextArgs,
}

/// Which reviews, for --data restaurants, amazon and reviews.
#[derive(Debug, Clone, Default, Args)]
pub struct TextArgs {
    /// Test fold K of N folds, and choose by the next one [default: 1/10].
    #[arg(long, value_name = "K/N")]
    pub fold: Option<Fold>,
    /// How many of the most frequent words count [default: 5000].
    #[arg(long, value_name = "N")]
    pub words: Option<usize>,
    /// Product, for --data amazon: books, dvd, electronics, kitchen or all [default: all].
    #[arg(long, value_name = "NAME")]
    pub product: Option<String>,
    /// CSV table or JSON lines, for --data reviews.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Its column, or field, of the texts [default: text].
    #[arg(long, value_name = "NAME")]
    pub text_column: Option<String>,
    /// Its column, or field, of the stars, 1 to 5; a text whose stars are empty is for pre-training [default: stars].
    #[arg(long, value_name = "NAME")]
    pub stars_column: Option<String>,
    /// How its bytes stand for characters [default: utf8].
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<EncodingName>,
}

/// How bytes stand for characters.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum EncodingName {
    /// UTF-8.
    Utf8,
    /// ISO 8859-1.
    Latin1,
}

impl From<EncodingName> for Encoding {
    fn from(name: EncodingName) -> Self {
        match name {
            EncodingName::Utf8 => Self::Utf8,
            EncodingName::Latin1 => Self::Latin1,
        }
    }
}

/// Which distortions of NISTP.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum VariantName {
    /// The five of the paper's set.
    Nistp,
    /// The fourteen of the harder set.
    P07,
}
