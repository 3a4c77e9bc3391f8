//! What every data set needs: resident samples, splits, index-shuffled batches, and files that are found, fetched and checked.
//!
//! A data set crate locates its files ([`Locator`]), decodes them once ([`Samples`], [`SparseSamples`]), names its parts
//! ([`Subset`], [`Split`]) and describes itself ([`DataInfo`]). Whoever trains asks [`Batches`] for indices and gathers
//! each [`Batch`] from [`Examples`] in one copy.
//!
//! ```
//! use rectifier_data::{Batch, Batches, Examples, Order, Samples, Split};
//! use std::sync::Arc;
//!
//! // Points of two coordinates, and which of them is larger.
//! let points = |count: usize| {
//!     let numbers: Vec<f32> = (0..2 * count).map(|k| (k * 37 % 101) as f32 / 101.0).collect();
//!     let labels = numbers.chunks(2).map(|point| u32::from(point[1] > point[0])).collect();
//!     Samples::from_f32(numbers, labels, &[2], 2).map(Arc::new)
//! };
//! let split = Split::new(points(60)?, points(20)?, points(20)?)?;
//! // The first epoch of stage 0 of a run with seed 7, in batches of 16: any step is found without those before it.
//! let mut batches = Batches::new(split.train.len(), 16, Order::epoch(7, 0, 0));
//! let mut batch = Batch::default();
//! while let Some(indices) = batches.next_batch() {
//!     batch.clear();
//!     split.train.gather(indices, &mut batch)?;
//!     assert_eq!(batch.inputs.len(), 2 * batch.labels.len());
//! }
//! assert_eq!(batch.len(), 60 % 16);
//! # Ok::<(), rectifier_data::DataError>(())
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `burn` (default) | batches as Burn's tensors, and examples as Burn's data sets |
//! | `fetch` (default) | fetching over HTTP; without it, files are only looked for on this machine |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod batches;
mod checksum;
mod data_set;
#[cfg(feature = "burn")]
mod dataset;
mod encoder;
mod encoders;
mod encoding;
mod error;
mod examples;
mod exif;
mod feed;
#[cfg(feature = "fetch")]
mod fetch;
#[cfg(all(test, unix, feature = "fetch"))]
mod fetch_processes;
mod gunzip;
mod hint;
mod idx;
mod idx_pair;
mod idx_problem;
mod info;
mod lines;
mod listing;
mod locate;
#[cfg(all(test, feature = "fetch"))]
mod loopback;
mod memory;
mod missing;
mod options;
#[cfg(feature = "burn")]
mod part;
mod partial;
mod picture;
pub mod random;
mod raster;
mod records;
mod remote;
mod rescaled;
mod samples;
pub mod sets;
mod sheet;
mod shifted;
mod sparse;
mod sparse_samples;
mod split;
mod split_indices;
mod svmlight;
mod table_reader;
mod variable;

pub use batches::{Batches, Order};
pub use checksum::{Checksum, Mismatch, sha256_hex};
pub use data_set::{
    Availability, DataSet, Inputs, Labels, Loaded, MakingOf, Nature, Source, Supply,
};
#[cfg(feature = "burn")]
pub use dataset::{AsDataset, Item};
pub use encoder::{Encoder, Entry, Raw, Row};
pub use encoders::{
    Columns, Indices, MOST_WORDS, Pixels, Resize, TextForm, Value, Vocabulary, border_of,
    decode_encoder, is_missing, number_of, without_markup, words,
};
pub use encoding::Encoding;
pub use error::DataError;
pub use examples::{Batch, Examples};
pub use feed::Feed;
pub use hint::Hint;
pub use idx::{Idx, IdxHeader, read_idx, read_images, read_labels};
pub use idx_pair::IdxPair;
pub use idx_problem::IdxProblem;
pub use info::{DataInfo, Sizes};
pub use lines::{LONGEST_LINE, LONGEST_TEXT_FILE, Lines, open_regular, read_whole};
pub use listing::{joined, listed, shortened};
pub use locate::{Found, Locator, Origin};
pub use memory::room_for;
pub use missing::{Attempt, Form, Missing};
pub use options::{OptionKind, OptionSpec, Options};
#[cfg(feature = "burn")]
pub use part::Part;
pub use partial::Partial;
pub use picture::Picture;
pub use raster::{Raster, read_picture, read_png_grey};
pub use records::{Cell, Record, Records};
pub use remote::{Progress, Remote, Timeouts, no_progress};
pub use rescaled::Rescaled;
pub use samples::{Samples, Storage, unit_table};
pub use sheet::{Sheet, contact_sheet, draw};
pub use shifted::Shifted;
pub use sparse::{CompactRows, SparseRows};
pub use sparse_samples::SparseSamples;
pub use split::{PartName, Split, Subset, class_counts, fraction};
pub use split_indices::{Shares, SplitIndices};
pub use svmlight::{LARGEST_INDEX, SvmlightReader, SvmlightRow};
pub use table_reader::{MOST_COLUMNS, TableReader, TableRow};
pub use variable::DATA_VARIABLE;
