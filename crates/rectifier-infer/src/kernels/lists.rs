//! Loops over lists of active entries.

use super::{Change, Changed, List, Strided, Weight};
use crate::buffer::PANEL;
use crate::simd::{DOT, Vector};

/// How far from the first number the register lies that starts at column `at` of panels that are `stride` apart.
#[inline(always)]
fn place(stride: usize, at: usize) -> usize {
    at / PANEL * stride + at % PANEL
}

/// `z[b] += sum over the entries of example b of value w[index]` in `P` panels, `z` `[batch, PANEL]` and `w` `[units, PANEL]` each;
/// `N` registers at a time hold columns.
#[inline(always)]
pub unsafe fn gather<V: Vector, W: Weight, const N: usize, const P: usize>(
    z: Changed,
    w: Strided<W>,
    batch: usize,
    list: List,
) {
    // SAFETY: the caller vouches for a list of `batch` examples and for every index in it.
    unsafe {
        for b in 0..batch {
            let (from, to) = (
                *list.starts.add(b) as usize,
                *list.starts.add(b + 1) as usize,
            );
            if from == to {
                continue;
            }
            for strip in (0..P * PANEL).step_by(N * V::LANES) {
                let line = z.start.add(b * PANEL);
                let mut sums = [V::zero(); N];
                for (n, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(line.add(place(z.stride, strip + n * V::LANES)));
                }
                for entry in from..to {
                    let row = w.start.add(*list.index.add(entry) as usize * PANEL);
                    let x = V::splat(*list.value.add(entry));
                    for (n, sum) in sums.iter_mut().enumerate() {
                        let weight = row.add(place(w.stride, strip + n * V::LANES));
                        *sum = sum.add_product(x, W::load(weight));
                    }
                }
                for (n, sum) in sums.iter().enumerate() {
                    sum.store(line.add(place(z.stride, strip + n * V::LANES)));
                }
            }
        }
    }
}

/// For every row of `rows` and every entry (example b, step s) of it: the part of `delta[b] . old[row]` that `P` panels have is
/// added to the entry's place in `dots`, [`DOT`] floats (set there by the first panel of a group), and s delta[b] is added to
/// the row of `w.from`, the sum written to that of `w.to`. `old` holds the weights from before the batch. A row that no example
/// uses is not read at all where `w` stays in place. The list's rows are those of `rows`, and the first entry of the first row
/// is the first in `dots`. `A` registers hold [`DOT`] floats; `N` at a time hold columns.
#[inline(always)]
pub unsafe fn learn<V: Vector, const N: usize, const A: usize, const P: usize, const DOTS: bool>(
    w: Change,
    old: Strided,
    rows: usize,
    list: List,
    delta: Strided,
    dots: *mut f32,
    first: bool,
) {
    // SAFETY: the caller vouches for `rows` rows in the panels of `w`, the list, and `DOT` floats at `dots` for every entry.
    unsafe {
        let origin = *list.starts as usize;
        for row in 0..rows {
            let (from, to) = (
                *list.starts.add(row) as usize,
                *list.starts.add(row + 1) as usize,
            );
            if from == to && core::ptr::eq(w.from.start, w.to.start) {
                continue;
            }
            for strip in (0..P * PANEL).step_by(N * V::LANES) {
                let line = w.from.start.add(row * PANEL);
                let mut new = [V::zero(); N];
                for (n, lane) in new.iter_mut().enumerate() {
                    *lane = V::load(line.add(place(w.from.stride, strip + n * V::LANES)));
                }
                let mut before = new;
                if DOTS && !core::ptr::eq(old.start, w.from.start) {
                    let line = old.start.add(row * PANEL);
                    for (n, lane) in before.iter_mut().enumerate() {
                        *lane = V::load(line.add(place(old.stride, strip + n * V::LANES)));
                    }
                }
                for entry in from..to {
                    let error = delta.start.add(*list.index.add(entry) as usize * PANEL);
                    let step = V::splat(*list.value.add(entry));
                    // Nothing lies there where no products are wanted.
                    let sums = dots.wrapping_add((entry - origin) * DOT);
                    let mut dot = [V::zero(); A];
                    if DOTS && !(first && strip == 0) {
                        for (a, dot) in dot.iter_mut().enumerate() {
                            *dot = V::load(sums.add(a * V::LANES));
                        }
                    }
                    for n in 0..N {
                        let lane = V::load(error.add(place(delta.stride, strip + n * V::LANES)));
                        if DOTS {
                            dot[n % A] = dot[n % A].add_product(before[n], lane);
                        }
                        new[n] = new[n].add_product(step, lane);
                    }
                    if DOTS {
                        for (a, dot) in dot.iter().enumerate() {
                            dot.store(sums.add(a * V::LANES));
                        }
                    }
                }
                let line = w.to.start.add(row * PANEL);
                for (n, lane) in new.iter().enumerate() {
                    lane.store(line.add(place(w.to.stride, strip + n * V::LANES)));
                }
            }
        }
    }
}

/// The sum of each entry's lanes, left by [`learn`], into `sums`.
#[inline(always)]
pub unsafe fn sum_dots<V: Vector>(dots: *const f32, entries: usize, sums: *mut f32) {
    // SAFETY: the caller vouches for `entries` entries in both, rounded up to a whole sixteen in `dots`.
    unsafe {
        let whole = entries / DOT * DOT;
        for entry in (0..whole).step_by(DOT) {
            V::sum_rows(dots.add(entry * DOT), sums.add(entry));
        }
        if whole < entries {
            let mut rest = [0.0; DOT];
            V::sum_rows(dots.add(whole * DOT), rest.as_mut_ptr());
            core::ptr::copy_nonoverlapping(rest.as_ptr(), sums.add(whole), entries - whole);
        }
    }
}
