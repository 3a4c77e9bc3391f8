//! Where there is no matrix unit that multiplies bytes.

use crate::simd::Level;

/// Nothing is ever one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Amx {}

impl Amx {
    pub(crate) fn of(_: Level) -> Option<Self> {
        None
    }

    pub(crate) fn with<T>(self, _: impl FnOnce() -> T) -> T {
        match self {}
    }

    pub(crate) unsafe fn multiply(
        self,
        _: *mut i32,
        _: *const i8,
        _: (*const u8, usize),
        _: usize,
        _: usize,
        _: usize,
    ) {
        match self {}
    }
}
