//! True zeros: the penalty that asks for them and the counter that measures them.

use crate::NetworkError;
use alloc::vec::Vec;
use burn::tensor::{Int, Tensor};
use serde::{Deserialize, Serialize};

/// The L1 penalty on activations: coefficient times sum over units of |h|, averaged over the batch, added layer by
/// layer.
///
/// In JSON one number for all layers, or a list with one number a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = r#"l1 is a number such as 0.001, or one a hidden layer such as [0.001, 0]"#
)]
pub enum ActivationPenalty {
    /// The same coefficient for every hidden layer.
    Uniform(f64),
    /// One coefficient a hidden layer, the first layer's first; layers past the end have none.
    PerLayer(Vec<f64>),
}

impl Default for ActivationPenalty {
    fn default() -> Self {
        Self::Uniform(0.0)
    }
}

impl ActivationPenalty {
    /// The coefficient of hidden layer `layer` (0 is the first).
    pub fn coefficient(&self, layer: usize) -> f64 {
        match self {
            Self::Uniform(coefficient) => *coefficient,
            Self::PerLayer(coefficients) => coefficients.get(layer).copied().unwrap_or(0.0),
        }
    }

    /// Checks the coefficients.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] for one that is negative or not finite.
    pub fn validate(&self) -> Result<(), NetworkError> {
        let check = |value: f64| NetworkError::check("l1", value, value >= 0.0, "at least 0");
        match self {
            Self::Uniform(coefficient) => check(*coefficient),
            Self::PerLayer(coefficients) => coefficients.iter().try_for_each(|value| check(*value)),
        }
    }

    /// The penalty `[1]` of hidden activations `[batch, units]`; `None` if every coefficient is 0.
    pub fn cost(&self, hidden: &[Tensor<2>]) -> Option<Tensor<1>> {
        let mut cost: Option<Tensor<1>> = None;
        for (layer, activations) in hidden.iter().enumerate() {
            let coefficient = self.coefficient(layer);
            if coefficient != 0.0 {
                let batch = activations.dims()[0] as f64;
                let term = activations.clone().abs().sum() * (coefficient / batch);
                cost = Some(match cost {
                    Some(cost) => cost + term,
                    None => term,
                });
            }
        }
        cost
    }
}

/// Counts, for every hidden unit, on how many examples it is exactly 0. Counting stays on the device until
/// [`finish`](Self::finish).
#[derive(Clone, Debug, Default)]
pub struct UnitCounter {
    examples: u64,
    zeros: Vec<Tensor<1, Int>>,
}

/// Zeros of one hidden layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerCounts {
    /// Examples seen.
    pub examples: u64,
    /// On how many of them each unit was exactly 0.
    pub zeros: Vec<u64>,
}

impl UnitCounter {
    /// A counter that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a batch of hidden activations, `[batch, units]` each.
    pub fn count(&mut self, hidden: &[Tensor<2>]) {
        self.examples += hidden.first().map_or(0, |layer| layer.dims()[0] as u64);
        for (layer, activations) in hidden.iter().enumerate() {
            let units = activations.dims()[1];
            let zeros = activations
                .clone()
                .equal_elem(0.0)
                .int()
                .sum_dim(0)
                .reshape([units]);
            match self.zeros.get_mut(layer) {
                Some(sum) => *sum = sum.clone() + zeros,
                None => self.zeros.push(zeros),
            }
        }
    }

    /// Reads the counts back, one entry a hidden layer.
    pub fn finish(self) -> Vec<LayerCounts> {
        let examples = self.examples;
        self.zeros
            .into_iter()
            .map(|zeros| LayerCounts {
                examples,
                zeros: zeros
                    .into_data()
                    .iter::<i64>()
                    .map(|count| count.max(0) as u64)
                    .collect(),
            })
            .collect()
    }
}

impl LayerCounts {
    /// The share of exact zeros over all examples and units, in [0, 1]; 0 where nothing was seen.
    pub fn share(&self) -> f64 {
        let cells = self.examples * self.zeros.len() as u64;
        if cells == 0 {
            return 0.0;
        }
        self.zeros.iter().sum::<u64>() as f64 / cells as f64
    }

    /// How many units were 0 on every example.
    pub fn dead(&self) -> usize {
        let silent = |zeros: &&u64| self.examples > 0 && **zeros == self.examples;
        self.zeros.iter().filter(silent).count()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn layer(rows: [[f32; 3]; 2], device: &Device) -> Tensor<2> {
        Tensor::from_floats(rows, device)
    }

    #[test]
    fn the_penalty_is_a_sum_over_units_and_a_mean_over_the_batch() {
        let device = Device::default();
        let hidden = [
            layer([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]], &device),
            layer([[-1.0, 0.0, 0.0], [0.0, 0.0, -2.0]], &device),
        ];
        let uniform = ActivationPenalty::Uniform(0.1).cost(&hidden).unwrap();
        assert!((uniform.into_scalar::<f32>() - 0.45).abs() < 1e-6);
        let listed = ActivationPenalty::PerLayer(alloc::vec![0.0, 0.5])
            .cost(&hidden)
            .unwrap();
        assert!((listed.into_scalar::<f32>() - 0.75).abs() < 1e-6);
        assert!(ActivationPenalty::Uniform(0.0).cost(&hidden).is_none());
    }

    #[test]
    fn zeros_and_dead_units_are_counted_exactly() {
        let device = Device::default();
        let mut counter = UnitCounter::new();
        counter.count(&[layer([[1.0, 0.0, 0.0], [0.0, 0.0, 1e-30]], &device)]);
        counter.count(&[layer([[-1.0, 0.0, 0.0], [0.0, 0.0, 0.5]], &device)]);
        let counts = counter.finish().remove(0);
        assert_eq!(counts.zeros, [2, 4, 2]);
        assert_eq!(counts.share(), 8.0 / 12.0);
        assert_eq!(counts.dead(), 1);
    }

    #[test]
    fn coefficients_are_checked() {
        assert!(ActivationPenalty::Uniform(-1.0).validate().is_err());
        assert!(
            ActivationPenalty::PerLayer(alloc::vec![0.1, f64::INFINITY])
                .validate()
                .is_err()
        );
    }
}
