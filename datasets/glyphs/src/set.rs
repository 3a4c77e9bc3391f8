//! The generated characters among the data sets that programs know by name.

use crate::{CLASS_NAMES, Glyphs, Part, SIDE};
use rectifier_data::sets::GeneratedSet;
use rectifier_data::{DataError, DataInfo, Examples, Sizes, Split};
use std::sync::Arc;

/// The name of the set.
pub const NAME: &str = "glyphs";

/// The embedded set: generated characters, for a table of data sets.
pub static SET: GeneratedSet = GeneratedSet {
    name: NAME,
    remark: "generated",
    info,
    make: |seed, sizes| {
        let render = |part, len| -> Result<Arc<dyn Examples>, DataError> {
            Ok(Arc::new(Glyphs::split(seed, part, len).rendered()?))
        };
        Split::new(
            render(Part::Train, sizes.train)?,
            render(Part::Valid, sizes.valid)?,
            render(Part::Test, sizes.test)?,
        )
    },
    sizes: Sizes {
        train: 31_000,
        valid: 6_200,
        test: 12_400,
    },
    range: (0.0, 1.0),
    embedded: true,
};

/// What the set is, at these sizes.
pub fn info(sizes: Sizes) -> DataInfo {
    DataInfo {
        name: NAME.into(),
        title: "generated characters, drawn from stroke descriptions".into(),
        classes: CLASS_NAMES.len(),
        class_names: CLASS_NAMES.iter().map(char::to_string).collect(),
        shape: vec![SIDE, SIDE],
        sizes,
        licence: "MIT or Apache-2.0, as this project".into(),
        citation: "this project".into(),
        source: "generated, nothing to fetch".into(),
    }
}
