//! MNIST among the data sets that programs know by name.

use crate::{Mnist, NAME, find, info};
use rectifier_data::sets::FixedSet;

/// MNIST, for a table of data sets.
pub static SET: FixedSet = FixedSet {
    name: NAME,
    info,
    find,
    load: |locator, progress| {
        let mnist = Mnist::load(locator, progress)?;
        Ok((mnist.split(), mnist.warnings().to_vec()))
    },
    range: (0.0, 1.0),
    fetched: true,
};
