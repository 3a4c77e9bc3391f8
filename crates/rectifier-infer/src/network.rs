//! An immutable predictor: nothing but weights and threads, for one example at a time or for many.

use crate::InferError;
use crate::buffer::Bf16;
use crate::evaluation::{Evaluation, Zeros};
use crate::forward::Forward;
use crate::int8::{self, Int8};
use crate::layer::{Activation, Layer};
use crate::pointwise::Smooth;
use crate::rows::Rows;
use crate::simd::Level;
use crate::slot::Slot;
use crate::team::Team;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use rectifier_model::{DenseStackConfig, ModelBytes, ModelCard, Precision, Unit};

mod forms;
mod trace;

pub use forms::CALIBRATION;
use forms::rectifiers;
pub use trace::{Trace, TracedLayer};

/// Examples that go through the network together; more are taken in turns.
const CHUNK: usize = 256;

/// The most inputs of examples that are integers together: an input that is 0 may be an integer that is not, so that lists of
/// integers are as long as the inputs are wide.
const INTEGERS: usize = 1 << 22;

/// A network that only predicts: `Send + Sync`, without autodiff and without a device.
///
/// Calls from several threads are answered one after the other, each with all threads of the predictor; for independent
/// answers make one predictor of one thread for each caller ([`with_threads`](Self::with_threads), weights are shared by
/// [`Clone`]).
///
/// # Shapes
/// Inputs are `[examples, inputs]`, row by row, in the range that the network was trained on
/// ([`ModelCard::data`](rectifier_model::ModelCard)); outputs are `[examples, classes]`.
pub struct SparseNetwork {
    weights: Weights,
    card: Arc<ModelCard>,
    level: Level,
    threads: usize,
    work: Slot<Work>,
}

#[derive(Clone)]
enum Weights {
    F32(Arc<Vec<Layer>>),
    Bf16(Arc<Vec<Layer<Bf16>>>),
    Int8(Arc<Int8>),
}

struct Work {
    team: Team,
    one: Room,
    many: Option<Room>,
}

/// What some examples need on their way through the network.
enum Room {
    Floats(Forward),
    Int8(int8::Scratch),
}

/// The answer to one example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The most probable class; of equally probable ones the first.
    pub class: usize,
    /// Its probability.
    pub probability: f32,
}

/// Whether no number is infinite or none, some at a time without a branch.
fn all_finite(values: &[f32]) -> bool {
    let largest = |part: &[f32]| {
        let bits = part.iter().map(|value| value.to_bits() & 0x7fff_ffff);
        bits.fold(0, u32::max)
    };
    let infinite = f32::INFINITY.to_bits();
    values.chunks(256).all(|part| largest(part) < infinite)
}

impl SparseNetwork {
    /// Reads the model file at `path`.
    ///
    /// # Errors
    /// [`InferError::Model`] for a file that cannot be read, or that does not describe its network.
    #[cfg(feature = "std")]
    pub fn load(path: impl AsRef<std::path::Path>) -> Result<Self, InferError> {
        Self::from_model(&ModelBytes::open(path)?)
    }

    /// Reads a model file from its bytes.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InferError> {
        Self::from_model(&ModelBytes::from_bytes(bytes, "the model's bytes")?)
    }

    /// The network of a model file that was read, on every core of this machine.
    ///
    /// # Errors
    /// [`InferError::Model`] for a file that does not describe its network, or with weights that are no numbers.
    pub fn from_model(model: &ModelBytes<'_>) -> Result<Self, InferError> {
        let card = model.card()?;
        if card.precision == Precision::Int8 {
            rectifiers(&card.network)?;
            let weights = Weights::Int8(Arc::new(int8::read(model)?));
            return Ok(Self::of(card.clone(), weights));
        }
        let network = &card.network;
        let mut layers = Vec::with_capacity(network.hidden.len() + 1);
        let mut inputs = network.inputs;
        for (k, &units) in network.hidden.iter().enumerate() {
            let part = |part: &str| model.floats(&format!("layers.{k}.{part}"));
            let slope = match network.unit {
                Unit::ParametricLeaky { .. } => part("slope")?.first().copied(),
                _ => None,
            };
            let flips = match network.flips {
                true => Some(part("flips")?),
                false => None,
            };
            layers.push(Layer::new(
                [inputs, units],
                &part("weight")?,
                &part("bias")?,
                Activation::of(network.unit, network.threshold, slope),
                flips.as_deref(),
            ));
            inputs = units;
        }
        layers.push(Layer::new(
            [inputs, network.outputs],
            &model.floats("head.weight")?,
            &model.floats("head.bias")?,
            Activation::Smooth(Smooth::Identity),
            None,
        ));
        Ok(Self::of(card.clone(), Weights::F32(Arc::new(layers))).in_precision(card.precision))
    }

    /// The network that `config` describes, of layers made for it.
    #[doc(hidden)]
    pub fn of_layers(config: DenseStackConfig, layers: Vec<Layer>) -> Self {
        Self::of(ModelCard::new(config), Weights::F32(Arc::new(layers)))
    }

    fn of(card: ModelCard, weights: Weights) -> Self {
        #[cfg(feature = "threads")]
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        #[cfg(not(feature = "threads"))]
        let threads = 1;
        Self {
            weights,
            card: Arc::new(card),
            level: Level::detect(),
            threads,
            work: Slot::new(),
        }
    }

    /// What the weights are kept as: `f32`, `bf16` or `int8`.
    pub fn precision(&self) -> &'static str {
        match self.weights {
            Weights::F32(_) => "f32",
            Weights::Bf16(_) => "bf16",
            Weights::Int8(_) => "int8",
        }
    }

    /// Another count of threads, at least one; without the feature `threads` it is always one.
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = match cfg!(feature = "threads") {
            true => threads.max(1),
            false => 1,
        };
        self.work = Slot::new();
        self
    }

    /// Another instruction set, one of [`Level::available`]; others are not taken.
    pub fn with_level(mut self, level: Level) -> Self {
        if Level::available().contains(&level) {
            self.level = level;
            self.work = Slot::new();
        }
        self
    }

    /// What the model file says of itself; of a network that came from none, what is known.
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// Numbers an example.
    pub fn inputs(&self) -> usize {
        self.card.network.inputs
    }

    /// Classes.
    pub fn classes(&self) -> usize {
        self.card.network.outputs
    }

    /// Logits, `[examples, classes]` row by row, of `inputs`, `[examples, inputs]` row by row.
    ///
    /// # Errors
    /// [`InferError::Length`] where `inputs` is no whole number of examples; [`InferError::Input`] for an input that is
    /// infinite or not a number; [`InferError::Overflow`] where an output is; [`InferError::Threads`] where the system gives no
    /// threads.
    pub fn logits(&self, inputs: &[f32]) -> Result<Vec<f32>, InferError> {
        self.logits_of(Rows::Dense(inputs))
    }

    /// As [`logits`](Self::logits), of rows in either form.
    ///
    /// # Errors
    /// As [`logits`](Self::logits); [`InferError::Width`] for sparse rows of another width.
    pub fn logits_of(&self, rows: Rows<'_>) -> Result<Vec<f32>, InferError> {
        let examples = self.check(rows)?;
        self.work.with(
            || self.begin(),
            |work| self.forward(work, rows, examples, false, None),
        )
    }

    /// As [`logits_of`](Self::logits_of), and on how many of the examples each hidden unit was 0. In int8 the units of a layer
    /// come in the order of [`in_int8`](Self::in_int8).
    ///
    /// # Errors
    /// As [`logits_of`](Self::logits_of).
    pub fn logits_and_zeros(&self, rows: Rows<'_>) -> Result<(Vec<f32>, Zeros), InferError> {
        let examples = self.check(rows)?;
        self.work.with(
            || self.begin(),
            |work| {
                self.take_zeros(work);
                let logits = self.forward(work, rows, examples, true, None)?;
                Ok((logits, self.take_zeros(work)))
            },
        )
    }

    /// What the network says of labelled examples.
    ///
    /// # Errors
    /// [`InferError::Labels`] for another count of labels than of rows; as [`logits_of`](Self::logits_of).
    pub fn evaluate(&self, rows: Rows<'_>, labels: &[u32]) -> Result<Evaluation, InferError> {
        let (mut logits, zeros) = self.logits_and_zeros(rows)?;
        let examples = logits.len() / self.classes();
        if labels.len() != examples {
            return Err(InferError::Labels {
                labels: labels.len(),
                examples,
            });
        }
        let classes: Vec<usize> = logits.chunks(self.classes()).map(winner).collect();
        let wrong = |(class, label): (&usize, &u32)| *class != *label as usize;
        let errors = classes
            .iter()
            .zip(labels)
            .filter(|pair| wrong(*pair))
            .count();
        let mut squared = 0.0;
        for (row, label) in logits.chunks_mut(self.classes()).zip(labels) {
            softmax(row);
            let each = row.iter().enumerate();
            let expected: f64 = each.map(|(class, p)| class as f64 * f64::from(*p)).sum();
            squared += (expected - f64::from(*label)) * (expected - f64::from(*label));
        }
        Ok(Evaluation {
            examples,
            errors,
            classes,
            rmse: libm::sqrt(squared / examples.max(1) as f64),
            zeros,
        })
    }

    /// P(class | input), as [`logits`](Self::logits).
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub fn probabilities(&self, inputs: &[f32]) -> Result<Vec<f32>, InferError> {
        self.probabilities_of(Rows::Dense(inputs))
    }

    /// As [`probabilities`](Self::probabilities), of rows in either form.
    ///
    /// # Errors
    /// As [`logits_of`](Self::logits_of).
    pub fn probabilities_of(&self, rows: Rows<'_>) -> Result<Vec<f32>, InferError> {
        let mut logits = self.logits_of(rows)?;
        logits.chunks_mut(self.classes()).for_each(softmax);
        Ok(logits)
    }

    /// The most probable class of each example, and its probability.
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub fn predict(&self, inputs: &[f32]) -> Result<Vec<Prediction>, InferError> {
        let mut logits = self.logits(inputs)?;
        let answer = |row: &mut [f32]| {
            let class = winner(row);
            softmax(row);
            Prediction {
                class,
                probability: row.get(class).copied().unwrap_or(0.0),
            }
        };
        Ok(logits.chunks_mut(self.classes()).map(answer).collect())
    }

    /// The most probable class of each example.
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub fn classify(&self, inputs: &[f32]) -> Result<Vec<usize>, InferError> {
        let logits = self.logits(inputs)?;
        Ok(logits.chunks(self.classes()).map(winner).collect())
    }

    /// How many examples `rows` are, every number of them finite.
    fn check(&self, rows: Rows<'_>) -> Result<usize, InferError> {
        let inputs = self.inputs();
        let bad = |value: &f32| !value.is_finite();
        match rows {
            Rows::Dense(values) => {
                if !values.len().is_multiple_of(inputs) {
                    return Err(InferError::Length {
                        numbers: values.len(),
                        inputs,
                    });
                }
                let found = match all_finite(values) {
                    true => None,
                    false => values.iter().position(bad),
                };
                match found {
                    Some(at) => Err(InferError::Input {
                        example: at / inputs,
                        place: at % inputs,
                        value: values[at],
                    }),
                    None => Ok(values.len() / inputs),
                }
            }
            Rows::Sparse(rows) => {
                if rows.width() != inputs {
                    return Err(InferError::Width {
                        width: rows.width(),
                        inputs,
                    });
                }
                for example in 0..rows.len() {
                    let (_, values) = rows.row(example).unwrap_or_default();
                    if let Some(place) = values.iter().position(bad) {
                        return Err(InferError::Input {
                            example,
                            place,
                            value: values[place],
                        });
                    }
                }
                Ok(rows.len())
            }
        }
    }

    /// The logits of `examples` rows that were checked. Whoever wants to see is shown what each turn leaves behind.
    fn forward(
        &self,
        work: &mut Work,
        rows: Rows<'_>,
        examples: usize,
        counting: bool,
        mut seen: Option<&mut dyn FnMut(&Room)>,
    ) -> Result<Vec<f32>, InferError> {
        let mut logits = Vec::with_capacity(examples * self.classes());
        let chunk = self.chunk();
        for start in (0..examples).step_by(chunk) {
            let end = examples.min(start + chunk);
            let rows = rows.part(self.inputs(), start..end);
            let room = match end - start {
                1 => &mut work.one,
                _ => work.many.get_or_insert_with(|| self.room(chunk)),
            };
            let (team, batch) = (&work.team, end - start);
            match (&mut *room, &self.weights) {
                (Room::Floats(forward), Weights::F32(layers)) => {
                    // SAFETY: between jobs.
                    logits.extend(unsafe { forward.run(team, layers, rows, batch).to_rows() });
                }
                (Room::Floats(forward), Weights::Bf16(layers)) => {
                    // SAFETY: as above.
                    logits.extend(unsafe { forward.run(team, layers, rows, batch).to_rows() });
                }
                (Room::Int8(scratch), Weights::Int8(network)) => {
                    let found =
                        scratch.run(&team.pool, network, rows, batch, counting, seen.is_some());
                    logits.extend_from_slice(found);
                }
                // A room is made for the weights, and made anew when they change.
                (Room::Floats(_), Weights::Int8(_)) | (Room::Int8(_), _) => {}
            }
            if let Some(seen) = &mut seen {
                seen(room);
            }
        }
        match logits.iter().position(|logit| !logit.is_finite()) {
            Some(at) => Err(InferError::Overflow {
                example: at / self.classes(),
            }),
            None => Ok(logits),
        }
    }

    /// The threads and their scratch, made at the first call.
    fn begin(&self) -> Result<Work, InferError> {
        Ok(Work {
            team: Team::new(self.threads, self.level)?,
            one: self.room(1),
            many: None,
        })
    }

    /// How many examples go through the network together.
    fn chunk(&self) -> usize {
        match self.weights {
            Weights::F32(_) | Weights::Bf16(_) => CHUNK,
            Weights::Int8(_) => (INTEGERS / self.inputs().max(1)).clamp(1, CHUNK),
        }
    }

    fn room(&self, examples: usize) -> Room {
        let (inputs, threads) = (self.inputs(), self.threads);
        match &self.weights {
            Weights::F32(layers) => Room::Floats(Forward::new(inputs, layers, examples, threads)),
            Weights::Bf16(layers) => Room::Floats(Forward::new(inputs, layers, examples, threads)),
            Weights::Int8(network) => {
                Room::Int8(int8::Scratch::new(network, examples, threads, self.level))
            }
        }
    }

    fn take_zeros(&self, work: &mut Work) -> Zeros {
        let mut zeros = Zeros::default();
        for room in core::iter::once(&mut work.one).chain(&mut work.many) {
            match (room, &self.weights) {
                (Room::Floats(forward), _) => {
                    let (examples, units) = forward.take_zeros();
                    zeros.add(&Zeros { examples, units });
                }
                (Room::Int8(scratch), Weights::Int8(network)) => {
                    zeros.add(&scratch.take_zeros(network));
                }
                (Room::Int8(_), _) => {}
            }
        }
        zeros
    }
}

/// The place of the largest of some logits; of equal ones the first.
fn winner(row: &[f32]) -> usize {
    let better = |best: usize, class: usize| if row[class] > row[best] { class } else { best };
    (0..row.len()).reduce(better).unwrap_or(0)
}

/// Logits into probabilities.
fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut()
        .for_each(|logit| *logit = exp(*logit - largest));
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|p| *p /= sum);
}

/// e^x, the same on every platform: in double precision, so that it is the nearest float but for a few in a billion.
fn exp(x: f32) -> f32 {
    libm::exp(f64::from(x)) as f32
}

impl Clone for SparseNetwork {
    fn clone(&self) -> Self {
        Self {
            weights: self.weights.clone(),
            card: self.card.clone(),
            level: self.level,
            threads: self.threads,
            work: Slot::new(),
        }
    }
}

impl core::fmt::Debug for SparseNetwork {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "SparseNetwork({} inputs, {} classes, {} weights, {})",
            self.inputs(),
            self.classes(),
            self.precision(),
            self.level.name()
        )
    }
}
