//! What each column is: numbers with their scale, or words.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::cell::Value;
use crate::Encoding;

/// The most words of a column that are told apart.
pub const MOST_WORDS: usize = 1000;
/// Numbers that spread by less than this share of their column's deviation are next to the same in f32.
const FLAT: f64 = 1e-6;

/// The columns as a model keeps them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub decimal_comma: bool,
    #[serde(default, skip_serializing_if = "is_utf8")]
    pub encoding: Encoding,
    pub columns: Vec<Column>,
}

fn is_utf8(encoding: &Encoding) -> bool {
    *encoding == Encoding::Utf8
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
        let mut count = 0;
        for row in 0..rows {
            match cell(row) {
                Value::Missing => {}
                Value::Number(_) => count += 1,
                Value::Word(word) => {
                    words.insert(word);
                }
            }
        }
        if !words.is_empty() {
            return Self::Words(words.into_iter().map(str::to_owned).collect());
        }
        let (mean, deviation) = spread(|| (0..rows).filter_map(|row| cell(row).number()));
        Self::Number(Scale {
            mean,
            deviation,
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

impl Scale {
    /// What stands for a number.
    pub fn scaled(&self, number: f64) -> f32 {
        let deviation = match self.deviation {
            0.0 => 1.0,
            deviation => deviation,
        };
        let difference = number - self.mean;
        let scaled = match difference.is_finite() {
            true => difference / deviation,
            false => number / deviation - self.mean / deviation,
        };
        scaled as f32
    }

    /// The row whose number lies so far from all others that these are next to the same, and the number.
    pub fn flattening<'a>(
        &self,
        rows: usize,
        cell: impl Fn(usize) -> Value<'a>,
    ) -> Option<(usize, f64)> {
        let number = |row: usize| cell(row).number();
        let distance = |(_, number): &(usize, f64)| (number - self.mean).abs();
        let (far, value) = (0..rows)
            .filter_map(|row| number(row).map(|number| (row, number)))
            .max_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        let others = || (0..rows).filter(|&row| row != far).filter_map(number);
        let (_, deviation) = spread(others);
        (deviation > 0.0 && deviation < FLAT * self.deviation).then_some((far, value))
    }
}

/// Mean and standard deviation; this is 0 for numbers that are all the same.
fn spread<N: Iterator<Item = f64>>(numbers: impl Fn() -> N) -> (f64, f64) {
    let times = |factor: f64| {
        let count = numbers().count().max(1) as f64;
        let sum = numbers().fold(0.0, |sum, number| sum + number * factor);
        let mean = sum / count;
        let squares = numbers().map(|number| (number * factor - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        // Rounding leaves a trace of deviation in numbers that are all the same.
        match deviation <= 1e-12 * mean.abs() {
            true => (mean / factor, 0.0),
            false => (mean / factor, deviation / factor),
        }
    };
    match times(1.0) {
        (mean, deviation) if mean.is_finite() && deviation.is_finite() => (mean, deviation),
        // Sums and squares of huge numbers overflow: a power of two makes them smaller without rounding.
        _ => times(2f64.powi(-600)),
    }
}
