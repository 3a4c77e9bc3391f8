//! The embedded set: generated characters.

use super::{Loaded, sizes_of};
use crate::error::CliError;
use crate::memory::room_for;
use rectifier_data::{DataInfo, Examples, Sizes, Split};
use rectifier_glyphs::{CLASS_NAMES, Glyphs, Part};
use std::sync::Arc;

/// Makes `sizes` examples below `seed`.
///
/// # Errors
/// [`CliError::Data`].
pub fn load(seed: u64, sizes: Sizes) -> Result<Loaded, CliError> {
    let examples = [sizes.train, sizes.valid, sizes.test];
    let bytes = examples.iter().map(|len| *len as u128).sum::<u128>() * 1024;
    room_for(bytes, "so many characters", "give fewer with --examples")?;
    let render = |part, len| -> Result<Arc<dyn Examples>, CliError> {
        Ok(Arc::new(Glyphs::split(seed, part, len).rendered()?))
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

/// What the set is, at these sizes.
pub fn info(sizes: Sizes) -> DataInfo {
    DataInfo {
        name: "glyphs".into(),
        title: "generated characters, drawn from stroke descriptions".into(),
        classes: CLASS_NAMES.len(),
        class_names: CLASS_NAMES.iter().map(char::to_string).collect(),
        shape: vec![32, 32],
        sizes,
        licence: "MIT or Apache-2.0, as this project".into(),
        citation: "this project".into(),
        source: "generated, nothing to fetch".into(),
    }
}
