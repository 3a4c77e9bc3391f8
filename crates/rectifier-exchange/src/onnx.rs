//! ONNX: a chain of `Gemm` and activations, written and read.
//!
//! What is written takes `input`, `[batch, inputs]`, and gives `logits`, `[batch, outputs]`: no softmax. Thresholds become
//! `ThresholdedRelu`, the sharpness of softplus a `Mul` before and a `Div` behind it, sign flips move into the weights above
//! them. Operators are those of version 13, with GELU those of version 20, which brought it.
//!
//! What is read is a chain from one input to one output: `Gemm`, or `MatMul` and `Add`; the activations that are written, and
//! GELU, softplus and thresholds as exporters spell them in several nodes; `BatchNormalization` directly behind a layer, folded into it; `Identity`, `Dropout`,
//! `Flatten` and `Reshape` to rows, skipped; a final `Softmax` or `LogSoftmax`, left out. Any other node is an error that
//! names it. Weights may lie in other files inside the model's folder, as PyTorch's exporter puts them, and nowhere else.

mod attributes;
mod constants;
mod encode;
mod external;
mod graph;
mod nodes;
mod patterns;
mod proto;
mod units;

use crate::{ExchangeError, ImportOptions, Network, import};
use bytes::Bytes;
use external::External;
use std::path::Path;

pub use encode::encode;

/// The most that a file of the format can hold.
const LIMIT: u64 = i32::MAX as u64;
/// The metadata key of the model card.
const CARD: &str = "rectifier_card";

fn wrong(origin: &str, reason: impl Into<String>) -> ExchangeError {
    ExchangeError::Format {
        origin: origin.into(),
        format: "an ONNX model",
        reason: reason.into(),
        cure: "export or copy it again",
    }
}

/// Reads the network in the file at `path`, with weights that lie in other files of its folder.
///
/// # Errors
/// [`ExchangeError`]: what is wrong with the file, or which node a network here cannot have.
pub fn open(path: impl AsRef<Path>, options: &ImportOptions) -> Result<Network, ExchangeError> {
    let path = path.as_ref();
    let origin = path.display().to_string();
    let (bytes, length) = import::read(path, LIMIT)?;
    if length > LIMIT {
        return Err(wrong(
            &origin,
            format!("it has {length} bytes, and the format ends at {LIMIT}"),
        ));
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    graph::read(bytes.into(), &origin, &External::Folder(folder), options)
}

/// Reads the network in `bytes`, which hold all its weights; `origin` names them in errors.
///
/// # Errors
/// As [`open`]; [`ExchangeError::External`] for weights in other files.
pub fn from_bytes(
    bytes: impl Into<Bytes>,
    origin: &str,
    options: &ImportOptions,
) -> Result<Network, ExchangeError> {
    graph::read(bytes.into(), origin, &External::Nowhere, options)
}
