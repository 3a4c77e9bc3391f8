//! The inner loops. Each works on one panel of weights, [`PANEL`] columns wide.
//!
//! On the way up skipping and dense kernels add the same products in the same order (a product with 0 changes nothing):
//! choosing between them changes the speed and not the numbers.

use crate::buffer::{Bf16, PANEL, Plain};
use crate::pointwise;
use crate::simd::{Level, Portable, Vector};

/// Active entries of some rows, as one list: entries `starts[k]..starts[k + 1]` are those of row `k`.
#[derive(Clone, Copy)]
pub(crate) struct List {
    pub starts: *const u32,
    /// What each entry stands for: an input unit, or an example.
    pub index: *const u32,
    pub value: *const f32,
}

/// What weights are kept as where they are only read. Sums are always made in f32.
pub(crate) trait Weight: Plain + Send + Sync + 'static {
    /// A register of weights.
    ///
    /// # Safety
    /// As [`Vector::load`].
    unsafe fn load<V: Vector>(from: *const Self) -> V;
    /// [`gather`] for these weights.
    fn gather(kernels: &Kernels) -> Gather<Self>;
    /// [`dense`] for these weights.
    fn dense(kernels: &Kernels) -> Dense<Self>;
}

/// The form of [`gather`]: sums, weights, examples, lists.
pub(crate) type Gather<W> = unsafe fn(*mut f32, *const W, usize, List);
/// The form of [`dense`]: sums, weights, inputs, examples, rows.
pub(crate) type Dense<W> = unsafe fn(*mut f32, *const W, *const f32, usize, usize);

impl Weight for f32 {
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const Self) -> V {
        // SAFETY: as the caller says.
        unsafe { V::load(from) }
    }

    fn gather(kernels: &Kernels) -> Gather<Self> {
        kernels.gather
    }

    fn dense(kernels: &Kernels) -> Dense<Self> {
        kernels.dense
    }
}

impl Weight for Bf16 {
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const Self) -> V {
        // SAFETY: as the caller says.
        unsafe { V::load_bf16(from) }
    }

    fn gather(kernels: &Kernels) -> Gather<Self> {
        kernels.gather_bf16
    }

    fn dense(kernels: &Kernels) -> Dense<Self> {
        kernels.dense_bf16
    }
}

/// `z[b] += sum over the entries of example b of value w[index]`, `z` `[batch, PANEL]`, `w` `[units, PANEL]`.
#[inline(always)]
unsafe fn gather<V: Vector, W: Weight, const N: usize>(
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
pub(crate) const DOT: usize = 16;

/// For every row of `rows` and every entry (example b, step s) of it: the panel's part of `delta[b] . w[row]` is added
/// to the entry's place in `dots` (set there by the first panel), then `w[row] += s delta[b]`. A row that no example
/// uses is not read at all. The list's rows are those of `rows`.
#[inline(always)]
unsafe fn learn<V: Vector, const N: usize, const DOTS: bool>(
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
                    let place = dots.add(entry * DOT);
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
unsafe fn sum_dots<V: Vector>(dots: *const f32, entries: usize, sums: *mut f32) {
    // SAFETY: the caller vouches for `entries` entries in both.
    unsafe {
        for entry in 0..entries {
            *sums.add(entry) = V::load(dots.add(entry * DOT)).sum();
        }
    }
}

/// `z[b] += sum over rows of x[b][row] w[row]`, no zero skipped; `x` `[batch, PANEL]`, `w` `[rows, PANEL]`.
#[inline(always)]
unsafe fn dense<V: Vector, W: Weight, const S: usize, const M: usize>(
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

/// A matrix of panels, `stride` floats from one to the next.
#[derive(Clone, Copy)]
pub(crate) struct Strided {
    pub start: *const f32,
    pub stride: usize,
}

/// `out[b][row] = sum over panels and columns of delta[b] w[row]`, `out` `[batch, PANEL]`, `rows` at most [`PANEL`].
#[inline(always)]
unsafe fn dense_dots<V: Vector, const N: usize>(
    out: *mut f32,
    w: Strided,
    delta: Strided,
    panels: usize,
    batch: usize,
    rows: usize,
) {
    const TILE: usize = 4;
    // SAFETY: the caller vouches for the shapes; a tile that hangs over is done by single rows and examples.
    unsafe {
        for row in (0..rows).step_by(TILE) {
            for b in (0..batch).step_by(TILE) {
                if row + TILE <= rows && b + TILE <= batch {
                    dots_tile::<V, N, TILE>(out, w, delta, panels, row, b);
                } else {
                    for row in row..rows.min(row + TILE) {
                        for b in b..batch.min(b + TILE) {
                            dots_tile::<V, N, 1>(out, w, delta, panels, row, b);
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn dots_tile<V: Vector, const N: usize, const T: usize>(
    out: *mut f32,
    w: Strided,
    delta: Strided,
    panels: usize,
    row: usize,
    b: usize,
) {
    // SAFETY: as in `dense_dots`.
    unsafe {
        let mut sums = [[V::zero(); T]; T];
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
                        *sum = sum.add_product(weight, lane);
                    }
                }
            }
        }
        for (r, line) in sums.iter().enumerate() {
            for (t, sum) in line.iter().enumerate() {
                *out.add((b + t) * PANEL + row + r) = sum.sum();
            }
        }
    }
}

/// `w[row] += sum over examples of x[b][row] delta[b]`, no zero skipped; `x` `[batch, PANEL]` holds the steps.
#[inline(always)]
unsafe fn dense_learn<V: Vector, const S: usize, const M: usize>(
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

/// The kernels compiled for one instruction set.
///
/// # Safety
/// Every function may be called only where the set is there, as [`Kernels::of`] sees to, with pointers to memory of
/// the shapes that the function's own description gives, which no other thread writes to (or reads, where it is
/// written) meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
    /// [`gather`].
    pub gather: Gather<f32>,
    /// [`gather`] of bfloat16 weights.
    pub gather_bf16: Gather<Bf16>,
    /// [`learn`] with products: weights, rows, list, errors, products, whether they are set and not added to.
    pub learn: unsafe fn(*mut f32, usize, List, *const f32, *mut f32, bool),
    /// [`learn`] without products: for the first layer.
    pub learn_only: unsafe fn(*mut f32, usize, List, *const f32),
    /// [`sum_dots`].
    pub sum_dots: unsafe fn(*const f32, usize, *mut f32),
    /// [`dense`].
    pub dense: Dense<f32>,
    /// [`dense`] of bfloat16 weights.
    pub dense_bf16: Dense<Bf16>,
    /// [`dense_dots`].
    pub dense_dots: unsafe fn(*mut f32, Strided, Strided, usize, usize, usize),
    /// [`dense_learn`].
    pub dense_learn: unsafe fn(*mut f32, *const f32, *const f32, usize, usize),
    /// [`pointwise::rectify`].
    pub rectify: unsafe fn(*mut f32, usize, f32, *const f32, u32, *mut u32, *mut f32) -> usize,
    /// [`pointwise::collect`].
    pub collect: unsafe fn(*const f32, usize, u32, *mut u32, *mut f32) -> usize,
    /// [`pointwise::smooth`].
    pub smooth: unsafe fn(pointwise::Smooth, *mut f32, *mut f32, usize),
    /// [`pointwise::rebuild`].
    pub rebuild: unsafe fn(pointwise::Cost, *mut f32, *const f32, usize, f32) -> f64,
}

macro_rules! table {
    ($name:ident, $vector:ty, $n:literal, $l:literal, [$s:literal, $m:literal], $rectify:path, $collect:path $(, #[$attribute:meta])?) => {
        mod $name {
            use super::*;
            $(#[$attribute])?
            unsafe fn gather(z: *mut f32, w: *const f32, batch: usize, list: List) {
                unsafe { super::gather::<$vector, f32, $n>(z, w, batch, list) }
            }
            $(#[$attribute])?
            unsafe fn gather_bf16(z: *mut f32, w: *const Bf16, batch: usize, list: List) {
                unsafe { super::gather::<$vector, Bf16, $n>(z, w, batch, list) }
            }
            $(#[$attribute])?
            unsafe fn learn(w: *mut f32, rows: usize, list: List, delta: *const f32, dots: *mut f32, first: bool) {
                unsafe { super::learn::<$vector, $l, true>(w, rows, list, delta, dots, first) }
            }
            $(#[$attribute])?
            unsafe fn learn_only(w: *mut f32, rows: usize, list: List, delta: *const f32) {
                unsafe { super::learn::<$vector, $l, false>(w, rows, list, delta, std::ptr::dangling_mut(), true) }
            }
            $(#[$attribute])?
            unsafe fn sum_dots(dots: *const f32, entries: usize, sums: *mut f32) {
                unsafe { super::sum_dots::<$vector>(dots, entries, sums) }
            }
            $(#[$attribute])?
            unsafe fn dense(z: *mut f32, w: *const f32, x: *const f32, batch: usize, rows: usize) {
                unsafe { super::dense::<$vector, f32, $s, $m>(z, w, x, batch, rows) }
            }
            $(#[$attribute])?
            unsafe fn dense_bf16(z: *mut f32, w: *const Bf16, x: *const f32, batch: usize, rows: usize) {
                unsafe { super::dense::<$vector, Bf16, $s, $m>(z, w, x, batch, rows) }
            }
            $(#[$attribute])?
            unsafe fn dense_dots(out: *mut f32, w: Strided, delta: Strided, panels: usize, batch: usize, rows: usize) {
                unsafe { super::dense_dots::<$vector, $n>(out, w, delta, panels, batch, rows) }
            }
            $(#[$attribute])?
            unsafe fn dense_learn(w: *mut f32, x: *const f32, delta: *const f32, batch: usize, rows: usize) {
                unsafe { super::dense_learn::<$vector, $s, $m>(w, x, delta, batch, rows) }
            }
            $(#[$attribute])?
            unsafe fn rectify(
                z: *mut f32, len: usize, threshold: f32, flips: *const f32, first: u32, index: *mut u32, value: *mut f32,
            ) -> usize {
                unsafe { $rectify(z, len, threshold, flips, first, index, value) }
            }
            $(#[$attribute])?
            unsafe fn collect(x: *const f32, len: usize, first: u32, index: *mut u32, value: *mut f32) -> usize {
                unsafe { $collect(x, len, first, index, value) }
            }
            $(#[$attribute])?
            unsafe fn smooth(kind: pointwise::Smooth, z: *mut f32, slope: *mut f32, len: usize) {
                unsafe { pointwise::smooth(kind, z, slope, len) }
            }
            $(#[$attribute])?
            unsafe fn rebuild(cost: pointwise::Cost, z: *mut f32, target: *const f32, len: usize, scale: f32) -> f64 {
                unsafe { pointwise::rebuild(cost, z, target, len, scale) }
            }
            pub(super) const TABLE: Kernels = Kernels {
                gather,
                gather_bf16,
                learn,
                learn_only,
                sum_dots,
                dense,
                dense_bf16,
                dense_dots,
                dense_learn,
                rectify,
                collect,
                smooth,
                rebuild,
            };
        }
    };
}

table!(
    portable,
    Portable,
    8,
    4,
    [2, 4],
    pointwise::rectify,
    pointwise::collect
);
#[cfg(target_arch = "x86_64")]
table!(
    avx2, crate::simd::Avx2, 8, 4, [2, 6], pointwise::rectify, pointwise::collect,
    #[target_feature(enable = "avx2,fma")]
);
#[cfg(target_arch = "x86_64")]
table!(
    avx512, crate::simd::Avx512, 4, 4, [4, 6], crate::simd::rectify_avx512, crate::simd::collect_avx512,
    #[target_feature(enable = "avx512f,avx2,fma")]
);
#[cfg(target_arch = "aarch64")]
table!(
    neon, crate::simd::Neon, 16, 8, [4, 4], pointwise::rectify, pointwise::collect,
    #[target_feature(enable = "neon")]
);

impl Kernels {
    /// The kernels of a level that [`Level::available`] names.
    pub(crate) fn of(level: Level) -> Self {
        match level {
            Level::Portable => portable::TABLE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2::TABLE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512::TABLE,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => neon::TABLE,
        }
    }
}
