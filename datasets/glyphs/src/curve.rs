//! Strokes as smooth curves: chains of cubic Bezier pieces, made from the notation and flattened to lines.

use crate::dice::unit_of_degrees;
use crate::strokes::{Form, Step};

/// A point, or a difference of points: x to the right, y down.
pub(crate) type Point = [f32; 2];

/// A point of a stroke with the handles of the Bezier pieces that meet there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Knot {
    /// Where the pen passes.
    pub at: Point,
    /// The handle of the piece that ends here, relative to `at`.
    pub back: Point,
    /// The handle of the piece that starts here, relative to `at`.
    pub ahead: Point,
}

impl Knot {
    fn new(at: Point) -> Self {
        Self {
            at,
            back: [0.0; 2],
            ahead: [0.0; 2],
        }
    }
}

/// What the pen writes between two lifts.
pub(crate) type Stroke = Vec<Knot>;

/// How far from its start a pen may stand for an arc to begin right there, in units of the frame.
const SNAP: f32 = 6.0;

/// The strokes of a form, in units of the frame.
pub(crate) fn strokes_of(form: Form) -> Vec<Stroke> {
    let mut strokes: Vec<Stroke> = Vec::new();
    for step in form {
        if let Step::M(point) = *step {
            strokes.push(vec![Knot::new(point.map(f32::from))]);
            continue;
        }
        let Some(stroke) = strokes.last_mut() else {
            continue;
        };
        match *step {
            Step::M(_) => {}
            Step::L(point) => line(stroke, point.map(f32::from)),
            Step::C(numbers) => {
                let [x1, y1, x2, y2, x, y] = numbers.map(f32::from);
                cubic(stroke, [x1, y1], [x2, y2], [x, y]);
            }
            Step::A(numbers) => arc(stroke, numbers.map(f32::from)),
        }
    }
    strokes
}

fn line(stroke: &mut Stroke, end: Point) {
    let Some(start) = stroke.last().map(|knot| knot.at) else {
        return;
    };
    let third = [(end[0] - start[0]) / 3.0, (end[1] - start[1]) / 3.0];
    let first = [start[0] + third[0], start[1] + third[1]];
    let second = [end[0] - third[0], end[1] - third[1]];
    cubic(stroke, first, second, end);
}

fn cubic(stroke: &mut Stroke, first: Point, second: Point, end: Point) {
    if let Some(knot) = stroke.last_mut() {
        knot.ahead = [first[0] - knot.at[0], first[1] - knot.at[1]];
    }
    let back = [second[0] - end[0], second[1] - end[1]];
    stroke.push(Knot {
        at: end,
        back,
        ahead: [0.0; 2],
    });
}

/// An elliptic arc as pieces of at most a quarter turn, with handles of `4/3 tan(sweep/4)` radii (error below
/// 0.03 % of the radius).
fn arc(stroke: &mut Stroke, [cx, cy, rx, ry, from, to]: [f32; 6]) {
    let on = |[cos, sin]: Point| [cx + rx * cos, cy + ry * sin];
    let start = on(unit_of_degrees(from));
    if let Some(knot) = stroke.last() {
        let [dx, dy] = [start[0] - knot.at[0], start[1] - knot.at[1]];
        if dx * dx + dy * dy > SNAP * SNAP {
            line(stroke, start);
        }
    }
    let pieces = ((to - from).abs() / 90.0).ceil().max(1.0);
    let sweep = (to - from) / pieces;
    let [cos, sin] = unit_of_degrees(sweep / 2.0);
    // tan(a/2) = sin a / (1 + cos a)
    let reach = 4.0 / 3.0 * sin / (1.0 + cos);
    for piece in 0..pieces as usize {
        let [c0, s0] = unit_of_degrees(from + sweep * piece as f32);
        let [c1, s1] = unit_of_degrees(from + sweep * (piece + 1) as f32);
        let first = on([c0 - reach * s0, s0 + reach * c0]);
        let second = on([c1 + reach * s1, s1 - reach * c1]);
        cubic(stroke, first, second, on([c1, s1]));
    }
}

/// Most lines one Bezier piece is flattened to.
const MOST_LINES: f32 = 16.0;

/// The polyline of a stroke, within `tolerance` of the curve and with no line longer than `longest` (as far as
/// [`MOST_LINES`] suffices).
pub(crate) fn flatten(stroke: &[Knot], tolerance: f32, longest: f32) -> Vec<Point> {
    let mut line: Vec<Point> = stroke.iter().take(1).map(|knot| knot.at).collect();
    for pair in stroke.windows(2) {
        let [start, end] = [pair[0], pair[1]];
        let p0 = start.at;
        let p1 = [p0[0] + start.ahead[0], p0[1] + start.ahead[1]];
        let p3 = end.at;
        let p2 = [p3[0] + end.back[0], p3[1] + end.back[1]];
        let pieces = pieces(p0, p1, p2, p3, tolerance, longest);
        for piece in 1..=pieces as usize {
            let t = piece as f32 / pieces;
            let s = 1.0 - t;
            let (w0, w1, w2, w3) = (s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t);
            line.push([
                w0 * p0[0] + w1 * p1[0] + w2 * p2[0] + w3 * p3[0],
                w0 * p0[1] + w1 * p1[1] + w2 * p2[1] + w3 * p3[1],
            ]);
        }
    }
    line
}

/// How many lines: the chord of a piece of parameter length `1/n` is off by at most `max|B''| / 8n^2`, and
/// `|B''|` is at most 6 times the larger second difference of the control points.
fn pieces(p0: Point, p1: Point, p2: Point, p3: Point, tolerance: f32, longest: f32) -> f32 {
    let bend =
        |a: Point, b: Point, c: Point| length([a[0] - 2.0 * b[0] + c[0], a[1] - 2.0 * b[1] + c[1]]);
    let bend = bend(p0, p1, p2).max(bend(p1, p2, p3));
    let span = length([p1[0] - p0[0], p1[1] - p0[1]])
        + length([p2[0] - p1[0], p2[1] - p1[1]])
        + length([p3[0] - p2[0], p3[1] - p2[1]]);
    let wanted = (0.75 * bend / tolerance).sqrt().max(span / longest);
    wanted.ceil().clamp(1.0, MOST_LINES)
}

/// The length of a vector.
pub(crate) fn length([x, y]: Point) -> f32 {
    (x * x + y * y).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arc_lies_on_its_ellipse() {
        let form = &[Step::M([90, 50]), Step::A([50, 50, 40, 20, 0, 300])];
        let strokes = strokes_of(form);
        assert_eq!(strokes.len(), 1);
        let line = flatten(&strokes[0], 0.1, 100.0);
        assert!(line.len() > 12);
        for [x, y] in line {
            let (u, v) = ((x - 50.0) / 40.0, (y - 50.0) / 20.0);
            assert!((u * u + v * v - 1.0).abs() < 2e-3, "{x} {y}");
        }
    }

    #[test]
    fn an_arc_elsewhere_is_joined_by_a_line() {
        let far = strokes_of(&[Step::M([10, 10]), Step::A([50, 50, 40, 20, 0, 90])]);
        assert_eq!(far[0].len(), 3);
        assert_eq!(far[0][1].at, [90.0, 50.0]);
    }

    #[test]
    fn a_line_is_flattened_to_equal_parts() {
        let strokes = strokes_of(&[Step::M([0, 0]), Step::L([30, 40])]);
        let line = flatten(&strokes[0], 0.1, 12.5);
        assert_eq!(line.len(), 5);
        for pair in line.windows(2) {
            let piece = length([pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]]);
            assert!((piece - 12.5).abs() < 1e-4);
        }
    }

    #[test]
    fn flattening_keeps_to_the_tolerance() {
        let strokes = strokes_of(&[Step::M([0, 0]), Step::C([60, 0, 100, 40, 100, 100])]);
        let coarse = flatten(&strokes[0], 0.5, 1e9);
        // A fine flattening stands for the curve; every point of it is near the coarse polyline.
        for p in flatten(&strokes[0], 0.001, 1e9) {
            let nearest = coarse
                .windows(2)
                .map(|pair| {
                    let d = [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]];
                    let e = [p[0] - pair[0][0], p[1] - pair[0][1]];
                    let t =
                        ((e[0] * d[0] + e[1] * d[1]) / (d[0] * d[0] + d[1] * d[1])).clamp(0.0, 1.0);
                    length([e[0] - t * d[0], e[1] - t * d[1]])
                })
                .fold(f32::MAX, f32::min);
            assert!(nearest <= 0.5, "{nearest}");
        }
        assert!(coarse.len() < 16);
    }
}
