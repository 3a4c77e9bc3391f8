//! The pen: draws polylines with a round or flat nib on a 32x32 image, with smooth edges.
//!
//! The ink at a pixel is a ramp of the distance from its middle to the nearest line: 1 well inside the pen's
//! radius, 0 well outside, linear over the width of the edge. Lines that overlap do not add up.

use crate::curve::{Point, length};
use crate::dice::Dice;
use crate::pose::SIDE;
use crate::style::Style;

/// Pixels of an image: 32 x 32.
pub const PIXELS: usize = SIDE * SIDE;

/// The thinnest line there is, as a radius in pixels: thinner ones would break up between pixels.
const HAIR: f32 = 0.45;

/// Ink from 0 to 1, row by row.
pub(crate) struct Canvas {
    pub ink: [f32; PIXELS],
}

/// A pen: an ellipse with a soft edge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    /// The larger radius, in pixels.
    pub radius: f32,
    /// Width of the edge over which ink fades, in pixels.
    pub edge: f32,
    /// The symmetric map `[[a, b], [b, c]]` that makes the nib round: distances are measured behind it.
    nib: [f32; 3],
}

impl Pen {
    /// A round pen.
    pub(crate) fn round(radius: f32, edge: f32) -> Self {
        Self {
            radius,
            edge,
            nib: [1.0, 0.0, 1.0],
        }
    }

    /// Draws a pen.
    pub(crate) fn new(style: &Style, dice: &mut Dice) -> Self {
        let radius = dice.between(style.thin, style.thick);
        let edge = dice.between(0.8, 1.6);
        let [x, y] = dice.direction();
        // Across the nib the radius is `1 - missing` times as large; thin pens stay visible.
        let missing = (style.nib * dice.uniform())
            .min(1.0 - HAIR / radius)
            .max(0.0);
        let more = 1.0 / (1.0 - missing) - 1.0;
        Self {
            radius,
            edge,
            nib: [1.0 + more * x * x, more * x * y, 1.0 + more * y * y],
        }
    }

    /// How far from a line the pen leaves ink, in pixels, at most; pressure may reach 1.5.
    pub(crate) fn reach(&self) -> f32 {
        self.radius * MOST_PRESSURE + self.edge / 2.0
    }

    fn map(&self, [x, y]: Point) -> Point {
        [
            self.nib[0] * x + self.nib[1] * y,
            self.nib[1] * x + self.nib[2] * y,
        ]
    }
}

/// The largest and the smallest factor of a pen's radius.
const MOST_PRESSURE: f32 = 1.5;
const LEAST_PRESSURE: f32 = 0.6;

/// How the radius changes along a stroke: a parabola of the way done, and a gap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touch {
    level: f32,
    tilt: f32,
    belly: f32,
    /// First and last distance from the start, in pixels, between which the pen is off the paper.
    gap: Option<[f32; 2]>,
}

impl Touch {
    /// The same radius everywhere.
    pub(crate) const EVEN: Self = Self {
        level: 1.0,
        tilt: 0.0,
        belly: 0.0,
        gap: None,
    };

    /// Draws a touch for a line of `total` pixels.
    pub(crate) fn new(style: &Style, total: f32, dice: &mut Dice) -> Self {
        let [tilt, belly] = dice.bell_pair().map(|bell| style.pressure * bell);
        let level = 1.0 + 0.5 * style.pressure * dice.bell();
        let gapped = dice.chance(style.gaps);
        let middle = dice.between(0.15, 0.85) * total;
        let half = dice.between(0.5, 1.5);
        // A short stroke would vanish.
        let gap = (gapped && total > 8.0).then_some([middle - half, middle + half]);
        Self {
            level,
            tilt,
            belly,
            gap,
        }
    }

    /// The factor of the radius at `part` (0 to 1) of the way.
    fn factor(&self, part: f32) -> f32 {
        let x = 2.0 * part - 1.0;
        (self.level + self.tilt * x + self.belly * (0.5 - x * x))
            .clamp(LEAST_PRESSURE, MOST_PRESSURE)
    }
}

impl Canvas {
    /// White paper.
    pub(crate) fn new() -> Self {
        Self { ink: [0.0; PIXELS] }
    }

    /// Draws a polyline in pixels.
    pub(crate) fn stroke(&mut self, line: &[Point], pen: &Pen, touch: &Touch) {
        let total = total(line).max(1e-3);
        let mut done = 0.0;
        for pair in line.windows(2) {
            let [a, b] = [pair[0], pair[1]];
            let size = length([b[0] - a[0], b[1] - a[1]]);
            let at = |along: f32| {
                let t = if size > 0.0 {
                    (along - done) / size
                } else {
                    0.0
                };
                let point = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
                (point, pen.radius * touch.factor(along / total))
            };
            let end = done + size;
            match touch.gap {
                Some([low, high]) if low < end && high > done => {
                    if low > done {
                        self.segment(at(done), at(low), pen);
                    }
                    if high < end {
                        self.segment(at(high), at(end), pen);
                    }
                }
                _ => self.segment(at(done), at(end), pen),
            }
            done = end;
        }
    }

    /// Draws a line whose radius goes linearly from one end's to the other's.
    fn segment(&mut self, (a, from): (Point, f32), (b, to): (Point, f32), pen: &Pen) {
        let reach = from.max(to).max(HAIR) + pen.edge / 2.0;
        let columns = span(a[0], b[0], reach);
        let rows = span(a[1], b[1], reach);
        let (start, way) = (pen.map(a), pen.map([b[0] - a[0], b[1] - a[1]]));
        let square = way[0] * way[0] + way[1] * way[1];
        let inverse = if square > 0.0 { 1.0 / square } else { 0.0 };
        let sharp = 1.0 / pen.edge;
        for row in rows {
            let base = pen.map([0.5, row as f32 + 0.5]);
            let base = [base[0] - start[0], base[1] - start[1]];
            let line = &mut self.ink[row * SIDE..(row + 1) * SIDE];
            for column in columns.clone() {
                let x = base[0] + pen.nib[0] * column as f32;
                let y = base[1] + pen.nib[1] * column as f32;
                let t = ((x * way[0] + y * way[1]) * inverse).clamp(0.0, 1.0);
                let (dx, dy) = (x - t * way[0], y - t * way[1]);
                let radius = (from + t * (to - from)).max(HAIR);
                let ink = ((radius - (dx * dx + dy * dy).sqrt()) * sharp + 0.5).clamp(0.0, 1.0);
                line[column] = line[column].max(ink);
            }
        }
    }
}

/// The length of a polyline.
pub(crate) fn total(line: &[Point]) -> f32 {
    line.windows(2)
        .map(|pair| length([pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]]))
        .sum()
}

/// The pixels whose middles are within `reach` of the interval between `a` and `b`, on one axis.
fn span(a: f32, b: f32, reach: f32) -> core::ops::Range<usize> {
    let side = SIDE as f32;
    let low = (a.min(b) - reach - 0.5).ceil().clamp(0.0, side);
    let high = (a.max(b) + reach + 0.5).floor().clamp(0.0, side);
    low as usize..high as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(line: &[Point], pen: &Pen) -> Canvas {
        let mut canvas = Canvas::new();
        canvas.stroke(line, pen, &Touch::EVEN);
        canvas
    }

    #[test]
    fn a_line_has_the_area_of_its_pen() {
        let pen = Pen::round(1.5, 1.0);
        let canvas = drawn(&[[6.0, 9.3], [26.0, 21.7]], &pen);
        let area: f32 = canvas.ink.iter().sum();
        let [dx, dy]: Point = [20.0, 12.4];
        let expected = length([dx, dy]) * 3.0 + core::f32::consts::PI * 1.5 * 1.5;
        assert!(
            (area - expected).abs() < 0.03 * expected,
            "{area} {expected}"
        );
    }

    #[test]
    fn splitting_a_line_changes_nothing_to_speak_of() {
        let pen = Pen::round(1.2, 1.2);
        let whole = drawn(&[[4.0, 5.0], [28.0, 23.0]], &pen);
        let parts = drawn(
            &[[4.0, 5.0], [12.0, 11.0], [20.0, 17.0], [28.0, 23.0]],
            &pen,
        );
        for (a, b) in whole.ink.iter().zip(&parts.ink) {
            assert!((a - b).abs() < 1e-4);
        }
    }

    #[test]
    fn a_flat_nib_is_thin_one_way() {
        let style = Style {
            thin: 2.0,
            thick: 2.0,
            nib: 0.7,
            ..Style::NEAT
        };
        // A seed whose nib is clearly flat and not diagonal.
        let flat = (0..200)
            .map(|seed| Pen::new(&style, &mut Dice::new(seed, 0)))
            .find(|pen| pen.nib[0] > 2.0 && pen.nib[1].abs() < 0.3);
        let pen = flat.unwrap_or(Pen::round(2.0, 1.0));
        let area = |line: &[Point]| drawn(line, &pen).ink.iter().sum::<f32>();
        let down = area(&[[16.0, 6.0], [16.0, 26.0]]);
        let across = area(&[[6.0, 16.0], [26.0, 16.0]]);
        assert!(down < 0.75 * across, "{down} {across}");
    }

    #[test]
    fn a_gap_leaves_paper() {
        let line = [[4.0, 16.0], [28.0, 16.0]];
        let touch = Touch {
            gap: Some([10.0, 14.0]),
            ..Touch::EVEN
        };
        let mut canvas = Canvas::new();
        canvas.stroke(&line, &Pen::round(1.0, 1.0), &touch);
        let row = &canvas.ink[16 * SIDE..17 * SIDE];
        assert_eq!(row[16], 0.0);
        assert!(row[10] > 0.9 && row[22] > 0.9, "{row:?}");
    }

    #[test]
    fn nothing_is_drawn_beyond_reach() {
        let pen = Pen::round(1.0, 1.0);
        let canvas = drawn(&[[16.0, 16.0], [20.0, 16.0]], &pen);
        for (pixel, ink) in canvas.ink.iter().enumerate() {
            let (x, y) = ((pixel % SIDE) as f32 + 0.5, (pixel / SIDE) as f32 + 0.5);
            let distance = length([x - x.clamp(16.0, 20.0), y - 16.0]);
            if distance > 1.5 {
                assert_eq!(*ink, 0.0);
            }
            if distance < 0.5 {
                assert_eq!(*ink, 1.0);
            }
        }
    }
}
