//! Bilinear resampling: the image between its pixels, and paper all around.

use crate::image::{Image, ROUND, SIDE, nearest, rows, rows_mut, within};

/// One pixel of paper before the first row and column, two after the last.
const STRIDE: usize = 36;
/// A power of two, so that an index can be bounded by a mask.
const CELLS: usize = 2048;

/// An image with paper around it.
pub(crate) struct Padded([f32; CELLS]);

impl Padded {
    /// Nothing but paper.
    pub fn new() -> Self {
        Self([0.0; CELLS])
    }

    /// Takes an image in.
    #[inline(always)]
    pub fn load(&mut self, image: &Image) {
        for (row, pixels) in rows(image).iter().enumerate() {
            let start = (row + 1) * STRIDE + 1;
            self.0[start..start + SIDE].copy_from_slice(pixels);
        }
    }

    /// The image at the points `xs`, `ys`, which count pixels from the middle of the first; paper outside.
    #[inline(always)]
    pub fn sample(&self, xs: &[f32; SIDE], ys: &[f32; SIDE], out: &mut [f32; SIDE]) {
        let mut cells = [0u32; SIDE];
        let (mut right, mut down) = ([0.0f32; SIDE], [0.0f32; SIDE]);
        for i in 0..SIDE {
            // A point a whole pixel outside sees paper alone, so nearer points stand for all beyond.
            let x = within(xs[i], -1.0, SIDE as f32) + 1.0;
            let y = within(ys[i], -1.0, SIDE as f32) + 1.0;
            // On a whole number either neighbour will do, with a share of 0 or of 1.
            let (column, row) = (nearest(x - 0.5), nearest(y - 0.5));
            right[i] = x - column;
            down[i] = y - row;
            cells[i] = (row * STRIDE as f32 + column + ROUND).to_bits();
        }
        let mut corners = [[0.0f32; SIDE]; 4];
        for (i, &cell) in cells.iter().enumerate() {
            // The lowest bits of the sum are the whole number itself.
            let cell = cell as usize % CELLS;
            corners[0][i] = self.0[cell];
            corners[1][i] = self.0[(cell + 1) % CELLS];
            corners[2][i] = self.0[(cell + STRIDE) % CELLS];
            corners[3][i] = self.0[(cell + STRIDE + 1) % CELLS];
        }
        for i in 0..SIDE {
            let above = corners[0][i] + right[i] * (corners[1][i] - corners[0][i]);
            let below = corners[2][i] + right[i] * (corners[3][i] - corners[2][i]);
            out[i] = above + down[i] * (below - above);
        }
    }
}

/// Every pixel of `out` from the point of `image` that `points` writes for its row: columns, then rows.
#[inline(always)]
pub(crate) fn resample(
    image: &Image,
    padded: &mut Padded,
    out: &mut Image,
    mut points: impl FnMut(usize, &mut [f32; SIDE], &mut [f32; SIDE]),
) {
    padded.load(image);
    let (mut xs, mut ys) = ([0.0; SIDE], [0.0; SIDE]);
    for (row, pixels) in rows_mut(out).iter_mut().enumerate() {
        points(row, &mut xs, &mut ys);
        padded.sample(&xs, &ys, pixels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::PIXELS;

    fn at(image: &Image, x: f32, y: f32) -> f32 {
        let mut padded = Padded::new();
        padded.load(image);
        let mut out = [0.0; SIDE];
        padded.sample(&[x; SIDE], &[y; SIDE], &mut out);
        out[17]
    }

    #[test]
    fn points_between_pixels_are_mixed_and_points_outside_are_paper() {
        let mut image = [0.0; PIXELS];
        image[0] = 1.0;
        image[1] = 0.5;
        image[SIDE] = 0.25;
        image[PIXELS - 1] = 1.0;
        assert_eq!(at(&image, 0.0, 0.0), 1.0);
        assert_eq!(at(&image, 0.5, 0.0), 0.75);
        assert_eq!(at(&image, 0.5, 0.5), (1.0 + 0.5 + 0.25) / 4.0);
        assert_eq!(at(&image, -0.25, 0.0), 0.75);
        assert_eq!(at(&image, 31.5, 31.0), 0.5);
        assert_eq!(at(&image, 31.0, 31.5), 0.5);
        for outside in [-1.0, -1e30, 32.0, 1e30, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(at(&image, outside, 0.0), 0.0);
            assert_eq!(at(&image, 31.0, outside), 0.0);
        }
        assert!(at(&image, f32::NAN, f32::NAN).is_finite());
    }
}
