//! Four floats in a register of NEON.

use super::Vector;
use crate::buffer::Bf16;
use core::arch::aarch64::*;

#[derive(Clone, Copy)]
pub struct Neon(float32x4_t);

// SAFETY of every block below: the trait's callers vouch for NEON and the pointers.
impl Vector for Neon {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn zero() -> Self {
        Self(unsafe { vdupq_n_f32(0.0) })
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self(unsafe { vdupq_n_f32(x) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { vld1q_f32(from) })
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const Bf16) -> Self {
        unsafe {
            let halves = vshll_n_u16::<16>(vld1_u16(from.cast()));
            Self(vreinterpretq_f32_u32(halves))
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { vst1q_f32(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(unsafe { vfmaq_f32(self.0, a.0, b.0) })
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        if cfg!(miri) {
            // Miri does not know the instruction.
            let mut lanes = [0.0; 4];
            unsafe { vst1q_f32(lanes.as_mut_ptr(), self.0) };
            return lanes.iter().sum();
        }
        unsafe { vaddvq_f32(self.0) }
    }
}
