//! Generated stereo pairs in the shape of NORB's, which they are not.

use super::{Loaded, sizes_of};
use crate::error::CliError;
use rectifier_data::{Examples, Sizes, Split};
use rectifier_norb_like::{NorbLike, Part, info};
use std::sync::Arc;

/// Makes `sizes` pairs below `seed`.
///
/// # Errors
/// [`CliError::Data`].
pub fn load(seed: u64, sizes: Sizes) -> Result<Loaded, CliError> {
    let render = |part, len| -> Result<Arc<dyn Examples>, CliError> {
        Ok(Arc::new(NorbLike::split(seed, part, len).rendered()?))
    };
    let split = Split::new(
        render(Part::Train, sizes.train)?,
        render(Part::Valid, sizes.valid)?,
        render(Part::Test, sizes.test)?,
    )?;
    Ok(Loaded {
        info: info(sizes_of(&split)),
        split,
        warnings: Vec::new(),
        vocabulary: None,
    })
}
