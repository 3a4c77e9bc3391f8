//! Data sets of one's own: folders of pictures ([`Images`]), tables ([`Table`]), sparse rows ([`Svmlight`]), labelled
//! texts ([`Texts`]), and IDX files ([`IDX`]).
//!
//! Each is a [`DataSet`]: its options say which files, and what in them. Classes are named as the data name them. Parts
//! that are not given are drawn by seed, a sixth of every class to choose by and a sixth to report on; what prepares the
//! inputs is fitted on the training part alone.
//!
//! ```
//! use rectifier_data::{DataSet, Encoder, Examples, Locator, Options, no_progress};
//! use rectifier_files::Table;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("mine.csv");
//! # let rows: String = (0..60).map(|row| format!("{row},{}\n", if row % 2 == 0 { "even" } else { "odd" })).collect();
//! # std::fs::write(&path, format!("number,kind\n{rows}"))?;
//! let options = Options::new().with("file", path.display().to_string()).with("target", "kind");
//! let loaded = Table.open(&options)?.load(&Locator::default(), None, &mut no_progress)?;
//! assert_eq!(loaded.info.class_names, ["even", "odd"]);
//! assert_eq!((loaded.split.train.len(), loaded.split.train.width()), (40, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod classes;
mod idx;
mod images;
mod own;
mod parts;
mod path;
mod svmlight;
mod table;
mod texts;

pub use classes::MOST_CLASSES;
pub use idx::{IDX, IdxSet};
pub use images::Images;
pub use svmlight::Svmlight;
pub use table::Table;
pub use texts::Texts;

use rectifier_data::DataSet;

/// Every set of this crate.
pub static SETS: &[&dyn DataSet] = &[&Images, &Table, &Svmlight, &Texts, &IDX];
