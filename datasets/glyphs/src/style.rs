//! How freely characters are written: plain data.

use serde::{Deserialize, Serialize};

/// How freely characters are written. Every number is a size of variation; 0 turns that variation off.
///
/// "Deviation" is the standard deviation of a bell that never exceeds three of them. A number outside its
/// range is taken as the nearest end of the range, and a NaN as the lower end.
///
/// Three styles are given: [`Style::NEAT`], [`Style::HAND`] (the default) and [`Style::MESSY`].
///
/// ```
/// use rectifier_glyphs::Style;
/// let upright = Style { slant: 0.0, turn: 0.0, ..Style::HAND };
/// assert_ne!(upright, Style::default());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    /// Slant: deviation of the horizontal shift per unit of height; 0 to 0.4.
    pub slant: f32,
    /// Rotation: deviation in radians; 0 to 0.4.
    pub turn: f32,
    /// Size: relative deviation; 0 to 0.15. Up to 0.09, the largest `o` stays below the smallest `O` as far as
    /// size goes; the warp may still bring them together.
    pub size: f32,
    /// Width: relative deviation, beside that of size; 0 to 0.3.
    pub aspect: f32,
    /// Place: deviation in pixels, each way, before what would leave the image is moved back; 0 to 8.
    pub shift: f32,
    /// Points the pen aims for: deviation each way, in hundredths of the capitals' height; 0 to 8.
    pub jitter: f32,
    /// Bends: deviation of the turn of the pen's direction at each such point, in radians; 0 to 0.6.
    pub curl: f32,
    /// Smooth deformation of the whole character: deviation of the 16 points of a cubic Bezier patch, in
    /// hundredths of the capitals' height; 0 to 20.
    pub warp: f32,
    /// Radius of the thinnest pen, in pixels; 0.4 to 3.
    pub thin: f32,
    /// Radius of the thickest pen, in pixels; 0.4 to 3.
    pub thick: f32,
    /// Flattest nib: how much of the pen's one radius may be missing across; 0 (round) to 0.7.
    pub nib: f32,
    /// Pressure: relative deviation of the radius along a stroke and between strokes; 0 to 0.5.
    pub pressure: f32,
    /// Ends: deviation of the length by which a stroke starts or ends beyond (or short of) its place, in
    /// hundredths of the capitals' height; 0 to 12.
    pub overshoot: f32,
    /// Gaps: probability that a stroke breaks off for one to three pixels; 0 to 1.
    pub gaps: f32,
    /// Specks: the most dots of dirt on an image (from none to this, equally likely); 0 to 40.
    pub specks: f32,
    /// Scratches: probability of a thin line across the image; 0 to 1.
    pub scratches: f32,
    /// Faintness: how much of the ink may be missing on the whole image; 0 to 0.8.
    pub faint: f32,
    /// Grain: how much of the ink may be missing at one pixel; 0 to 0.8.
    pub grain: f32,
}

impl Style {
    /// A careful writer with one pen: for tests of a pipeline, and easy.
    pub const NEAT: Self = Self {
        slant: 0.05,
        turn: 0.03,
        size: 0.03,
        aspect: 0.03,
        shift: 0.5,
        jitter: 1.0,
        curl: 0.05,
        warp: 1.5,
        thin: 1.0,
        thick: 1.3,
        nib: 0.0,
        pressure: 0.05,
        overshoot: 1.0,
        gaps: 0.0,
        specks: 0.0,
        scratches: 0.0,
        faint: 0.0,
        grain: 0.0,
    };

    /// Many writers with many pens: the default.
    pub const HAND: Self = Self {
        slant: 0.25,
        turn: 0.15,
        size: 0.07,
        aspect: 0.18,
        shift: 2.2,
        jitter: 3.2,
        curl: 0.2,
        warp: 10.0,
        thin: 0.7,
        thick: 1.7,
        nib: 0.4,
        pressure: 0.15,
        overshoot: 4.0,
        gaps: 0.15,
        specks: 3.0,
        scratches: 0.05,
        faint: 0.3,
        grain: 0.2,
    };

    /// Hasty writers on dirty paper: hard for people too.
    pub const MESSY: Self = Self {
        slant: 0.3,
        turn: 0.18,
        size: 0.09,
        aspect: 0.22,
        shift: 2.5,
        jitter: 3.5,
        curl: 0.25,
        warp: 12.0,
        thin: 0.6,
        thick: 2.0,
        nib: 0.5,
        pressure: 0.25,
        overshoot: 6.0,
        gaps: 0.35,
        specks: 12.0,
        scratches: 0.3,
        faint: 0.5,
        grain: 0.4,
    };

    /// The style with every number within its range, and `thin` not above `thick`.
    pub(crate) fn bounded(&self) -> Self {
        let thin = within(self.thin, 0.4, 3.0);
        Self {
            slant: within(self.slant, 0.0, 0.4),
            turn: within(self.turn, 0.0, 0.4),
            size: within(self.size, 0.0, 0.15),
            aspect: within(self.aspect, 0.0, 0.3),
            shift: within(self.shift, 0.0, 8.0),
            jitter: within(self.jitter, 0.0, 8.0),
            curl: within(self.curl, 0.0, 0.6),
            warp: within(self.warp, 0.0, 20.0),
            thin,
            thick: within(self.thick, thin, 3.0),
            nib: within(self.nib, 0.0, 0.7),
            pressure: within(self.pressure, 0.0, 0.5),
            overshoot: within(self.overshoot, 0.0, 12.0),
            gaps: within(self.gaps, 0.0, 1.0),
            specks: within(self.specks, 0.0, 40.0),
            scratches: within(self.scratches, 0.0, 1.0),
            faint: within(self.faint, 0.0, 0.8),
            grain: within(self.grain, 0.0, 0.8),
        }
    }
}

impl Default for Style {
    fn default() -> Self {
        Self::HAND
    }
}

/// `value` moved into `[low, high]`; a NaN becomes `low`.
fn within(value: f32, low: f32, high: f32) -> f32 {
    if value > high {
        high
    } else if value >= low {
        value
    } else {
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_given_styles_are_within_their_ranges() {
        for style in [Style::NEAT, Style::HAND, Style::MESSY] {
            assert_eq!(style.bounded(), style);
        }
    }

    #[test]
    fn wild_numbers_are_bounded() {
        let wild = Style {
            slant: f32::NAN,
            warp: f32::INFINITY,
            thin: 9.0,
            thick: -1.0,
            ..Style::HAND
        };
        let tame = wild.bounded();
        assert_eq!(
            (tame.slant, tame.warp, tame.thin, tame.thick),
            (0.0, 20.0, 3.0, 3.0)
        );
    }
}
