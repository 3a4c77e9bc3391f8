//! What tells a cell from the others of its experiment, as plain data.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// The values of a cell on the axes of its experiment: `unit`, `set`, `seed`, `l1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(BTreeMap<String, Value>);

impl Labels {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more, or with another value of one.
    #[must_use]
    pub fn with(mut self, axis: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(axis.into(), value.into());
        self
    }

    /// Without one.
    #[must_use]
    pub fn without(mut self, axis: &str) -> Self {
        self.0.remove(axis);
        self
    }

    /// The value on an axis.
    pub fn get(&self, axis: &str) -> Option<&Value> {
        self.0.get(axis)
    }

    /// The value on an axis, where it is text.
    pub fn text(&self, axis: &str) -> Option<&str> {
        self.get(axis).and_then(Value::as_str)
    }

    /// The value on an axis, where it is a number.
    pub fn number(&self, axis: &str) -> Option<f64> {
        self.get(axis).and_then(Value::as_f64)
    }

    /// Whether the value on an axis is yes.
    pub fn is(&self, axis: &str) -> bool {
        self.get(axis) == Some(&Value::Bool(true))
    }

    /// Whether all of `others` are among them, with the same values.
    pub fn has(&self, others: &Labels) -> bool {
        others
            .0
            .iter()
            .all(|(axis, value)| self.get(axis) == Some(value))
    }

    /// The axes, in the order of the alphabet.
    pub fn axes(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(axis, value)| (axis.as_str(), value))
    }

    /// Letters, digits and dashes: what a file of theirs can be called.
    pub fn slug(&self) -> String {
        let plain = |c: char| match c {
            c if c.is_alphanumeric() || c == '.' => c,
            _ => '-',
        };
        let words = self.axes().map(|(axis, value)| match value {
            Value::Bool(true) => axis.into(),
            Value::Bool(false) => format!("no-{axis}"),
            value => word(value),
        });
        let words: Vec<String> = words.collect();
        let slug: String = words.join("-").chars().map(plain).collect();
        let parts: Vec<&str> = slug.split('-').filter(|part| !part.is_empty()).collect();
        parts.join("-")
    }
}

/// A value as people write it.
pub fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        value => match value.as_f64() {
            Some(number) => number.to_string(),
            None => value.to_string(),
        },
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self
            .axes()
            .map(|(axis, value)| format!("{axis}={}", word(value)))
            .collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_compared_and_named() {
        let labels = Labels::new()
            .with("unit", "tanh")
            .with("l1", 0.001)
            .with("pretrained", false);
        assert_eq!(
            (labels.text("unit"), labels.number("l1")),
            (Some("tanh"), Some(0.001))
        );
        assert!(labels.has(&Labels::new().with("l1", 0.001)) && !labels.is("pretrained"));
        assert!(!labels.has(&Labels::new().with("seed", 1)));
        assert_eq!(labels.slug(), "0.001-no-pretrained-tanh");
        assert_eq!(labels.to_string(), "l1=0.001 pretrained=no unit=tanh");
        assert_eq!(labels.clone().without("l1").number("l1"), None);
    }
}
