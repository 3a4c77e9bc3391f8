//! Pinch: the middle of the image pulled in or pushed out.

use std::sync::LazyLock;

use crate::dice::Dice;
use crate::distort::resample::{Padded, resample};
use crate::image::{Image, MIDDLE, ROUND, SIDE, nearest, within};

/// The pinch of a complexity: uniform from `-c` (the middle grows) to `0.7c` (it shrinks).
#[inline(always)]
pub fn draw(complexity: f32, dice: &mut Dice) -> f32 {
    dice.between(-complexity, 0.7 * complexity)
}

const HALF: usize = SIDE / 2;
/// The radius of the disk that is changed: the largest in the image.
const RADIUS: f64 = SIDE as f64 / 2.0;

/// The binary logarithm of sin(pi d / 2r) for the pixels of a quarter, from the middle outwards; 0 outside the disk.
static LOGARITHMS: LazyLock<[[f32; HALF]; HALF]> = LazyLock::new(|| {
    let mut table = [[0.0; HALF]; HALF];
    for (y, row) in table.iter_mut().enumerate() {
        for (x, number) in row.iter_mut().enumerate() {
            let (x, y) = (x as f64 + 0.5, y as f64 + 0.5);
            let distance = (x * x + y * y).sqrt();
            if distance < RADIUS {
                let sine = libm::sin(std::f64::consts::PI * distance / (2.0 * RADIUS));
                *number = libm::log2(sine) as f32;
            }
        }
    }
    table
});

/// A pixel at distance d from the middle comes from the distance sin(pi d / 2r)^-pinch * d in the same direction, with
/// bilinear interpolation; r = 16 is the radius of the disk that is changed.
#[inline(always)]
pub fn pinch(image: &Image, pinch: f32, out: &mut Image) {
    pinch_with(image, pinch, &mut Padded::new(), out);
}

#[inline(always)]
pub(crate) fn pinch_with(image: &Image, pinch: f32, padded: &mut Padded, out: &mut Image) {
    // The sine is above 2^-4, so beyond 30 every factor leads out of the image or into its middle anyway.
    let pinch = within(pinch, -30.0, 30.0);
    let logarithms: &[[f32; HALF]; HALF] = &LOGARITHMS;
    let mut factors = [[0.0; HALF]; HALF];
    for (row, logarithms) in factors.iter_mut().zip(logarithms) {
        for (factor, logarithm) in row.iter_mut().zip(logarithms) {
            *factor = exp2(-pinch * logarithm);
        }
    }
    resample(image, padded, out, |row, xs, ys| {
        let quarter = if row < HALF {
            HALF - 1 - row
        } else {
            row - HALF
        };
        let y = row as f32 - MIDDLE;
        for (x, &factor) in factors[quarter].iter().enumerate() {
            let away = (x as f32 + 0.5) * factor;
            (xs[HALF + x], xs[HALF - 1 - x]) = (MIDDLE + away, MIDDLE - away);
            let down = MIDDLE + y * factor;
            (ys[HALF + x], ys[HALF - 1 - x]) = (down, down);
        }
    });
}

/// 2 to the power of `x`, for x within 120 of 0; relative error below 3e-7.
#[inline(always)]
fn exp2(x: f32) -> f32 {
    let whole = nearest(x);
    let y = (x - whole) * std::f32::consts::LN_2;
    // The Taylor series of e^y for |y| <= 0.35.
    let fraction = 1.0
        + y * (1.0
            + y * (1.0 / 2.0
                + y * (1.0 / 6.0 + y * (1.0 / 24.0 + y * (1.0 / 120.0 + y * (1.0 / 720.0))))));
    // The exponent of a number is 127 more than the power of two that it stands for.
    f32::from_bits((whole + 127.0 + ROUND).to_bits() << 23) * fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_right() {
        for step in -12_000..12_000 {
            let x = step as f32 / 100.0;
            let expected = f64::from(x).exp2();
            let error = (f64::from(exp2(x)) - expected).abs() / expected;
            assert!(error < 3e-7, "{x}: {error}");
        }
    }

    #[test]
    fn outside_the_disk_nothing_moves() {
        let image: Image = std::array::from_fn(|i| (i % 7) as f32 / 7.0);
        let mut out = [0.0; 1024];
        pinch(&image, 0.5, &mut out);
        for corner in [0, 1, 31, 62, 1023] {
            assert!((out[corner] - image[corner]).abs() < 1e-6);
        }
        pinch(&image, 0.0, &mut out);
        assert!(image.iter().zip(&out).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}
