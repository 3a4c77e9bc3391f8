//! What the sets of this crate share: paths, plans, parts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rectifier_data::{
    Availability, DataError, DataInfo, Encoder, Examples, OptionSpec, Options, Sizes, Split,
    SplitIndices, Subset,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Draws the parts that are not given.
pub(crate) const DATA_SEED: OptionSpec = rectifier_data::sets::DATA_SEED;

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

/// Reads a plan, less its field `set`, as the choices of the set of this name; `None` where it is another's.
pub(crate) fn read_plan<T: DeserializeOwned>(
    set: &str,
    plan: &Value,
) -> Option<Result<T, DataError>> {
    if plan.get("set").and_then(Value::as_str) != Some(set) {
        return None;
    }
    let mut plan = plan.clone();
    if let Some(object) = plan.as_object_mut() {
        object.remove("set");
    }
    Some(
        serde_json::from_value(plan).map_err(|error| DataError::Plan {
            set: set.into(),
            reason: error.to_string(),
        }),
    )
}

/// The plan of these choices.
pub(crate) fn to_plan(set: &str, choices: &impl serde::Serialize) -> Value {
    let mut plan = serde_json::Map::new();
    plan.insert("set".into(), set.into());
    if let Ok(Value::Object(choices)) = serde_json::to_value(choices) {
        plan.extend(choices);
    }
    Value::Object(plan)
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

pub(crate) fn availability(path: &Path) -> Availability {
    match path.exists() {
        true => Availability::Here(path.to_path_buf()),
        false => Availability::Missing {
            how: format!("{} is not there: name where it is now", path.display()),
        },
    }
}

/// What is read once: by whatever asks first.
pub(crate) fn once<T>(
    lock: &OnceLock<T>,
    read: impl FnOnce() -> Result<T, DataError>,
) -> Result<&T, DataError> {
    if let Some(value) = lock.get() {
        return Ok(value);
    }
    let value = read()?;
    Ok(lock.get_or_init(|| value))
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

/// The split of `whole` by `parts`; `test` where that part is given.
pub(crate) fn split(
    whole: Arc<dyn Examples>,
    parts: &SplitIndices,
    test: Option<Arc<dyn Examples>>,
) -> Result<Split, DataError> {
    let part = |indices: &[usize]| -> Result<Arc<dyn Examples>, DataError> {
        Ok(Arc::new(Subset::list(
            Arc::clone(&whole),
            indices.to_vec(),
        )?))
    };
    let test = match test {
        Some(test) => test,
        None => part(&parts.test)?,
    };
    Split::new(part(&parts.train)?, part(&parts.valid)?, test)
}

/// A description of data of one's own.
pub(crate) fn info(
    name: &str,
    title: String,
    class_names: Vec<String>,
    shape: Vec<usize>,
    sizes: Sizes,
    source: &Path,
) -> DataInfo {
    DataInfo {
        name: name.into(),
        title,
        classes: class_names.len(),
        class_names,
        shape,
        sizes,
        licence: "your own data".into(),
        citation: "none".into(),
        source: source.display().to_string(),
    }
}
