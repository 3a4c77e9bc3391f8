//! `rectifier train`.

use crate::args::TrainArgs;
use crate::dashboard::{self, Dashboard};
use crate::data_check::shared;
use crate::device::{self, Opened};
use crate::error::CliError;
use crate::output::{count, epoch_line, error_of, note, one_answer, result_json, say, summary};
use crate::signals::{INTERRUPT, Signals};
use crate::terminal::Terminal;
use crate::{progress, report, threads, verbose};
use burn_train::Interrupter;
use rectifier_catalog::{CatalogError, EngineChoice, Launcher, Plan};
use rectifier_report::shell_word;
use rectifier_train::{
    EpochRecord, Notice, Objective, RunFiles, RunFolder, Standing, Summary, TrainError, Watch,
    check_split,
};
use std::path::{Path, PathBuf};

/// Trains, and says what came of it.
///
/// # Errors
/// [`CliError`].
pub fn train(args: &TrainArgs) -> Result<(), CliError> {
    let quiet = args.quiet || args.json;
    let earlier = args.resume.as_ref().map(RunFolder::open).transpose()?;
    let device = match (&args.device, &earlier) {
        (None, Some(folder)) => device_of(folder)?,
        (given, _) => given.clone(),
    };
    let Opened {
        name,
        device,
        further,
    } = device::open_all(device.as_deref())?;
    let engine = EngineChoice {
        engine: args.engine.map(Into::into),
        threads: args.threads,
        further,
        ..EngineChoice::on(device.clone(), &name)
    };
    let mut launcher = match &earlier {
        Some(folder) => Launcher::resume(folder, engine)?,
        None => Launcher::new(args.plan.plan()?, engine),
    };
    if let Some(out) = &args.out {
        RunFolder::check_free(out)?;
    }
    let plan = launcher.plan.clone();
    let objective = plan.recipe.objective;
    let dashboard = !quiet && !args.plain && !verbose::is_on() && dashboard::possible();
    let (interrupter, terminal, signals) = (Interrupter::new(), Terminal, Signals::default());
    if dashboard {
        let dashboard = Dashboard::new(interrupter.clone(), terminal);
        launcher.renderer = Box::new(dashboard);
    }
    launcher.interrupter = interrupter.clone();
    launcher.watch = Box::new(Lines {
        epochs: !quiet && !dashboard,
        objective,
    });
    launcher.checkpoint_every = args.checkpoint_every;
    launcher.measure_every = args.measure_every.or(launcher.measure_every);
    // Data first: a set that is not there leaves no folder behind.
    let locator = args.plan.data.locator();
    let prepared = launcher.prepare(&locator, &mut progress::bar(quiet))?;
    for warning in &prepared.loaded().warnings {
        note(&format!("warning: {warning}"));
    }
    let names = &prepared.loaded().info.class_names;
    for notice in check_split(&prepared.loaded().split)? {
        note(&format!("warning: {}", notice.with_names(names)));
    }
    if let Some(shared) = shared(&plan.data, &prepared.loaded().split)? {
        note(&format!("warning: {shared}"));
    }
    threads::check()?;
    let folder = match earlier {
        Some(folder) => folder,
        None => begin(args, &plan)?,
    };
    report::record_command(&folder)?;
    let path = folder.path().to_path_buf();
    if !quiet {
        let (engine, reason) = prepared.engine();
        let reason = reason.map_or(String::new(), |reason| format!(" ({reason})"));
        note(&format!(
            "{}\nengine   {engine}{reason}\ndevice   {name}\nrun      {}",
            plan.describe(),
            path.display()
        ));
    }
    signals
        .watch(&interrupter, &terminal, !quiet && !dashboard)
        .map_err(|source| CliError::Signals { source })?;
    let go_on = go_on(args, &path);
    let stopped = |signal, how: String| {
        let text = format!("{how}; go on with: {go_on}");
        CliError::Stopped { signal, text }
    };
    let launched = prepared.launch(folder).map_err(|error| match error {
        CatalogError::Train(TrainError::Killed) => {
            terminal.clear_below();
            stopped(INTERRUPT, TrainError::Killed.to_string())
        }
        CatalogError::Train(error) => after_failure(error, &path, &go_on),
        error => error.into(),
    })?;
    let Some(result) = &launched.record.summary else {
        return Err(stopped(
            signals.received(),
            format!(
                "stopped after {} at {}, everything is saved",
                count(launched.record.history.len(), "epoch"),
                launched.place
            ),
        ));
    };
    tell(result, objective, &path, args.json)?;
    if let Some(text) = earlier_was_better(&launched.record.history, result, objective) {
        note(&format!("warning: {text}"));
    }
    let tested = launched.test.as_ref();
    if let Some(text) = tested.and_then(|test| one_answer(test, &launched.info.class_names)) {
        note(&format!("warning: {text}"));
    }
    // A run that had ended before has its page, unless it was killed between its result and the page.
    let page = RunFiles::at(&path).report_path();
    let page = match launched.test.is_none() && page.is_file() {
        true => Ok(page),
        false => report::of_launched(&path, &plan, &launched, &device),
    };
    match page {
        Ok(page) if !args.json => say(&format!("report       {}", page.display())),
        Ok(_) => {}
        // The run is done and safe: a page that cannot be written does not make it fail.
        Err(error) => note(&format!(
            "warning: there is no report: {error}; make it with: rectifier report {}",
            shell_word(path.as_os_str())
        )),
    }
    Ok(())
}

/// Says an epoch a line where nobody draws them, and what is odd in any case.
pub struct Lines {
    /// Whether to say epochs.
    pub epochs: bool,
    /// What their errors are.
    pub objective: Objective,
}

impl Watch for Lines {
    fn epoch(&mut self, record: &EpochRecord, standing: &Standing) {
        if self.epochs {
            note(&epoch_line(record, standing, self.objective));
        }
    }

    fn notice(&mut self, notice: &Notice) {
        note(&format!("warning: {notice}"));
    }
}

/// What a run that failed says: how it goes on, where going on can help.
fn after_failure(error: TrainError, path: &Path, go_on: &str) -> CliError {
    if error.goes_on() && !path.is_dir() {
        return CliError::FolderGone { path: path.into() };
    }
    let saved = RunFiles::at(path).checkpoint_path().is_file();
    match saved && error.goes_on() {
        true => CliError::Interrupted {
            source: error,
            go_on: go_on.into(),
        },
        false => error.into(),
    }
}

/// The device that a run began on.
fn device_of(folder: &RunFolder) -> Result<Option<String>, CliError> {
    let Some(identity) = folder.identity()? else {
        return Ok(None);
    };
    let made = identity.provenance;
    // The sparse engine names the processor.
    Ok(Some(made.device).filter(|_| made.engine == "burn"))
}

/// The folder of a new run.
fn begin(args: &TrainArgs, plan: &Plan) -> Result<RunFolder, CliError> {
    Ok(match &args.out {
        Some(out) => RunFolder::create(out.clone())?,
        None => RunFolder::create_next(&Path::new("runs").join(plan.stem()))?,
    })
}

/// The command that goes on with the run in `path`, with the options that its folder does not hold.
fn go_on(args: &TrainArgs, path: &Path) -> String {
    let mut words = vec![format!("rectifier train {}", option("--resume", path))];
    if let Some(folder) = &args.plan.data.place.data_dir {
        words.push(option("--data-dir", folder));
    }
    if args.plan.data.place.allow_unknown_data {
        words.push("--allow-unknown-data".into());
    }
    words.join(" ")
}

/// An option and its path: a path that looks like an option is bound to its own.
fn option(name: &str, path: &Path) -> String {
    let sign = match path.as_os_str().as_encoded_bytes().first() {
        Some(b'-') => '=',
        _ => ' ',
    };
    format!("{name}{sign}{}", shell_word(path.as_os_str()))
}

/// What there is to know where a stage before the last one came to a better network, which is not the one that is kept.
fn earlier_was_better(
    history: &[EpochRecord],
    result: &Summary,
    objective: Objective,
) -> Option<String> {
    let last = history.last()?.stage;
    let earlier = history.iter().filter(|epoch| epoch.stage < last);
    let tested = earlier.filter_map(|epoch| Some((epoch, epoch.valid_error?)));
    let (epoch, error) = tested.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (error < result.valid_error).then(|| {
        let (name, before) = error_of(objective, error);
        format!(
            "stage {} had a validation {name} of {before} in its epoch {}, and the last stage none below {}: the last stage's best network is \
             what was kept and tested; leave that stage out, or lower its rate",
            epoch.stage,
            epoch.epoch,
            error_of(objective, result.valid_error).1
        )
    })
}

fn tell(result: &Summary, objective: Objective, run: &Path, as_json: bool) -> Result<(), CliError> {
    let model: PathBuf = RunFiles::at(run).model_path();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_where_a_shell_needs_it() {
        assert_eq!(option("--resume", Path::new("a b")), "--resume 'a b'");
        assert_eq!(option("--resume", Path::new("-x")), "--resume=-x");
    }
}
