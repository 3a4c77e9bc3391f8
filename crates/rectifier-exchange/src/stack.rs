//! A dense stack put together step by step, as the files of other programs tell of it.

use crate::batch_norm::BatchNorm;
use crate::import::card_error;
use crate::network::check_finite;
use crate::{Activation, ExchangeError, ImportOptions, Layer, Network};
use rectifier_model::{DenseStackConfig, ModelCard, ModelFileError, Unit};

/// A stack in the making. Every step names the layer, module or node that it comes from.
pub(crate) struct Stack<'a> {
    origin: &'a str,
    parts: Vec<Part>,
    /// What turned the outputs into probabilities.
    ended: Option<String>,
}

struct Part {
    place: String,
    layer: Layer,
    activation: Option<(String, Activation)>,
}

impl<'a> Stack<'a> {
    pub(crate) fn new(origin: &'a str) -> Self {
        Self {
            origin,
            parts: Vec::new(),
            ended: None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(crate) fn refuse(&self, place: &str, reason: impl Into<String>) -> ExchangeError {
        ExchangeError::layer(self.origin, place, reason)
    }

    fn going_on(&self, place: &str) -> Result<(), ExchangeError> {
        match &self.ended {
            Some(end) => Err(self.refuse(place, format!("nothing can come behind {end}"))),
            None => Ok(()),
        }
    }

    /// A linear layer of weights `[inputs, units]` and biases `[units]`.
    pub(crate) fn linear(
        &mut self,
        place: &str,
        dims: [usize; 2],
        weight: Vec<f32>,
        bias: Vec<f32>,
    ) -> Result<(), ExchangeError> {
        self.going_on(place)?;
        if dims.contains(&0) {
            return Err(self.refuse(place, format!("a layer of {dims:?} has no numbers")));
        }
        if bias.len() != dims[1] {
            let reason = format!("it has {} units and {} biases", dims[1], bias.len());
            return Err(self.refuse(place, reason));
        }
        if let Some(below) = self.parts.last()
            && below.layer.dims[1] != dims[0]
        {
            let reason = format!(
                "it takes {} numbers, and {} below it gives {}",
                dims[0], below.place, below.layer.dims[1]
            );
            return Err(self.refuse(place, reason));
        }
        self.parts.push(Part {
            place: place.into(),
            layer: Layer::new(dims, weight, bias),
            activation: None,
        });
        Ok(())
    }

    /// The layer that the step at `place` is directly behind, without an activation between.
    fn bare(&mut self, place: &str, what: &str) -> Result<&mut Layer, ExchangeError> {
        self.going_on(place)?;
        let refused = self.refuse(
            place,
            format!("{what} is taken directly behind a linear layer alone"),
        );
        match self.parts.last_mut() {
            Some(part) if part.activation.is_none() => Ok(&mut part.layer),
            _ => Err(refused),
        }
    }

    /// Biases `[units]`, or one for all units, added to the last layer.
    pub(crate) fn bias(&mut self, place: &str, values: &[f32]) -> Result<(), ExchangeError> {
        let layer = self.bare(place, "an addition")?;
        let units = layer.bias.len();
        if values.len() != units && values.len() != 1 {
            let reason = format!("it adds {} numbers to {units} units", values.len());
            return Err(self.refuse(place, reason));
        }
        let values = values.iter().cycle();
        layer
            .bias
            .iter_mut()
            .zip(values)
            .for_each(|(bias, value)| *bias += value);
        Ok(())
    }

    /// A batch normalization, folded into the layer before it.
    pub(crate) fn batch_norm(
        &mut self,
        place: &str,
        norm: &BatchNorm,
    ) -> Result<(), ExchangeError> {
        let layer = self.bare(place, "a batch normalization")?;
        let folded = norm.fold(&mut layer.weight, &mut layer.bias);
        folded.map_err(|reason| self.refuse(place, reason))
    }

    /// An activation; of a unit that learns its slope, with the slope.
    pub(crate) fn activation(
        &mut self,
        place: &str,
        activation: Activation,
        slope: Option<f32>,
    ) -> Result<(), ExchangeError> {
        activation.unit.validate().map_err(|source| {
            ExchangeError::Model(ModelFileError::Network {
                origin: format!("{}: {place}", self.origin),
                source,
            })
        })?;
        self.bare(place, "an activation")?.slope = slope;
        if let Some(part) = self.parts.last_mut() {
            part.activation = Some((place.into(), activation));
        }
        Ok(())
    }

    /// A softmax: the end, for the project's networks give logits and whoever predicts takes the softmax of them.
    pub(crate) fn softmax(&mut self, place: &str) -> Result<(), ExchangeError> {
        self.bare(place, "a softmax")?;
        self.ended = Some(place.into());
        Ok(())
    }

    /// The network, described as `options` and the `card` of the file say; `shape` is what the file says of an example.
    pub(crate) fn finish(
        self,
        options: &ImportOptions,
        card: Option<ModelCard>,
        shape: Option<Vec<usize>>,
    ) -> Result<Network, ExchangeError> {
        let origin = self.origin;
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else {
            return Err(ExchangeError::layer(origin, "its layers", "there is none"));
        };
        if last.layer.dims[1] == 1 {
            let reason = "it has one output, as of a yes-or-no answer by a sigmoid, and networks here tell classes apart by a softmax \
                          over two or more: export a last layer of two, weights and bias of the first 0 and of the second as they \
                          are, which is the same answer";
            return Err(ExchangeError::layer(origin, &last.place, reason));
        }
        if let Some((place, _)) = &last.activation {
            let reason = "the output layer of a network here gives logits: an activation behind it, other than a softmax, \
                          has no place";
            return Err(ExchangeError::layer(origin, place, reason));
        }
        let (inputs, outputs) = (first.layer.dims[0], last.layer.dims[1]);
        let hidden: Vec<usize> = self.parts.iter().map(|part| part.layer.dims[1]).collect();
        let activation = self.common_activation()?;
        let config = DenseStackConfig::new(
            inputs,
            &hidden[..hidden.len() - 1],
            activation.unit,
            outputs,
        )
        .with_threshold(activation.threshold);
        let mut described = ModelCard::new(config);
        let own_shape = card.as_ref().map(|card| card.data.shape.clone());
        if let Some(card) = card {
            described.objective = card.objective;
            described.encoder = card.encoder;
            described.data = card.data;
            described.classes = card.classes;
        }
        let fits = |shape: &Vec<usize>| {
            let numbers = shape
                .iter()
                .try_fold(1usize, |n, axis| n.checked_mul(*axis));
            numbers == Some(inputs)
        };
        if let Some(shape) = options.shape.as_ref().filter(|shape| !fits(shape)) {
            return Err(ExchangeError::Shape {
                origin: origin.into(),
                shape: shape.clone(),
                inputs,
            });
        }
        let shape = options.shape.clone().or(own_shape).or(shape.filter(fits));
        described.data.shape = shape.unwrap_or_else(|| vec![inputs]);
        options.check()?;
        if let Some(range) = options.range {
            described.data.range = range;
        }
        described
            .check()
            .map_err(|source| card_error(origin, source))?;
        let mut layers = Vec::with_capacity(self.parts.len());
        for part in self.parts {
            check_finite(
                origin,
                &format!("{}: weight", part.place),
                &part.layer.weight,
            )?;
            check_finite(origin, &format!("{}: bias", part.place), &part.layer.bias)?;
            check_finite(
                origin,
                &format!("{}: slope", part.place),
                part.layer.slope.as_slice(),
            )?;
            layers.push(part.layer);
        }
        Network::new(described, layers)
    }

    /// The activation of all hidden layers.
    fn common_activation(&self) -> Result<Activation, ExchangeError> {
        let mut hidden = self.parts.iter().take(self.parts.len().saturating_sub(1));
        // Two linear layers without anything between are a hidden layer of identities.
        let of = |part: &Part| match &part.activation {
            Some((place, activation)) => (place.clone(), *activation),
            None => (part.place.clone(), Activation::of(Unit::Identity)),
        };
        let Some((first, activation)) = hidden.next().map(of) else {
            return Ok(Activation::of(Unit::Rectifier));
        };
        for (place, other) in hidden.map(of) {
            if other != activation {
                let reason = format!(
                    "it is {other}, and {first} is {activation}: the hidden layers of a network here have one activation"
                );
                return Err(self.refuse(&place, reason));
            }
        }
        Ok(activation)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn linear(stack: &mut Stack<'_>, place: &str, dims: [usize; 2]) {
        let weight = vec![0.5; dims[0] * dims[1]];
        stack
            .linear(place, dims, weight, vec![0.0; dims[1]])
            .unwrap();
    }

    fn relu(stack: &mut Stack<'_>, place: &str) -> Result<(), ExchangeError> {
        stack.activation(place, Activation::of(Unit::Rectifier), None)
    }

    fn finish(stack: Stack<'_>) -> Result<Network, ExchangeError> {
        stack.finish(&ImportOptions::default(), None, Some(vec![2, 2]))
    }

    #[test]
    fn steps_make_a_network_with_the_shape_that_fits() {
        let mut stack = Stack::new("m");
        linear(&mut stack, "a", [4, 3]);
        relu(&mut stack, "b").unwrap();
        linear(&mut stack, "c", [3, 2]);
        stack.softmax("d").unwrap();
        assert!(
            relu(&mut stack, "e")
                .unwrap_err()
                .to_string()
                .contains("behind d")
        );
        let network = finish(stack).unwrap();
        assert_eq!(network.card().data.shape, [2, 2]);
        assert_eq!(network.card().network.hidden, [3]);
        let mut stack = Stack::new("m");
        linear(&mut stack, "a", [3, 2]);
        let network = finish(stack).unwrap();
        assert_eq!(network.card().data.shape, [3]);
        assert_eq!(network.card().network.unit, Unit::Rectifier);
    }

    #[test]
    fn what_no_stack_here_can_be_names_its_place() {
        let mut stack = Stack::new("m");
        assert!(relu(&mut stack, "x").is_err());
        assert!(finish(Stack::new("m")).is_err());
        linear(&mut stack, "a", [4, 3]);
        relu(&mut stack, "b").unwrap();
        assert!(
            relu(&mut stack, "again")
                .unwrap_err()
                .to_string()
                .contains("m: again")
        );
        assert!(
            stack
                .bias("plus", &[1.0])
                .unwrap_err()
                .to_string()
                .contains("plus")
        );
        let wide = stack
            .linear("wide", [4, 2], vec![0.0; 8], vec![0.0; 2])
            .unwrap_err();
        assert!(
            wide.to_string()
                .contains("takes 4 numbers, and a below it gives 3"),
            "{wide}"
        );
        linear(&mut stack, "c", [3, 3]);
        stack
            .activation("d", Activation::of(Unit::Tanh), None)
            .unwrap();
        let error = finish(stack).unwrap_err().to_string();
        assert!(
            error.contains("m: d") && error.contains("logits"),
            "{error}"
        );
        let mut stack = Stack::new("m");
        linear(&mut stack, "a", [4, 3]);
        relu(&mut stack, "b").unwrap();
        linear(&mut stack, "c", [3, 3]);
        linear(&mut stack, "d", [3, 3]);
        let error = finish(stack).unwrap_err().to_string();
        assert!(
            error.contains("c: it is identity, and b is relu"),
            "{error}"
        );
    }

    #[test]
    fn one_output_and_options_that_do_not_fit_are_refused_by_what_is_wrong() {
        let mut stack = Stack::new("m");
        linear(&mut stack, "a", [4, 1]);
        stack
            .activation("sigmoid", Activation::of(Unit::Logistic), None)
            .unwrap();
        let error = finish(stack).unwrap_err().to_string();
        assert!(error.starts_with("m: a: it has one output"), "{error}");
        let refused = |options: ImportOptions| {
            let mut stack = Stack::new("m");
            linear(&mut stack, "a", [4, 2]);
            let error = stack.finish(&options, None, None).unwrap_err();
            error.to_string()
        };
        for shape in [vec![2, 3], vec![], vec![0, 4], vec![usize::MAX, 2]] {
            let error = refused(ImportOptions {
                shape: Some(shape),
                ..ImportOptions::default()
            });
            assert!(error.starts_with("--shape: "), "{error}");
        }
        for range in [[1.0, -1.0], [0.0, 0.0], [0.0, f32::INFINITY]] {
            let error = refused(ImportOptions {
                range: Some(range),
                ..ImportOptions::default()
            });
            assert!(error.starts_with("--range: "), "{error}");
        }
    }

    #[test]
    fn weights_that_are_no_numbers_are_named() {
        let mut stack = Stack::new("m");
        stack
            .linear("a", [1, 2], vec![f32::NAN, 0.0], vec![0.0; 2])
            .unwrap();
        assert!(finish(stack).unwrap_err().to_string().contains("a: weight"));
        let mut stack = Stack::new("m");
        stack
            .linear("a", [1, 2], vec![0.0; 2], vec![0.0, f32::INFINITY])
            .unwrap();
        assert!(finish(stack).unwrap_err().to_string().contains("a: bias"));
    }
}
