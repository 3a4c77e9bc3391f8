//! An immutable predictor: nothing but weights and threads, for one example at a time or for many.

use crate::convert::layers;
use crate::engine::Team;
use crate::forward::{Forward, Rows};
use crate::layer::Layer;
use crate::simd::Level;
use rectifier_nn::DenseStack;
use rectifier_train::TrainError;
use std::sync::{Mutex, PoisonError};

/// Examples that go up together.
const BATCH: usize = 256;

/// A network that only predicts: `Send + Sync`, without autodiff and without a device.
///
/// Calls from several threads are answered one after the other, each with all threads of the predictor; for independent
/// answers make one predictor of one thread for each caller ([`with_threads`](Self::with_threads), weights are shared by
/// [`Clone`]).
pub struct SparseNetwork {
    layers: std::sync::Arc<Vec<Layer>>,
    inputs: usize,
    level: Level,
    threads: usize,
    work: Mutex<Option<Work>>,
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
        Ok(Self {
            layers: std::sync::Arc::new(layers(stack)?),
            inputs: stack.config().inputs,
            level: Level::detect(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            work: Mutex::new(None),
        })
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
        self.layers.last().map_or(0, Layer::units)
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
        let mut slot = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let work = match &mut *slot {
            Some(work) => work,
            slot => slot.insert(self.begin()?),
        };
        let Work { team, one, many } = work;
        let mut logits = Vec::with_capacity(inputs.len() / self.inputs * self.classes());
        for rows in inputs.chunks(BATCH * self.inputs) {
            let forward = match rows.len() == self.inputs {
                true => &mut *one,
                false => many.get_or_insert_with(|| {
                    Forward::new(self.inputs, &self.layers, BATCH, self.threads)
                }),
            };
            let signals = forward.run(
                &team.pool,
                &team.kernels,
                &self.layers,
                Rows::Dense(rows),
                rows.len() / self.inputs,
            );
            // SAFETY: between jobs.
            logits.extend(unsafe { signals.to_rows() });
        }
        Ok(logits)
    }

    fn begin(&self) -> Result<Work, TrainError> {
        Ok(Work {
            team: Team::new(self.threads, self.level)?,
            one: Forward::new(self.inputs, &self.layers, 1, self.threads),
            many: None,
        })
    }

    /// P(class | input), as [`logits`](Self::logits).
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub fn probabilities(&self, inputs: &[f32]) -> Result<Vec<f32>, TrainError> {
        let mut logits = self.logits(inputs)?;
        for row in logits.chunks_mut(self.classes().max(1)) {
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            row.iter_mut()
                .for_each(|logit| *logit = (*logit - largest).exp());
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
            .chunks(self.classes().max(1))
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
            layers: self.layers.clone(),
            inputs: self.inputs,
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
            "SparseNetwork({} inputs, {} layers, {})",
            self.inputs,
            self.layers.len(),
            self.level.name()
        )
    }
}
