//! `rectifier eval`, and finding a model by run or file.

use crate::args::{DataArgs, EvalArgs};
use crate::data::{DataChoice, Loaded};
use crate::error::CliError;
use crate::output::{note, percent, say};
use crate::plan::Plan;
use crate::train::result_json;
use crate::{device, progress};
use burn::tensor::Device;
use rectifier_nn::{DenseStack, ModelFile};
use rectifier_reviews::Vocabulary;
use rectifier_train::{Evaluation, Objective, Summary, evaluate};
use std::path::{Path, PathBuf};

/// A model file, and the run it lies in if there is one.
pub struct Located {
    /// The file.
    pub file: ModelFile,
    /// Where it is.
    pub path: PathBuf,
    /// Its run folder.
    pub run: Option<PathBuf>,
}

impl Located {
    /// The model of a run folder or a model file.
    ///
    /// # Errors
    /// [`CliError`] for what is neither.
    pub fn find(path: &Path) -> Result<Self, CliError> {
        let (file, run) = match path.is_dir() {
            true => (path.join("model.safetensors"), Some(path.to_path_buf())),
            false => {
                let folder = path.parent().map(Path::to_path_buf);
                (
                    path.to_path_buf(),
                    folder.filter(|folder| folder.join("recipe.json").is_file()),
                )
            }
        };
        if run.is_some() && !file.is_file() {
            return Err(CliError::Failed(format!(
                "{}: this run has no model yet: train it on with `rectifier train --resume {}`",
                path.display(),
                path.display()
            )));
        }
        Ok(Self {
            file: ModelFile::open(&file)?,
            path: file,
            run,
        })
    }

    /// The plan it was trained by.
    pub fn plan(&self) -> Option<Plan> {
        Plan::parse(self.file.metadata("recipe")?).ok()
    }

    /// The words behind its inputs, where it was trained on text.
    ///
    /// # Errors
    /// [`CliError::Failed`] for a damaged vocabulary.
    pub fn vocabulary(&self) -> Result<Option<Vocabulary>, CliError> {
        let Some(text) = self.file.metadata("vocabulary") else {
            return Ok(None);
        };
        let vocabulary = Vocabulary::from_text(text)
            .map_err(|problem| CliError::Failed(format!("{}: {problem}", self.path.display())))?;
        let inputs = self.file.dense_config()?.inputs;
        if vocabulary.width() != inputs {
            return Err(CliError::Failed(format!(
                "{}: its vocabulary has {} columns, its network {inputs} inputs: one of them is another model's",
                self.path.display(),
                vocabulary.width()
            )));
        }
        Ok(Some(vocabulary))
    }
}

/// A model with the data that it is looked at on.
pub struct Opened {
    /// The network.
    pub network: DenseStack,
    /// The data.
    pub loaded: Loaded,
    /// What it was trained for.
    pub objective: Objective,
    /// The data's name.
    pub data: String,
}

impl Located {
    /// The network on `device`, and its data: what `data` asks for, else what it was trained on.
    ///
    /// # Errors
    /// [`CliError`]; also where network and data do not fit together.
    pub fn open(
        &self,
        data: &DataArgs,
        threshold: Option<f64>,
        device: &Device,
        quiet: bool,
    ) -> Result<Opened, CliError> {
        let plan = self.plan();
        let choice: DataChoice = match (data.choice()?, &plan) {
            (Some(choice), _) => choice,
            (None, Some(plan)) => plan.data.clone(),
            (None, None) => {
                return Err(CliError::Usage(
                    "the model does not say what it was trained on: give --data".into(),
                ));
            }
        };
        let objective = plan
            .as_ref()
            .map_or(Objective::Classification, |plan| plan.recipe.objective);
        let mut network = self.file.load_dense(device)?;
        if let Some(threshold) = threshold {
            network = network.with_threshold(threshold)?;
        }
        let (vocabulary, locator) = (self.vocabulary()?, data.locator());
        let loaded = choice.load_for(vocabulary, &locator, &mut progress::bar(quiet))?;
        for warning in &loaded.warnings {
            note(&format!("warning: {warning}"));
        }
        let (config, width) = (network.config(), loaded.split.test.width());
        if config.inputs != width || config.outputs < loaded.split.test.classes() {
            return Err(CliError::Usage(format!(
                "the model takes {} numbers and tells {} classes apart; {} has {width} and {}",
                config.inputs,
                config.outputs,
                choice.name(),
                loaded.split.test.classes()
            )));
        }
        Ok(Opened {
            network,
            loaded,
            objective,
            data: choice.name().into(),
        })
    }
}

/// Evaluates a model on the test and validation parts.
///
/// # Errors
/// [`CliError`].
pub fn eval(args: &EvalArgs) -> Result<(), CliError> {
    let quiet = args.quiet || args.json;
    let located = Located::find(&args.model)?;
    let (name, device) = device::open(args.device.as_deref())?;
    let Opened {
        network,
        loaded,
        objective,
        ..
    } = located.open(&args.data, args.threshold, &device, quiet)?;
    let start = std::time::Instant::now();
    let test = evaluate(&network, loaded.split.test.as_ref(), objective, &device)?;
    let valid = evaluate(&network, loaded.split.valid.as_ref(), objective, &device)?;
    let seconds = start.elapsed().as_secs_f64();
    if args.json {
        let mut result = Summary::of_evaluation(&test, valid.error().unwrap_or(f64::NAN));
        let earlier = located
            .file
            .metadata("summary")
            .and_then(|text| serde_json::from_str::<Summary>(text).ok());
        result.epochs = earlier.map_or(0, |summary| summary.epochs);
        result.seconds = seconds;
        result.device = name;
        result.engine = "burn".into();
        say(&result_json(&result, located.run.as_deref(), &located.path).to_string());
    } else {
        say(&table("test", &test));
        say(&table("valid", &valid));
        if !quiet {
            note(&format!(
                "{} examples in {seconds:.2}s on {name}",
                test.examples + valid.examples
            ));
        }
    }
    Ok(())
}

fn table(part: &str, evaluation: &Evaluation) -> String {
    let error = evaluation.error().unwrap_or(f64::NAN);
    let interval = match evaluation.interval() {
        Some((low, high)) => format!(" (95% interval {} to {})", percent(low), percent(high)),
        None => String::new(),
    };
    let zeros: Vec<String> = evaluation.zeros().into_iter().map(percent).collect();
    let zeros = if zeros.is_empty() {
        String::new()
    } else {
        format!("  zeros {}", zeros.join(" "))
    };
    format!(
        "{part:<5} {}{interval}  loss {:.4}{zeros}",
        match evaluation.rmse {
            Some(rmse) => format!("RMSE {rmse:.4}"),
            None => format!("error {}", percent(error)),
        },
        evaluation.loss
    )
}
