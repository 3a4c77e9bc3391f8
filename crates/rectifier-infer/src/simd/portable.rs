//! Eight floats in plain Rust; the compiler makes of them what the target has.

use super::Vector;
use crate::buffer::Bf16;

/// `a b + c`, rounded once, as processors that have the operation give it: numbers are the same everywhere.
#[inline(always)]
pub fn fused(a: f32, b: f32, c: f32) -> f32 {
    #[cfg(all(feature = "std", any(target_feature = "fma", target_arch = "aarch64")))]
    return a.mul_add(b, c);
    #[cfg(not(all(feature = "std", any(target_feature = "fma", target_arch = "aarch64"))))]
    rounded_once(a, b, c)
}

/// As [`fused`], where the target has no such operation.
#[cfg_attr(
    all(feature = "std", any(target_feature = "fma", target_arch = "aarch64")),
    allow(dead_code)
)]
#[inline(always)]
fn rounded_once(a: f32, b: f32, c: f32) -> f32 {
    // The product is exact in double precision. The sum is rounded to odd: a last bit of 1 says that something was cut off,
    // so that rounding once more to single precision errs no second time (Boldo, Melquiond 2008).
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // What was cut off, exactly (Knuth's two-sum); not a number where the sum is infinite or none.
    let part = sum - product;
    let rest = (product - (sum - part)) + (c - part);
    let even = sum.to_bits() & 1 == 0;
    let step = match (rest > 0.0) == (sum > 0.0) {
        true => 1u64,
        false => u64::MAX,
    };
    let bits = match rest.abs() > 0.0 && even {
        true => sum.to_bits().wrapping_add(step),
        false => sum.to_bits(),
    };
    f64::from_bits(bits) as f32
}

/// Whether the target has the operation.
const HARDWARE: bool = cfg!(all(
    feature = "std",
    any(target_feature = "fma", target_arch = "aarch64")
));

#[cold]
fn again(c: Portable, a: Portable, b: Portable) -> Portable {
    Portable(core::array::from_fn(|lane| {
        fused(a.0[lane], b.0[lane], c.0[lane])
    }))
}

#[derive(Clone, Copy)]
pub struct Portable([f32; 8]);

impl Vector for Portable {
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn zero() -> Self {
        Self([0.0; 8])
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; 8])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for eight readable floats.
        Self(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const Bf16) -> Self {
        // SAFETY: the caller vouches for eight readable numbers.
        let halves = unsafe { from.cast::<[Bf16; 8]>().read_unaligned() };
        Self(halves.map(Bf16::widened))
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for eight writable floats.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        if HARDWARE {
            return Self(core::array::from_fn(|lane| {
                fused(a.0[lane], b.0[lane], self.0[lane])
            }));
        }
        let sums: [f64; 8] = core::array::from_fn(|lane| {
            f64::from(a.0[lane]) * f64::from(b.0[lane]) + f64::from(self.0[lane])
        });
        // Rounding twice errs only where the first comes to lie halfway between two floats.
        let halfway = sums.iter().fold(0, |all, sum| {
            all | u64::from(sum.to_bits() & 0x1fff_ffff == 0x1000_0000)
        });
        match halfway {
            0 => Self(sums.map(|sum| sum as f32)),
            _ => again(self, a, b),
        }
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

#[cfg(test)]
mod tests {
    use super::rounded_once as fused;
    use super::{Portable, Vector};

    /// Against the library's operation, on numbers of all sizes and on sums that nearly cancel or lie halfway.
    #[test]
    fn one_rounding_is_one_rounding() {
        let mut state = 1u64;
        let mut number = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let word = (state >> 32) as u32;
            // Exponents near each other, so that all parts of the sum count.
            f32::from_bits((word & 0x807f_ffff) | ((word >> 26 & 31) + 112) << 23)
        };
        let steps = if cfg!(miri) { 100 } else { 1_000_000 };
        for _ in 0..steps {
            let (a, b, c) = (number(), number(), number());
            for c in [c, -(a * b), (a * b) * 16_777_216.0, c * 1e-7] {
                let wanted = a.mul_add(b, c).to_bits();
                assert_eq!(fused(a, b, c).to_bits(), wanted, "{a} {b} {c}");
                // SAFETY: plain Rust.
                let lanes = unsafe {
                    Portable::splat(c).add_product(Portable::splat(a), Portable::splat(b))
                };
                assert!(lanes.0.iter().all(|lane| lane.to_bits() == wanted));
            }
        }
        let one = 1.0 + f32::EPSILON;
        assert_eq!(fused(one, one, -1.0), one.mul_add(one, -1.0));
        assert_eq!(fused(f32::MAX, 2.0, 0.0), f32::INFINITY);
        assert!(fused(f32::INFINITY, 0.0, 1.0).is_nan());
        assert_eq!(fused(f32::INFINITY, 1.0, 1.0), f32::INFINITY);
        assert_eq!(
            fused(0.0, 5.0, -0.0).to_bits(),
            0f32.mul_add(5.0, -0.0).to_bits()
        );
    }
}
