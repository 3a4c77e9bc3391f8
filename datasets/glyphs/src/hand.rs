//! The hand: how one writer's strokes depart from the described ones.

use crate::curve::{Knot, Point, Stroke, flatten, length};
use crate::dice::{Dice, unit};
use crate::style::Style;

/// Error allowed to a flattened curve, in units of the frame: less than a tenth of a pixel.
const TOLERANCE: f32 = 0.4;
/// The longest line of a flattened curve, in units of the frame: short enough to be bent by the warp.
const LONGEST: f32 = 22.0;

/// Writes the strokes: polylines in units of the frame.
pub(crate) fn write(strokes: &[Stroke], style: &Style, dice: &mut Dice) -> Vec<Vec<Point>> {
    strokes
        .iter()
        .map(|stroke| {
            let knots: Stroke = stroke.iter().map(|knot| stray(knot, style, dice)).collect();
            let mut line = flatten(&knots, TOLERANCE, LONGEST);
            let ends = [style.overshoot * dice.bell(), style.overshoot * dice.bell()];
            extend(&mut line, ends[0]);
            line.reverse();
            extend(&mut line, ends[1]);
            line
        })
        .collect()
}

/// Moves a knot and turns and stretches its two handles together, so that a smooth joint stays smooth.
fn stray(knot: &Knot, style: &Style, dice: &mut Dice) -> Knot {
    let [dx, dy] = dice.bell_pair();
    let [cos, sin] = unit(0.5 * style.curl * dice.bell());
    let stretch = 1.0 + style.curl * dice.bell();
    let bend = |[x, y]: Point| [stretch * (cos * x - sin * y), stretch * (sin * x + cos * y)];
    Knot {
        at: [
            knot.at[0] + style.jitter * dx,
            knot.at[1] + style.jitter * dy,
        ],
        back: bend(knot.back),
        ahead: bend(knot.ahead),
    }
}

/// Makes the end of a line longer by `amount`, along its last direction, or shorter. At least half of its
/// length stays.
fn extend(line: &mut Vec<Point>, amount: f32) {
    let total: f32 = line
        .windows(2)
        .map(|pair| length([pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]]))
        .sum();
    // Short strokes (the dot of an i) are not stretched beyond recognition.
    let amount = amount.clamp(-0.5 * total, 0.5 * total);
    if amount < 0.0 {
        shorten(line, -amount);
    } else if let [.., before, last] = line[..] {
        let step = [last[0] - before[0], last[1] - before[1]];
        let size = length(step);
        if size > 0.0 {
            line.push([
                last[0] + step[0] / size * amount,
                last[1] + step[1] / size * amount,
            ]);
        }
    }
}

fn shorten(line: &mut Vec<Point>, mut amount: f32) {
    while let [.., before, last] = line[..] {
        let step = [last[0] - before[0], last[1] - before[1]];
        let size = length(step);
        line.pop();
        if size > amount {
            let part = 1.0 - amount / size;
            line.push([before[0] + part * step[0], before[1] + part * step[1]]);
            return;
        }
        amount -= size;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::curve::strokes_of;
    use crate::strokes::forms_of;

    fn size(line: &[Point]) -> f32 {
        line.windows(2)
            .map(|p| length([p[1][0] - p[0][0], p[1][1] - p[0][1]]))
            .sum()
    }

    #[test]
    fn an_end_grows_and_shrinks_by_the_amount() {
        let straight = vec![[0.0, 0.0], [3.0, 4.0], [6.0, 8.0], [9.0, 12.0]];
        for (amount, expected) in [
            (2.0, 17.0),
            (-2.0, 13.0),
            (-6.0, 9.0),
            (100.0, 22.5),
            (-100.0, 7.5),
        ] {
            let mut line = straight.clone();
            extend(&mut line, amount);
            assert!(
                (size(&line) - expected).abs() < 1e-4,
                "{amount}: {}",
                size(&line)
            );
        }
    }

    #[test]
    fn a_steady_hand_writes_what_is_described() {
        let strokes = strokes_of(forms_of(10).unwrap()[0]);
        let still = Style {
            jitter: 0.0,
            curl: 0.0,
            overshoot: 0.0,
            ..Style::NEAT
        };
        let lines = write(&strokes, &still, &mut Dice::new(0, 0));
        assert_eq!(lines.len(), strokes.len());
        for (line, stroke) in lines.iter().zip(&strokes) {
            // Lines come out backwards, since both ends were worked on.
            assert_eq!(line.first().unwrap(), &stroke.last().unwrap().at);
            assert_eq!(line.last().unwrap(), &stroke[0].at);
        }
    }

    #[test]
    fn a_knot_strays_but_its_joint_stays_smooth() {
        let knot = Knot {
            at: [50.0, 50.0],
            back: [-10.0, 0.0],
            ahead: [20.0, 0.0],
        };
        let other = stray(&knot, &Style::HAND, &mut Dice::new(5, 6));
        assert_ne!(other.at, knot.at);
        let cross = other.back[0] * other.ahead[1] - other.back[1] * other.ahead[0];
        assert!(cross.abs() < 1e-3 && other.back[0] * other.ahead[0] < 0.0);
    }
}
