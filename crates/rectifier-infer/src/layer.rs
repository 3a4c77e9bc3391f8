//! A dense layer: weights, biases, and what its units do.

use crate::buffer::{Bf16, Buffer, PANEL, Panels, panels};
use crate::kernels::Weight;
use crate::pointwise::Smooth;
use rectifier_model::Unit;

/// What the units of a layer do.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// 0 up to the threshold, the number itself above.
    Rectifier(f32),
    /// Any other unit.
    Smooth(Smooth),
}

impl Activation {
    /// The activation of `unit`; of a unit that learns its slope, with the slope it has learned.
    pub fn of(unit: Unit, threshold: f64, slope: Option<f32>) -> Self {
        Self::Smooth(match unit {
            Unit::Rectifier => return Self::Rectifier(threshold as f32),
            Unit::Leaky { slope } => Smooth::Leaky(slope as f32),
            Unit::ParametricLeaky { slope: start } => Smooth::Leaky(slope.unwrap_or(start as f32)),
            Unit::Softplus { sharpness } => Smooth::Softplus(sharpness as f32),
            Unit::Tanh => Smooth::Tanh,
            Unit::Logistic => Smooth::Logistic,
            Unit::Identity => Smooth::Identity,
            Unit::Elu { alpha } => Smooth::Elu(alpha as f32),
            Unit::Selu => Smooth::Selu,
            Unit::Gelu => Smooth::Gelu,
        })
    }
}

/// Weights `[inputs, units]` in panels of units, biases, and the activation.
#[derive(Clone)]
pub struct Layer<W: Weight = f32> {
    pub weight: Panels<W>,
    /// Filled up to whole panels with 0.
    pub bias: Buffer<f32>,
    pub activation: Activation,
    /// Signs that the activations are multiplied by.
    pub flips: Option<Buffer<f32>>,
}

impl Layer {
    /// From weights `[inputs, units]` row by row, and biases.
    pub fn new(
        [inputs, units]: [usize; 2],
        weight: &[f32],
        bias: &[f32],
        activation: Activation,
        flips: Option<&[f32]>,
    ) -> Self {
        let padded = |values: &[f32]| {
            let mut buffer = Buffer::zeros(panels(units) * PANEL);
            buffer.as_mut()[..units].copy_from_slice(values);
            buffer
        };
        Self {
            weight: Panels::from_rows(inputs, units, weight),
            bias: padded(bias),
            activation,
            flips: flips.map(padded),
        }
    }

    /// The same layer, its weights rounded to bfloat16.
    ///
    /// # Safety
    /// No thread works on the layer.
    pub unsafe fn rounded(&self) -> Layer<Bf16> {
        Layer {
            // SAFETY: as the caller says.
            weight: unsafe { self.weight.rounded() },
            bias: self.bias.clone(),
            activation: self.activation.clone(),
            flips: self.flips.clone(),
        }
    }
}

impl<W: Weight> Layer<W> {
    pub fn units(&self) -> usize {
        self.weight.columns
    }
}
