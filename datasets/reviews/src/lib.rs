//! Star-rated text as sparse bags of words: restaurant reviews, Amazon reviews of four products, or files of one's own.
//!
//! A review is as sparse as data gets: of 5000 words it has some thirty. Its row stays sparse from the file to the first
//! layer; no dense matrix of a set is ever made. [`Reviews`] are read ([`Reviews::restaurants`], [`Reviews::amazon`],
//! [`ReviewFile`]), split into k folds ([`Fold`]) and turned into a [`Bag`] by a [`Vocabulary`] that only training texts
//! were counted for.
//!
//! ```
//! use rectifier_data::Examples;
//! use rectifier_reviews::{Fold, ReviewFile};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("mine.csv");
//! # std::fs::write(&path, "text,stars\ngood,5\nbad,1\nfine food,4\nso so,3\nnever,1\n")?;
//! let reviews = ReviewFile::new(&path).read()?;
//! let bag = reviews.bag("1/5".parse::<Fold>()?, 5000)?;
//! assert_eq!((bag.split.train.len(), bag.split.train.width()), (3, 5000));
//! assert!(bag.split.train.is_sparse());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `fetch` (default) | fetching what is not on this machine; brings HTTP and TLS |

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod amazon;
mod file;
mod folds;
mod restaurants;
mod reviews;
mod set;
mod stars;
mod tags;

pub use amazon::{AMAZON, Product, amazon_info, find_amazon};
pub use file::ReviewFile;
pub use folds::Fold;
pub use rectifier_data::{Encoding, Vocabulary, words};
pub use restaurants::{RESTAURANTS, STANDS_IN, find_restaurants, restaurants_info};
pub use reviews::{Bag, Classes, Parts, Review, Reviews};
pub use set::{AMAZON_SET, FILE_SET, RESTAURANTS_SET, ReviewSet};
pub use stars::{STARS, parse_stars};

/// How many of the most frequent words have a column, as in the paper.
pub const WORDS: usize = 5000;
