//! Stereo pairs of toys.

use super::{Loaded, Progress};
use crate::error::CliError;
use rectifier_data::Locator;
use rectifier_norb::{Norb, Variant};

/// Finds the files of a variant, fetches those that can be, and reads them.
///
/// # Errors
/// [`CliError::Data`].
pub fn load(
    variant: Variant,
    locator: &Locator,
    progress: &mut Progress<'_>,
) -> Result<Loaded, CliError> {
    let norb = Norb::load(variant, locator, progress)?;
    Ok(Loaded {
        split: norb.split(),
        info: variant.info(),
        warnings: norb.warnings().to_vec(),
        vocabulary: None,
    })
}
