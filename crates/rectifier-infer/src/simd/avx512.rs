//! Sixteen floats in a register of AVX-512.

use super::{DOT, Vector};
use crate::buffer::Bf16;
use core::arch::x86_64::*;

#[derive(Clone, Copy)]
pub struct Avx512(__m512);

// SAFETY of every block below: the trait's callers vouch for AVX-512 F and the pointers.
impl Vector for Avx512 {
    const LANES: usize = 16;

    #[inline(always)]
    unsafe fn zero() -> Self {
        Self(unsafe { _mm512_setzero_ps() })
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self(unsafe { _mm512_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { _mm512_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const Bf16) -> Self {
        unsafe {
            let halves = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()));
            Self(_mm512_castsi512_ps(_mm512_slli_epi32::<16>(halves)))
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(unsafe { _mm512_fmadd_ps(a.0, b.0, self.0) })
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        unsafe { _mm512_reduce_add_ps(self.0) }
    }

    #[inline(always)]
    unsafe fn sum_rows(from: *const f32, to: *mut f32) {
        unsafe {
            let (a, b) = (eight(from), eight(from.add(8 * DOT)));
            let (low, high) = (
                _mm512_shuffle_ps::<0x88>(a, b),
                _mm512_shuffle_ps::<0xDD>(a, b),
            );
            // Rows 0 4 8 12 | 1 5 9 13 | ..
            let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
            let sums = _mm512_permutexvar_ps(order, _mm512_add_ps(low, high));
            _mm512_storeu_ps(to, sums);
        }
    }
}

/// The rows 0 and 1 at `from`, the halves of each added: eight lanes a row.
#[inline(always)]
unsafe fn two(from: *const f32) -> __m512 {
    // SAFETY: the caller vouches for the rows.
    unsafe {
        let (a, b) = (_mm512_loadu_ps(from), _mm512_loadu_ps(from.add(DOT)));
        let (low, high) = (
            _mm512_shuffle_f32x4::<0x44>(a, b),
            _mm512_shuffle_f32x4::<0xEE>(a, b),
        );
        _mm512_add_ps(low, high)
    }
}

/// Four rows, four lanes each.
#[inline(always)]
unsafe fn four(from: *const f32) -> __m512 {
    // SAFETY: as in `two`.
    unsafe {
        let (a, b) = (two(from), two(from.add(2 * DOT)));
        let (low, high) = (
            _mm512_shuffle_f32x4::<0x88>(a, b),
            _mm512_shuffle_f32x4::<0xDD>(a, b),
        );
        _mm512_add_ps(low, high)
    }
}

/// Eight rows, two lanes each: 0 and 4, 1 and 5, 2 and 6, 3 and 7.
#[inline(always)]
unsafe fn eight(from: *const f32) -> __m512 {
    // SAFETY: as in `two`.
    unsafe {
        let (a, b) = (four(from), four(from.add(4 * DOT)));
        let (low, high) = (
            _mm512_shuffle_ps::<0x44>(a, b),
            _mm512_shuffle_ps::<0xEE>(a, b),
        );
        _mm512_add_ps(low, high)
    }
}

/// As [`pointwise::rectify`](crate::pointwise::rectify), sixteen at a time.
///
/// # Safety
/// As there; both lists have room for `len` rounded up to a multiple of 16.
#[inline(always)]
pub unsafe fn rectify_avx512(
    z: *mut f32,
    len: usize,
    threshold: f32,
    flips: *const f32,
    first: u32,
    index: *mut u32,
    value: *mut f32,
) -> usize {
    // SAFETY: lanes past `len` are masked out of reads and writes of `z` and `flips`; list entries are written
    // sixteen at a time from a place that is at most `at`, so that they stay below `len` rounded up.
    unsafe {
        let bound = _mm512_set1_ps(threshold);
        let mut found = 0;
        for at in (0..len).step_by(16) {
            let lanes: __mmask16 = if len - at >= 16 {
                !0
            } else {
                (1 << (len - at)) - 1
            };
            let x = _mm512_maskz_loadu_ps(lanes, z.add(at));
            let alive = _mm512_mask_cmp_ps_mask::<_CMP_NLE_UQ>(lanes, x, bound);
            let mut x = _mm512_maskz_mov_ps(alive, x);
            if !flips.is_null() {
                x = _mm512_mul_ps(x, _mm512_maskz_loadu_ps(lanes, flips.add(at)));
            }
            _mm512_mask_storeu_ps(z.add(at), lanes, x);
            // A threshold below 0 is refused, so that what is alive is not 0.
            found += list(
                alive,
                x,
                first + at as u32,
                index.add(found),
                value.add(found),
            );
        }
        found
    }
}

/// As [`pointwise::collect`](crate::pointwise::collect), sixteen at a time.
///
/// # Safety
/// As [`rectify_avx512`].
#[inline(always)]
pub unsafe fn collect_avx512(
    x: *const f32,
    len: usize,
    first: u32,
    index: *mut u32,
    value: *mut f32,
) -> usize {
    // SAFETY: as in `rectify_avx512`.
    unsafe {
        let mut found = 0;
        for at in (0..len).step_by(16) {
            let lanes: __mmask16 = if len - at >= 16 {
                !0
            } else {
                (1 << (len - at)) - 1
            };
            let x = _mm512_maskz_loadu_ps(lanes, x.add(at));
            let alive = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(x, _mm512_setzero_ps());
            found += list(
                alive,
                x,
                first + at as u32,
                index.add(found),
                value.add(found),
            );
        }
        found
    }
}

/// Writes the lanes of `alive` side by side. Compressed in registers and stored whole: storing compressed is slow on
/// some processors.
#[inline(always)]
unsafe fn list(alive: __mmask16, x: __m512, first: u32, index: *mut u32, value: *mut f32) -> usize {
    // SAFETY: the callers' lists have room for sixteen from here.
    unsafe {
        let numbers = _mm512_add_epi32(
            _mm512_set1_epi32(first as i32),
            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        );
        _mm512_storeu_epi32(index.cast(), _mm512_maskz_compress_epi32(alive, numbers));
        _mm512_storeu_ps(value, _mm512_maskz_compress_ps(alive, x));
    }
    alive.count_ones() as usize
}
