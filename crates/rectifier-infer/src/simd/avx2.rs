//! Eight floats in a register of AVX2.

use super::{DOT, Vector};
use crate::buffer::Bf16;
use core::arch::x86_64::*;

#[derive(Clone, Copy)]
pub struct Avx2(__m256);

// SAFETY of every block below: the trait's callers vouch for AVX2, FMA and the pointers.
impl Vector for Avx2 {
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn zero() -> Self {
        Self(unsafe { _mm256_setzero_ps() })
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self(unsafe { _mm256_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const Bf16) -> Self {
        unsafe {
            let halves = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast()));
            Self(_mm256_castsi256_ps(_mm256_slli_epi32::<16>(halves)))
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(unsafe { _mm256_fmadd_ps(a.0, b.0, self.0) })
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        unsafe {
            let half = _mm_add_ps(
                _mm256_castps256_ps128(self.0),
                _mm256_extractf128_ps::<1>(self.0),
            );
            let quarter = _mm_add_ps(half, _mm_movehl_ps(half, half));
            _mm_cvtss_f32(_mm_add_ss(quarter, _mm_movehdup_ps(quarter)))
        }
    }

    #[inline(always)]
    unsafe fn sum_rows(from: *const f32, to: *mut f32) {
        unsafe {
            sum_eight(from, to);
            sum_eight(from.add(8 * DOT), to.add(8));
        }
    }
}

/// As [`Vector::sum_rows`], eight rows.
#[inline(always)]
unsafe fn sum_eight(from: *const f32, to: *mut f32) {
    // SAFETY: the callers vouch for eight rows and eight sums.
    unsafe {
        let (a, b) = (four(from), four(from.add(4 * DOT)));
        let (low, high) = (
            _mm256_shuffle_ps::<0x88>(a, b),
            _mm256_shuffle_ps::<0xDD>(a, b),
        );
        // Rows 0 2 4 6 | 1 3 5 7.
        let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
        let sums = _mm256_permutevar8x32_ps(_mm256_add_ps(low, high), order);
        _mm256_storeu_ps(to, sums);
    }
}

/// The sixteen lanes of a row as eight.
#[inline(always)]
unsafe fn one(from: *const f32) -> __m256 {
    // SAFETY: as in `sum_eight`.
    unsafe { _mm256_add_ps(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
}

/// Rows 0 and 1 at `from`, four lanes each.
#[inline(always)]
unsafe fn two(from: *const f32) -> __m256 {
    // SAFETY: as in `sum_eight`.
    unsafe {
        let (a, b) = (one(from), one(from.add(DOT)));
        let (low, high) = (
            _mm256_permute2f128_ps::<0x20>(a, b),
            _mm256_permute2f128_ps::<0x31>(a, b),
        );
        _mm256_add_ps(low, high)
    }
}

/// Four rows, two lanes each: 0 and 2, 1 and 3.
#[inline(always)]
unsafe fn four(from: *const f32) -> __m256 {
    // SAFETY: as in `sum_eight`.
    unsafe {
        let (a, b) = (two(from), two(from.add(2 * DOT)));
        let (low, high) = (
            _mm256_shuffle_ps::<0x44>(a, b),
            _mm256_shuffle_ps::<0xEE>(a, b),
        );
        _mm256_add_ps(low, high)
    }
}
