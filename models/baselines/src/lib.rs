//! The networks that rectifiers are compared with: tanh, softplus, logistic, leaky, modern units, and no hidden layer.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use rectifier_baselines::{Baseline, Family, Init};
//!
//! let device = Device::default();
//! let network = Family::Tanh.config(784, [100, 100], 10).init(7, &device)?;
//! let network = Baseline::from(network);
//! assert_eq!(network.probabilities(Tensor::zeros([2, 784], &device)).dims(), [2, 10]);
//! # Ok::<(), rectifier_baselines::NetworkError>(())
//! ```
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
pub use rectifier_nn::{
    DenseStack, DenseStackConfig, Forward, Init, ModelFileError, Network, NetworkError,
    SparseInput, Unit,
};
use std::ops::Deref;
use std::path::Path;

/// A kind of network that is not a deep rectifier network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Hyperbolic tangents: the paper's main baseline.
    Tanh,
    /// Softplus units: smooth, without true zeros.
    Softplus,
    /// Logistic sigmoids.
    Logistic,
    /// Leaky rectifiers of slope .01.
    Leaky,
    /// Leaky rectifiers that learn their slope.
    ParametricLeaky,
    /// Exponential linear units; modern.
    Elu,
    /// Scaled exponential linear units with LeCun's initialization: self-normalizing; modern.
    Selu,
    /// Gaussian error linear units; modern.
    Gelu,
    /// No nonlinearity between the layers.
    Identity,
    /// No hidden layer: softmax regression.
    Linear,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 10] = [
        Self::Tanh,
        Self::Softplus,
        Self::Logistic,
        Self::Leaky,
        Self::ParametricLeaky,
        Self::Elu,
        Self::Selu,
        Self::Gelu,
        Self::Identity,
        Self::Linear,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tanh => "tanh",
            Self::Softplus => "softplus",
            Self::Logistic => "logistic",
            Self::Leaky => "leaky",
            Self::ParametricLeaky => "parametric-leaky",
            Self::Elu => "elu",
            Self::Selu => "selu",
            Self::Gelu => "gelu",
            Self::Identity => "identity",
            Self::Linear => "linear",
        }
    }

    /// What it is, in a few words.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Tanh => "the paper's main baseline",
            Self::Softplus => "smooth rectifiers, no true zeros",
            Self::Logistic => "logistic sigmoids",
            Self::Leaky => "leaky rectifiers, slope 0.01",
            Self::ParametricLeaky => "leaky rectifiers that learn their slope",
            Self::Elu => "exponential linear units (modern)",
            Self::Selu => "scaled exponential linear units, self-normalizing (modern)",
            Self::Gelu => "Gaussian error linear units (modern)",
            Self::Identity => "no nonlinearity between the layers",
            Self::Linear => "softmax regression, no hidden layer",
        }
    }

    /// The family of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }

    /// The activation of its hidden layers.
    pub fn unit(self) -> Unit {
        match self {
            Self::Tanh => Unit::Tanh,
            Self::Softplus => Unit::Softplus { sharpness: 1.0 },
            Self::Logistic => Unit::Logistic,
            Self::Leaky => Unit::Leaky {
                slope: Unit::LEAKY_SLOPE,
            },
            Self::ParametricLeaky => Unit::ParametricLeaky {
                slope: Unit::PARAMETRIC_SLOPE,
            },
            Self::Elu => Unit::Elu { alpha: 1.0 },
            Self::Selu => Unit::Selu,
            Self::Gelu => Unit::Gelu,
            Self::Identity | Self::Linear => Unit::Identity,
        }
    }

    /// A network of this family; [`Linear`](Self::Linear) has no hidden layer, whatever `hidden` says.
    pub fn config(
        self,
        inputs: usize,
        hidden: impl Into<Vec<usize>>,
        outputs: usize,
    ) -> DenseStackConfig {
        let hidden = match self {
            Self::Linear => Vec::new(),
            _ => hidden.into(),
        };
        DenseStackConfig::new(inputs, hidden, self.unit(), outputs)
    }
}

/// A network of any unit, with the same interface as a deep rectifier network.
#[derive(Module, Debug)]
pub struct Baseline {
    stack: DenseStack,
}

impl Baseline {
    /// Reads a network that [`DenseStack::save`] or `rectifier train` wrote.
    ///
    /// # Errors
    /// [`ModelFileError`].
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, ModelFileError> {
        Ok(Self::from(DenseStack::load(path, device)?))
    }

    /// The dense stack inside.
    pub fn into_stack(self) -> DenseStack {
        self.stack
    }
}

impl From<DenseStack> for Baseline {
    fn from(stack: DenseStack) -> Self {
        Self { stack }
    }
}

impl Deref for Baseline {
    type Target = DenseStack;

    fn deref(&self) -> &DenseStack {
        &self.stack
    }
}

impl Network for Baseline {
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
        Ok(Self::from(stack))
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
    fn every_family_is_found_by_its_name_and_makes_a_network() {
        let device = Device::default();
        for family in Family::ALL {
            assert_eq!(Family::by_name(family.name()), Some(family));
            let network = family.config(6, [5, 4], 3).init(1, &device).unwrap();
            let forward = network.forward(Tensor::ones([2, 6], &device));
            assert_eq!(forward.logits.dims(), [2, 3]);
            let layers = if family == Family::Linear { 0 } else { 2 };
            assert_eq!(forward.hidden.len(), layers);
        }
    }

    #[test]
    fn a_baseline_comes_back_from_its_file() {
        let device = Device::default();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let network = Family::ParametricLeaky
            .config(4, [3], 2)
            .init(1, &device)
            .unwrap();
        network.save(&path).unwrap();
        let loaded = Baseline::load(&path, &device).unwrap();
        assert_eq!(loaded.config(), network.config());
    }
}
