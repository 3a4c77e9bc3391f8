//! A run: a recipe carried out on data by an engine, written to a folder as it goes.

use crate::checkpoint::{Checkpoint, Progress};
use crate::dashboard::Stages;
use crate::driver::Driver;
use crate::journal::Journal;
use crate::loader::ExampleLoader;
use crate::metrics::{Digest, Quantity, StageMetric};
use crate::{
    Engine, EpochRecord, Evaluation, Optimizer, Recipe, RunFolder, SilentRenderer, Stage, Standing,
    Summary, Supervised, TrainError, evaluate,
};
use burn::tensor::Device;
use burn_train::logger::InMemoryMetricLogger;
use burn_train::renderer::MetricsRenderer;
use burn_train::{Interrupter, Learner, SupervisedTraining, TrainingStrategy};
use rectifier_data::Split;
use rectifier_nn::{ActivationPenalty, ModelFile, Network};
use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is told of a run while it goes on.
pub type Observer = Box<dyn FnMut(&EpochRecord, &Standing) + Send>;

/// A run, ready to be launched or to go on.
pub struct Run<N: Network> {
    /// The network to start from, not in training mode.
    pub network: N,
    /// What is done to it.
    pub recipe: Recipe,
    /// Training, validation and test examples, and what pre-training sees.
    pub split: Split,
    /// What does the arithmetic.
    pub engine: Box<dyn Engine<N>>,
    /// Where the network is evaluated on the test set.
    pub device: Device,
    /// Where everything is written.
    pub folder: RunFolder,
    /// What goes into the model file's header beside the network's description.
    pub metadata: BTreeMap<String, String>,
    /// The dashboard.
    pub renderer: Box<dyn MetricsRenderer>,
    /// Stops the run at the next step.
    pub interrupter: Interrupter,
    /// Told of every epoch.
    pub observer: Observer,
    /// The longest time between two checkpoints.
    pub checkpoint_every: Duration,
    /// Steps from one reading of loss, error and zeros to the next; 50 readings an epoch if `None`.
    pub measure_every: Option<usize>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome<N> {
    /// The best network by validation error, or the latest if the run was stopped before there was one.
    pub network: N,
    /// The result on the test set; `None` if the run was stopped before its end.
    pub summary: Option<Summary>,
    /// The test evaluation behind the summary.
    pub test: Option<Evaluation>,
    /// Every epoch.
    pub history: Vec<EpochRecord>,
    /// Where the run stands, in words: `epoch 3 of fine-tuning, step 120 of 970`.
    pub place: String,
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
            metadata: BTreeMap::new(),
            renderer: Box::new(SilentRenderer),
            interrupter: Interrupter::new(),
            observer: Box::new(|_, _| {}),
            checkpoint_every: CHECKPOINT_EVERY,
            measure_every: None,
        }
    }

    /// Carries the recipe out from where the folder's checkpoint stands, or from the start.
    ///
    /// # Errors
    /// [`TrainError`]; what was written before stays.
    pub fn launch(self) -> Result<Outcome<N>, TrainError> {
        self.recipe.validate()?;
        self.recipe.check_network(&self.network)?;
        self.check_data()?;
        let start = self.starting_point()?;
        let epochs_done = start.progress.history.len();
        let layers = self
            .network
            .dense_stack()
            .map_or(0, |stack| stack.layers.len());
        let stage = self.recipe.stages.last();
        let penalty = match stage {
            Some(Stage::FineTune(stage)) => stage.l1.clone(),
            _ => ActivationPenalty::default(),
        };
        let optimizer = stage.map_or(Optimizer::Sgd, Stage::optimizer);
        let rate = stage.map_or(0.0, |stage| stage.rate().start());
        let batch = stage.map_or(1, Stage::batch);
        let loader = |examples, seed| {
            Arc::new(ExampleLoader::new(
                examples,
                batch,
                seed,
                self.device.clone(),
            ))
        };
        let (train, valid) = (
            loader(self.split.train.clone(), Some(self.recipe.seed)),
            loader(self.split.valid.clone(), None),
        );
        let objective = self.recipe.objective;
        let model = Supervised::new(self.network.clone(), objective, penalty);
        let journal = Journal::open(self.folder.path(), &start.progress.lengths, layers)?;
        let path = self.folder.path().to_path_buf();
        let driver = Driver {
            recipe: self.recipe.clone(),
            split: self.split.clone(),
            engine: self.engine,
            folder: self.folder,
            journal,
            metadata: self.metadata,
            observer: self.observer,
            checkpoint_every: self.checkpoint_every,
            measure_every: self.measure_every,
            network: self.network,
            best: None,
            progress: Progress::default(),
            sitting: Instant::now(),
            saved: Instant::now(),
            earlier_seconds: 0.0,
        };
        let (stages, outcome) = Stages::new(driver, start);
        let mut training = SupervisedTraining::new(path, train, valid)
            .with_application_logger(None)
            .with_metric_logger(InMemoryMetricLogger::default())
            .renderer(self.renderer)
            .with_interrupter(self.interrupter)
            .num_epochs(self.recipe.total_epochs())
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
        let learner = Learner::new(model, optimizer.init(), rate);
        let launched = catch_unwind(AssertUnwindSafe(|| training.launch(learner)));
        let result = launched.map_err(|payload| panicked(payload.as_ref()))?;
        // The dashboard closes, and gives the terminal back, before anything else is said.
        drop(result.renderer);
        if let Some(error) = result.error {
            return Err(TrainError::Device(error.to_string()));
        }
        let driver = outcome.take()?;
        finish(driver, &self.device)
    }

    fn check_data(&self) -> Result<(), TrainError> {
        let train = &self.split.train;
        for (name, part) in [
            ("training", train),
            ("validation", &self.split.valid),
            ("test", &self.split.test),
            ("unlabelled", self.split.for_pretraining()),
        ] {
            if part.is_empty() {
                return Err(TrainError::Fit(format!(
                    "the {name} set is empty: give it at least one example"
                )));
            }
        }
        let Some(stack) = self.network.dense_stack() else {
            return Ok(());
        };
        let config = stack.config();
        if config.inputs != train.width() {
            return Err(TrainError::Fit(format!(
                "the network takes {} numbers an example, the data has {}: give a network for {} inputs",
                config.inputs,
                train.width(),
                train.width()
            )));
        }
        if config.outputs < train.classes() {
            return Err(TrainError::Fit(format!(
                "the network tells {} classes apart, the data has {}: give it a new head",
                config.outputs,
                train.classes()
            )));
        }
        Ok(())
    }

    fn starting_point(&self) -> Result<Checkpoint, TrainError> {
        let path = self.folder.checkpoint();
        if !path.is_file() {
            return Ok(Checkpoint::default());
        }
        let checkpoint = Checkpoint::load_for(&path, &self.recipe, |stage| {
            stage.examples(&self.split).len()
        })?;
        let made_by = checkpoint.progress.engine.as_str();
        if checkpoint.session.is_some() && made_by != self.engine.name() {
            return Err(TrainError::RunFolder {
                reason: format!(
                    "the run stopped in mid-stage on engine {made_by}: go on with --engine {made_by}, not {}",
                    self.engine.name()
                ),
                path,
            });
        }
        Ok(checkpoint)
    }
}

/// What ended a training by a panic: burn-train's dashboard does so when its user wants an end at once, and devices
/// do when they are gone.
fn panicked(payload: &(dyn Any + Send)) -> TrainError {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given");
    match text {
        "Killing training from user input." => TrainError::Killed,
        _ => TrainError::Device(text.lines().next().unwrap_or_default().into()),
    }
}

/// Where `progress` stands in `recipe`, in words.
fn place(progress: &Progress, recipe: &Recipe, examples: impl Fn(&Stage) -> usize) -> String {
    match recipe.stages.get(progress.stage) {
        Some(stage) => format!(
            "epoch {} of {}, step {} of {}",
            progress.epoch + 1,
            stage.title(),
            progress.step,
            stage.steps(examples(stage))
        ),
        None => "its end".into(),
    }
}

/// Tests the kept network and writes model and summary.
fn finish<N: Network>(driver: Driver<N>, device: &Device) -> Result<Outcome<N>, TrainError> {
    let history = driver.progress.history.clone();
    let place = place(&driver.progress, &driver.recipe, |stage| {
        stage.examples(&driver.split).len()
    });
    let network = driver
        .best
        .clone()
        .unwrap_or_else(|| driver.network.clone());
    if !driver.progress.finished {
        return Ok(Outcome {
            network,
            summary: None,
            test: None,
            history,
            place,
        });
    }
    let network = network.fork(device);
    let test = evaluate(
        &network,
        driver.split.test.as_ref(),
        driver.recipe.objective,
        device,
    )?;
    let (valid_error, _, best_epoch) = driver.progress.best.unwrap_or((f64::NAN, f64::NAN, 0));
    let mut summary = Summary::of_evaluation(&test, valid_error);
    let total = |pick: fn(&EpochRecord) -> f64| history.iter().map(pick).sum::<f64>();
    summary.epochs = history.len();
    summary.best_epoch = best_epoch;
    summary.seconds = driver.seconds();
    summary.overhead =
        total(|epoch| epoch.overhead_seconds) / total(|epoch| epoch.train_seconds).max(1e-9);
    summary.engine = driver.engine.name().into();
    summary.device = driver.engine.device();
    driver.folder.write_json("summary.json", &summary)?;
    let mut metadata = driver.metadata.clone();
    if let Ok(text) = serde_json::to_string(&summary) {
        metadata.insert("summary".into(), text);
    }
    rectifier_nn::write_atomically(
        &driver.folder.model(),
        &ModelFile::encode(&network, &metadata)?,
    )?;
    Ok(Outcome {
        network,
        summary: Some(summary),
        test: Some(test),
        history,
        place,
    })
}
