//! The engine behind the seam of `rectifier-train`.

use crate::finetune::FineTuning;
use crate::phases::{Clock, Unwatched};
use crate::pretrain::Pretraining;
use crate::simd::Level;
use burn::tensor::Device;
use rectifier_infer::team::Team;
use rectifier_nn::{DenseStackConfig, Network, Unit};
use rectifier_train::{
    Engine, EngineLimit, Limit, Optimizer, Recipe, Stage, StageContext, StageSession, TrainError,
};

/// Trains dense stacks by gradient descent on the CPU, plain or with momentum, skipping true zeros. Parameters that Burn's
/// `no_grad` has frozen stay as they are.
///
/// Under momentum and weight decay every weight moves in every step. Those of a silent unit are not touched: what they have
/// missed is made up for at once, exactly, when they are next read.
///
/// Same recipe, same seeds, same numbers as Burn's engine up to rounding; and to the last bit the same ones on any count of
/// threads, with any instruction set, on any machine that takes subnormal numbers for 0 (x86-64 and AArch64 are told to).
#[derive(Clone, Debug)]
pub struct SparseEngine {
    device: Device,
    threads: usize,
    level: Level,
}

impl SparseEngine {
    /// An engine on every core of this machine, at the widest instruction set it has. Networks are taken from and given
    /// back on `device`.
    pub fn new(device: Device) -> Self {
        Self {
            device: device.inner(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            level: Level::detect(),
        }
    }

    /// Another count of threads, at least one.
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Another instruction set, one of [`Level::available`]; others are not taken.
    pub fn with_level(mut self, level: Level) -> Self {
        if Level::available().contains(&level) {
            self.level = level;
        }
        self
    }

    /// Whether the engine can carry out `recipe` on the stack that `config` describes.
    ///
    /// # Errors
    /// [`TrainError::Limit`] with what it cannot do, and the engine that can.
    pub fn check(recipe: &Recipe, config: Option<&DenseStackConfig>) -> Result<(), TrainError> {
        let limit = match config.map(|config| config.unit) {
            None => Some(Limit::NoStack),
            Some(unit @ Unit::ParametricLeaky { .. }) => Some(Limit::Unit(unit)),
            Some(
                Unit::Rectifier
                | Unit::Leaky { .. }
                | Unit::Softplus { .. }
                | Unit::Tanh
                | Unit::Logistic
                | Unit::Identity
                | Unit::Elu { .. }
                | Unit::Selu
                | Unit::Gelu,
            ) => recipe.extras().into_iter().find(|extra| !can(extra)),
        };
        limit.map_or(Ok(()), |limit| Err(beyond(limit)))
    }
}

/// Whether the engine does what a recipe asks for beyond plain descent of every layer. Adam moves every weight in every step
/// by no linear rule: nothing could be skipped.
fn can(extra: &Limit) -> bool {
    matches!(
        extra,
        Limit::Optimizer(Optimizer::Sgd | Optimizer::Momentum { .. })
            | Limit::Frozen
            | Limit::WeightDecay
            | Limit::Dropout
    )
}

/// What the sparse engine cannot do, and Burn's can.
pub(crate) fn beyond(limit: Limit) -> TrainError {
    TrainError::Limit(EngineLimit {
        engine: "sparse",
        limit,
        other: "burn",
    })
}

/// Threads and the kernels they run.
///
/// # Errors
/// [`TrainError::Device`] where the system gives no threads.
pub(crate) fn team(threads: usize, level: Level) -> Result<Team, TrainError> {
    Team::new(threads, level).map_err(|error| TrainError::Device(error.to_string()))
}

impl<N: Network> Engine<N> for SparseEngine {
    fn name(&self) -> &str {
        "sparse"
    }

    fn device(&self) -> String {
        format!("cpu ({}, {} threads)", self.level.name(), self.threads)
    }

    fn threads(&self) -> Option<usize> {
        Some(self.threads)
    }

    fn instruction_set(&self) -> Option<String> {
        Some(self.level.name().into())
    }

    fn begin(
        &self,
        network: N,
        context: &StageContext<'_>,
    ) -> Result<Box<dyn StageSession<N>>, TrainError> {
        self.start(network, context, Unwatched)
    }
}

impl SparseEngine {
    /// How many threads it computes on.
    pub(crate) fn count(&self) -> usize {
        self.threads
    }

    /// A session whose steps tell `clock` what they have done.
    pub(crate) fn start<N: Network>(
        &self,
        network: N,
        context: &StageContext<'_>,
        clock: impl Clock + 'static,
    ) -> Result<Box<dyn StageSession<N>>, TrainError> {
        let network = network.fork(&self.device);
        Self::check(
            context.recipe,
            network.dense_stack().map(|stack| stack.config()).as_ref(),
        )?;
        let team = team(self.threads, self.level)?;
        match context.stage() {
            Stage::FineTune(stage) => Ok(Box::new(FineTuning::begin(
                network, stage, team, context, clock,
            )?)),
            Stage::Pretrain(stage) => Ok(Box::new(Pretraining::begin(
                network,
                stage,
                (team, clock),
                context,
                &self.device,
            )?)),
        }
    }
}
