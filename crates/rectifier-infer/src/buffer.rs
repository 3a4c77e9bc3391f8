//! Memory that several threads work on, aligned to cache lines, and matrices in it.

use alloc::alloc::{alloc_zeroed, dealloc, handle_alloc_error};
use alloc::vec::Vec;
use core::alloc::Layout;
use core::ptr::NonNull;

/// Columns a panel: four registers of AVX-512, four cache lines.
pub const PANEL: usize = 64;

/// How many panels hold `columns`.
pub fn panels(columns: usize) -> usize {
    columns.div_ceil(PANEL)
}

/// How far apart two panels of `lines` lines start: an odd number of lines, so that the same line of neighbouring panels never lies
/// on the same places of the first cache. A precaution: on a Zen 5 no difference was measured.
pub fn apart(lines: usize) -> usize {
    (lines | 1) * PANEL
}

/// How many panels of a layer of `panels` are one group. A group belongs to one thread, and what its columns add to a sum over
/// all columns is one number: sums over groups are made in the order of the groups, so that no sum depends on how many
/// threads there are. Two panels are the least that makes adding up groups cheap; more groups than sixteen would only cost
/// memory.
pub fn group(panels: usize) -> usize {
    match panels {
        0..=8 => 1,
        9..=31 => 2,
        32..=63 => 4,
        _ => 8,
    }
}

/// How many groups there are of `panels` panels.
pub fn groups(panels: usize) -> usize {
    panels.div_ceil(group(panels))
}

/// The panels of the groups in `groups`, of `panels` in all.
pub fn panels_of(groups: core::ops::Range<usize>, panels: usize) -> core::ops::Range<usize> {
    let group = group(panels);
    (groups.start * group).min(panels)..(groups.end * group).min(panels)
}

/// A number type of which all bits 0 is the number 0.
///
/// # Safety
/// Only for plain numbers.
pub unsafe trait Plain: Copy {}
// SAFETY: all are plain numbers.
unsafe impl Plain for f32 {}
// SAFETY: as above.
unsafe impl Plain for f64 {}
// SAFETY: as above.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for i32 {}
// SAFETY: as above.
unsafe impl Plain for i8 {}
// SAFETY: as above.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl Plain for Bf16 {}

/// A bfloat16: the upper half of an f32.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bf16(pub u16);

impl Bf16 {
    /// The nearest to `x`, of two equally near the even one; a NaN stays one.
    pub fn nearest(x: f32) -> Self {
        let bits = x.to_bits();
        if x.is_nan() {
            return Self((bits >> 16) as u16 | 0x40);
        }
        let half = 0x7fff + ((bits >> 16) & 1);
        Self((bits.wrapping_add(half) >> 16) as u16)
    }

    /// The same number.
    pub fn widened(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }
}

/// Numbers on their own cache lines, zero at first.
///
/// Reading and writing goes through [`ptr`](Self::ptr): threads share buffers, and which of them may touch what between
/// two barriers is said where they do.
pub struct Buffer<T: Plain> {
    start: NonNull<T>,
    len: usize,
    /// What was allocated: `start` is the first cache line in it.
    memory: NonNull<u8>,
}

/// Bytes a cache line.
const LINE: usize = 64;
/// Memory of this alignment comes zeroed from the system, page by page as it is first written to: lists of a wide sparse layer
/// take the memory of what is in them, not of all that they have room for.
const ALIGNED: usize = 16;

// SAFETY: a buffer is owned memory of plain numbers; whoever dereferences its pointer answers for the order of accesses.
unsafe impl<T: Plain> Send for Buffer<T> {}
// SAFETY: as above.
unsafe impl<T: Plain> Sync for Buffer<T> {}

impl<T: Plain> Buffer<T> {
    pub fn zeros(len: usize) -> Self {
        if len == 0 {
            return Self {
                start: NonNull::dangling(),
                len,
                memory: NonNull::dangling(),
            };
        }
        let layout = Self::layout(len);
        // SAFETY: the layout is not of size 0; all bits 0 is a valid number.
        let Some(memory) = NonNull::new(unsafe { alloc_zeroed(layout) }) else {
            handle_alloc_error(layout)
        };
        let before = memory.as_ptr().addr().wrapping_neg() % LINE;
        // SAFETY: the layout has room for so many bytes before the numbers.
        let start = unsafe { memory.add(before) }.cast::<T>();
        Self { start, len, memory }
    }

    fn layout(len: usize) -> Layout {
        let bytes = len.checked_mul(size_of::<T>());
        let bytes = bytes.and_then(|bytes| bytes.checked_add(LINE - ALIGNED));
        match bytes.and_then(|bytes| Layout::from_size_align(bytes, ALIGNED).ok()) {
            Some(layout) => layout,
            // As Vec does for a size that no address space holds.
            None => handle_alloc_error(Layout::new::<T>()),
        }
    }

    /// The first number; the buffer's whole length is behind it.
    #[inline(always)]
    pub fn ptr(&self) -> *mut T {
        self.start.as_ptr()
    }

    /// The numbers, while nobody else holds the buffer.
    #[allow(clippy::should_implement_trait)]
    pub fn as_mut(&mut self) -> &mut [T] {
        // SAFETY: `&mut self` excludes every other access, and the memory is initialized for `len` numbers.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }

    /// The numbers, while nobody writes.
    ///
    /// # Safety
    /// No thread writes to the buffer while the slice lives.
    pub unsafe fn as_slice(&self) -> &[T] {
        // SAFETY: initialized memory of `len` numbers; the caller keeps writers away.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T: Plain> Drop for Buffer<T> {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: allocated in `zeros` with this very layout.
            unsafe { dealloc(self.memory.as_ptr(), Self::layout(self.len)) }
        }
    }
}

impl<T: Plain> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let copy = Self::zeros(self.len);
        // SAFETY: two buffers of `len` numbers, one of them new.
        unsafe { core::ptr::copy_nonoverlapping(self.ptr(), copy.ptr(), self.len) };
        copy
    }
}

/// A matrix in panels of [`PANEL`] columns, each panel row after row and [`stride`](Self::stride) numbers behind the one before;
/// what fills up rows and columns stays 0.
#[derive(Clone)]
pub struct Panels<T: Plain = f32> {
    pub rows: usize,
    pub columns: usize,
    buffer: Buffer<T>,
}

impl<T: Plain> Panels<T> {
    /// How many panels there are.
    #[inline(always)]
    pub fn panels(&self) -> usize {
        panels(self.columns)
    }

    /// The first number of panel `p`.
    #[inline(always)]
    pub fn panel(&self, p: usize) -> *mut T {
        debug_assert!(p < self.panels());
        // SAFETY: inside the buffer, whose length is panels * stride.
        unsafe { self.buffer.ptr().add(p * self.stride()) }
    }

    /// How far apart two neighbouring panels start.
    #[inline(always)]
    pub fn stride(&self) -> usize {
        apart(self.rows)
    }

    /// `[rows, columns]`, row after row.
    ///
    /// # Safety
    /// No thread writes to the matrix meanwhile.
    pub unsafe fn to_rows(&self) -> Vec<T> {
        // SAFETY: as the caller says.
        let buffer = unsafe { self.buffer.as_slice() };
        let mut values = Vec::with_capacity(self.rows * self.columns);
        for row in 0..self.rows {
            for p in 0..self.panels() {
                let width = PANEL.min(self.columns - p * PANEL);
                let first = p * self.stride() + row * PANEL;
                values.extend_from_slice(&buffer[first..first + width]);
            }
        }
        values
    }
}

impl Panels {
    /// The same numbers, each rounded to the nearest bfloat16.
    ///
    /// # Safety
    /// No thread writes to the matrix meanwhile.
    pub unsafe fn rounded(&self) -> Panels<Bf16> {
        // SAFETY: as the caller says.
        let numbers = unsafe { self.buffer.as_slice() };
        let mut buffer = Buffer::zeros(numbers.len());
        for (to, from) in buffer.as_mut().iter_mut().zip(numbers) {
            *to = Bf16::nearest(*from);
        }
        Panels {
            rows: self.rows,
            columns: self.columns,
            buffer,
        }
    }

    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            columns,
            buffer: Buffer::zeros(panels(columns) * apart(rows)),
        }
    }

    /// From `values` `[rows, columns]`, row after row.
    pub fn from_rows(rows: usize, columns: usize, values: &[f32]) -> Self {
        let mut matrix = Self::zeros(rows, columns);
        for (p, panel) in matrix
            .buffer
            .as_mut()
            .chunks_exact_mut(apart(rows))
            .enumerate()
        {
            let first = p * PANEL;
            let width = PANEL.min(columns - first);
            for (row, line) in panel.chunks_exact_mut(PANEL).take(rows).enumerate() {
                line[..width].copy_from_slice(&values[row * columns + first..][..width]);
            }
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bfloat16_is_the_nearest() {
        for x in [0.0f32, 1.0, -2.5, 3.0e38, 1e-30, f32::INFINITY] {
            let near = Bf16::nearest(x).widened();
            assert!(
                near == x || ((near - x) / x).abs() <= 1.0 / 256.0,
                "{x} {near}"
            );
        }
        // Between 1 and the next bfloat16, 1 + 1/128, lies 1 + 1/256: the even one is 1.
        assert_eq!(Bf16::nearest(1.0 + 1.0 / 256.0).widened(), 1.0);
        assert_eq!(
            Bf16::nearest(1.0 + 3.0 / 256.0).widened(),
            1.0 + 2.0 / 128.0
        );
        assert!(
            Bf16::nearest(f32::from_bits(0x7f80_0001))
                .widened()
                .is_nan()
        );
    }

    #[test]
    fn a_matrix_survives_its_panels() {
        for (rows, columns) in [(1, 1), (3, 64), (5, 65), (2, 200), (0, 7)] {
            let values: Vec<f32> = (0..rows * columns).map(|x| x as f32 + 1.0).collect();
            let matrix = Panels::from_rows(rows, columns, &values);
            // SAFETY: one thread.
            assert_eq!(unsafe { matrix.to_rows() }, values);
            assert!(rows == 0 || (matrix.panel(0) as usize).is_multiple_of(64));
        }
    }
}
