//! The layer as a module of Burn.

use super::how::How;
use super::operation;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay, Param};
use burn::nn::Linear;
use burn::tensor::Tensor;

/// A linear layer that skips zeros: `x W + b`, or `rectifier(z) W + b` from the pre-activations `z` of the layer below.
///
/// Made from a [`Linear`] and turned back into one; its parameters have the same names, so that either reads the
/// other's records.
///
/// # Shapes
/// - input `[batch, inputs]`
/// - output `[batch, units]`
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct SparseLinear {
    /// `[inputs, units]`.
    pub weight: Param<Tensor<2>>,
    /// `[units]`.
    pub bias: Option<Param<Tensor<1>>>,
    /// The share of active inputs above which a batch is multiplied whole, 0 for always and 1 for never; without one, by
    /// the [measured rule](super#when-zeros-are-too-few).
    #[module(skip)]
    pub whole_above: Option<f64>,
}

impl SparseLinear {
    /// `x W + b`, as [`sparse_linear`](super::sparse_linear).
    ///
    /// # Panics
    /// As there.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.apply(x, false)
    }

    /// `rectifier(z) W + b`, as [`rectified_linear`](super::rectified_linear).
    ///
    /// # Panics
    /// As there.
    pub fn forward_rectified(&self, z: Tensor<2>) -> Tensor<2> {
        self.apply(z, true)
    }

    /// The layer with a [`whole_above`](Self::whole_above) of its own.
    pub fn with_whole_above(mut self, share: f64) -> Self {
        self.whole_above = Some(share);
        self
    }

    fn apply(&self, x: Tensor<2>, rectify: bool) -> Tensor<2> {
        let how = How {
            rectify,
            whole_above: self.whole_above,
        };
        let bias = self.bias.as_ref().map(|bias| bias.val());
        operation::apply(x, self.weight.val(), bias, how)
    }
}

impl From<Linear> for SparseLinear {
    fn from(linear: Linear) -> Self {
        Self {
            weight: linear.weight,
            bias: linear.bias,
            whole_above: None,
        }
    }
}

impl From<SparseLinear> for Linear {
    fn from(layer: SparseLinear) -> Self {
        Self {
            weight: layer.weight,
            bias: layer.bias,
        }
    }
}

impl ModuleDisplay for SparseLinear {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        let [inputs, units] = self.weight.shape().dims();
        content
            .add("inputs", &inputs)
            .add("units", &units)
            .add("bias", &self.bias.is_some())
            .optional()
    }
}
