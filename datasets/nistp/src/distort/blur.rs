//! Motion blur, and smoothing here and there.

use crate::dice::Dice;
use crate::distort::elastic::smoothed;
use crate::distort::resample::{Padded, resample};
use crate::image::{Image, PIXELS, SIDE, rows_mut};

/// A motion: the mean of `length` points, one pixel apart, from each pixel on in one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Motion {
    /// How many points are averaged, the pixel itself among them.
    pub length: usize,
    /// The way from one to the next: columns, rows.
    pub step: [f32; 2],
}

/// The motion of a complexity: the length is the rounded size of a normal number of deviation 3c, the direction any.
/// `None` where the length is 1 or less.
pub fn draw_motion(complexity: f32, dice: &mut Dice) -> Option<Motion> {
    let length = (3.0 * complexity * dice.normal()).abs().round() as usize;
    let angle = dice.between(0.0, std::f32::consts::TAU);
    (length > 1).then(|| Motion {
        length: length.min(SIDE),
        step: [libm::cosf(angle), libm::sinf(angle)],
    })
}

/// Blurs along a motion, with bilinear interpolation; paper comes in from outside.
pub fn motion_blur(image: &Image, motion: Motion, out: &mut Image) {
    let mut padded = Padded::new();
    let mut one = [0.0; PIXELS];
    *out = [0.0; PIXELS];
    let length = motion.length.max(1);
    for point in 0..length {
        let [dx, dy] = motion.step.map(|step| step * point as f32);
        resample(image, &mut padded, &mut one, |row, xs, ys| {
            for (column, x) in xs.iter_mut().enumerate() {
                *x = column as f32 + dx;
            }
            ys.fill(row as f32 + dy);
        });
        let share = 1.0 / length as f32;
        for (sum, ink) in out.iter_mut().zip(&one) {
            *sum += share * ink;
        }
    }
}

/// Smoothing around some pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Spots {
    /// The standard deviation of the smoothing, in pixels.
    pub sigma: f32,
    /// The standard deviation of the window around each spot, in pixels.
    pub reach: f32,
    /// Where the spots are: column, row.
    pub places: Vec<[usize; 2]>,
}

/// With probability 1/4: variance uniform from 2 to 2 + 6c, window size from 12 to 12 + 20c (its deviation is a sixth
/// of it), from 3 to 3 + 10c spots.
pub fn draw_spots(complexity: f32, dice: &mut Dice) -> Option<Spots> {
    if !dice.chance(0.25) {
        return None;
    }
    let sigma = dice.between(2.0, 2.0 + 6.0 * complexity).sqrt();
    let reach = dice.between(12.0, 12.0 + 20.0 * complexity) / 6.0;
    let count = dice.between(3.0, 3.0 + 10.0 * complexity).round() as usize;
    let places = (0..count)
        .map(|_| [dice.below(SIDE), dice.below(SIDE)])
        .collect();
    Some(Spots {
        sigma,
        reach,
        places,
    })
}

/// The image `i` and its smoothed self `s` (brought to the same largest value), mixed as `(i + m s) / (m + 1)`, where `m`
/// is the sum of a Gaussian window of height 1 around each spot.
pub fn smooth_spots(image: &Image, spots: &Spots, out: &mut Image) {
    let largest = |image: &Image| image.iter().copied().fold(0.0f32, f32::max);
    let mut smooth = smoothed(image, spots.sigma);
    let (before, after) = (largest(image), largest(&smooth));
    if after > 0.0 {
        smooth.iter_mut().for_each(|ink| *ink *= before / after);
    }
    let mut mask = [0.0; PIXELS];
    for &[column, row] in &spots.places {
        let window = |from: usize, to: usize| {
            let distance = from.abs_diff(to) as f32 / spots.reach;
            libm::expf(-0.5 * distance * distance)
        };
        let across: [f32; SIDE] = std::array::from_fn(|x| window(x, column));
        for (y, mask) in rows_mut(&mut mask).iter_mut().enumerate() {
            let height = window(y, row);
            for (mask, width) in mask.iter_mut().zip(&across) {
                *mask += height * width;
            }
        }
    }
    for (i, out) in out.iter_mut().enumerate() {
        *out = (image[i] + mask[i] * smooth[i]) / (mask[i] + 1.0);
    }
}
