//! What a network sees of a picture, and what is odd about it.

use serde::{Deserialize, Serialize};

use super::Pixels;
use crate::{DataError, Encoder, Hint, Picture, Raster};

/// From this ratio of the ratios of sides on, a picture counts as stretched.
const STRETCHED: f64 = 1.25;

/// How a picture of another size comes to the network's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resize {
    /// Each axis by itself ([`Picture::resize`]).
    #[default]
    Stretch,
    /// The largest part of the right ratio in its middle, resized.
    Crop,
}

impl Pixels {
    /// A picture's numbers, and what is odd about it.
    ///
    /// # Errors
    /// As [`Picture::resize`].
    pub fn prepare(&self, raster: Raster) -> Result<(Vec<f32>, Vec<Hint>), DataError> {
        let mut hints = Vec::new();
        if self.ground.is_none() && raster.is_transparent() {
            hints.push(Hint::NoGround);
        }
        let size = (raster.width, raster.height);
        let taken = (self.width, self.height);
        if self.resize == Resize::Stretch {
            let ratio = |(width, height): (usize, usize)| width as f64 / height as f64;
            let stretch = ratio(size) / ratio(taken);
            if !(1.0 / STRETCHED..=STRETCHED).contains(&stretch) {
                hints.push(Hint::Aspect { size, taken });
            }
        }
        let pictures = raster
            .on_ground(self.ground.unwrap_or(1.0))
            .into_pictures(self.colour);
        let mut numbers = Vec::with_capacity(self.width());
        let (low, high) = self.range;
        let mut border = 0.0;
        for picture in &pictures {
            let picture = match self.resize {
                Resize::Stretch => picture.resize(self.width, self.height)?,
                Resize::Crop => self.middle(picture).resize(self.width, self.height)?,
            };
            let picture = if self.invert {
                picture.inverted()
            } else {
                picture
            };
            border += bright(&picture) / pictures.len() as f32;
            numbers.extend(picture.pixels.iter().map(|&value| match (low, high) {
                (0.0, 1.0) => value,
                _ => low + value * (high - low),
            }));
        }
        match self.bright_border {
            Some(false) if border > 0.6 => hints.push(Hint::BrightBorder),
            Some(true) if border < 0.4 => hints.push(Hint::DarkBorder),
            _ => {}
        }
        Ok((numbers, hints))
    }

    /// The largest part of the network's ratio in the middle of a picture.
    fn middle(&self, picture: &Picture) -> Picture {
        let (width, height) = (picture.width, picture.height);
        // In u128, so that no product is too large.
        let fit = |side: usize, to: usize, from: usize| {
            let length = side as u128 * to as u128 / from.max(1) as u128;
            usize::try_from(length).unwrap_or(usize::MAX).max(1)
        };
        let kept_width = width.min(fit(height, self.width, self.height));
        let kept_height = height.min(fit(width, self.height, self.width));
        let (left, top) = ((width - kept_width) / 2, (height - kept_height) / 2);
        let rows = picture.pixels.chunks_exact(width.max(1));
        let kept = rows.skip(top).take(kept_height);
        Picture {
            width: kept_width,
            height: kept_height,
            pixels: kept
                .flat_map(|row| row[left..left + kept_width].iter().copied())
                .collect(),
        }
    }
}

/// The mean of the outermost pixels.
fn bright(picture: &Picture) -> f32 {
    let (width, height) = (picture.width, picture.height);
    let outer = picture.pixels.iter().enumerate().filter(|(place, _)| {
        let (x, y) = (place % width, place / width);
        x == 0 || y == 0 || x + 1 == width || y + 1 == height
    });
    let (sum, count) = outer.fold((0.0, 0), |(sum, count), (_, value)| {
        (sum + value, count + 1)
    });
    sum / count.max(1) as f32
}

/// How bright the border of a picture is, as it comes to a network: 0 black to 1 white.
pub fn border_of(numbers: &[f32], pixels: &Pixels) -> f32 {
    let (low, high) = pixels.range;
    let planes = numbers.chunks_exact(pixels.width * pixels.height);
    let count = planes.len().max(1) as f32;
    planes
        .map(|plane| {
            let picture = Picture {
                width: pixels.width,
                height: pixels.height,
                pixels: plane
                    .iter()
                    .map(|value| (value - low) / (high - low))
                    .collect(),
            };
            bright(&picture) / count
        })
        .sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn grey(width: usize, height: usize, pixels: &[f32]) -> Raster {
        Raster {
            width,
            height,
            planes: vec![pixels.to_vec()],
            alpha: None,
        }
    }

    #[test]
    fn numbers_are_scaled_inverted_and_hinted() {
        let pixels = Pixels::new(2, 2, false).unwrap();
        let raster = || grey(2, 2, &[0.0, 1.0, 0.5, 1.0]);
        let (numbers, hints) = pixels.prepare(raster()).unwrap();
        assert_eq!((numbers, hints), (vec![0.0, 1.0, 0.5, 1.0], vec![]));
        let wide = pixels
            .clone()
            .with_range((-1.0, 1.0))
            .unwrap()
            .with_invert(true);
        let (numbers, _) = wide.prepare(raster()).unwrap();
        assert_eq!(numbers, [1.0, -1.0, 0.0, -1.0]);
        let dark = pixels.clone().with_bright_border(Some(false));
        assert_eq!(dark.prepare(raster()).unwrap().1, [Hint::BrightBorder]);
        assert_eq!(dark.with_invert(true).prepare(raster()).unwrap().1, []);
        let clear = Raster {
            alpha: Some(vec![0.0; 4]),
            ..raster()
        };
        let (numbers, hints) = pixels.prepare(clear.clone()).unwrap();
        assert_eq!((numbers, hints), (vec![1.0; 4], vec![Hint::NoGround]));
        let black = pixels.clone().with_ground(Some(0.0));
        assert_eq!(black.prepare(clear).unwrap(), (vec![0.0; 4], vec![]));
        let (_, hints) = pixels.prepare(grey(4, 1, &[0.0; 4])).unwrap();
        assert_eq!(
            hints,
            [Hint::Aspect {
                size: (4, 1),
                taken: (2, 2)
            }]
        );
    }

    #[test]
    fn a_border_is_the_outermost_pixels_on_all_four_sides() {
        let pixels = (0..12u8).map(f32::from).collect();
        let picture = Picture {
            width: 3,
            height: 4,
            pixels,
        };
        // All but 4 and 7.
        assert_eq!(bright(&picture), 5.5);
    }

    #[test]
    fn the_middle_is_cropped() {
        let crop = Pixels::new(1, 2, false).unwrap().with_resize(Resize::Crop);
        let (numbers, hints) = crop.prepare(grey(4, 1, &[9.0, 1.0, 2.0, 9.0])).unwrap();
        assert_eq!((numbers, hints), (vec![1.0, 2.0], vec![]));
        let (numbers, _) = crop
            .prepare(grey(2, 3, &[9.0, 9.0, 1.0, 2.0, 9.0, 9.0]))
            .unwrap();
        assert_eq!(numbers, [1.0, 2.0]);
    }

    proptest! {
        #[test]
        fn every_picture_has_the_networks_numbers(
            (w, h) in (1usize..12, 1usize..12),
            (to_w, to_h) in (1usize..12, 1usize..12),
            (colour, crop) in (any::<bool>(), any::<bool>()),
        ) {
            let pixels = Pixels::new(to_h, to_w, colour).unwrap();
            let pixels = pixels.with_resize(if crop { Resize::Crop } else { Resize::Stretch });
            let (numbers, _) = pixels.prepare(grey(w, h, &vec![0.5; w * h])).unwrap();
            prop_assert_eq!(numbers.len(), pixels.width());
            prop_assert!(numbers.iter().all(|value| (value - 0.5).abs() < 1e-4));
        }
    }
}
