//! Local elastic: each pixel moved by a smooth random field.

use crate::dice::{Dice, fill_signed};
use crate::distort::resample::{Padded, resample};
use crate::image::{Image, PIXELS, SIDE, rows, rows_mut};

/// How strong and how smooth a field is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Elastic {
    /// What the smoothed noise is multiplied by, in pixels.
    pub strength: f32,
    /// The standard deviation of the smoothing, in pixels.
    pub sigma: f32,
}

/// The lowest complexity of this module: lower ones count as this one.
const LEAST: f32 = 0.1;

impl Elastic {
    /// With k the cube root of the complexity (at least 0.1): strength 10k, sigma 10 - 7k.
    #[inline(always)]
    pub fn of(complexity: f32) -> Self {
        let k = libm::cbrtf(complexity.max(LEAST));
        Self {
            strength: 10.0 * k,
            sigma: 10.0 - 7.0 * k,
        }
    }
}

/// Noise for the two fields, uniform between -1 and 1: columns, then rows.
#[inline(always)]
pub fn draw(dice: &mut Dice, noise: &mut [Image; 2]) {
    for field in noise {
        fill_signed(dice, field);
    }
}

/// Moves pixels: the pixel at (x, y) comes from (x, y) plus the two fields there, with bilinear interpolation. A field is
/// the noise, smoothed by a Gaussian of standard deviation sigma (nothing is outside the image), times the strength.
#[inline(always)]
pub fn elastic(image: &Image, noise: &[Image; 2], how: Elastic, out: &mut Image) {
    let mut fields = [[0.0; PIXELS]; 2];
    elastic_with(image, noise, how, &mut fields, &mut Padded::new(), out);
}

#[inline(always)]
pub(crate) fn elastic_with(
    image: &Image,
    noise: &[Image; 2],
    how: Elastic,
    fields: &mut [Image; 2],
    padded: &mut Padded,
    out: &mut Image,
) {
    let smoothing = Smoothing::new(how.sigma);
    for (noise, field) in noise.iter().zip(fields.iter_mut()) {
        smoothing.smooth(noise, how.strength, field);
    }
    let (across, down) = (rows(&fields[0]), rows(&fields[1]));
    resample(image, padded, out, |row, xs, ys| {
        for column in 0..SIDE {
            xs[column] = column as f32 + across[row][column];
            ys[column] = row as f32 + down[row][column];
        }
    });
}

const HALF: usize = SIDE / 2;

/// A Gaussian smoothing of rows of 32 numbers, nothing beyond their ends, as two matrices of half the side.
///
/// The smoothing is the same read from either end. So the sums of mirrored numbers make the sums of mirrored results, and
/// the differences the differences: two products of half the size, half the work.
struct Smoothing {
    sums: [[f32; HALF]; HALF],
    differences: [[f32; HALF]; HALF],
}

impl Smoothing {
    #[inline(always)]
    fn new(sigma: f32) -> Self {
        // exp(-d^2 / 2 sigma^2) from one distance to the next: each ratio is the one before times a constant.
        let square = f64::from(sigma) * f64::from(sigma);
        let mut ratio = libm::exp(-0.5 / square);
        let step = ratio * ratio;
        let mut weights = [0.0f64; SIDE];
        let mut weight = 1.0;
        let mut total = 0.0;
        for (distance, to) in weights.iter_mut().enumerate() {
            *to = weight;
            total += if distance == 0 { weight } else { 2.0 * weight };
            weight *= ratio;
            ratio *= step;
        }
        // Weights sum to 1 over all distances; for the widest smoothing here 2e-6 of them lies beyond 31 pixels.
        let weights = weights.map(|weight| (weight / total) as f32);
        let mut smoothing = Self {
            sums: [[0.0; HALF]; HALF],
            differences: [[0.0; HALF]; HALF],
        };
        for from in 0..HALF {
            for to in 0..HALF {
                let (near, far) = (weights[from.abs_diff(to)], weights[SIDE - 1 - from - to]);
                // Halved, for the results are unfolded by a sum and a difference.
                smoothing.sums[from][to] = 0.5 * (near + far);
                smoothing.differences[from][to] = 0.5 * (near - far);
            }
        }
        smoothing
    }

    /// Smooths an image down its columns and along its rows.
    #[inline(always)]
    fn smooth(&self, image: &Image, strength: f32, out: &mut Image) {
        let image = rows(image);
        let mut tall = [0.0; PIXELS];
        let tall_rows = rows_mut(&mut tall);
        let (mut sums, mut differences) = ([[0.0; SIDE]; HALF], [[0.0; SIDE]; HALF]);
        for row in 0..HALF {
            for x in 0..SIDE {
                let (a, b) = (image[row][x], image[SIDE - 1 - row][x]);
                sums[row][x] = a + b;
                differences[row][x] = a - b;
            }
        }
        for to in 0..HALF {
            let (mut sum, mut difference) = ([0.0f32; SIDE], [0.0f32; SIDE]);
            for from in 0..HALF {
                let (even, odd) = (self.sums[from][to], self.differences[from][to]);
                for x in 0..SIDE {
                    sum[x] += even * sums[from][x];
                    difference[x] += odd * differences[from][x];
                }
            }
            for x in 0..SIDE {
                tall_rows[to][x] = sum[x] + difference[x];
                tall_rows[SIDE - 1 - to][x] = sum[x] - difference[x];
            }
        }
        for (row, out) in tall_rows.iter().zip(rows_mut(out)) {
            let (mut sum, mut difference) = ([0.0f32; HALF], [0.0f32; HALF]);
            for from in 0..HALF {
                let (a, b) = (row[from], row[SIDE - 1 - from]);
                let (even, odd) = (strength * (a + b), strength * (a - b));
                for to in 0..HALF {
                    sum[to] += even * self.sums[from][to];
                    difference[to] += odd * self.differences[from][to];
                }
            }
            for to in 0..HALF {
                out[to] = sum[to] + difference[to];
                out[SIDE - 1 - to] = sum[to] - difference[to];
            }
        }
    }
}

/// The image smoothed by a Gaussian of standard deviation `sigma`, paper outside.
pub(crate) fn smoothed(image: &Image, sigma: f32) -> Image {
    let mut out = [0.0; PIXELS];
    Smoothing::new(sigma).smooth(image, 1.0, &mut out);
    out
}

/// The field of one noise: what [`elastic`] moves pixels by.
pub fn field(noise: &Image, how: Elastic) -> Image {
    let mut out = [0.0; PIXELS];
    Smoothing::new(how.sigma).smooth(noise, how.strength, &mut out);
    out
}
