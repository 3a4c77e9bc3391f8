//! One dense layer of units.

use crate::{Apply, Draw, SparseInput, Unit};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, module::linear};

/// `unit(x W + b)`, with an optional threshold above zero and optional fixed sign flips.
///
/// # Shapes
/// - input `[batch, inputs]`
/// - output `[batch, units]`
#[derive(Module, Debug)]
pub struct DenseLayer {
    /// `[inputs, units]`.
    pub weight: Param<Tensor<2>>,
    /// `[units]`.
    pub bias: Param<Tensor<1>>,
    /// The learned slope `[1]` of [`Unit::ParametricLeaky`].
    pub slope: Option<Param<Tensor<1>>>,
    /// Fixed signs `[units]` that the outputs are multiplied by; half of them -1. They are saved, not trained.
    pub flips: Option<Param<Tensor<1>>>,
    /// The activation.
    #[module(skip)]
    pub unit: Unit,
    /// Activations not above this become 0 (FATReLU, Kurtz et al. 2020); 0 leaves the unit as it is.
    #[module(skip)]
    pub threshold: f64,
}

impl DenseLayer {
    /// A layer with weights drawn as the unit wants them and zero biases.
    pub(crate) fn draw(
        [inputs, units]: [usize; 2],
        unit: Unit,
        threshold: f64,
        flips: bool,
        draw: &mut Draw,
        device: &Device,
    ) -> Self {
        let weight = TensorData::new(draw.weights(unit.drawn(), inputs, units), [inputs, units]);
        let flips = flips.then(|| {
            let signs = TensorData::new(draw.signs(units), [units]);
            Param::<Tensor<1>>::from_data(signs, device).set_require_grad(false)
        });
        let slope = match unit {
            Unit::ParametricLeaky { slope } => {
                Some(Param::from_tensor(Tensor::full([1], slope, device)))
            }
            _ => None,
        };
        Self {
            weight: Param::from_data(weight, device),
            bias: Param::from_tensor(Tensor::zeros([units], device)),
            slope,
            flips,
            unit,
            threshold,
        }
    }

    /// Inputs and units of the layer.
    pub fn dims(&self) -> [usize; 2] {
        self.weight.dims()
    }

    /// `x W + b`, `[batch, units]`.
    pub fn pre_activation(&self, inputs: Tensor<2>) -> Tensor<2> {
        linear(inputs, self.weight.val(), Some(self.bias.val()))
    }

    /// `x W + b`, `[batch, units]`, from the rows of `W` at the columns that `x` has: the same within rounding.
    ///
    /// The gradient of `W` is 0 in every other row.
    pub fn pre_activation_sparse(&self, inputs: &SparseInput) -> Tensor<2> {
        inputs.times(&self.weight.val(), Some(&self.bias.val()))
    }

    /// What the units make of their pre-activations, `[batch, units]`.
    pub fn activate(&self, pre_activation: Tensor<2>) -> Tensor<2> {
        let mut hidden = self
            .unit
            .apply(pre_activation, self.slope.as_ref().map(|slope| slope.val()));
        if self.threshold > 0.0 {
            let silent = hidden.clone().lower_equal_elem(self.threshold);
            hidden = hidden.mask_fill(silent, 0.0);
        }
        match &self.flips {
            Some(flips) => hidden * flips.val().unsqueeze(),
            None => hidden,
        }
    }

    /// The layer's activations, `[batch, units]`.
    pub fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        self.activate(self.pre_activation(inputs))
    }

    /// The layer with the incoming weights and the bias of each unit divided by its `scale`, `[units]`.
    pub(crate) fn divided(mut self, scale: Tensor<1>) -> Self {
        let columns = scale.clone().unsqueeze::<2>();
        self.weight = self
            .weight
            .map(|weight| replaced(&weight, weight.clone() / columns));
        self.bias = self.bias.map(|bias| replaced(&bias, bias.clone() / scale));
        self
    }
}

/// `new` as a leaf in `old`'s place: outside its graph, with its gradient setting.
fn replaced<const D: usize>(old: &Tensor<D>, new: Tensor<D>) -> Tensor<D> {
    let tracked = old.is_require_grad();
    new.detach().set_require_grad(tracked)
}
