//! The inner loops. Each works on one panel of weights, [`PANEL`](crate::buffer::PANEL) columns wide.
//!
//! Skipping and dense kernels add the same products in the same order (a product with 0 changes nothing), and so do those of
//! every instruction set: choosing between them changes the speed and not the numbers. Products are added to what is there
//! with one rounding; sums over columns are made in [`DOT`] lanes, whatever a register holds.

use crate::buffer::{Bf16, PANEL, Plain};
use crate::pointwise;
use crate::simd::{Level, Portable, Vector};
use alloc::vec::Vec;
use rectifier_model::Dtype;

mod dense;
mod lists;
mod moving;

pub use crate::simd::DOT;
pub use moving::Factors;

/// Active entries of some rows, as one list: entries `starts[k]..starts[k + 1]` are those of row `k`.
#[derive(Clone, Copy)]
pub struct List {
    pub starts: *const u32,
    /// What each entry stands for: an input unit, or an example.
    pub index: *const u32,
    pub value: *const f32,
}

impl List {
    /// The list from row `row` on.
    ///
    /// # Safety
    /// There are as many rows.
    pub unsafe fn from(self, row: usize) -> Self {
        Self {
            // SAFETY: as the caller says.
            starts: unsafe { self.starts.add(row) },
            ..self
        }
    }
}

/// What weights are kept as where they are only read. Sums are always made in f32.
pub trait Weight: Plain + Send + Sync + 'static {
    /// What they are in a model file.
    const DTYPE: Dtype;
    /// Appends the number, little-endian.
    fn write(self, bytes: &mut Vec<u8>);
    /// A register of weights.
    ///
    /// # Safety
    /// As [`Vector::load`].
    unsafe fn load<V: Vector>(from: *const Self) -> V;
    /// `lists::gather` for these weights, of one panel and of two.
    fn gather(kernels: &Kernels) -> [Gather<Self>; 2];
    /// `dense::dense` for these weights.
    fn dense(kernels: &Kernels) -> Dense<Self>;
}

/// The form of `lists::gather`: sums, weights, examples, lists.
pub type Gather<W> = unsafe fn(Changed, Strided<W>, usize, List);
/// The form of `dense::dense`: sums, weights, inputs, examples, rows.
pub type Dense<W> = unsafe fn(*mut f32, *const W, *const f32, usize, usize);

impl Weight for f32 {
    const DTYPE: Dtype = Dtype::F32;

    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }

    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const Self) -> V {
        // SAFETY: as the caller says.
        unsafe { V::load(from) }
    }

    fn gather(kernels: &Kernels) -> [Gather<Self>; 2] {
        kernels.gather
    }

    fn dense(kernels: &Kernels) -> Dense<Self> {
        kernels.dense
    }
}

impl Weight for Bf16 {
    const DTYPE: Dtype = Dtype::Bf16;

    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0.to_le_bytes());
    }

    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const Self) -> V {
        // SAFETY: as the caller says.
        unsafe { V::load_bf16(from) }
    }

    fn gather(kernels: &Kernels) -> [Gather<Self>; 2] {
        kernels.gather_bf16
    }

    fn dense(kernels: &Kernels) -> Dense<Self> {
        kernels.dense_bf16
    }
}

/// A matrix of panels, `stride` numbers from one to the next.
#[derive(Clone, Copy)]
pub struct Strided<T = f32> {
    pub start: *const T,
    pub stride: usize,
}

/// As [`Strided`], of a matrix that is written to.
#[derive(Clone, Copy)]
pub struct Changed {
    pub start: *mut f32,
    pub stride: usize,
}

/// Where weights are read and where they are written: in one place, or from one to the other.
#[derive(Clone, Copy)]
pub struct Change {
    pub from: Strided,
    pub to: Changed,
}

impl Changed {
    /// The same matrix, to be read.
    pub fn read(self) -> Strided {
        Strided {
            start: self.start,
            stride: self.stride,
        }
    }

    /// A change in place.
    pub fn in_place(self) -> Change {
        Change {
            from: self.read(),
            to: self,
        }
    }
}

/// The form of `lists::learn`: weights, those from before the batch, rows, list, errors, products, whether they are set and
/// not added to.
pub type Learn = unsafe fn(Change, Strided, usize, List, Strided, *mut f32, bool);
/// The form of `lists::learn` without products: for the first layer.
pub type LearnOnly = unsafe fn(Changed, usize, List, Strided);

/// The form of `moving::mix`: weights, what they carry, rows, factors, how far apart those of two rows lie.
pub type Mix = unsafe fn(*mut f32, *mut f32, &[u32], *const Factors, usize);

/// The kernels compiled for one instruction set.
///
/// # Safety
/// Every function may be called only where the set is there, as [`Kernels::of`] sees to, with pointers to memory of
/// the shapes that the function's own description gives, which no other thread writes to (or reads, where it is
/// written) meanwhile.
#[derive(Clone, Copy)]
pub struct Kernels {
    /// How many panels, at most two, the sums of which registers hold at once.
    pub panels_at_once: usize,
    /// `lists::gather` of one panel and of two.
    pub gather: [Gather<f32>; 2],
    /// `lists::gather` of bfloat16 weights.
    pub gather_bf16: [Gather<Bf16>; 2],
    /// `lists::learn` of one panel and of two.
    pub learn: [Learn; 2],
    /// As `learn`, without products.
    pub learn_only: [LearnOnly; 2],
    /// `lists::sum_dots`.
    pub sum_dots: unsafe fn(*const f32, usize, *mut f32),
    /// `moving::mix`.
    pub mix: Mix,
    /// `dense::dense`.
    pub dense: Dense<f32>,
    /// `dense::dense` of bfloat16 weights.
    pub dense_bf16: Dense<Bf16>,
    /// `dense::dense_dots`.
    pub dense_dots: unsafe fn(*mut f32, Strided, Strided, usize, usize, usize),
    /// `dense::dense_learn`.
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
    ($name:ident, $vector:ty, [$n:literal, $g:literal], [$l:literal, $p:literal], [$s:literal, $m:literal], $t:literal, $rectify:path, $collect:path $(, #[$attribute:meta])?) => {
        mod $name {
            use super::*;
            use super::{dense, lists, moving};
            /// Registers of a sum over columns.
            const A: usize = DOT / <$vector as Vector>::LANES;
            $(#[$attribute])?
            unsafe fn gather<const N: usize, const P: usize>(z: Changed, w: Strided, batch: usize, list: List) {
                unsafe { lists::gather::<$vector, f32, N, P>(z, w, batch, list) }
            }
            $(#[$attribute])?
            unsafe fn gather_bf16<const N: usize, const P: usize>(z: Changed, w: Strided<Bf16>, batch: usize, list: List) {
                unsafe { lists::gather::<$vector, Bf16, N, P>(z, w, batch, list) }
            }
            $(#[$attribute])?
            unsafe fn learn<const N: usize, const P: usize>(
                w: Change, old: Strided, rows: usize, list: List, delta: Strided, dots: *mut f32, first: bool,
            ) {
                unsafe { lists::learn::<$vector, N, A, P, true>(w, old, rows, list, delta, dots, first) }
            }
            $(#[$attribute])?
            unsafe fn learn_only<const N: usize, const P: usize>(w: Changed, rows: usize, list: List, delta: Strided) {
                let nowhere = core::ptr::dangling_mut();
                let old = w.read();
                unsafe { lists::learn::<$vector, N, A, P, false>(w.in_place(), old, rows, list, delta, nowhere, true) }
            }
            $(#[$attribute])?
            unsafe fn sum_dots(dots: *const f32, entries: usize, sums: *mut f32) {
                unsafe { lists::sum_dots::<$vector>(dots, entries, sums) }
            }
            $(#[$attribute])?
            unsafe fn mix(w: *mut f32, v: *mut f32, rows: &[u32], factors: *const Factors, apart: usize) {
                unsafe { moving::mix::<$vector>(w, v, rows, factors, apart) }
            }
            $(#[$attribute])?
            unsafe fn dense(z: *mut f32, w: *const f32, x: *const f32, batch: usize, rows: usize) {
                unsafe { dense::dense::<$vector, f32, $s, $m>(z, w, x, batch, rows) }
            }
            $(#[$attribute])?
            unsafe fn dense_bf16(z: *mut f32, w: *const Bf16, x: *const f32, batch: usize, rows: usize) {
                unsafe { dense::dense::<$vector, Bf16, $s, $m>(z, w, x, batch, rows) }
            }
            $(#[$attribute])?
            unsafe fn dense_dots(out: *mut f32, w: Strided, delta: Strided, panels: usize, batch: usize, rows: usize) {
                unsafe { dense::dense_dots::<$vector, $n, A, $t, { $t * $t }>(out, w, delta, panels, batch, rows) }
            }
            $(#[$attribute])?
            unsafe fn dense_learn(w: *mut f32, x: *const f32, delta: *const f32, batch: usize, rows: usize) {
                unsafe { dense::dense_learn::<$vector, $s, $m>(w, x, delta, batch, rows) }
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
                panels_at_once: $g * <$vector as Vector>::LANES / PANEL,
                gather: [gather::<$n, 1>, gather::<$g, 2>],
                gather_bf16: [gather_bf16::<$n, 1>, gather_bf16::<$g, 2>],
                learn: [learn::<$l, 1>, learn::<$p, 2>],
                learn_only: [learn_only::<$l, 1>, learn_only::<$p, 2>],
                sum_dots,
                mix,
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
    [8, 8],
    [4, 4],
    [2, 4],
    2,
    pointwise::rectify,
    pointwise::collect
);
#[cfg(target_arch = "x86_64")]
table!(
    avx2, crate::simd::Avx2, [8, 8], [4, 4], [2, 6], 2, pointwise::rectify, pointwise::collect,
    #[target_feature(enable = "avx2,fma")]
);
#[cfg(target_arch = "x86_64")]
table!(
    avx512, crate::simd::Avx512, [4, 8], [4, 8], [4, 6], 4, crate::simd::rectify_avx512, crate::simd::collect_avx512,
    #[target_feature(enable = "avx512f,avx2,fma")]
);
#[cfg(target_arch = "aarch64")]
table!(
    neon, crate::simd::Neon, [16, 16], [8, 8], [4, 4], 2, pointwise::rectify, pointwise::collect,
    #[target_feature(enable = "neon")]
);
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
table!(
    simd128,
    crate::simd::Simd128,
    [16, 16],
    [8, 8],
    [4, 2],
    2,
    pointwise::rectify,
    pointwise::collect
);

/// What the first cache must hold for two panels of weights at once, 64 rows of each, beside what passes by.
#[cfg(target_arch = "x86_64")]
const TWO_BLOCKS: usize = 3 * PANEL * PANEL * size_of::<f32>();

impl Kernels {
    /// The kernels of a level that [`Level::available`] names.
    pub fn of(level: Level) -> Self {
        match level {
            Level::Portable => portable::TABLE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2::TABLE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => Self {
                panels_at_once: match crate::simd::first_cache() >= TWO_BLOCKS {
                    true => avx512::TABLE.panels_at_once,
                    false => 1,
                },
                ..avx512::TABLE
            },
            #[cfg(target_arch = "aarch64")]
            Level::Neon => neon::TABLE,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128 => simd128::TABLE,
        }
    }
}
