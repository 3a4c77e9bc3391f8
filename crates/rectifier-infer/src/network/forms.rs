//! Other forms of a network: rounded weights, integers, a threshold, a file.

use super::{CHUNK, SparseNetwork, Weights};
use crate::InferError;
use crate::forward::Forward;
use crate::int8::{self, Calibration};
use crate::kernels::Weight;
use crate::layer::{Activation, Layer};
use crate::pointwise::Smooth;
use crate::rows::Rows;
use crate::slot::Slot;
use crate::team::Team;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use rectifier_model::{DenseStackConfig, Precision, TensorView, Unit, encode};

/// The most examples that [`SparseNetwork::in_int8`] looks at.
pub const CALIBRATION: usize = 4096;

impl SparseNetwork {
    /// The same network, its weights rounded to bfloat16: half the memory, and faster where weights come from memory or
    /// the last cache. Sums are still made in f32. Threads begin anew.
    pub fn in_bf16(mut self) -> Self {
        if let Weights::F32(layers) = &self.weights {
            // SAFETY: a predictor's layers are never written to.
            let rounded = layers.iter().map(|layer| unsafe { layer.rounded() });
            self.weights = Weights::Bf16(Arc::new(rounded.collect()));
            let mut card = (*self.card).clone();
            card.precision = Precision::Bf16;
            self.card = Arc::new(card);
            self.work = Slot::new();
        }
        self
    }

    /// The floats of a file, kept as the file keeps them.
    pub(super) fn in_precision(self, precision: Precision) -> Self {
        match precision {
            Precision::Bf16 => self.in_bf16(),
            Precision::F32 | Precision::Int8 => self,
        }
    }

    /// The same network in eight-bit integers: a quarter of the memory, and faster. Scales are chosen by what its layers do on
    /// `calibration`, some hundred to some thousand examples of the training data (the first [`CALIBRATION`] are used), and
    /// hidden units are put into an order in which those that fire together are neighbours. The same numbers come out on
    /// every processor.
    ///
    /// # Errors
    /// [`InferError::NotRectifiers`] for other units; [`InferError::Precision`] for a network that is not in f32;
    /// [`InferError::NoExamples`]; [`InferError::TooManyInputs`]; as [`logits_of`](Self::logits_of).
    pub fn in_int8(self, calibration: Rows<'_>) -> Result<Self, InferError> {
        let Weights::F32(layers) = &self.weights else {
            let precision = self.precision();
            return Err(InferError::Precision { precision });
        };
        let config = &self.card.network;
        rectifiers(config)?;
        let examples = self.check(calibration)?.min(CALIBRATION);
        if examples == 0 {
            return Err(InferError::NoExamples);
        }
        let mut seen = Calibration::new(&config.hidden, examples, self.card.data.range);
        let team = Team::new(self.threads, self.level)?;
        let mut forward = Forward::new(self.inputs(), layers, CHUNK, self.threads);
        for pass in Pass::ALL {
            if pass == Pass::Firing {
                seen.choose();
            }
            for start in (0..examples).step_by(CHUNK) {
                let count = CHUNK.min(examples - start);
                let rows = calibration.part(self.inputs(), start..start + count);
                if pass != Pass::Firing {
                    seen.see_inputs(rows, pass == Pass::Values);
                }
                forward.run(&team, layers, rows, count);
                for (k, &width) in config.hidden.iter().enumerate() {
                    // SAFETY: between jobs.
                    let values = unsafe { forward.activations[k + 1].to_rows() };
                    match pass {
                        Pass::Largest => seen.see_largest(k, &values),
                        Pass::Values => seen.see_values(k, &values),
                        Pass::Firing => seen.see_firing(k, &values, width, start),
                    }
                }
            }
        }
        let integers = int8::quantized(layers, config.threshold as f32, seen)?;
        let card = (*self.card).clone().in_precision(Precision::Int8);
        Ok(Self {
            weights: Weights::Int8(Arc::new(integers)),
            card: Arc::new(card),
            work: Slot::new(),
            ..self
        })
    }

    /// The network as a model file with its card.
    ///
    /// # Errors
    /// [`InferError::Model`] for a card that contradicts itself.
    pub fn to_bytes(&self) -> Result<Vec<u8>, InferError> {
        let unit = self.card.network.unit;
        let tensors = match &self.weights {
            Weights::F32(layers) => tensors(layers, unit),
            Weights::Bf16(layers) => tensors(layers, unit),
            Weights::Int8(network) => int8::tensors(network),
        };
        Ok(encode(&self.card.metadata()?, &tensors)?)
    }

    /// The same network with activations not above `threshold` taken for 0 in every hidden layer.
    ///
    /// # Errors
    /// [`InferError::Network`] for a threshold below 0 or not finite, and for units other than rectifiers.
    pub fn with_threshold(mut self, threshold: f64) -> Result<Self, InferError> {
        let mut card = (*self.card).clone();
        card.network.threshold = threshold;
        card.network.validate()?;
        self.card = Arc::new(card);
        let cut = Activation::Rectifier(threshold as f32);
        match &mut self.weights {
            Weights::F32(layers) => set_hidden(layers, &cut),
            Weights::Bf16(layers) => set_hidden(layers, &cut),
            Weights::Int8(network) => Arc::make_mut(network).set_threshold(threshold as f32),
        }
        self.work = Slot::new();
        Ok(self)
    }
}

/// What calibration looks for, one after the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// How large activations are.
    Largest,
    /// How they are distributed.
    Values,
    /// Which units fire together.
    Firing,
}

impl Pass {
    const ALL: [Self; 3] = [Self::Largest, Self::Values, Self::Firing];
}

/// Refuses a network whose hidden units are no rectifiers.
pub(super) fn rectifiers(config: &DenseStackConfig) -> Result<(), InferError> {
    match config.hidden.is_empty() || config.unit == Unit::Rectifier {
        true => Ok(()),
        false => Err(InferError::NotRectifiers { unit: config.unit }),
    }
}

/// The tensors of a network of floats, as [`DenseStackConfig::tensors`] names them.
fn tensors<W: Weight>(layers: &[Layer<W>], unit: Unit) -> Vec<TensorView<'static>> {
    let mut tensors = Vec::new();
    for (k, layer) in layers.iter().enumerate() {
        let hidden = k + 1 < layers.len();
        let name = match hidden {
            true => format!("layers.{k}"),
            false => "head".into(),
        };
        let units = layer.units();
        // SAFETY: nobody writes to a predictor's layers.
        let weights = unsafe { layer.weight.to_rows() };
        let mut bytes = Vec::with_capacity(weights.len() * W::DTYPE.size());
        weights.iter().for_each(|weight| weight.write(&mut bytes));
        let shape = [layer.weight.rows, units];
        tensors.push(TensorView::new(
            format!("{name}.weight"),
            W::DTYPE,
            &shape,
            bytes,
        ));
        let mut add = |part: &str, shape: &[usize], values: &[f32]| {
            let name = format!("{name}.{part}");
            tensors.push(TensorView::of_numbers(name, shape, values));
        };
        // SAFETY: as above.
        unsafe {
            add("bias", &[units], &layer.bias.as_slice()[..units]);
            if let Some(flips) = &layer.flips {
                add("flips", &[units], &flips.as_slice()[..units]);
            }
        }
        match (unit, &layer.activation) {
            (Unit::ParametricLeaky { .. }, Activation::Smooth(Smooth::Leaky(slope))) if hidden => {
                add("slope", &[1], &[*slope]);
            }
            _ => {}
        }
    }
    tensors
}

fn set_hidden<W: Weight>(layers: &mut Arc<Vec<Layer<W>>>, activation: &Activation) {
    if let Some((_, hidden)) = Arc::make_mut(layers).split_last_mut() {
        hidden
            .iter_mut()
            .for_each(|layer| layer.activation = activation.clone());
    }
}
