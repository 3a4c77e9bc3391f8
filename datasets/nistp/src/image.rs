//! One image: 32 rows of 32 numbers, ink 1 on paper 0.

/// The side of an image, in pixels.
pub const SIDE: usize = 32;
/// How many pixels an image has.
pub const PIXELS: usize = SIDE * SIDE;
/// An image: 32 rows of 32 numbers from the top, ink 1 on paper 0.
pub type Image = [f32; PIXELS];

/// The middle of an image, between its two middle pixels.
pub(crate) const MIDDLE: f32 = (SIDE as f32 - 1.0) / 2.0;

/// The rows of an image.
#[inline(always)]
pub(crate) fn rows(image: &Image) -> &[[f32; SIDE]] {
    image.as_chunks().0
}

/// The rows of an image, to write.
#[inline(always)]
pub(crate) fn rows_mut(image: &mut Image) -> &mut [[f32; SIDE]] {
    image.as_chunks_mut().0
}

/// `value` within `low` and `high`; `low` for what is no number.
#[inline(always)]
pub(crate) fn within(value: f32, low: f32, high: f32) -> f32 {
    // Written so that it compiles to two vector instructions.
    let value = if value > low { value } else { low };
    if value < high { value } else { high }
}
