//! `rectifier eval`.

use crate::args::{DataArgs, EvalArgs};
use crate::error::CliError;
use crate::models::trained;
use crate::output::{note, one_answer, percent, result_json, say};
use crate::predictor::integers;
use crate::{device, progress};
use burn::tensor::Device;
use rectifier_catalog::{OnData, Trained};
use rectifier_data::Examples;
use rectifier_nn::Precision;
use rectifier_train::{Evaluation, Summary, evaluate};

/// A trained network on its data, or on what `data` asks for; says what there is to know of the data.
///
/// # Errors
/// [`CliError`]; also where network and data do not fit together.
pub fn on_data(
    trained: &Trained,
    data: &DataArgs,
    threshold: Option<f64>,
    device: &Device,
    quiet: bool,
) -> Result<OnData, CliError> {
    let data_locator = data.locator();
    let opened = trained.on_data(
        data.data.as_deref(),
        &data.set.options,
        threshold,
        (&data_locator, device),
        &mut progress::bar(quiet),
    )?;
    for warning in &opened.loaded.warnings {
        note(&format!("warning: {warning}"));
    }
    let OnData { data, loaded, .. } = &opened;
    if trained.is_unchanged(data, loaded)? == Some(false) {
        note(&format!(
            "warning: {} has changed since the network was trained on it: its test part may hold what it learned from",
            data.describe()
        ));
    }
    let seen = trained.seen_in_training(data, loaded, &data_locator)?;
    if seen > 0 {
        note(&format!(
            "warning: {seen} of {} test examples stand in the part that the network was trained on: its error on them is no \
             test error",
            loaded.split.test.len()
        ));
    }
    Ok(opened)
}

/// That activations of the network can be cut off at `threshold`.
///
/// # Errors
/// [`CliError::Network`] for other units than rectifiers; [`CliError::Usage`] where there is no hidden layer.
pub fn check_threshold(trained: &Trained, threshold: f64) -> Result<(), CliError> {
    let network = trained.card()?.network.clone().with_threshold(threshold);
    if network.hidden.is_empty() && threshold != 0.0 {
        return Err(CliError::Usage(format!(
            "{}: there is no hidden layer whose activations a threshold could cut off",
            trained.path.display()
        )));
    }
    Ok(network.validate()?)
}

/// Evaluates a model on the test and validation parts.
///
/// # Errors
/// [`CliError`].
pub fn eval(args: &EvalArgs) -> Result<(), CliError> {
    let quiet = args.quiet || args.json;
    let trained = trained(&args.model, args.data.locator().offline)?;
    if let Some(threshold) = args.threshold {
        check_threshold(&trained, threshold)?;
    }
    let (name, device) = device::open(args.device.as_deref())?;
    let OnData {
        network,
        data,
        loaded,
        objective,
    } = on_data(&trained, &args.data, args.threshold, &device, quiet)?;
    let integers = integers(&trained, args.device.as_deref(), args.threshold)?;
    let (name, engine) = match integers {
        Some(_) => ("cpu".into(), "sparse"),
        None => (name, "burn"),
    };
    let card = trained.card()?;
    if card.precision == Precision::Int8 && args.device.is_some() && !quiet {
        note(
            "the floats that the file's integers stand for; without --device the integers themselves are measured",
        );
    }
    let start = std::time::Instant::now();
    let measured = |examples: &dyn Examples| -> Result<Evaluation, CliError> {
        Ok(match &integers {
            Some(integers) => rectifier_sparse::evaluate(integers, examples, objective)?,
            None => evaluate(&network, examples, objective, &device)?,
        })
    };
    let test = measured(loaded.split.test.as_ref())?;
    let valid = measured(loaded.split.valid.as_ref())?;
    let seconds = start.elapsed().as_secs_f64();
    if let Some(text) = one_answer(&test, &card.classes) {
        note(&format!("warning: {text}"));
    }
    if args.json {
        let mut result = Summary::of_evaluation(&test, valid.error().unwrap_or(f64::NAN));
        result.epochs = card.figures.epochs.unwrap_or(0);
        result.seconds = seconds;
        result.device = name;
        result.engine = engine.into();
        let mut value = result_json(&result, trained.run.as_deref(), &trained.path);
        value["data"] = data.to_plan();
        say(&value.to_string());
    } else {
        say(&format!("data  {}", data.describe()));
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
