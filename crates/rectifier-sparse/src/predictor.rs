//! An immutable predictor: nothing but weights and threads, for one example at a time or for many.

use crate::buffer::Bf16;
use crate::convert::layers;
use crate::engine::Team;
use crate::forward::{Forward, Rows};
use crate::layer::Layer;
use crate::simd::Level;
use rectifier_data::Examples;
use rectifier_nn::DenseStack;
use rectifier_train::{EVALUATION_BATCH, Evaluation, Objective, TrainError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A network that only predicts: `Send + Sync`, without autodiff and without a device.
///
/// Calls from several threads are answered one after the other, each with all threads of the predictor; for independent
/// answers make one predictor of one thread for each caller ([`with_threads`](Self::with_threads), weights are shared by
/// [`Clone`]).
pub struct SparseNetwork {
    weights: Weights,
    inputs: usize,
    classes: usize,
    level: Level,
    threads: usize,
    work: Mutex<Option<Work>>,
}

#[derive(Clone)]
enum Weights {
    F32(Arc<Vec<Layer>>),
    Bf16(Arc<Vec<Layer<Bf16>>>),
}

struct Work {
    team: Team,
    one: Forward,
    many: Option<Forward>,
}

impl SparseNetwork {
    /// The predictor of `stack`, on every core of this machine.
    ///
    /// # Errors
    /// [`TrainError::Fit`] for units that learn a slope; [`TrainError::Device`] where the weights cannot be read.
    pub fn new(stack: &DenseStack) -> Result<Self, TrainError> {
        let config = stack.config();
        Ok(Self {
            weights: Weights::F32(Arc::new(layers(stack)?)),
            inputs: config.inputs,
            classes: config.outputs,
            level: Level::detect(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            work: Mutex::new(None),
        })
    }

    /// The same network, its weights rounded to bfloat16: half the memory, and faster where weights come from memory or
    /// the last cache. Sums are still made in f32. Threads begin anew.
    pub fn in_bf16(mut self) -> Self {
        if let Weights::F32(layers) = &self.weights {
            // SAFETY: a predictor's layers are never written to.
            let rounded = layers.iter().map(|layer| unsafe { layer.rounded() });
            self.weights = Weights::Bf16(Arc::new(rounded.collect()));
            self.work = Mutex::new(None);
        }
        self
    }

    /// What the weights are kept as: `f32` or `bf16`.
    pub fn precision(&self) -> &'static str {
        match self.weights {
            Weights::F32(_) => "f32",
            Weights::Bf16(_) => "bf16",
        }
    }

    /// Another count of threads, at least one.
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self.work = Mutex::new(None);
        self
    }

    /// Another instruction set, one of [`Level::available`]; others are not taken.
    pub fn with_level(mut self, level: Level) -> Self {
        if Level::available().contains(&level) {
            self.level = level;
            self.work = Mutex::new(None);
        }
        self
    }

    /// Numbers an example.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Logits, `[examples, classes]` row by row, of `inputs`, `[examples, inputs]` row by row.
    ///
    /// # Errors
    /// [`TrainError::Fit`] where `inputs` is no whole number of examples; [`TrainError::Device`] where the system gives no
    /// threads.
    pub fn logits(&self, inputs: &[f32]) -> Result<Vec<f32>, TrainError> {
        if !inputs.len().is_multiple_of(self.inputs) {
            return Err(TrainError::Fit(format!(
                "{} numbers are no whole number of examples of {}",
                inputs.len(),
                self.inputs
            )));
        }
        let mut slot = self.begin()?;
        let Some(work) = slot.as_mut() else {
            return Ok(Vec::new());
        };
        let mut logits = Vec::with_capacity(inputs.len() / self.inputs * self.classes);
        for rows in inputs.chunks(EVALUATION_BATCH * self.inputs) {
            let batch = rows.len() / self.inputs;
            let forward = match batch {
                1 => &mut work.one,
                _ => work.many.get_or_insert_with(|| self.room(EVALUATION_BATCH)),
            };
            let rows = Rows::Dense(rows);
            let signals = match &self.weights {
                Weights::F32(layers) => forward.run(&work.team, layers, rows, batch),
                Weights::Bf16(layers) => forward.run(&work.team, layers, rows, batch),
            };
            // SAFETY: between jobs.
            logits.extend(unsafe { signals.to_rows() });
        }
        Ok(logits)
    }

    /// What the network says of `examples`: errors, predictions, and the zeros of its hidden layers.
    ///
    /// # Errors
    /// [`TrainError::Fit`] for examples of another width; what gathering them raises; [`TrainError::Device`] where the
    /// system gives no threads.
    pub fn evaluate(
        &self,
        examples: &dyn Examples,
        objective: Objective,
    ) -> Result<Evaluation, TrainError> {
        if examples.width() != self.inputs {
            return Err(TrainError::Fit(format!(
                "the network takes {} numbers an example, these have {}",
                self.inputs,
                examples.width()
            )));
        }
        let mut slot = self.begin()?;
        let Some(work) = slot.as_mut() else {
            return Ok(Evaluation::default());
        };
        let forward = work.many.get_or_insert_with(|| self.room(EVALUATION_BATCH));
        match &self.weights {
            Weights::F32(layers) => forward.evaluate(&work.team, layers, examples, objective),
            Weights::Bf16(layers) => forward.evaluate(&work.team, layers, examples, objective),
        }
    }

    /// The threads and their scratch, made at the first call.
    fn begin(&self) -> Result<MutexGuard<'_, Option<Work>>, TrainError> {
        let mut slot = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            *slot = Some(Work {
                team: Team::new(self.threads, self.level)?,
                one: self.room(1),
                many: None,
            });
        }
        Ok(slot)
    }

    fn room(&self, examples: usize) -> Forward {
        match &self.weights {
            Weights::F32(layers) => Forward::new(self.inputs, layers, examples, self.threads),
            Weights::Bf16(layers) => Forward::new(self.inputs, layers, examples, self.threads),
        }
    }

    /// P(class | input), as [`logits`](Self::logits).
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub fn probabilities(&self, inputs: &[f32]) -> Result<Vec<f32>, TrainError> {
        let mut logits = self.logits(inputs)?;
        for row in logits.chunks_mut(self.classes.max(1)) {
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            row.iter_mut()
                .for_each(|logit| *logit = libm::expf(*logit - largest));
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|p| *p /= sum);
        }
        Ok(logits)
    }

    /// The most probable class of each example.
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub fn classify(&self, inputs: &[f32]) -> Result<Vec<usize>, TrainError> {
        let logits = self.logits(inputs)?;
        Ok(logits
            .chunks(self.classes.max(1))
            .map(|row| {
                let better =
                    |best: usize, class: usize| if row[class] > row[best] { class } else { best };
                (0..row.len()).reduce(better).unwrap_or(0)
            })
            .collect())
    }
}

impl Clone for SparseNetwork {
    fn clone(&self) -> Self {
        Self {
            weights: self.weights.clone(),
            inputs: self.inputs,
            classes: self.classes,
            level: self.level,
            threads: self.threads,
            work: Mutex::new(None),
        }
    }
}

impl std::fmt::Debug for SparseNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "SparseNetwork({} inputs, {} classes, {} weights, {})",
            self.inputs,
            self.classes,
            self.precision(),
            self.level.name()
        )
    }
}
