//! Slant: rows shifted more and more.

use crate::dice::Dice;
use crate::image::{Image, SIDE, rows, rows_mut};

/// The slant of a complexity: the angle, uniform up to the complexity, to either side.
#[inline(always)]
pub fn draw(complexity: f32, dice: &mut Dice) -> f32 {
    let angle = dice.between(0.0, complexity);
    if dice.chance(0.5) { angle } else { -angle }
}

/// Shifts row `y` to the right by `round(y * slant) - round(16 * slant)` pixels (halves round up), so that the middle
/// stays. What leaves the image is lost, and paper comes in.
#[inline(always)]
pub fn slant(image: &Image, slant: f32, out: &mut Image) {
    let round = |value: f32| (value + 0.5).floor();
    let back = round(slant * (SIDE / 2) as f32);
    for (row, (from, to)) in rows(image).iter().zip(rows_mut(out)).enumerate() {
        let shift = round(row as f32 * slant) - back;
        // `as` takes what is no number to 0, and what is far away to the ends.
        let shift = (shift as i32).clamp(-(SIDE as i32), SIDE as i32);
        let (gone, size) = (
            shift.unsigned_abs() as usize,
            SIDE - shift.unsigned_abs() as usize,
        );
        *to = [0.0; SIDE];
        if shift >= 0 {
            to[gone..].copy_from_slice(&from[..size]);
        } else {
            to[..size].copy_from_slice(&from[gone..]);
        }
    }
}
