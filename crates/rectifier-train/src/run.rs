//! A run: a recipe carried out on data by an engine, written to a folder as it goes.

use crate::checkpoint::{Checkpoint, Stamp};
use crate::driver::{Driver, SavingClock};
use crate::ending::{Outcome, finish, relaunched};
use crate::files::{IDENTITY, PLAN};
use crate::forgetful::Forgetful;
use crate::history::restore_history;
use crate::identity::{VERSION, describe};
use crate::journal::Journal;
use crate::keeping::{keep, latest};
use crate::loader::ExampleLoader;
use crate::metrics::{Digest, Quantity, StageMetric};
use crate::model_header::ModelHeader;
use crate::pretrained::Pretrained;
use crate::provenance::Provenance;
use crate::split_check::check_batches;
use crate::strategy::Stages;
use crate::{
    Change, DataFingerprint, DeviceInputs, Engine, Notice, Recipe, RunFolder, RunIdentity,
    SilentRenderer, Supervised, TrainError, Unwatched, Watch,
};
use burn::optim::SgdConfig;
use burn::tensor::Device;
use burn_train::renderer::MetricsRenderer;
use burn_train::{Interrupter, Learner, SupervisedTraining, TrainingStrategy};
use rectifier_data::{Batch, Split};
use rectifier_nn::{ActivationPenalty, ModelCard, Network};
use serde_json::{Value, json};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A run, ready to be launched or to go on.
///
/// Launched on a new [`RunFolder`], it writes all that the folder needs to be opened, resumed and reported on; on the
/// folder of a run that was stopped or killed, it goes on where that one was, to the same numbers, bit for bit; on that
/// of a finished one, it gives its record back and touches nothing. Given anything else than the run began with (recipe,
/// network, data, engine, threads, device, readings), it is refused: [`TrainError::Changed`].
pub struct Run<N: Network> {
    /// The network to start from, not in training mode.
    pub network: N,
    /// What is done to it.
    pub recipe: Recipe,
    /// Training, validation and test examples, and what pre-training sees.
    pub split: Split,
    /// What does the arithmetic.
    pub engine: Box<dyn Engine<N>>,
    /// Where the network is given back.
    pub device: Device,
    /// Where everything is written.
    pub folder: RunFolder,
    /// What was asked for, as whoever asked wrote it; network and recipe if `None`. It is kept, never compared.
    pub plan: Option<Value>,
    /// Which data `split` is; [`DataFingerprint::of_split`] of data called `data` if `None`.
    pub data: Option<DataFingerprint>,
    /// What is known of the data for the model's card: shape, range, names of classes, encoder. Network, plan, figures and
    /// provenance are the run's; without it shape and numbers of classes are those of the split.
    pub card: Option<ModelCard>,
    /// The dashboard.
    pub renderer: Box<dyn MetricsRenderer>,
    /// Stops the run at the next step, or within a batch of an evaluation.
    pub interrupter: Interrupter,
    /// Told of stages, readings, epochs, and of what is odd.
    pub watch: Box<dyn Watch>,
    /// The longest time between two checkpoints.
    pub checkpoint_every: Duration,
    /// Steps from one reading of loss, error and zeros to the next; 50 readings an epoch if `None`, and in a run that goes
    /// on as before.
    pub measure_every: Option<usize>,
    /// A file for the pre-training that this run shares with others: where it holds what pre-training as this run's left, on the
    /// same inputs, the run goes on from there, to the same numbers; where it does not, the run leaves it there. Readings of
    /// steps that another run made are not in this one's folder.
    pub pretrained: Option<PathBuf>,
}

/// The longest time between two checkpoints where none is given.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

impl<N: Network> Run<N> {
    /// A run that shows nothing, says nothing, and saves itself every minute.
    pub fn new(
        network: N,
        recipe: Recipe,
        split: Split,
        engine: Box<dyn Engine<N>>,
        device: Device,
        folder: RunFolder,
    ) -> Self {
        Self {
            network,
            recipe,
            split,
            engine,
            device,
            folder,
            plan: None,
            data: None,
            card: None,
            renderer: Box::new(SilentRenderer),
            interrupter: Interrupter::new(),
            watch: Box::new(Unwatched),
            checkpoint_every: CHECKPOINT_EVERY,
            measure_every: None,
            pretrained: None,
        }
    }

    /// Carries the recipe out from where the folder's checkpoint stands, or from the start.
    ///
    /// # Errors
    /// [`TrainError`]; what was written before stays.
    pub fn launch(mut self) -> Result<Outcome<N>, TrainError> {
        self.recipe.validate()?;
        self.recipe.check_network(&self.network)?;
        self.check_data()?;
        let began = self.folder.identity()?;
        let now = self.identity(began.as_ref())?;
        let finished = self.folder.summary()?.is_some();
        let mut notices = match &began {
            Some(began) => {
                if let Some(change) = began.change(&now, self.folder.path(), finished) {
                    return Err(change.into());
                }
                began.notices(&now)
            }
            None if finished => {
                self.check_recipe_of_old()?;
                Vec::new()
            }
            None => Vec::new(),
        };
        if finished {
            return relaunched(self.network.fork(&self.device), &self.folder);
        }
        let stamp = Stamp {
            recipe: now.provenance.recipe_checksum.clone(),
            network: now.network.to_string(),
            data: now.provenance.data.checksum.clone(),
        };
        let found = latest(&self.folder, &stamp)?;
        let shared = self.shared_pretraining()?;
        let begun = shared.as_ref().filter(|_| found.is_none());
        let begun = begun.and_then(|shared| shared.start(&stamp));
        let resumed = found.is_some() || begun.is_some();
        let (mut start, damage) = match &begun {
            Some(begun) => (begun.clone(), None),
            None => found.unwrap_or_default(),
        };
        notices.extend(damage);
        let place = |problem| TrainError::RunFolder {
            path: self.folder.checkpoint_path(),
            problem,
        };
        let examples = |stage: &crate::Stage| stage.examples(&self.split).len();
        let checked = start.progress.check(&self.recipe, examples);
        checked.map_err(place)?;
        let identity = match began {
            Some(began) => began,
            None => {
                self.folder.write_json(IDENTITY, &now)?;
                now
            }
        };
        if !self.folder.plan_path().is_file() {
            self.folder.write_json(PLAN, &identity.plan)?;
        }
        if let Some(begun) = &begun {
            // Before there is a history: one without a checkpoint is that of a run that lost it.
            keep(begun, self.folder.path())?;
        }
        start.progress.engine = identity.provenance.engine.clone();
        start.progress.measure_every = identity.measure_every;
        if resumed {
            let history = &start.progress.history;
            notices.extend(restore_history(&self.folder, history, &self.recipe)?);
        } else {
            notices.extend(check_batches(&self.recipe, &self.split));
        }
        self.train(identity, (stamp, shared), (start, resumed), notices)
    }

    /// From `start` on, which is a checkpoint if the run is `resumed`, in burn-train.
    fn train(
        mut self,
        identity: RunIdentity,
        (stamp, shared): (Stamp, Option<Pretrained>),
        (start, resumed): (Checkpoint, bool),
        mut notices: Vec<Notice>,
    ) -> Result<Outcome<N>, TrainError> {
        let layers = self.hidden_layers()?;
        let size = (layers, self.recipe.total_epochs());
        let (journal, odd) = Journal::open(self.folder.path(), &start.progress, size)?;
        notices.extend(odd);
        for notice in &notices {
            self.watch.notice(notice);
        }
        let epochs_done = start.progress.history.len();
        let (objective, epochs) = (self.recipe.objective, self.recipe.total_epochs());
        let path = self.folder.path().to_path_buf();
        // burn-train wants loaders, a model and an optimizer of its own. Its loop is replaced by ours, which uses none of
        // them: these hold nothing.
        let unused = Arc::new(ExampleLoader::new(
            self.split.valid.clone(),
            1,
            None,
            self.device.clone(),
        ));
        let penalty = ActivationPenalty::default();
        let model = Supervised::new(self.network.clone(), objective, penalty);
        let learner = Learner::new(model, SgdConfig::new().init(), 0.0);
        let header = ModelHeader::new(&self.network, self.card, &self.split, &identity);
        let driver = Driver {
            recipe: self.recipe,
            split: self.split,
            engine: self.engine,
            folder: self.folder,
            journal,
            header,
            watch: self.watch,
            stamp,
            shared,
            checkpoint_every: self.checkpoint_every,
            network: self.network,
            best: None,
            earlier_seconds: start.progress.seconds,
            progress: start.progress.clone(),
            sitting: Instant::now(),
            clock: SavingClock::new(resumed, epochs_done),
        };
        let (stages, outcome) = Stages::new(driver, start);
        let mut training = SupervisedTraining::new(path, unused.clone(), unused)
            .with_application_logger(None)
            .with_metric_logger(Forgetful)
            .renderer(self.renderer)
            .with_interrupter(self.interrupter.clone())
            .num_epochs(epochs)
            .with_training_strategy(TrainingStrategy::Custom(Arc::new(stages)));
        if epochs_done > 0 {
            training = training.checkpoint(epochs_done);
        }
        training = training
            .metric_train(Digest::new(objective))
            .metric_valid(Digest::new(objective));
        for quantity in Quantity::all(layers, objective) {
            training = training
                .metric_train_numeric(StageMetric::new(quantity))
                .metric_valid_numeric(StageMetric::new(quantity));
        }
        let launched = catch_unwind(AssertUnwindSafe(|| training.launch(learner)));
        let result = launched.map_err(|payload| panicked(payload.as_ref()))?;
        // The dashboard closes, and gives the terminal back, before anything else is said.
        drop(result.renderer);
        if let Some(error) = result.error {
            return Err(TrainError::device(error));
        }
        finish(outcome.take()?, identity, &self.device, &self.interrupter)
    }

    /// Pre-training that is shared with other runs.
    fn shared_pretraining(&self) -> Result<Option<Pretrained>, TrainError> {
        let Some(path) = self.pretrained.clone() else {
            return Ok(None);
        };
        let (network, engine) = (&self.network, self.engine.as_ref());
        Pretrained::of(path, &self.recipe, network, &self.split, engine)
    }

    /// How many hidden layers the network shows. One that is no mere stack is asked by a look at an example.
    fn hidden_layers(&self) -> Result<usize, TrainError> {
        match self.network.dense_stack() {
            Some(stack) if !self.network.describe().is_empty() => Ok(stack.layers.len()),
            _ => {
                let mut batch = Batch::default();
                self.split.valid.gather(&[0], &mut batch)?;
                let device = self.network.devices().into_iter().next();
                let device = device.unwrap_or_else(|| self.device.clone());
                let look = || {
                    let forward = DeviceInputs::of(&batch, &device).forward(&self.network);
                    forward.hidden.len()
                };
                catch_unwind(AssertUnwindSafe(look)).map_err(|payload| panicked(payload.as_ref()))
            }
        }
    }

    fn check_data(&self) -> Result<(), TrainError> {
        let train = &self.split.train;
        for (part, examples) in [
            ("training", train),
            ("validation", &self.split.valid),
            ("test", &self.split.test),
            ("unlabelled", self.split.for_pretraining()),
        ] {
            if examples.is_empty() {
                return Err(TrainError::EmptyPart { part });
            }
        }
        for (index, stage) in self.recipe.stages.iter().enumerate() {
            let moved = stage.moved(train.clone(), 0);
            moved.map_err(|error| {
                TrainError::recipe(&format!("stage {}", index + 1), &error.to_string())
            })?;
        }
        let Some(stack) = self.network.dense_stack() else {
            return Ok(());
        };
        let config = stack.config();
        // A stack that is only the upper part of a network takes what the part below makes.
        if !self.network.describe().is_empty() && config.inputs != train.width() {
            return Err(TrainError::Width {
                network: config.inputs,
                data: train.width(),
            });
        }
        if config.outputs < train.classes() {
            return Err(TrainError::Classes {
                network: config.outputs,
                data: train.classes(),
            });
        }
        Ok(())
    }

    /// What this run is, if it begins now; what only has to be as before is as it `began`.
    fn identity(&mut self, began: Option<&RunIdentity>) -> Result<RunIdentity, TrainError> {
        let data = match self.data.take() {
            Some(data) => data,
            None => DataFingerprint::of_split("data", &self.split)?,
        };
        let network = describe(&self.network);
        let plan = self.plan.take();
        let engine = (self.engine.name(), self.engine.device());
        let (threads, set) = (self.engine.threads(), self.engine.instruction_set());
        Ok(RunIdentity {
            version: VERSION,
            plan: plan.unwrap_or_else(|| json!({"network": network, "recipe": self.recipe})),
            recipe: self.recipe.clone(),
            network,
            measure_every: self
                .measure_every
                .or(began.and_then(|began| began.measure_every)),
            checkpoint_seconds: self.checkpoint_every.as_secs_f64(),
            provenance: Provenance::now(&self.recipe, data, engine, threads, set),
        })
    }

    /// Holds the recipe against that of a finished run of an earlier version, which has no identity.
    fn check_recipe_of_old(&self) -> Result<(), TrainError> {
        let Some(plan) = self.folder.plan()? else {
            return Ok(());
        };
        let inner = plan.get("recipe").cloned().unwrap_or(plan);
        let Ok(recipe) = serde_json::from_value::<Recipe>(inner) else {
            return Ok(());
        };
        match recipe == self.recipe {
            true => Ok(()),
            false => Err(Box::new(Change {
                folder: self.folder.path().into(),
                field: "recipe".into(),
                was: recipe.checksum(),
                now: self.recipe.checksum(),
                finished: true,
            })
            .into()),
        }
    }
}

/// What ended a training by a panic: burn-train's dashboard does so when its user wants an end at once, and devices
/// do when they are gone.
fn panicked(payload: &(dyn Any + Send)) -> TrainError {
    match panic_reason(payload) {
        "Killing training from user input." => TrainError::Killed,
        reason => TrainError::device(reason),
    }
}

/// The first line of what a panic says.
pub fn panic_reason(payload: &(dyn Any + Send)) -> &str {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("no reason given");
    text.lines().next().unwrap_or_default()
}
