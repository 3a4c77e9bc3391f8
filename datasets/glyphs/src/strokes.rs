//! How each character is written: strokes in a small notation, one or several forms a character.
//!
//! # The frame
//! Characters stand on a line. `x` runs from 0 to 100 left to right and most letters are centred near 50; `y` runs
//! downwards: 0 is the cap line, [`X_LINE`] the top of the small letters, 100 the base line, [`DESCENT`] where
//! the tails of `g`, `p`, `y` end.
//!
//! # The notation
//! A form is a list of steps of the pen, each a letter and whole numbers:
//!
//! | step | meaning |
//! |---|---|
//! | `M x y` | lift the pen, set it down at `(x, y)` |
//! | `L x y` | a straight line |
//! | `C x1 y1 x2 y2 x y` | a cubic Bezier curve with its two handles |
//! | `A cx cy rx ry from to` | an arc of the ellipse around `(cx, cy)`, from one angle to the other, in degrees: 0 is right, 90 down, -90 up. Rising angles run clockwise. Joined by a line when the pen is elsewhere; starts a stroke after `M` set the pen on it |
//!
//! Forms of one character are separated by `|` and are equally likely.

mod digits;
mod lower;
mod upper;

/// The `y` of the top of the small letters.
#[cfg(test)]
pub(crate) const X_LINE: i16 = 44;

/// The lowest `y` of a tail.
pub(crate) const DESCENT: i16 = 132;

/// One step of the pen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Set the pen down at a point.
    M([i16; 2]),
    /// A line to a point.
    L([i16; 2]),
    /// A cubic Bezier curve: two handles and the end.
    C([i16; 6]),
    /// An elliptic arc: centre, radii, from, to.
    A([i16; 6]),
}

/// One way to write a character.
pub(crate) type Form = &'static [Step];

/// The ways to write a character.
pub(crate) type Forms = &'static [Form];

/// Writes [`Forms`] in the notation of this module.
macro_rules! forms {
    ($($($step:ident $($number:literal)+)+)|+) => {
        &[$(&[$($crate::strokes::Step::$step([$($number),+])),+]),+]
    };
}
use forms;

/// The forms of class `class`, in the order of [`CLASS_NAMES`](crate::CLASS_NAMES).
pub(crate) fn forms_of(class: usize) -> Option<Forms> {
    let tables: [&'static [Forms]; 3] = [&digits::DIGITS, &upper::UPPER, &lower::LOWER];
    tables.into_iter().flatten().nth(class).copied()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::CLASS_NAMES;

    fn points(form: Form) -> Vec<[i16; 2]> {
        form.iter()
            .map(|step| match *step {
                Step::M(p) | Step::L(p) => p,
                Step::C([.., x, y]) => [x, y],
                Step::A([cx, cy, ..]) => [cx, cy],
            })
            .collect()
    }

    #[test]
    fn every_class_has_forms_that_start_with_a_pen_down() {
        for (class, name) in CLASS_NAMES.iter().enumerate() {
            let forms = forms_of(class).unwrap();
            assert!(!forms.is_empty());
            for form in forms {
                assert!(matches!(form[0], Step::M(_)), "{name}");
            }
        }
        assert!(forms_of(CLASS_NAMES.len()).is_none());
    }

    #[test]
    fn forms_stay_in_the_frame() {
        for (class, name) in CLASS_NAMES.iter().enumerate() {
            for [x, y] in forms_of(class).unwrap().iter().flat_map(|f| points(f)) {
                assert!((0..=100).contains(&x), "{name}: x = {x}");
                assert!((-4..=DESCENT).contains(&y), "{name}: y = {y}");
            }
        }
    }

    #[test]
    fn no_form_serves_twice() {
        let all: Vec<Form> = (0..62)
            .flat_map(|c| forms_of(c).unwrap())
            .copied()
            .collect();
        for (i, form) in all.iter().enumerate() {
            assert!(!all[..i].contains(form));
        }
    }

    #[test]
    fn small_letters_without_ascender_stay_below_the_cap_line() {
        for name in "acegmnopqrsuvwxyz".chars() {
            let class = CLASS_NAMES.iter().position(|&n| n == name).unwrap();
            for [_, y] in forms_of(class).unwrap().iter().flat_map(|f| points(f)) {
                assert!(y >= X_LINE - 8, "{name}: y = {y}");
            }
        }
    }
}
