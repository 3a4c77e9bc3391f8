//! What can be wrong with a file of another program.

use rectifier_model::ModelFileError;
use std::path::PathBuf;

/// A file that cannot be read or written. The text names the file, the layer where there is one, the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The file could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path names something else than a file.
    #[error("{}: this is not a regular file: give the model file itself", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The bytes are not of the format.
    #[error("{origin} cannot be read as {format} ({reason}): {cure}")]
    Format {
        /// Where the bytes came from.
        origin: String,
        /// The format, in words.
        format: &'static str,
        /// What is wrong with them.
        reason: String,
        /// What would do.
        cure: &'static str,
    },
    /// A pickle names something to call that no state dict needs.
    #[error(
        "{origin}: its pickle names `{callable}`, which is no part of a state dict. Nothing was executed: save \
         `model.state_dict()` alone, and open the file with no program that executes it unless you know who made it"
    )]
    Callable {
        /// Where the bytes came from.
        origin: String,
        /// What it names, module first.
        callable: String,
    },
    /// A layer that the network of the other side cannot have.
    #[error("{origin}: {place}: {reason}")]
    Layer {
        /// Where the network came from.
        origin: String,
        /// The layer, module or node.
        place: String,
        /// Why it cannot be taken, and what could be.
        reason: String,
    },
    /// Weights that lie in another file, where this one may not look.
    #[error("{origin}: tensor `{tensor}` lies in the file `{location}`: {reason}")]
    External {
        /// Where the bytes came from.
        origin: String,
        /// The tensor.
        tensor: String,
        /// Where it says that its bytes are.
        location: String,
        /// Why they are not read.
        reason: String,
    },
    /// Nothing says which activation lies between the layers.
    #[error(
        "{origin} does not say which activation lies between its layers: give it, such as `relu` (--activation relu)"
    )]
    NoActivation {
        /// Where the bytes came from.
        origin: String,
    },
    /// No activation is called so.
    #[error(
        "there is no activation `{text}` ({reason}): give one of {}",
        crate::Activation::NAMES
    )]
    ActivationName {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A shape that was asked for, of another count of numbers than the network takes.
    #[error(
        "--shape: an example of the shape {shape:?} is not the {inputs} numbers that the network in {origin} takes: give sides whose \
         product they are, or leave it out"
    )]
    Shape {
        /// Where the network came from.
        origin: String,
        /// What was asked for.
        shape: Vec<usize>,
        /// Numbers that it takes.
        inputs: usize,
    },
    /// A range that was asked for and is none.
    #[error(
        "--range: {low} to {high} is no range: both must be finite, the first below the second, such as -1,1"
    )]
    Range {
        /// What was asked for, first.
        low: f32,
        /// And last.
        high: f32,
    },
    /// A model whose weights are kept in another precision than f32.
    #[error("{origin}: its weights are not f32: give the f32 model that it was made from")]
    Precision {
        /// Where the network came from.
        origin: String,
    },
    /// The model file, or a file in the same container, is wrong.
    #[error(transparent)]
    Model(#[from] ModelFileError),
}

impl ExchangeError {
    /// An error of one layer.
    pub(crate) fn layer(origin: &str, place: &str, reason: impl Into<String>) -> Self {
        Self::Layer {
            origin: origin.into(),
            place: place.into(),
            reason: reason.into(),
        }
    }
}
