//! The description of a dense stack.

use crate::{NetworkError, Unit};
use alloc::{format, string::String, vec, vec::Vec};
use serde::{Deserialize, Serialize};

/// The description of a dense stack: hidden layers of one kind of unit under a softmax output.
///
/// | field | default | meaning | range |
/// |---|---|---|---|
/// | `inputs` | | numbers an example | at least 1 |
/// | `hidden` | | units of each hidden layer, from the input up; empty for softmax regression | each at least 1 |
/// | `unit` | | activation of the hidden layers | see [`Unit`] |
/// | `outputs` | | classes | at least 1 |
/// | `flips` | false | half of each layer's outputs are multiplied by -1, fixed at initialization | |
/// | `threshold` | 0 | activations not above it become 0 | at least 0, rectifier only |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenseStackConfig {
    /// Numbers an example.
    pub inputs: usize,
    /// Units of each hidden layer, from the input up.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub unit: Unit,
    /// Classes.
    pub outputs: usize,
    /// Fixed sign flips for half of each layer's units.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub flips: bool,
    /// Activations not above it become 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub threshold: f64,
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl DenseStackConfig {
    /// A stack without flips and threshold.
    pub fn new(inputs: usize, hidden: impl Into<Vec<usize>>, unit: Unit, outputs: usize) -> Self {
        Self {
            inputs,
            hidden: hidden.into(),
            unit,
            outputs,
            flips: false,
            threshold: 0.0,
        }
    }

    /// Flips the sign of half of each layer's units.
    pub fn with_flips(mut self, flips: bool) -> Self {
        self.flips = flips;
        self
    }

    /// Sets activations not above `threshold` to 0.
    pub fn with_threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`NetworkError`] naming the first field that no network can be made from.
    pub fn validate(&self) -> Result<(), NetworkError> {
        let sizes = [
            ("the number of inputs", self.inputs),
            ("the number of classes", self.outputs),
        ];
        for (what, size) in sizes {
            if size == 0 {
                return Err(NetworkError::ZeroSize { what: what.into() });
            }
        }
        if let Some(layer) = self.hidden.iter().position(|units| *units == 0) {
            let what = format!("the width of hidden layer {}", layer + 1);
            return Err(NetworkError::ZeroSize { what });
        }
        self.unit.validate()?;
        NetworkError::check(
            "threshold",
            self.threshold,
            self.threshold >= 0.0,
            "at least 0",
        )?;
        if self.threshold > 0.0 && self.unit != Unit::Rectifier {
            let text = format!(
                "a threshold is for rectifier units, not for {:?}",
                self.unit
            );
            return Err(NetworkError::Unsupported(text));
        }
        Ok(())
    }

    /// How many numbers the network learns; `usize::MAX` if they are more.
    pub fn parameters(&self) -> usize {
        let mut fan_in = self.inputs;
        let mut count = 0_usize;
        for &units in self.hidden.iter().chain([&self.outputs]) {
            count = count.saturating_add(fan_in.saturating_add(1).saturating_mul(units));
            fan_in = units;
        }
        let slopes = matches!(self.unit, Unit::ParametricLeaky { .. });
        count.saturating_add(if slopes { self.hidden.len() } else { 0 })
    }

    /// Names and shapes of the network's tensors, from the input up; weights are `[inputs, units]`, row-major.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut tensors = Vec::new();
        let mut fan_in = self.inputs;
        for (layer, &units) in self.hidden.iter().enumerate() {
            tensors.push((format!("layers.{layer}.weight"), vec![fan_in, units]));
            tensors.push((format!("layers.{layer}.bias"), vec![units]));
            if self.flips {
                tensors.push((format!("layers.{layer}.flips"), vec![units]));
            }
            if matches!(self.unit, Unit::ParametricLeaky { .. }) {
                tensors.push((format!("layers.{layer}.slope"), vec![1]));
            }
            fan_in = units;
        }
        tensors.push(("head.weight".into(), vec![fan_in, self.outputs]));
        tensors.push(("head.bias".into(), vec![self.outputs]));
        tensors
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn impossible_descriptions_are_refused() {
        let config = DenseStackConfig::new(8, [6, 0], Unit::Rectifier, 2);
        assert_eq!(
            format!("{}", config.validate().unwrap_err()),
            "the width of hidden layer 2 is 0: it must be at least 1"
        );
        let tanh = DenseStackConfig::new(8, [6], Unit::Tanh, 2).with_threshold(0.1);
        assert!(tanh.validate().is_err());
        let none = DenseStackConfig::new(0, [], Unit::Tanh, 2);
        assert!(none.validate().is_err());
    }

    #[test]
    fn parameters_are_counted_and_tensors_named() {
        let config =
            DenseStackConfig::new(4, [3], Unit::ParametricLeaky { slope: 0.2 }, 2).with_flips(true);
        assert_eq!(config.parameters(), 4 * 3 + 3 + 3 * 2 + 2 + 1);
        let huge = DenseStackConfig::new(usize::MAX, [2], Unit::Tanh, 2);
        assert_eq!(huge.parameters(), usize::MAX);
        let tensors = config.tensors();
        let names: Vec<&str> = tensors.iter().map(|(name, _)| name.as_str()).collect();
        let wanted = [
            "layers.0.weight",
            "layers.0.bias",
            "layers.0.flips",
            "layers.0.slope",
            "head.weight",
            "head.bias",
        ];
        assert_eq!(names, wanted);
        assert_eq!(tensors[0].1, [4, 3]);
        assert_eq!(tensors[4].1, [3, 2]);
    }

    #[test]
    fn json_is_stable() {
        let config = DenseStackConfig::new(2, [3], Unit::Rectifier, 2).with_threshold(0.5);
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(
            text,
            r#"{"inputs":2,"hidden":[3],"unit":{"kind":"rectifier"},"outputs":2,"threshold":0.5}"#
        );
        assert_eq!(
            serde_json::from_str::<DenseStackConfig>(&text).unwrap(),
            config
        );
    }
}
