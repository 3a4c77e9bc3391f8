//! `models verify`: files against the registry, loaded on every backend, measured again, trained again.

use super::checks::Checks;
use super::chosen::{Chosen, Shelf, found};
use super::measure::{data_of, is_gone, is_missing, is_same_error, is_whole, rounded};
use super::retrain::retrain;
use crate::args::VerifyArgs;
use crate::error::CliError;
use crate::output::error_of;
use crate::{device, progress};
use burn::tensor::{Device, Tensor, TensorData};
use rectifier_catalog::{CatalogError, Trained};
use rectifier_data::{DataError, Locator, Options, sha256_hex};
use rectifier_infer::SparseNetwork;
use rectifier_nn::{DenseStack, ModelBytes, ModelFile, Network, Precision};
use rectifier_sparse::evaluate;
use rectifier_zoo::{Arithmetic, Entry, LOGITS, Logits, ZooError, probe, weights_sha256};
use std::path::{Path, PathBuf};

/// Checks every network that is asked for, and says what came of each.
///
/// # Errors
/// [`CliError::Failed`] where a check failed; [`CliError`] for what could not be asked.
pub fn verify(args: &VerifyArgs) -> Result<(), CliError> {
    let shelf = Shelf::open(&args.zoo, args.place.offline)?;
    let mut chosen = Vec::new();
    for word in &args.asked {
        chosen.extend(shelf.chosen(word)?);
    }
    let mut wrong = Vec::new();
    for chosen in &chosen {
        let checks = match chosen {
            Chosen::Entry(entry) => of_entry(&shelf, entry, args)?,
            Chosen::File(path) => of_file(&shelf, path, args)?,
        };
        checks.tell(args.json);
        if !checks.all_passed() {
            wrong.push(match chosen {
                Chosen::Entry(entry) => entry.name.clone(),
                Chosen::File(path) => path.display().to_string(),
            });
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(CliError::Failed(format!(
            "not as it should be: {}",
            wrong.join(", ")
        ))),
    }
}

/// A network of the registry.
fn of_entry(shelf: &Shelf, entry: &Entry, args: &VerifyArgs) -> Result<Checks, CliError> {
    let mut checks = Checks::of(&entry.name);
    let quiet = args.quiet || args.json;
    let mut bar = progress::of(&entry.name, quiet);
    match shelf.places.file(entry, &entry.file, &mut bar) {
        Ok(located) => {
            checks.passed(
                "file",
                format!("{}, its SHA-256 that of the registry", located.place),
            );
            known(shelf, entry, located.bytes, &entry.name, args, &mut checks)?;
        }
        Err(error) => checks.failed("file", error.to_string()),
    }
    Ok(checks)
}

/// A file: one of the registry's, or any other.
fn of_file(shelf: &Shelf, path: &Path, args: &VerifyArgs) -> Result<Checks, CliError> {
    let file = match path.is_dir() {
        true => found(path)?.path,
        false => path.into(),
    };
    let origin = file.display().to_string();
    // Its sizes are looked at before room is made for it.
    let model = ModelFile::open(&file)?;
    let bytes = std::fs::read(&file).map_err(|source| CliError::io(&file, source))?;
    let sha256 = sha256_hex(&bytes);
    let mut checks = Checks::of(&origin);
    if let Some(entry) = shelf.zoo.by_checksum(&sha256) {
        checks.passed("file", format!("that of {}", entry.name));
        known(shelf, entry, bytes, &origin, args, &mut checks)?;
        return Ok(checks);
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if let Some(entry) = shelf.zoo.by_file(&name) {
        let expected = &entry.file.sha256;
        let text = format!(
            "not that of {}: expected SHA-256 {expected}, found {sha256}",
            entry.name
        );
        checks.failed("file", text);
        return Ok(checks);
    }
    checks.left_out("file", format!("none of the registry, SHA-256 {sha256}"));
    let logits = Logits::of(&origin, &sha256, &model)?;
    computed(&logits, &model, &mut checks);
    let figures = &model.card()?.figures;
    let card = figures.test_error.map(|error| (error, None));
    let trained = Trained {
        file: model.clone(),
        path: file,
        run: None,
    };
    measured(&trained, card, args, &mut checks)?;
    if args.retrain {
        again(
            &trained,
            model.card()?.precision,
            &weights_sha256(&model)?,
            args,
            &mut checks,
        )?;
    }
    Ok(checks)
}

/// The bytes of an entry's file, whose checksum is right.
fn known(
    shelf: &Shelf,
    entry: &Entry,
    bytes: Vec<u8>,
    origin: &str,
    args: &VerifyArgs,
    checks: &mut Checks,
) -> Result<(), CliError> {
    let model = match ModelFile::from_bytes(bytes, origin) {
        Ok(model) => model,
        Err(error) => {
            checks.failed("card", error.to_string());
            return Ok(());
        }
    };
    let card = model.card()?;
    let same = card.network == entry.network
        && card.precision == entry.precision
        && card.classes == entry.classes
        && card.plan == entry.plan;
    let text = match same {
        true => "the registry's network, precision, classes and plan",
        false => "network, precision, classes or plan are not the registry's",
    };
    checks.hold("card", same, text);
    match kept_logits(shelf, entry) {
        Ok(logits) => computed(&logits, &model, checks),
        Err(error) => checks.failed("logits", error.to_string()),
    }
    let error = (entry.figures.test_error, Some(entry.figures.test_examples));
    let trained = Trained {
        file: model,
        path: PathBuf::from(&entry.name),
        run: None,
    };
    measured(&trained, Some(error), args, checks)?;
    if args.retrain {
        // The registry tells of the weights as they were before they were rounded.
        let wanted = &entry.weights_sha256;
        again(&trained, Precision::F32, wanted, args, checks)?;
    }
    Ok(())
}

fn kept_logits(shelf: &Shelf, entry: &Entry) -> Result<Logits, ZooError> {
    let located = shelf.places.file(entry, &entry.logits, &mut |_, _| {})?;
    let origin = located.place.to_string();
    let logits = Logits::parse(&located.bytes, &origin)?;
    match logits.sha256 == entry.file.sha256 {
        true => Ok(logits),
        false => Err(ZooError::Logits {
            origin,
            reason: format!(
                "these are the logits of another file than {}",
                entry.file.path
            ),
        }),
    }
}

/// What every backend of this build makes of the fixed inputs.
fn computed(logits: &Logits, model: &ModelBytes<'_>, checks: &mut Checks) {
    let mut hold = |name: &str, found: Result<Vec<f32>, String>, arithmetic| match found {
        Ok(found) => {
            let (far, most) = (
                logits.distance(&found, arithmetic),
                logits.tolerance(arithmetic),
            );
            let text = format!("{LOGITS} rows of logits, {far:.1e} apart (at most {most:.0e})");
            checks.hold(name, far <= most, text);
        }
        Err(reason) => checks.failed(name, reason),
    };
    let own = SparseNetwork::from_model(model)
        .and_then(|network| network.logits(&probe(network.card())))
        .map_err(|error| error.to_string());
    hold("infer", own, Arithmetic::Own);
    let mut unusable = Vec::new();
    for name in device::compiled() {
        match device::open(Some(name)) {
            Ok((_, device)) => hold(name, on_burn(model, &device), Arithmetic::Floats),
            Err(error) => unusable.push((name, error)),
        }
    }
    for (name, error) in unusable {
        checks.left_out(name, error.to_string());
    }
}

fn on_burn(model: &ModelBytes<'_>, device: &Device) -> Result<Vec<f32>, String> {
    let network = DenseStack::from_model(model, device).map_err(|error| error.to_string())?;
    let card = model.card().map_err(|error| error.to_string())?;
    let inputs = TensorData::new(probe(card), [LOGITS, card.network.inputs]);
    let logits = network.forward(Tensor::from_data(inputs, device)).logits;
    Ok(logits.into_data().iter::<f32>().collect())
}

/// The error on the test part, where the data is, against the one that was told: of how many examples, where that is known.
fn measured(
    trained: &Trained,
    told: Option<(f64, Option<usize>)>,
    args: &VerifyArgs,
    checks: &mut Checks,
) -> Result<(), CliError> {
    if args.files_only {
        return Ok(());
    }
    if trained.plan().is_none() {
        let file = trained.path.display();
        let text = format!(
            "the file does not say what it was trained on: `rectifier eval {file} --data SET` measures it"
        );
        checks.left_out("error", text);
        return Ok(());
    }
    let quiet = args.quiet || args.json;
    // Data is used where it is; it is fetched for training alone.
    let locator = Locator {
        offline: true,
        ..args.place.locator()
    };
    let opened = match data_of(trained, None, &Options::new(), &locator, quiet) {
        Ok(opened) => opened,
        Err(error) if is_missing(&error) => {
            let set = &trained.card()?.data.name;
            let why = match error {
                CliError::Data(error @ DataError::Partial { .. })
                | CliError::Catalog(CatalogError::Data(error @ DataError::Io { .. })) => {
                    error.to_string()
                }
                _ => format!("the data is not here: rectifier data fetch {set}"),
            };
            checks.left_out("error", why);
            return Ok(());
        }
        Err(error) => {
            checks.failed("error", error.to_string());
            return Ok(());
        }
    };
    let network = SparseNetwork::from_model(&trained.file)?;
    let test = opened.loaded.split.test.as_ref();
    let found = evaluate(&network, test, opened.objective)?;
    let error = found.error().unwrap_or(f64::NAN);
    let (name, text) = error_of(opened.objective, error);
    let Some((wanted, examples)) = told else {
        let text = format!(
            "{name} {text} on {} test examples; its card tells none",
            found.examples
        );
        checks.left_out("error", text);
        return Ok(());
    };
    let right = is_same_error(&found, wanted, opened.objective)
        && examples.is_none_or(|examples| examples == found.examples);
    let (_, wanted) = error_of(opened.objective, wanted);
    let text = format!(
        "{name} {text} on {} test examples; the card tells {wanted}",
        found.examples
    );
    checks.hold("error", right, text);
    Ok(())
}

/// The weights of another training by the same plan, rounded to `precision`.
fn again(
    trained: &Trained,
    precision: Precision,
    wanted: &str,
    args: &VerifyArgs,
    checks: &mut Checks,
) -> Result<(), CliError> {
    let Some(plan) = trained.plan() else {
        let text = "the file does not say what it was trained on, nor how";
        checks.left_out("training", text);
        return Ok(());
    };
    let locator = args.place.locator();
    if let Err(error) = is_whole(&plan.data, &locator) {
        checks.left_out("training", error.to_string());
        return Ok(());
    }
    let outcome = match retrain(trained, plan, args) {
        // Files of one's own are fetched from nowhere.
        Err(CliError::Catalog(CatalogError::Data(error @ DataError::Io { .. })))
            if is_gone(&error) =>
        {
            checks.left_out("training", error.to_string());
            return Ok(());
        }
        outcome => outcome?,
    };
    let found = match precision {
        Precision::F32 => weights_sha256(&outcome.model)?,
        Precision::Bf16 | Precision::Int8 => {
            let mut network = SparseNetwork::from_model(&outcome.model)?;
            // A threshold is set after training, and before integers are made.
            let threshold = trained.card()?.network.threshold;
            if threshold > 0.0 {
                network = network.with_threshold(threshold)?;
            }
            let quiet = args.quiet || args.json;
            let opened = || data_of(trained, None, &Options::new(), &locator, quiet);
            let bytes = rounded(network, precision, opened)?.to_bytes()?;
            weights_sha256(&ModelBytes::from_bytes(&bytes, "the new file")?)?
        }
    };
    let minutes = outcome.seconds / 60.0;
    let made = &trained.card()?.provenance;
    let of = |value: &Option<String>| value.clone().unwrap_or_else(|| "an unknown machine".into());
    let scales = match precision {
        Precision::Int8 => "; its scales may have been chosen by other data than it was trained on",
        Precision::F32 | Precision::Bf16 => "",
    };
    let text = match found == wanted {
        true if precision == Precision::F32 => {
            format!("the same weights to the bit, in {minutes:.1} minutes")
        }
        true => format!(
            "the same weights to the bit, rounded to {precision} alike, in {minutes:.1} minutes"
        ),
        false => format!(
            "other weights: expected SHA-256 {wanted}, found {found}; the first were made on {} ({}){scales}",
            of(&made.processor),
            of(&made.instruction_set)
        ),
    };
    checks.hold("training", found == wanted, text);
    Ok(())
}
