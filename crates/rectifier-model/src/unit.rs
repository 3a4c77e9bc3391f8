//! The activation of a layer.

use crate::NetworkError;
use serde::{Deserialize, Serialize};

/// What a hidden unit makes of its pre-activation `x`.
///
/// | unit | formula | source |
/// |---|---|---|
/// | `Rectifier` | max(0, x) | Glorot et al. 2011 |
/// | `Leaky` | x if x > 0, else slope x | Maas et al. 2013 |
/// | `ParametricLeaky` | as leaky, one learned slope a layer | He et al. 2015 |
/// | `Softplus` | log(1 + exp(sharpness x)) / sharpness | Dugas et al. 2001; rescaled in Glorot et al. 2011 |
/// | `Tanh` | tanh(x) | |
/// | `Logistic` | 1 / (1 + exp(-x)) | |
/// | `Identity` | x | |
/// | `Elu` | x if x > 0, else alpha (exp(x) - 1) | Clevert et al. 2016 |
/// | `Selu` | 1.0507 x if x > 0, else 1.0507 * 1.6733 (exp(x) - 1) | Klambauer et al. 2017 |
/// | `Gelu` | x Phi(x), Phi the normal distribution function | Hendrycks, Gimpel 2016 |
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = r#"a unit such as {"kind": "rectifier"}"#
)]
pub enum Unit {
    /// max(0, x): true zeros.
    Rectifier,
    /// Negative pre-activations pass, multiplied by a small fixed slope.
    Leaky {
        /// The slope below zero.
        slope: f64,
    },
    /// Negative pre-activations pass, multiplied by a learned slope, one a layer.
    ParametricLeaky {
        /// The slope that learning starts from.
        slope: f64,
    },
    /// The smooth rectifier; with a growing sharpness it approaches the rectifier.
    Softplus {
        /// 1 is softplus itself.
        sharpness: f64,
    },
    /// Hyperbolic tangent.
    Tanh,
    /// Logistic sigmoid.
    Logistic,
    /// No nonlinearity.
    Identity,
    /// Exponential linear unit.
    Elu {
        /// The limit at minus infinity is `-alpha`.
        alpha: f64,
    },
    /// Scaled exponential linear unit, for weights drawn by [`WeightDraw::LecunNormal`]: activations of mean 0 and variance 1 stay so
    /// from layer to layer.
    Selu,
    /// Gaussian error linear unit, the exact form.
    Gelu,
}

/// How initial weights are drawn; biases start at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightDraw {
    /// U(-l, l), l = sqrt(6 / (inputs + outputs)) (Glorot, Bengio 2010), as in the paper.
    GlorotUniform,
    /// N(0, 1 / inputs) (LeCun et al. 1998), which self-normalizing networks start from (Klambauer et al. 2017).
    LecunNormal,
}

impl Unit {
    /// The slope of the leaky baseline where none is given.
    pub const LEAKY_SLOPE: f64 = 0.01;
    /// The starting slope of the parametric leaky unit where none is given (He et al. 2015).
    pub const PARAMETRIC_SLOPE: f64 = 0.25;

    /// The scale of [`Selu`](Self::Selu), with [`SELU_ALPHA`](Self::SELU_ALPHA) the solution of its fixed-point equations
    /// (Klambauer et al. 2017, equation 14).
    pub const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
    /// The limit of [`Selu`](Self::Selu) at minus infinity is this times minus the scale.
    pub const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

    /// How the weights of a network of such units are drawn.
    pub fn drawn(&self) -> WeightDraw {
        match self {
            Self::Selu => WeightDraw::LecunNormal,
            Self::Rectifier
            | Self::Leaky { .. }
            | Self::ParametricLeaky { .. }
            | Self::Softplus { .. }
            | Self::Tanh
            | Self::Logistic
            | Self::Identity
            | Self::Elu { .. }
            | Self::Gelu => WeightDraw::GlorotUniform,
        }
    }

    /// Checks the unit's constants.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] for a constant that is not finite, or a sharpness or alpha not above zero.
    pub fn validate(&self) -> Result<(), NetworkError> {
        match *self {
            Self::Leaky { slope } | Self::ParametricLeaky { slope } => {
                NetworkError::check("slope", slope, true, "a finite number")
            }
            Self::Softplus { sharpness } => {
                NetworkError::check("sharpness", sharpness, sharpness > 0.0, "above 0")
            }
            Self::Elu { alpha } => NetworkError::check("alpha", alpha, alpha > 0.0, "above 0"),
            Self::Rectifier
            | Self::Tanh
            | Self::Logistic
            | Self::Identity
            | Self::Selu
            | Self::Gelu => Ok(()),
        }
    }

    /// The unit's activation of a pre-activation `x`, in double precision; the learned slope of a parametric leaky unit
    /// is the one it starts from.
    pub fn value(&self, x: f64) -> f64 {
        match *self {
            Self::Rectifier => x.max(0.0),
            Self::Leaky { slope } | Self::ParametricLeaky { slope } if x < 0.0 => slope * x,
            Self::Leaky { .. } | Self::ParametricLeaky { .. } | Self::Identity => x,
            Self::Softplus { sharpness } => {
                let scaled = sharpness * x;
                (scaled.max(0.0) + libm::log1p(libm::exp(-scaled.abs()))) / sharpness
            }
            Self::Tanh => libm::tanh(x),
            Self::Logistic => 1.0 / (1.0 + libm::exp(-x)),
            Self::Elu { alpha } if x < 0.0 => alpha * libm::expm1(x),
            Self::Elu { .. } => x,
            Self::Selu if x < 0.0 => Self::SELU_SCALE * Self::SELU_ALPHA * libm::expm1(x),
            Self::Selu => Self::SELU_SCALE * x,
            Self::Gelu => 0.5 * x * libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2),
        }
    }

    /// Whether unit(c x) = c unit(x) for every c > 0, so that a scale can move between layers.
    pub fn is_homogeneous(&self) -> bool {
        matches!(
            self,
            Self::Rectifier | Self::Leaky { .. } | Self::ParametricLeaky { .. } | Self::Identity
        )
    }

    /// Whether the unit gives exact zeros on half of a symmetric input.
    pub fn is_sparse(&self) -> bool {
        matches!(self, Self::Rectifier)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn apply(unit: Unit, values: &[f32]) -> alloc::vec::Vec<f32> {
        values
            .iter()
            .map(|x| unit.value(f64::from(*x)) as f32)
            .collect()
    }

    #[test]
    fn closed_forms() {
        // Reference: Python's math module (exp, log1p, tanh, erf) at x = -2, -0.5, 0, 0.5, 2.
        let x = [-2.0, -0.5, 0.0, 0.5, 2.0];
        let expected: &[(Unit, [f32; 5])] = &[
            (Unit::Rectifier, [0.0, 0.0, 0.0, 0.5, 2.0]),
            (Unit::Leaky { slope: 0.01 }, [-0.02, -0.005, 0.0, 0.5, 2.0]),
            (
                Unit::ParametricLeaky { slope: 0.25 },
                [-0.5, -0.125, 0.0, 0.5, 2.0],
            ),
            (
                Unit::Softplus { sharpness: 1.0 },
                [
                    0.126_928,
                    0.474_077,
                    core::f32::consts::LN_2,
                    0.974_077,
                    2.126_928,
                ],
            ),
            (
                Unit::Softplus { sharpness: 3.0 },
                [0.000_825_2, 0.067_138, 0.231_049, 0.567_138, 2.000_825],
            ),
            (
                Unit::Tanh,
                [-0.964_028, -0.462_117, 0.0, 0.462_117, 0.964_028],
            ),
            (
                Unit::Logistic,
                [0.119_203, 0.377_541, 0.5, 0.622_459, 0.880_797],
            ),
            (Unit::Identity, [-2.0, -0.5, 0.0, 0.5, 2.0]),
            (
                Unit::Elu { alpha: 1.0 },
                [-0.864_665, -0.393_469, 0.0, 0.5, 2.0],
            ),
            (
                Unit::Selu,
                [-1.520_167, -0.691_758, 0.0, 0.525_350, 2.101_402],
            ),
            (
                Unit::Gelu,
                [-0.045_500, -0.154_269, 0.0, 0.345_731, 1.954_5],
            ),
        ];
        for (unit, values) in expected {
            for (found, wanted) in apply(*unit, &x).iter().zip(values) {
                assert!((found - wanted).abs() < 2e-6, "{unit:?}: {found} {wanted}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_rescaled_softplus_lies_between_rectifier_and_its_gap(
            x in -30f32..30.0, sharpness in 0.5f64..64.0,
        ) {
            // 0 <= softplus_a(x) - max(0, x) <= log(2)/a, with equality at 0 and the rectifier as the limit.
            let gap = apply(Unit::Softplus { sharpness }, &[x])[0] - x.max(0.0);
            let bound = core::f32::consts::LN_2 / sharpness as f32;
            prop_assert!(gap >= -4e-6 && gap <= bound + 4e-6, "{} {}", gap, bound);
        }

        #[test]
        fn homogeneous_units_commute_with_a_positive_scale(x in -9f32..9.0, scale in 0.01f32..50.0) {
            let units = [
                Unit::Rectifier, Unit::Leaky { slope: 0.1 }, Unit::ParametricLeaky { slope: 0.3 }, Unit::Identity,
            ];
            for unit in units {
                prop_assert!(unit.is_homogeneous());
                let (inside, outside) = (apply(unit, &[scale * x])[0], scale * apply(unit, &[x])[0]);
                prop_assert!((inside - outside).abs() <= 1e-5 * outside.abs().max(1.0));
            }
        }
    }

    #[test]
    fn constants_are_checked_and_the_text_says_what_would_do() {
        let wrong = Unit::Softplus {
            sharpness: f64::NAN,
        };
        let text = alloc::format!("{}", wrong.validate().unwrap_err());
        assert_eq!(text, "sharpness is NaN: it must be above 0");
        assert!(Unit::Elu { alpha: 0.0 }.validate().is_err());
        assert!(Unit::Rectifier.validate().is_ok());
    }

    #[test]
    fn json_is_stable() {
        let text = serde_json::to_string(&Unit::Leaky { slope: 0.5 }).unwrap();
        assert_eq!(text, r#"{"kind":"leaky","slope":0.5}"#);
        assert!(serde_json::from_str::<Unit>(r#"{"kind":"rectified"}"#).is_err());
    }
}
