//! Burn's modules into our layers and back.

use crate::layer::{Activation, Layer};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Tensor, TensorData};
use rectifier_nn::{DenseLayer, DenseStack};
use rectifier_train::TrainError;

/// The numbers of a tensor, row by row.
///
/// # Errors
/// [`TrainError::Device`] where they cannot be read.
pub(crate) fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, TrainError> {
    let tensor = if tensor.is_autodiff() {
        tensor.inner()
    } else {
        tensor
    };
    let read = tensor.into_data().try_to_vec();
    read.map_err(|error| TrainError::Device(error.to_string()))
}

/// Which parameters of a layer learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Learning {
    pub weight: bool,
    pub bias: bool,
}

impl Learning {
    /// All.
    pub(crate) const ALL: Self = Self {
        weight: true,
        bias: true,
    };

    /// Nothing.
    pub(crate) const NONE: Self = Self {
        weight: false,
        bias: false,
    };

    /// All but what Burn's `no_grad` has frozen.
    pub(crate) fn of(weight: &Param<Tensor<2>>, bias: Option<&Param<Tensor<1>>>) -> Self {
        // Outside autodiff a parameter keeps the setting to itself and shows it in training.
        Self {
            weight: weight.clone().train().is_require_grad(),
            bias: bias.is_none_or(|bias| bias.clone().train().is_require_grad()),
        }
    }

    /// Which parameters of `layer` learn.
    pub(crate) fn of_layer(layer: &DenseLayer) -> Self {
        Self::of(&layer.weight, Some(&layer.bias))
    }

    /// The rates of weights and biases where `rate` is that of what learns.
    pub(crate) fn rates(self, rate: f32) -> [f32; 2] {
        [self.weight, self.bias].map(|learns| if learns { rate } else { 0.0 })
    }
}

/// Which parameters of a stack learn, the output layer's last.
pub(crate) fn learning(stack: &DenseStack) -> Vec<Learning> {
    let head = Learning::of(&stack.head.weight, stack.head.bias.as_ref());
    let hidden = stack.layers.iter().map(Learning::of_layer);
    hidden.chain([head]).collect()
}

/// A hidden layer. A slope that a unit has learned is fixed here: engines refuse to train such units.
///
/// # Errors
/// [`TrainError::Device`].
pub(crate) fn layer(layer: &DenseLayer) -> Result<Layer, TrainError> {
    let slope = match &layer.slope {
        Some(slope) => numbers(slope.val())?.first().copied(),
        None => None,
    };
    let flips = layer
        .flips
        .as_ref()
        .map(|flips| numbers(flips.val()))
        .transpose()?;
    Ok(Layer::new(
        layer.dims(),
        &numbers(layer.weight.val())?,
        &numbers(layer.bias.val())?,
        Activation::of(layer.unit, layer.threshold, slope),
        flips.as_deref(),
    ))
}

/// An affine layer without a unit.
///
/// # Errors
/// [`TrainError::Device`].
pub(crate) fn affine(linear: &Linear) -> Result<Layer, TrainError> {
    let [inputs, outputs] = linear.weight.dims();
    let bias = match &linear.bias {
        Some(bias) => numbers(bias.val())?,
        None => vec![0.0; outputs],
    };
    let activation = Activation::Smooth(crate::pointwise::Smooth::Identity);
    Ok(Layer::new(
        [inputs, outputs],
        &numbers(linear.weight.val())?,
        &bias,
        activation,
        None,
    ))
}

/// All layers of a stack, the output layer last.
///
/// # Errors
/// As [`layer`].
pub(crate) fn layers(stack: &DenseStack) -> Result<Vec<Layer>, TrainError> {
    let mut layers: Vec<Layer> = stack.layers.iter().map(layer).collect::<Result<_, _>>()?;
    layers.push(affine(&stack.head)?);
    Ok(layers)
}

fn replaced<const D: usize>(param: Param<Tensor<D>>, values: Vec<f32>) -> Param<Tensor<D>> {
    param.map(|old| {
        let new = Tensor::from_data(TensorData::new(values, old.dims()), &old.device());
        new.set_require_grad(old.is_require_grad())
    })
}

/// `module` with the weights and biases of `layer`, its identity and settings kept. While nobody trains.
pub(crate) fn into_layer(mut module: DenseLayer, layer: &Layer) -> DenseLayer {
    // SAFETY: sessions lend their layers between steps only.
    let (weight, bias) = unsafe {
        (
            layer.weight.to_rows(),
            layer.bias.as_slice()[..layer.units()].to_vec(),
        )
    };
    module.weight = replaced(module.weight, weight);
    module.bias = replaced(module.bias, bias);
    module
}

/// As [`into_layer`], for an affine layer.
pub(crate) fn into_affine(mut module: Linear, layer: &Layer) -> Linear {
    // SAFETY: as in `into_layer`.
    let (weight, bias) = unsafe {
        (
            layer.weight.to_rows(),
            layer.bias.as_slice()[..layer.units()].to_vec(),
        )
    };
    module.weight = replaced(module.weight, weight);
    module.bias = module.bias.map(|old| replaced(old, bias));
    module
}

/// `stack` with the numbers of `layers`, which [`layers`] made of it.
pub(crate) fn into_stack(mut stack: DenseStack, layers: &[Layer]) -> DenseStack {
    if let Some((head, hidden)) = layers.split_last() {
        let modules = std::mem::take(&mut stack.layers);
        stack.layers = modules
            .into_iter()
            .zip(hidden)
            .map(|(module, layer)| into_layer(module, layer))
            .collect();
        stack.head = into_affine(stack.head, head);
    }
    stack
}
