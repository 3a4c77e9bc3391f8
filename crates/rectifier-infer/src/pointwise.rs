//! What is done number by number: units with their slopes, lists of what is not 0, reconstruction costs.
//!
//! Written without branches over short runs of floats, so that the compiler vectorizes them for each instruction set.
//! Exponentials and logarithms are polynomials good to a few units in the last place; tests hold them to `f64`.

const LOG2_E: f32 = core::f32::consts::LOG2_E;
/// ln 2 in two parts, the first with few bits, so that a multiple of it is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// e^x for x at most 0; below -87 the smallest normal number's neighbourhood, as good as 0.
#[inline(always)]
fn exp_falling(x: f32) -> f32 {
    // Adding and taking away 1.5 * 2^23 rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let x = x.max(-87.0);
    let whole = (x * LOG2_E + ROUND) - ROUND;
    let rest = x - whole * LN_2_HIGH - whole * LN_2_LOW;
    // Taylor's series to the sixth power on [-ln 2 / 2, ln 2 / 2].
    let mut sum = 1.0 / 720.0;
    for coefficient in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        sum = sum * rest + coefficient;
    }
    // SAFETY: `whole` is a whole number from -126 to 0.
    let exponent = unsafe { whole.to_int_unchecked::<i32>() };
    sum * f32::from_bits(((exponent + 127) << 23) as u32)
}

/// log(1 + e) for e in [0, 1], as 2 artanh(e / (2 + e)).
#[inline(always)]
fn log_1p(e: f32) -> f32 {
    let s = e / (2.0 + e);
    let square = s * s;
    let mut sum = 1.0 / 15.0;
    for coefficient in [
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        0.2,
        1.0 / 3.0,
        1.0,
    ] {
        sum = sum * square + coefficient;
    }
    2.0 * s * sum
}

/// log(1 + e^x) and its slope, the logistic function of x.
#[inline(always)]
fn softplus(x: f32) -> (f32, f32) {
    let e = exp_falling(-x.abs());
    let larger = 1.0 / (1.0 + e);
    let logistic = if x >= 0.0 { larger } else { e * larger };
    // max(x, 0), except that what is not a number stays so and shows in the loss.
    (0.5 * (x + x.abs()) + log_1p(e), logistic)
}

#[inline(always)]
fn tanh(x: f32) -> f32 {
    let e = exp_falling(-2.0 * x.abs());
    let large = ((1.0 - e) / (1.0 + e)).copysign(x);
    // Near 0 the difference above loses digits; the series does not.
    let square = x * x;
    let small = x * (1.0 + square * (-1.0 / 3.0 + square * (2.0 / 15.0 - square * (17.0 / 315.0))));
    if x.abs() < 0.25 { small } else { large }
}

/// The normal distribution function and its density (erf by Abramowitz and Stegun 7.1.26, to 1.5e-7).
#[inline(always)]
fn normal(x: f32) -> (f32, f32) {
    let half = exp_falling(-0.5 * x * x);
    let t = 1.0 / (1.0 + 0.327_591_1 * core::f32::consts::FRAC_1_SQRT_2 * x.abs());
    let mut sum = 1.061_405_4;
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        sum = sum * t + coefficient;
    }
    let tail = 0.5 * sum * t * half;
    (if x >= 0.0 { 1.0 - tail } else { tail }, half * 0.398_942_3)
}

/// A unit other than the rectifier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Smooth {
    Leaky(f32),
    Softplus(f32),
    Tanh,
    Logistic,
    Identity,
    Elu(f32),
    Selu,
    Gelu,
}

/// Replaces `len` pre-activations by activations and writes their slopes.
#[inline(always)]
pub unsafe fn smooth(kind: Smooth, z: *mut f32, slope: *mut f32, len: usize) {
    // SAFETY: the caller vouches for `len` floats in both, which do not overlap.
    let (z, slope) = unsafe {
        (
            core::slice::from_raw_parts_mut(z, len),
            core::slice::from_raw_parts_mut(slope, len),
        )
    };
    let each = z.iter_mut().zip(slope);
    match kind {
        Smooth::Leaky(below) => each.for_each(|(z, slope)| {
            *slope = if *z > 0.0 { 1.0 } else { below };
            *z *= *slope;
        }),
        Smooth::Softplus(sharpness) => each.for_each(|(z, slope)| {
            let (value, logistic) = softplus(*z * sharpness);
            (*z, *slope) = (value / sharpness, logistic);
        }),
        Smooth::Tanh => each.for_each(|(z, slope)| {
            let value = tanh(*z);
            (*z, *slope) = (value, 1.0 - value * value);
        }),
        Smooth::Logistic => each.for_each(|(z, slope)| {
            let (_, value) = softplus(*z);
            (*z, *slope) = (value, value * (1.0 - value));
        }),
        Smooth::Identity => each.for_each(|(_, slope)| *slope = 1.0),
        Smooth::Elu(alpha) => each.for_each(|(z, slope)| {
            let e = exp_falling(z.min(0.0));
            let below = alpha * (e - 1.0);
            (*z, *slope) = if *z > 0.0 {
                (*z, 1.0)
            } else {
                (below, alpha * e)
            };
        }),
        Smooth::Selu => {
            let scale = rectifier_model::Unit::SELU_SCALE as f32;
            let limit =
                (rectifier_model::Unit::SELU_SCALE * rectifier_model::Unit::SELU_ALPHA) as f32;
            each.for_each(|(z, slope)| {
                let e = exp_falling(z.min(0.0));
                (*z, *slope) = if *z > 0.0 {
                    (scale * *z, scale)
                } else {
                    (limit * (e - 1.0), limit * e)
                };
            })
        }
        Smooth::Gelu => each.for_each(|(z, slope)| {
            let (share, density) = normal(*z);
            *slope = share + *z * density;
            *z *= share;
        }),
    }
}

/// Replaces `len` pre-activations by rectified ones (0 up to `threshold`), times `flips` if they are not null, and lists
/// those that are not 0, numbered from `first`; returns how many. Both lists have room for `len`.
#[inline(always)]
pub unsafe fn rectify(
    z: *mut f32,
    len: usize,
    threshold: f32,
    flips: *const f32,
    first: u32,
    index: *mut u32,
    value: *mut f32,
) -> usize {
    // SAFETY: the caller vouches for `len` floats and places; an entry is written before its place is taken, so
    // that the last write is at most at `len - 1`.
    unsafe {
        for at in 0..len {
            let x = *z.add(at);
            // What is not a number passes, so that it shows in the loss.
            let x = if x <= threshold { 0.0 } else { x };
            *z.add(at) = if flips.is_null() {
                x
            } else {
                x * *flips.add(at)
            };
        }
        collect(z, len, first, index, value)
    }
}

/// Lists those of `len` numbers that are not 0, numbered from `first`; returns how many.
#[inline(always)]
pub unsafe fn collect(
    x: *const f32,
    len: usize,
    first: u32,
    index: *mut u32,
    value: *mut f32,
) -> usize {
    let mut found = 0;
    // SAFETY: as in `rectify`.
    unsafe {
        for at in 0..len {
            let x = *x.add(at);
            *index.add(found) = first + at as u32;
            *value.add(found) = x;
            found += usize::from(x != 0.0);
        }
    }
    found
}

/// What a reconstruction costs, number by number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cost {
    SoftplusSquared,
    CrossEntropy,
    LinearSquared,
    RectifierSquared,
}

/// The summed cost of `len` decoder outputs `z` against `target`; replaces them by their gradients times `scale`.
#[inline(always)]
pub unsafe fn rebuild(cost: Cost, z: *mut f32, target: *const f32, len: usize, scale: f32) -> f64 {
    // SAFETY: the caller vouches for `len` floats in both, which do not overlap.
    let (z, target) = unsafe {
        (
            core::slice::from_raw_parts_mut(z, len),
            core::slice::from_raw_parts(target, len),
        )
    };
    match cost {
        Cost::SoftplusSquared => each(z, target, scale, |z, target| {
            let (output, slope) = softplus(z);
            let difference = output - target;
            (difference * difference, 2.0 * difference * slope)
        }),
        Cost::CrossEntropy => each(z, target, scale, |z, target| {
            let (output, logistic) = softplus(z);
            (output - target * z, logistic - target)
        }),
        Cost::LinearSquared => each(z, target, scale, |z, target| {
            let difference = z - target;
            (difference * difference, 2.0 * difference)
        }),
        Cost::RectifierSquared => each(z, target, scale, |z, target| {
            let difference = z.max(0.0) - target;
            let slope = if z > 0.0 { 2.0 * difference } else { 0.0 };
            (difference * difference, slope)
        }),
    }
}

/// The sum of what `cost` says of every number and its target; the number becomes the gradient that it says, times `scale`.
#[inline(always)]
fn each(z: &mut [f32], target: &[f32], scale: f32, cost: impl Fn(f32, f32) -> (f32, f32)) -> f64 {
    const RUN: usize = 64;
    // Costs are added in eight sums at once: one sum would be a chain of additions. They are set down first, so that what
    // they are made of fills whole registers.
    let mut sums = [0.0f32; 8];
    for (z, target) in z.chunks_mut(RUN).zip(target.chunks(RUN)) {
        let mut costs = [0.0f32; RUN];
        for ((z, target), place) in z.iter_mut().zip(target).zip(&mut costs) {
            let (cost, gradient) = cost(*z, *target);
            (*place, *z) = (cost, gradient * scale);
        }
        for costs in costs.chunks_exact(sums.len()) {
            for (sum, cost) in sums.iter_mut().zip(costs) {
                *sum += cost;
            }
        }
    }
    sums.iter().map(|sum| f64::from(*sum)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep() -> impl Iterator<Item = f32> {
        // Miri looks at memory, for which a few numbers do.
        let steps = if cfg!(miri) { 20 } else { 4000 };
        (-steps..steps).map(move |step| step as f32 * (20.0 / steps as f32) + 0.001)
    }

    #[test]
    fn elementary_functions_are_good_to_a_few_units_in_the_last_place() {
        for x in sweep() {
            let wide = f64::from(x);
            let close = |what: &str, found: f32, wanted: f64, relative: f64| {
                let error = (f64::from(found) - wanted).abs();
                assert!(
                    error <= relative * wanted.abs() + 1e-9,
                    "{what}({x}): {found} {wanted}"
                );
            };
            let (value, slope) = softplus(x);
            close("softplus", value, wide.exp().ln_1p(), 4e-7);
            close("logistic", slope, 1.0 / (1.0 + (-wide).exp()), 4e-7);
            close("tanh", tanh(x), wide.tanh(), 4e-7);
            close("exp", exp_falling(-x.abs()), (-wide.abs()).exp(), 4e-7);
        }
        assert_eq!(softplus(-1e30).0, softplus(-87.0).0);
        assert_eq!(softplus(1e30), (1e30, 1.0));
        assert!(softplus(f32::NAN).0.is_nan());
        assert_eq!(tanh(f32::MIN_POSITIVE), f32::MIN_POSITIVE);
    }

    /// Slopes against central differences of the values, so that a wrong derivative cannot pass.
    #[test]
    fn slopes_are_the_derivatives_of_their_units() {
        let kinds = [
            Smooth::Leaky(0.01),
            Smooth::Softplus(1.0),
            Smooth::Softplus(3.0),
            Smooth::Tanh,
            Smooth::Logistic,
            Smooth::Identity,
            Smooth::Elu(1.3),
            Smooth::Selu,
            Smooth::Gelu,
        ];
        for kind in kinds {
            let value = |x: f32| {
                let (mut z, mut slope) = (x, 0.0);
                // SAFETY: one float each.
                unsafe { smooth(kind, &mut z, &mut slope, 1) };
                (z, slope)
            };
            for x in sweep().filter(|x| x.abs() > 0.02 && x.abs() < 6.0) {
                let step = 0.01;
                let difference = (value(x + step).0 - value(x - step).0) / (2.0 * step);
                let (_, slope) = value(x);
                assert!(
                    (difference - slope).abs() < 1e-3,
                    "{kind:?} at {x}: {slope} {difference}"
                );
            }
        }
    }

    #[test]
    fn gradients_of_costs_are_their_derivatives() {
        for cost in [
            Cost::SoftplusSquared,
            Cost::CrossEntropy,
            Cost::LinearSquared,
            Cost::RectifierSquared,
        ] {
            let at = |z: f32, target: f32| {
                let mut slope = z;
                // SAFETY: one float each.
                let cost = unsafe { rebuild(cost, &mut slope, &target, 1, 1.0) };
                (cost, slope)
            };
            for z in [-2.0f32, -0.4, 0.3, 1.7] {
                let difference = (at(z + 1e-2, 0.4).0 - at(z - 1e-2, 0.4).0) / 2e-2;
                let (_, slope) = at(z, 0.4);
                assert!(
                    (difference - f64::from(slope)).abs() < 1e-3,
                    "{cost:?} at {z}"
                );
            }
        }
    }

    #[test]
    fn lists_hold_what_is_not_zero() {
        let mut z = [0.5, -1.0, 0.1, 0.0, 2.0];
        let flips = [1.0, 1.0, 1.0, 1.0, -1.0];
        let (mut index, mut value) = ([0u32; 5], [0f32; 5]);
        // SAFETY: five numbers each.
        let found = unsafe {
            rectify(
                z.as_mut_ptr(),
                5,
                0.1,
                flips.as_ptr(),
                10,
                index.as_mut_ptr(),
                value.as_mut_ptr(),
            )
        };
        assert_eq!(
            (found, &index[..2], &value[..2]),
            (2, &[10, 14][..], &[0.5, -2.0][..])
        );
        assert_eq!(z, [0.5, 0.0, 0.0, 0.0, -2.0]);
    }
}
