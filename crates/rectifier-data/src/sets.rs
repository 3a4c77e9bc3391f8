//! The two usual kinds of data sets, so that a crate says only what is its own.

mod fixed;
mod generated;

pub use fixed::{FixedSet, Parts};
pub use generated::GeneratedSet;

use crate::{DataError, OptionSpec};
use serde::de::DeserializeOwned;

/// The choices in a plan's description of a data set, if its field `set` is `tag`. Unknown fields are an error where `T`
/// denies them.
pub fn plan_choices<T: DeserializeOwned>(
    tag: &str,
    plan: &serde_json::Value,
) -> Option<Result<T, DataError>> {
    let fields = plan.as_object()?;
    if fields.get("set")?.as_str()? != tag {
        return None;
    }
    let mut fields = fields.clone();
    fields.remove("set");
    let choices = serde_json::from_value(serde_json::Value::Object(fields));
    Some(choices.map_err(|error| DataError::Plan {
        set: tag.into(),
        reason: error.to_string(),
    }))
}

/// A plan's description of a data set: `choices` with the field `set`.
pub fn plan_of<T: serde::Serialize>(tag: &str, choices: &T) -> serde_json::Value {
    let mut fields = serde_json::Map::from_iter([("set".to_string(), tag.into())]);
    // What a set's choices are made of (numbers, words, paths of a plan's file) always has a form in JSON. By way of text,
    // so that 0.7 in single precision is written as 0.7.
    let text = serde_json::to_string(choices).unwrap_or_default();
    if let Ok(serde_json::Value::Object(choices)) = serde_json::from_str(&text) {
        fields.extend(choices);
    }
    serde_json::Value::Object(fields)
}

/// The option `--data-seed`, the same for every set that has one.
pub const DATA_SEED: OptionSpec = generated::DATA_SEED;
/// The option `--examples`, the same for every set that has one.
pub const EXAMPLES: OptionSpec = generated::DATA_EXAMPLES;
