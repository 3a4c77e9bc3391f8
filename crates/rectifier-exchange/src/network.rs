//! A dense stack as plain numbers.

use crate::{Activation, ExchangeError};
use rectifier_model::{ModelBytes, ModelCard, ModelFileError, Precision, TensorView, Unit, encode};

/// A dense stack as plain numbers, and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// What is known; its description fits the layers.
    card: ModelCard,
    /// From the input up; the last one has no activation.
    layers: Vec<Layer>,
}

/// A layer's numbers. What its units do stands in the network's description.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Numbers from below, and units.
    pub dims: [usize; 2],
    /// `[inputs, units]`, row-major.
    pub weight: Vec<f32>,
    /// `[units]`.
    pub bias: Vec<f32>,
    /// The learned slope of [`Unit::ParametricLeaky`].
    pub slope: Option<f32>,
    /// Signs `[units]` that the activations are multiplied by.
    pub flips: Option<Vec<f32>>,
}

impl Layer {
    /// A layer of weights `[inputs, units]`, row by row, and biases `[units]`.
    pub fn new(dims: [usize; 2], weight: Vec<f32>, bias: Vec<f32>) -> Self {
        Self {
            dims,
            weight,
            bias,
            slope: None,
            flips: None,
        }
    }
}

/// What a network that came from no file is called in errors.
const ORIGIN: &str = "the network";

/// What layer `k` of `layers` is called in errors.
pub(crate) fn place(k: usize, layers: usize) -> String {
    match k + 1 == layers {
        true => "the output layer".into(),
        false => format!("hidden layer {}", k + 1),
    }
}

impl Network {
    /// A network of `layers`, which `card` describes.
    ///
    /// # Errors
    /// [`ExchangeError::Layer`] for the first layer that is another than the card says; [`ExchangeError::Model`] for a card
    /// that contradicts itself or describes no network; [`ExchangeError::Precision`] for one that is not in f32.
    pub fn new(card: ModelCard, layers: Vec<Layer>) -> Result<Self, ExchangeError> {
        // The card is checked as it would be written.
        card.metadata()?;
        if card.precision != Precision::F32 {
            return Err(ExchangeError::Precision {
                origin: ORIGIN.into(),
            });
        }
        let network = &card.network;
        let widths = network.hidden.iter().chain([&network.outputs]);
        let expected = network.hidden.len() + 1;
        if layers.len() != expected {
            let reason = format!(
                "it has {} layers, and its card names {expected}",
                layers.len()
            );
            return Err(ExchangeError::layer(ORIGIN, "its layers", reason));
        }
        let mut inputs = network.inputs;
        for ((k, layer), &units) in layers.iter().enumerate().zip(widths) {
            let hidden = k + 1 < expected;
            let slope = hidden && matches!(network.unit, Unit::ParametricLeaky { .. });
            let flips = (hidden && network.flips).then_some(units);
            let fits = layer.dims == [inputs, units]
                && Some(layer.weight.len()) == inputs.checked_mul(units)
                && layer.bias.len() == units
                && layer.slope.is_some() == slope
                && layer.flips.as_ref().map(Vec::len) == flips;
            if !fits {
                let reason = format!(
                    "its numbers are not those of {inputs} inputs and {units} units that its card describes"
                );
                return Err(ExchangeError::layer(ORIGIN, &place(k, expected), reason));
            }
            inputs = units;
        }
        Ok(Self { card, layers })
    }

    /// The network in a model file.
    ///
    /// # Errors
    /// [`ExchangeError::Precision`] for one that is not in f32; [`ExchangeError::Model`] for a file that describes none, or whose weights
    /// are no numbers.
    pub fn from_model(model: &ModelBytes<'_>) -> Result<Self, ExchangeError> {
        let card = model.card()?;
        if card.precision != Precision::F32 {
            return Err(ExchangeError::Precision {
                origin: model.origin().into(),
            });
        }
        let config = &card.network;
        let mut inputs = config.inputs;
        let mut layers = Vec::with_capacity(config.hidden.len() + 1);
        for (k, &units) in config.hidden.iter().enumerate() {
            let part = |part: &str| model.floats(&format!("layers.{k}.{part}"));
            layers.push(Layer {
                dims: [inputs, units],
                weight: part("weight")?,
                bias: part("bias")?,
                slope: match config.unit {
                    Unit::ParametricLeaky { .. } => part("slope")?.first().copied(),
                    Unit::Rectifier
                    | Unit::Leaky { .. }
                    | Unit::Softplus { .. }
                    | Unit::Tanh
                    | Unit::Logistic
                    | Unit::Identity
                    | Unit::Elu { .. }
                    | Unit::Selu
                    | Unit::Gelu => None,
                },
                flips: match config.flips {
                    true => Some(part("flips")?),
                    false => None,
                },
            });
            inputs = units;
        }
        let (weight, bias) = (model.floats("head.weight")?, model.floats("head.bias")?);
        layers.push(Layer::new([inputs, config.outputs], weight, bias));
        Self::new(card.clone(), layers)
    }

    /// The bytes of a model file, which `rectifier`, `rectifier-nn` and `rectifier-infer` read.
    ///
    /// # Errors
    /// [`ExchangeError::Model`] for a card that is too long for a file.
    pub fn to_model(&self) -> Result<Vec<u8>, ExchangeError> {
        let mut tensors = Vec::new();
        for (k, layer) in self.layers.iter().enumerate() {
            let name = match k + 1 == self.layers.len() {
                true => "head".into(),
                false => format!("layers.{k}"),
            };
            let mut add = |part: &str, shape: &[usize], values: &[f32]| {
                let name = format!("{name}.{part}");
                tensors.push(TensorView::of_numbers(name, shape, values));
            };
            add("weight", &layer.dims, &layer.weight);
            add("bias", &layer.dims[1..], &layer.bias);
            if let Some(flips) = &layer.flips {
                add("flips", &layer.dims[1..], flips);
            }
            if let Some(slope) = layer.slope {
                add("slope", &[1], &[slope]);
            }
        }
        Ok(encode(&self.card.metadata()?, &tensors)?)
    }

    /// What is known of the network.
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// The layers from the input up; the last one has no activation.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What the hidden units do.
    pub fn activation(&self) -> Activation {
        Activation {
            unit: self.card.network.unit,
            threshold: self.card.network.threshold,
        }
    }

    /// The same function without sign flips: each is moved into the weights that it meets in the layer above, which changes
    /// no product.
    ///
    /// # Errors
    /// [`ExchangeError::Layer`] for a flip that is no sign.
    pub fn without_flips(&self) -> Result<Self, ExchangeError> {
        let mut network = self.clone();
        network.card.network.flips = false;
        let count = network.layers.len();
        let mut below: Option<Vec<f32>> = None;
        for (k, layer) in network.layers.iter_mut().enumerate() {
            for (row, flip) in layer
                .weight
                .chunks_mut(layer.dims[1])
                .zip(below.iter().flatten())
            {
                row.iter_mut().for_each(|weight| *weight *= flip);
            }
            below = layer.flips.take();
            if let Some(flip) = below.iter().flatten().find(|flip| flip.abs() != 1.0) {
                let reason = format!("one of its sign flips is {flip}, which is neither 1 nor -1");
                return Err(ExchangeError::layer(ORIGIN, &place(k, count), reason));
            }
        }
        Ok(network)
    }
}

/// Numbers as files hold them: little-endian.
pub(crate) fn bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// The first number that is none: its place and value.
///
/// # Errors
/// [`ExchangeError::Model`] with [`ModelFileError::NotFinite`].
pub(crate) fn check_finite(
    origin: &str,
    tensor: &str,
    values: &[f32],
) -> Result<(), ExchangeError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(ExchangeError::Model(ModelFileError::NotFinite {
            origin: origin.into(),
            tensor: tensor.into(),
            place: at,
            value: values[at],
        })),
        None => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rectifier_infer::SparseNetwork;
    use rectifier_model::DenseStackConfig;

    fn network() -> Network {
        let config = DenseStackConfig::new(3, [2, 2], Unit::ParametricLeaky { slope: 0.25 }, 2)
            .with_flips(true);
        let numbers =
            |from: i32, count: i32| (from..from + count).map(|n| (n as f32).sin()).collect();
        let hidden = |dims: [usize; 2], from, slope| Layer {
            slope: Some(slope),
            flips: Some(vec![-1.0, 1.0]),
            ..Layer::new(
                dims,
                numbers(from, (dims[0] * dims[1]) as i32),
                numbers(from + 50, 2),
            )
        };
        let head = Layer::new([2, 2], numbers(20, 4), numbers(70, 2));
        let layers = vec![hidden([3, 2], 1, 0.1), hidden([2, 2], 10, -0.2), head];
        Network::new(ModelCard::new(config), layers).unwrap()
    }

    fn logits(network: &Network) -> Vec<f32> {
        let file = ModelBytes::from_bytes(network.to_model().unwrap(), "memory").unwrap();
        let network = SparseNetwork::from_model(&file).unwrap();
        network.logits(&[0.3, -0.7, 1.1, -0.2, 0.9, 0.4]).unwrap()
    }

    #[test]
    fn a_model_file_is_read_as_it_was_written() {
        let bytes = network().to_model().unwrap();
        let file = ModelBytes::from_bytes(bytes, "memory").unwrap();
        assert_eq!(Network::from_model(&file).unwrap(), network());
    }

    #[test]
    fn flips_move_into_the_layer_above() {
        let without = network().without_flips().unwrap();
        assert!(without.layers.iter().all(|layer| layer.flips.is_none()));
        assert_ne!(without.layers[1].weight, network().layers[1].weight);
        assert_eq!(logits(&without), logits(&network()));
        let mut wrong = network();
        wrong.layers[1].flips = Some(vec![1.0, 0.5]);
        let error = wrong.without_flips().unwrap_err().to_string();
        assert!(
            error.contains("hidden layer 2") && error.contains("0.5"),
            "{error}"
        );
    }

    #[test]
    fn numbers_that_are_not_the_cards_are_refused() {
        let (card, layers) = (network().card, network().layers);
        let refused = |change: &dyn Fn(&mut Vec<Layer>)| {
            let mut layers = layers.clone();
            change(&mut layers);
            Network::new(card.clone(), layers).unwrap_err().to_string()
        };
        assert!(refused(&|layers| layers[1].slope = None).contains("hidden layer 2"));
        assert!(refused(&|layers| layers[2].weight.truncate(3)).contains("the output layer"));
        assert!(refused(&|layers| layers[0].flips = None).contains("hidden layer 1"));
        assert!(refused(&|layers| layers.truncate(2)).contains("2 layers"));
    }
}
