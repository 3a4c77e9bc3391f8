//! What a pen drew as a picture like those of MNIST.
//!
//! MNIST's digits were scaled into a box of 20 pixels, their sides' ratio kept, drawn in levels of grey, and moved in a field of
//! 28 until their centre of mass lay in its middle (LeCun et al. 1998). A picture of another size gets the same shares.

/// Pixels of the field that the other lengths belong to.
const FIELD: f32 = 28.0;
/// The box that a digit is scaled into.
const BOX: f32 = 20.0;
/// How wide the pen is: about as wide as the strokes of MNIST's digits.
const PEN: f32 = 2.6;
/// A drawing smaller than this, as a share of the pad, is not blown up further: a dot stays one.
const LEAST: f32 = 0.1;

/// A picture of one byte a pixel, row by row, 0 where nothing is and 255 under the pen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Rows.
    pub height: usize,
    /// Pixels a row.
    pub width: usize,
    /// `[height, width]`.
    pub pixels: Vec<u8>,
}

/// A piece of a line; a dot begins where it ends.
#[derive(Clone, Copy)]
struct Piece {
    from: [f32; 2],
    to: [f32; 2],
}

impl Picture {
    /// Nothing on it.
    pub fn blank(height: usize, width: usize) -> Self {
        Self {
            height,
            width,
            pixels: vec![0; height * width],
        }
    }

    /// The picture of `points`, x and y in turn as shares of the pad's side, y downwards; a point that is not finite lifts the pen.
    pub fn of(points: &[f32], height: usize, width: usize) -> Self {
        let mut picture = Self::blank(height, width);
        let pieces = pieces(points);
        let Some((low, high)) = bounds(&pieces) else {
            return picture;
        };
        let unit = height.min(width) as f32 / FIELD;
        let pen = PEN * unit;
        let extent = (high[0] - low[0]).max(high[1] - low[1]);
        let scale = (BOX * unit - pen) / extent.max(LEAST);
        // The middle of the box on the middle of the picture.
        let middle = [width as f32 / 2.0, height as f32 / 2.0];
        let place = |at: [f32; 2]| {
            let axis = |k: usize| (at[k] - (low[k] + high[k]) / 2.0) * scale + middle[k];
            [axis(0), axis(1)]
        };
        for piece in &pieces {
            picture.draw(place(piece.from), place(piece.to), pen / 2.0);
        }
        picture.centred()
    }

    /// Draws a line of round ends; a pixel on its edge gets the share that the line covers.
    fn draw(&mut self, from: [f32; 2], to: [f32; 2], radius: f32) {
        let reach = radius + 1.0;
        let range = |k: usize, len: usize| {
            let low = (from[k].min(to[k]) - reach).max(0.0) as usize;
            let high = (from[k].max(to[k]) + reach).max(0.0) as usize;
            low.min(len)..(high + 1).min(len)
        };
        for y in range(1, self.height) {
            for x in range(0, self.width) {
                let away = distance([x as f32 + 0.5, y as f32 + 0.5], from, to);
                let share = (radius + 0.5 - away).clamp(0.0, 1.0);
                let pixel = &mut self.pixels[y * self.width + x];
                *pixel = (*pixel).max((share * 255.0 + 0.5) as u8);
            }
        }
    }

    /// Moved by whole pixels until the centre of mass is as near as it comes to the pixel in the middle, where MNIST's digits have
    /// it, and nothing is lost over the edge.
    fn centred(self) -> Self {
        let axes = [self.width, self.height];
        let mut mass = [0.0f64; 3];
        let (mut low, mut high) = (axes, [0, 0]);
        for (at, pixel) in self
            .pixels
            .iter()
            .enumerate()
            .filter(|(_, pixel)| **pixel > 0)
        {
            let place = [at % self.width, at / self.width];
            let weight = f64::from(*pixel);
            mass[2] += weight;
            for k in 0..2 {
                mass[k] += weight * place[k] as f64;
                low[k] = low[k].min(place[k]);
                high[k] = high[k].max(place[k]);
            }
        }
        if mass[2] == 0.0 {
            return self;
        }
        let step = |k: usize| {
            let wanted = (axes[k] / 2) as f64 - mass[k] / mass[2];
            let wanted = wanted.round() as isize;
            wanted.clamp(-(low[k] as isize), (axes[k] - 1 - high[k]) as isize)
        };
        let (right, down) = (step(0), step(1));
        let mut moved = Self::blank(self.height, self.width);
        for y in low[1]..=high[1] {
            for x in low[0]..=high[0] {
                let to = [
                    x.saturating_add_signed(right),
                    y.saturating_add_signed(down),
                ];
                moved.pixels[to[1] * self.width + to[0]] = self.pixels[y * self.width + x];
            }
        }
        moved
    }
}

fn pieces(points: &[f32]) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(points.len() / 2);
    let mut last: Option<[f32; 2]> = None;
    for pair in points.chunks_exact(2) {
        let at = [pair[0], pair[1]];
        if !(at[0].is_finite() && at[1].is_finite()) {
            last = None;
            continue;
        }
        // A stroke's first point is a dot: it may be all there is.
        pieces.push(Piece {
            from: last.unwrap_or(at),
            to: at,
        });
        last = Some(at);
    }
    pieces
}

/// The least and the largest x and y.
fn bounds(pieces: &[Piece]) -> Option<([f32; 2], [f32; 2])> {
    let first = pieces.first()?.from;
    let grown = |(low, high): ([f32; 2], [f32; 2]), piece: &Piece| {
        let at = piece.to;
        let least = [low[0].min(at[0]), low[1].min(at[1])];
        (least, [high[0].max(at[0]), high[1].max(at[1])])
    };
    Some(pieces.iter().fold((first, first), grown))
}

/// How far `at` is from the line.
fn distance(at: [f32; 2], from: [f32; 2], to: [f32; 2]) -> f32 {
    let along = [to[0] - from[0], to[1] - from[1]];
    let away = [at[0] - from[0], at[1] - from[1]];
    let length = along[0] * along[0] + along[1] * along[1];
    let share = match length > 0.0 {
        true => ((away[0] * along[0] + away[1] * along[1]) / length).clamp(0.0, 1.0),
        false => 0.0,
    };
    let rest = [away[0] - share * along[0], away[1] - share * along[1]];
    (rest[0] * rest[0] + rest[1] * rest[1]).sqrt()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const UP: f32 = f32::NAN;
    const SEVEN: [f32; 6] = [0.2, 0.2, 0.8, 0.2, 0.4, 0.9];

    /// First and last column and row with ink, and the centre of mass.
    fn measured(picture: &Picture) -> ([usize; 4], [f64; 2]) {
        let ink = picture
            .pixels
            .iter()
            .enumerate()
            .filter(|(_, pixel)| **pixel > 0);
        let places: Vec<(usize, usize, f64)> = ink
            .map(|(at, pixel)| (at % picture.width, at / picture.width, f64::from(*pixel)))
            .collect();
        let mass: f64 = places.iter().map(|place| place.2).sum();
        let x = |of: fn(usize, usize) -> usize| places.iter().map(|p| p.0).reduce(of).unwrap();
        let y = |of: fn(usize, usize) -> usize| places.iter().map(|p| p.1).reduce(of).unwrap();
        let centre = [
            places.iter().map(|p| p.0 as f64 * p.2).sum::<f64>() / mass,
            places.iter().map(|p| p.1 as f64 * p.2).sum::<f64>() / mass,
        ];
        (
            [x(usize::min), x(usize::max), y(usize::min), y(usize::max)],
            centre,
        )
    }

    #[test]
    fn a_digit_fills_a_box_of_twenty_about_its_centre_of_mass() {
        let wide = [0.1, 0.5, 0.9, 0.5, 0.9, 0.55];
        for points in [&SEVEN[..], &wide, &[0.5, 0.3, 0.5, 0.6]] {
            let picture = Picture::of(points, 28, 28);
            let ([left, right, top, bottom], centre) = measured(&picture);
            let longest = (right - left + 1).max(bottom - top + 1);
            assert!((20..=21).contains(&longest), "{longest}");
            assert!(
                centre.iter().all(|axis| (axis - 14.0).abs() <= 0.51),
                "{centre:?}"
            );
            // Full ink in the middle of the pen, levels of grey on its edge.
            assert!(picture.pixels.contains(&255));
            assert!(picture.pixels.iter().any(|pixel| (1..255).contains(pixel)));
        }
    }

    #[test]
    fn where_and_how_large_it_was_drawn_does_not_matter() {
        let wanted = Picture::of(&SEVEN, 28, 28);
        for (scale, right, down) in [(1.0, 0.1, 0.0), (0.5, 0.3, 0.2), (0.25, 0.0, 0.7)] {
            let moved: Vec<f32> = SEVEN
                .chunks(2)
                .flat_map(|at| [at[0] * scale + right, at[1] * scale + down])
                .collect();
            let found = Picture::of(&moved, 28, 28);
            let far = found
                .pixels
                .iter()
                .zip(&wanted.pixels)
                .map(|(a, b)| a.abs_diff(*b));
            assert!(far.max().unwrap() <= 2);
        }
    }

    #[test]
    fn a_lifted_pen_leaves_a_gap_and_a_dot_stays_a_dot() {
        let two = Picture::of(&[0.2, 0.1, 0.2, 0.9, UP, UP, 0.8, 0.1, 0.8, 0.9], 28, 28);
        let row = &two.pixels[14 * 28..15 * 28];
        let edges = row
            .windows(2)
            .filter(|pair| (pair[0] == 0) != (pair[1] == 0));
        assert_eq!(edges.count(), 4, "{row:?}");
        let dot = Picture::of(&[0.7, 0.1], 28, 28);
        let ([left, right, top, bottom], _) = measured(&dot);
        assert!(right - left < 4 && bottom - top < 4);
        // Points that are drawn twice change nothing.
        assert_eq!(Picture::of(&[0.7, 0.1, 0.7, 0.1, UP, UP], 28, 28), dot);
    }

    #[test]
    fn other_sizes_get_the_same_shares() {
        let picture = Picture::of(&SEVEN, 56, 84);
        let ([left, right, top, bottom], _) = measured(&picture);
        assert!((40..=42).contains(&(bottom - top + 1)));
        assert!(left > 20 && right < 64);
        for (height, width) in [(1, 1), (1, 9), (3, 2), (0, 4)] {
            let tiny = Picture::of(&SEVEN, height, width);
            assert_eq!(tiny.pixels.len(), height * width);
        }
    }

    #[test]
    fn nothing_drawn_is_nothing_and_wild_numbers_do_no_harm() {
        for points in [&[][..], &[0.5], &[UP, UP], &[f32::INFINITY, 0.0]] {
            assert_eq!(Picture::of(points, 28, 28), Picture::blank(28, 28));
        }
        let wild = [f32::MAX, f32::MIN, -1e30, 1e30, 0.5, 0.5];
        assert_eq!(Picture::of(&wild, 28, 28).pixels.len(), 784);
    }
}
