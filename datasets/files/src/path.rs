//! What the sets of this crate share: paths, options, encoders.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rectifier_data::{DataError, Encoder, Encoding, OptionKind, OptionSpec, Options};

/// Draws the parts that are not given.
pub(crate) const DATA_SEED: OptionSpec = rectifier_data::sets::DATA_SEED;

/// For files of characters.
pub(crate) const ENCODING: OptionSpec = OptionSpec::new(
    "encoding",
    "NAME",
    "How bytes stand for characters [utf8].",
    OptionKind::OneOf(&Encoding::NAMES),
);

pub(crate) fn wrong(option: &str, reason: impl Into<String>) -> DataError {
    DataError::Option {
        option: option.into(),
        reason: reason.into(),
    }
}

pub(crate) fn content(path: &Path, problem: impl Into<String>) -> DataError {
    DataError::Content {
        path: path.to_path_buf(),
        problem: problem.into(),
    }
}

/// The path an option names, absolute where there is something: a plan means the same from every folder.
pub(crate) fn path(options: &Options, name: &str) -> Result<Option<PathBuf>, DataError> {
    let Some(path) = options.path(name) else {
        return Ok(None);
    };
    if !path.exists() {
        return Ok(Some(path));
    }
    let absolute = std::path::absolute(&path).map_err(|source| DataError::io(&path, source))?;
    match absolute.to_str() {
        Some(_) => Ok(Some(absolute)),
        None => Err(wrong(
            name,
            format!(
                "{} is not UTF-8, so that no recipe can keep it: give it another name",
                absolute.display()
            ),
        )),
    }
}

pub(crate) fn required<T>(value: Option<T>, name: &str, what: &str) -> Result<T, DataError> {
    value.ok_or_else(|| wrong(name, format!("it is missing: name {what}")))
}

/// A path as a plan keeps it.
pub(crate) mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::path::{Path, PathBuf};

    pub(crate) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&path.to_string_lossy())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<PathBuf, D::Error> {
        String::deserialize(deserializer).map(PathBuf::from)
    }
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub(crate) fn first_seed() -> u64 {
    1
}

pub(crate) fn is_first_seed(seed: &u64) -> bool {
    *seed == first_seed()
}

/// An encoder of this kind, from a network's.
pub(crate) fn given<T>(
    encoder: &Arc<dyn Encoder>,
    kind: &'static str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, DataError> {
    if encoder.kind() != kind {
        return Err(DataError::Encoder {
            kind: "this data set",
            given: "network of other input",
            cure: format!(
                "its inputs are prepared as {kind}, the network's as {}: use data like those it was trained on",
                encoder.kind()
            ),
        });
    }
    read(&encoder.to_text()).map_err(|problem| DataError::Described {
        kind: kind.into(),
        problem,
    })
}
