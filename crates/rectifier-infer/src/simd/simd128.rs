//! Four floats in a register of WebAssembly.

use super::Vector;
use super::portable::fused;
use crate::buffer::Bf16;
use core::arch::wasm32::*;

#[derive(Clone, Copy)]
pub struct Simd128(v128);

/// The upper two of four floats in place of the lower two.
#[inline(always)]
fn upper(x: v128) -> v128 {
    i64x2_shuffle::<1, 1>(x, x)
}

/// `a b + c` of the lower two floats in double precision: the product is exact, the sum rounded.
#[inline(always)]
fn wide(a: v128, b: v128, c: v128) -> v128 {
    let product = f64x2_mul(f64x2_promote_low_f32x4(a), f64x2_promote_low_f32x4(b));
    f64x2_add(product, f64x2_promote_low_f32x4(c))
}

/// Which of two sums lie halfway between two floats.
#[inline(always)]
fn halfway(sums: v128) -> v128 {
    let rest = v128_and(sums, i64x2_splat(0x1fff_ffff));
    i64x2_eq(rest, i64x2_splat(0x1000_0000))
}

#[cold]
fn again(c: v128, a: v128, b: v128) -> v128 {
    let lanes = |x: v128| {
        let mut lanes = [0.0f32; 4];
        // SAFETY: four floats.
        unsafe { v128_store(lanes.as_mut_ptr().cast(), x) };
        lanes
    };
    let (a, b, c) = (lanes(a), lanes(b), lanes(c));
    let [x, y, z, w] = core::array::from_fn(|lane| fused(a[lane], b[lane], c[lane]));
    f32x4(x, y, z, w)
}

// SAFETY of every block below: the trait's callers vouch for the pointers.
impl Vector for Simd128 {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn zero() -> Self {
        Self(f32x4_splat(0.0))
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self(f32x4_splat(x))
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { v128_load(from.cast()) })
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const Bf16) -> Self {
        Self(u32x4_shl(
            unsafe { u32x4_load_extend_u16x4(from.cast()) },
            16,
        ))
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { v128_store(to.cast(), self.0) }
    }

    /// WebAssembly has no multiply-add that rounds once on every machine: as [`Portable`](super::Portable) does it.
    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        let low = wide(a.0, b.0, self.0);
        let high = wide(upper(a.0), upper(b.0), upper(self.0));
        // Rounding twice errs only where the first comes to lie halfway between two floats.
        if v128_any_true(v128_or(halfway(low), halfway(high))) {
            return Self(again(self.0, a.0, b.0));
        }
        let (low, high) = (f32x4_demote_f64x2_zero(low), f32x4_demote_f64x2_zero(high));
        Self(i64x2_shuffle::<0, 2>(low, high))
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        let pairs = f32x4_add(self.0, upper(self.0));
        f32x4_extract_lane::<0>(pairs) + f32x4_extract_lane::<1>(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Portable;
    use crate::testing::Draw;

    /// On numbers of all sizes, and on sums that nearly cancel or lie halfway between two floats.
    #[test]
    fn products_are_those_of_plain_rust_to_the_bit() {
        let mut draw = Draw::new(1);
        let mut numbers = || -> [f32; 8] {
            core::array::from_fn(|_| {
                let word = draw.bits() as u32;
                f32::from_bits((word & 0x807f_ffff) | (((word >> 26) & 31) + 112) << 23)
            })
        };
        let bits = |lanes: [f32; 8]| lanes.map(f32::to_bits);
        for _ in 0..100_000 {
            let (a, b, c) = (numbers(), numbers(), numbers());
            let less: [f32; 8] = core::array::from_fn(|lane| -(a[lane] * b[lane]));
            let half = less.map(|x| -x * 16_777_216.0);
            for c in [c, less, half] {
                let (mut plain, mut vectors) = ([0.0f32; 8], [0.0f32; 8]);
                // SAFETY: eight floats each.
                unsafe {
                    let sum = Portable::load(c.as_ptr());
                    let (x, y) = (Portable::load(a.as_ptr()), Portable::load(b.as_ptr()));
                    sum.add_product(x, y).store(plain.as_mut_ptr());
                    for at in [0, 4] {
                        let sum = Simd128::load(c.as_ptr().add(at));
                        let (x, y) = (
                            Simd128::load(a.as_ptr().add(at)),
                            Simd128::load(b.as_ptr().add(at)),
                        );
                        sum.add_product(x, y).store(vectors.as_mut_ptr().add(at));
                    }
                }
                assert_eq!(bits(plain), bits(vectors), "{a:?} {b:?} {c:?}");
                assert_eq!(plain[3], fused(a[3], b[3], c[3]));
            }
        }
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let numbers = [1.5f32, -2.0, 0.25, 0.125];
        let halves = numbers.map(Bf16::nearest);
        let mut found = [0.0f32; 4];
        // SAFETY: four numbers each.
        unsafe {
            Simd128::load_bf16(halves.as_ptr()).store(found.as_mut_ptr());
            assert_eq!(found, halves.map(Bf16::widened));
            assert_eq!(Simd128::load(numbers.as_ptr()).sum(), -0.125);
            Simd128::zero().store(found.as_mut_ptr());
        }
        assert_eq!(found, [0.0; 4]);
    }
}
