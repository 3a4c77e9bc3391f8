//! Characters as from scanned print: a little askew, blurred, cut into black and white by a threshold, with ragged edges
//! and remains of their neighbours. The original collection cannot be had; these are made like it.

use crate::dice::{Dice, fill_signed};
use crate::distort::resample::{Padded, resample};
use crate::image::{Image, MIDDLE, PIXELS, SIDE, rows, rows_mut, within};

/// Makes a character as from a scan of a plain one.
#[inline(always)]
pub(crate) fn scan(stamp: &Image, dice: &mut Dice, padded: &mut Padded, out: &mut Image) {
    let angle = dice.between(-0.06, 0.06);
    // For so small an angle the sine is the angle and the cosine 1, to a part in 500.
    let scale = [1.0 / dice.between(0.75, 1.1), 1.0 / dice.between(0.75, 1.1)];
    let shift = [dice.between(-1.5, 1.5), dice.between(-1.5, 1.5)];
    let mut placed = [0.0; PIXELS];
    resample(stamp, padded, &mut placed, |row, xs, ys| {
        let y = row as f32 - MIDDLE - shift[1];
        for column in 0..SIDE {
            let x = column as f32 - MIDDLE - shift[0];
            xs[column] = scale[0] * (x + angle * y) + MIDDLE;
            ys[column] = scale[1] * (y - angle * x) + MIDDLE;
        }
    });
    blur(&placed, dice.between(0.0, 0.33), out);
    let grain = dice.between(0.0, 0.3);
    // Against the darkest ink there is, as a scanner's threshold is set: thin and faint print is not lost.
    let most = out
        .iter()
        .fold(0.1f32, |most, &ink| if ink > most { ink } else { most });
    let (level, softness) = (
        most * dice.between(0.3, 0.55),
        most * dice.between(0.1, 0.6),
    );
    let mut noise = [0.0; PIXELS];
    fill_signed(dice, &mut noise);
    for (ink, noise) in out.iter_mut().zip(&noise) {
        // Noise counts where there is some ink: edges become ragged, paper stays clean.
        let rough = *ink + grain * noise * within(4.0 * *ink, 0.0, 1.0);
        *ink = within((rough - level) / softness + 0.5, 0.0, 1.0);
        *ink = if rough < 0.05 { 0.0 } else { *ink };
    }
    if dice.chance(0.15) {
        neighbour(dice, out);
    }
}

/// Each pixel with `share` of its neighbours' mean, along rows and then along columns.
#[inline(always)]
fn blur(image: &Image, share: f32, out: &mut Image) {
    let mut wide = [0.0; PIXELS];
    for (row, wide) in rows(image).iter().zip(rows_mut(&mut wide)) {
        *wide = *row;
        for x in 1..SIDE - 1 {
            wide[x] = row[x] + share * (0.5 * (row[x - 1] + row[x + 1]) - row[x]);
        }
    }
    let wide = rows(&wide);
    for (y, row) in rows_mut(out).iter_mut().enumerate() {
        let (above, below) = (&wide[y.saturating_sub(1)], &wide[(y + 1).min(SIDE - 1)]);
        for x in 0..SIDE {
            row[x] = wide[y][x] + share * (0.5 * (above[x] + below[x]) - wide[y][x]);
        }
    }
}

/// A bit of a neighbouring character at the left or right border.
#[inline(always)]
fn neighbour(dice: &mut Dice, out: &mut Image) {
    let (top, height, width) = (4 + dice.below(14), 4 + dice.below(10), 1 + dice.below(2));
    let right = dice.chance(0.5);
    for row in &mut rows_mut(out)[top..(top + height).min(SIDE)] {
        for x in 0..width {
            row[if right { SIDE - 1 - x } else { x }] = 1.0;
        }
    }
}
