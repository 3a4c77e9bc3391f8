//! What changes single pixels: exchanged with a neighbour, noise, salt and pepper, and contrast.

use crate::dice::{Dice, fill_normal};
use crate::image::{Image, PIXELS, SIDE, within};

/// Pixels to exchange, one pair after the other.
///
/// With probability 0.2, a share of c/3 of the pixels, each with the neighbour above, below, left or right; pairs that
/// would leave the image are left out.
pub fn draw_swaps(complexity: f32, dice: &mut Dice) -> Vec<[usize; 2]> {
    if !dice.chance(0.2) {
        return Vec::new();
    }
    let count = (complexity / 3.0 * PIXELS as f32) as usize;
    (0..count.min(PIXELS))
        .filter_map(|_| {
            let pixel = dice.below(PIXELS);
            let (x, y) = (pixel % SIDE, pixel / SIDE);
            let other = match dice.below(4) {
                0 if x > 0 => pixel - 1,
                1 if x + 1 < SIDE => pixel + 1,
                2 if y > 0 => pixel - SIDE,
                3 if y + 1 < SIDE => pixel + SIDE,
                _ => return None,
            };
            Some([pixel, other])
        })
        .collect()
}

/// Exchanges pixels; places outside the image count around it.
pub fn permute(image: &Image, swaps: &[[usize; 2]], out: &mut Image) {
    *out = *image;
    for &[a, b] in swaps {
        out.swap(a % PIXELS, b % PIXELS);
    }
}

/// With probability 0.3, the deviation of the noise, c/10, and one normal number for each pixel.
pub fn draw_noise(complexity: f32, dice: &mut Dice) -> Option<(f32, Image)> {
    dice.chance(0.3).then(|| {
        let mut noise = [0.0; PIXELS];
        fill_normal(dice, &mut noise);
        (complexity / 10.0, noise)
    })
}

/// Adds noise of a deviation; ink stays between 0 and 1.
pub fn add_noise(image: &Image, deviation: f32, noise: &Image, out: &mut Image) {
    for (i, out) in out.iter_mut().enumerate() {
        *out = within(image[i] + deviation * noise[i], 0.0, 1.0);
    }
}

/// With probability 0.25, each pixel with probability c/5: its place and its new ink, uniform from 0 to 1.
pub fn draw_salt(complexity: f32, dice: &mut Dice) -> Vec<(usize, f32)> {
    if !dice.chance(0.25) {
        return Vec::new();
    }
    let mut grains = Vec::new();
    for pixel in 0..PIXELS {
        if dice.chance(complexity / 5.0) {
            grains.push((pixel, dice.uniform()));
        }
    }
    grains
}

/// Gives pixels new ink; places outside the image count around it.
pub fn salt(image: &Image, grains: &[(usize, f32)], out: &mut Image) {
    *out = *image;
    for &(pixel, ink) in grains {
        out[pixel % PIXELS] = ink;
    }
}

/// A change of contrast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// How much of the range from 0 to 1 is left, around its middle.
    pub range: f32,
    /// Whether ink and paper are exchanged.
    pub inverted: bool,
}

/// The contrast of a complexity: uniform from 1 - 0.85c to 1, inverted with probability 1/2.
pub fn draw_contrast(complexity: f32, dice: &mut Dice) -> Contrast {
    Contrast {
        range: dice.between(1.0 - 0.85 * complexity, 1.0),
        inverted: dice.chance(0.5),
    }
}

/// Ink from 0 to 1 becomes ink from `(1 - range) / 2` to `(1 + range) / 2`, or the other way round.
pub fn contrast(image: &Image, how: Contrast, out: &mut Image) {
    let slope = if how.inverted { -how.range } else { how.range };
    for (i, out) in out.iter_mut().enumerate() {
        *out = 0.5 + slope * (image[i] - 0.5);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_grain_comes_as_often_as_it_should() {
        let mut dice = Dice::new(7, 7);
        let draws = 4_000;
        let (mut swaps, mut noises, mut salted, mut grains, mut inverted) = (0, 0, 0, 0, 0);
        for _ in 0..draws {
            swaps += usize::from(!draw_swaps(0.5, &mut dice).is_empty());
            noises += usize::from(draw_noise(0.5, &mut dice).is_some());
            let salt = draw_salt(0.5, &mut dice).len();
            (salted, grains) = (salted + usize::from(salt > 0), grains + salt);
            inverted += usize::from(draw_contrast(0.5, &mut dice).inverted);
        }
        let near = |count: usize, share: f64| (count as f64 / draws as f64 - share).abs() < 0.03;
        assert!(near(swaps, 0.2) && near(noises, 0.3) && near(salted, 0.25) && near(inverted, 0.5));
        let share = grains as f64 / (salted * PIXELS) as f64;
        assert!((share - 0.1).abs() < 0.005, "{share}");
    }

    #[test]
    fn exchanged_pixels_are_neighbours_and_none_is_lost() {
        let mut dice = Dice::new(1, 1);
        let swaps = (0..100)
            .map(|_| draw_swaps(0.7, &mut dice))
            .find(|swaps| !swaps.is_empty());
        let swaps = swaps.unwrap_or_default();
        assert!((200..=238).contains(&swaps.len()), "{}", swaps.len());
        for &[a, b] in &swaps {
            let apart = (a % SIDE).abs_diff(b % SIDE) + (a / SIDE).abs_diff(b / SIDE);
            assert_eq!(apart, 1);
        }
        let image: Image = std::array::from_fn(|i| i as f32);
        let mut out = [0.0; PIXELS];
        permute(&image, &swaps, &mut out);
        assert_ne!(out, image);
        out.sort_unstable_by(f32::total_cmp);
        assert_eq!(out, image);
    }

    #[test]
    fn contrast_keeps_the_middle() {
        let image: Image = std::array::from_fn(|i| i as f32 / 1023.0);
        let mut out = [0.0; PIXELS];
        let how = Contrast {
            range: 0.5,
            inverted: true,
        };
        contrast(&image, how, &mut out);
        assert_eq!((out[0], out[1023]), (0.75, 0.25));
        contrast(
            &image,
            Contrast {
                range: 1.0,
                inverted: false,
            },
            &mut out,
        );
        assert!(out.iter().zip(&image).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
