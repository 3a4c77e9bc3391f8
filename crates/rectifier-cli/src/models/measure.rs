//! A trained network on its data, as `models` measures it.

use crate::error::CliError;
use crate::output::note;
use crate::{device, progress};
use rectifier_catalog::{CatalogError, DataSpec, OnData, Trained};
use rectifier_data::{Availability, Batch, DataError, Examples, Locator, Options};
use rectifier_infer::{CALIBRATION, SparseNetwork};
use rectifier_nn::Precision;
use rectifier_sparse::rows_of;
use rectifier_train::{Evaluation, Objective};
use std::io::ErrorKind;

/// So many test examples may fall on the other side when sums of floats are made in another order.
const TURNED: f64 = 2.0;
/// The same for ratings: an RMSE.
const CLOSE: f64 = 1e-4;

/// The data that `trained` was trained on, or what is asked for instead.
///
/// # Errors
/// [`CliError`]; [`is_missing`] tells those of data that is not here.
pub fn data_of(
    trained: &Trained,
    data: Option<&str>,
    options: &Options,
    locator: &Locator,
    quiet: bool,
) -> Result<OnData, CliError> {
    if data.is_none()
        && let Some(plan) = trained.plan()
    {
        is_whole(&plan.data, locator)?;
    }
    let (_, device) = device::open(None)?;
    let opened = trained.on_data(
        data,
        options,
        None,
        (locator, &device),
        &mut progress::bar(quiet),
    )?;
    for warning in &opened.loaded.warnings {
        note(&format!("warning: {warning}"));
    }
    if trained.is_unchanged(&opened.data, &opened.loaded)? == Some(false) {
        return Err(CliError::Failed(format!(
            "{}: {} is not the data that it was trained on: its error there is another one",
            trained.path.display(),
            opened.data.describe()
        )));
    }
    Ok(opened)
}

/// Whether what was measured is the error that was told before, as far as sums of floats in another order tell.
pub fn is_same_error(found: &Evaluation, told: f64, objective: Objective) -> bool {
    let room = match objective {
        Objective::Classification => TURNED / found.examples.max(1) as f64,
        Objective::ExpectedRating => CLOSE,
    };
    let error = found.error().unwrap_or(f64::NAN);
    (error - told).abs() <= room + 1e-12
}

/// That the examples of `data` are not other ones here than elsewhere.
///
/// # Errors
/// [`DataError::Partial`]; [`CliError`] of looking for it.
pub fn is_whole(data: &DataSpec, locator: &Locator) -> Result<(), CliError> {
    match data.find(locator)? {
        Availability::Partial { lacks } => Err(DataError::Partial {
            set: data.name().into(),
            lacks,
        }
        .into()),
        _ => Ok(()),
    }
}

/// Whether a file of one's own is not there.
pub fn is_gone(error: &DataError) -> bool {
    matches!(error, DataError::Io { source, .. } if source.kind() == ErrorKind::NotFound)
}

/// Whether data is not on this machine, or not all of it.
pub fn is_missing(error: &CliError) -> bool {
    let of = |error: &DataError| match error {
        DataError::Missing(_) | DataError::Partial { .. } => true,
        error => is_gone(error),
    };
    match error {
        CliError::Data(error) | CliError::Catalog(CatalogError::Data(error)) => of(error),
        _ => false,
    }
}

/// The floats of `network` in `precision`, as every file of ours is rounded: int8 by the training part of `opened`.
///
/// # Errors
/// [`CliError`].
pub fn rounded(
    network: SparseNetwork,
    precision: Precision,
    opened: impl FnOnce() -> Result<OnData, CliError>,
) -> Result<SparseNetwork, CliError> {
    match precision {
        Precision::F32 => Ok(network),
        Precision::Bf16 => Ok(network.in_bf16()),
        Precision::Int8 => in_int8(network, opened()?.loaded.split.train.as_ref()),
    }
}

/// `network` in integers, its scales chosen by examples that lie evenly in `train`.
///
/// # Errors
/// [`CliError`].
pub fn in_int8(network: SparseNetwork, train: &dyn Examples) -> Result<SparseNetwork, CliError> {
    let count = train.len().min(CALIBRATION);
    let indices: Vec<usize> = (0..count).map(|k| k * train.len() / count).collect();
    let mut batch = Batch::default();
    train.gather(&indices, &mut batch)?;
    Ok(network.in_int8(rows_of(&batch))?)
}
