//! Star-rated text: restaurants, Amazon, and files of the user's own.

use super::{Loaded, Progress, sizes_of};
use crate::args::DataArgs;
use crate::error::CliError;
use rectifier_data::{DataInfo, Locator};
use rectifier_reviews::{
    Encoding, Fold, Product, ReviewFile, Reviews, STANDS_IN, Vocabulary, WORDS, amazon_info,
    restaurants_info,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How texts become bags of words, and which of them are tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BagChoice {
    /// The fold that is tested, from 1.
    pub fold: usize,
    /// How many folds there are.
    pub folds: usize,
    /// Seed of the folds.
    pub seed: u64,
    /// How many of the most frequent words have a column.
    pub words: usize,
}

impl Default for BagChoice {
    fn default() -> Self {
        let Fold { number, of, seed } = Fold::FIRST;
        Self {
            fold: number,
            folds: of,
            seed,
            words: WORDS,
        }
    }
}

/// More columns than this are no vocabulary.
const MOST_WORDS: usize = 1 << 20;

impl BagChoice {
    fn fold(&self) -> Fold {
        Fold {
            number: self.fold,
            of: self.folds,
            seed: self.seed,
        }
    }

    fn validate(&self) -> Result<(), CliError> {
        if !(1..=MOST_WORDS).contains(&self.words) {
            return Err(CliError::Usage(format!(
                "--words {}: it must be from 1 to {MOST_WORDS}",
                self.words
            )));
        }
        self.fold().validate().map_err(CliError::Usage)
    }
}

/// Which reviews.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reviews", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// Restaurant reviews, in place of OpenTable's.
    Restaurants,
    /// Amazon reviews of one product, or of all four.
    Amazon {
        /// The product; all where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        product: Option<Product>,
    },
    /// A CSV table or JSON lines.
    File {
        /// The file.
        file: PathBuf,
        /// The column of the texts.
        text: String,
        /// The column of the stars.
        stars: String,
        /// How bytes stand for characters.
        #[serde(default)]
        encoding: Encoding,
    },
}

/// Star-rated text, as plain data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextChoice {
    /// Where the reviews come from.
    pub from: Source,
    /// What is made of them.
    pub bag: BagChoice,
}

impl TextChoice {
    /// The names that `--data` takes.
    pub const NAMES: [&str; 3] = ["restaurants", "amazon", "reviews"];

    /// The set of this name, as `args` ask for it; `None` for other sets.
    ///
    /// # Errors
    /// [`CliError::Usage`] for options that do not belong to it.
    pub fn of(name: &str, args: &DataArgs) -> Result<Option<Self>, CliError> {
        let options = &args.text;
        let is_text = Self::NAMES.contains(&name);
        if !is_text && (options.fold.is_some() || options.words.is_some()) {
            return Err(CliError::Usage(format!(
                "--fold and --words go with --data restaurants, amazon or reviews, not with {name}"
            )));
        }
        let own = options.file.is_some()
            || options.text_column.is_some()
            || options.stars_column.is_some()
            || options.encoding.is_some();
        if name != "reviews" && own {
            return Err(CliError::Usage(format!(
                "--file, --text-column, --stars-column and --encoding go with --data reviews, not with {name}"
            )));
        }
        if name != "amazon" && options.product.is_some() {
            return Err(CliError::Usage(format!(
                "--product goes with --data amazon, not with {name}"
            )));
        }
        let from = match name {
            "restaurants" => Source::Restaurants,
            "amazon" => Source::Amazon {
                product: match options.product.as_deref() {
                    None | Some("all") => None,
                    Some(product) => Some(Product::by_name(product).ok_or_else(|| {
                        let names = Product::ALL.map(Product::name).join(", ");
                        CliError::Usage(format!(
                            "there is no product `{product}`: there are {names}, and all"
                        ))
                    })?),
                },
            },
            "reviews" => {
                let Some(file) = &options.file else {
                    return Err(CliError::Usage(
                        "--data reviews needs --file FILE: a CSV table or JSON lines".into(),
                    ));
                };
                let plain = ReviewFile::new(file);
                Source::File {
                    file: plain.path,
                    text: options.text_column.clone().unwrap_or(plain.text),
                    stars: options.stars_column.clone().unwrap_or(plain.stars),
                    encoding: options.encoding.map_or(plain.encoding, Into::into),
                }
            }
            _ => return Ok(None),
        };
        let mut bag = BagChoice::default();
        if let Some(fold) = options.fold {
            (bag.fold, bag.folds) = (fold.number, fold.of);
        }
        bag.seed = args.data_seed.unwrap_or(bag.seed);
        bag.words = options.words.unwrap_or(bag.words);
        Ok(Some(Self { from, bag }))
    }

    /// The sets that need no option of their own.
    pub fn named() -> [Self; 2] {
        [Source::Restaurants, Source::Amazon { product: None }].map(|from| Self {
            from,
            bag: BagChoice::default(),
        })
    }

    /// Where the set is on this machine, without reading it.
    ///
    /// # Errors
    /// [`CliError::Data`] for a data folder that does not exist.
    pub fn find(&self, locator: &Locator) -> Result<Option<PathBuf>, CliError> {
        Ok(match &self.from {
            Source::Restaurants => rectifier_reviews::find_restaurants(locator)?,
            Source::Amazon { .. } => rectifier_reviews::find_amazon(locator)?,
            Source::File { file, .. } => Some(file.clone()).filter(|file| file.is_file()),
        })
    }

    /// The name of the set.
    pub fn name(&self) -> &'static str {
        match self.from {
            Source::Restaurants => "restaurants",
            Source::Amazon { .. } => "amazon",
            Source::File { .. } => "reviews",
        }
    }

    /// Checks every value.
    ///
    /// # Errors
    /// [`CliError::Usage`].
    pub fn validate(&self) -> Result<(), CliError> {
        self.bag.validate()
    }

    /// The set in a few words.
    pub fn describe(&self) -> String {
        let from = match &self.from {
            Source::Restaurants => "restaurants (in place of OpenTable)".to_string(),
            Source::Amazon { product } => {
                format!("amazon, {}", product.map_or("all products", Product::name))
            }
            Source::File { file, .. } => format!("reviews, {}", file.display()),
        };
        let BagChoice {
            fold,
            folds,
            seed,
            words,
        } = &self.bag;
        format!("{from}, fold {fold} of {folds} (seed {seed}), {words} words")
    }

    /// Inputs and classes of an example.
    pub fn dims(&self) -> (usize, usize) {
        (self.bag.words, self.classes())
    }

    /// Whether labels are stars, whose expected number is the prediction.
    pub fn is_rating(&self) -> bool {
        !matches!(self.from, Source::Amazon { .. })
    }

    fn classes(&self) -> usize {
        match self.is_rating() {
            true => rectifier_reviews::STARS,
            false => 2,
        }
    }

    /// Reads the reviews and makes bags of them: with the words of `vocabulary`, or of the training texts.
    ///
    /// # Errors
    /// [`CliError::Data`].
    pub fn load(
        &self,
        vocabulary: Option<Vocabulary>,
        locator: &Locator,
        progress: &mut Progress<'_>,
    ) -> Result<Loaded, CliError> {
        let reviews = self.read(locator, progress)?;
        let mut warnings = reviews.warnings().to_vec();
        if self.from == Source::Restaurants {
            warnings.push(STANDS_IN.into());
        }
        let fold = self.bag.fold();
        let bag = match vocabulary {
            Some(vocabulary) => reviews.bag_with(fold, vocabulary)?,
            None => reviews.bag(fold, self.bag.words)?,
        };
        let mut info = self.info();
        info.sizes = sizes_of(&bag.split);
        info.shape = bag.split.train.shape().to_vec();
        Ok(Loaded {
            split: bag.split,
            info,
            warnings,
            vocabulary: Some(bag.vocabulary),
        })
    }

    fn read(&self, locator: &Locator, progress: &mut Progress<'_>) -> Result<Reviews, CliError> {
        Ok(match &self.from {
            Source::Restaurants => Reviews::restaurants(locator, progress)?,
            Source::Amazon { product } => Reviews::amazon(locator, product.as_slice(), progress)?,
            Source::File {
                file,
                text,
                stars,
                encoding,
            } => ReviewFile {
                path: file.clone(),
                text: text.clone(),
                stars: stars.clone(),
                encoding: *encoding,
            }
            .read()?,
        })
    }

    /// What the set is.
    pub fn info(&self) -> DataInfo {
        match self.from {
            Source::Amazon { .. } => amazon_info(),
            Source::Restaurants => restaurants_info(),
            Source::File { .. } => DataInfo {
                name: "reviews".into(),
                title: "reviews of a file, with one to five stars".into(),
                licence: "that of the file".into(),
                citation: "that of the file".into(),
                source: "given by path".into(),
                ..restaurants_info()
            },
        }
    }
}
