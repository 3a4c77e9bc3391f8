//! Loops that skip nothing, in tiles that stay in registers.

use super::{Strided, Weight};
use crate::buffer::PANEL;
use crate::simd::{DOT, Vector, sum_row};

/// `z[b] += sum over rows of x[b][row] w[row]`, no zero skipped; `x` `[batch, PANEL]`, `w` `[rows, PANEL]`.
#[inline(always)]
pub unsafe fn dense<V: Vector, W: Weight, const S: usize, const M: usize>(
    z: *mut f32,
    w: *const W,
    x: *const f32,
    batch: usize,
    rows: usize,
) {
    // SAFETY: the caller vouches for the shapes; tiles stay inside them.
    unsafe {
        let mut b = 0;
        while b < batch {
            let many = M.min(batch - b);
            for strip in (0..PANEL).step_by(S * V::LANES) {
                if many == M {
                    dense_tile::<V, W, S, M>(
                        z.add(b * PANEL + strip),
                        w.add(strip),
                        x.add(b * PANEL),
                        rows,
                    );
                } else {
                    for one in b..batch {
                        dense_tile::<V, W, S, 1>(
                            z.add(one * PANEL + strip),
                            w.add(strip),
                            x.add(one * PANEL),
                            rows,
                        );
                    }
                }
            }
            b += many;
        }
    }
}

#[inline(always)]
unsafe fn dense_tile<V: Vector, W: Weight, const S: usize, const M: usize>(
    z: *mut f32,
    w: *const W,
    x: *const f32,
    rows: usize,
) {
    // SAFETY: as in `dense`.
    unsafe {
        let mut sums = [[V::zero(); S]; M];
        for (m, line) in sums.iter_mut().enumerate() {
            for (s, sum) in line.iter_mut().enumerate() {
                *sum = V::load(z.add(m * PANEL + s * V::LANES));
            }
        }
        for row in 0..rows {
            let mut weights = [V::zero(); S];
            for (s, weight) in weights.iter_mut().enumerate() {
                *weight = W::load(w.add(row * PANEL + s * V::LANES));
            }
            for (m, line) in sums.iter_mut().enumerate() {
                let value = V::splat(*x.add(m * PANEL + row));
                for (sum, weight) in line.iter_mut().zip(weights) {
                    *sum = sum.add_product(value, weight);
                }
            }
        }
        for (m, line) in sums.iter().enumerate() {
            for (s, sum) in line.iter().enumerate() {
                sum.store(z.add(m * PANEL + s * V::LANES));
            }
        }
    }
}

/// `out[b][row] = sum over panels and columns of delta[b] w[row]`, `out` `[batch, PANEL]`, `rows` at most [`PANEL`]. Sums
/// are those of the lists' products. `A` registers hold [`DOT`] floats; tiles are `T` rows by `T` examples, `E` sums.
#[inline(always)]
pub unsafe fn dense_dots<
    V: Vector,
    const N: usize,
    const A: usize,
    const T: usize,
    const E: usize,
>(
    out: *mut f32,
    w: Strided,
    delta: Strided,
    panels: usize,
    batch: usize,
    rows: usize,
) {
    // SAFETY: the caller vouches for the shapes; a tile that hangs over is done by single rows and examples.
    unsafe {
        for row in (0..rows).step_by(T) {
            for b in (0..batch).step_by(T) {
                if row + T <= rows && b + T <= batch {
                    dots_tile::<V, N, A, T, E>(out, w, delta, panels, row, b);
                } else {
                    for row in row..rows.min(row + T) {
                        for b in b..batch.min(b + T) {
                            dots_tile::<V, N, A, 1, 1>(out, w, delta, panels, row, b);
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn dots_tile<V: Vector, const N: usize, const A: usize, const T: usize, const E: usize>(
    out: *mut f32,
    w: Strided,
    delta: Strided,
    panels: usize,
    row: usize,
    b: usize,
) {
    // SAFETY: as in `dense_dots`.
    unsafe {
        let mut sums = [[[V::zero(); A]; T]; T];
        for p in 0..panels {
            let weights = w.start.add(p * w.stride + row * PANEL);
            let errors = delta.start.add(p * delta.stride + b * PANEL);
            for n in 0..N {
                let mut lanes = [V::zero(); T];
                for (t, lane) in lanes.iter_mut().enumerate() {
                    *lane = V::load(errors.add(t * PANEL + n * V::LANES));
                }
                for (r, line) in sums.iter_mut().enumerate() {
                    let weight = V::load(weights.add(r * PANEL + n * V::LANES));
                    for (sum, lane) in line.iter_mut().zip(lanes) {
                        sum[n % A] = sum[n % A].add_product(weight, lane);
                    }
                }
            }
        }
        let mut lanes = [[0.0; DOT]; E];
        for (r, line) in sums.iter().enumerate() {
            for (t, sum) in line.iter().enumerate() {
                for (a, sum) in sum.iter().enumerate() {
                    sum.store(lanes[t * T + r].as_mut_ptr().add(a * V::LANES));
                }
            }
        }
        let mut dots = [0.0; E];
        match E {
            DOT => V::sum_rows(lanes.as_ptr().cast(), dots.as_mut_ptr()),
            _ => {
                for (dot, lanes) in dots.iter_mut().zip(&lanes) {
                    *dot = sum_row(lanes.as_ptr());
                }
            }
        }
        for t in 0..T {
            let to = out.add((b + t) * PANEL + row);
            core::ptr::copy_nonoverlapping(dots.as_ptr().add(t * T), to, T);
        }
    }
}

/// `w[row] += sum over examples of x[b][row] delta[b]`, no zero skipped; `x` `[batch, PANEL]` holds the steps.
#[inline(always)]
pub unsafe fn dense_learn<V: Vector, const S: usize, const M: usize>(
    w: *mut f32,
    x: *const f32,
    delta: *const f32,
    batch: usize,
    rows: usize,
) {
    // SAFETY: the caller vouches for the shapes; a tile that hangs over is done row by row.
    unsafe {
        for strip in (0..PANEL).step_by(S * V::LANES) {
            let mut row = 0;
            while row + M <= rows {
                learn_tile::<V, S, M>(
                    w.add(row * PANEL + strip),
                    x.add(row),
                    delta.add(strip),
                    batch,
                );
                row += M;
            }
            for row in row..rows {
                learn_tile::<V, S, 1>(
                    w.add(row * PANEL + strip),
                    x.add(row),
                    delta.add(strip),
                    batch,
                );
            }
        }
    }
}

#[inline(always)]
unsafe fn learn_tile<V: Vector, const S: usize, const M: usize>(
    w: *mut f32,
    x: *const f32,
    delta: *const f32,
    batch: usize,
) {
    // SAFETY: as in `dense_learn`.
    unsafe {
        let mut sums = [[V::zero(); S]; M];
        for (m, line) in sums.iter_mut().enumerate() {
            for (s, sum) in line.iter_mut().enumerate() {
                *sum = V::load(w.add(m * PANEL + s * V::LANES));
            }
        }
        for b in 0..batch {
            let mut errors = [V::zero(); S];
            for (s, error) in errors.iter_mut().enumerate() {
                *error = V::load(delta.add(b * PANEL + s * V::LANES));
            }
            for (m, line) in sums.iter_mut().enumerate() {
                let step = V::splat(*x.add(b * PANEL + m));
                for (sum, error) in line.iter_mut().zip(errors) {
                    *sum = sum.add_product(step, error);
                }
            }
        }
        for (m, line) in sums.iter().enumerate() {
            for (s, sum) in line.iter().enumerate() {
                sum.store(w.add(m * PANEL + s * V::LANES));
            }
        }
    }
}
