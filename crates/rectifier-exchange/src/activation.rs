//! The activation between layers, by the names that PyTorch users know.

use crate::ExchangeError;
use rectifier_model::Unit;
use std::fmt::{Display, Formatter};
use std::str::FromStr;

/// What lies between two layers: a unit, and the threshold that a rectifier may have.
///
/// As text it is a name of [`NAMES`](Self::NAMES), with a number where it takes one: `relu`, `leaky-relu=0.1`.
///
/// | name | unit | number, default |
/// |---|---|---|
/// | `relu` | [`Unit::Rectifier`] | |
/// | `threshold` | [`Unit::Rectifier`], 0 up to the threshold | threshold, none |
/// | `leaky-relu` | [`Unit::Leaky`] | slope, 0.01 |
/// | `prelu` | [`Unit::ParametricLeaky`], the slopes come from the file | |
/// | `softplus` | [`Unit::Softplus`] | sharpness (`beta`), 1 |
/// | `elu` | [`Unit::Elu`] | alpha, 1 |
/// | `selu`, `gelu`, `tanh`, `sigmoid`, `identity` | as they are called | |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation {
    /// The unit.
    pub unit: Unit,
    /// Activations not above it are 0.
    pub threshold: f64,
}

impl Activation {
    /// The names, for people.
    pub const NAMES: &str = "relu, threshold=T, leaky-relu[=SLOPE], prelu, softplus[=BETA], elu[=ALPHA], selu, gelu, tanh, \
                             sigmoid, identity";

    /// A unit without a threshold.
    pub fn of(unit: Unit) -> Self {
        Self {
            unit,
            threshold: 0.0,
        }
    }
}

impl FromStr for Activation {
    type Err = ExchangeError;

    fn from_str(text: &str) -> Result<Self, ExchangeError> {
        let wrong = |reason: String| ExchangeError::ActivationName {
            text: text.into(),
            reason,
        };
        let (name, number) = match text.split_once('=') {
            Some((name, number)) => {
                let number: f64 = number
                    .parse()
                    .map_err(|_| wrong(format!("`{number}` is no number")))?;
                (name, Some(number))
            }
            None => (text, None),
        };
        let mut threshold = 0.0;
        let unit = match (name, number) {
            ("relu", None) => Unit::Rectifier,
            ("threshold", Some(number)) => {
                threshold = number;
                Unit::Rectifier
            }
            ("threshold", None) => return Err(wrong("it takes a number".into())),
            ("leaky-relu", slope) => Unit::Leaky {
                slope: slope.unwrap_or(Unit::LEAKY_SLOPE),
            },
            ("softplus", sharpness) => Unit::Softplus {
                sharpness: sharpness.unwrap_or(1.0),
            },
            ("elu", alpha) => Unit::Elu {
                alpha: alpha.unwrap_or(1.0),
            },
            ("prelu", None) => Unit::ParametricLeaky {
                slope: Unit::PARAMETRIC_SLOPE,
            },
            ("selu", None) => Unit::Selu,
            ("gelu", None) => Unit::Gelu,
            ("tanh", None) => Unit::Tanh,
            ("sigmoid", None) => Unit::Logistic,
            ("identity", None) => Unit::Identity,
            ("relu" | "prelu" | "selu" | "gelu" | "tanh" | "sigmoid" | "identity", Some(_)) => {
                return Err(wrong("it takes no number".into()));
            }
            _ => return Err(wrong("unknown".into())),
        };
        unit.validate().map_err(|error| wrong(error.to_string()))?;
        if !(threshold.is_finite() && threshold >= 0.0) {
            return Err(wrong("a threshold is at least 0".into()));
        }
        Ok(Self { unit, threshold })
    }
}

impl Display for Activation {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self.unit {
            Unit::Rectifier if self.threshold > 0.0 => write!(f, "threshold={}", self.threshold),
            Unit::Rectifier => f.write_str("relu"),
            Unit::Leaky { slope } => write!(f, "leaky-relu={slope}"),
            Unit::ParametricLeaky { .. } => f.write_str("prelu"),
            Unit::Softplus { sharpness } => write!(f, "softplus={sharpness}"),
            Unit::Tanh => f.write_str("tanh"),
            Unit::Logistic => f.write_str("sigmoid"),
            Unit::Identity => f.write_str("identity"),
            Unit::Elu { alpha } => write!(f, "elu={alpha}"),
            Unit::Selu => f.write_str("selu"),
            Unit::Gelu => f.write_str("gelu"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for text in [
            "relu",
            "threshold=0.25",
            "leaky-relu=0.1",
            "prelu",
            "softplus=3",
            "elu=0.5",
            "selu",
            "gelu",
            "tanh",
            "sigmoid",
            "identity",
        ] {
            assert_eq!(text.parse::<Activation>().unwrap().to_string(), text);
        }
        let leaky: Activation = "leaky-relu".parse().unwrap();
        assert_eq!(leaky.unit, Unit::Leaky { slope: 0.01 });
    }

    #[test]
    fn other_names_are_refused_with_those_there_are() {
        for text in [
            "swish",
            "relu=1",
            "threshold",
            "threshold=-1",
            "elu=0",
            "elu=x",
            "softplus=nan",
            "",
        ] {
            let error = text.parse::<Activation>().unwrap_err().to_string();
            assert!(error.contains("leaky-relu[=SLOPE]"), "{error}");
        }
    }
}
