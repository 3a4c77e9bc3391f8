//! Products of bytes on WebAssembly.

use super::{Grain, Sums};
use core::arch::wasm32::*;

/// Four sums. Products of bytes are made in 16 bits, of the even and of the odd bytes apart, and added in pairs in 32.
#[derive(Clone, Copy)]
pub(super) struct Fours(v128);

// SAFETY of every block below: the callers vouch for the pointers.
impl Sums for Fours {
    const UNITS: usize = 4;
    const GRAIN: Grain = Grain::Four;
    type Inputs = (v128, v128);

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        Self(unsafe { v128_load(from.cast()) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        unsafe { v128_store(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn inputs(_: usize, value: u32) -> (v128, v128) {
        let all = u32x4_splat(value);
        (v128_and(all, u16x8_splat(0xff)), u16x8_shr(all, 8))
    }

    #[inline(always)]
    unsafe fn add(self, (even, odd): (v128, v128), weights: *const i8) -> Self {
        let all = unsafe { v128_load(weights.cast()) };
        let low = i32x4_dot_i16x8(i16x8_shr(i16x8_shl(all, 8), 8), even);
        let high = i32x4_dot_i16x8(i16x8_shr(all, 8), odd);
        Self(i32x4_add(self.0, i32x4_add(low, high)))
    }
}
