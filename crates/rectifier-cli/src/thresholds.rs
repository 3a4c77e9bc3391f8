//! `rectifier thresholds`.

use crate::args::ThresholdArgs;
use crate::destination::{Destination, files_of};
use crate::device;
use crate::error::CliError;
use crate::eval::{check_threshold, on_data};
use crate::models::trained;
use crate::output::{error_of, note, percents, say};
use rectifier_bench::{ThresholdFile, ThresholdRecord, ThresholdStudy};
use rectifier_catalog::Trained;
use rectifier_nn::{Figures, ModelFile, Precision};
use std::path::{Path, PathBuf};

/// Tries thresholds on the validation part and measures the choice on the test part.
///
/// # Errors
/// [`CliError`].
pub fn thresholds(args: &ThresholdArgs) -> Result<(), CliError> {
    let quiet = args.quiet || args.json;
    let trained = trained(&args.model, args.data.locator().offline)?;
    for threshold in &args.thresholds {
        check_threshold(&trained, *threshold)?;
    }
    let read = files_read(&trained, args)?;
    if let Some(folder) = args.out.as_deref().and_then(Path::parent) {
        std::fs::create_dir_all(folder).map_err(|source| CliError::io(folder, source))?;
    }
    let out = Destination::of("--out", args.out.as_deref(), &read)?;
    let save = Destination::of("--save", args.save.as_deref(), &read)?;
    if args.out.is_some() && args.out == args.save {
        return Err(CliError::Usage(
            "--out and --save name one file: the record and the network need one each".into(),
        ));
    }
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
    let threshold = record.rows[record.chosen].threshold;
    let study = ThresholdFile {
        data: opened.data.name().into(),
        hidden: opened.network.config().hidden,
        record,
    };
    // Said first: what cannot be written does not cost the measurement.
    let failed = |error: serde_json::Error| CliError::Failed(error.to_string());
    match args.json {
        true => say(&serde_json::to_string(&study).map_err(failed)?),
        false => say(&table(&study.record)),
    }
    if let Some(save) = save {
        let network = opened.network.clone().with_threshold(threshold)?;
        let mut card = trained.card()?.clone();
        card.network = network.config();
        card.precision = Precision::F32;
        // They tell of the network as it was trained.
        card.figures = Figures::default();
        save.write(&ModelFile::encode_with_card(&network, &card)?)?;
    }
    if let Some(out) = out {
        let text = serde_json::to_string_pretty(&study).map_err(failed)?;
        out.write(format!("{text}\n").as_bytes())?;
    }
    Ok(())
}

/// The model, and the files of the data that it is looked at on.
fn files_read(trained: &Trained, args: &ThresholdArgs) -> Result<Vec<PathBuf>, CliError> {
    let data = match trained.plan() {
        Some(plan) => Some(args.data.choice_for(&plan.data)?),
        None => args.data.choice()?,
    };
    let mut read = vec![trained.path.clone()];
    read.extend(data.iter().flat_map(files_of));
    Ok(read)
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
