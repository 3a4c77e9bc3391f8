//! `rectifier train`.

use crate::args::{EngineName, TrainArgs};
use crate::data::Loaded;
use crate::error::CliError;
use crate::output::{epoch_line, note, say, summary};
use crate::plan::Plan;
use crate::{device, engine, progress};
use burn_train::Interrupter;
use burn_train::renderer::{MetricsRenderer, default_renderer};
use rectifier_nn::DenseStack;
use rectifier_train::{Checkpoint, Objective, Observer, Run, RunFolder, SilentRenderer, Summary};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest time between two checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

/// Trains, and says what came of it.
///
/// # Errors
/// [`CliError`].
pub fn train(args: &TrainArgs) -> Result<(), CliError> {
    let quiet = args.quiet || args.json;
    let (name, device) = device::open(args.device.as_deref())?;
    let (plan, earlier) = match &args.resume {
        Some(path) => {
            let folder = RunFolder::open(path)?;
            (Plan::read(&path.join("recipe.json"))?, Some(folder))
        }
        None => (args.plan.plan()?, None),
    };
    // Data first: a set that is not there leaves no folder behind.
    let loaded = plan.load(&args.plan.data.locator(), &mut progress::bar(quiet))?;
    for warning in &loaded.warnings {
        note(&format!("warning: {warning}"));
    }
    let wish = args.engine.or_else(|| earlier.as_ref().and_then(engine_of));
    let (engine, reason) = engine::choose::<DenseStack>(wish, args.threads, &plan, &name, &device)?;
    let folder = match (earlier, &args.out) {
        (Some(folder), _) => folder,
        (None, Some(path)) => RunFolder::create(path)?,
        (None, None) => RunFolder::create(next_folder(&plan)?)?,
    };
    if args.resume.is_none() {
        folder.write_json("recipe.json", &plan)?;
    }
    let dashboard = !quiet && std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
    if !quiet {
        let reason = reason.map_or(String::new(), |reason| format!(" ({reason})"));
        note(&format!(
            "{}\nengine   {}{reason}\ndevice   {name}\nrun      {}",
            plan.describe(),
            engine.name(),
            folder.path().display()
        ));
    }
    let interrupter = Interrupter::new();
    let renderer: Box<dyn MetricsRenderer> = match dashboard {
        true => default_renderer(interrupter.clone(), None),
        false => Box::new(SilentRenderer),
    };
    let objective = plan.recipe.objective;
    let observer: Observer = match quiet || dashboard {
        true => Box::new(|_, _| {}),
        false => Box::new(move |record, standing| note(&epoch_line(record, standing, objective))),
    };
    let network = plan.network.init(plan.recipe.seed, &device)?;
    let path = folder.path().to_path_buf();
    let run = Run {
        network,
        recipe: plan.recipe.clone(),
        engine,
        device,
        metadata: metadata(&plan, &loaded)?,
        split: loaded.split,
        folder,
        renderer,
        interrupter,
        observer,
        checkpoint_every: CHECKPOINT_EVERY,
    };
    let outcome = run.launch()?;
    match outcome.summary {
        Some(result) => report(&result, objective, &path, args.json),
        None => {
            let go_on = format!("rectifier train --resume {}", path.display());
            Err(CliError::Failed(format!(
                "stopped after {} epochs; go on with: {go_on}",
                outcome.history.len()
            )))
        }
    }
}

/// The engine that an earlier run stopped in the middle of a stage with: only that one can go on there.
fn engine_of(folder: &RunFolder) -> Option<EngineName> {
    let checkpoint = Checkpoint::load(&folder.checkpoint()).ok()?;
    checkpoint.session.as_ref()?;
    match checkpoint.progress.engine.as_str() {
        "sparse" => Some(EngineName::Sparse),
        "burn" => Some(EngineName::Burn),
        _ => None,
    }
}

fn report(
    result: &Summary,
    objective: Objective,
    run: &Path,
    as_json: bool,
) -> Result<(), CliError> {
    let model = run.join("model.safetensors");
    if as_json {
        say(&result_json(result, Some(run), &model).to_string());
    } else {
        say(&summary(
            result,
            objective,
            &run.display().to_string(),
            &model.display().to_string(),
        ));
    }
    Ok(())
}

/// The JSON object that `train` and `eval` end with.
pub fn result_json(result: &Summary, run: Option<&Path>, model: &Path) -> serde_json::Value {
    json!({
        "test_error": result.test_error,
        "test_interval": result.test_interval,
        "valid_error": result.valid_error,
        "zeros": result.zeros,
        "dead": result.dead,
        "epochs": result.epochs,
        "seconds": result.seconds,
        "overhead": result.overhead,
        "engine": result.engine,
        "device": result.device,
        "run": run.map(|run| run.display().to_string()),
        "model": model.display().to_string(),
    })
}

/// `runs/DATA-UNIT-SIZES-N` with the first N that is free.
fn next_folder(plan: &Plan) -> Result<PathBuf, CliError> {
    let unit = serde_json::to_value(plan.network.unit).ok();
    let unit = unit
        .as_ref()
        .and_then(|unit| unit["kind"].as_str())
        .unwrap_or("network");
    let hidden: Vec<String> = plan.network.hidden.iter().map(usize::to_string).collect();
    let sizes = if hidden.is_empty() {
        "none".into()
    } else {
        hidden.join("-")
    };
    let stem = format!("{}-{unit}-{sizes}", plan.data.name());
    (1..100_000)
        .map(|number| Path::new("runs").join(format!("{stem}-{number}")))
        .find(|path| !path.exists())
        .ok_or_else(|| CliError::Usage("runs/ is full: name a folder with --out".into()))
}

/// What goes into the model file beside the network.
fn metadata(plan: &Plan, loaded: &Loaded) -> Result<BTreeMap<String, String>, CliError> {
    let text = |value: serde_json::Result<String>| {
        value.map_err(|error| CliError::Failed(error.to_string()))
    };
    let mut metadata = BTreeMap::from([
        ("recipe".into(), text(serde_json::to_string(plan))?),
        ("data".into(), loaded.info.name.clone()),
        (
            "shape".into(),
            text(serde_json::to_string(&loaded.info.shape))?,
        ),
        (
            "range".into(),
            text(serde_json::to_string(&plan.data.range()))?,
        ),
        (
            "classes".into(),
            text(serde_json::to_string(&loaded.info.class_names))?,
        ),
        (
            "made_by".into(),
            concat!("rectifier ", env!("CARGO_PKG_VERSION")).into(),
        ),
    ]);
    if let Some(vocabulary) = &loaded.vocabulary {
        metadata.insert("vocabulary".into(), vocabulary.to_text());
    }
    Ok(metadata)
}
