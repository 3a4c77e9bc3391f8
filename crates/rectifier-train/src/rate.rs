//! Learning rates: constant, as in the paper, or scheduled.

use crate::TrainError;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// The learning rate of a stage as a function of how far the stage has come; nothing is remembered between steps.
///
/// In JSON a plain number is a constant rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Rate {
    /// The same at every step. The paper chooses from .1, .01, .001, .0001.
    Constant(f64),
    /// Changes over the stage.
    Scheduled(Schedule),
}

/// How a rate changes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = r#"a schedule such as {"kind": "cosine", "start": 0.1, "end": 0.001}"#
)]
pub enum Schedule {
    /// Multiplied by `factor` after every `epochs` epochs.
    Step {
        /// Rate of the first step.
        start: f64,
        /// Multiplier, in (0, 1].
        factor: f64,
        /// Epochs between two changes.
        epochs: f64,
    },
    /// Multiplied by `factor` over each epoch, a little at every step.
    Exponential {
        /// Rate of the first step.
        start: f64,
        /// Multiplier an epoch, in (0, 1].
        factor: f64,
    },
    /// A straight line to `end` at the stage's end.
    Linear {
        /// Rate of the first step.
        start: f64,
        /// Rate at the end.
        end: f64,
    },
    /// Half a cosine to `end` at the stage's end.
    Cosine {
        /// Rate of the first step.
        start: f64,
        /// Rate at the end.
        end: f64,
    },
}

impl<'de> Deserialize<'de> for Rate {
    /// By hand: of an untagged enum no error says what is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Rate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    r#"a rate: a number such as 0.1, or {"kind": "cosine", "start": 0.1, "end": 0.001}"#,
                )
            }

            fn visit_f64<E>(self, rate: f64) -> Result<Rate, E> {
                Ok(Rate::Constant(rate))
            }

            fn visit_u64<E>(self, rate: u64) -> Result<Rate, E> {
                Ok(Rate::Constant(rate as f64))
            }

            fn visit_i64<E>(self, rate: i64) -> Result<Rate, E> {
                Ok(Rate::Constant(rate as f64))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Rate, M::Error> {
                Schedule::deserialize(MapAccessDeserializer::new(map)).map(Rate::Scheduled)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl From<f64> for Rate {
    fn from(rate: f64) -> Self {
        Self::Constant(rate)
    }
}

impl Rate {
    /// The rate of the first step.
    pub fn start(&self) -> f64 {
        self.at(0.0, 1.0)
    }

    /// The rate after `epochs` epochs (fractions count) of a stage of `total` epochs.
    pub fn at(&self, epochs: f64, total: f64) -> f64 {
        let share = if total > 0.0 {
            (epochs / total).min(1.0)
        } else {
            0.0
        };
        match *self {
            Self::Constant(rate) => rate,
            Self::Scheduled(Schedule::Step {
                start,
                factor,
                epochs: every,
            }) => {
                // A step that falls on the boundary belongs to the new rate, rounding or not.
                start * libm::pow(factor, (epochs / every + 1e-9).floor())
            }
            Self::Scheduled(Schedule::Exponential { start, factor }) => {
                start * libm::pow(factor, epochs)
            }
            Self::Scheduled(Schedule::Linear { start, end }) => start + (end - start) * share,
            Self::Scheduled(Schedule::Cosine { start, end }) => {
                end + (start - end) * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * share))
            }
        }
    }

    /// Checks every number.
    ///
    /// # Errors
    /// [`TrainError::Recipe`].
    pub fn validate(&self, place: &str) -> Result<(), TrainError> {
        let wrong = |reason: String| {
            Err(TrainError::Recipe {
                place: place.into(),
                reason,
            })
        };
        if let Self::Scheduled(Schedule::Step { factor, .. } | Schedule::Exponential { factor, .. }) =
            *self
            && !(factor > 0.0 && factor <= 1.0)
        {
            return wrong(format!(
                "the rate's factor is {factor}: it must be above 0 and at most 1, such as 0.5"
            ));
        }
        let (start, end) = match *self {
            Self::Constant(rate) => (rate, rate),
            Self::Scheduled(Schedule::Step {
                start,
                factor,
                epochs,
            }) => {
                if !(epochs.is_finite() && epochs > 0.0) {
                    return wrong(format!(
                        "the rate changes every {epochs} epochs: it must be above 0"
                    ));
                }
                (start, start * factor)
            }
            Self::Scheduled(Schedule::Exponential { start, factor }) => (start, start * factor),
            Self::Scheduled(Schedule::Linear { start, end } | Schedule::Cosine { start, end }) => {
                (start, end)
            }
        };
        if !(start.is_finite() && start > 0.0) {
            return wrong(format!(
                "the rate is {start}: it must be above 0, such as 0.1"
            ));
        }
        if !(end.is_finite() && end >= 0.0) {
            return wrong(format!(
                "the rate falls to {end}: it must stay at 0 or above"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn schedules_follow_their_formulas() {
        let close = |rate: Rate, epochs: f64, wanted: f64| {
            let found = rate.at(epochs, 10.0);
            assert!(
                (found - wanted).abs() < 1e-12,
                "{rate:?} at {epochs}: {found} {wanted}"
            );
        };
        close(0.1.into(), 7.3, 0.1);
        let step = Rate::Scheduled(Schedule::Step {
            start: 0.8,
            factor: 0.5,
            epochs: 2.0,
        });
        for (epochs, wanted) in [(0.0, 0.8), (1.99, 0.8), (2.0, 0.4), (9.9, 0.05)] {
            close(step, epochs, wanted);
        }
        let exponential = Rate::Scheduled(Schedule::Exponential {
            start: 1.0,
            factor: 0.25,
        });
        close(exponential, 0.5, 0.5);
        let linear = Rate::Scheduled(Schedule::Linear {
            start: 1.0,
            end: 0.0,
        });
        close(linear, 2.5, 0.75);
        close(linear, 12.0, 0.0);
        let cosine = Rate::Scheduled(Schedule::Cosine {
            start: 1.0,
            end: 0.2,
        });
        close(cosine, 5.0, 0.6);
        close(cosine, 10.0, 0.2);
    }

    #[test]
    fn json_takes_a_number_or_a_schedule() {
        assert_eq!(
            serde_json::from_str::<Rate>("0.1").unwrap(),
            Rate::Constant(0.1)
        );
        let text = r#"{"kind":"step","start":0.1,"factor":0.5,"epochs":5.0}"#;
        let rate: Rate = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&rate).unwrap(), text);
        assert_eq!(
            serde_json::from_str::<Rate>("1").unwrap(),
            Rate::Constant(1.0)
        );
        for (text, cure) in [
            (
                r#""fast""#,
                "a number such as 0.1, or {\"kind\": \"cosine\"",
            ),
            ("[0.1]", "a number such as 0.1"),
            ("null", "a number such as 0.1"),
            (r#"{"kind":"stairs","start":1}"#, "expected one of `step`"),
            (
                r#"{"kind":"step","start":1,"factor":1}"#,
                "missing field `epochs`",
            ),
            (
                r#"{"kind":"linear","start":1,"end":0,"to":0}"#,
                "unknown field `to`",
            ),
        ] {
            let error = serde_json::from_str::<Rate>(text).unwrap_err().to_string();
            assert!(error.contains(cure), "{text}: {error}");
        }
    }

    #[test]
    fn impossible_rates_are_refused() {
        for rate in [0.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(Rate::Constant(rate).validate("here").is_err(), "{rate}");
        }
        let endless = Schedule::Step {
            start: 0.1,
            factor: 0.5,
            epochs: 0.0,
        };
        assert!(Rate::Scheduled(endless).validate("here").is_err());
        for factor in [0.0, -0.5, 1.5, f64::NAN] {
            for schedule in [
                Schedule::Exponential { start: 0.1, factor },
                Schedule::Step {
                    start: 0.1,
                    factor,
                    epochs: 1.0,
                },
            ] {
                let error = Rate::Scheduled(schedule).validate("here").unwrap_err();
                assert!(error.to_string().contains("at most 1"), "{error}");
            }
        }
        assert!(Rate::Constant(0.01).validate("here").is_ok());
    }
}
