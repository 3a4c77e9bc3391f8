//! The denoising autoencoder that pre-trains one layer, with the paper's four reconstruction strategies.

use crate::stack::affine;
use crate::{DenseLayer, DenseStack, Draw, NetworkError, Unit, WeightDraw};
use alloc::format;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

/// How a layer's input is rebuilt, and what that costs (Glorot et al. 2011, section 3.2).
///
/// Costs are summed over the dimensions of an example and averaged over the batch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = r#"a reconstruction such as {"kind": "softplus-squared"}"#
)]
pub enum Reconstruction {
    /// Strategy 1: softplus output, squared error. The paper's choice for images.
    SoftplusSquared,
    /// Strategy 2: logistic output, cross-entropy, the layer below scaled into [0, 1]. The paper's choice for text.
    CrossEntropy {
        /// What the layer below is divided by.
        #[serde(default)]
        scale: Scale,
    },
    /// Strategy 3: linear output, squared error.
    LinearSquared {
        /// What is rebuilt of the layer below.
        #[serde(default)]
        target: Target,
    },
    /// Strategy 4: rectifier output, squared error.
    RectifierSquared,
}

/// What strategy 2 divides the activations of the layer below by. Which of them the paper used is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// The largest activation of the layer over the training data.
    #[default]
    Global,
    /// Each unit's own largest activation; units that never fire are left as they are.
    PerUnit,
}

/// What strategy 3 rebuilds. The first hidden layer's target is the input in both cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The activations of the layer below.
    #[default]
    After,
    /// The pre-activations of the layer below.
    Before,
}

impl Reconstruction {
    /// Whether this strategy can pre-train hidden layer `layer` (0 is the first) of a stack of `unit`.
    ///
    /// # Errors
    /// [`NetworkError::Unsupported`] where strategy 2 would have to scale activations that cannot be scaled.
    pub fn validate(&self, layer: usize, unit: Unit) -> Result<(), NetworkError> {
        let bounded = matches!(unit, Unit::Tanh | Unit::Logistic);
        let scalable = unit == Unit::Rectifier;
        if matches!(self, Self::CrossEntropy { .. }) && layer > 0 && !bounded && !scalable {
            return Err(NetworkError::Unsupported(format!(
                "cross-entropy reconstruction needs activations in [0, 1], and those of {unit:?} cannot be \
                 scaled there: use softplus-squared or linear-squared for layers above the first"
            )));
        }
        Ok(())
    }

    /// Whether the layer below has to be divided by its largest activation first.
    pub fn scaling(&self, layer: usize, unit: Unit) -> Option<Scale> {
        match self {
            Self::CrossEntropy { scale } if layer > 0 && unit == Unit::Rectifier => Some(*scale),
            _ => None,
        }
    }

    fn cost(&self, output: Tensor<2>, target: Tensor<2>) -> Tensor<1> {
        let batch = target.dims()[0] as f64;
        let cost = match self {
            Self::SoftplusSquared => squared(activation::softplus(output, 1.0) - target),
            Self::LinearSquared { .. } => squared(output - target),
            Self::RectifierSquared => squared(activation::relu(output) - target),
            // -t log s(z) - (1 - t) log(1 - s(z)) = softplus(z) - t z, without a logarithm of zero.
            Self::CrossEntropy { .. } => {
                (activation::softplus(output.clone(), 1.0) - target * output).sum()
            }
        };
        cost / batch
    }
}

fn squared(difference: Tensor<2>) -> Tensor<1> {
    (difference.clone() * difference).sum()
}

/// One layer and an untied decoder that rebuilds the layer's clean input from a corrupted one.
#[derive(Module, Debug)]
pub struct DenoisingAutoencoder {
    /// The layer in training, `[inputs, units]`.
    pub encoder: DenseLayer,
    /// Hidden back to inputs, `[units, inputs]`; dropped after pre-training.
    pub decoder: Linear,
    /// Output unit and cost.
    #[module(skip)]
    pub reconstruction: Reconstruction,
}

/// What the autoencoder made of a batch.
#[derive(Clone, Debug)]
pub struct Rebuilt {
    /// The encoder's activations, `[batch, units]`.
    pub hidden: Tensor<2>,
    /// Reconstruction cost `[1]`: summed over dimensions, averaged over the batch.
    pub cost: Tensor<1>,
}

impl DenoisingAutoencoder {
    /// An autoencoder around `encoder`, with a decoder drawn from `seed`.
    pub fn new(
        encoder: DenseLayer,
        reconstruction: Reconstruction,
        seed: u64,
        device: &Device,
    ) -> Self {
        let [inputs, units] = encoder.dims();
        Self {
            encoder,
            decoder: affine(
                units,
                inputs,
                WeightDraw::GlorotUniform,
                &mut Draw::new(seed),
                device,
            ),
            reconstruction,
        }
    }

    /// Rebuilds `target` `[batch, inputs]` from `corrupted` `[batch, inputs]`.
    pub fn forward(&self, corrupted: Tensor<2>, target: Tensor<2>) -> Rebuilt {
        let hidden = self.encoder.forward(corrupted);
        let output = self.decoder.forward(hidden.clone());
        Rebuilt {
            cost: self.reconstruction.cost(output, target),
            hidden,
        }
    }
}

impl core::fmt::Display for Reconstruction {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::SoftplusSquared => "softplus output, squared error",
            Self::CrossEntropy { .. } => "logistic output, cross-entropy",
            Self::LinearSquared { .. } => "linear output, squared error",
            Self::RectifierSquared => "rectifier output, squared error",
        })
    }
}

impl DenseStack {
    /// What layer `layer` (0 is the first) sees of clean `inputs`, and what its autoencoder is to rebuild.
    ///
    /// Strategies whose output is never negative rebuild the layer below before its sign flips; cross-entropy
    /// rebuilds (h + 1)/2 of tanh units.
    pub fn denoising_pair(
        &self,
        inputs: Tensor<2>,
        layer: usize,
        reconstruction: Reconstruction,
    ) -> (Tensor<2>, Tensor<2>) {
        let Some(below) = layer
            .checked_sub(1)
            .and_then(|below| self.layers.get(below))
        else {
            return (inputs.clone(), inputs);
        };
        let pre_activation = below.pre_activation(self.features(inputs, layer - 1));
        let clean = below.activate(pre_activation.clone());
        let upright = |clean: &Tensor<2>| match &below.flips {
            Some(flips) => clean.clone() * flips.val().unsqueeze(),
            None => clean.clone(),
        };
        let target = match reconstruction {
            Reconstruction::LinearSquared {
                target: Target::Before,
            } => pre_activation,
            Reconstruction::LinearSquared {
                target: Target::After,
            } => clean.clone(),
            Reconstruction::CrossEntropy { .. } if below.unit == Unit::Tanh => {
                (upright(&clean) + 1.0) / 2.0
            }
            _ => upright(&clean),
        };
        (clean, target)
    }

    /// Divides the activations of layer `layer` (0 is the first) by `scale`, `[units]`, folded into its weights and
    /// bias; a scale of 0 leaves its unit as it is. Only for units with unit(c x) = c unit(x).
    pub fn fold_scale(mut self, layer: usize, scale: Tensor<1>) -> Self {
        let idle = scale.clone().lower_equal_elem(0.0);
        let scale = scale.mask_fill(idle, 1.0);
        if layer < self.layers.len() {
            let folded = self.layers[layer].clone().divided(scale);
            self.layers[layer] = folded;
        }
        self
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{DenseStackConfig, Init};
    use alloc::vec::Vec;
    use burn::module::Param;

    fn tensor(values: &[[f32; 2]], device: &Device) -> Tensor<2> {
        Tensor::stack(
            values
                .iter()
                .map(|row| Tensor::<1>::from_floats(*row, device))
                .collect(),
            0,
        )
    }

    #[test]
    fn costs_follow_their_formulas() {
        let device = Device::default();
        let output = tensor(&[[0.3, -1.2], [2.0, 0.0]], &device);
        let target = tensor(&[[0.5, 0.0], [1.0, 0.25]], &device);
        // Reference, Python: sum over dimensions of each formula, mean of the two rows.
        let expected = [
            (Reconstruction::SoftplusSquared, 0.830_616),
            (
                Reconstruction::CrossEntropy {
                    scale: Scale::Global,
                },
                0.893_856,
            ),
            (
                Reconstruction::LinearSquared {
                    target: Target::After,
                },
                1.271_25,
            ),
            (Reconstruction::RectifierSquared, 0.551_25),
        ];
        for (strategy, wanted) in expected {
            let found = strategy
                .cost(output.clone(), target.clone())
                .into_scalar::<f32>();
            assert!(
                (found - wanted).abs() < 1e-5,
                "{strategy:?}: {found} {wanted}"
            );
        }
    }

    /// Two units that take an input each, the second one flipped, below two others.
    fn one_flipped(unit: Unit, device: &Device) -> DenseStack {
        let config = DenseStackConfig::new(2, [2, 2], unit, 2).with_flips(true);
        let mut network = config.init(1, device).unwrap();
        let below = &mut network.layers[0];
        below.weight = Param::from_tensor(Tensor::eye(2, device));
        below.flips = Some(Param::from_tensor(Tensor::from_floats([1.0, -1.0], device)));
        network
    }

    #[test]
    fn layers_see_flipped_units_and_rebuild_what_their_strategy_says() {
        let device = Device::default();
        let given = [[0.5, 2.0], [-1.0, 3.0]];
        let linear = |target| Reconstruction::LinearSquared { target };
        let entropy = Reconstruction::CrossEntropy {
            scale: Scale::Global,
        };
        let (seen, upright) = ([[0.5, -2.0], [0.0, -3.0]], [[0.5, 2.0], [0.0, 3.0]]);
        let tanh = |x: f64| x.tanh() as f32;
        let flipped = given.map(|[x, y]: [f64; 2]| [tanh(x), -tanh(y)]);
        let halved = given.map(|row| row.map(|x| (tanh(x) + 1.0) / 2.0));
        for (unit, strategy, seen, target) in [
            (
                Unit::Rectifier,
                Reconstruction::SoftplusSquared,
                seen,
                upright,
            ),
            (
                Unit::Rectifier,
                Reconstruction::RectifierSquared,
                seen,
                upright,
            ),
            (Unit::Rectifier, entropy, seen, upright),
            (Unit::Rectifier, linear(Target::After), seen, seen),
            (
                Unit::Rectifier,
                linear(Target::Before),
                seen,
                [[0.5, 2.0], [-1.0, 3.0]],
            ),
            (Unit::Tanh, entropy, flipped, halved),
        ] {
            let inputs = tensor(&given.map(|row| row.map(|x| x as f32)), &device);
            let (clean, rebuilt) = one_flipped(unit, &device).denoising_pair(inputs, 1, strategy);
            for (found, wanted) in [(clean, seen), (rebuilt, target)] {
                let found: Vec<f32> = found.into_data().iter().collect();
                for (found, wanted) in found.iter().zip(wanted.as_flattened()) {
                    assert!(
                        (found - wanted).abs() < 1e-6,
                        "{unit:?}, {strategy:?}: {found} {wanted}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_folded_scale_brings_activations_into_the_unit_interval() {
        let device = Device::default();
        let stack = DenseStackConfig::new(4, [6, 5], Unit::Rectifier, 2)
            .init(2, &device)
            .unwrap();
        let mut draw = Draw::new(1);
        let x: Vec<f32> = (0..40).map(|_| draw.unit()).collect();
        let x = Tensor::<1>::from_floats(x.as_slice(), &device).reshape([10, 4]);
        let maxima = stack.features(x.clone(), 1).max_dim(0).reshape([6]);
        let folded = stack.clone().fold_scale(0, maxima.clone());
        let (before, after) = (stack.features(x.clone(), 1), folded.features(x, 1));
        let peaks: Vec<f32> = after.clone().max_dim(0).into_data().try_to_vec().unwrap();
        assert!(
            peaks
                .iter()
                .all(|peak| *peak == 0.0 || (*peak - 1.0).abs() < 1e-5),
            "{peaks:?}"
        );
        let idle = maxima.clone().lower_equal_elem(0.0);
        let undone = after * maxima.mask_fill(idle, 1.0).unsqueeze();
        let difference = (undone - before).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-5, "{difference}");
    }

    #[test]
    fn strategy_two_refuses_units_it_cannot_scale() {
        let strategy = Reconstruction::CrossEntropy {
            scale: Scale::Global,
        };
        let softplus = Unit::Softplus { sharpness: 1.0 };
        assert!(strategy.validate(1, softplus).is_err());
        assert!(strategy.validate(0, softplus).is_ok());
        assert!(strategy.validate(1, Unit::Tanh).is_ok());
        assert_eq!(strategy.scaling(1, Unit::Rectifier), Some(Scale::Global));
        assert_eq!(strategy.scaling(1, Unit::Logistic), None);
    }
}
