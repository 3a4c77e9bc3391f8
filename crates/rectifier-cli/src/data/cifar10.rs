//! Photographs of ten kinds of things.

use super::{Loaded, Progress};
use crate::error::CliError;
use rectifier_cifar10::{Cifar10, info};
use rectifier_data::Locator;

/// Finds or fetches the set, and reads it.
///
/// # Errors
/// [`CliError::Data`].
pub fn load(locator: &Locator, progress: &mut Progress<'_>) -> Result<Loaded, CliError> {
    let cifar10 = Cifar10::load(locator, progress)?;
    Ok(Loaded {
        split: cifar10.split(),
        info: info(),
        warnings: cifar10.warnings().to_vec(),
        vocabulary: None,
    })
}
