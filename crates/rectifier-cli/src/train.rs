//! `rectifier train`.

use crate::args::{EngineName, TrainArgs};
use crate::dashboard::{self, Dashboard};
use crate::data::Loaded;
use crate::error::CliError;
use crate::memory::room_for;
use crate::output::{epoch_line, note, say, summary};
use crate::plan::Plan;
use crate::signals::{INTERRUPT, Signals};
use crate::terminal::Terminal;
use crate::{device, engine, progress, report};
use burn_train::Interrupter;
use burn_train::renderer::MetricsRenderer;
use rectifier_nn::{DenseStack, Init};
use rectifier_train::{
    Checkpoint, Objective, Observer, Run, RunFolder, SilentRenderer, Summary, TrainError,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

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
    if let Some(out) = &args.out {
        RunFolder::check_free(out)?;
    }
    // Weights, gradients, the best network and a copy to save.
    let bytes = 4 * 4 * plan.network.parameters() as u128;
    room_for(bytes, "this network", "give fewer units with --hidden")?;
    // Data first: a set that is not there leaves no folder behind.
    let loaded = plan.load(&args.plan.data.locator(), &mut progress::bar(quiet))?;
    for warning in &loaded.warnings {
        note(&format!("warning: {warning}"));
    }
    let wish = args.engine.or_else(|| earlier.as_ref().and_then(engine_of));
    let (engine, reason) = engine::choose::<DenseStack>(wish, args.threads, &plan, &name, &device)?;
    let folder = match earlier {
        Some(folder) => folder,
        None => begin(args, &plan)?,
    };
    report::record_command(&folder)?;
    let path = folder.path().to_path_buf();
    let dashboard = !quiet && !args.plain && dashboard::possible();
    if !quiet {
        let reason = reason.map_or(String::new(), |reason| format!(" ({reason})"));
        note(&format!(
            "{}\nengine   {}{reason}\ndevice   {name}\nrun      {}",
            plan.describe(),
            engine.name(),
            path.display()
        ));
    }
    let (interrupter, terminal, signals) =
        (Interrupter::new(), Terminal::default(), Signals::default());
    signals
        .watch(&interrupter, &terminal, !quiet && !dashboard)
        .map_err(|error| CliError::Failed(format!("signals cannot be caught: {error}")))?;
    let renderer: Box<dyn MetricsRenderer> = match dashboard {
        true => Box::new(Dashboard::new(interrupter.clone(), terminal.clone())),
        false => Box::new(SilentRenderer),
    };
    let objective = plan.recipe.objective;
    let observer: Observer = match quiet || dashboard {
        true => Box::new(|_, _| {}),
        false => Box::new(move |record, standing| note(&epoch_line(record, standing, objective))),
    };
    let (info, test, vocabulary) = (
        loaded.info.clone(),
        loaded.split.test.clone(),
        loaded.vocabulary.clone(),
    );
    let mut run = Run {
        metadata: metadata(&plan, &loaded)?,
        renderer,
        interrupter,
        observer,
        measure_every: args.measure_every,
        ..Run::new(
            plan.network.init(plan.recipe.seed, &device)?,
            plan.recipe.clone(),
            loaded.split,
            engine,
            device.clone(),
            folder,
        )
    };
    if let Some(seconds) = args.checkpoint_every {
        run.checkpoint_every = seconds;
    }
    let go_on = go_on(args, &path);
    let stopped = |signal, how: String| {
        let text = format!("{how}; go on with: {go_on}");
        CliError::Stopped { signal, text }
    };
    let outcome = run.launch().map_err(|error| match error {
        TrainError::Killed => {
            terminal.clear_below();
            stopped(INTERRUPT, error.to_string())
        }
        // The same steps at the same rate would end the same way.
        TrainError::Diverged { .. } => error.into(),
        error if path.join("checkpoint.safetensors").is_file() => CliError::Interrupted {
            source: error,
            go_on: go_on.clone(),
        },
        error => error.into(),
    })?;
    match outcome.summary {
        Some(result) => {
            let page = report::of_finished(
                &path,
                &plan,
                &outcome.network,
                test.as_ref(),
                (&info, vocabulary.as_ref()),
                &device,
            );
            tell(&result, objective, &path, args.json)?;
            match page {
                Ok(page) if !args.json => say(&format!("report       {}", page.display())),
                Ok(_) => {}
                // The run is done and safe: a page that cannot be written does not make it fail.
                Err(error) => note(&format!("warning: there is no report: {error}")),
            }
            Ok(())
        }
        None => Err(stopped(
            signals.received(),
            format!(
                "stopped after {} epochs at {}, everything is saved",
                outcome.history.len(),
                outcome.place
            ),
        )),
    }
}

/// The folder of a new run, with its recipe in it.
fn begin(args: &TrainArgs, plan: &Plan) -> Result<RunFolder, CliError> {
    let folder = match &args.out {
        Some(out) => RunFolder::create(out.clone())?,
        None => RunFolder::create_next(&Path::new("runs").join(folder_stem(plan)))?,
    };
    folder.write_json("recipe.json", plan)?;
    Ok(folder)
}

/// The command that goes on with the run in `path`, with the options that a recipe does not hold.
fn go_on(args: &TrainArgs, path: &Path) -> String {
    let mut words = vec!["rectifier train --resume".to_string(), quoted(path)];
    if let Some(device) = &args.device {
        words.push(format!("--device {device}"));
    }
    match args.engine {
        Some(EngineName::Burn) => words.push("--engine burn".into()),
        Some(EngineName::Sparse) => words.push("--engine sparse".into()),
        None => {}
    }
    if let Some(threads) = args.threads {
        words.push(format!("--threads {threads}"));
    }
    if let Some(folder) = &args.plan.data.place.data_dir {
        words.push(format!("--data-dir {}", quoted(folder)));
    }
    if args.plan.data.place.allow_unknown_data {
        words.push("--allow-unknown-data".into());
    }
    words.join(" ")
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@=".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
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

fn tell(result: &Summary, objective: Objective, run: &Path, as_json: bool) -> Result<(), CliError> {
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

/// `DATA-UNIT-SIZES`, what a run's folder is called before its number.
fn folder_stem(plan: &Plan) -> String {
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
    format!("{}-{unit}-{sizes}", plan.data.name())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted(Path::new("runs/a-1")), "runs/a-1");
        assert_eq!(quoted(Path::new("my runs/it's")), r"'my runs/it'\''s'");
    }
}
