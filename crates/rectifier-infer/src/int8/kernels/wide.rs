//! Weights that are widened to 16 bits before they are multiplied, where no instruction takes bytes as they are: once for a
//! batch, some groups at a time, so that they stay in the first cache.

use super::{GROUP, Grain, Lists, Sums};
use crate::buffer::PANEL;
use core::mem::MaybeUninit;

/// A register of sums whose products are those of 16 bits, two inputs at a time.
pub(super) trait Wide: Sums {
    /// Two inputs in the form that products with widened weights take.
    type Wide: Copy;
    /// Widens the weights `[UNITS, GROUP]` to `[UNITS, 2]` of the first and of the second half of the group, each at a multiple of
    /// 32 bytes.
    unsafe fn widen(weights: *const i8, to: [*mut i16; 2]);
    unsafe fn wide(value: u32) -> Self::Wide;
    /// Adds the products of the inputs with the weights `[UNITS, 2]`, exactly.
    unsafe fn add_wide(self, inputs: Self::Wide, weights: *const i16) -> Self;
}

/// From so many examples on it is faster (three layers of 1000 on AVX2).
pub(super) const FEWEST: usize = 6;
/// Groups at a time, 16 kB, and examples, 8 kB of sums: with more of either the first cache is at times too small.
const AHEAD: usize = 32;
const AT_ONCE: usize = 32;
/// Inputs an entry, and numbers of a panel's weights for it.
const TWO: usize = Grain::Two.inputs();
const ROW: usize = PANEL * TWO;

#[repr(align(64))]
struct Widened([MaybeUninit<i16>; AHEAD * PANEL * GROUP]);

/// As [`gather`](super::gather), of whole panels and lists of halves of groups.
#[inline(always)]
pub(super) unsafe fn gather<S: Wide, const N: usize>(
    z: *mut i32,
    w: *const i8,
    batch: usize,
    lists: Lists,
) {
    for start in (0..batch).step_by(AT_ONCE) {
        // SAFETY: as the caller says.
        unsafe {
            let starts = lists.starts.add(start);
            let lists = Lists { starts, ..lists };
            some::<S, N>(z.add(start * PANEL), w, AT_ONCE.min(batch - start), lists);
        }
    }
}

/// As [`gather`], of at most [`AT_ONCE`] examples.
#[inline(always)]
unsafe fn some<S: Wide, const N: usize>(z: *mut i32, w: *const i8, batch: usize, lists: Lists) {
    let mut widened = Widened([const { MaybeUninit::uninit() }; AHEAD * PANEL * GROUP]);
    let widened = widened.0.as_mut_ptr().cast::<i16>();
    let batch = batch.min(AT_ONCE);
    // Where each example's next entry is.
    let mut next = [0u32; AT_ONCE];
    // SAFETY: the caller vouches for a list of `batch` examples in rising order, for every entry in it, and for the sums; what is
    // read of the widened weights was written for the same groups.
    unsafe {
        let end_of = |b: usize| *lists.starts.add(b + 1);
        let index_at = |entry: u32| *lists.index.add(entry as usize) as usize;
        for (b, next) in next[..batch].iter_mut().enumerate() {
            *next = *lists.starts.add(b);
        }
        loop {
            let (mut first, mut last) = (usize::MAX, 0);
            for (b, &entry) in next[..batch].iter().enumerate() {
                if entry < end_of(b) {
                    first = first.min(index_at(entry));
                    last = last.max(index_at(end_of(b) - 1));
                }
            }
            if first == usize::MAX {
                return;
            }
            let groups = first * TWO / GROUP..(last * TWO / GROUP + 1);
            let groups = groups.start..groups.end.min(groups.start + AHEAD);
            for group in groups.clone() {
                let weights = w.add(group * PANEL * GROUP);
                let halves = widened.add((group - groups.start) * PANEL * GROUP);
                for n in 0..N {
                    let first = halves.add(n * S::UNITS * TWO);
                    S::widen(weights.add(n * S::UNITS * GROUP), [first, first.add(ROW)]);
                }
            }
            // In entries.
            let (from, to) = (groups.start * GROUP / TWO, groups.end * GROUP / TWO);
            for (b, next) in next[..batch].iter_mut().enumerate() {
                let end = end_of(b);
                let mut entry = *next;
                if entry == end || index_at(entry) >= to {
                    continue;
                }
                let line = z.add(b * PANEL);
                let mut sums = [S::load(line); N];
                for (n, sum) in sums.iter_mut().enumerate() {
                    *sum = S::load(line.add(n * S::UNITS));
                }
                while entry < end && index_at(entry) < to {
                    let weights = widened.add((index_at(entry) - from) * ROW);
                    let inputs = S::wide(*lists.value.add(entry as usize));
                    for (n, sum) in sums.iter_mut().enumerate() {
                        *sum = sum.add_wide(inputs, weights.add(n * S::UNITS * TWO));
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
