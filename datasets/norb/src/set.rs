//! The two sets named NORB among the data sets that programs know by name.

use crate::{Norb, Variant};
use rectifier_data::sets::{FixedSet, Parts};
use rectifier_data::{DataError, Locator, Progress};

/// NORB, jittered-cluttered, for a table of data sets.
pub static SET: FixedSet = FixedSet {
    name: Variant::JitteredCluttered.name(),
    info: || Variant::JitteredCluttered.info(),
    find: |locator| Variant::JitteredCluttered.find(locator),
    load: |locator, progress| load(Variant::JitteredCluttered, locator, progress),
    range: (-1.0, 1.0),
    fetched: false,
};

/// Small NORB, for a table of data sets.
pub static SMALL_SET: FixedSet = FixedSet {
    name: Variant::Small.name(),
    info: || Variant::Small.info(),
    find: |locator| Variant::Small.find(locator),
    load: |locator, progress| load(Variant::Small, locator, progress),
    range: (-1.0, 1.0),
    fetched: true,
};

fn load(
    variant: Variant,
    locator: &Locator,
    progress: &mut Progress<'_>,
) -> Result<Parts, DataError> {
    let norb = Norb::load(variant, locator, progress)?;
    Ok((norb.split(), norb.warnings().to_vec()))
}
