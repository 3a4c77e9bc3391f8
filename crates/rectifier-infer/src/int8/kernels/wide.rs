//! Weights that are widened to 16 bits before they are multiplied, where no instruction takes bytes as they are: once for a
//! batch, some groups at a time, so that they stay in the first cache.

use super::{GROUP, Groups, MOST, Sums};
use crate::buffer::PANEL;
use core::mem::MaybeUninit;

/// A register of sums whose products are those of 16 bits.
pub(super) trait Wide: Sums {
    /// Widens the weights `[UNITS, GROUP]`, in the order in which [`add_wide`](Self::add_wide) takes them; `to` lies at a multiple
    /// of 32 bytes.
    unsafe fn widen(weights: *const i8, to: *mut i16);
    /// As [`add`](Sums::add), of weights that were widened.
    unsafe fn add_wide(self, inputs: Self::Inputs, weights: *const i16) -> Self;
}

/// From so many examples on it is faster (three layers of 1000 on AVX2).
pub(super) const FEWEST: usize = 6;
/// Groups at a time, 16 kB.
const AHEAD: usize = 32;

#[repr(align(64))]
struct Widened([MaybeUninit<i16>; AHEAD * PANEL * GROUP]);

/// As [`gather`](super::gather), of whole panels and [`MOST`] examples at most.
#[inline(always)]
pub(super) unsafe fn gather<S: Wide, const N: usize>(
    z: *mut i32,
    w: *const i8,
    batch: usize,
    groups: Groups,
) {
    let mut widened = Widened([const { MaybeUninit::uninit() }; AHEAD * PANEL * GROUP]);
    let widened = widened.0.as_mut_ptr().cast::<i16>();
    let batch = batch.min(MOST);
    // Where each example's next entry is.
    let mut next = [0u32; MOST];
    // SAFETY: the caller vouches for a list of `batch` examples in rising order, for every group in it, and for the sums; what is
    // read of the widened weights was written for the same groups.
    unsafe {
        let end_of = |b: usize| *groups.starts.add(b + 1);
        let group_at = |entry: u32| *groups.index.add(entry as usize);
        for (b, next) in next[..batch].iter_mut().enumerate() {
            *next = *groups.starts.add(b);
        }
        loop {
            let (mut first, mut last) = (u32::MAX, 0);
            for (b, &entry) in next[..batch].iter().enumerate() {
                if entry < end_of(b) {
                    first = first.min(group_at(entry));
                    last = last.max(group_at(end_of(b) - 1));
                }
            }
            if first == u32::MAX {
                return;
            }
            let to = (first + AHEAD as u32).min(last + 1);
            for group in first..to {
                let weights = w.add(group as usize * PANEL * GROUP);
                let wide = widened.add((group - first) as usize * PANEL * GROUP);
                for at in (0..N).map(|n| n * S::UNITS * GROUP) {
                    S::widen(weights.add(at), wide.add(at));
                }
            }
            for (b, next) in next[..batch].iter_mut().enumerate() {
                let end = end_of(b);
                let mut entry = *next;
                if entry == end || group_at(entry) >= to {
                    continue;
                }
                let line = z.add(b * PANEL);
                let mut sums = [S::load(line); N];
                for (n, sum) in sums.iter_mut().enumerate() {
                    *sum = S::load(line.add(n * S::UNITS));
                }
                while entry < end && group_at(entry) < to {
                    let wide = (group_at(entry) - first) as usize * PANEL * GROUP;
                    let inputs = S::inputs(*groups.value.add(entry as usize));
                    for (n, sum) in sums.iter_mut().enumerate() {
                        let weights = widened.add(wide + n * S::UNITS * GROUP);
                        *sum = sum.add_wide(inputs, weights);
                    }
                    entry += 1;
                }
                *next = entry;
                for (n, sum) in sums.iter().enumerate() {
                    sum.store(line.add(n * S::UNITS));
                }
            }
        }
    }
}
