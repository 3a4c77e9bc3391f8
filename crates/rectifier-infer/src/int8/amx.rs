//! Products of bytes by the matrix unit of x86-64 (AMX): sixteen examples by sixteen units by 64 inputs an instruction, with
//! nothing skipped. Sums of integers are exact: they are those of the other kernels to the bit.

use super::kernels::GROUP;
use crate::buffer::PANEL;
use crate::simd::Level;
use core::arch::asm;

/// Examples a tile.
const ROWS: usize = 16;
/// Inputs a tile, a byte each.
const INPUTS: usize = 64;
/// Bytes from one group of inputs to the next in a panel of weights.
const GROUP_BYTES: usize = PANEL * GROUP;

/// Says that the unit is there and that this process may use it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amx(());

/// What the tiles are: palette 1, eight tiles of sixteen rows of 64 bytes.
#[repr(C, align(64))]
struct Tiles([u8; 64]);

static TILES: Tiles = {
    let mut bytes = [0; 64];
    bytes[0] = 1;
    let mut tile = 0;
    while tile < 8 {
        bytes[16 + 2 * tile] = 64;
        bytes[48 + tile] = ROWS as u8;
        tile += 1;
    }
    Tiles(bytes)
};

impl Amx {
    /// The unit, where `level` is the one that comes with it, the processor has it, and the system lets us.
    pub(crate) fn of(level: Level) -> Option<Self> {
        (level == Level::Avx512 && is_there()).then_some(Self(()))
    }

    /// Runs `work` on a thread whose tiles are laid out.
    pub(crate) fn with<T>(self, work: impl FnOnce() -> T) -> T {
        // SAFETY: the unit is there, and the layout one that it takes.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const TILES, options(nostack)) };
        let result = work();
        // SAFETY: the unit is there. What the tiles hold is of no use to anybody any more, and costs every switch of threads.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
        result
    }

    /// `z[b][u] = sum of x[b][k] w[k][u]`: `z` `[examples, PANEL]`, rows of `inputs` bytes that begin `stride` apart, a panel of
    /// weights `[groups, PANEL, GROUP]`. Examples are rounded up to whole tiles of 16, inputs to 64, units to 32.
    ///
    /// # Safety
    /// Inside [`with`](Self::with). `rows` can be read and `z` be written for so many examples; the bytes of a row beyond `inputs`
    /// are 0, and the weights of as many inputs can be read.
    pub(crate) unsafe fn multiply(
        self,
        z: *mut i32,
        weights: *const i8,
        (rows, stride): (*const u8, usize),
        examples: usize,
        inputs: usize,
        units: usize,
    ) {
        let steps = inputs.div_ceil(INPUTS);
        for first in (0..examples).step_by(2 * ROWS) {
            // SAFETY: as the caller says.
            unsafe {
                let (z, rows) = (z.add(first * PANEL), rows.add(first * stride));
                if examples - first <= ROWS {
                    single(z, weights, rows, stride, steps);
                    continue;
                }
                for unit in (0..units).step_by(32) {
                    double(z.add(unit), weights.add(unit * GROUP), rows, stride, steps);
                }
            }
        }
    }
}

/// Two tiles of examples by two of units.
///
/// # Safety
/// As [`Amx::multiply`]; at least one step.
unsafe fn double(z: *mut i32, weights: *const i8, rows: *const u8, stride: usize, steps: usize) {
    // SAFETY: as the caller says. Nothing but these lines uses tiles.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "2:",
            "tileloadd tmm6, [{w} + {ws}*1]",
            "tileloadd tmm4, [{a} + {stride}*1]",
            "tdpbusd tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{w} + {ws}*1 + 64]",
            "tdpbusd tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{b} + {stride}*1]",
            "tdpbusd tmm2, tmm5, tmm6",
            "tdpbusd tmm3, tmm5, tmm7",
            "add {a}, 64",
            "add {b}, 64",
            "add {w}, {step}",
            "dec {steps}",
            "jnz 2b",
            "tilestored [{z} + {ws}*1], tmm0",
            "tilestored [{z} + {ws}*1 + 64], tmm1",
            "tilestored [{y} + {ws}*1], tmm2",
            "tilestored [{y} + {ws}*1 + 64], tmm3",
            a = inout(reg) rows => _,
            b = inout(reg) rows.add(ROWS * stride) => _,
            w = inout(reg) weights => _,
            steps = inout(reg) steps => _,
            z = in(reg) z,
            y = in(reg) z.add(ROWS * PANEL),
            stride = in(reg) stride,
            // A row of sums is as long as a group of weights.
            ws = in(reg) GROUP_BYTES,
            step = const INPUTS / GROUP * GROUP_BYTES,
            options(nostack),
        );
    }
}

/// One tile of examples by all four of units.
///
/// # Safety
/// As [`double`].
unsafe fn single(z: *mut i32, weights: *const i8, rows: *const u8, stride: usize, steps: usize) {
    // SAFETY: as the caller says. Nothing but these lines uses tiles.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "2:",
            "tileloadd tmm4, [{a} + {stride}*1]",
            "tileloadd tmm5, [{w} + {ws}*1]",
            "tdpbusd tmm0, tmm4, tmm5",
            "tileloadd tmm6, [{w} + {ws}*1 + 64]",
            "tdpbusd tmm1, tmm4, tmm6",
            "tileloadd tmm7, [{w} + {ws}*1 + 128]",
            "tdpbusd tmm2, tmm4, tmm7",
            "tileloadd tmm5, [{w} + {ws}*1 + 192]",
            "tdpbusd tmm3, tmm4, tmm5",
            "add {a}, 64",
            "add {w}, {step}",
            "dec {steps}",
            "jnz 2b",
            "tilestored [{z} + {ws}*1], tmm0",
            "tilestored [{z} + {ws}*1 + 64], tmm1",
            "tilestored [{z} + {ws}*1 + 128], tmm2",
            "tilestored [{z} + {ws}*1 + 192], tmm3",
            a = inout(reg) rows => _,
            w = inout(reg) weights => _,
            steps = inout(reg) steps => _,
            z = in(reg) z,
            stride = in(reg) stride,
            ws = in(reg) GROUP_BYTES,
            step = const INPUTS / GROUP * GROUP_BYTES,
            options(nostack),
        );
    }
}

const _: () = assert!(PANEL * size_of::<i32>() == GROUP_BYTES);

/// Whether the processor has the unit (CPUID 7, EDX bits 24 and 25), the system saves its registers (XCR0 bits 17 and 18), and
/// Linux gives this process leave to use them, which it does on request only.
fn is_there() -> bool {
    use core::arch::x86_64::{__cpuid, __cpuid_count};

    const TILES_AND_BYTES: u32 = 1 << 24 | 1 << 25;
    const SAVED: u32 = 1 << 17 | 1 << 18;
    const ARCH_PRCTL: isize = 158;
    const REQUEST_PERMISSION: usize = 0x1023;
    const TILE_DATA: usize = 18;

    #[allow(
        unused_unsafe,
        reason = "safe functions in later versions of the language"
    )]
    // SAFETY: every x86-64 processor has the instruction.
    let (most, features, extended) =
        unsafe { (__cpuid(0).eax, __cpuid(1).ecx, __cpuid_count(7, 0).edx) };
    let saves = features & 1 << 27 != 0;
    if most < 7 || !saves || extended & TILES_AND_BYTES != TILES_AND_BYTES {
        return false;
    }
    let (saved, given): (u32, isize);
    // SAFETY: the system saves registers, so that it may be asked which; the request touches no memory.
    unsafe {
        asm!("xgetbv", in("ecx") 0, out("eax") saved, out("edx") _, options(nostack, nomem));
        if saved & SAVED != SAVED {
            return false;
        }
        asm!(
            "syscall",
            inout("rax") ARCH_PRCTL => given,
            in("rdi") REQUEST_PERMISSION,
            in("rsi") TILE_DATA,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    given == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Draw;
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_are_those_of_plain_integers(
            examples in 1usize..70, inputs in 1usize..200, units in 1usize..=PANEL, extreme in any::<bool>(), seed in any::<u64>(),
        ) {
            let Some(unit) = Amx::of(Level::detect()) else {
                return Ok(());
            };
            let mut draw = Draw::new(seed);
            let (whole, room) = (inputs.next_multiple_of(INPUTS), examples.next_multiple_of(2 * ROWS));
            let (stride, groups) = (whole + 64, whole / GROUP);
            let mut rows = vec![0u8; room * stride];
            for row in rows.chunks_mut(stride) {
                row[..inputs].iter_mut().for_each(|x| *x = if extreme { 255 } else { draw.bits() as u8 });
            }
            let weights: Vec<i8> = (0..groups * PANEL * GROUP).map(|_| match extreme {
                true => if draw.unit() < 0.5 { -128 } else { 127 },
                false => draw.bits() as i8,
            }).collect();
            let mut found = vec![7i32; room * PANEL];
            // SAFETY: rows, weights and sums are filled up to whole tiles.
            unit.with(|| unsafe {
                unit.multiply(found.as_mut_ptr(), weights.as_ptr(), (rows.as_ptr(), stride), examples, inputs, units);
            });
            for (b, sums) in found.chunks(PANEL).take(examples).enumerate() {
                for (u, sum) in sums.iter().take(units).enumerate() {
                    let product = |k: usize| {
                        let weight = weights[(k / GROUP) * PANEL * GROUP + u * GROUP + k % GROUP];
                        i32::from(rows[b * stride + k]) * i32::from(weight)
                    };
                    prop_assert_eq!(*sum, (0..inputs).map(product).sum::<i32>());
                }
            }
        }
    }
}
