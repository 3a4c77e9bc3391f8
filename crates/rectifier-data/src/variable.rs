//! The environment variable of data folders.

/// The environment variable that names a folder of data sets.
pub const DATA_VARIABLE: &str = "RECTIFIER_DATA";
