//! What every data set needs: resident samples, splits, index-shuffled batches, and files that are found, fetched and checked.
//!
//! A data set crate locates its files ([`Locator`]), decodes them once ([`Samples`], [`SparseSamples`]), names its parts
//! ([`Subset`], [`Split`]) and describes itself ([`DataInfo`]). Whoever trains asks [`Batches`] for indices and gathers
//! each [`Batch`] from [`Examples`] in one copy.
#![warn(missing_docs)]

mod batches;
mod checksum;
mod data_set;
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
mod part;
mod partial;
mod picture;
pub mod random;
mod raster;
mod records;
mod remote;
mod samples;
pub mod sets;
mod sheet;
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
pub use listing::{listed, shortened};
pub use locate::{Found, Locator, Origin};
pub use memory::room_for;
pub use missing::{Attempt, Form, Missing};
pub use options::{OptionKind, OptionSpec, Options};
pub use part::Part;
pub use partial::Partial;
pub use picture::Picture;
pub use raster::{Raster, read_picture, read_png_grey};
pub use records::{Cell, Record, Records};
pub use remote::{Progress, Remote, Timeouts, no_progress};
pub use samples::{Samples, Storage, unit_table};
pub use sheet::{Sheet, contact_sheet, draw};
pub use sparse::{CompactRows, SparseRows};
pub use sparse_samples::SparseSamples;
pub use split::{PartName, Split, Subset, class_counts, fraction};
pub use split_indices::{Shares, SplitIndices};
pub use svmlight::{LARGEST_INDEX, SvmlightReader, SvmlightRow};
pub use table_reader::{MOST_COLUMNS, TableReader, TableRow};
pub use variable::DATA_VARIABLE;
