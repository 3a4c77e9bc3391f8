//! Loops over lists of active entries.

use super::{List, Weight};
use crate::buffer::PANEL;
use crate::simd::Vector;

/// `z[b] += sum over the entries of example b of value w[index]`, `z` `[batch, PANEL]`, `w` `[units, PANEL]`.
#[inline(always)]
pub unsafe fn gather<V: Vector, W: Weight, const N: usize>(
    z: *mut f32,
    w: *const W,
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
            let line = z.add(b * PANEL);
            let mut sums = [V::zero(); N];
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = V::load(line.add(n * V::LANES));
            }
            for entry in from..to {
                let row = w.add(*list.index.add(entry) as usize * PANEL);
                let x = V::splat(*list.value.add(entry));
                for (n, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add_product(x, W::load(row.add(n * V::LANES)));
                }
            }
            for (n, sum) in sums.iter().enumerate() {
                sum.store(line.add(n * V::LANES));
            }
        }
    }
}

/// Where [`Kernels::learn`] leaves the products of errors and weights: this many floats an entry.
pub const DOT: usize = 16;

/// For every row of `rows` and every entry (example b, step s) of it: the panel's part of `delta[b] . w[row]` is added
/// to the entry's place in `dots` (set there by the first panel), then `w[row] += s delta[b]`. A row that no example
/// uses is not read at all. The list's rows are those of `rows`.
#[inline(always)]
pub unsafe fn learn<V: Vector, const N: usize, const DOTS: bool>(
    w: *mut f32,
    rows: usize,
    list: List,
    delta: *const f32,
    dots: *mut f32,
    first: bool,
) {
    // SAFETY: the caller vouches for `rows` rows at `w`, the list, and `DOT` floats at `dots` for every entry.
    unsafe {
        for row in 0..rows {
            let (from, to) = (
                *list.starts.add(row) as usize,
                *list.starts.add(row + 1) as usize,
            );
            if from == to {
                continue;
            }
            for strip in (0..PANEL).step_by(N * V::LANES) {
                let line = w.add(row * PANEL + strip);
                let mut old = [V::zero(); N];
                for (n, lane) in old.iter_mut().enumerate() {
                    *lane = V::load(line.add(n * V::LANES));
                }
                let mut new = old;
                for entry in from..to {
                    let error = delta.add(*list.index.add(entry) as usize * PANEL + strip);
                    let step = V::splat(*list.value.add(entry));
                    // Nothing lies there where no products are wanted.
                    let place = dots.wrapping_add(entry * DOT);
                    let mut dot = match !DOTS || (first && strip == 0) {
                        true => V::zero(),
                        false => V::load(place),
                    };
                    for n in 0..N {
                        let lane = V::load(error.add(n * V::LANES));
                        if DOTS {
                            dot = dot.add_product(old[n], lane);
                        }
                        new[n] = new[n].add_product(step, lane);
                    }
                    if DOTS {
                        dot.store(place);
                    }
                }
                for (n, lane) in new.iter().enumerate() {
                    lane.store(line.add(n * V::LANES));
                }
            }
        }
    }
}

/// The sum of each entry's lanes, left by [`learn`], into `sums`.
#[inline(always)]
pub unsafe fn sum_dots<V: Vector>(dots: *const f32, entries: usize, sums: *mut f32) {
    // SAFETY: the caller vouches for `entries` entries in both.
    unsafe {
        for entry in 0..entries {
            *sums.add(entry) = V::load(dots.add(entry * DOT)).sum();
        }
    }
}
