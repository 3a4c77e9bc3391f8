//! Modules of `torch.nn` by class and arguments.

use crate::Activation;
use crate::numbers::single;
use rectifier_model::Unit;
use serde::{Deserialize, Serialize};

/// A module, as JSON its class under `module` and its keyword arguments beside that.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "module", deny_unknown_fields)]
pub(super) enum Module {
    Linear {
        in_features: usize,
        out_features: usize,
    },
    #[serde(rename = "ReLU")]
    Relu {},
    /// x above the threshold, else the value.
    Threshold {
        threshold: f64,
        value: f64,
    },
    #[serde(rename = "LeakyReLU")]
    LeakyRelu {
        negative_slope: f64,
    },
    #[serde(rename = "PReLU")]
    PRelu {
        num_parameters: usize,
    },
    Softplus {
        beta: f64,
    },
    Tanh {},
    Sigmoid {},
    Identity {},
    #[serde(rename = "ELU")]
    Elu {
        alpha: f64,
    },
    #[serde(rename = "SELU")]
    Selu {},
    #[serde(rename = "GELU")]
    Gelu {},
}

impl Module {
    pub(super) fn linear(in_features: usize, out_features: usize) -> Self {
        Self::Linear {
            in_features,
            out_features,
        }
    }

    /// The module that computes `activation`.
    ///
    /// # Errors
    /// A constant that single precision cannot hold, in words.
    pub(super) fn of(activation: Activation) -> Result<Self, String> {
        let checked = |what: &str, value: f64| single(what, value).map(|_| value);
        Ok(match activation.unit {
            Unit::Rectifier if activation.threshold > 0.0 => Self::Threshold {
                threshold: checked("threshold", activation.threshold)?,
                value: 0.0,
            },
            Unit::Rectifier => Self::Relu {},
            Unit::Leaky { slope } => Self::LeakyRelu {
                negative_slope: checked("slope", slope)?,
            },
            Unit::ParametricLeaky { .. } => Self::PRelu { num_parameters: 1 },
            Unit::Softplus { sharpness } => Self::Softplus {
                beta: checked("sharpness", sharpness)?,
            },
            Unit::Tanh => Self::Tanh {},
            Unit::Logistic => Self::Sigmoid {},
            Unit::Identity => Self::Identity {},
            Unit::Elu { alpha } => Self::Elu {
                alpha: checked("alpha", alpha)?,
            },
            Unit::Selu => Self::Selu {},
            Unit::Gelu => Self::Gelu {},
        })
    }

    /// The activation that the module computes; none of a linear layer.
    ///
    /// # Errors
    /// What no unit here can do, in words.
    pub(super) fn activation(self) -> Result<Option<Activation>, String> {
        let unit = match self {
            Self::Linear { .. } => return Ok(None),
            Self::Relu {} => Unit::Rectifier,
            Self::Threshold { threshold, value } => {
                if value != 0.0 || !(threshold.is_finite() && threshold >= 0.0) {
                    return Err(format!(
                        "a Threshold of {threshold} with the value {value}: only 0 from a threshold of at least 0 can be taken"
                    ));
                }
                return Ok(Some(Activation {
                    unit: Unit::Rectifier,
                    threshold,
                }));
            }
            Self::LeakyRelu { negative_slope } => Unit::Leaky {
                slope: negative_slope,
            },
            Self::PRelu { .. } => Unit::ParametricLeaky {
                slope: Unit::PARAMETRIC_SLOPE,
            },
            Self::Softplus { beta } => Unit::Softplus { sharpness: beta },
            Self::Tanh {} => Unit::Tanh,
            Self::Sigmoid {} => Unit::Logistic,
            Self::Identity {} => Unit::Identity,
            Self::Elu { alpha } => Unit::Elu { alpha },
            Self::Selu {} => Unit::Selu,
            Self::Gelu {} => Unit::Gelu,
        };
        Ok(Some(Activation::of(unit)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_those_of_the_activations_and_json_is_what_pytorch_takes() {
        for (name, json) in [
            ("relu", r#"{"module":"ReLU"}"#),
            (
                "threshold=0.5",
                r#"{"module":"Threshold","threshold":0.5,"value":0.0}"#,
            ),
            (
                "leaky-relu=0.1",
                r#"{"module":"LeakyReLU","negative_slope":0.1}"#,
            ),
            ("prelu", r#"{"module":"PReLU","num_parameters":1}"#),
            ("softplus=3", r#"{"module":"Softplus","beta":3.0}"#),
            ("tanh", r#"{"module":"Tanh"}"#),
            ("sigmoid", r#"{"module":"Sigmoid"}"#),
            ("identity", r#"{"module":"Identity"}"#),
            ("elu=0.5", r#"{"module":"ELU","alpha":0.5}"#),
            ("selu", r#"{"module":"SELU"}"#),
            ("gelu", r#"{"module":"GELU"}"#),
        ] {
            let activation: Activation = name.parse().unwrap();
            let module = Module::of(activation).unwrap();
            assert_eq!(serde_json::to_string(&module).unwrap(), json);
            let read: Module = serde_json::from_str(json).unwrap();
            assert_eq!(read.activation(), Ok(Some(activation)));
        }
        assert_eq!(Module::linear(2, 3).activation(), Ok(None));
    }

    #[test]
    fn what_cannot_be_the_same_is_refused() {
        let threshold = Module::Threshold {
            threshold: 0.5,
            value: 1.0,
        };
        assert!(threshold.activation().is_err());
        let slope = Activation::of(Unit::Leaky { slope: 1e200 });
        assert!(Module::of(slope).unwrap_err().contains("slope"));
        for json in [
            r#"{"module":"Conv2d"}"#,
            r#"{"module":"ReLU","inplace":true}"#,
        ] {
            assert!(serde_json::from_str::<Module>(json).is_err(), "{json}");
        }
    }
}
