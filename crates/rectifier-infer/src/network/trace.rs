//! What every layer makes of some examples: for whoever wants to look into a network, or to know what its zeros spare.

use super::{Room, SparseNetwork, Weights};
use crate::InferError;
use crate::kernels::Weight;
use crate::layer::Layer;
use crate::rows::Rows;
use alloc::vec::Vec;

/// What became of some examples on their way through a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Examples.
    pub examples: usize,
    /// The layers from the input up; the last is the output layer.
    pub layers: Vec<TracedLayer>,
}

/// A layer's part in a [`Trace`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TracedLayer {
    /// Units.
    pub units: usize,
    /// Activations, `[examples, units]` row by row; of the output layer the logits.
    pub values: Vec<f32>,
    /// Multiplications that were made for them. An input that is 0 costs none; in int8 neighbours must be 0 together, two or four as
    /// the processor has it, and in the other precisions a layer is multiplied whole where few inputs are.
    pub made: u64,
    /// Multiplications where nothing is skipped: examples times inputs times units.
    pub whole: u64,
}

impl Trace {
    /// The hidden layers.
    pub fn hidden(&self) -> &[TracedLayer] {
        self.layers.split_last().map_or(&[], |(_, hidden)| hidden)
    }

    /// The logits, `[examples, classes]` row by row.
    pub fn logits(&self) -> &[f32] {
        self.layers.last().map_or(&[], |layer| &layer.values)
    }
}

impl TracedLayer {
    /// How many of the values are exactly 0.
    pub fn zeros(&self) -> usize {
        self.values.iter().filter(|value| **value == 0.0).count()
    }
}

impl SparseNetwork {
    /// The activations of every layer, and the multiplications that were made for them. In int8 an activation is its integer times
    /// its layer's step, and the units of a layer come in the order of [`in_int8`](Self::in_int8).
    ///
    /// ```
    /// use rectifier_infer::{Rows, SparseNetwork};
    /// # use rectifier_model::{DenseStackConfig, ModelCard, TensorView, Unit, encode};
    /// # let card = ModelCard::new(DenseStackConfig::new(2, [2], Unit::Rectifier, 1));
    /// # let ([weight, head], bias) = ([[1.0f32, -1.0, 0.0, 1.0], [1.0; 4]].map(|w| w.map(f32::to_le_bytes)), [0.0f32; 2].map(f32::to_le_bytes));
    /// # let file = encode(&card.metadata()?, &[
    /// #     TensorView::f32("layers.0.weight", &[2, 2], weight.as_flattened()),
    /// #     TensorView::f32("layers.0.bias", &[2], bias.as_flattened()),
    /// #     TensorView::f32("head.weight", &[2, 1], head[..2].as_flattened()),
    /// #     TensorView::f32("head.bias", &[1], bias[..1].as_flattened()),
    /// # ])?;
    ///
    /// let network = SparseNetwork::from_bytes(&file)?;
    /// let trace = network.trace(Rows::Dense(&[0.5, 0.25]))?;
    /// let hidden = &trace.hidden()[0];
    /// assert_eq!((hidden.values.as_slice(), hidden.zeros()), (&[0.5, 0.0][..], 1));
    /// # Ok::<(), rectifier_infer::InferError>(())
    /// ```
    ///
    /// # Errors
    /// As [`logits_of`](Self::logits_of).
    pub fn trace(&self, rows: Rows<'_>) -> Result<Trace, InferError> {
        let examples = self.check(rows)?;
        let config = &self.card.network;
        let widths = config.hidden.iter().chain([&config.outputs]);
        let mut inputs = config.inputs;
        let layers = widths.map(|&units| {
            let products = inputs as u64 * units as u64;
            inputs = units;
            TracedLayer {
                units,
                values: Vec::with_capacity(examples * units),
                made: 0,
                whole: examples as u64 * products,
            }
        });
        let mut layers: Vec<TracedLayer> = layers.collect();
        let work = |work: &mut super::Work| {
            let mut seen = |room: &Room| self.note(room, &mut layers);
            self.forward(work, rows, examples, false, Some(&mut seen))
        };
        let logits = self.work.with(|| self.begin(), work)?;
        if let Some(head) = layers.last_mut() {
            head.values = logits;
        }
        Ok(Trace { examples, layers })
    }

    /// Adds what the last examples left in `room`.
    fn note(&self, room: &Room, layers: &mut [TracedLayer]) {
        match (room, &self.weights) {
            (Room::Floats(forward), Weights::F32(weights)) => floats(forward, weights, layers),
            (Room::Floats(forward), Weights::Bf16(weights)) => floats(forward, weights, layers),
            (Room::Int8(scratch), Weights::Int8(network)) => {
                for (k, layer) in layers.iter_mut().enumerate() {
                    layer.made += scratch.taken(network, k) * layer.units as u64;
                }
                let hidden = layers.len().saturating_sub(1);
                for (k, layer) in layers[..hidden].iter_mut().enumerate() {
                    layer.values.extend(scratch.activations(network, k));
                }
            }
            // A room is made for the weights, and made anew when they change.
            (Room::Floats(_), Weights::Int8(_)) | (Room::Int8(_), _) => {}
        }
    }
}

fn floats<W: Weight>(
    forward: &crate::forward::Forward,
    weights: &[Layer<W>],
    layers: &mut [TracedLayer],
) {
    let stages = forward.activations.windows(2).zip(weights).zip(layers);
    for (k, ((pair, weights), layer)) in stages.enumerate() {
        let (below, above) = (&pair[0], &pair[1]);
        // SAFETY: between jobs.
        unsafe {
            let taken = match below.dense_forward {
                true => below.columns * below.batch,
                false => below.active.total(),
            };
            layer.made += taken as u64 * weights.units() as u64;
            if k + 2 < forward.activations.len() {
                layer.values.extend(above.to_rows());
            }
        }
    }
}
