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

/// Added to a number of less than 2^22, this leaves the nearest whole number in the lowest bits of the sum; that compiles
/// to one vector instruction, and a conversion with its checks does not.
pub(crate) const ROUND: f32 = 12_582_912.0;

/// The nearest whole number, the even one of two equally near, of a number of less than 2^22.
#[inline(always)]
pub(crate) fn nearest(value: f32) -> f32 {
    (value + ROUND) - ROUND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_by_adding_is_rounding() {
        for step in -80_000..80_000 {
            let value = step as f32 / 16.0;
            assert_eq!(nearest(value), value.round_ties_even());
            let bits = (value.abs() + ROUND).to_bits() & 0x3F_FFFF;
            assert_eq!(bits as f32, value.abs().round_ties_even());
        }
    }
}
