//! `rectifier train`.

use crate::args::TrainArgs;
use crate::data::Loaded;
use crate::error::CliError;
use crate::output::{epoch_line, note, say, summary};
use crate::plan::Plan;
use crate::{device, progress, report};
use burn_train::Interrupter;
use burn_train::renderer::{MetricsRenderer, default_renderer};
use rectifier_train::{BurnEngine, Observer, Run, RunFolder, SilentRenderer, Summary};
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
    let loaded = plan
        .data
        .load(&args.plan.data.locator(), &mut progress::bar(quiet))?;
    for warning in &loaded.warnings {
        note(&format!("warning: {warning}"));
    }
    let folder = match (earlier, &args.out) {
        (Some(folder), _) => folder,
        (None, Some(path)) => RunFolder::create(path)?,
        (None, None) => RunFolder::create(next_folder(&plan)?)?,
    };
    if args.resume.is_none() {
        folder.write_json("recipe.json", &plan)?;
    }
    report::record_command(&folder)?;
    let dashboard = !quiet && std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
    if !quiet {
        note(&format!(
            "{}\ndevice   {name}\nrun      {}",
            plan.describe(),
            folder.path().display()
        ));
    }
    let interrupter = Interrupter::new();
    let renderer: Box<dyn MetricsRenderer> = match dashboard {
        true => default_renderer(interrupter.clone(), None),
        false => Box::new(SilentRenderer),
    };
    let observer: Observer = match quiet || dashboard {
        true => Box::new(|_, _| {}),
        false => Box::new(|record, standing| note(&epoch_line(record, standing))),
    };
    let network = plan.network.init(plan.recipe.seed, &device)?;
    let path = folder.path().to_path_buf();
    let (info, test) = (loaded.info.clone(), loaded.split.test.clone());
    let run = Run {
        network,
        recipe: plan.recipe.clone(),
        engine: Box::new(BurnEngine::new(device.clone())),
        device: device.clone(),
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
        Some(result) => {
            let page = report::of_finished(
                &path,
                &plan,
                &outcome.network,
                test.as_ref(),
                &info,
                &device,
            );
            tell(&result, &path, args.json)?;
            match page {
                Ok(page) if !args.json => say(&format!("report       {}", page.display())),
                Ok(_) => {}
                // The run is done and safe: a page that cannot be written does not make it fail.
                Err(error) => note(&format!("warning: there is no report: {error}")),
            }
            Ok(())
        }
        None => {
            let go_on = format!("rectifier train --resume {}", path.display());
            Err(CliError::Failed(format!(
                "stopped after {} epochs; go on with: {go_on}",
                outcome.history.len()
            )))
        }
    }
}

fn tell(result: &Summary, run: &Path, as_json: bool) -> Result<(), CliError> {
    let model = run.join("model.safetensors");
    if as_json {
        say(&result_json(result, Some(run), &model).to_string());
    } else {
        say(&summary(
            result,
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
    Ok(BTreeMap::from([
        ("recipe".into(), text(serde_json::to_string(plan))?),
        ("data".into(), loaded.info.name.clone()),
        (
            "shape".into(),
            text(serde_json::to_string(&loaded.info.shape))?,
        ),
        (
            "classes".into(),
            text(serde_json::to_string(&loaded.info.class_names))?,
        ),
        (
            "made_by".into(),
            concat!("rectifier ", env!("CARGO_PKG_VERSION")).into(),
        ),
    ]))
}
