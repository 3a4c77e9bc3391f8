//! Products of bytes on 64-bit ARM.

use super::{Grain, Sums};
use core::arch::aarch64::*;

/// Four sums of NEON. A product of two bytes fits 16 bits; pairs of them are added to the sums in 32.
#[derive(Clone, Copy)]
pub(super) struct Halves(int32x4_t);

// SAFETY of every block below: the callers vouch for NEON and the pointers.
impl Sums for Halves {
    const UNITS: usize = 4;
    const GRAIN: Grain = Grain::Four;
    type Inputs = (int16x8_t, int16x8_t);

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        Self(unsafe { vld1q_s32(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        unsafe { vst1q_s32(to, self.0) }
    }

    #[inline(always)]
    unsafe fn inputs(_: usize, value: u32) -> (int16x8_t, int16x8_t) {
        unsafe {
            let all = vreinterpretq_u16_u32(vdupq_n_u32(value));
            let even = vandq_u16(all, vdupq_n_u16(0xff));
            let odd = vshrq_n_u16::<8>(all);
            (vreinterpretq_s16_u16(even), vreinterpretq_s16_u16(odd))
        }
    }

    #[inline(always)]
    unsafe fn add(self, (even, odd): (int16x8_t, int16x8_t), weights: *const i8) -> Self {
        unsafe {
            let all = vreinterpretq_s16_s8(vld1q_s8(weights));
            let low = vshrq_n_s16::<8>(vshlq_n_s16::<8>(all));
            let high = vshrq_n_s16::<8>(all);
            let sums = vpadalq_s16(self.0, vmulq_s16(low, even));
            Self(vpadalq_s16(sums, vmulq_s16(high, odd)))
        }
    }
}
