//! What answers for a trained network: its numbers on a device, or the integers of its file.

use crate::device;
use crate::error::CliError;
use burn::tensor::Device;
use burn::tensor::activation::softmax;
use rectifier_catalog::Trained;
use rectifier_data::Batch;
use rectifier_infer::SparseNetwork;
use rectifier_nn::{DenseStack, Precision};
use rectifier_sparse::rows_of;
use rectifier_train::DeviceInputs;

/// A trained network that answers.
pub enum Predictor {
    /// On a device of Burn's.
    Floats {
        /// The network there.
        network: Box<DenseStack>,
        /// Where it is.
        device: Device,
    },
    /// In integers, on every core.
    Integers(Box<SparseNetwork>),
}

impl Predictor {
    /// The network on `device`; see [`integers`] for where none is named.
    ///
    /// # Errors
    /// [`CliError`] for a device that is not there and a file that cannot be read.
    pub fn open(trained: &Trained, device: Option<&str>) -> Result<Self, CliError> {
        if let Some(network) = integers(trained, device, None)? {
            return Ok(Self::Integers(Box::new(network)));
        }
        let (_, device) = device::open(device)?;
        let network = Box::new(trained.file.load_dense(&device)?);
        Ok(Self::Floats { network, device })
    }

    /// P(class | input) of every row of `batch`, in order.
    ///
    /// # Errors
    /// [`CliError::Failed`] and [`CliError::Infer`] where an answer is no number.
    pub fn probabilities(&self, batch: &Batch) -> Result<Vec<Vec<f32>>, CliError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let (numbers, classes) = match self {
            Self::Integers(network) => {
                (network.probabilities_of(rows_of(batch))?, network.classes())
            }
            Self::Floats { network, device } => {
                let logits = DeviceInputs::of(batch, device)
                    .forward(network.as_ref())
                    .logits;
                let numbers = softmax(logits, 1).into_data().iter::<f32>().collect();
                (numbers, network.config().outputs)
            }
        };
        if let Some(place) = numbers.iter().position(|p| !p.is_finite()) {
            return Err(CliError::Failed(format!(
                "the network's answer to input {} is no number: its weights or this input are too large",
                place / classes + 1
            )));
        }
        Ok(numbers.chunks(classes).map(<[f32]>::to_vec).collect())
    }
}

/// The integers of a file in int8, which is what such a network computes with unless a `device` is asked for: Burn has the floats
/// that they stand for.
///
/// # Errors
/// [`CliError::Infer`] for a file that cannot be read, and a `threshold` that goes with no rectifier.
pub fn integers(
    trained: &Trained,
    device: Option<&str>,
    threshold: Option<f64>,
) -> Result<Option<SparseNetwork>, CliError> {
    if trained.card()?.precision != Precision::Int8 || device.is_some() {
        return Ok(None);
    }
    let network = SparseNetwork::from_model(&trained.file)?;
    Ok(Some(match threshold {
        Some(threshold) => network.with_threshold(threshold)?,
        None => network,
    }))
}
