//! Star-rated and positive or negative texts among the data sets that programs know by name.

use crate::{
    AMAZON, Encoding, Fold, Product, RESTAURANTS, ReviewFile, Reviews, STANDS_IN, WORDS,
    amazon_info, find_amazon, find_restaurants, restaurants_info,
};
use rectifier_data::sets::{DATA_SEED, plan_choices, plan_of};
use rectifier_data::{
    Availability, DataError, DataInfo, DataSet, Encoder, Inputs, Labels, Loaded, Locator, Nature,
    OptionKind, OptionSpec, Options, Progress, Source, Supply, Vocabulary,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// Restaurant reviews with stars, in place of OpenTable's, for a table of data sets.
pub static RESTAURANTS_SET: ReviewSet = ReviewSet {
    name: RESTAURANTS,
    options: &[FOLD, BAG_WORDS, DATA_SEED],
};

/// Amazon's product reviews, positive or negative, for a table of data sets.
pub static AMAZON_SET: ReviewSet = ReviewSet {
    name: AMAZON,
    options: &[FOLD, BAG_WORDS, DATA_SEED, PRODUCT],
};

/// Reviews with stars in a file of the user's own, for a table of data sets.
pub static FILE_SET: ReviewSet = ReviewSet {
    name: FILE_NAME,
    options: &[
        FILE,
        TEXT_COLUMN,
        STARS_COLUMN,
        ENCODING,
        FOLD,
        BAG_WORDS,
        DATA_SEED,
    ],
};

/// A set of reviews, before anything is chosen.
pub struct ReviewSet {
    name: &'static str,
    options: &'static [OptionSpec],
}

const FILE_NAME: &str = "reviews";
/// What plans of all three call them.
const TAG: &str = "text";
/// More columns than this are no vocabulary.
const MOST_WORDS: usize = 1 << 20;

const FOLD: OptionSpec = OptionSpec::new(
    "fold",
    "K/N",
    "Test fold K of N folds, and choose by the next one [default: 1/10]",
    OptionKind::Text,
);
const BAG_WORDS: OptionSpec = OptionSpec::new(
    "words",
    "N",
    "How many of the most frequent words count [default: 5000]",
    OptionKind::Count,
)
.of_encoder();
const PRODUCT: OptionSpec = OptionSpec::new(
    "product",
    "NAME",
    "Product: books, dvd, electronics, kitchen or all [default: all]",
    OptionKind::OneOf(&["books", "dvd", "electronics", "kitchen", "all"]),
);
const FILE: OptionSpec = OptionSpec::new(
    "file",
    "FILE",
    "A file of one's own: a table or JSON lines; for svmlight, its lines",
    OptionKind::Path,
);
const TEXT_COLUMN: OptionSpec = OptionSpec::new(
    "text-column",
    "NAME",
    "The column, or field, of the texts [default: text]",
    OptionKind::Text,
);
const STARS_COLUMN: OptionSpec = OptionSpec::new(
    "stars-column",
    "NAME",
    "The column, or field, of the stars, 1 to 5; a text whose stars are empty is for pre-training [default: stars]",
    OptionKind::Text,
)
.implying();
const ENCODING: OptionSpec = OptionSpec::new(
    "encoding",
    "NAME",
    "How the file's bytes stand for characters [default: utf8]",
    OptionKind::OneOf(&Encoding::NAMES),
);

/// How texts become bags of words, and which of them are tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BagChoice {
    /// The fold that is tested, from 1.
    fold: usize,
    /// How many folds there are.
    folds: usize,
    /// Seed of the folds.
    seed: u64,
    /// How many of the most frequent words have a column.
    words: usize,
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

impl BagChoice {
    fn fold(&self) -> Fold {
        Fold {
            number: self.fold,
            of: self.folds,
            seed: self.seed,
        }
    }

    fn validate(&self) -> Result<(), DataError> {
        let wrong = |option: OptionSpec, reason: String| DataError::Option {
            option: option.name.into(),
            reason,
        };
        if !(1..=MOST_WORDS).contains(&self.words) {
            let reason = format!("{}: it must be from 1 to {MOST_WORDS}", self.words);
            return Err(wrong(BAG_WORDS, reason));
        }
        self.fold().validate().map_err(|reason| wrong(FOLD, reason))
    }
}

/// Which reviews.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reviews", rename_all = "kebab-case", deny_unknown_fields)]
enum From {
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

/// Reviews as plain data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewChoice {
    /// Where the reviews come from.
    from: From,
    /// What is made of them.
    bag: BagChoice,
}

impl ReviewChoice {
    fn set(&self) -> &'static ReviewSet {
        match self.from {
            From::Restaurants => &RESTAURANTS_SET,
            From::Amazon { .. } => &AMAZON_SET,
            From::File { .. } => &FILE_SET,
        }
    }

    fn change(mut self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        options.check(self.set().options)?;
        if let Some(fold) = options.read::<Fold>(FOLD.name)? {
            (self.bag.fold, self.bag.folds) = (fold.number, fold.of);
        }
        self.bag.seed = options.seed(DATA_SEED.name)?.unwrap_or(self.bag.seed);
        self.bag.words = options.count(BAG_WORDS.name)?.unwrap_or(self.bag.words);
        match &mut self.from {
            From::Restaurants => {}
            From::Amazon { product } => match options.text(PRODUCT.name) {
                None => {}
                Some("all") => *product = None,
                Some(name) => *product = Product::by_name(name),
            },
            From::File {
                file,
                text,
                stars,
                encoding,
            } => {
                if let Some(given) = options.path(FILE.name) {
                    *file = given;
                }
                // A run goes on wherever it is started from.
                if let Ok(absolute) = std::path::absolute(&*file) {
                    *file = absolute;
                }
                let named = |option: OptionSpec| options.text(option.name).map(str::to_string);
                *text = named(TEXT_COLUMN).unwrap_or(std::mem::take(text));
                *stars = named(STARS_COLUMN).unwrap_or(std::mem::take(stars));
                *encoding = options.read(ENCODING.name)?.unwrap_or(*encoding);
            }
        }
        self.checked()
    }

    fn checked(self) -> Result<Box<dyn Source>, DataError> {
        self.bag.validate()?;
        Ok(Box::new(self))
    }

    fn base_info(&self) -> DataInfo {
        let info = match self.from {
            From::Amazon { .. } => amazon_info(),
            From::Restaurants => restaurants_info(),
            From::File { .. } => DataInfo {
                name: FILE_NAME.into(),
                title: "reviews of a file, with one to five stars".into(),
                licence: "that of the file".into(),
                citation: "that of the file".into(),
                source: "given by path".into(),
                ..restaurants_info()
            },
        };
        DataInfo {
            shape: vec![self.bag.words],
            ..info
        }
    }

    fn read(&self, locator: &Locator, progress: &mut Progress<'_>) -> Result<Reviews, DataError> {
        match &self.from {
            From::Restaurants => Reviews::restaurants(locator, progress),
            From::Amazon { product } => Reviews::amazon(locator, product.as_slice(), progress),
            From::File {
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
            .read(),
        }
    }
}

impl DataSet for ReviewSet {
    fn name(&self) -> &'static str {
        self.name
    }

    fn options(&self) -> &'static [OptionSpec] {
        self.options
    }

    fn open(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        let from = match (self.name, options.path(FILE.name)) {
            (RESTAURANTS, _) => From::Restaurants,
            (AMAZON, _) => From::Amazon { product: None },
            (_, Some(file)) => {
                let plain = ReviewFile::new(&file);
                From::File {
                    file: plain.path,
                    text: plain.text,
                    stars: plain.stars,
                    encoding: plain.encoding,
                }
            }
            (_, None) => {
                options.check(self.options)?;
                return Err(DataError::Option {
                    option: FILE.name.into(),
                    reason: "data set reviews needs it: a CSV table or JSON lines".into(),
                });
            }
        };
        let bag = BagChoice::default();
        ReviewChoice { from, bag }.change(options)
    }

    fn read_plan(&self, plan: &serde_json::Value) -> Option<Result<Box<dyn Source>, DataError>> {
        match plan_choices::<ReviewChoice>(TAG, plan)? {
            Ok(choice) if choice.set().name == self.name => Some(choice.checked()),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        }
    }

    fn stands_alone(&self) -> bool {
        self.name != FILE_NAME
    }
}

impl Source for ReviewChoice {
    fn name(&self) -> &'static str {
        self.set().name
    }

    fn to_plan(&self) -> serde_json::Value {
        plan_of(TAG, self)
    }

    fn changed(&self, options: &Options) -> Result<Box<dyn Source>, DataError> {
        self.clone().change(options)
    }

    fn describe(&self) -> String {
        let from = match &self.from {
            From::Restaurants => "restaurants (in place of OpenTable)".to_string(),
            From::Amazon { product } => {
                format!("amazon, {}", product.map_or("all products", Product::name))
            }
            From::File { file, .. } => format!("reviews, {}", file.display()),
        };
        let BagChoice {
            fold,
            folds,
            seed,
            words,
        } = &self.bag;
        format!("{from}, fold {fold} of {folds} (seed {seed}), {words} words")
    }

    fn nature(&self) -> Nature {
        Nature {
            supply: Supply::Files,
            inputs: Inputs::Words,
            labels: match self.from {
                From::Amazon { .. } => Labels::Classes,
                From::Restaurants | From::File { .. } => Labels::Stars,
            },
            range: (0.0, 1.0),
        }
    }

    fn find(&self, locator: &Locator) -> Result<Availability, DataError> {
        let found = match &self.from {
            From::Restaurants => find_restaurants(locator)?,
            From::Amazon { .. } => find_amazon(locator)?,
            From::File { file, .. } => Some(file.clone()).filter(|file| file.is_file()),
        };
        Ok(match found {
            Some(path) => Availability::Here(path),
            None => Availability::Missing {
                how: self.base_info().source,
            },
        })
    }

    fn info(&self, _: &Locator) -> Result<DataInfo, DataError> {
        Ok(self.base_info())
    }

    fn load(
        &self,
        locator: &Locator,
        encoder: Option<&Arc<dyn Encoder>>,
        progress: &mut Progress<'_>,
    ) -> Result<Loaded, DataError> {
        let vocabulary = encoder.map(|encoder| vocabulary_of(encoder.as_ref()));
        let reviews = self.read(locator, progress)?;
        let mut warnings = reviews.warnings().to_vec();
        if self.from == From::Restaurants {
            warnings.push(STANDS_IN.into());
        }
        let fold = self.bag.fold();
        let bag = match vocabulary.transpose()? {
            Some(vocabulary) => reviews.bag_with(fold, vocabulary)?,
            None => reviews.bag(fold, self.bag.words)?,
        };
        let info = DataInfo {
            sizes: bag.split.sizes(),
            shape: bag.split.train.shape().to_vec(),
            ..self.base_info()
        };
        Ok(Loaded {
            split: bag.split,
            info,
            warnings,
            encoder: Some(Arc::new(bag.vocabulary)),
        })
    }
}

/// The vocabulary that a trained network's encoder is.
fn vocabulary_of(encoder: &dyn Encoder) -> Result<Vocabulary, DataError> {
    let not_one = |cure: String| DataError::Encoder {
        kind: encoder.kind(),
        given: "reviews",
        cure,
    };
    if encoder.kind() != "vocabulary" {
        return Err(not_one(
            "give data of the kind the network was trained on".into(),
        ));
    }
    Vocabulary::from_text(&encoder.to_text()).map_err(not_one)
}
