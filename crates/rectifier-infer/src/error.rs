//! What can keep a network from answering.

use alloc::string::{String, ToString};
use core::fmt::Display;
use rectifier_model::{ModelFileError, NetworkError, Unit};

/// A prediction that cannot be made. The text names the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InferError {
    /// The model file cannot be read.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// The network cannot be what is asked for.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The inputs are no whole number of examples.
    #[error("{numbers} numbers are no whole number of examples of {inputs}")]
    Length {
        /// Numbers given.
        numbers: usize,
        /// Numbers an example.
        inputs: usize,
    },
    /// Sparse rows of another width than the network takes.
    #[error("the network takes {inputs} numbers an example, these have {width}")]
    Width {
        /// Numbers a row.
        width: usize,
        /// Numbers that the network takes.
        inputs: usize,
    },
    /// Sparse rows that break a promise: starts that do not rise, columns that do not or lie outside.
    #[error("row {row} of the sparse rows: {reason}")]
    Row {
        /// The row, from 0.
        row: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An input that is infinite or not a number: no answer to it would mean anything.
    #[error("example {example} has {value} at place {place}: inputs must be finite numbers")]
    Input {
        /// The example, from 0.
        example: usize,
        /// The place in it, from 0; of sparse rows the entry.
        place: usize,
        /// The number.
        value: f32,
    },
    /// Sums grew past what a float holds.
    #[error(
        "the outputs for example {example} are no finite numbers: its inputs are too large for this network; give them in the range it was trained on"
    )]
    Overflow {
        /// The example, from 0.
        example: usize,
    },
    /// Another count of labels than of examples.
    #[error("{labels} labels for {examples} examples: one each is needed")]
    Labels {
        /// Labels given.
        labels: usize,
        /// Examples given.
        examples: usize,
    },
    /// Units that int8 prediction does not know.
    #[error(
        "{unit:?} units can be negative or smooth, and int8 is for rectifiers: use f32 or bf16"
    )]
    NotRectifiers {
        /// The units.
        unit: Unit,
    },
    /// A network that is not in the form that something is made from.
    #[error("the network is in {precision}, and this is made from f32: load it anew")]
    Precision {
        /// What its weights are kept as.
        precision: &'static str,
    },
    /// No examples to choose scales by.
    #[error("int8 needs examples to choose its scales by: give some hundred of the training data")]
    NoExamples,
    /// A layer so wide that sums of integers could leave 32 bits.
    #[error(
        "a layer with {inputs} inputs is too wide for sums of int8 in 32 bits: use f32 or bf16"
    )]
    TooManyInputs {
        /// Inputs of the layer.
        inputs: usize,
    },
    /// The system gives no threads.
    #[error("no threads: {reason}; fewer may do")]
    Threads {
        /// What the system said.
        reason: String,
    },
}

impl InferError {
    pub(crate) fn threads(error: impl Display) -> Self {
        Self::Threads {
            reason: error.to_string(),
        }
    }
}
