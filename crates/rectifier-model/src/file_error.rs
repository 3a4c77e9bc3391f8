//! What can be wrong with a model file.

use crate::NetworkError;
use alloc::string::String;
use alloc::vec::Vec;

/// A model file that cannot be read, written or fitted. The text names the file, the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// The file could not be read or written.
    #[cfg(feature = "std")]
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path names something else than a file: a folder, a device, a pipe.
    #[cfg(feature = "std")]
    #[error("{}: this is not a regular file: give the model file itself", path.display())]
    NotAFile {
        /// The path.
        path: std::path::PathBuf,
    },
    /// The bytes are no safetensors file: truncated, a foreign format, or sizes that do not add up.
    #[error("{origin} is not a whole safetensors file ({reason}): train or copy it again")]
    Format {
        /// Where the bytes came from.
        origin: String,
        /// What is wrong with them.
        reason: String,
    },
    /// The header does not say which network the weights belong to.
    #[error(
        "{origin} does not describe its network ({reason}): give the network, or use a file that `rectifier train` wrote"
    )]
    NoDescription {
        /// Where the bytes came from.
        origin: String,
        /// What is missing or wrong.
        reason: String,
    },
    /// The tensors are not those of the network.
    #[error("{origin} does not fit the network: {reason}")]
    Mismatch {
        /// Where the bytes came from.
        origin: String,
        /// The first tensor that differs, and how.
        reason: String,
    },
    /// A weight is infinite or not a number: nothing that the network says would mean anything.
    #[error(
        "{origin}: `{tensor}` holds {value} at place {place}: the file is damaged or its training diverged; train or copy it again"
    )]
    NotFinite {
        /// Where the bytes came from.
        origin: String,
        /// The tensor.
        tensor: String,
        /// The place of the number in it, from 0, row-major.
        place: usize,
        /// The number.
        value: f32,
    },
    /// The description is one no network can be made from.
    #[error("{origin}: {source}")]
    Network {
        /// Where the bytes came from.
        origin: String,
        /// What is wrong with the description.
        source: NetworkError,
    },
    /// The card contradicts itself or cannot be read.
    #[error("{origin}: {source}")]
    Card {
        /// Where the bytes came from.
        origin: String,
        /// What is wrong with it.
        source: CardError,
    },
}

/// A model card that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// A key of the header is no JSON of what it should hold.
    #[error("its header's `{key}` cannot be read ({reason}): train or copy the model again")]
    Json {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A card of a later version than this program knows.
    #[error("its card is of version {found}, this program reads up to {newest}: use a newer one")]
    Version {
        /// The card's version.
        found: u32,
        /// The newest that is read.
        newest: u32,
    },
    /// The shape of an example makes another count of numbers than the network takes.
    #[error(
        "its header says that an example has the shape {shape:?}, and its network takes {inputs} numbers: one of them is another model's"
    )]
    Shape {
        /// The shape.
        shape: Vec<usize>,
        /// Inputs of the network.
        inputs: usize,
    },
    /// The inputs' range is none.
    #[error("its header says that inputs go from {} to {}: both must be finite, the first below the second", range[0], range[1])]
    Range {
        /// Least and largest input.
        range: [f32; 2],
    },
    /// Another count of class names than of classes.
    #[error(
        "its header names {names} classes, and its network has {classes}: one of them is another model's"
    )]
    Classes {
        /// Names.
        names: usize,
        /// Outputs of the network.
        classes: usize,
    },
}
