//! Units on tensors.

use crate::Unit;
use burn::tensor::{Tensor, activation};

/// Applies a [`Unit`] to tensors.
pub trait Apply {
    /// The unit applied to pre-activations of any shape; `slope` is the learned slope `[1]` of
    /// [`Unit::ParametricLeaky`] and unused by the others.
    fn apply<const D: usize>(&self, x: Tensor<D>, slope: Option<Tensor<1>>) -> Tensor<D>;
}

impl Apply for Unit {
    fn apply<const D: usize>(&self, x: Tensor<D>, slope: Option<Tensor<1>>) -> Tensor<D> {
        match *self {
            Self::Rectifier => activation::relu(x),
            Self::Leaky { slope } => activation::leaky_relu(x, slope),
            Self::ParametricLeaky { slope: start } => match slope {
                // x = max(x, 0) - max(-x, 0), so that the slope's gradient is a plain product.
                Some(slope) => {
                    let negative = activation::relu(x.clone().neg());
                    let mut shape = [1; D];
                    shape[D - 1] = 1;
                    activation::relu(x) - negative * slope.reshape(shape)
                }
                None => activation::leaky_relu(x, start),
            },
            Self::Softplus { sharpness } => activation::softplus(x, sharpness),
            Self::Tanh => activation::tanh(x),
            Self::Logistic => activation::sigmoid(x),
            Self::Identity => x,
            Self::Elu { alpha } => activation::elu(x, alpha),
            Self::Selu => activation::selu(x),
            Self::Gelu => activation::gelu(x),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use proptest::prelude::*;

    fn apply(unit: Unit, values: &[f32]) -> alloc::vec::Vec<f32> {
        let x = Tensor::<1>::from_floats(values, &Device::default());
        unit.apply(x, None).into_data().try_to_vec().unwrap()
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
}
