//! Thickness: grey dilation or erosion by a small structuring element.

use crate::dice::Dice;
use crate::image::{Image, PIXELS, SIDE, rows, rows_mut};

/// A change of thickness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thickness {
    /// Strokes grow.
    Dilate(Element),
    /// Strokes shrink.
    Erode(Element),
}

/// A structuring element: all pixels of a rectangle, or a cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// How many rows it has.
    pub height: usize,
    /// How many columns it has.
    pub width: usize,
    /// Whether only its middle row and its middle column belong to it.
    pub cross: bool,
}

/// The structuring elements, from small to large.
pub const ELEMENTS: [Element; 9] = {
    const fn block(height: usize, width: usize) -> Element {
        Element {
            height,
            width,
            cross: false,
        }
    }
    [
        block(1, 2),
        block(2, 1),
        block(2, 2),
        Element {
            height: 3,
            width: 3,
            cross: true,
        },
        block(2, 3),
        block(3, 2),
        block(3, 3),
        block(3, 4),
        block(4, 3),
    ]
};

/// The change that a complexity brings; `None` where the image stays as it is.
///
/// With E = ceil(5c) and D = ceil(9c): erosion with probability E/(D+E+1) by one of the first E elements, dilation with
/// probability D/(D+E+1) by one of the first D.
#[inline(always)]
pub fn draw(complexity: f32, dice: &mut Dice) -> Option<Thickness> {
    let count = |most: f32| (most * complexity).ceil().clamp(0.0, most);
    let (eroders, dilaters) = (count(5.0), count(9.0));
    let ticket = dice.uniform() * (dilaters + eroders + 1.0);
    let element = |count: f32, dice: &mut Dice| ELEMENTS[dice.below(count as usize)];
    if ticket < eroders {
        Some(Thickness::Erode(element(eroders, dice)))
    } else if ticket < eroders + dilaters {
        Some(Thickness::Dilate(element(dilaters, dice)))
    } else {
        None
    }
}

/// Dilates or erodes. Pixels outside the image do not count.
///
/// Erosion of a thin stroke leaves faint ink, so its result is scaled to the largest value that the image had; an erosion
/// that would leave less than a quarter of that leaves the image as it is.
#[inline(always)]
pub fn thicken(image: &Image, change: Thickness, out: &mut Image) {
    match change {
        Thickness::Dilate(element) => {
            // An element of even size reaches farther after its origin here, and before it in an erosion: the two
            // are dual.
            pass(image, element, false, |a, b| if a > b { a } else { b }, out);
        }
        Thickness::Erode(element) => {
            pass(image, element, true, |a, b| if a < b { a } else { b }, out);
            let (before, after) = (largest(image), largest(out));
            if after < 0.25 * before {
                *out = *image;
            } else if after > 0.0 {
                let gain = before / after;
                out.iter_mut().for_each(|ink| *ink *= gain);
            }
        }
    }
}

#[inline(always)]
fn largest(image: &Image) -> f32 {
    let mut most = [0.0f32; SIDE];
    for row in rows(image) {
        for (most, &ink) in most.iter_mut().zip(row) {
            *most = if ink > *most { ink } else { *most };
        }
    }
    most.iter()
        .fold(0.0, |most, &ink| if ink > most { ink } else { most })
}

/// How far a window of `size` reaches before its origin and after it.
#[inline(always)]
fn reach(size: usize, backward: bool) -> (usize, usize) {
    let (long, short) = (size / 2, (size - 1) / 2);
    if backward {
        (long, short)
    } else {
        (short, long)
    }
}

#[inline(always)]
fn pass(
    image: &Image,
    element: Element,
    backward: bool,
    better: impl Fn(f32, f32) -> f32 + Copy,
    out: &mut Image,
) {
    let (before, after) = reach(element.height, backward);
    let mut tall = [0.0; PIXELS];
    for (y, row) in rows_mut(&mut tall).iter_mut().enumerate() {
        let first = y.saturating_sub(before);
        let last = (y + after).min(SIDE - 1);
        *row = rows(image)[first];
        for other in &rows(image)[first + 1..=last] {
            for (best, &ink) in row.iter_mut().zip(other) {
                *best = better(*best, ink);
            }
        }
    }
    let (before, after) = reach(element.width, backward);
    // A cross takes the columns of its middle row from the image itself.
    let wide = if element.cross { image } else { &tall };
    for (y, row) in rows_mut(out).iter_mut().enumerate() {
        let from = &rows(wide)[y];
        // The ends are repeated, which changes no minimum and no maximum.
        let mut long = [0.0f32; SIDE + 6];
        long[3..SIDE + 3].copy_from_slice(from);
        long[..3].fill(from[0]);
        long[SIDE + 3..].fill(from[SIDE - 1]);
        *row = rows(&tall)[y];
        for start in 3 - before.min(3)..=3 + after.min(3) {
            for (best, &ink) in row.iter_mut().zip(&long[start..start + SIDE]) {
                *best = better(*best, ink);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_each_change_is_that_of_the_definition() {
        // At 0.5: E = 3, D = 5, so a third, 5/9 and 1/9.
        let mut dice = Dice::new(1, 1);
        let (mut eroded, mut dilated) = ([0; 9], [0; 9]);
        for _ in 0..9_000 {
            let place = |element| ELEMENTS.iter().position(|&e| e == element).unwrap_or(9);
            match draw(0.5, &mut dice) {
                Some(Thickness::Erode(element)) => eroded[place(element)] += 1,
                Some(Thickness::Dilate(element)) => dilated[place(element)] += 1,
                None => {}
            }
        }
        assert!(
            eroded[..3].iter().all(|n| (880..1120).contains(n)),
            "{eroded:?}"
        );
        assert!(
            dilated[..5].iter().all(|n| (880..1120).contains(n)),
            "{dilated:?}"
        );
        assert_eq!(
            (eroded[3..].iter().sum::<i32>(), dilated[5..].iter().sum()),
            (0, 0)
        );
        assert!((0..100).all(|_| draw(0.0, &mut dice).is_none()));
    }

    #[test]
    fn an_erosion_that_would_leave_nothing_leaves_the_image() {
        let mut image = [0.0; PIXELS];
        image[500] = 0.8;
        let mut out = [1.0; PIXELS];
        thicken(&image, Thickness::Erode(ELEMENTS[6]), &mut out);
        assert_eq!(out, image);
        thicken(&[0.0; PIXELS], Thickness::Erode(ELEMENTS[0]), &mut out);
        assert_eq!(out, [0.0; PIXELS]);
    }
}
