//! Affine: turned, sheared, stretched and moved at once.

use crate::dice::Dice;
use crate::distort::resample::{Padded, resample};
use crate::image::{Image, MIDDLE};

/// Where a pixel of the result comes from: `x' = a x + b y + tx`, `y' = d x + e y + ty`, counted from the middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// Columns a column.
    pub a: f32,
    /// Columns a row.
    pub b: f32,
    /// Columns added.
    pub tx: f32,
    /// Rows a column.
    pub d: f32,
    /// Rows a row.
    pub e: f32,
    /// Rows added.
    pub ty: f32,
}

/// The map of a complexity: a and e from 1 by up to 0.4c, b and d up to 0.4c, tx and ty up to 4.5c, each uniform to
/// either side.
#[inline(always)]
pub fn draw(complexity: f32, dice: &mut Dice) -> Affine {
    let mut around = |spread: f32| dice.between(-spread * complexity, spread * complexity);
    Affine {
        a: 1.0 + around(0.4),
        b: around(0.4),
        tx: around(4.5),
        d: around(0.4),
        e: 1.0 + around(0.4),
        ty: around(4.5),
    }
}

/// Applies a map, with bilinear interpolation; paper comes in from outside.
#[inline(always)]
pub fn affine(image: &Image, map: Affine, out: &mut Image) {
    affine_with(image, map, &mut Padded::new(), out);
}

#[inline(always)]
pub(crate) fn affine_with(image: &Image, map: Affine, padded: &mut Padded, out: &mut Image) {
    resample(image, padded, out, |row, xs, ys| {
        let y = row as f32 - MIDDLE;
        let (x0, y0) = (map.b * y + map.tx + MIDDLE, map.e * y + map.ty + MIDDLE);
        for (column, (to_x, to_y)) in xs.iter_mut().zip(ys).enumerate() {
            let x = column as f32 - MIDDLE;
            *to_x = map.a * x + x0;
            *to_y = map.d * x + y0;
        }
    });
}
