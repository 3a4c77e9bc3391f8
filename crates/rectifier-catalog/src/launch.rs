//! From a plan to a trained network in a run's folder.

use crate::{CatalogError, Chosen, DataSpec, EngineChoice, EngineName, Plan};
use burn_train::Interrupter;
use burn_train::renderer::MetricsRenderer;
use rectifier_data::{DataInfo, Encoder, Loaded, Locator, Progress, Split, room_for};
use rectifier_nn::{DataCard, DenseStack, DenseStackConfig, EncoderText, Init, ModelCard};
use rectifier_train::{
    DataFingerprint, Evaluation, Run, RunFiles, RunFolder, RunRecord, SilentRenderer, Unwatched,
    Watch,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Carries out `plan` in `folder`, and gives the record of the run: the same as [`RunFiles::record`] of the folder. A
/// stopped run goes on where it was, a finished one gives its record back.
///
/// # Errors
/// [`CatalogError`]; what was written before stays.
///
/// ```no_run
/// use rectifier_catalog::{EngineChoice, Plan, launch};
/// use rectifier_data::Locator;
/// use rectifier_train::{RunFolder, on_epoch};
///
/// let plan = Plan::read("recipe.json".as_ref())?;
/// let engine = EngineChoice::on(burn::tensor::Device::default(), "flex");
/// let folder = RunFolder::create("runs/mine")?;
/// let watch = on_epoch(|epoch, _| println!("{}: {:?}", epoch.epoch, epoch.valid_error));
/// let record = launch(&plan, &engine, &Locator::default(), folder, watch)?;
/// println!("{:?}", record.summary);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn launch(
    plan: &Plan,
    engine: &EngineChoice,
    locator: &Locator,
    folder: RunFolder,
    watch: Box<dyn Watch>,
) -> Result<RunRecord, CatalogError> {
    let launcher = Launcher {
        watch,
        ..Launcher::new(plan.clone(), engine.clone())
    };
    let prepared = launcher.prepare(locator, &mut |_, _| {})?;
    Ok(prepared.launch(folder)?.record)
}

/// A plan with everything about how it is carried out.
pub struct Launcher {
    /// What is trained on what.
    pub plan: Plan,
    /// What computes.
    pub engine: EngineChoice,
    /// Told of stages, readings and epochs.
    pub watch: Box<dyn Watch>,
    /// The dashboard.
    pub renderer: Box<dyn MetricsRenderer>,
    /// Stops the run.
    pub interrupter: Interrupter,
    /// The longest time between two checkpoints; a minute if `None`.
    pub checkpoint_every: Option<Duration>,
    /// Steps from one reading to the next; 50 readings an epoch if `None`.
    pub measure_every: Option<usize>,
    /// A file for the pre-training that this run shares with others: [`Run::pretrained`].
    pub pretrained: Option<PathBuf>,
}

/// A launcher whose data is loaded and whose engine is chosen; nothing is written yet.
pub struct Prepared {
    launcher: Launcher,
    chosen: Chosen<DenseStack>,
    loaded: Loaded,
}

/// What came of a run.
pub struct Launched {
    /// The best network, or the latest of a run that was stopped before there was one.
    pub network: DenseStack,
    /// All that is known of the run.
    pub record: RunRecord,
    /// The test evaluation behind the summary; `None` for a run that was stopped, or had ended before.
    pub test: Option<Evaluation>,
    /// Where the run stands, in words.
    pub place: String,
    /// The data.
    pub split: Split,
    /// What it is.
    pub info: DataInfo,
    /// What prepared its inputs.
    pub encoder: Option<Arc<dyn Encoder>>,
}

impl Launcher {
    /// A launcher that shows nothing and says nothing.
    pub fn new(plan: Plan, engine: EngineChoice) -> Self {
        Self {
            plan,
            engine,
            watch: Box::new(Unwatched),
            renderer: Box::new(SilentRenderer),
            interrupter: Interrupter::new(),
            checkpoint_every: None,
            measure_every: None,
            pretrained: None,
        }
    }

    /// The launcher that goes on with the run in `folder`: its plan, engine, threads and readings. `engine` says where
    /// it computes; an engine or threads that it names must be those of the run.
    ///
    /// # Errors
    /// [`CatalogError::NoRun`]; [`CatalogError::Train`] for a folder whose files are damaged.
    pub fn resume(folder: &RunFiles, mut engine: EngineChoice) -> Result<Self, CatalogError> {
        let (path, identity) = (folder.plan_path(), folder.identity()?);
        let plan = match &identity {
            _ if path.is_file() => Plan::read(&path)?,
            // A run that was killed as it began has its identity first.
            Some(identity) => Plan::parse(&identity.plan.to_string())?,
            None => {
                return Err(CatalogError::NoRun {
                    folder: folder.path().into(),
                });
            }
        };
        let mut measure_every = None;
        if let Some(identity) = identity {
            let made = identity.provenance;
            engine.engine = engine.engine.or(EngineName::by_name(&made.engine));
            if engine.engine == Some(EngineName::Sparse) {
                engine.threads = engine.threads.or(made.threads);
            }
            measure_every = identity.measure_every;
        }
        Ok(Self {
            measure_every,
            ..Self::new(plan, engine)
        })
    }

    /// Loads the data and chooses the engine. Nothing is written.
    ///
    /// # Errors
    /// [`CatalogError`] for what cannot be trained.
    pub fn prepare(
        self,
        locator: &Locator,
        progress: &mut Progress<'_>,
    ) -> Result<Prepared, CatalogError> {
        self.plan.validate()?;
        // Weights, gradients, the best network and a copy to save.
        let bytes = 4 * 4 * self.plan.network.parameters() as u128;
        room_for(bytes, "this network", "give fewer units with --hidden")?;
        let chosen = self.engine.choose(&self.plan)?;
        tracing::info!(
            engine = chosen.engine.name(),
            device = chosen.engine.device(),
            reason = chosen.reason,
            "chosen"
        );
        let loaded = self.plan.load(locator, None, progress)?;
        let sizes = loaded.split.sizes();
        tracing::info!(
            data = loaded.info.name,
            shape = ?loaded.info.shape,
            classes = loaded.info.classes,
            train = sizes.train,
            valid = sizes.valid,
            test = sizes.test,
            encoder = loaded.encoder.as_ref().map(|encoder| encoder.kind()),
            "loaded"
        );
        Ok(Prepared {
            launcher: self,
            chosen,
            loaded,
        })
    }
}

impl Prepared {
    /// The data.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// The name of the engine, and why it is not the sparse one where nobody asked for another.
    pub fn engine(&self) -> (&str, Option<&str>) {
        (self.chosen.engine.name(), self.chosen.reason.as_deref())
    }

    /// Trains in `folder`, from the start or from where its run stands.
    ///
    /// # Errors
    /// [`CatalogError::Train`]; what was written before stays.
    pub fn launch(self, folder: RunFolder) -> Result<Launched, CatalogError> {
        let Self {
            launcher,
            chosen,
            loaded,
        } = self;
        let Launcher {
            plan,
            engine,
            watch,
            renderer,
            interrupter,
            checkpoint_every,
            measure_every,
            pretrained,
        } = launcher;
        let network = plan.network.init(plan.recipe.seed, &engine.device)?;
        let mut data = DataFingerprint::of_split(loaded.info.name.clone(), &loaded.split)?;
        if let Some(encoder) = &loaded.encoder {
            data = data.with_encoder(&encoder.to_text());
        }
        tracing::debug!(checksum = data.checksum, "fingerprint of the data");
        let mut run = Run {
            plan: Some(serde_json::to_value(&plan).map_err(CatalogError::Syntax)?),
            data: Some(data),
            card: Some(model_card(&plan.data, plan.network.clone(), &loaded)),
            watch,
            renderer,
            interrupter,
            measure_every,
            pretrained,
            ..Run::new(
                network,
                plan.recipe.clone(),
                loaded.split.clone(),
                chosen.engine,
                engine.device,
                folder,
            )
        };
        if let Some(every) = checkpoint_every {
            run.checkpoint_every = every;
        }
        let outcome = run.launch()?;
        Ok(Launched {
            network: outcome.network,
            record: outcome.record,
            test: outcome.test,
            place: outcome.place,
            split: loaded.split,
            info: loaded.info,
            encoder: loaded.encoder,
        })
    }
}

/// The card of a model of `network`, trained on what `data` loaded: everything that `predict` needs to take raw input.
pub fn model_card(data: &DataSpec, network: DenseStackConfig, loaded: &Loaded) -> ModelCard {
    let info = &loaded.info;
    let (low, high) = data.nature().range;
    let mut card = ModelCard::new(network);
    card.data = DataCard {
        name: info.name.clone(),
        shape: info.shape.clone(),
        range: [low, high],
    };
    card.classes = info.class_names.clone();
    card.encoder = loaded.encoder.as_ref().map(|encoder| EncoderText {
        kind: encoder.kind().into(),
        text: encoder.to_text(),
    });
    card
}
