//! `rectifier thresholds`.

use crate::args::ThresholdArgs;
use crate::device;
use crate::error::CliError;
use crate::eval::on_data;
use crate::output::{error_of, note, percents, say, write_file};
use rectifier_bench::{ThresholdFile, ThresholdRecord, ThresholdStudy};
use rectifier_catalog::Trained;
use rectifier_nn::{Figures, ModelFile, Precision, write_atomically};

/// Tries thresholds on the validation part and measures the choice on the test part.
///
/// # Errors
/// [`CliError`].
pub fn thresholds(args: &ThresholdArgs) -> Result<(), CliError> {
    let wrong = |threshold: &&f64| !(threshold.is_finite() && **threshold >= 0.0);
    if let Some(threshold) = args.thresholds.iter().find(wrong) {
        return Err(CliError::Usage(format!(
            "--thresholds {threshold}: a threshold is a number of at least 0"
        )));
    }
    if !(args.tolerance >= 0.0 && args.seconds > 0.0 && args.seconds.is_finite())
        || args.rounds == 0
        || args.threads == Some(0)
    {
        return Err(CliError::Usage(
            "seconds, rounds and threads must be above 0, the tolerance at least 0".into(),
        ));
    }
    let quiet = args.quiet || args.json;
    let trained = Trained::find(&args.model)?;
    let (_, device) = device::open(None)?;
    let opened = on_data(&trained, &args.data, None, &device, quiet)?;
    let study = ThresholdStudy {
        thresholds: args.thresholds.clone(),
        tolerance: args.tolerance,
        threads: args.threads,
        rounds: args.rounds,
        seconds: args.seconds,
    };
    let record = study.run(
        &opened.network,
        opened.objective,
        opened.loaded.split.valid.as_ref(),
        opened.loaded.split.test.as_ref(),
        &mut |line| {
            if !quiet {
                note(line);
            }
        },
    )?;
    let chosen = &record.rows[record.chosen];
    if let Some(path) = &args.save {
        let network = opened.network.clone().with_threshold(chosen.threshold)?;
        let mut card = trained.card()?.clone();
        card.network = network.config();
        card.precision = Precision::F32;
        // They tell of the network as it was trained.
        card.figures = Figures::default();
        write_atomically(path, &ModelFile::encode_with_card(&network, &card)?)?;
    }
    let study = ThresholdFile {
        data: opened.data.name().into(),
        hidden: opened.network.config().hidden,
        record,
    };
    let failed = |error: serde_json::Error| CliError::Failed(error.to_string());
    if let Some(path) = &args.out {
        let text = serde_json::to_string_pretty(&study).map_err(failed)?;
        write_file(path, format!("{text}\n").as_bytes())?;
    }
    match args.json {
        true => say(&serde_json::to_string(&study).map_err(failed)?),
        false => say(&table(&study.record)),
    }
    Ok(())
}

fn table(record: &ThresholdRecord) -> String {
    let (name, plain) = error_of(record.objective, record.test_error_plain);
    let mut text =
        format!("threshold  weights  zeros a layer      valid {name}  one example  examples/s\n");
    for (at, row) in record.rows.iter().enumerate() {
        let (_, error) = error_of(record.objective, row.valid_error);
        text.push_str(&format!(
            "{:<9}  {:<7}  {:<17}  {error:<11}  {:>8.1} us  {:>10.0}{}\n",
            row.threshold,
            row.weights,
            percents(&row.zeros),
            row.us_single,
            row.examples_per_s,
            if at == record.chosen { "  <" } else { "" }
        ));
    }
    let (_, chosen) = error_of(record.objective, record.test_error_chosen);
    let row = &record.rows[record.chosen];
    text.push_str(&format!(
        "test {name} {chosen} at threshold {} with {} weights; {plain} as trained ({} threads, {})",
        row.threshold, row.weights, record.threads, record.environment.level
    ));
    text
}
