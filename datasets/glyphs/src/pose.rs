//! The pose: from the frame a character is described in to pixels of its image.

use crate::curve::Point;
use crate::dice::{Dice, unit};
use crate::strokes::DESCENT;
use crate::style::Style;

/// Pixels on a side of an image.
pub const SIDE: usize = 32;

/// Pixels to a unit of the frame, before size varies: the frame from cap line to tails fills 28 rows.
const SCALE: f32 = 28.0 / DESCENT as f32;

/// A random map from the frame to the image: a smooth warp, then slant, stretch, rotation and shift.
pub(crate) struct Pose {
    /// Offsets at the 4x4 points of a cubic Bezier patch over the frame (free-form deformation, Sederberg and
    /// Parry 1986), in units of the frame.
    warp: [[Point; 4]; 4],
    /// Rows of the linear map from frame units to pixels.
    linear: [Point; 2],
    /// Where the middle of the frame goes, in pixels.
    centre: Point,
}

impl Pose {
    /// Draws a pose.
    pub(crate) fn new(style: &Style, dice: &mut Dice) -> Self {
        let mut warp = [[[0.0; 2]; 4]; 4];
        for offset in warp.iter_mut().flatten() {
            *offset = dice.bell_pair().map(|bell| style.warp * bell);
        }
        let size = SCALE * (1.0 + style.size * dice.bell());
        let aspect = 1.0 + style.aspect * dice.bell();
        // Handwriting leans to the right on the whole: minus is to the right at the top, since y runs down.
        let slant = -style.slant * (0.3 + dice.bell());
        let [cos, sin] = unit(0.5 * style.turn * dice.bell());
        let (wide, high) = (size * aspect, size);
        // rotation * stretch * shear
        let linear = [
            [cos * wide, cos * wide * slant - sin * high],
            [sin * wide, sin * wide * slant + cos * high],
        ];
        let half = SIDE as f32 / 2.0;
        let centre = dice.bell_pair().map(|bell| half + style.shift * bell);
        Self {
            warp,
            linear,
            centre,
        }
    }

    /// Where a point of the frame goes, in pixels; the corner of the image is `(0, 0)`.
    fn place(&self, [x, y]: Point) -> Point {
        let height = f32::from(DESCENT);
        let (across, down) = (basis(x / 100.0), basis(y / height));
        let (mut dx, mut dy) = (0.0, 0.0);
        for (row, weight) in self.warp.iter().zip(down) {
            for (offset, other) in row.iter().zip(across) {
                dx += weight * other * offset[0];
                dy += weight * other * offset[1];
            }
        }
        let (u, v) = (x + dx - 50.0, y + dy - height / 2.0);
        [
            self.centre[0] + self.linear[0][0] * u + self.linear[0][1] * v,
            self.centre[1] + self.linear[1][0] * u + self.linear[1][1] * v,
        ]
    }

    /// Moves lines from the frame to the image, then shrinks and shifts them so that all is at least `margin`
    /// pixels from the border.
    pub(crate) fn apply(&self, lines: &mut [Vec<Point>], margin: f32) {
        let mut low = [f32::MAX; 2];
        let mut high = [f32::MIN; 2];
        for point in lines.iter_mut().flatten() {
            *point = self.place(*point);
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        let room = SIDE as f32 - 2.0 * margin;
        let extent = (high[0] - low[0]).max(high[1] - low[1]);
        let shrink = if extent > room { room / extent } else { 1.0 };
        let middle = [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0];
        let target = [0, 1].map(|axis| {
            let reach = shrink * (high[axis] - low[axis]) / 2.0 + margin;
            // Written so that a reach of just over half the side, by rounding, is no empty range.
            middle[axis].min(SIDE as f32 - reach).max(reach)
        });
        for point in lines.iter_mut().flatten() {
            for axis in 0..2 {
                point[axis] = target[axis] + shrink * (point[axis] - middle[axis]);
            }
        }
    }
}

/// The cubic Bernstein polynomials at `t`.
fn basis(t: f32) -> [f32; 4] {
    let t = t.clamp(0.0, 1.0);
    let s = 1.0 - t;
    [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::curve::strokes_of;
    use crate::hand;
    use crate::strokes::forms_of;
    use proptest::prelude::*;

    #[test]
    fn a_still_pose_keeps_the_line() {
        let still = Style {
            slant: 0.0,
            turn: 0.0,
            size: 0.0,
            aspect: 0.0,
            shift: 0.0,
            warp: 0.0,
            ..Style::NEAT
        };
        let pose = Pose::new(&still, &mut Dice::new(1, 1));
        assert_eq!(pose.place([50.0, 66.0]), [16.0, 16.0]);
        let [_, cap] = pose.place([50.0, 0.0]);
        let [_, tail] = pose.place([50.0, 132.0]);
        assert!((cap - 2.0).abs() < 1e-4 && (tail - 30.0).abs() < 1e-4);
    }

    #[test]
    fn large_small_letters_stay_below_small_capitals() {
        // Size deviates by at most three deviations each way: a small letter is 56/100 of a capital.
        let most = 1.0 + 3.0 * Style::HAND.size;
        let least = 1.0 - 3.0 * Style::HAND.size;
        assert!(56.0 * most < 100.0 * least);
    }

    proptest! {
        #[test]
        fn every_point_is_inside(class in 0usize..62, seed in any::<u64>(), margin in 0.5f32..5.0, wild in any::<bool>()) {
            let style = if wild { Style { warp: 20.0, shift: 8.0, size: 0.15, ..Style::MESSY } } else { Style::HAND };
            for form in forms_of(class).unwrap() {
                let mut lines = hand::write(&strokes_of(form), &style, &mut Dice::new(seed, 0));
                Pose::new(&style, &mut Dice::new(seed, 1)).apply(&mut lines, margin);
                for value in lines.iter().flatten().flatten() {
                    prop_assert!((margin - 1e-3..=SIDE as f32 - margin + 1e-3).contains(value), "{value}");
                }
            }
        }
    }
}
