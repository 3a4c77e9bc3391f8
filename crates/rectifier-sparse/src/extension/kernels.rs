//! The inner loops of the operation, on weights as Burn keeps them: `[inputs, units]`, an input's row contiguous.

use crate::simd::{Level, Portable, Vector};
use std::sync::OnceLock;

/// Entries of some groups: entries `starts[k]..starts[k + 1]` are those of group `k`.
#[derive(Clone, Copy)]
pub(super) struct Entries<'a> {
    /// One more than there are groups.
    pub starts: &'a [u32],
    /// Which row an entry stands for.
    pub index: &'a [u32],
    pub value: &'a [f32],
}

/// Rows of floats, `stride` floats from one to the next.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub start: *const f32,
    pub stride: usize,
}

/// `out[k] += sum over the entries of group k of value rows[index]`, in `N` registers that hold `width` columns: the
/// last one ends with the columns, and may lie over the one before. Groups without entries are not touched.
#[inline(always)]
unsafe fn gather<V: Vector, const N: usize>(
    out: *mut f32,
    stride: usize,
    rows: Rows,
    width: usize,
    entries: Entries<'_>,
) {
    let at = |n: usize| {
        if n + 1 == N {
            width - V::LANES
        } else {
            n * V::LANES
        }
    };
    // SAFETY: the caller vouches for `width` columns in every group and every row, and for the lists.
    unsafe {
        for (group, bounds) in entries.starts.windows(2).enumerate() {
            let (from, to) = (bounds[0] as usize, bounds[1] as usize);
            if from == to {
                continue;
            }
            let line = out.add(group * stride);
            // All are read before any is written: columns that two registers hold come out the same from both.
            let mut sums = [V::zero(); N];
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = V::load(line.add(at(n)));
            }
            for entry in from..to {
                let row = *entries.index.get_unchecked(entry) as usize;
                let row = rows.start.add(row * rows.stride);
                let x = V::splat(*entries.value.get_unchecked(entry));
                for (n, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add_product(x, V::load(row.add(at(n))));
                }
            }
            for (n, sum) in sums.iter().enumerate() {
                sum.store(line.add(at(n)));
            }
        }
    }
}

/// `dots[e] = row . rows[index[e]]`, `width` columns each; `mask` holds 0 where the last register lies over the one
/// before, and 1 elsewhere.
#[inline(always)]
unsafe fn dots<V: Vector, const M: usize>(
    row: *const f32,
    rows: Rows,
    width: usize,
    mask: *const f32,
    index: &[u32],
    dots: &mut [f32],
) {
    let mut entries = index.chunks_exact(M);
    let mut places = dots.chunks_exact_mut(M);
    // SAFETY: the caller vouches for `width` columns, at least a register, in `row` and every row of `rows`.
    unsafe {
        for (entries, places) in (&mut entries).zip(&mut places) {
            let lines: [*const f32; M] =
                std::array::from_fn(|m| rows.start.add(entries[m] as usize * rows.stride));
            dots_tile::<V, M>(row, lines, width, mask, places);
        }
        let rest = entries.remainder();
        for (entry, place) in rest.iter().zip(places.into_remainder().chunks_exact_mut(1)) {
            let line = rows.start.add(*entry as usize * rows.stride);
            dots_tile::<V, 1>(row, [line], width, mask, place);
        }
    }
}

#[inline(always)]
unsafe fn dots_tile<V: Vector, const M: usize>(
    row: *const f32,
    lines: [*const f32; M],
    width: usize,
    mask: *const f32,
    places: &mut [f32],
) {
    let whole = width / V::LANES * V::LANES;
    // SAFETY: as in `dots`.
    unsafe {
        let mut sums = [V::zero(); M];
        let mut at = 0;
        while at < whole {
            let weight = V::load(row.add(at));
            for (sum, line) in sums.iter_mut().zip(lines) {
                *sum = sum.add_product(weight, V::load(line.add(at)));
            }
            at += V::LANES;
        }
        if whole < width {
            let at = width - V::LANES;
            let weight = V::zero().add_product(V::load(row.add(at)), V::load(mask));
            for (sum, line) in sums.iter_mut().zip(lines) {
                *sum = sum.add_product(weight, V::load(line.add(at)));
            }
        }
        for (sum, place) in sums.iter().zip(places) {
            *place = sum.sum();
        }
    }
}

/// The loops compiled for one instruction set.
///
/// # Safety
/// Every function may be called only where the set is there, as [`Kernels::of`] sees to, with pointers to memory of
/// the shapes that the function's own description gives, which no other thread writes to (or reads, where it is
/// written) meanwhile.
#[derive(Clone, Copy)]
pub(super) struct Kernels {
    /// Floats a register: the fewest columns that a function takes.
    pub lanes: usize,
    /// Registers that [`gather`](Self::gather) holds at most.
    pub registers: usize,
    /// [`gather`]: groups, floats from one to the next, rows, columns, entries.
    pub gather: unsafe fn(*mut f32, usize, Rows, usize, Entries<'_>),
    /// [`dots`]: row, rows, columns, mask, index, products.
    pub dots: unsafe fn(*const f32, Rows, usize, *const f32, &[u32], &mut [f32]),
}

macro_rules! table {
    ($name:ident, $vector:ty, [$($n:literal)*], $most:literal $(, #[$attribute:meta])?) => {
        mod $name {
            use super::*;
            $(#[$attribute])?
            unsafe fn gather(out: *mut f32, stride: usize, rows: Rows, width: usize, entries: Entries<'_>) {
                // SAFETY: as the caller vouches.
                unsafe {
                    match width.div_ceil(<$vector>::LANES) {
                        $($n => super::gather::<$vector, $n>(out, stride, rows, width, entries),)*
                        _ => super::gather::<$vector, $most>(out, stride, rows, width, entries),
                    }
                }
            }
            $(#[$attribute])?
            unsafe fn dots(
                row: *const f32, rows: Rows, width: usize, mask: *const f32, index: &[u32], dots: &mut [f32],
            ) {
                // SAFETY: as the caller vouches.
                unsafe { super::dots::<$vector, 4>(row, rows, width, mask, index, dots) }
            }
            pub(super) const TABLE: Kernels = Kernels {
                lanes: <$vector>::LANES,
                registers: $most,
                gather,
                dots,
            };
        }
    };
}

table!(portable, Portable, [1 2 3 4 5 6 7], 8);
#[cfg(target_arch = "x86_64")]
table!(
    avx2, crate::simd::Avx2, [1 2 3 4 5 6 7 8 9 10 11], 12,
    #[target_feature(enable = "avx2,fma")]
);
#[cfg(target_arch = "x86_64")]
table!(
    avx512, crate::simd::Avx512, [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15], 16,
    #[target_feature(enable = "avx512f,avx2,fma")]
);
#[cfg(target_arch = "aarch64")]
table!(
    neon, crate::simd::Neon, [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15], 16,
    #[target_feature(enable = "neon")]
);
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
table!(simd128, crate::simd::Simd128, [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15], 16);

impl Kernels {
    /// The loops of a level that [`Level::available`] names.
    pub(super) fn of(level: Level) -> &'static Self {
        match level {
            Level::Portable => &portable::TABLE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => &avx2::TABLE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => &avx512::TABLE,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => &neon::TABLE,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128 => &simd128::TABLE,
        }
    }

    /// Those of the widest level that this processor has.
    pub(super) fn widest() -> &'static Self {
        static WIDEST: OnceLock<Level> = OnceLock::new();
        Self::of(*WIDEST.get_or_init(Level::detect))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::lists::{Active, ByColumn, ByExample};
    use proptest::prelude::*;
    use rectifier_nn::Draw;

    fn draw(len: usize, zeros: f32, draw: &mut Draw) -> Vec<f32> {
        (0..len)
            .map(|_| match draw.unit() < zeros {
                true => 0.0,
                false => 2.0 * draw.unit() - 1.0,
            })
            .collect()
    }

    /// Examples and inputs at most; few for Miri, which is a thousand times slower.
    const MOST: (usize, usize) = if cfg!(miri) { (4, 12) } else { (19, 59) };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 64 }))]

        #[test]
        fn every_level_adds_the_listed_rows_and_makes_the_products(
            batch in 1..=MOST.0, inputs in 1..=MOST.1, over in 0usize..250, block in 1usize..70, zeros in 0.0f32..1.0,
            seed in any::<u64>(),
        ) {
            let mut random = Draw::new(seed);
            let x = draw(batch * inputs, zeros, &mut random);
            let lists = ByExample::new(&x, inputs, block, Active::NotZero, false);
            for level in Level::available() {
                let kernels = Kernels::of(level);
                let most = kernels.lanes * kernels.registers;
                let width = kernels.lanes + over.min(most - kernels.lanes);
                let weight = draw(inputs * width, 0.0, &mut random);
                let mut out = vec![0.0; batch * width];
                for (inputs, entries) in lists.blocks() {
                    let rows = Rows { start: weight[inputs.start * width..].as_ptr(), stride: width };
                    // SAFETY: the processor has the level; the shapes are those of the buffers.
                    unsafe { (kernels.gather)(out.as_mut_ptr(), width, rows, width, entries) };
                }
                for (b, line) in out.chunks_exact(width).enumerate() {
                    for (column, sum) in line.iter().enumerate() {
                        let exact: f64 = (0..inputs)
                            .map(|i| f64::from(x[b * inputs + i]) * f64::from(weight[i * width + column]))
                            .sum();
                        prop_assert!((f64::from(*sum) - exact).abs() < 1e-5, "{level:?} {sum} {exact}");
                    }
                }

                let error = draw(batch * width, 0.0, &mut random);
                let errors = Rows { start: error.as_ptr(), stride: width };
                let mut mask = [1.0; 16];
                mask[..kernels.lanes - width % kernels.lanes].fill(0.0);
                let mut room = ByColumn::default();
                let entries = room.list(&x, inputs, 0..inputs, Active::NotZero);
                let mut found = 0;
                for (input, bounds) in entries.starts.windows(2).enumerate() {
                    let index = &entries.index[bounds[0] as usize..bounds[1] as usize];
                    let mut products = vec![f32::NAN; index.len()];
                    let row = weight[input * width..].as_ptr();
                    // SAFETY: as above.
                    unsafe { (kernels.dots)(row, errors, width, mask.as_ptr(), index, &mut products) };
                    for (example, product) in index.iter().zip(products) {
                        let example = *example as usize;
                        prop_assert!(x[example * inputs + input] != 0.0);
                        let exact: f64 = (0..width)
                            .map(|c| f64::from(weight[input * width + c]) * f64::from(error[example * width + c]))
                            .sum();
                        prop_assert!((f64::from(product) - exact).abs() < 1e-4, "{level:?} {product} {exact}");
                        found += 1;
                    }
                }
                prop_assert_eq!(found, x.iter().filter(|x| **x != 0.0).count());
            }
        }
    }
}
