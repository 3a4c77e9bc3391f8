//! What is laid over or behind a character: a part of another one, scratches, a background. All of it by the larger ink.

use crate::dice::Dice;
use crate::distort::resample::{Padded, resample};
use crate::distort::thickness::{ELEMENTS, Thickness, thicken};
use crate::image::{Image, MIDDLE, PIXELS, SIDE, rows, rows_mut};

/// A rectangle around the middle of another character, and where it is laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occlusion {
    /// How far the rectangle reaches from the middle: up, down, left, right.
    pub reach: [usize; 4],
    /// By how much it is moved: columns, rows.
    pub shift: [i32; 2],
}

/// With probability 0.4: each reach the size of a normal number of mean 8c and deviation 2, at most 15; each shift a
/// normal number of deviation 2.
pub fn draw_occlusion(complexity: f32, dice: &mut Dice) -> Option<Occlusion> {
    if !dice.chance(0.4) {
        return None;
    }
    let reach = std::array::from_fn(|_| {
        let reach = 8.0 * complexity + 2.0 * dice.normal();
        (reach.abs() as usize).min(15)
    });
    let shift = std::array::from_fn(|_| (2.0 * dice.normal()) as i32);
    Some(Occlusion { reach, shift })
}

/// Lays a part of `other` over the image.
pub fn occlude(image: &Image, other: &Image, how: Occlusion, out: &mut Image) {
    *out = *image;
    let [up, down, left, right] = how.reach.map(|reach| reach.min(SIDE / 2));
    let middle = SIDE / 2;
    for y in middle - up..middle + down {
        for x in middle - left..middle + right {
            let to = [x as i32 + how.shift[0], y as i32 + how.shift[1]];
            if to.iter().all(|place| (0..SIDE as i32).contains(place)) {
                let to = to[1] as usize * SIDE + to[0] as usize;
                out[to] = out[to].max(other[y * SIDE + x]);
            }
        }
    }
}

/// One scratch: a turned, stretched and thinned figure 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scratch {
    /// The turn, in radians.
    pub angle: f32,
    /// How much longer it becomes.
    pub stretch: f32,
    /// Where its middle goes, from that of the image: columns, rows.
    pub shift: [f32; 2],
    /// How often it is eroded.
    pub thinned: usize,
}

/// With probability 0.15 one scratch, or two, or three (50, 30, 20 %), each turned by a normal number of deviation 100c
/// degrees.
pub fn draw_scratches(complexity: f32, dice: &mut Dice) -> Vec<Scratch> {
    if !dice.chance(0.15) {
        return Vec::new();
    }
    let count = match dice.uniform() {
        ticket if ticket < 0.5 => 1,
        ticket if ticket < 0.8 => 2,
        _ => 3,
    };
    (0..count)
        .map(|_| Scratch {
            angle: (100.0 * complexity * dice.normal()).to_radians(),
            stretch: dice.between(1.0, 2.0),
            shift: std::array::from_fn(|_| 6.0 * dice.normal()),
            // The more complex, the thicker scratches stay.
            thinned: usize::from(!dice.chance(complexity)) + 1,
        })
        .collect()
}

/// Lays the figure `one` over the image as a scratch.
pub fn scratch(image: &Image, one: &Image, how: Scratch, out: &mut Image) {
    let (sin, cos) = (libm::sinf(how.angle), libm::cosf(how.angle));
    let mut turned = [0.0; PIXELS];
    resample(one, &mut Padded::new(), &mut turned, |row, xs, ys| {
        let y = row as f32 - MIDDLE - how.shift[1];
        for column in 0..SIDE {
            let x = column as f32 - MIDDLE - how.shift[0];
            xs[column] = cos * x + sin * y + MIDDLE;
            ys[column] = (cos * y - sin * x) / how.stretch + MIDDLE;
        }
    });
    for pass in 0..how.thinned {
        let from = turned;
        // First by a square, then by a short bar.
        let element = ELEMENTS[if pass == 0 { 2 } else { pass % 2 }];
        thicken(&from, Thickness::Erode(element), &mut turned);
    }
    larger(image, &turned, 1.0, out);
}

/// The strength of a background: uniform up to the complexity.
pub fn draw_strength(complexity: f32, dice: &mut Dice) -> f32 {
    dice.between(0.0, complexity)
}

/// How many cells each layer of a background has, a side.
const CELLS: [usize; 4] = [3, 6, 12, 24];

/// A background: four layers of smooth random patches, each half as strong and twice as fine as the one before (the
/// spectrum of natural images falls like that), from 0 to 1.
pub fn texture(dice: &mut Dice) -> Image {
    let mut sum = [0.0; PIXELS];
    for (layer, cells) in CELLS.into_iter().enumerate() {
        let mut corners = [[0.0f32; 32]; 32];
        for row in corners.iter_mut().take(cells + 1) {
            for corner in row.iter_mut().take(cells + 1) {
                *corner = dice.uniform();
            }
        }
        let weight = 0.5f32.powi(layer as i32);
        // Where the layer starts, so that cells do not stand at the same place in every background.
        let start = [dice.uniform(), dice.uniform()];
        let place = |pixel: usize, axis: usize| {
            let place = (pixel as f32 + start[axis]) * cells as f32 / (SIDE + 1) as f32;
            (place as usize, place - place.floor())
        };
        for (y, row) in rows_mut(&mut sum).iter_mut().enumerate() {
            let (j, down) = place(y, 1);
            for (x, pixel) in row.iter_mut().enumerate() {
                let (i, right) = place(x, 0);
                let mix = |j: usize| corners[j][i] + right * (corners[j][i + 1] - corners[j][i]);
                *pixel += weight * (mix(j) + down * (mix(j + 1) - mix(j)));
            }
        }
    }
    let (low, high) = sum.iter().fold((f32::MAX, f32::MIN), |(low, high), &ink| {
        (low.min(ink), high.max(ink))
    });
    sum.map(|ink| (ink - low) / (high - low).max(1e-6))
}

/// Lays the image over a background of that strength.
pub fn background(image: &Image, behind: &Image, strength: f32, out: &mut Image) {
    larger(image, behind, strength, out);
}

fn larger(image: &Image, other: &Image, strength: f32, out: &mut Image) {
    for ((out, row), other) in rows_mut(out).iter_mut().zip(rows(image)).zip(rows(other)) {
        for ((out, &ink), &other) in out.iter_mut().zip(row).zip(other) {
            *out = ink.max(strength * other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_texture_spans_its_range_and_is_smooth() {
        for seed in 0..50 {
            let texture = texture(&mut Dice::new(seed, 0));
            let (low, high) = texture.iter().fold((1.0f32, 0.0f32), |(low, high), &ink| {
                (low.min(ink), high.max(ink))
            });
            assert!(
                low.abs() < 1e-6 && (high - 1.0).abs() < 1e-6,
                "{low} {high}"
            );
            let steps = texture
                .windows(2)
                .enumerate()
                .filter(|(i, _)| i % SIDE != SIDE - 1);
            let mean = steps
                .map(|(_, pair)| (pair[1] - pair[0]).abs())
                .sum::<f32>()
                / 992.0;
            assert!(mean < 0.12, "{mean}");
        }
    }

    #[test]
    fn an_occlusion_stays_in_its_rectangle_and_never_takes_ink() {
        let how = Occlusion {
            reach: [3, 2, 4, 1],
            shift: [-14, 2],
        };
        let mut out = [0.0; PIXELS];
        occlude(&[0.25; PIXELS], &[1.0; PIXELS], how, &mut out);
        for (i, &ink) in out.iter().enumerate() {
            let (x, y) = (i % SIDE, i / SIDE);
            // Columns 12 to 16, moved by 14, lose what leaves the image; rows 13 to 17 move down by 2.
            let covered = (0..3).contains(&x) && (15..20).contains(&y);
            assert_eq!(ink, if covered { 1.0 } else { 0.25 }, "{x} {y}");
        }
    }
}
