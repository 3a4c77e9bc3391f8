//! The inner loops of int8 prediction. Weights lie in groups of four inputs, as the instructions take them, and inputs are taken
//! by fours or by twos; what is 0 in all of them is not touched.
//!
//! Sums are exact in 32 bits, and what becomes of them is multiplied, added and rounded in the same steps everywhere: every
//! instruction set gives the same numbers to the bit.

use crate::buffer::PANEL;
use crate::simd::Level;

/// Inputs a group.
pub(crate) const GROUP: usize = 4;
/// Groups a panel of [`PANEL`] inputs.
pub(crate) const GROUPS: usize = PANEL / GROUP;
/// Units that one register sums.
const STRIP: usize = 16;

/// How many inputs an entry of a list has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Grain {
    /// A group, the first input in the lowest byte: where an instruction multiplies bytes.
    Four,
    /// Half a group in 16 bits each, the first in the lower ones: where products are those of 16 bits, and skipping more pays.
    #[cfg_attr(
        not(target_arch = "x86_64"),
        allow(dead_code, reason = "taken by AVX2 alone")
    )]
    Two,
}

impl Grain {
    /// Inputs an entry.
    pub(crate) const fn inputs(self) -> usize {
        match self {
            Self::Four => GROUP,
            Self::Two => GROUP / 2,
        }
    }

    /// The inputs of an entry with this value.
    pub(crate) fn bytes(self, value: u32) -> [u8; GROUP] {
        match (self, value.to_le_bytes()) {
            (Self::Four, bytes) => bytes,
            (Self::Two, [first, _, second, _]) => [first, second, 0, 0],
        }
    }
}

/// The active inputs of some examples: entries `starts[b]..starts[b + 1]` are those of example `b`, in rising order.
#[derive(Clone, Copy)]
pub(crate) struct Lists {
    pub starts: *const u32,
    /// Which they are, in units of the grain.
    pub index: *const u32,
    /// Their values, as the grain has them.
    pub value: *const u32,
}

/// Examples that [`Kernels::gather`] takes at most: their sums stay in the first cache while the weights of a panel pass over them.
pub(crate) const MOST: usize = 64;

/// The form of [`gather`]: sums, weights, examples, lists, units.
pub(crate) type Gather = unsafe fn(*mut i32, *const i8, usize, Lists, usize);

/// The form of [`Kernels::tile`]: sums, weights, rows of inputs and the bytes from one to the next, rows, groups and how many, units.
pub(crate) type Tile =
    unsafe fn(*mut i32, *const i8, (*const u8, usize), usize, (*const u32, usize), usize);

/// Rows that a tile has at most: four registers of sums each, four of weights and one of inputs are 29 of the 32 there are.
pub(crate) const TILE_ROWS: usize = 6;

/// The kernels compiled for one instruction set.
///
/// # Safety
/// As [`Kernels`](crate::kernels::Kernels).
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
    /// What the lists of `gather` and `collect` have.
    pub grain: Grain,
    /// `z[b][u] += sum over the list of example b of x w`, `z` `[examples, PANEL]`, `w` `[groups, PANEL, GROUP]`, of the
    /// first units of a panel, for at most [`MOST`] examples.
    pub gather: Gather,
    /// `z[b][u] = sum over a list of groups of x w` for 1 to [`TILE_ROWS`] rows of bytes at once; none where there are not
    /// registers enough.
    pub tile: Option<Tile>,
    /// [`requantize`].
    pub requantize: unsafe fn(*const i32, *const f32, *const f32, f32, *mut u8),
    /// [`quantize`].
    pub quantize: unsafe fn(*const f32, usize, f32, f32, *mut u8),
    /// [`collect`].
    pub collect: unsafe fn(*const u8, usize, u32, *mut u32, *mut u32) -> usize,
}

/// A register of 16 sums, or as many as are taken at a time.
trait Sums: Copy {
    /// Units a register.
    const UNITS: usize;
    /// Inputs that are taken at a time.
    const GRAIN: Grain;
    /// They, in the form that products take.
    type Inputs: Copy;
    unsafe fn load(from: *const i32) -> Self;
    unsafe fn store(self, to: *mut i32);
    /// Of the entry `index` with this value.
    unsafe fn inputs(index: usize, value: u32) -> Self::Inputs;
    /// Adds the products of the inputs with those weights of `[UNITS, GROUP]` that are theirs, exactly.
    unsafe fn add(self, inputs: Self::Inputs, weights: *const i8) -> Self;
}

/// As [`Kernels::gather`], `N` registers at a time.
#[inline(always)]
unsafe fn gather<S: Sums, const N: usize>(z: *mut i32, w: *const i8, batch: usize, lists: Lists) {
    // SAFETY: the caller vouches for a list of `batch` examples, for every index in it, and for the sums.
    unsafe {
        for b in 0..batch {
            let from = *lists.starts.add(b) as usize;
            let to = *lists.starts.add(b + 1) as usize;
            let line = z.add(b * PANEL);
            let mut sums = [S::load(line); N];
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = S::load(line.add(n * S::UNITS));
            }
            for entry in from..to {
                let index = *lists.index.add(entry) as usize;
                let weights = w.add(index * S::GRAIN.inputs() / GROUP * PANEL * GROUP);
                let inputs = S::inputs(index, *lists.value.add(entry));
                for (n, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add(inputs, weights.add(n * S::UNITS * GROUP));
                }
            }
            for (n, sum) in sums.iter().enumerate() {
                sum.store(line.add(n * S::UNITS));
            }
        }
    }
}

/// As [`gather`], of as many strips of 16 units as `units` need.
#[inline(always)]
unsafe fn strips<S: Sums, const ONE: usize, const FOUR: usize>(
    z: *mut i32,
    w: *const i8,
    batch: usize,
    lists: Lists,
    units: usize,
) {
    // SAFETY: as in `gather`; strips lie inside a panel.
    unsafe {
        if units > 2 * STRIP {
            return gather::<S, FOUR>(z, w, batch, lists);
        }
        for strip in 0..units.div_ceil(STRIP) {
            let at = strip * STRIP;
            gather::<S, ONE>(z.add(at), w.add(at * GROUP), batch, lists);
        }
    }
}

/// Sums into activations from 0 to 255, a panel of them: 0 where `sum * scale + bias` is not above `cut`, else rounded to the
/// nearest.
#[inline(always)]
unsafe fn requantize(
    sums: *const i32,
    scale: *const f32,
    bias: *const f32,
    cut: f32,
    out: *mut u8,
) {
    // SAFETY: the caller vouches for a panel of each.
    unsafe {
        for at in 0..PANEL {
            let x = *sums.add(at) as f32 * *scale.add(at) + *bias.add(at);
            let x = if x > cut { x } else { 0.0 };
            let x = if x < 255.0 { x } else { 255.0 };
            // From 0.5 to 255.5: it fits, and what is cut off is the fraction.
            *out.add(at) = (x + 0.5).to_int_unchecked::<i32>() as u8;
        }
    }
}

/// Inputs into integers from 0 to 255: `(x - offset) / step` rounded to the nearest, given `1 / step`.
#[inline(always)]
unsafe fn quantize(x: *const f32, len: usize, offset: f32, inverse: f32, out: *mut u8) {
    // SAFETY: the caller vouches for `len` numbers of each.
    unsafe {
        for at in 0..len {
            let x = (*x.add(at) - offset) * inverse;
            let x = if x > 0.0 { x } else { 0.0 };
            let x = if x < 255.0 { x } else { 255.0 };
            *out.add(at) = (x + 0.5).to_int_unchecked::<i32>() as u8;
        }
    }
}

/// Lists what is not 0 of `count` groups, of which the first has this number, by groups; returns how many entries. Both lists have
/// room for `count` rounded up to a multiple of 16.
#[inline(always)]
unsafe fn collect(
    bytes: *const u8,
    count: usize,
    first: u32,
    index: *mut u32,
    value: *mut u32,
) -> usize {
    // SAFETY: the caller vouches for `count` groups, and for the lists.
    unsafe {
        let group = |at| u32::from_le(bytes.cast::<u32>().add(at).read_unaligned());
        list(count, first, index, value, group)
    }
}

/// As [`collect`], by halves of groups; lists have room for twice as many.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn collect_halves(
    bytes: *const u8,
    count: usize,
    first: u32,
    index: *mut u32,
    value: *mut u32,
) -> usize {
    // SAFETY: as in `collect`.
    unsafe {
        list(2 * count, 2 * first, index, value, |at| {
            let half = u32::from(u16::from_le(bytes.cast::<u16>().add(at).read_unaligned()));
            (half & 0xff) | (half >> 8 << 16)
        })
    }
}

/// Lists those of `count` entries that are not 0, numbered from `first`; returns how many.
#[inline(always)]
unsafe fn list(
    count: usize,
    first: u32,
    index: *mut u32,
    value: *mut u32,
    entry: impl Fn(usize) -> u32,
) -> usize {
    let mut found = 0;
    for at in 0..count {
        let entry = entry(at);
        // SAFETY: the caller vouches for room for `count` entries; one is written before its place is taken.
        unsafe {
            *index.add(found) = first + at as u32;
            *value.add(found) = entry;
        }
        found += usize::from(entry != 0);
    }
    found
}

/// Sixteen sums in plain Rust.
#[derive(Clone, Copy)]
struct Plain([i32; STRIP]);

impl Sums for Plain {
    const UNITS: usize = STRIP;
    const GRAIN: Grain = Grain::Four;
    type Inputs = [i32; GROUP];

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        // SAFETY: the caller vouches for the sums.
        Self(unsafe { from.cast::<[i32; STRIP]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        // SAFETY: as above.
        unsafe { to.cast::<[i32; STRIP]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn inputs(_: usize, value: u32) -> [i32; GROUP] {
        value.to_le_bytes().map(i32::from)
    }

    #[inline(always)]
    unsafe fn add(mut self, inputs: [i32; GROUP], weights: *const i8) -> Self {
        // SAFETY: the caller vouches for the weights.
        let weights = unsafe { &*weights.cast::<[[i8; GROUP]; STRIP]>() };
        for (sum, weights) in self.0.iter_mut().zip(weights) {
            for (x, w) in inputs.iter().zip(weights) {
                *sum = sum.wrapping_add(x * i32::from(*w));
            }
        }
        self
    }
}

macro_rules! table {
    ($name:ident, $sums:ty, $one:literal, $four:literal, $collect:path $(, wide $wide:ty)? $(, #[$attribute:meta])?) => {
        mod $name {
            use super::*;
            $(#[$attribute])?
            unsafe fn gather(z: *mut i32, w: *const i8, batch: usize, lists: Lists, units: usize) {
                $(if batch >= wide::FEWEST && units > 2 * STRIP {
                    return unsafe { wide::gather::<$wide, $four>(z, w, batch, lists) };
                })?
                unsafe { super::strips::<$sums, $one, $four>(z, w, batch, lists, units) }
            }
            $(#[$attribute])?
            unsafe fn requantize(sums: *const i32, scale: *const f32, bias: *const f32, cut: f32, out: *mut u8) {
                unsafe { super::requantize(sums, scale, bias, cut, out) }
            }
            $(#[$attribute])?
            unsafe fn quantize(x: *const f32, len: usize, offset: f32, inverse: f32, out: *mut u8) {
                unsafe { super::quantize(x, len, offset, inverse, out) }
            }
            $(#[$attribute])?
            unsafe fn collect(bytes: *const u8, count: usize, first: u32, index: *mut u32, value: *mut u32) -> usize {
                unsafe { $collect(bytes, count, first, index, value) }
            }
            pub(super) const TABLE: Kernels = Kernels { grain: <$sums>::GRAIN, gather, tile: None, requantize, quantize, collect };
        }
    };
}

table!(portable, Plain, 1, 4, super::collect);
#[cfg(target_arch = "x86_64")]
table!(
    avx2, x86::Pairs, 2, 8, super::collect_halves, wide x86::Pairs,
    #[target_feature(enable = "avx2")]
);
#[cfg(target_arch = "x86_64")]
table!(
    avx_vnni, x86::Short, 2, 8, super::collect,
    #[target_feature(enable = "avx2,avxvnni")]
);
#[cfg(target_arch = "x86_64")]
table!(
    vnni, x86::Vnni, 1, 4, x86::collect,
    #[target_feature(enable = "avx512f,avx512vnni")]
);
#[cfg(target_arch = "aarch64")]
table!(
    neon, arm::Halves, 4, 16, super::collect,
    #[target_feature(enable = "neon")]
);
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
table!(simd128, wasm::Fours, 4, 16, super::collect);

impl Kernels {
    /// The kernels of a level that [`Level::available`] names. AVX-512 without its int8 products does as AVX2.
    pub(crate) fn of(level: Level) -> Self {
        match level {
            Level::Portable => portable::TABLE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 if crate::simd::has_avx_vnni() => avx_vnni::TABLE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2::TABLE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if crate::simd::has_vnni() => Self {
                tile: Some(x86::tile),
                ..vnni::TABLE
            },
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx2::TABLE,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => neon::TABLE,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128 => simd128::TABLE,
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod wide;

#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "aarch64")]
mod arm;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::testing::Draw;
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// What is not 0 in each row, listed by `kernels`.
    fn listed(kernels: &Kernels, rows: &[u8], width: usize) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
        let groups = width / GROUP;
        let mut starts = vec![0];
        let room = rows.len() / kernels.grain.inputs() + 32;
        let (mut index, mut value) = (vec![0; room], vec![0; room]);
        let mut found = 0;
        for row in rows.chunks(width) {
            // SAFETY: the level is there; a row's groups are read, and the lists have room for all of them and a register.
            found += unsafe {
                (kernels.collect)(
                    row.as_ptr(),
                    groups,
                    0,
                    index[found..].as_mut_ptr(),
                    value[found..].as_mut_ptr(),
                )
            };
            starts.push(found as u32);
        }
        (starts, index[..found].to_vec(), value[..found].to_vec())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 64 }))]

        #[test]
        fn every_kernel_gives_the_sums_of_plain_integers(
            batch in 1usize..12, groups in 1usize..100, units in 1usize..=PANEL, extreme in any::<bool>(), seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let width = groups * GROUP;
            let rows: Vec<u8> = (0..batch * width).map(|_| match (draw.unit() < 0.6, extreme) {
                (true, _) => 0,
                (false, true) => 255,
                (false, false) => draw.bits() as u8,
            }).collect();
            let weights: Vec<i8> = (0..width * PANEL).map(|_| match extreme {
                true => if draw.unit() < 0.5 { -128 } else { 127 },
                false => draw.bits() as i8,
            }).collect();
            let mut wanted = vec![7i32; batch * PANEL];
            for b in 0..batch {
                for u in 0..PANEL {
                    for k in 0..width {
                        let weight = weights[(k / GROUP) * PANEL * GROUP + u * GROUP + k % GROUP];
                        wanted[b * PANEL + u] += i32::from(rows[b * width + k]) * i32::from(weight);
                    }
                }
            }
            for level in Level::available() {
                let kernels = Kernels::of(level);
                let (starts, index, value) = listed(&kernels, &rows, width);
                let active = rows.chunks(kernels.grain.inputs()).filter(|entry| entry.iter().any(|x| *x != 0)).count();
                prop_assert_eq!(index.len(), active);
                let mut found = vec![7i32; batch * PANEL];
                let lists = Lists { starts: starts.as_ptr(), index: index.as_ptr(), value: value.as_ptr() };
                // SAFETY: the level is there, the lists are those of `batch` rows, and weights and sums are whole panels.
                unsafe { (kernels.gather)(found.as_mut_ptr(), weights.as_ptr(), batch, lists, units) };
                for (found, wanted) in found.chunks(PANEL).zip(wanted.chunks(PANEL)) {
                    prop_assert_eq!(&found[..units], &wanted[..units], "{:?}", level);
                }
                let Some(tile) = kernels.tile else { continue };
                let count = batch.min(TILE_ROWS);
                let alive = |group: &u32| (0..count).any(|b| {
                    let first = b * width + *group as usize * GROUP;
                    rows[first..first + GROUP].iter().any(|x| *x != 0)
                });
                let union: Vec<u32> = (0..groups as u32).filter(alive).collect();
                let mut found = vec![7i32; count * PANEL];
                // SAFETY: as above; every group of the list is in every row.
                unsafe {
                    let (rows, list) = ((rows.as_ptr(), width), (union.as_ptr(), union.len()));
                    tile(found.as_mut_ptr(), weights.as_ptr(), rows, count, list, units);
                }
                for (found, wanted) in found.chunks(PANEL).zip(wanted.chunks(PANEL)) {
                    // From nothing, and not from 7.
                    let wanted: Vec<i32> = wanted.iter().map(|sum| sum - 7).collect();
                    prop_assert_eq!(&found[..units], &wanted[..units], "tiles, {:?}", level);
                }
            }
        }

        #[test]
        fn every_kernel_rounds_alike(seed in any::<u64>(), cut in 0f32..20.0) {
            let mut draw = Draw::new(seed);
            let sums: Vec<i32> = (0..PANEL).map(|_| draw.bits() as i32 >> 8).collect();
            let scale: Vec<f32> = (0..PANEL).map(|_| draw.unit() * 1e-4).collect();
            let bias: Vec<f32> = (0..PANEL).map(|_| 100.0 * draw.unit() - 50.0).collect();
            let inputs: Vec<f32> = (0..PANEL).map(|_| 3.0 * draw.unit() - 1.0).collect();
            let wanted: Vec<u8> = (0..PANEL).map(|at| {
                let x = sums[at] as f32 * scale[at] + bias[at];
                if x > cut { libm::floorf(x.min(255.0) + 0.5) as u8 } else { 0 }
            }).collect();
            let read: Vec<u8> = inputs.iter().map(|x| libm::floorf(((x + 0.5) * 128.0).clamp(0.0, 255.0) + 0.5) as u8).collect();
            for level in Level::available() {
                let kernels = Kernels::of(level);
                let mut found = vec![0u8; PANEL];
                // SAFETY: the level is there, and each is a panel.
                unsafe {
                    (kernels.requantize)(sums.as_ptr(), scale.as_ptr(), bias.as_ptr(), cut, found.as_mut_ptr());
                }
                prop_assert_eq!(&found, &wanted);
                // SAFETY: as above.
                unsafe { (kernels.quantize)(inputs.as_ptr(), PANEL, -0.5, 128.0, found.as_mut_ptr()) };
                prop_assert_eq!(&found, &read);
            }
        }
    }
}
