//! Who is timed: an engine for steps, with its way to predict.

use crate::LabError;
use crate::work::{Kind, RATE, Work};
use burn::tensor::{Device, Tensor};
use rectifier_data::{Batch, Samples};
use rectifier_nn::{DenseStack, Network};
use rectifier_sparse::{SparseEngine, SparseNetwork};
use rectifier_train::{Engine, StageContext, TrainError};

/// An engine on a device.
pub struct Contender {
    /// The engine's name.
    pub engine: String,
    /// Where it computes.
    pub device: String,
    make: Box<Make>,
}

type Make = dyn Fn(&Work) -> Result<Box<dyn Steps>, LabError>;

/// A work made ready: everything outside the step is done.
pub(crate) trait Steps {
    /// Does the `turn`-th step.
    fn step(&mut self, turn: usize) -> Result<(), LabError>;
    /// Waits for the device; the mean loss of the steps since the last call, or the sum of the last logits.
    fn finish(&mut self) -> Result<f64, LabError>;
    /// Mean share of exact zeros of the hidden activations.
    fn zeros(&mut self) -> Result<f64, LabError>;
}

impl Contender {
    /// Any engine; it predicts through Burn on `device`.
    pub fn of_engine<E: Engine<DenseStack> + Clone + 'static>(
        device_name: &str,
        engine: E,
        device: Device,
    ) -> Self {
        Self {
            engine: engine.name().into(),
            device: device_name.into(),
            make: Box::new(move |work| match work.kind {
                Kind::Infer => Ok(Box::new(Predicting::new(work, &device)?)),
                _ => Ok(Box::new(Training::new(work, &engine, &device)?)),
            }),
        }
    }

    /// The sparse engine and its predictor; `device` is a CPU device that networks are made on.
    pub fn sparse(device: Device, threads: Option<usize>) -> Self {
        let mut engine = SparseEngine::new(device.clone());
        if let Some(threads) = threads {
            engine = engine.with_threads(threads);
        }
        Self {
            engine: "sparse".into(),
            device: Engine::<DenseStack>::device(&engine),
            make: Box::new(move |work| match work.kind {
                Kind::Infer => Ok(Box::new(SparsePredicting::new(work, &device, threads)?)),
                _ => Ok(Box::new(Training::new(work, &engine, &device)?)),
            }),
        }
    }

    pub(crate) fn ready(&self, work: &Work) -> Result<Box<dyn Steps>, LabError> {
        (self.make)(work)
    }
}

struct Training {
    session: Box<dyn rectifier_train::StageSession<DenseStack>>,
    batches: Vec<Batch>,
}

impl Training {
    fn new(
        work: &Work,
        engine: &dyn Engine<DenseStack>,
        device: &Device,
    ) -> Result<Self, LabError> {
        let recipe = work.recipe();
        // The works' stages never look at the training set as a whole.
        let none = Samples::from_f32(Vec::new(), Vec::new(), &[work.inputs], 1)
            .map_err(TrainError::from)?;
        let context = StageContext {
            recipe: &recipe,
            stage: 0,
            train: &none,
            state: None,
        };
        Ok(Self {
            session: engine.begin(work.network(device)?, &context)?,
            batches: work.batches(),
        })
    }
}

impl Steps for Training {
    fn step(&mut self, turn: usize) -> Result<(), LabError> {
        let batch = &self.batches[turn % self.batches.len()];
        Ok(self.session.step(batch, RATE, turn as u64)?)
    }

    fn finish(&mut self) -> Result<f64, LabError> {
        Ok(self.session.totals()?.mean_loss())
    }

    fn zeros(&mut self) -> Result<f64, LabError> {
        let zeros = self.session.zeros()?;
        Ok(zeros.iter().sum::<f64>() / zeros.len().max(1) as f64)
    }
}

struct Predicting {
    network: DenseStack,
    inputs: Vec<Tensor<2>>,
    logits: Option<Tensor<2>>,
}

impl Predicting {
    fn new(work: &Work, device: &Device) -> Result<Self, LabError> {
        Ok(Self {
            network: work.network(device)?,
            inputs: work
                .batches()
                .iter()
                .map(|batch| batch.inputs_tensor(work.inputs, device))
                .collect(),
            logits: None,
        })
    }
}

impl Steps for Predicting {
    fn step(&mut self, turn: usize) -> Result<(), LabError> {
        let inputs = self.inputs[turn % self.inputs.len()].clone();
        self.logits = Some(self.network.forward(inputs).logits);
        Ok(())
    }

    fn finish(&mut self) -> Result<f64, LabError> {
        let logits = self
            .logits
            .take()
            .map(|logits| logits.abs().sum().into_scalar::<f32>());
        Ok(f64::from(logits.unwrap_or_default()))
    }

    fn zeros(&mut self) -> Result<f64, LabError> {
        zeros_of(&self.network, self.inputs[0].clone())
    }
}

fn zeros_of(network: &DenseStack, inputs: Tensor<2>) -> Result<f64, LabError> {
    let mut counter = rectifier_nn::UnitCounter::new();
    counter.count(&network.forward(inputs).hidden);
    let layers = counter.finish();
    Ok(layers.iter().map(|layer| layer.share()).sum::<f64>() / layers.len().max(1) as f64)
}

struct SparsePredicting {
    predictor: SparseNetwork,
    batches: Vec<Batch>,
    last: Vec<f32>,
    zeros: f64,
}

impl SparsePredicting {
    fn new(work: &Work, device: &Device, threads: Option<usize>) -> Result<Self, LabError> {
        let network = work.network(device)?;
        let batches = work.batches();
        let mut predictor = SparseNetwork::new(&network)?;
        if let Some(threads) = threads {
            predictor = predictor.with_threads(threads);
        }
        Ok(Self {
            zeros: zeros_of(&network, batches[0].inputs_tensor(work.inputs, device))?,
            predictor,
            batches,
            last: Vec::new(),
        })
    }
}

impl Steps for SparsePredicting {
    fn step(&mut self, turn: usize) -> Result<(), LabError> {
        self.last = self
            .predictor
            .logits(&self.batches[turn % self.batches.len()].inputs)?;
        Ok(())
    }

    fn finish(&mut self) -> Result<f64, LabError> {
        Ok(self.last.iter().map(|logit| f64::from(logit.abs())).sum())
    }

    fn zeros(&mut self) -> Result<f64, LabError> {
        Ok(self.zeros)
    }
}
