//! One network of the registry: what it is, how it was measured, how it was made, and which files are its.

use crate::ZooError;
use crate::places::Places;
use rectifier_data::{Encoder, decode_encoder, no_progress};
use rectifier_infer::SparseNetwork;
use rectifier_model::{
    DataCard, DenseStackConfig, EncoderText, ModelBytes, ModelCard, Objective, Precision,
    Provenance,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A network by name. The registry is made by `rectifier models make` from trained networks and their records; nobody types it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name: data, network, variant, such as `mnist/rectifier-3x1000-sparse`.
    pub name: String,
    /// What it tells apart, or rates: the data set's title.
    pub task: String,
    /// What it was trained for.
    pub objective: Objective,
    /// The network.
    pub network: DenseStackConfig,
    /// How many numbers it learned.
    pub parameters: usize,
    /// Names of the classes in the order of the outputs.
    pub classes: Vec<String>,
    /// The data that it takes: name, shape, range.
    pub data: DataCard,
    /// The kind of encoder that makes its inputs of raw data, where there is one; the encoder itself is in the file's card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<String>,
    /// What its weights are kept as.
    pub precision: Precision,
    /// The model file.
    pub file: StoredFile,
    /// What it says to fixed inputs.
    pub logits: StoredFile,
    /// SHA-256 of the weights in single precision, before they were rounded: what training again must come to.
    pub weights_sha256: String,
    /// What was measured of the file.
    pub figures: Measured,
    /// The runs that it was chosen from.
    pub row: Row,
    /// The plan (data, network, recipe) that made it.
    pub plan: serde_json::Value,
    /// What made it.
    pub provenance: Provenance,
    /// Minutes that its training took there.
    pub minutes: f64,
    /// How long it takes for one example, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<Speed>,
    /// Whether there is a picture of its first layer, beside its card.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub picture: bool,
    /// The licence of the weights.
    pub licence: String,
    /// The terms of the data that it learned from, and whom to cite.
    pub data_terms: DataTerms,
}

/// A file of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Where it lies in a folder of models, such as the project's `models`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

impl StoredFile {
    /// The folder and the file's name.
    pub(crate) fn parts(&self) -> (&str, &str) {
        self.path.rsplit_once('/').unwrap_or(("", &self.path))
    }
}

/// What was measured of a file, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Error on the test part: share of wrong classes, or RMSE.
    pub test_error: f64,
    /// Its 95% interval (Wilson); of shares alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// Examples of the test part.
    pub test_examples: usize,
    /// The test error of the same network in single precision.
    pub f32_error: f64,
    /// The validation error of this file, in its precision; the run was chosen by that of the network in single precision.
    pub valid_error: f64,
    /// Share of exact zeros on the test part, a hidden layer.
    pub zeros: Vec<f64>,
    /// Units that were 0 on all of the test part, a hidden layer.
    pub dead: Vec<usize>,
}

/// The runs of the same plan under several seeds: the one of the lowest validation error is handed out, and its test error is
/// one draw. The mean is what to expect of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// How many runs.
    pub runs: usize,
    /// The seed of the one that was chosen.
    pub seed: u64,
    /// Mean test error of the runs.
    pub mean: f64,
    /// Student's 95% interval of the mean; none of a single run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
}

/// Microseconds that one example takes: the fastest of some rounds over test examples, one at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// By `rectifier-infer` on one thread, zeros skipped, in the precision of the file.
    pub own_us: f64,
    /// The same in single precision.
    pub f32_us: f64,
    /// By the module of Burn, which multiplies with all weights.
    pub burn_us: f64,
    /// The device of that.
    pub burn_device: String,
    /// The instruction set.
    pub instruction_set: String,
    /// The processor.
    pub processor: String,
}

/// Terms of the data that a network learned from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataTerms {
    /// Under what terms the data may be used, or that none are stated.
    pub licence: String,
    /// Whom to cite.
    pub citation: String,
}

impl Entry {
    /// The model file, found or fetched as [`Places::default`] says, and checked.
    ///
    /// # Errors
    /// As [`Places::model`].
    pub fn model(&self) -> Result<ModelBytes<'static>, ZooError> {
        Places::default().model(self, &mut no_progress)
    }

    /// What the file says of itself: the whole card, with plan, encoder and provenance.
    ///
    /// # Errors
    /// As [`model`](Self::model).
    pub fn card(&self) -> Result<ModelCard, ZooError> {
        Ok(self.model()?.card()?.clone())
    }

    /// The network as a predictor without Burn, in the precision of its file.
    ///
    /// # Errors
    /// As [`model`](Self::model); [`ZooError::Infer`].
    pub fn sparse(&self) -> Result<SparseNetwork, ZooError> {
        Ok(SparseNetwork::from_model(&self.model()?)?)
    }

    /// The network as a module of Burn on `device`, in single precision whatever its file has.
    ///
    /// # Errors
    /// As [`model`](Self::model).
    #[cfg(feature = "burn")]
    pub fn load(
        &self,
        device: &burn::tensor::Device,
    ) -> Result<rectifier_nn::DenseStack, ZooError> {
        Ok(rectifier_nn::DenseStack::from_model(
            &self.model()?,
            device,
        )?)
    }

    /// What makes the network's inputs of raw data, where that is more than numbers in a range: words into columns.
    ///
    /// # Errors
    /// As [`model`](Self::model); [`ZooError::Data`] for an encoder of another version.
    pub fn encoder(&self) -> Result<Option<Arc<dyn Encoder>>, ZooError> {
        match &self.model()?.card()?.encoder {
            Some(EncoderText { kind, text }) => Ok(Some(decode_encoder(kind, text)?)),
            None => Ok(None),
        }
    }

    /// Inputs, hidden units and classes: `784-1000-1000-1000-10`.
    pub fn sizes(&self) -> String {
        let network = &self.network;
        let widths = [network.inputs]
            .into_iter()
            .chain(network.hidden.iter().copied());
        let widths = widths
            .chain([network.outputs])
            .map(|width| width.to_string());
        widths.collect::<Vec<String>>().join("-")
    }
}
