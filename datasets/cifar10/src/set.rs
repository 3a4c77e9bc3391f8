//! CIFAR-10 among the data sets that programs know by name.

use crate::{Cifar10, NAME, find, info};
use rectifier_data::sets::FixedSet;

/// CIFAR-10, for a table of data sets.
pub static SET: FixedSet = FixedSet {
    name: NAME,
    info,
    find,
    load: |locator, progress| {
        let cifar10 = Cifar10::load(locator, progress)?;
        Ok((cifar10.split(), cifar10.warnings().to_vec()))
    },
    range: (0.0, 1.0),
    fetched: true,
};
