//! Who is timed: an engine for steps, with its way to predict.

use crate::BenchError;
use crate::layers::SkippingStack;
use crate::source::Source;
use crate::workload::{Kind, Workload};
use burn::tensor::{Device, Tensor};
use rectifier_data::Batch;
use rectifier_nn::{DenseStack, Network, Precision};
use rectifier_sparse::{Level, Rows, SparseEngine, SparseNetwork};
use rectifier_train::{BurnEngine, Engine, TrainError};

/// An engine on a device.
pub struct Candidate {
    /// The engine's name.
    pub engine: String,
    /// Where it computes.
    pub device: String,
    make: Box<Make>,
    can: fn(&Workload) -> bool,
    /// How far its numbers may be from another's, relative to them: rounding, or what eight bits leave.
    pub(crate) tolerance: f64,
    pool: Option<rayon::ThreadPool>,
}

/// Losses of the same step may differ by this much; rounding is far below.
const PARITY: f64 = 1e-3;
/// Examples that integers are calibrated on.
const CALIBRATION: usize = 1024;

type Make = dyn Fn(&Workload) -> Result<Box<dyn Steps>, BenchError> + Send + Sync;

/// A work made ready: everything outside the step is done.
pub trait Steps {
    /// Does the `turn`-th step.
    ///
    /// # Errors
    /// [`BenchError`] where the engine fails.
    fn step(&mut self, turn: usize) -> Result<(), BenchError>;
    /// Waits for the device; the mean loss of the steps since the last call, or the sum of the last logits.
    ///
    /// # Errors
    /// [`BenchError`] where the device gives no numbers back.
    fn finish(&mut self) -> Result<f64, BenchError>;
    /// Mean share of exact zeros of the hidden activations.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    fn zeros(&mut self) -> Result<f64, BenchError>;
    /// How many steps make a whole: an epoch, or one.
    fn whole(&self) -> usize {
        1
    }
}

impl Candidate {
    /// Any engine; it predicts through Burn on `device`.
    pub fn of_engine<E: Engine<DenseStack> + Clone + 'static>(
        device_name: &str,
        engine: E,
        device: Device,
    ) -> Self {
        Self {
            engine: engine.name().into(),
            device: device_name.into(),
            pool: None,
            can: |_| true,
            tolerance: PARITY,
            make: Box::new(move |work| match work.kind {
                Kind::Infer => Ok(Box::new(Predicting::new(
                    work.network(&device)?,
                    work,
                    &device,
                ))),
                _ => {
                    let network = work.network(&device)?;
                    Ok(Box::new(Training::new(network, work, &engine)?))
                }
            }),
        }
    }

    /// Burn's engine on a module of zero-skipping layers ([`rectifier_sparse::extension`]): what users' own modules gain.
    /// They skip on Flex. There is no pre-training of them.
    pub fn sparse_layers(device_name: &str, device: Device) -> Self {
        Self {
            engine: "sparse-layers".into(),
            device: device_name.into(),
            pool: None,
            can: |work| work.kind != Kind::Pretrain,
            tolerance: PARITY,
            make: Box::new(move |work| {
                let network = SkippingStack::from(&work.network(&device)?);
                Ok(match work.kind {
                    Kind::Infer => Box::new(Predicting::new(network, work, &device)),
                    _ => Box::new(Training::new(
                        network,
                        work,
                        &BurnEngine::new(device.clone()),
                    )?),
                })
            }),
        }
    }

    /// The sparse engine and its predictor; `device` is a CPU device that networks are made on.
    pub fn sparse(device: Device, threads: Option<usize>) -> Self {
        Self::sparse_at(Level::detect(), device, threads)
    }

    /// As [`sparse`](Self::sparse) at an instruction set, one of [`Level::available`].
    pub fn sparse_at(level: Level, device: Device, threads: Option<usize>) -> Self {
        let mut engine = SparseEngine::new(device.clone()).with_level(level);
        if let Some(threads) = threads {
            engine = engine.with_threads(threads);
        }
        Self {
            engine: "sparse".into(),
            device: Engine::<DenseStack>::device(&engine),
            pool: None,
            can: |_| true,
            tolerance: PARITY,
            make: Box::new(move |work| match work.kind {
                Kind::Infer => {
                    let predicting =
                        SparsePredicting::new(work, &device, (level, threads), Precision::F32)?;
                    Ok(Box::new(predicting))
                }
                _ => {
                    let network = work.network(&device)?;
                    Ok(Box::new(Training::new(network, work, &engine)?))
                }
            }),
        }
    }

    /// The sparse engine's predictor with weights in bfloat16, or in eight-bit integers calibrated on the work's examples; it
    /// does nothing but predict.
    pub fn rounded(precision: Precision, device: Device, threads: Option<usize>) -> Self {
        let level = Level::detect();
        let sparse = Self::sparse_at(level, device.clone(), threads);
        Self {
            engine: format!("sparse-{}", precision.name()),
            can: |work| work.kind == Kind::Infer,
            tolerance: tolerance(precision),
            make: Box::new(move |work| {
                let how = (level, threads);
                let predicting = SparsePredicting::new(work, &device, how, precision)?;
                Ok(Box::new(predicting))
            }),
            ..sparse
        }
    }

    /// Held to `threads` threads: for engines that compute on rayon's, as Burn's CPU devices do.
    ///
    /// # Errors
    /// [`BenchError::Train`] where the system gives no threads.
    pub fn on_rayon(mut self, threads: usize) -> Result<Self, BenchError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        self.pool = Some(pool.map_err(|error| TrainError::Device(format!("no threads: {error}")))?);
        self.device = format!("{} ({threads} threads)", self.device);
        Ok(self)
    }

    /// Whether it does this kind of work at all.
    pub fn can(&self, work: &Workload) -> bool {
        (self.can)(work)
    }

    /// Does `work` on the threads that the candidate is held to.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// `work` made ready for steps.
    ///
    /// # Errors
    /// [`BenchError`] where the network cannot be made or the engine cannot begin.
    pub fn ready(&self, work: &Workload) -> Result<Box<dyn Steps>, BenchError> {
        (self.make)(work)
    }
}

struct Training<N: Network> {
    session: Box<dyn rectifier_train::StageSession<N>>,
    source: Source,
    rate: f64,
}

impl<N: Network> Training<N> {
    fn new(network: N, work: &Workload, engine: &dyn Engine<N>) -> Result<Self, BenchError> {
        Ok(Self {
            session: work.begun(|context| engine.begin(network, context))?,
            source: Source::of(work)?,
            rate: work.rate(),
        })
    }
}

impl<N: Network> Steps for Training<N> {
    fn step(&mut self, turn: usize) -> Result<(), BenchError> {
        let batch = self.source.next(turn)?;
        Ok(self.session.step(batch, self.rate, turn as u64)?)
    }

    fn whole(&self) -> usize {
        self.source.whole()
    }

    fn finish(&mut self) -> Result<f64, BenchError> {
        Ok(self.session.totals()?.mean_loss())
    }

    fn zeros(&mut self) -> Result<f64, BenchError> {
        Ok(mean(&self.session.zeros()?))
    }
}

struct Predicting<N> {
    network: N,
    inputs: Vec<Tensor<2>>,
    logits: Option<Tensor<2>>,
}

impl<N: Network> Predicting<N> {
    fn new(network: N, work: &Workload, device: &Device) -> Self {
        let batches = work.batches();
        let inputs = batches
            .iter()
            .map(|batch| batch.inputs_tensor(work.inputs, device));
        Self {
            network,
            inputs: inputs.collect(),
            logits: None,
        }
    }
}

impl<N: Network> Steps for Predicting<N> {
    fn step(&mut self, turn: usize) -> Result<(), BenchError> {
        let inputs = self.inputs[turn % self.inputs.len()].clone();
        self.logits = Some(self.network.forward(inputs).logits);
        Ok(())
    }

    fn finish(&mut self) -> Result<f64, BenchError> {
        let logits = self
            .logits
            .take()
            .map(|logits| logits.abs().sum().into_scalar::<f32>());
        Ok(f64::from(logits.unwrap_or_default()))
    }

    fn zeros(&mut self) -> Result<f64, BenchError> {
        zeros_of(&self.network, self.inputs[0].clone())
    }
}

fn zeros_of(network: &impl Network, inputs: Tensor<2>) -> Result<f64, BenchError> {
    let mut counter = rectifier_nn::UnitCounter::new();
    counter.count(&network.forward(inputs).hidden);
    let shares: Vec<f64> = counter.finish().iter().map(|layer| layer.share()).collect();
    Ok(mean(&shares))
}

/// The mean of the layers' shares; 0 without a layer.
pub(crate) fn mean(shares: &[f64]) -> f64 {
    shares.iter().sum::<f64>() / shares.len().max(1) as f64
}

/// How far predictions with weights kept so may be from others.
fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => PARITY,
        Precision::Bf16 => 0.01,
        Precision::Int8 => 0.1,
    }
}

struct SparsePredicting {
    predictor: SparseNetwork,
    batches: Vec<Batch>,
    last: Vec<f32>,
    zeros: f64,
}

impl SparsePredicting {
    fn new(
        work: &Workload,
        device: &Device,
        (level, threads): (Level, Option<usize>),
        precision: Precision,
    ) -> Result<Self, BenchError> {
        let network = work.network(device)?;
        let batches = work.batches();
        let mut predictor = rectifier_sparse::predictor(&network)?.with_level(level);
        if let Some(threads) = threads {
            predictor = predictor.with_threads(threads);
        }
        predictor = match precision {
            Precision::F32 => predictor,
            Precision::Bf16 => predictor.in_bf16(),
            Precision::Int8 => {
                let many = Workload {
                    batch: CALIBRATION,
                    ..*work
                };
                let examples = many.batches().swap_remove(0);
                predictor.in_int8(Rows::Dense(&examples.inputs))?
            }
        };
        Ok(Self {
            zeros: zeros_of(&network, batches[0].inputs_tensor(work.inputs, device))?,
            predictor,
            batches,
            last: Vec::new(),
        })
    }
}

impl Steps for SparsePredicting {
    fn step(&mut self, turn: usize) -> Result<(), BenchError> {
        self.last = self
            .predictor
            .logits(&self.batches[turn % self.batches.len()].inputs)?;
        Ok(())
    }

    fn finish(&mut self) -> Result<f64, BenchError> {
        Ok(self.last.iter().map(|logit| f64::from(logit.abs())).sum())
    }

    fn zeros(&mut self) -> Result<f64, BenchError> {
        Ok(self.zeros)
    }
}
