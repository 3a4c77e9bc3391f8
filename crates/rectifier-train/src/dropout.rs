//! Dropout (Srivastava et al. 2014), modern beside the paper: numbers left out at random while a network learns.

use crate::share::Share;
use crate::{DeviceInputs, TrainError};
use burn::tensor::{Device, Tensor};
use rectifier_data::{Batch, SparseRows, random::subseed};
use rectifier_nn::{Corruption, DenseStack, Draw, Forward, Noise};
use serde::{Deserialize, Serialize};

/// Shares of numbers that are left out in each step, drawn anew from the step's seed; the others are divided by what is
/// left (inverted dropout), so that nothing changes when the network is used.
///
/// Penalty and zeros are those of the activations before any is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    /// Share of the inputs, in [0, 1).
    #[serde(default)]
    pub input: f64,
    /// Share of every hidden layer's activations, in [0, 1).
    #[serde(default)]
    pub hidden: f64,
}

impl Dropout {
    /// Dropout of these shares.
    pub fn new(input: f64, hidden: f64) -> Self {
        Self { input, hidden }
    }

    /// Whether nothing is left out.
    pub fn is_none(&self) -> bool {
        self.input == 0.0 && self.hidden == 0.0
    }

    pub(crate) fn validate(&self, place: &str) -> Result<(), TrainError> {
        for (name, share) in [("input", self.input), ("hidden", self.hidden)] {
            if !(0.0..1.0).contains(&share) {
                let text = format!("dropout.{name} is {share}: it must be from 0 to below 1");
                return Err(TrainError::recipe(place, &text));
            }
        }
        Ok(())
    }

    /// `batch` with inputs left out by the draw of `seed`; `None` where none are.
    ///
    /// # Errors
    /// None that is known: thinned sparse rows are sparse rows.
    pub fn of_inputs(&self, batch: &Batch, seed: u64) -> Result<Option<Batch>, TrainError> {
        if self.input == 0.0 {
            return Ok(None);
        }
        let (share, scale) = (self.input as f32, 1.0 / (1.0 - self.input as f32));
        let mut draw = Draw::new(subseed(seed, &[INPUT]));
        let mut thinned = Batch {
            labels: batch.labels.clone(),
            ..Batch::default()
        };
        let mut thin = |value: f32| match draw.unit() < share {
            true => 0.0,
            false => value * scale,
        };
        match &batch.sparse {
            // The draws are those for the same rows with their zeros.
            Some(rows) => {
                let mut kept = SparseRows::empty(rows.width());
                for (columns, values) in rows.iter() {
                    let (mut there, mut left) = (Vec::new(), Vec::new());
                    let mut entries = columns.iter().zip(values).peekable();
                    for column in 0..rows.width() as u32 {
                        let entry = entries.next_if(|(at, _)| **at == column);
                        let value = thin(entry.map_or(0.0, |(_, value)| *value));
                        if value != 0.0 {
                            there.push(column);
                            left.push(value);
                        }
                    }
                    kept.push(&there, &left)?;
                }
                thinned.sparse = Some(kept);
            }
            None => thinned.inputs = batch.inputs.iter().map(|value| thin(*value)).collect(),
        }
        Ok(Some(thinned))
    }

    /// Which of `len` activations of hidden layer `place` (0 the first), example after example, are kept by the draw of `seed`:
    /// 1 keeps one, 0 leaves it out. Those kept are divided by the share that is.
    pub fn hidden_mask(&self, place: usize, len: usize, seed: u64) -> Vec<f32> {
        self.hidden_noise(place, len, seed).keep
    }

    fn hidden_noise(&self, place: usize, len: usize, seed: u64) -> Noise {
        let masking = Corruption::Masking { share: self.hidden };
        masking.draw(len, subseed(seed, &[HIDDEN, place as u64]))
    }

    /// What `stack` makes of `inputs`, a share of a batch, with hidden activations left out by the draws of `seed` for the whole
    /// batch.
    pub(crate) fn forward(
        &self,
        stack: &DenseStack,
        inputs: DeviceInputs,
        share: &Share,
        seed: u64,
        device: &Device,
    ) -> Forward {
        let keep = 1.0 - self.hidden;
        let mut hidden = Vec::with_capacity(stack.layers.len());
        let mut below = inputs;
        for (place, layer) in stack.layers.iter().enumerate() {
            let pre = match below {
                DeviceInputs::Dense(inputs) => layer.pre_activation(inputs),
                DeviceInputs::Sparse(inputs) => layer.pre_activation_sparse(&inputs),
            };
            let activations = layer.activate(pre);
            hidden.push(activations.clone());
            let [batch, units] = activations.dims();
            let drawn = self.hidden_noise(place, share.of * units, seed);
            let drawn = share.noise(drawn, units);
            let mask = Tensor::<2>::ones([batch, units], device);
            let mask = drawn.apply(mask, device) * (1.0 / keep);
            below = DeviceInputs::Dense(activations * Tensor::from_inner(mask));
        }
        let logits = match below {
            DeviceInputs::Dense(top) => stack.head.forward(top),
            DeviceInputs::Sparse(inputs) => stack.head.forward(inputs.to_dense()),
        };
        Forward { logits, hidden }
    }
}

/// Separate the draws for inputs from those for hidden layers, and both from those of a corruption.
const INPUT: u64 = 0xD0;
const HIDDEN: u64 = 0xD1;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rectifier_nn::{DenseStackConfig, Init, Network, Unit};

    #[test]
    fn inputs_are_left_out_by_the_seed_and_scaled_up() {
        let batch = Batch {
            inputs: vec![1.0; 4000],
            labels: vec![0, 1],
            sparse: None,
        };
        let dropout = Dropout::new(0.25, 0.0);
        let thinned = dropout.of_inputs(&batch, 7).unwrap().unwrap();
        let left = thinned.inputs.iter().filter(|value| **value != 0.0).count();
        assert!((2800..3200).contains(&left), "{left}");
        assert!(
            thinned
                .inputs
                .iter()
                .all(|x| *x == 0.0 || (x - 4.0 / 3.0).abs() < 1e-6)
        );
        let again = dropout.of_inputs(&batch, 7).unwrap().unwrap();
        let other = dropout.of_inputs(&batch, 8).unwrap().unwrap();
        assert!(thinned.inputs == again.inputs && thinned.inputs != other.inputs);
        assert!(Dropout::default().of_inputs(&batch, 7).unwrap().is_none());
        // The same numbers as sparse rows lose the same ones.
        let mut rows = SparseRows::empty(2000);
        for _ in 0..2 {
            let columns: Vec<u32> = (0..2000).collect();
            rows.push(&columns, &[1.0; 2000]).unwrap();
        }
        let sparse = Batch {
            sparse: Some(rows),
            inputs: Vec::new(),
            ..batch
        };
        let sparse = dropout.of_inputs(&sparse, 7).unwrap().unwrap();
        assert_eq!(*sparse.dense(), thinned.inputs);
    }

    #[test]
    fn hidden_activations_are_left_out_behind_the_penalty() {
        let device = Device::default();
        let config = DenseStackConfig::new(3, [400, 5], Unit::Rectifier, 2);
        let stack = config.init(1, &device).unwrap();
        let inputs = || Tensor::<2>::from_floats([[1.0, 0.5, -0.25]], &device);
        let numbers = |tensor: Tensor<2>| tensor.into_data().try_to_vec::<f32>().unwrap();
        let of = |share: f64, seed: u64| {
            let dropout = Dropout::new(0.0, share);
            let found = dropout.forward(
                &stack,
                DeviceInputs::Dense(inputs()),
                &Share::whole(1),
                seed,
                &device,
            );
            let hidden: Vec<Vec<f32>> = found.hidden.into_iter().map(numbers).collect();
            (numbers(found.logits), hidden)
        };
        let plain = stack.forward(inputs());
        let first = numbers(plain.hidden[0].clone());
        let (logits, hidden) = of(1e-12, 1);
        for (found, wanted) in logits.iter().zip(numbers(plain.logits)) {
            assert!((found - wanted).abs() < 1e-5, "{found} {wanted}");
        }
        assert_eq!(hidden[0], first);
        let (dropped, hidden) = of(0.5, 1);
        assert_eq!(hidden[0], first);
        assert!(dropped != logits && dropped == of(0.5, 1).0 && dropped != of(0.5, 2).0);
    }

    #[test]
    fn shares_outside_their_range_are_refused() {
        for share in [-0.1, 1.0, f64::NAN] {
            assert!(
                Dropout::new(share, 0.0).validate("here").is_err(),
                "{share}"
            );
            assert!(
                Dropout::new(0.0, share).validate("here").is_err(),
                "{share}"
            );
        }
        assert!(Dropout::new(0.2, 0.5).validate("here").is_ok());
    }
}
