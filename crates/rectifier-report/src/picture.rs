//! Examples and filters as small pictures that stand in the page itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rectifier_data::{DataError, Sheet, draw};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// A PNG file as a data URI, with its size in pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// `data:image/png;base64,..`
    pub uri: String,
    /// Pixels a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Whether numbers of `shape` can be drawn: `[h, w]`, or `[c, h, w]` of one, two or three channels.
pub fn is_picture(shape: &[usize]) -> bool {
    size(shape).is_some()
}

/// Height and width of what [`draw`] makes of `shape`.
fn size(shape: &[usize]) -> Option<(usize, usize)> {
    let (h, w) = match *shape {
        [h, w] | [1 | 3, h, w] => (h, w),
        [2, h, w] => (h, 2 * w),
        _ => return None,
    };
    (h > 0 && w > 0).then_some((h, w))
}

impl Picture {
    /// Draws `numbers` of `shape`, the start of `range` black and its end white.
    ///
    /// # Errors
    /// [`DataError::Picture`] for a shape that is no picture and numbers that do not fill it.
    pub fn new(
        numbers: &[f32],
        shape: &[usize],
        range: &RangeInclusive<f32>,
    ) -> Result<Self, DataError> {
        let (min, max) = (*range.start(), *range.end());
        let sheet = Sheet {
            gap: 0,
            min,
            // One even picture where all numbers are the same.
            max: if max > min { max } else { min + 1.0 },
            ..Sheet::new(1)
        };
        let png = draw(numbers, shape, &sheet)?;
        let (height, width) = size(shape).unwrap_or_default();
        Ok(Self {
            uri: format!("data:image/png;base64,{}", STANDARD.encode(png)),
            width,
            height,
        })
    }

    /// Draws weights of `shape`: zero is mid-grey (each colour for itself), the largest magnitude black or white.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_weights(weights: &[f32], shape: &[usize]) -> Result<Self, DataError> {
        let largest = weights
            .iter()
            .filter(|weight| weight.is_finite())
            .fold(f32::MIN_POSITIVE, |largest, weight| {
                largest.max(weight.abs())
            });
        Self::new(weights, shape, &(-largest..=largest))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rectifier_data::read_png_grey;

    fn pixels(picture: &Picture) -> Vec<f32> {
        let text = picture.uri.strip_prefix("data:image/png;base64,").unwrap();
        let found = read_png_grey(&STANDARD.decode(text).unwrap()).unwrap();
        assert_eq!((found.width, found.height), (picture.width, picture.height));
        found.pixels
    }

    #[test]
    fn a_picture_holds_the_numbers() {
        let picture = Picture::new(&[-1.0, 0.0, 1.0, -1.0], &[2, 2], &(-1.0..=1.0)).unwrap();
        let found = pixels(&picture);
        assert_eq!((found[0], found[2], found[3]), (0.0, 1.0, 0.0));
        assert!((found[1] - 0.5).abs() < 0.01);
        // Two channels stand side by side.
        let pair = Picture::new(&[0.0, 1.0], &[2, 1, 1], &(0.0..=1.0)).unwrap();
        assert_eq!(pixels(&pair), [0.0, 1.0]);
        let colour = Picture::new(&[1.0, 0.0, 0.0], &[3, 1, 1], &(0.0..=1.0)).unwrap();
        assert!((pixels(&colour)[0] - 0.299).abs() < 0.01);
    }

    #[test]
    fn weights_are_grey_at_zero_whatever_their_size() {
        let found = pixels(&Picture::of_weights(&[0.0, 1e-3, -5e-4], &[1, 3]).unwrap());
        assert!((found[0] - 0.5).abs() < 0.01 && found[1] == 1.0);
        assert!((found[2] - 0.25).abs() < 0.01);
        let flat = pixels(&Picture::of_weights(&[0.0, 0.0], &[1, 2]).unwrap());
        assert!((flat[0] - 0.5).abs() < 0.01);
    }

    #[test]
    fn only_pictures_are_drawn() {
        assert!(is_picture(&[28, 28]) && is_picture(&[3, 32, 32]) && is_picture(&[2, 32, 32]));
        assert!(!is_picture(&[5000]) && !is_picture(&[4, 8, 8]) && !is_picture(&[0, 3]));
        assert!(Picture::new(&[0.0], &[1], &(0.0..=1.0)).is_err());
    }
}
