//! What each column is: numbers with their scale, or words.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::cell::Value;

/// The most words of a column that are told apart.
pub const MOST_WORDS: usize = 1000;

/// The columns as a model keeps them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub decimal_comma: bool,
    pub columns: Vec<Column>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    pub name: String,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Number(Scale),
    Words(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scale {
    pub mean: f64,
    pub deviation: f64,
    #[serde(default, skip_serializing_if = "is_false")]
    pub missing: bool,
}

impl Kind {
    /// The kind of a column, and its scale or its words, as `rows` training rows have it.
    pub fn fit<'a>(rows: usize, cell: impl Fn(usize) -> Value<'a>) -> Self {
        let mut words = BTreeSet::new();
        let (mut sum, mut count) = (0.0, 0usize);
        for row in 0..rows {
            match cell(row) {
                Value::Missing => {}
                Value::Number(number) => {
                    sum += number;
                    count += 1;
                }
                Value::Word(word) => {
                    words.insert(word);
                }
            }
        }
        if !words.is_empty() {
            return Self::Words(words.into_iter().map(str::to_owned).collect());
        }
        let mean = sum / count.max(1) as f64;
        // The sum of huge numbers may not be one: then nothing stands for their mean.
        let mean = if mean.is_finite() { mean } else { 0.0 };
        let squares = (0..rows).filter_map(|row| match cell(row) {
            Value::Number(number) => Some((number - mean).powi(2)),
            _ => None,
        });
        let deviation = (squares.sum::<f64>() / count.max(1) as f64).sqrt();
        // Rounding leaves a trace of deviation in numbers that are all the same.
        let constant = deviation <= 1e-12 * mean.abs();
        Self::Number(Scale {
            mean,
            deviation: match constant || !deviation.is_finite() {
                true => 0.0,
                false => deviation,
            },
            missing: count < rows,
        })
    }

    pub fn width(&self) -> usize {
        match self {
            Self::Number(scale) => 1 + usize::from(scale.missing),
            Self::Words(words) => words.len(),
        }
    }
}
