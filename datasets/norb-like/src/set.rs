//! The generated stereo pairs among the data sets that programs know by name.

use crate::{NAME, NorbLike, Part, info};
use rectifier_data::sets::GeneratedSet;
use rectifier_data::{DataError, Examples, Sizes, Split};
use std::sync::Arc;

/// Stereo pairs in the shape of NORB's, which they are not, for a table of data sets.
pub static SET: GeneratedSet = GeneratedSet {
    name: NAME,
    remark: "generated, not NORB",
    info,
    make: |seed, sizes| {
        let render = |part, len| -> Result<Arc<dyn Examples>, DataError> {
            Ok(Arc::new(NorbLike::split(seed, part, len).rendered()?))
        };
        Split::new(
            render(Part::Train, sizes.train)?,
            render(Part::Valid, sizes.valid)?,
            render(Part::Test, sizes.test)?,
        )
    },
    sizes: Sizes {
        train: 30_000,
        valid: 6_000,
        test: 12_000,
    },
    range: (-1.0, 1.0),
    embedded: false,
};
