//! How two eyes see an image.

use crate::SIDE;
use std::ops::Range;

/// Brightness from 0 to 1, row by row from the top.
pub(crate) type Image = [[f32; SIDE]; SIDE];

/// How many pixels a thing moves from one eye to the middle for each pixel of depth: rays lean by 7 degrees.
pub(crate) const LEAN: f32 = 0.12;

/// One of two cameras, -1 (left) or 1 (right).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eye(pub f32);

impl Eye {
    /// How far to the right a thing at `depth` is seen.
    pub fn shift(self, depth: f32) -> f32 {
        self.0 * LEAN * depth
    }
}

/// The pixels from `start` to `end` along an axis, as far as they are on the image.
pub(crate) fn within(start: f32, end: f32) -> Range<usize> {
    // `as` takes what is below 0 to 0.
    let limit = |at: f32| (at as usize).min(SIDE);
    limit(start.floor())..limit(end.ceil())
}
