//! One image from a class and a seed.

use std::sync::LazyLock;

use crate::curve::{Stroke, strokes_of};
use crate::dice::Dice;
use crate::hand;
use crate::pen::{Canvas, PIXELS, Pen, Touch, total};
use crate::pose::{Pose, SIDE};
use crate::strokes::forms_of;
use crate::style::Style;

/// The curves of every form of every class.
static CURVES: LazyLock<Vec<Vec<Vec<Stroke>>>> = LazyLock::new(|| {
    (0..)
        .map_while(forms_of)
        .map(|forms| forms.iter().map(|form| strokes_of(form)).collect())
        .collect()
});

// Each aspect of an image has random numbers of its own.
const FORM: u64 = 0;
const HAND: u64 = 1;
const POSE: u64 = 2;
const PEN: u64 = 3;
const DIRT: u64 = 4;
const INK: u64 = 5;

/// An image of class `class` in the default style: 32 rows of 32 pixels, paper 0, full ink 255.
///
/// The same class and seed give the same image on every machine, and one seed gives every class the same pen,
/// slant and size: one writer. `None` for a class past the last.
///
/// ```
/// let image = rectifier_glyphs::render(10, 1).unwrap(); // an A
/// assert!(image.iter().any(|&ink| ink > 127));
/// assert_eq!(rectifier_glyphs::render(62, 1), None);
/// ```
pub fn render(class: u32, seed: u64) -> Option<[u8; PIXELS]> {
    render_with(class, seed, &Style::HAND)
}

/// As [`render`], in a style of your own.
pub fn render_with(class: u32, seed: u64, style: &Style) -> Option<[u8; PIXELS]> {
    let forms = CURVES.get(class as usize)?;
    let style = style.bounded();
    let strokes = forms.get(Dice::new(seed, FORM).below(forms.len()))?;

    let mut dice = Dice::new(seed, PEN);
    let pen = Pen::new(&style, &mut dice);
    let mut lines = hand::write(strokes, &style, &mut Dice::new(seed, HAND));
    Pose::new(&style, &mut Dice::new(seed, POSE)).apply(&mut lines, pen.reach());

    let mut canvas = Canvas::new();
    for line in &lines {
        let touch = Touch::new(&style, total(line), &mut dice);
        canvas.stroke(line, &pen, &touch);
    }
    dirt(&mut canvas, &style, &mut Dice::new(seed, DIRT));
    Some(print(&canvas, &style, &mut Dice::new(seed, INK)))
}

/// Specks anywhere, and perhaps a scratch from one border to the opposite one.
fn dirt(canvas: &mut Canvas, style: &Style, dice: &mut Dice) {
    let side = SIDE as f32;
    if dice.chance(style.scratches) {
        let pen = Pen::round(dice.between(0.4, 0.7), 1.0);
        let [from, to] = [dice.between(0.0, side), dice.between(0.0, side)];
        let line = if dice.chance(0.5) {
            [[0.0, from], [side, to]]
        } else {
            [[from, 0.0], [to, side]]
        };
        canvas.stroke(&line, &pen, &Touch::EVEN);
    }
    for _ in 0..dice.below(style.specks as usize + 1) {
        let pen = Pen::round(dice.between(0.4, 0.9), 1.0);
        let spot = [dice.between(0.0, side), dice.between(0.0, side)];
        canvas.stroke(&[spot, spot], &pen, &Touch::EVEN);
    }
}

/// Ink to bytes: one faintness for the image, one grain for each pixel. Paper stays 0.
fn print(canvas: &Canvas, style: &Style, dice: &mut Dice) -> [u8; PIXELS] {
    let strength = 255.0 * (1.0 - style.faint * dice.uniform());
    canvas.ink.map(|ink| {
        if ink > 0.0 {
            (strength * ink * (1.0 - style.grain * dice.uniform()) + 0.5) as u8
        } else {
            0
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::CLASS_NAMES;
    use proptest::prelude::*;

    fn all(style: &Style, seed: u64) -> impl Iterator<Item = [u8; PIXELS]> {
        (0..62).map(move |class| render_with(class, seed + u64::from(class), style).unwrap())
    }

    #[test]
    fn every_class_has_ink_and_paper() {
        // Without dirt, so that what is counted is the character.
        let clean = Style {
            specks: 0.0,
            scratches: 0.0,
            ..Style::HAND
        };
        for (class, name) in CLASS_NAMES.iter().enumerate() {
            for seed in 0..50 {
                let image = render_with(class as u32, seed, &clean).unwrap();
                let inked = image.iter().filter(|&&ink| ink > 60).count();
                assert!((8..600).contains(&inked), "{name} {seed}: {inked}");
            }
        }
    }

    #[test]
    fn no_stroke_is_cut_by_the_border() {
        // A stroke that ran over the border would be at full strength on it; the pen's edge alone stays below half.
        let clean = Style {
            specks: 0.0,
            scratches: 0.0,
            ..Style::HAND
        };
        for seed in 0..200 {
            for (class, image) in all(&clean, 62 * seed).enumerate() {
                for i in 0..SIDE {
                    for pixel in [i, PIXELS - SIDE + i, i * SIDE, i * SIDE + SIDE - 1] {
                        assert!(image[pixel] < 128, "{class} {seed}");
                    }
                }
            }
        }
    }

    #[test]
    fn one_seed_is_one_writer() {
        // The nib, the pose and the dirt do not depend on the class: two classes differ, and their dirt is the same.
        let specks = Style {
            specks: 40.0,
            faint: 0.0,
            grain: 0.0,
            ..Style::HAND
        };
        let (a, b) = (
            render_with(10, 3, &specks).unwrap(),
            render_with(36, 3, &specks).unwrap(),
        );
        assert_ne!(a, b);
        let shared = a.iter().zip(&b).filter(|(a, b)| a == b && **a > 0).count();
        assert!(shared > 20, "{shared}");
    }

    #[test]
    fn neat_characters_look_like_their_class() {
        // The nearest of 30 images a class is of the same class nearly always: forms do not stray into others.
        let image = |class: u32, seed: u64| {
            render_with(class, seed, &Style::NEAT)
                .unwrap()
                .map(f32::from)
        };
        let known: Vec<(u32, [f32; PIXELS])> = (0..62)
            .flat_map(|class| (0..30).map(move |seed| (class, image(class, seed))))
            .collect();
        let mut right = 0;
        for class in 0..62 {
            for seed in 1000..1004 {
                let asked = image(class, seed);
                let apart = |other: &[f32; PIXELS]| {
                    asked
                        .iter()
                        .zip(other)
                        .map(|(a, b)| (a - b) * (a - b))
                        .sum::<f32>()
                };
                let nearest = known
                    .iter()
                    .min_by(|a, b| apart(&a.1).total_cmp(&apart(&b.1)))
                    .unwrap();
                right += u32::from(nearest.0 == class);
            }
        }
        assert!(right >= 240, "{right} of 248");
    }

    proptest! {
        #[test]
        fn any_style_renders(class in 0u32..62, seed in any::<u64>(), numbers in proptest::array::uniform18(any::<f32>())) {
            let [slant, turn, size, aspect, shift, jitter, curl, warp, thin, thick, nib, pressure, overshoot, gaps, specks, scratches, faint, grain] = numbers;
            let style = Style { slant, turn, size, aspect, shift, jitter, curl, warp, thin, thick, nib, pressure, overshoot, gaps, specks, scratches, faint, grain };
            let image = render_with(class, seed, &style).unwrap();
            prop_assert!(image.iter().any(|&ink| ink > 0));
        }

        #[test]
        fn a_class_past_the_last_has_no_image(class in 62u32.., seed in any::<u64>()) {
            prop_assert_eq!(render(class, seed), None);
        }
    }
}
