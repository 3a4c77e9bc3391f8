//! Data sets by name: what a set offers, a set with its options chosen, and what loading it gives.

use crate::{
    DataError, DataInfo, Encoder, Locator, OptionSpec, Options, PartName, Progress, Split,
};
use std::path::PathBuf;
use std::sync::Arc;

/// A data set by name. One value a set stands in a table; everything that a program offers for the set comes from it.
pub trait DataSet: Sync {
    /// The name it is asked for by: `mnist`.
    fn name(&self) -> &'static str;

    /// What can be chosen.
    fn options(&self) -> &'static [OptionSpec];

    /// The set as `options` ask for it, with its defaults for what they leave open. Reads no file.
    ///
    /// # Errors
    /// [`DataError::Option`] for an option that the set has not, whose value it cannot be, or that is missing.
    fn open(&self, options: &Options) -> Result<Box<dyn Source>, DataError>;

    /// The set that [`Source::to_plan`] described; `None` where that was another set.
    ///
    /// # Errors
    /// [`DataError::Plan`] for a description with unknown or missing fields.
    fn read_plan(&self, plan: &serde_json::Value) -> Option<Result<Box<dyn Source>, DataError>>;

    /// Whether the set is complete without an option: then lists of data sets name it.
    fn stands_alone(&self) -> bool {
        true
    }
}

/// A data set with its options chosen and checked.
pub trait Source: Send + Sync {
    /// The name of the set.
    fn name(&self) -> &'static str;

    /// Its choices as plain data, an object whose field `set` tells it from other sets. [`DataSet::read_plan`] reads it.
    fn to_plan(&self) -> serde_json::Value;

    /// The same set with some of its choices changed: `--fold 3/10` on what a run was trained on.
    ///
    /// # Errors
    /// As [`DataSet::open`].
    fn changed(&self, options: &Options) -> Result<Box<dyn Source>, DataError>;

    /// The set and its choices in a few words.
    fn describe(&self) -> String;

    /// What its inputs and labels are.
    fn nature(&self) -> Nature;

    /// Where it is, without reading it.
    ///
    /// # Errors
    /// [`DataError::NoFolder`] for a data folder that does not exist.
    fn find(&self, locator: &Locator) -> Result<Availability, DataError>;

    /// What it is: classes, shape, sizes. Reads no more than it must, for a set of a known form nothing.
    ///
    /// # Errors
    /// [`DataError`] where files must be read to know and cannot be.
    fn info(&self, locator: &Locator) -> Result<DataInfo, DataError>;

    /// Reads or makes the examples: prepared by `encoder`, a trained network's, or by one fitted on the training part.
    ///
    /// # Errors
    /// [`DataError`]; also for an encoder of another kind.
    fn load(
        &self,
        locator: &Locator,
        encoder: Option<&Arc<dyn Encoder>>,
        progress: &mut Progress<'_>,
    ) -> Result<Loaded, DataError>;

    /// A picture of how examples are made, where there is something to see beside the examples.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn making_of(
        &self,
        part: PartName,
        scale: usize,
        locator: &Locator,
    ) -> Result<Option<MakingOf>, DataError> {
        let _ = (part, scale, locator);
        Ok(None)
    }
}

/// What the examples of a set are, as far as a network and its training must know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nature {
    /// How examples come to be.
    pub supply: Supply,
    /// What the inputs are.
    pub inputs: Inputs,
    /// What the labels are.
    pub labels: Labels,
    /// The smallest and the largest number an input may hold.
    pub range: (f32, f32),
}

/// How examples come to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// So many are in files, and no more.
    Files,
    /// As many as are asked for are generated.
    Generated,
    /// Every epoch brings fresh ones.
    Streamed,
}

/// What the inputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// Pixels.
    Pixels,
    /// Columns of a table, standardized or one-hot.
    Columns,
    /// Rows that are mostly 0.
    Sparse,
    /// Whether each word of a vocabulary occurs.
    Words,
}

/// What the labels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Classes without order.
    Classes,
    /// 1 to n stars: class `k` is `k + 1` stars, whose expected number is the prediction.
    Stars,
}

/// Where a set is, as far as that is known without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It is made when it is asked for.
    Generated,
    /// It is made when it is asked for, but not of all that it is made of elsewhere: its examples are other ones.
    Partial {
        /// What is not on this machine, and how it gets here.
        lacks: String,
    },
    /// On this machine, this file or folder first.
    Here(PathBuf),
    /// Nowhere on this machine, but it can be fetched.
    Fetchable,
    /// Nowhere on this machine, and not to be fetched.
    Missing {
        /// How it gets here.
        how: String,
    },
}

/// What loading a set gives.
pub struct Loaded {
    /// Its parts.
    pub split: Split,
    /// What it is.
    pub info: DataInfo,
    /// What the user should know about it.
    pub warnings: Vec<String>,
    /// What prepared the inputs, where raw input needs preparing.
    pub encoder: Option<Arc<dyn Encoder>>,
}

/// A picture of how examples are made.
pub struct MakingOf {
    /// The PNG file.
    pub png: Vec<u8>,
    /// What its rows and columns are.
    pub legend: String,
    /// What the user should know about it.
    pub warnings: Vec<String>,
}
