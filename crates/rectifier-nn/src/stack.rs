//! Dense stacks of any depth and width.

use crate::{
    DenseLayer, DenseStackConfig, Draw, Forward, Network, NetworkError, SparseInput, Unit,
    WeightDraw,
};
use alloc::{format, string::String, vec::Vec};
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData, activation::softmax};

/// Makes the module that a description describes; `use` it to call [`init`](Self::init) on a [`DenseStackConfig`].
pub trait Init {
    /// The module.
    type Module;

    /// A network with weights drawn from `seed` as its unit wants them ([`Unit::drawn`]) and zero biases; the same on every
    /// device.
    ///
    /// # Errors
    /// [`NetworkError`] naming the first field that no network can be made from.
    fn init(&self, seed: u64, device: &Device) -> Result<Self::Module, NetworkError>;
}

impl Init for DenseStackConfig {
    type Module = DenseStack;

    fn init(&self, seed: u64, device: &Device) -> Result<DenseStack, NetworkError> {
        self.validate()?;
        let mut draw = Draw::new(seed);
        let mut fan_in = self.inputs;
        let layers = self
            .hidden
            .iter()
            .map(|&units| {
                let dims = [fan_in, units];
                fan_in = units;
                DenseLayer::draw(
                    dims,
                    self.unit,
                    self.threshold,
                    self.flips,
                    &mut draw,
                    device,
                )
            })
            .collect();
        let head = affine(fan_in, self.outputs, self.unit.drawn(), &mut draw, device);
        Ok(DenseStack { layers, head })
    }
}

/// A linear map with weights `[inputs, outputs]` drawn as `how` says, and zero bias.
pub(crate) fn affine(
    inputs: usize,
    outputs: usize,
    how: WeightDraw,
    draw: &mut Draw,
    device: &Device,
) -> Linear {
    let weight = TensorData::new(draw.weights(how, inputs, outputs), [inputs, outputs]);
    Linear {
        weight: Param::from_data(weight, device),
        bias: Some(Param::from_tensor(Tensor::zeros([outputs], device))),
    }
}

/// Hidden layers of one kind of unit under a softmax output.
///
/// Parameters are named `layers.{k}.weight`, `layers.{k}.bias`, `head.weight`, `head.bias`; weights are
/// `[inputs, outputs]`.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct DenseStack {
    /// The hidden layers, from the input up.
    pub layers: Vec<DenseLayer>,
    /// The output layer.
    pub head: Linear,
}

impl DenseStack {
    /// The description that this network fits.
    pub fn config(&self) -> DenseStackConfig {
        let [top, outputs] = self.head.weight.dims();
        let first = self.layers.first();
        DenseStackConfig {
            inputs: first.map_or(top, |layer| layer.dims()[0]),
            hidden: self.layers.iter().map(|layer| layer.dims()[1]).collect(),
            unit: first.map_or(Unit::Rectifier, |layer| layer.unit),
            outputs,
            flips: first.is_some_and(|layer| layer.flips.is_some()),
            threshold: first.map_or(0.0, |layer| layer.threshold),
        }
    }

    /// The activations of hidden layer `depth` (1 is the first) for `inputs` `[batch, inputs]`; 0 gives the
    /// inputs back, and more than there are gives the last.
    pub fn features(&self, inputs: Tensor<2>, depth: usize) -> Tensor<2> {
        self.layers
            .iter()
            .take(depth)
            .fold(inputs, |x, layer| layer.forward(x))
    }

    /// P(class | input), `[batch, classes]`, for `inputs` `[batch, inputs]`.
    pub fn probabilities(&self, inputs: Tensor<2>) -> Tensor<2> {
        softmax(self.forward(inputs).logits, 1)
    }

    /// The network with a freshly drawn output layer for `classes` classes, the hidden layers kept.
    ///
    /// # Errors
    /// [`NetworkError::ZeroSize`] for no classes.
    pub fn with_classes(mut self, classes: usize, seed: u64) -> Result<Self, NetworkError> {
        if classes == 0 {
            return Err(NetworkError::ZeroSize {
                what: "the number of classes".into(),
            });
        }
        let [top, _] = self.head.weight.dims();
        let tracked = self.head.weight.val().is_autodiff();
        let device = self.head.weight.val().device().inner();
        let how = self.config().unit.drawn();
        let head = affine(top, classes, how, &mut Draw::new(seed), &device);
        self.head = if tracked { head.train() } else { head };
        Ok(self)
    }

    /// The network with activations not above `threshold` set to 0 in every hidden layer.
    ///
    /// # Errors
    /// As [`DenseStackConfig::validate`].
    pub fn with_threshold(mut self, threshold: f64) -> Result<Self, NetworkError> {
        self.config().with_threshold(threshold).validate()?;
        for layer in &mut self.layers {
            layer.threshold = threshold;
        }
        Ok(self)
    }
}

impl DenseStack {
    /// The rest of the network, from the activations `first` of the first hidden layer on.
    fn forward_from(&self, first: Tensor<2>) -> Forward {
        let mut hidden: Vec<Tensor<2>> = Vec::with_capacity(self.layers.len());
        hidden.push(first.clone());
        let mut x = first;
        for layer in self.layers.iter().skip(1) {
            x = layer.forward(x);
            hidden.push(x.clone());
        }
        Forward {
            logits: self.head.forward(x),
            hidden,
        }
    }
}

impl Network for DenseStack {
    fn forward(&self, inputs: Tensor<2>) -> Forward {
        match self.layers.first() {
            Some(first) => self.forward_from(first.forward(inputs)),
            None => Forward {
                logits: self.head.forward(inputs),
                hidden: Vec::new(),
            },
        }
    }

    fn forward_sparse(&self, inputs: &SparseInput) -> Forward {
        match self.layers.first() {
            Some(first) => self.forward_from(first.activate(first.pre_activation_sparse(inputs))),
            None => {
                let bias = self.head.bias.as_ref().map(|bias| bias.val());
                Forward {
                    logits: inputs.times(&self.head.weight.val(), bias.as_ref()),
                    hidden: Vec::new(),
                }
            }
        }
    }

    fn dense_stack(&self) -> Option<&DenseStack> {
        Some(self)
    }

    fn with_dense_stack(self, stack: DenseStack) -> Result<Self, NetworkError> {
        Ok(stack)
    }

    fn describe(&self) -> String {
        // Plain numbers and names: serialization to a string cannot fail.
        serde_json::to_string(&self.config()).unwrap_or_default()
    }
}

impl ModuleDisplay for DenseStack {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        let config = self.config();
        let mut sizes: Vec<String> = Vec::new();
        sizes.push(format!("{}", config.inputs));
        sizes.extend(config.hidden.iter().map(|units| format!("{units}")));
        sizes.push(format!("{}", config.outputs));
        content
            .add("sizes", &sizes.join("-"))
            .add("unit", &format!("{:?}", config.unit))
            .optional()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inputs(rows: usize, width: usize, seed: u64, device: &Device) -> Tensor<2> {
        let mut draw = Draw::new(seed);
        let values: Vec<f32> = (0..rows * width).map(|_| 2.0 * draw.unit() - 1.0).collect();
        Tensor::from_data(TensorData::new(values, [rows, width]), device)
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn scaling_a_layer_and_unscaling_the_next_changes_nothing(
            scale in 0.05f64..20.0, seed in any::<u64>(), layer in 0usize..2, leaky in any::<bool>(),
        ) {
            let device = Device::default();
            let unit = if leaky { Unit::Leaky { slope: 0.1 } } else { Unit::Rectifier };
            let config = DenseStackConfig::new(9, [11, 8], unit, 4);
            let network = config.init(seed, &device).unwrap();
            let x = inputs(5, 9, seed ^ 1, &device);
            let before = values(network.forward(x.clone()).logits);
            let mut scaled = network;
            let width = scaled.layers[layer].dims()[1];
            let divisor = Tensor::full([width], 1.0 / scale, &device);
            scaled.layers[layer] = scaled.layers[layer].clone().divided(divisor);
            if layer + 1 < scaled.layers.len() {
                let next = scaled.layers[layer + 1].clone();
                scaled.layers[layer + 1].weight = next.weight.map(|w| w / scale);
            } else {
                scaled.head.weight = scaled.head.weight.clone().map(|w| w / scale);
            }
            for (a, b) in values(scaled.forward(x).logits).iter().zip(&before) {
                prop_assert!((a - b).abs() < 1e-4 * b.abs().max(1.0), "{} {}", a, b);
            }
        }

        #[test]
        fn half_of_the_rectifiers_are_silent_at_initialization(seed in any::<u64>()) {
            let device = Device::default();
            let network = DenseStackConfig::new(50, [400, 400, 400], Unit::Rectifier, 3)
                .init(seed, &device).unwrap();
            for hidden in network.forward(inputs(20, 50, !seed, &device)).hidden {
                let zeros = values(hidden).iter().filter(|h| **h == 0.0).count() as f64 / 8000.0;
                // Each unit is silent with probability 1/2; units of one input are nearly independent.
                prop_assert!((zeros - 0.5).abs() < 0.06, "{}", zeros);
            }
        }
    }

    #[test]
    fn one_seed_one_network() {
        let device = Device::default();
        let config = DenseStackConfig::new(6, [5], Unit::Tanh, 2).with_flips(true);
        let one = config.init(4, &device).unwrap();
        let same = config.init(4, &device).unwrap();
        let other = config.init(5, &device).unwrap();
        let weights = |network: &DenseStack| values(network.layers[0].weight.val());
        assert_eq!(weights(&one), weights(&same));
        assert_ne!(weights(&one), weights(&other));
        assert_eq!(one.config(), config);
    }

    #[test]
    fn no_hidden_layer_is_softmax_regression() {
        let device = Device::default();
        let config = DenseStackConfig::new(4, [], Unit::Rectifier, 3);
        let forward = config
            .init(1, &device)
            .unwrap()
            .forward(inputs(2, 4, 2, &device));
        assert_eq!(forward.logits.dims(), [2, 3]);
        assert!(forward.hidden.is_empty());
        assert_eq!(config.parameters(), 15);
    }

    #[test]
    fn flips_turn_half_of_the_outputs_negative() {
        let device = Device::default();
        let network = DenseStackConfig::new(8, [100], Unit::Rectifier, 2)
            .with_flips(true)
            .init(3, &device)
            .unwrap();
        let hidden = values(network.features(inputs(50, 8, 1, &device), 1));
        let negative = hidden.iter().filter(|h| **h < 0.0).count();
        let positive = hidden.iter().filter(|h| **h > 0.0).count();
        assert!(
            (negative as f64 / positive as f64 - 1.0).abs() < 0.35,
            "{negative} {positive}"
        );
    }

    #[test]
    fn a_threshold_silences_weak_activations_only() {
        let device = Device::default();
        let network = DenseStackConfig::new(8, [60], Unit::Rectifier, 2)
            .init(3, &device)
            .unwrap();
        let x = inputs(10, 8, 1, &device);
        let plain = values(network.features(x.clone(), 1));
        let cut = values(network.with_threshold(0.2).unwrap().features(x, 1));
        for (before, after) in plain.iter().zip(&cut) {
            assert_eq!(*after, if *before > 0.2 { *before } else { 0.0 });
        }
    }

    #[test]
    fn a_new_head_keeps_the_hidden_layers() {
        let device = Device::default();
        let network = DenseStackConfig::new(8, [6], Unit::Rectifier, 2)
            .init(3, &device)
            .unwrap();
        let x = inputs(3, 8, 1, &device);
        let before = values(network.features(x.clone(), 1));
        let network = network.with_classes(7, 1).unwrap();
        assert_eq!(values(network.features(x.clone(), 1)), before);
        assert_eq!(network.forward(x).logits.dims(), [3, 7]);
        assert!(network.with_classes(0, 1).is_err());
    }

    #[test]
    fn impossible_descriptions_are_refused() {
        let device = Device::default();
        let config = DenseStackConfig::new(8, [6, 0], Unit::Rectifier, 2);
        let text = format!("{}", config.init(0, &device).unwrap_err());
        assert_eq!(
            text,
            "the width of hidden layer 2 is 0: it must be at least 1"
        );
        let tanh = DenseStackConfig::new(8, [6], Unit::Tanh, 2).with_threshold(0.1);
        assert!(tanh.validate().is_err());
        assert!(
            DenseStackConfig::new(0, [], Unit::Tanh, 2)
                .validate()
                .is_err()
        );
    }
}
