//! What a node does to each number alone: the activations.

use super::attributes::Attributes;
use super::constants::Constants;
use super::proto::Node;
use crate::numbers::double;
use crate::{Activation, ExchangeError};
use rectifier_model::Unit;

/// What a node computes, number by number.
pub(super) struct Pointwise {
    pub(super) activation: Activation,
    /// The slope that a parametric leaky unit has learned.
    pub(super) slope: Option<f32>,
}

/// What `node` computes, where it is an activation that a unit here is.
///
/// # Errors
/// `refuse`d where the operator is one, with constants that no unit here has.
pub(super) fn pointwise(
    node: &Node,
    attributes: &mut Attributes,
    constants: &mut Constants<'_>,
    refuse: &dyn Fn(String) -> ExchangeError,
) -> Result<Option<Pointwise>, ExchangeError> {
    let mut float = |name: &str, default: f32| attributes.float(name, default).map_err(refuse);
    let mut slope = None;
    let unit = match node.op_type.as_deref().unwrap_or_default() {
        "Relu" => Unit::Rectifier,
        "ThresholdedRelu" => {
            let threshold = double(float("alpha", 1.0)?);
            if !(threshold.is_finite() && threshold >= 0.0) {
                return Err(refuse(format!(
                    "its threshold is {threshold}, and must be at least 0"
                )));
            }
            let activation = Activation {
                unit: Unit::Rectifier,
                threshold,
            };
            return Ok(Some(Pointwise { activation, slope }));
        }
        "LeakyRelu" => Unit::Leaky {
            slope: double(float("alpha", 0.01)?),
        },
        "PRelu" => {
            let name = node.input.get(1).map(String::as_str).unwrap_or_default();
            let slopes = constants.floats(name)?.values;
            let first = slopes.first().copied();
            if first.is_none() || slopes.iter().any(|slope| Some(*slope) != first) {
                return Err(refuse(
                    "it has a slope for each unit, and a unit here has one a layer".into(),
                ));
            }
            slope = first;
            Unit::ParametricLeaky {
                slope: Unit::PARAMETRIC_SLOPE,
            }
        }
        "Softplus" => Unit::Softplus { sharpness: 1.0 },
        "Tanh" => Unit::Tanh,
        "Sigmoid" => Unit::Logistic,
        "Elu" => Unit::Elu {
            alpha: double(float("alpha", 1.0)?),
        },
        "Selu" => {
            let (own_alpha, own_gamma) = (Unit::SELU_ALPHA as f32, Unit::SELU_SCALE as f32);
            let (alpha, gamma) = (float("alpha", own_alpha)?, float("gamma", own_gamma)?);
            // Exporters round the constants in their own ways.
            if (alpha - own_alpha).abs() > 1e-6 || (gamma - own_gamma).abs() > 1e-6 {
                return Err(refuse(format!(
                    "its alpha {alpha} and gamma {gamma} are not SELU's"
                )));
            }
            Unit::Selu
        }
        "Gelu" => match attributes.text("approximate").map_err(refuse)?.as_deref() {
            None | Some("" | "none") => Unit::Gelu,
            Some(other) => {
                return Err(refuse(format!(
                    "it approximates GELU by {other}, and here it is exact"
                )));
            }
        },
        _ => return Ok(None),
    };
    let activation = Activation::of(unit);
    Ok(Some(Pointwise { activation, slope }))
}
