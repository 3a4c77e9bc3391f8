//! What an interval, a test and a failure are.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An interval of confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How often such an interval holds the true value, such as 0.95.
    pub level: f64,
}

impl Interval {
    /// Whether `value` lies in it.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// What a test gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome<T> {
    /// It could be made.
    Tested(T),
    /// It could not.
    Untestable(Untestable),
}

impl<T> Outcome<T> {
    /// The test, where it could be made.
    pub fn tested(self) -> Option<T> {
        match self {
            Self::Tested(test) => Some(test),
            Self::Untestable(_) => None,
        }
    }
}

/// Why a test of good numbers has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Untestable {
    /// Fewer values than the test needs.
    TooFew {
        /// How many there are.
        count: usize,
        /// How many are needed.
        needed: usize,
    },
    /// All values are the same, so that there is nothing to measure a difference by.
    NoSpread {
        /// The difference that they all show; 0 where they are just equal.
        difference: f64,
    },
    /// Every pair is a tie.
    AllTies {
        /// How many pairs there are.
        count: usize,
    },
}

impl fmt::Display for Untestable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { count, needed } => {
                write!(f, "not tested: {count} of at least {needed} values")
            }
            Self::NoSpread { difference } => {
                write!(
                    f,
                    "not tested: the values do not vary (difference {difference})"
                )
            }
            Self::AllTies { count } => write!(f, "not tested: all {count} pairs are ties"),
        }
    }
}

/// Input that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatisticsError {
    /// Nothing to compute on.
    #[error("no values: give at least one")]
    Empty,
    /// A value that is no number, or so large that its square is none.
    #[error(
        "value {place} is {value}: leave out what is infinite, no number or beyond 1e100, and say so"
    )]
    Value {
        /// Which, from 0.
        place: usize,
        /// What it is.
        value: f64,
    },
    /// Pairs that are none.
    #[error("{first} values beside {second}: pairs need as many of each")]
    Lengths {
        /// How many there are of the first.
        first: usize,
        /// How many of the second.
        second: usize,
    },
    /// A level of confidence that is none.
    #[error("level {level}: give a share between 0 and 1, such as 0.95")]
    Level {
        /// What was given.
        level: f64,
    },
    /// More successes than trials.
    #[error("{successes} of {trials}: more than all")]
    Successes {
        /// Successes.
        successes: u64,
        /// Trials.
        trials: u64,
    },
    /// A probability that is none.
    #[error("p-value {place} is {value}: give numbers from 0 to 1")]
    Probability {
        /// Which, from 0.
        place: usize,
        /// What it is.
        value: f64,
    },
}

/// Sums of squares of such numbers are numbers.
const LARGEST: f64 = 1e100;

pub(super) fn check_level(level: f64) -> Result<(), StatisticsError> {
    match level > 0.0 && level < 1.0 {
        true => Ok(()),
        false => Err(StatisticsError::Level { level }),
    }
}

/// Values must be there and be numbers.
pub(super) fn check(values: &[f64]) -> Result<(), StatisticsError> {
    if values.is_empty() {
        return Err(StatisticsError::Empty);
    }
    let known = |value: &f64| value.abs() <= LARGEST;
    match values.iter().position(|value| !known(value)) {
        Some(place) => Err(StatisticsError::Value {
            place,
            value: values[place],
        }),
        None => Ok(()),
    }
}

/// Pairs must be there, be pairs, and be numbers.
pub(super) fn check_pairs(first: &[f64], second: &[f64]) -> Result<(), StatisticsError> {
    if first.len() != second.len() {
        return Err(StatisticsError::Lengths {
            first: first.len(),
            second: second.len(),
        });
    }
    check(first)?;
    check(second)
}
