//! The workloads that are timed: the paper's shapes.

use crate::BenchError;
use crate::calibrate::calibrated;
use crate::draw::unique;
use rectifier_data::{Batch, DataError, Samples};
use rectifier_nn::{Corruption, DenseStack, DenseStackConfig, Draw, Init, Reconstruction, Unit};
use rectifier_train::{
    FineTune, Objective, Optimizer, Pretrain, Recipe, Stage, StageContext, TrainError,
};

use burn::tensor::{Device, Tensor, TensorData};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A supervised step of plain descent.
    Train,
    /// A pre-training step of the first layer: masking .25, softplus output, squared error.
    Pretrain,
    /// Logits.
    Infer,
}

/// A step of one kind on one shape at one batch size, on random inputs that are 81% zeros as MNIST's are, or 99.4% as
/// bags of words are (5000 inputs).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Workload {
    /// What is done.
    pub kind: Kind,
    /// Numbers an example.
    pub inputs: usize,
    /// Units of each hidden layer.
    pub hidden: usize,
    /// Hidden layers: three, or one in pre-training, if nothing else is asked for.
    pub depth: usize,
    /// Examples a step.
    pub batch: usize,
    /// What is taken from every bias: more makes more zeros.
    pub shift: f32,
    /// The share of zeros that the biases are made to give in every hidden layer, instead of the shift.
    pub zeros: Option<f64>,
    /// Of how many examples a shuffled epoch is gathered, as in training; without it, steps go round in a few batches that
    /// are ready.
    pub examples: Option<usize>,
}

pub(crate) const CLASSES: usize = 10;
const DEPTH: usize = 3;
/// Batches that the steps go round in.
const BATCHES: usize = 32;
/// So small that the network, and its zeros, stay what they are.
const RATE: f64 = 1e-4;
/// Where zeros were asked for, activations are larger, and so are gradients where the cost is a sum over all inputs.
const SLOW_RATE: f64 = 1e-7;
/// Examples that zeros are counted on, whole batches of them, one batch at least.
const CALIBRATION: usize = 1024;

impl Workload {
    fn new(kind: Kind, inputs: usize, hidden: usize, batch: usize, shift: f32) -> Self {
        Self {
            kind,
            inputs,
            hidden,
            depth: if kind == Kind::Pretrain { 1 } else { DEPTH },
            batch,
            shift,
            zeros: None,
            examples: None,
        }
    }

    /// Another count of hidden layers.
    pub fn with_depth(self, depth: usize) -> Self {
        Self { depth, ..self }
    }

    /// Biases that give this share of zeros in every hidden layer.
    pub fn with_zeros(self, zeros: f64) -> Self {
        Self {
            zeros: Some(zeros),
            ..self
        }
    }

    /// Steps through shuffled epochs of so many examples.
    pub fn with_examples(self, examples: usize) -> Self {
        Self {
            examples: Some(examples),
            ..self
        }
    }

    /// A supervised step.
    pub fn train(inputs: usize, hidden: usize, batch: usize, shift: f32) -> Self {
        Self::new(Kind::Train, inputs, hidden, batch, shift)
    }

    /// A pre-training step.
    pub fn pretrain(inputs: usize, hidden: usize, batch: usize) -> Self {
        Self::new(Kind::Pretrain, inputs, hidden, batch, 0.0)
    }

    /// Inference.
    pub fn infer(inputs: usize, hidden: usize, batch: usize, shift: f32) -> Self {
        Self::new(Kind::Infer, inputs, hidden, batch, shift)
    }

    /// The paper's shapes at these batch sizes, each once; the text network at batch 10 alone, it is heavy.
    pub fn all(batches: &[usize]) -> Vec<Self> {
        let batches = unique(batches.iter().copied());
        let mut workloads = Vec::new();
        for &batch in &batches {
            workloads.extend([0.0, 0.08].map(|shift| Self::train(784, 1000, batch, shift)));
        }
        if batches.contains(&10) {
            workloads.extend([0.0, 0.02].map(|shift| Self::train(5000, 5000, 10, shift)));
        }
        workloads.extend(
            batches
                .iter()
                .map(|&batch| Self::pretrain(784, 1000, batch)),
        );
        if batches.contains(&10) {
            workloads.push(Self::pretrain(5000, 5000, 10));
        }
        for batch in batches {
            workloads.extend([0.0, 0.08].map(|shift| Self::infer(784, 1000, batch, shift)));
        }
        workloads
    }

    /// Its name, without batch size and shift.
    pub fn name(&self) -> String {
        let (inputs, hidden, depth) = (self.inputs, self.hidden, self.depth);
        match self.kind {
            Kind::Train => format!("train {inputs}-{hidden}x{depth}-{CLASSES} sgd l1=0.0"),
            Kind::Pretrain => {
                format!("pretrain {inputs}-{hidden} softplus squared error masking .25")
            }
            Kind::Infer => format!("infer {inputs}-{hidden}x{depth}-{CLASSES}"),
        }
    }

    /// How far a step moves.
    pub(crate) fn rate(&self) -> f64 {
        match self.zeros.is_some() || self.kind == Kind::Pretrain {
            true => SLOW_RATE,
            false => RATE,
        }
    }

    /// The network, drawn from a fixed seed, its biases shifted or calibrated.
    pub(crate) fn network(&self, device: &Device) -> Result<DenseStack, BenchError> {
        let config = DenseStackConfig::new(
            self.inputs,
            vec![self.hidden; self.depth],
            Unit::Rectifier,
            CLASSES,
        );
        let mut network = config.init(1, device)?;
        if let Some(zeros) = self.zeros {
            let many = CALIBRATION.div_ceil(self.batch).clamp(1, BATCHES);
            let batches = self.batches();
            let inputs = batches[..many].iter().flat_map(|batch| &batch.inputs);
            let inputs: Vec<f32> = inputs.copied().collect();
            let rows = inputs.len() / self.inputs;
            let inputs = Tensor::from_data(TensorData::new(inputs, [rows, self.inputs]), device);
            return calibrated(network, inputs, zeros);
        }
        let shift = self.shift;
        for layer in &mut network.layers {
            let bias = layer.bias.clone();
            layer.bias = bias.map(|bias| {
                Tensor::from_data(
                    TensorData::new(vec![-shift; bias.dims()[0]], bias.dims()),
                    &bias.device(),
                )
            });
        }
        Ok(network)
    }

    /// The recipe whose steps are timed.
    pub(crate) fn recipe(&self) -> Recipe {
        let fine_tune = FineTune::new(1, self.batch, self.rate());
        let mut stages = vec![Stage::FineTune(fine_tune)];
        if self.kind == Kind::Pretrain {
            let stage = Pretrain {
                layer: 1,
                epochs: 1,
                batch: self.batch,
                rate: self.rate().into(),
                optimizer: Optimizer::Sgd,
                corruption: Corruption::Masking { share: 0.25 },
                reconstruction: Reconstruction::SoftplusSquared,
                l1: 0.0,
            };
            stages.insert(0, Stage::Pretrain(stage));
        }
        Recipe {
            seed: 1,
            objective: Objective::Classification,
            stages,
        }
    }

    /// What `begin` makes of the stage whose steps are timed.
    ///
    /// # Errors
    /// Those of `begin`.
    pub(crate) fn begun<T>(
        &self,
        begin: impl FnOnce(&StageContext<'_>) -> Result<T, TrainError>,
    ) -> Result<T, BenchError> {
        let recipe = self.recipe();
        // The workloads' stages never look at the training set as a whole.
        let none = Samples::from_f32(Vec::new(), Vec::new(), &[self.inputs], 1)
            .map_err(TrainError::from)?;
        Ok(begin(&StageContext {
            recipe: &recipe,
            stage: 0,
            train: &none,
            state: None,
        })?)
    }

    /// The batches, the same for everybody.
    pub(crate) fn batches(&self) -> Vec<Batch> {
        let density = if self.inputs == 5000 { 0.006 } else { 0.19 };
        let mut draw = Draw::new(2);
        let mut number = || {
            let (value, chance) = (draw.unit(), draw.unit());
            if chance < density { value } else { 0.0 }
        };
        (0..BATCHES)
            .map(|_| {
                let mut batch = Batch::default();
                batch.inputs = (0..self.batch * self.inputs).map(|_| number()).collect();
                batch.labels = (0..self.batch).map(|row| (row % CLASSES) as u32).collect();
                batch
            })
            .collect()
    }

    /// A set of `examples` resident examples, a byte a number as pictures are: those of the batches, over and over.
    pub(crate) fn samples(&self, examples: usize) -> Result<Samples, DataError> {
        let batches = self.batches();
        let row = |batch: &Batch| -> Vec<u8> {
            let bytes = batch.inputs.iter().map(|x| (x * 255.0).round() as u8);
            bytes.collect()
        };
        let pool: Vec<u8> = batches.iter().flat_map(row).collect();
        let mut bytes = Vec::with_capacity(examples * self.inputs);
        while bytes.len() < examples * self.inputs {
            let missing = examples * self.inputs - bytes.len();
            bytes.extend_from_slice(&pool[..pool.len().min(missing)]);
        }
        let labels = (0..examples).map(|at| (at % CLASSES) as u32).collect();
        Samples::from_bytes(bytes, labels, &[self.inputs], CLASSES)
    }
}
