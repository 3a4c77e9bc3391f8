//! A network trained again from the plan in its own card.

use crate::args::VerifyArgs;
use crate::error::CliError;
use crate::output::note;
use crate::signals::Signals;
use crate::terminal::Terminal;
use crate::train::Lines;
use crate::{device, progress, threads};
use burn_train::Interrupter;
use rectifier_catalog::{EngineChoice, EngineName, Launcher, Plan, Trained};
use rectifier_nn::ModelFile;
use rectifier_train::{RunFiles, RunFolder};

/// What another training came to.
pub struct Again {
    /// Its model file.
    pub model: ModelFile,
    /// Seconds that it took.
    pub seconds: f64,
}

/// Trains the network of `trained` again by its `plan`, with the engine and the count of threads that made it.
///
/// # Errors
/// [`CliError::Stopped`] by a signal; [`CliError`] of training.
pub fn retrain(trained: &Trained, plan: Plan, args: &VerifyArgs) -> Result<Again, CliError> {
    let quiet = args.quiet || args.json;
    let card = trained.card()?;
    let (name, device) = device::open(None)?;
    let made = &card.provenance;
    let engine = made.engine.as_deref().and_then(EngineName::by_name);
    let engine = EngineChoice {
        engine,
        threads: made.threads.filter(|_| engine == Some(EngineName::Sparse)),
        ..EngineChoice::on(device, &name)
    };
    let interrupter = Interrupter::new();
    let launcher = Launcher {
        watch: Box::new(Lines {
            epochs: !quiet,
            objective: plan.recipe.objective,
        }),
        interrupter: interrupter.clone(),
        ..Launcher::new(plan, engine)
    };
    let prepared = launcher.prepare(&args.place.locator(), &mut progress::bar(quiet))?;
    threads::check()?;
    let temporary = tempfile::tempdir().map_err(|source| CliError::Io {
        path: std::env::temp_dir(),
        source,
    })?;
    let path = match &args.run {
        Some(folder) => folder.join(trained.path.display().to_string().replace(['/', '\\'], "-")),
        None => temporary.path().join("run"),
    };
    let folder = match RunFiles::at(&path).plan()?.is_some() {
        true => RunFolder::open(&path)?,
        false => RunFolder::create(&path)?,
    };
    if !quiet {
        note(&format!("trained again in {}", path.display()));
    }
    let signals = Signals::default();
    signals
        .watch(&interrupter, &Terminal, !quiet)
        .map_err(|source| CliError::Signals { source })?;
    let launched = prepared.launch(folder)?;
    let Some(summary) = launched.record.summary else {
        return Err(CliError::Stopped {
            signal: signals.received(),
            text: match args.run {
                Some(_) => "stopped; the same command goes on".into(),
                None => "stopped; with --run DIR it could go on".into(),
            },
        });
    };
    Ok(Again {
        model: ModelFile::open(RunFiles::at(&path).model_path())?,
        seconds: summary.seconds,
    })
}
