//! Captcha-like characters: turned, waved, crossed by lines. The originals cannot be had; these are made like them.

use crate::dice::Dice;
use crate::distort::resample::{Padded, resample};
use crate::image::{Image, MIDDLE, SIDE, rows_mut, within};

/// Makes a captcha-like character of a plain one.
#[inline(always)]
pub(crate) fn captcha(stamp: &Image, dice: &mut Dice, padded: &mut Padded, out: &mut Image) {
    let angle = dice.between(-0.45, 0.45);
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let scale = 1.0 / dice.between(0.85, 1.15);
    let shear = dice.between(-0.3, 0.3);
    let height = dice.between(0.0, 1.8);
    let pitch = std::f32::consts::TAU / dice.between(12.0, 26.0);
    let phase = dice.between(0.0, std::f32::consts::TAU);
    let shift = [dice.between(-2.0, 2.0), dice.between(-2.0, 2.0)];
    // One wave along the rows, and the same along the columns.
    let wave: [f32; SIDE] =
        std::array::from_fn(|place| height * libm::sinf(pitch * place as f32 + phase));
    resample(stamp, padded, out, |row, xs, ys| {
        let y = row as f32 - MIDDLE - shift[1];
        for column in 0..SIDE {
            let x = column as f32 - MIDDLE - shift[0] + wave[row];
            let y = y + wave[column];
            let x = x + shear * y;
            xs[column] = scale * (cos * x + sin * y) + MIDDLE;
            ys[column] = scale * (cos * y - sin * x) + MIDDLE;
        }
    });
    let ink = dice.between(0.6, 1.0);
    out.iter_mut().for_each(|pixel| *pixel *= ink);
    for _ in 0..dice.below(3) {
        line(dice, out);
    }
    for _ in 0..dice.below(7) {
        out[dice.below(SIDE * SIDE)] = dice.between(0.4, 1.0);
    }
}

/// A straight line across the image.
#[inline(always)]
fn line(dice: &mut Dice, out: &mut Image) {
    let angle = dice.between(0.0, std::f32::consts::PI);
    let (normal, offset) = (
        [libm::cosf(angle), libm::sinf(angle)],
        dice.between(-10.0, 10.0),
    );
    let (radius, ink) = (dice.between(0.4, 0.9), dice.between(0.5, 1.0));
    for (y, row) in rows_mut(out).iter_mut().enumerate() {
        let start = normal[1] * (y as f32 - MIDDLE) - offset;
        for (x, pixel) in row.iter_mut().enumerate() {
            let distance = (start + normal[0] * (x as f32 - MIDDLE)).abs();
            let cover = ink * within(radius + 0.5 - distance, 0.0, 1.0);
            *pixel = if cover > *pixel { cover } else { *pixel };
        }
    }
}
