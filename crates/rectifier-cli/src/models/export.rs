//! `models export`: a network in another form.

use super::chosen::{Chosen, Shelf, found, taken};
use super::measure::{data_of, in_int8};
use crate::args::{ExportArgs, ExportFormat};
use crate::destination::Destination;
use crate::device;
use crate::error::CliError;
use crate::output::{error_of, note, say};
use rectifier_catalog::{OnData, Trained};
use rectifier_exchange::{Network, onnx, pytorch};
use rectifier_infer::SparseNetwork;
use rectifier_nn::{Figures, ModelBytes, Precision};
use rectifier_train::Evaluation;
use rectifier_zoo::{Place, burnpack, in_f32, with_card};

/// Writes a network in another form; nothing is written unless all of it can be.
///
/// # Errors
/// [`CliError`].
pub fn export(args: &ExportArgs) -> Result<(), CliError> {
    let shelf = Shelf::open(&args.zoo, args.data.place.offline)?;
    let (trained, place) = match shelf.chosen(&args.model)?.as_slice() {
        [Chosen::Entry(entry)] => (taken(entry, &shelf.places)?, shelf.places.look(entry)?),
        [Chosen::File(path)] => (found(path)?, None),
        _ => {
            let text = format!("{}: name one network to export", args.model);
            return Err(CliError::Usage(text));
        }
    };
    let read = match &place {
        Some(Place::Folder(path) | Place::Cache(path)) => path,
        _ => &trained.path,
    };
    let out = Destination::new("--out", &args.out, [read])?;
    let wanted = args.precision.map(Precision::from);
    let bytes = match args.format {
        ExportFormat::Safetensors => {
            let wanted = wanted.unwrap_or(trained.card()?.precision);
            in_precision(&trained, wanted, args)?
        }
        ExportFormat::Burnpack => {
            full(wanted, "a burnpack")?;
            let (_, device) = device::open(None)?;
            burnpack(&trained.file.load_dense(&device)?, trained.card()?)?
        }
        ExportFormat::Pytorch => {
            full(wanted, "a state dict")?;
            pytorch::encode(&network(&trained)?)?
        }
        ExportFormat::Onnx => {
            full(wanted, "an ONNX file")?;
            onnx::encode(&network(&trained)?)?
        }
    };
    out.write(&bytes)?;
    say(&format!("{} ({} bytes)", args.out.display(), bytes.len()));
    Ok(())
}

/// That nothing but f32 was asked for.
fn full(wanted: Option<Precision>, what: &str) -> Result<(), CliError> {
    match wanted {
        Some(wanted @ (Precision::Bf16 | Precision::Int8)) => Err(CliError::Usage(format!(
            "--precision {wanted}: {what} is in f32"
        ))),
        Some(Precision::F32) | None => Ok(()),
    }
}

/// The network as other programs have it, in the numbers that its weights stand for.
fn network(trained: &Trained) -> Result<Network, CliError> {
    let whole = ModelBytes::from_bytes(in_f32(&trained.file)?, "the network in f32")?;
    Ok(Network::from_model(&whole)?)
}

/// The model file in this precision; one that is in it already stays as it is.
fn in_precision(
    trained: &Trained,
    wanted: Precision,
    args: &ExportArgs,
) -> Result<Vec<u8>, CliError> {
    let found = trained.card()?.precision;
    let bytes = match (found, wanted) {
        (Precision::F32, Precision::Bf16) => {
            let network = SparseNetwork::from_model(&trained.file)?;
            network.in_bf16().to_bytes()?
        }
        (Precision::F32, Precision::Int8) => {
            let opened = data_of(
                trained,
                args.data.data.as_deref(),
                &args.data.set.options,
                &args.data.locator(),
                false,
            )?;
            let floats = SparseNetwork::from_model(&trained.file)?;
            let integers = in_int8(floats.clone(), opened.loaded.split.train.as_ref())?;
            note(&difference(&floats, &integers, &opened)?);
            integers.to_bytes()?
        }
        (Precision::Bf16 | Precision::Int8, Precision::F32) => {
            note(&format!(
                "the numbers are those that the {found} of the file stands for"
            ));
            in_f32(&trained.file)?
        }
        (Precision::F32, Precision::F32)
        | (Precision::Bf16, Precision::Bf16)
        | (Precision::Int8, Precision::Int8) => return whole(trained),
        (Precision::Bf16, Precision::Int8) | (Precision::Int8, Precision::Bf16) => {
            let cure = match trained.plan() {
                Some(_) => format!(
                    "train it again with `rectifier models verify {} --retrain --run DIR`, and export the run that it names",
                    args.model
                ),
                None => "take the file that it was rounded from".into(),
            };
            return Err(CliError::Usage(format!(
                "--precision {wanted}: the network is kept in {found}, and {wanted} is made of f32: {cure}"
            )));
        }
    };
    // What was measured is told of the network as it was.
    let model = ModelBytes::from_bytes(bytes, "the new file")?;
    let mut card = model.card()?.clone();
    card.figures = Figures::default();
    Ok(with_card(&model, &card)?)
}

/// What rounding to integers changed, on the validation part.
fn difference(
    floats: &SparseNetwork,
    integers: &SparseNetwork,
    opened: &OnData,
) -> Result<String, CliError> {
    let measured = |network| {
        let examples = opened.loaded.split.valid.as_ref();
        rectifier_sparse::evaluate(network, examples, opened.objective)
    };
    let (before, after) = (measured(floats)?, measured(integers)?);
    let error = |of: &Evaluation| error_of(opened.objective, of.error().unwrap_or(f64::NAN));
    let ((name, after_error), (_, before_error)) = (error(&after), error(&before));
    let pairs = before.predictions.iter().zip(&after.predictions);
    let alike = pairs.filter(|(before, after)| before == after).count();
    Ok(format!(
        "validation {name} {after_error} in int8, {before_error} in f32; both answer alike for {alike} of {} examples",
        after.examples
    ))
}

/// The file as it is; of an earlier version with a card of this one.
fn whole(trained: &Trained) -> Result<Vec<u8>, CliError> {
    Ok(with_card(&trained.file, trained.card()?)?)
}
