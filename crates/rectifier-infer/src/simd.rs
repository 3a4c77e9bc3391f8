//! Vectors of floats, one implementation an instruction set, and the choice among them at run time.
//!
//! Kernels are generic over [`Vector`] and inlined into one entry a level that is compiled with the level's features.

use crate::buffer::Bf16;
use alloc::vec;
use alloc::vec::Vec;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::{Avx512, collect_avx512, rectify_avx512};
#[cfg(target_arch = "aarch64")]
pub use neon::Neon;
pub use portable::Portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use simd128::Simd128;

/// Whether the processor has a feature; without std only what the whole program is compiled for counts.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! detected {
    ($feature:tt) => {{
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        let found = std::arch::is_x86_feature_detected!($feature);
        #[cfg(all(feature = "std", target_arch = "aarch64"))]
        let found = std::arch::is_aarch64_feature_detected!($feature);
        #[cfg(not(feature = "std"))]
        let found = cfg!(target_feature = $feature);
        found
    }};
}

/// Whether the processor multiplies bytes in registers of AVX-512.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_vnni() -> bool {
    detected!("avx512vnni")
}

/// Whether the processor multiplies bytes in registers of AVX2.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx_vnni() -> bool {
    detected!("avxvnni")
}

/// Bytes of the first cache of data, 0 where the processor does not tell.
#[cfg(target_arch = "x86_64")]
pub(crate) fn first_cache() -> usize {
    use core::arch::x86_64::{__cpuid, __cpuid_count};
    // Intel and AMD tell it in the same way in different leaves.
    let (basic, extended) = (__cpuid(0), __cpuid(0x8000_0000));
    let leaf = match (basic.ebx, extended.eax) {
        // "Genu".
        (0x756e_6547, _) if basic.eax >= 4 => 4,
        (_, 0x8000_001d..) => 0x8000_001d,
        _ => return 0,
    };
    // Instructions have a cache of their own, of type 2.
    let caches = (0..4).map(|at| __cpuid_count(leaf, at));
    let first = caches
        .take_while(|cache| cache.eax & 0x1f != 0)
        .find(|cache| cache.eax & 0x1f != 2 && cache.eax >> 5 & 7 == 1);
    first.map_or(0, |cache| {
        let part = |from: u32, bits: u32| ((cache.ebx >> from & ((1 << bits) - 1)) + 1) as usize;
        part(22, 10) * part(12, 10) * part(0, 12) * (cache.ecx as usize + 1)
    })
}

/// A register of floats.
///
/// # Safety
/// Every function may be called only where the instruction set of the implementation is there; pointers must be
/// valid for [`LANES`](Self::LANES) floats, and need no alignment.
pub trait Vector: Copy {
    /// Floats a register.
    const LANES: usize;
    /// All lanes 0.
    unsafe fn zero() -> Self;
    /// All lanes `x`.
    unsafe fn splat(x: f32) -> Self;
    /// Reads the lanes.
    unsafe fn load(from: *const f32) -> Self;
    /// Reads the lanes from bfloat16s.
    unsafe fn load_bf16(from: *const Bf16) -> Self;
    /// Writes the lanes.
    unsafe fn store(self, to: *mut f32);
    /// `self + a b`, a lane at a time.
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    /// The sum of the lanes.
    unsafe fn sum(self) -> f32;
    /// The sums of sixteen rows of [`DOT`] floats each, into `to`. Everywhere in the order of [`sum_row`].
    ///
    /// # Safety
    /// `from` is valid for 256 floats, `to` for 16.
    #[inline(always)]
    unsafe fn sum_rows(from: *const f32, to: *mut f32) {
        // SAFETY: as the caller says.
        unsafe {
            for row in 0..DOT {
                *to.add(row) = sum_row(from.add(row * DOT));
            }
        }
    }
}

/// Floats that a dot product is summed in, whatever a register holds: the sum over columns is the same with every
/// instruction set. Lane `l` adds columns `l`, `l + 16`, `l + 32` and so on.
pub const DOT: usize = 16;

/// The sum of the [`DOT`] lanes of a dot product: those eight apart first, then four, two and one.
///
/// # Safety
/// `from` is valid for 16 floats.
#[inline(always)]
pub unsafe fn sum_row(from: *const f32) -> f32 {
    // SAFETY: as the caller says.
    let mut lanes = unsafe { from.cast::<[f32; DOT]>().read_unaligned() };
    for apart in [8, 4, 2, 1] {
        for lane in 0..apart {
            lanes[lane] += lanes[lane + apart];
        }
    }
    lanes[0]
}

/// An instruction set that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Whatever the target has; no run-time check.
    Portable,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// NEON.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// The vectors of WebAssembly. A module that holds them is refused whole where they are not known, so that what it is
    /// compiled for is all there is to ask.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128,
}

impl Level {
    /// The widest level that this processor has.
    pub fn detect() -> Self {
        Self::available().last().copied().unwrap_or(Self::Portable)
    }

    /// Every level that this processor has, the narrowest first.
    // Without std `detected` is a constant.
    #[allow(clippy::nonminimal_bool, clippy::eq_op)]
    pub fn available() -> Vec<Self> {
        // None is pushed where the target has none.
        #[allow(unused_mut)]
        let mut levels = vec![Self::Portable];
        // Of the instruction sets beyond it, Miri knows NEON alone.
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        {
            if detected!("avx2") && detected!("fma") {
                levels.push(Self::Avx2);
            }
            if detected!("avx512f") {
                levels.push(Self::Avx512);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if detected!("neon") {
            levels.push(Self::Neon);
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        levels.push(Self::Simd128);
        levels
    }

    /// Its name, for records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "neon",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => "simd128",
        }
    }
}

#[cfg(all(
    test,
    feature = "std",
    target_arch = "x86_64",
    target_os = "linux",
    not(miri)
))]
#[allow(
    clippy::print_stderr,
    reason = "who runs the test is to know that it compared nothing"
)]
mod tests {
    /// Linux reads it off the processor too.
    #[test]
    fn the_first_cache_is_as_large_as_the_system_says() {
        let folder = "/sys/devices/system/cpu/cpu0/cache/index0";
        let told = |name: &str| std::fs::read_to_string(format!("{folder}/{name}"));
        let (Ok(level), Ok(kind), Ok(size)) = (told("level"), told("type"), told("size")) else {
            return eprintln!("nothing to compare with: {folder} cannot be read");
        };
        if (level.trim(), kind.trim()) == ("1", "Data") {
            assert_eq!(format!("{}K", super::first_cache() / 1024), size.trim());
        }
    }
}
