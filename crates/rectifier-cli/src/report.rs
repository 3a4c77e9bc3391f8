//! `rectifier report`, and the report that `train` leaves in a run's folder.

use crate::args::ReportArgs;
use crate::destination::Destination;
use crate::error::CliError;
use crate::output::{note, say};
use crate::{device, progress};
use burn::tensor::Device;
use rectifier_catalog::{CatalogError, DataSpec, Launched, Plan, Trained};
use rectifier_data::{DataInfo, Encoder, Examples, Loaded, Locator};
use rectifier_nn::{Network, write_atomically};
use rectifier_report::{
    Findings, Measuring, REPORT_FILE, ReportData, Setup, measure, render, render_comparison,
    shell_line,
};
use rectifier_train::{RunFiles, RunFolder};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Makes the page of a run, or of several.
///
/// # Errors
/// [`CliError`] naming the first folder that holds no run, or a page that cannot be written.
pub fn report(args: &ReportArgs) -> Result<(), CliError> {
    let inputs = std::iter::empty::<&Path>;
    let named = Destination::of("--out", args.out.as_deref(), inputs())?;
    let (_, device) = device::open(args.device.as_deref())?;
    let mut source = Source {
        locator: args.place.locator(),
        quiet: args.quiet,
        latest: None,
    };
    let mut runs = Vec::with_capacity(args.runs.len());
    for path in &args.runs {
        let (mut run, plan) = read(path)?;
        match plan.map(|plan| examine(path, &plan, &mut source, &device)) {
            None => run.notes.push(
                "The examples were given by the program that trained, and are known to it alone: what a report measures on \
                 the test part is left out."
                    .into(),
            ),
            Some(Ok(Some(findings))) => run.findings = Some(findings),
            Some(Ok(None)) => run.notes.push(
                "Nothing is measured yet: the run keeps a network after its first epoch of fine-tuning.".into(),
            ),
            // A page with its measurements is not replaced by one without.
            Some(Err(error)) if args.out.is_none() && path.join(REPORT_FILE).is_file() => {
                return Err(error);
            }
            Some(Err(error)) => {
                note(&format!("warning: {}: {error}", path.display()));
                run.notes
                    .push(format!("Nothing could be measured on the test part: {error}"));
            }
        }
        runs.push(run);
    }
    name_apart(&mut runs, &args.runs);
    let (page, default) = match (runs.as_slice(), args.runs.as_slice()) {
        ([run], [path]) => (render(run), path.join(REPORT_FILE)),
        _ => (render_comparison(&runs), PathBuf::from("comparison.html")),
    };
    let out = match named {
        Some(out) => out,
        None => Destination::new("--out", &default, inputs())?,
    };
    out.write(page.as_bytes())?;
    say(&out.path().display().to_string());
    Ok(())
}

/// Writes down the command that this process was started by.
///
/// # Errors
/// [`CliError`] if the folder does not take it.
pub fn record_command(folder: &RunFolder) -> Result<(), CliError> {
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| word.to_string_lossy().into_owned());
    let line = shell_line(["rectifier".to_string()].into_iter().chain(words));
    Ok(folder.record_command(&line)?)
}

/// The report of a run that has just finished, from what it left in memory; says where the page is.
///
/// # Errors
/// [`CliError`].
pub fn of_launched(
    path: &Path,
    plan: &Plan,
    launched: &Launched,
    device: &Device,
) -> Result<PathBuf, CliError> {
    let mut run = ReportData::read(path, setup(plan)?)?;
    let data = (&launched.info, launched.encoder.as_ref());
    let test = launched.split.test.as_ref();
    run.findings = Some(look(&launched.network, test, data, plan, device)?);
    let page = path.join(REPORT_FILE);
    write_atomically(&page, render(&run).as_bytes())?;
    Ok(page)
}

fn setup(plan: &Plan) -> Result<Setup, CliError> {
    let file = serde_json::to_value(plan).map_err(|error| CliError::Failed(error.to_string()))?;
    Ok(Setup {
        data: plan.data.name().into(),
        about_data: plan.data.describe(),
        network: Some(plan.network.clone()),
        recipe: plan.recipe.clone(),
        file,
    })
}

/// What the folder at `path` tells, with the plan where it has one; a run that is in progress may be read too.
fn read(path: &Path) -> Result<(ReportData, Option<Plan>), CliError> {
    let recipe = path.join("recipe.json");
    if !recipe.is_file() {
        return Err(CatalogError::NoRun {
            folder: path.into(),
        }
        .into());
    }
    match Plan::read(&recipe) {
        Ok(plan) => Ok((ReportData::read(path, setup(&plan)?)?, Some(plan))),
        Err(error) => match program(path)? {
            Some(setup) => Ok((ReportData::read(path, setup)?, None)),
            None => Err(error.into()),
        },
    }
}

/// What a program trained that gave network and examples itself: such a run has a recipe and no plan of data.
fn program(path: &Path) -> Result<Option<Setup>, CliError> {
    let identity = RunFiles::at(path).identity()?;
    let own = identity.filter(|identity| identity.plan.get("data").is_none());
    Ok(own.map(|identity| Setup {
        about_data: format!("{}, given by a program", identity.provenance.data.name),
        data: identity.provenance.data.name,
        network: serde_json::from_value(identity.network).ok(),
        recipe: identity.recipe,
        file: identity.plan,
    }))
}

/// The data of the runs, loaded once for runs on the same: the test part does not depend on what share of the labels a
/// run learned from.
struct Source {
    locator: Locator,
    quiet: bool,
    latest: Option<(DataSpec, Option<String>, Loaded)>,
}

impl Source {
    fn load(
        &mut self,
        plan: &Plan,
        encoder: Option<&Arc<dyn Encoder>>,
    ) -> Result<&Loaded, CliError> {
        let data = &plan.data;
        // Runs on other shares of the labels have other words.
        let prepared = encoder.map(|encoder| encoder.to_text());
        let latest = match self.latest.take() {
            Some(latest) if latest.0 == *data && latest.1 == prepared => latest,
            _ => {
                let mut progress = progress::bar(self.quiet);
                let loaded = data.load(&self.locator, encoder, &mut progress)?;
                for warning in &loaded.warnings {
                    note(&format!("warning: {warning}"));
                }
                (data.clone(), prepared, loaded)
            }
        };
        Ok(&self.latest.insert(latest).2)
    }
}

/// Measures the kept network of the run at `path`; `None` if it keeps none yet.
fn examine(
    path: &Path,
    plan: &Plan,
    source: &mut Source,
    device: &Device,
) -> Result<Option<Findings>, CliError> {
    let model = path.join("model.safetensors");
    if !model.is_file() {
        return Ok(None);
    }
    let trained = Trained::find(path)?;
    let network = trained.file.load_dense(device)?;
    let loaded = source.load(plan, trained.encoder()?.as_ref())?;
    if trained.is_unchanged(&plan.data, loaded)? == Some(false) {
        return Err(CliError::Failed(format!(
            "{} has changed since the run was trained on it: put the data back as they were",
            plan.data.describe()
        )));
    }
    let test = loaded.split.test.as_ref();
    if network.config().inputs != test.width() || network.config().outputs < test.classes() {
        return Err(CliError::Failed(format!(
            "the model takes {} numbers and tells {} classes apart, the data has {} and {}",
            network.config().inputs,
            network.config().outputs,
            test.width(),
            test.classes()
        )));
    }
    let data = (&loaded.info, loaded.encoder.as_ref());
    look(&network, test, data, plan, device).map(Some)
}

fn look<N: Network>(
    network: &N,
    test: &dyn Examples,
    (info, encoder): (&DataInfo, Option<&Arc<dyn Encoder>>),
    plan: &Plan,
    device: &Device,
) -> Result<Findings, CliError> {
    let mut what = Measuring::test(&info.class_names);
    // A bag of words reads as its words, in the order of their frequency.
    let words = |_: usize, inputs: &[f32]| {
        let encoder = encoder.filter(|encoder| encoder.kind() == "vocabulary")?;
        let there = inputs.iter().enumerate().filter(|(_, x)| **x > 0.0);
        let there: Vec<String> = there.filter_map(|(k, _)| encoder.column_name(k)).collect();
        (!there.is_empty()).then(|| there.join(" "))
    };
    if encoder.is_some() {
        what.text = Some(&words);
    }
    Ok(measure(
        network,
        test,
        plan.recipe.objective,
        device,
        &what,
    )?)
}

/// Runs of the same name are told apart by the paths they were given by.
fn name_apart(runs: &mut [ReportData], paths: &[PathBuf]) {
    let names: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
    for (place, run) in runs.iter_mut().enumerate() {
        if names.iter().filter(|name| **name == names[place]).count() > 1 {
            run.name = paths[place].display().to_string();
        }
    }
}
