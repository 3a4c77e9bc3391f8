//! Deep sparse rectifier networks: presets by name, loading, prediction.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use deep_rectifier::{DeepRectifier, DeepRectifierConfig};
//!
//! let device = Device::default();
//! let config = DeepRectifierConfig::preset("mnist-3x1000").expect("a preset");
//! let network = config.with_hidden([64, 64]).init(7, &device)?;
//! let probabilities = network.probabilities(Tensor::zeros([1, 784], &device));
//! assert_eq!(probabilities.dims(), [1, 10]);
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("model.safetensors");
//! network.save(&path)?;
//! let same = DeepRectifier::load(&path, &device)?;
//! assert_eq!(same.config(), network.config());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod presets;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
pub use presets::{PRESETS, Preset};
pub use rectifier_nn::{
    DenseStack, DenseStackConfig, Forward, Init, ModelCard, ModelFile, ModelFileError, Network,
    NetworkError, SparseInput, Unit,
};
use std::ops::Deref;
use std::path::Path;

/// The description of a [`DeepRectifier`].
///
/// | field | default | meaning |
/// |---|---|---|
/// | `inputs` | | numbers an example |
/// | `hidden` | | rectifiers of each hidden layer, from the input up |
/// | `outputs` | | classes |
/// | `flips` | false | half of each layer's outputs are multiplied by -1, which answers the lack of symmetry around 0 |
/// | `threshold` | 0 | activations not above it become 0 (FATReLU) |
#[derive(Clone, Debug, PartialEq)]
pub struct DeepRectifierConfig(DenseStackConfig);

impl DeepRectifierConfig {
    /// A network of `hidden` rectifier layers.
    pub fn new(inputs: usize, hidden: impl Into<Vec<usize>>, outputs: usize) -> Self {
        Self(DenseStackConfig::new(
            inputs,
            hidden,
            Unit::Rectifier,
            outputs,
        ))
    }

    /// The network of this name in [`PRESETS`].
    pub fn preset(name: &str) -> Option<Self> {
        let preset = PRESETS.iter().find(|preset| preset.name == name)?;
        Some(Self::new(preset.inputs, preset.hidden, preset.outputs))
    }

    /// Other hidden layers.
    pub fn with_hidden(mut self, hidden: impl Into<Vec<usize>>) -> Self {
        self.0.hidden = hidden.into();
        self
    }

    /// Flips the sign of half of each layer's units, fixed at initialization.
    pub fn with_flips(self, flips: bool) -> Self {
        Self(self.0.with_flips(flips))
    }

    /// Sets activations not above `threshold` to 0.
    pub fn with_threshold(self, threshold: f64) -> Self {
        Self(self.0.with_threshold(threshold))
    }

    /// A network with Glorot-uniform weights drawn from `seed`; the same on every device.
    ///
    /// # Errors
    /// [`NetworkError`] naming a field that no network can be made from.
    pub fn init(&self, seed: u64, device: &Device) -> Result<DeepRectifier, NetworkError> {
        Ok(DeepRectifier {
            stack: self.0.init(seed, device)?,
        })
    }
}

/// Hidden layers of rectifiers under a softmax output. Everything a [`DenseStack`] does, it does.
#[derive(Module, Debug)]
pub struct DeepRectifier {
    stack: DenseStack,
}

impl DeepRectifier {
    /// Reads a network that [`DenseStack::save`] or `rectifier train` wrote.
    ///
    /// # Errors
    /// [`ModelFileError`], also for a network of other units than rectifiers.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, ModelFileError> {
        Self::of_file(&ModelFile::open(path)?, device)
    }

    /// As [`load`](Self::load), with what the file says of itself: names of the classes, shape and range of the inputs,
    /// encoder, figures, and how to make it again.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_with_card(
        path: impl AsRef<Path>,
        device: &Device,
    ) -> Result<(Self, ModelCard), ModelFileError> {
        let file = ModelFile::open(path)?;
        let network = Self::of_file(&file, device)?;
        Ok((network, file.card()?.clone()))
    }

    fn of_file(file: &ModelFile, device: &Device) -> Result<Self, ModelFileError> {
        Self::try_from(file.load_dense(device)?).map_err(|source| ModelFileError::Network {
            origin: file.origin().into(),
            source,
        })
    }

    /// The network with a freshly drawn output layer for `classes` classes, the hidden layers kept.
    ///
    /// # Errors
    /// [`NetworkError::ZeroSize`] for no classes.
    pub fn with_classes(self, classes: usize, seed: u64) -> Result<Self, NetworkError> {
        let stack = self.stack.with_classes(classes, seed)?;
        Ok(Self { stack })
    }

    /// The network with activations not above `threshold` set to 0 in every hidden layer.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] for a threshold below 0 or not finite.
    pub fn with_threshold(self, threshold: f64) -> Result<Self, NetworkError> {
        let stack = self.stack.with_threshold(threshold)?;
        Ok(Self { stack })
    }

    /// The dense stack inside.
    pub fn into_stack(self) -> DenseStack {
        self.stack
    }
}

impl TryFrom<DenseStack> for DeepRectifier {
    type Error = NetworkError;

    fn try_from(stack: DenseStack) -> Result<Self, NetworkError> {
        match stack.config().unit {
            Unit::Rectifier => Ok(Self { stack }),
            unit => Err(NetworkError::Unsupported(format!(
                "its units are {unit:?}, not rectifiers: load it as a baseline"
            ))),
        }
    }
}

impl Deref for DeepRectifier {
    type Target = DenseStack;

    fn deref(&self) -> &DenseStack {
        &self.stack
    }
}

impl Network for DeepRectifier {
    fn forward(&self, inputs: Tensor<2>) -> Forward {
        self.stack.forward(inputs)
    }

    fn forward_sparse(&self, inputs: &SparseInput) -> Forward {
        self.stack.forward_sparse(inputs)
    }

    fn dense_stack(&self) -> Option<&DenseStack> {
        Some(&self.stack)
    }

    fn with_dense_stack(self, stack: DenseStack) -> Result<Self, NetworkError> {
        Self::try_from(stack)
    }

    fn describe(&self) -> String {
        self.stack.describe()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_other_units_is_refused() {
        let device = Device::default();
        let tanh = DenseStackConfig::new(3, [2], Unit::Tanh, 2)
            .init(1, &device)
            .unwrap();
        let error = DeepRectifier::try_from(tanh).unwrap_err().to_string();
        assert!(error.contains("not rectifiers"), "{error}");
    }

    #[test]
    fn a_loaded_network_tells_its_classes_and_takes_others() {
        let device = Device::default();
        let network = DeepRectifierConfig::new(6, [4], 2)
            .init(1, &device)
            .unwrap();
        let mut card = ModelCard::new(network.config());
        (card.data.shape, card.classes) = (vec![2, 3], vec!["no".into(), "yes".into()]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        std::fs::write(&path, ModelFile::encode_with_card(&network, &card).unwrap()).unwrap();
        let (loaded, found) = DeepRectifier::load_with_card(&path, &device).unwrap();
        assert_eq!(found, card);
        let cut = loaded.with_classes(5, 1).unwrap().with_threshold(0.5);
        let config = cut.unwrap().config();
        assert_eq!((config.outputs, config.threshold), (5, 0.5));
        assert!(network.clone().with_threshold(-1.0).is_err());
        assert!(network.with_classes(0, 1).is_err());
    }

    #[test]
    fn a_wrapped_network_is_saved_under_the_same_names_as_a_bare_one() {
        let device = Device::default();
        let network = DeepRectifierConfig::new(3, [2], 2)
            .init(1, &device)
            .unwrap();
        let bytes = |network: &DeepRectifier| {
            rectifier_nn::ModelFile::encode(network, &Default::default()).unwrap()
        };
        let file = rectifier_nn::ModelFile::from_bytes(bytes(&network), "memory").unwrap();
        assert_eq!(file.load_dense(&device).unwrap().config(), network.config());
    }
}
