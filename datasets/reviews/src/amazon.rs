//! The Amazon reviews of Blitzer, Dredze and Pereira: four products, a thousand good and bad reviews each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path};

use flate2::read::GzDecoder;
use rectifier_data::{DataError, DataInfo, Locator, Progress, Remote, Sizes};
use serde::{Deserialize, Serialize};

use crate::tags::{Tagged, parse};
use crate::{Classes, Review, Reviews};

/// The name of the set, and of its folder.
pub const AMAZON: &str = "amazon";

/// The archive as it is known here. The one on the authors' page also holds unlabelled reviews and is as good: a
/// checksum of it is not known, so any other archive is read with a warning.
const ARCHIVE: Remote<'static> = Remote {
    file: "domain_sentiment_data.tar.gz",
    sha256: "4c01b95efe15fc4c87bb53e8c7450803c4b68c182d14a02fea62e64d82c0ae85",
    bytes: 3_214_941,
    mirrors: &[],
};

/// No file of the archive is larger; the largest known has 1.6 MB.
const LARGEST_FILE: u64 = 1 << 26;
/// No archive unpacks to more.
const LARGEST_ARCHIVE: u64 = 1 << 30;

/// A kind of product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// Books.
    Books,
    /// DVDs.
    Dvd,
    /// Electronics.
    Electronics,
    /// Kitchen and housewares.
    Kitchen,
}

impl Product {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Books, Self::Dvd, Self::Electronics, Self::Kitchen];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Books => "books",
            Self::Dvd => "dvd",
            Self::Electronics => "electronics",
            Self::Kitchen => "kitchen",
        }
    }

    /// The product of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.name() == name)
    }

    fn of_folder(folder: &str) -> Option<Self> {
        match folder {
            "kitchen_&_housewares" => Some(Self::Kitchen),
            folder => Self::by_name(folder),
        }
    }
}

/// The files of one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Negative,
    Positive,
    Unlabelled,
}

impl Part {
    fn of_file(file: &str) -> Option<Self> {
        match file {
            "negative.review" => Some(Self::Negative),
            "positive.review" => Some(Self::Positive),
            "unlabeled.review" => Some(Self::Unlabelled),
            _ => None,
        }
    }
}

/// Where the set is on this machine, without reading it.
///
/// # Errors
/// As [`Locator::find`].
pub fn find_amazon(locator: &Locator) -> Result<Option<std::path::PathBuf>, DataError> {
    Ok(locator.find(AMAZON, &[ARCHIVE.file])?.map(|(path, _)| path))
}

impl Reviews {
    /// The reviews of `products` (all four where there are none named), found as [`Locator`] says.
    ///
    /// A review's text is its title and its text. One or two stars make it negative (label 0), four or five positive
    /// (label 1). `unlabeled.review` of a product, which the authors' archive has, gives unlabelled texts. The files
    /// are Latin-1; the three bytes `EF BF BD`, which an earlier conversion left where a character was lost, are one
    /// replacement character.
    ///
    /// # Errors
    /// As [`Locator::locate`]; [`DataError::Io`] and [`DataError::Content`] for a damaged archive.
    pub fn amazon(
        locator: &Locator,
        products: &[Product],
        progress: &mut Progress<'_>,
    ) -> Result<Self, DataError> {
        let locator = Locator {
            allow_unknown: true,
            ..locator.clone()
        };
        let found = locator.locate(AMAZON, &ARCHIVE, progress)?;
        let reviews = Self::amazon_archive(&found.path, products)?;
        Ok(reviews.with_warnings(found.warning.into_iter().collect()))
    }

    /// As [`amazon`](Self::amazon), from the archive at `path`, whatever its checksum. Nothing is unpacked to the disk.
    ///
    /// # Errors
    /// As [`amazon`](Self::amazon).
    pub fn amazon_archive(path: &Path, products: &[Product]) -> Result<Self, DataError> {
        let file = File::open(path).map_err(|source| DataError::io(path, source))?;
        Self::amazon_packed(BufReader::new(file), path, products)
    }

    /// As [`amazon_archive`](Self::amazon_archive), of an archive that is open already; the path is for errors alone.
    ///
    /// # Errors
    /// As [`amazon`](Self::amazon).
    pub fn amazon_packed(
        packed: impl Read,
        path: &Path,
        products: &[Product],
    ) -> Result<Self, DataError> {
        let products = match products.is_empty() {
            true => &Product::ALL[..],
            false => products,
        };
        let wrong = |problem| DataError::Content {
            path: path.to_path_buf(),
            problem,
        };
        let files = unpack(packed).map_err(|error| match error {
            Unpack::Read(source) => wrong(format!(
                "no whole tar.gz ({source}): it is cut off, damaged or something else; fetch it again"
            )),
            Unpack::Content(problem) => wrong(problem),
        })?;
        let (mut reviews, mut unlabelled) = (Vec::new(), Vec::new());
        for &product in products {
            for part in [Part::Negative, Part::Positive] {
                let Some((name, tagged)) = files.get(&(product, part)) else {
                    return Err(wrong(format!(
                        "it has no {part:?} reviews of {}: it must hold sorted_data_acl/PRODUCT/positive.review and negative.review",
                        product.name()
                    )));
                };
                for review in tagged {
                    reviews.push(
                        labelled(review, part)
                            .map_err(|problem| wrong(format!("{name}: {problem}")))?,
                    );
                }
            }
            if let Some((_, tagged)) = files.get(&(product, Part::Unlabelled)) {
                unlabelled.extend(tagged.iter().map(|review| review.text.clone()));
            }
        }
        Self::new(reviews, unlabelled, Classes::Sentiment, path)
    }
}

fn labelled(review: &Tagged, part: Part) -> Result<Review, String> {
    let label = match (part, review.stars) {
        (Part::Negative, 1 | 2) => 0,
        (Part::Positive, 4 | 5) => 1,
        (_, stars) => {
            return Err(format!(
                "the review of line {} has {stars} stars: negative ones have 1 or 2, positive ones 4 or 5",
                review.line
            ));
        }
    };
    Ok(Review {
        text: review.text.clone(),
        stars: review.stars,
        label,
    })
}

enum Unpack {
    Read(io::Error),
    Content(String),
}

impl From<io::Error> for Unpack {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// The name of a file of reviews in the archive, and its content.
type Files = BTreeMap<(Product, Part), (String, Vec<Tagged>)>;

fn unpack(packed: impl Read) -> Result<Files, Unpack> {
    let mut archive = tar::Archive::new(GzDecoder::new(packed).take(LARGEST_ARCHIVE));
    let mut files = Files::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let name = path.display().to_string();
        let Some(kind) = place(&path).map_err(Unpack::Content)? else {
            continue;
        };
        if !entry.header().entry_type().is_file() {
            return Err(Unpack::Content(format!("{name} in it is no plain file")));
        }
        let mut bytes = Vec::new();
        (&mut entry)
            .take(LARGEST_FILE + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(Unpack::Content(format!(
                "{name} in it is larger than {LARGEST_FILE} bytes"
            )));
        }
        // An archive that ends early ends its last file early, without an error.
        if bytes.len() as u64 != entry.size() {
            return Err(Unpack::Content(format!(
                "{name} in it has {} of {} bytes: it is cut off; fetch it again",
                bytes.len(),
                entry.size()
            )));
        }
        // Latin-1, whose control characters an earlier conversion may have left, too.
        let text: String = bytes.into_iter().map(char::from).collect();
        let text = text.replace("\u{ef}\u{bf}\u{bd}", "\u{fffd}");
        let tagged =
            parse(&text).map_err(|problem| Unpack::Content(format!("{name}: {problem}")))?;
        if files.insert(kind, (name.clone(), tagged)).is_some() {
            return Err(Unpack::Content(format!("{name} is in it twice")));
        }
    }
    // The checksum of the packed bytes stands at their end.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(files)
}

/// What the file at `path` in the archive is; `None` for one that is not read.
fn place(path: &Path) -> Result<Option<(Product, Part)>, String> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name.to_string_lossy()),
            Component::CurDir => {}
            _ => {
                return Err(format!(
                    "{} in it leads out of the archive: this is not the archive of the reviews",
                    path.display()
                ));
            }
        }
    }
    Ok(match names.as_slice() {
        [.., root, product, file] if root == "sorted_data_acl" => {
            Product::of_folder(product).zip(Part::of_file(file))
        }
        _ => None,
    })
}

/// The set in a listing, as the first of ten folds.
pub fn amazon_info() -> DataInfo {
    DataInfo {
        name: AMAZON.into(),
        title: "Amazon reviews of books, DVDs, electronics and kitchenware: good or bad".into(),
        classes: Classes::Sentiment.count(),
        class_names: Classes::Sentiment.names(),
        shape: vec![crate::WORDS],
        sizes: Sizes {
            train: 6400,
            valid: 800,
            test: 800,
        },
        licence: "none stated: given out for research by its authors".into(),
        citation: "J. Blitzer, M. Dredze, F. Pereira: Biographies, Bollywood, Boom-boxes and Blenders: Domain \
                   Adaptation for Sentiment Classification. ACL 2007"
            .into(),
        source: format!(
            "put {} into the data folder, from the authors' page https://www.cs.jhu.edu/~mdredze/datasets/sentiment/",
            ARCHIVE.file
        ),
    }
}
