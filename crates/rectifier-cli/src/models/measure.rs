//! A trained network on its data, as `models` measures it.

use crate::error::CliError;
use crate::output::note;
use crate::{device, progress};
use rectifier_catalog::{CatalogError, DataSpec, OnData, Trained};
use rectifier_data::{Availability, Batch, DataError, Examples, Locator, Options};
use rectifier_infer::{CALIBRATION, SparseNetwork};
use rectifier_sparse::rows_of;
use rectifier_train::{Evaluation, Objective};

/// So many test examples may fall on the other side when sums of floats are made in another order.
const TURNED: f64 = 2.0;
/// The same for ratings: an RMSE.
const CLOSE: f64 = 1e-4;

/// The data that `trained` was trained on.
///
/// # Errors
/// [`CliError`]; [`is_missing`] tells those of data that is not here.
pub fn data_of(trained: &Trained, locator: &Locator, quiet: bool) -> Result<OnData, CliError> {
    if let Some(plan) = trained.plan() {
        is_whole(&plan.data, locator)?;
    }
    let (_, device) = device::open(None)?;
    let opened = trained.on_data(
        None,
        &Options::new(),
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

/// Whether data is not on this machine, or not all of it.
pub fn is_missing(error: &CliError) -> bool {
    let of = |error: &DataError| matches!(error, DataError::Missing(_) | DataError::Partial { .. });
    match error {
        CliError::Data(error) | CliError::Catalog(CatalogError::Data(error)) => of(error),
        _ => false,
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
