//! Products of bytes on x86-64.

use super::wide::Wide;
use super::{GROUP, Grain, STRIP, Sums, TILE_ROWS};
use crate::buffer::PANEL;
use core::arch::x86_64::*;

/// Sixteen sums of AVX-512 with VNNI.
#[derive(Clone, Copy)]
pub(super) struct Vnni(__m512i);

// SAFETY of every block below: the callers vouch for the instructions and the pointers.
impl Sums for Vnni {
    const UNITS: usize = 16;
    const GRAIN: Grain = Grain::Four;
    type Inputs = __m512i;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        Self(unsafe { _mm512_loadu_si512(from.cast()) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        unsafe { _mm512_storeu_si512(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn inputs(_: usize, value: u32) -> __m512i {
        unsafe { _mm512_set1_epi32(value as i32) }
    }

    #[inline(always)]
    unsafe fn add(self, inputs: __m512i, weights: *const i8) -> Self {
        Self(unsafe { _mm512_dpbusd_epi32(self.0, inputs, _mm512_loadu_si512(weights.cast())) })
    }
}

/// As [`Kernels::tile`](super::Kernels::tile).
///
/// # Safety
/// As there.
#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) unsafe fn tile(
    z: *mut i32,
    w: *const i8,
    rows: (*const u8, usize),
    count: usize,
    list: (*const u32, usize),
    units: usize,
) {
    // SAFETY: as the caller says; strips lie inside a panel.
    unsafe {
        if units > 2 * STRIP {
            return rows_of::<4>(z, w, rows, count, list);
        }
        for strip in 0..units.div_ceil(STRIP) {
            let at = strip * STRIP;
            rows_of::<1>(z.add(at), w.add(at * GROUP), rows, count, list);
        }
    }
}

/// As [`tile`], of `N` registers of units.
#[inline(always)]
unsafe fn rows_of<const N: usize>(
    z: *mut i32,
    w: *const i8,
    rows: (*const u8, usize),
    count: usize,
    list: (*const u32, usize),
) {
    // SAFETY: as the caller says.
    unsafe {
        match count {
            1 => products::<N, 1>(z, w, rows, list),
            2 => products::<N, 2>(z, w, rows, list),
            3 => products::<N, 3>(z, w, rows, list),
            4 => products::<N, 4>(z, w, rows, list),
            5 => products::<N, 5>(z, w, rows, list),
            // As many as a tile has at most.
            _ => products::<N, TILE_ROWS>(z, w, rows, list),
        }
    }
}

/// As [`tile`], of `ROWS` rows and `N` registers of units: weights are read once for all rows.
#[inline(always)]
unsafe fn products<const N: usize, const ROWS: usize>(
    z: *mut i32,
    w: *const i8,
    (rows, stride): (*const u8, usize),
    (index, len): (*const u32, usize),
) {
    // SAFETY: the caller vouches for the rows, for every group in the list, and for room for the sums.
    unsafe {
        let mut sums = [[_mm512_setzero_si512(); N]; ROWS];
        for entry in 0..len {
            let group = *index.add(entry) as usize;
            let weights = w.add(group * PANEL * GROUP);
            let inputs = rows.add(group * GROUP);
            for (row, sums) in sums.iter_mut().enumerate() {
                let inputs = inputs.add(row * stride).cast::<i32>().read_unaligned();
                let inputs = _mm512_set1_epi32(inputs);
                for (n, sum) in sums.iter_mut().enumerate() {
                    let weights = _mm512_loadu_si512(weights.add(n * STRIP * GROUP).cast());
                    *sum = _mm512_dpbusd_epi32(*sum, inputs, weights);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            for (n, sum) in sums.iter().enumerate() {
                _mm512_storeu_si512(z.add(row * PANEL + n * STRIP).cast(), *sum);
            }
        }
    }
}

/// Eight sums of AVX2 with VNNI: processors that have it and no AVX-512.
#[derive(Clone, Copy)]
pub(super) struct Short(__m256i);

impl Sums for Short {
    const UNITS: usize = 8;
    const GRAIN: Grain = Grain::Four;
    type Inputs = __m256i;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        Self(unsafe { _mm256_loadu_si256(from.cast()) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        unsafe { _mm256_storeu_si256(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn inputs(_: usize, value: u32) -> __m256i {
        unsafe { _mm256_set1_epi32(value as i32) }
    }

    #[inline(always)]
    unsafe fn add(self, inputs: __m256i, weights: *const i8) -> Self {
        Self(unsafe { _mm256_dpbusd_avx_epi32(self.0, inputs, _mm256_loadu_si256(weights.cast())) })
    }
}

/// Eight sums of AVX2. Products of bytes are made in 16 bits: the instruction that multiplies bytes as they are saturates.
#[derive(Clone, Copy)]
pub(super) struct Pairs(__m256i);

impl Sums for Pairs {
    const UNITS: usize = 8;
    const GRAIN: Grain = Grain::Two;
    /// Two inputs in each lane, and which weights of a group are theirs.
    type Inputs = (__m256i, __m256i);

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        Self(unsafe { _mm256_loadu_si256(from.cast()) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        unsafe { _mm256_storeu_si256(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn inputs(index: usize, value: u32) -> (__m256i, __m256i) {
        unsafe { (_mm256_set1_epi32(value as i32), half(index % 2)) }
    }

    #[inline(always)]
    unsafe fn add(self, (inputs, half): (__m256i, __m256i), weights: *const i8) -> Self {
        unsafe {
            let weights = widened(_mm256_loadu_si256(weights.cast()), half);
            Self(_mm256_add_epi32(self.0, _mm256_madd_epi16(weights, inputs)))
        }
    }
}

impl Wide for Pairs {
    #[inline(always)]
    unsafe fn widen(weights: *const i8, [first, second]: [*mut i16; 2]) {
        unsafe {
            let weights = _mm256_loadu_si256(weights.cast());
            _mm256_store_si256(first.cast(), widened(weights, half(0)));
            _mm256_store_si256(second.cast(), widened(weights, half(1)));
        }
    }

    #[inline(always)]
    unsafe fn wide(value: u32) -> __m256i {
        unsafe { _mm256_set1_epi32(value as i32) }
    }

    type Wide = __m256i;

    #[inline(always)]
    unsafe fn add_wide(self, inputs: __m256i, weights: *const i16) -> Self {
        unsafe {
            let weights = _mm256_load_si256(weights.cast());
            Self(_mm256_add_epi32(self.0, _mm256_madd_epi16(weights, inputs)))
        }
    }
}

/// What brings half `number` of each group of weights into the upper bytes of 16 bits.
#[inline(always)]
unsafe fn half(number: usize) -> __m256i {
    /// The lower bytes become 0.
    const NONE: u8 = 0x80;
    const fn bytes(second: bool) -> [u8; 32] {
        let mut bytes = [NONE; 32];
        let mut at = 0;
        while at < 32 {
            // Bytes are counted within lanes of 16.
            let group = (at % 16 / 4 * 4) as u8;
            let first = group + if second { 2 } else { 0 };
            bytes[at + 1] = first;
            bytes[at + 3] = first + 1;
            at += 4;
        }
        bytes
    }
    static HALVES: [[u8; 32]; 2] = [bytes(false), bytes(true)];
    unsafe { _mm256_loadu_si256(HALVES[number].as_ptr().cast()) }
}

/// A half of each group of weights, in 16 bits.
#[inline(always)]
unsafe fn widened(weights: __m256i, half: __m256i) -> __m256i {
    unsafe { _mm256_srai_epi16::<8>(_mm256_shuffle_epi8(weights, half)) }
}

/// As [`collect`](super::collect), sixteen at a time.
///
/// # Safety
/// As there.
#[inline(always)]
pub(super) unsafe fn collect(
    bytes: *const u8,
    count: usize,
    first: u32,
    index: *mut u32,
    value: *mut u32,
) -> usize {
    let mut found = 0;
    // SAFETY: lanes past `count` are masked out of reads; entries are written sixteen at a time from a place that is at
    // most `at`.
    unsafe {
        for at in (0..count).step_by(STRIP) {
            let lanes: __mmask16 = if count - at >= STRIP {
                !0
            } else {
                (1 << (count - at)) - 1
            };
            let groups = _mm512_maskz_loadu_epi32(lanes, bytes.cast::<i32>().add(at));
            let alive = _mm512_test_epi32_mask(groups, groups);
            let numbers = _mm512_add_epi32(
                _mm512_set1_epi32((first + at as u32) as i32),
                _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
            );
            let numbers = _mm512_maskz_compress_epi32(alive, numbers);
            _mm512_storeu_si512(index.add(found).cast(), numbers);
            let groups = _mm512_maskz_compress_epi32(alive, groups);
            _mm512_storeu_si512(value.add(found).cast(), groups);
            found += alive.count_ones() as usize;
        }
    }
    found
}
