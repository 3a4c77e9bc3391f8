//! A plane of a picture, at the size a network takes.

use crate::DataError;

/// A grey picture, or one colour of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// How many pixels a row has.
    pub width: usize,
    /// How many rows there are.
    pub height: usize,
    /// Row after row from the top, 0 black to 1 white.
    pub pixels: Vec<f32>,
}

/// Larger pictures are refused before memory is reserved for them.
pub(crate) const MAX_PIXELS: usize = 1 << 24;
fn too_large(width: usize, height: usize) -> DataError {
    DataError::Picture(format!(
        "a picture of {width}x{height} pixels: at least 1 and at most {MAX_PIXELS} can be handled; make it smaller"
    ))
}

pub(crate) fn check_size(width: usize, height: usize) -> Result<(), DataError> {
    match width.checked_mul(height) {
        Some(1..=MAX_PIXELS) => Ok(()),
        _ => Err(too_large(width, height)),
    }
}

impl Picture {
    /// The picture at another size: where an axis shrinks, each new pixel is the mean of the area it covers; where it
    /// grows, values are interpolated between the centres of pixels (bilinear) and constant beyond the outermost.
    ///
    /// # Errors
    /// [`DataError::Picture`] for a size of no pixels or of more than 2^24, and for a picture whose `pixels` are not
    /// `width * height`.
    pub fn resize(&self, width: usize, height: usize) -> Result<Self, DataError> {
        check_size(width, height)?;
        check_size(self.width, self.height)?;
        check_size(width, self.height)?;
        if self.pixels.len() != self.width * self.height {
            let (found, w, h) = (self.pixels.len(), self.width, self.height);
            return Err(DataError::Picture(format!(
                "a picture of {w}x{h} with {found} pixels"
            )));
        }
        let across = taps(self.width, width);
        let mut rows = Vec::with_capacity(width * self.height);
        for row in self.pixels.chunks_exact(self.width) {
            let blend = |tap: &Tap| tap.blend(|place| row[place]);
            rows.extend(across.iter().map(blend));
        }
        let mut pixels = Vec::with_capacity(width * height);
        for tap in taps(self.height, height) {
            pixels.extend((0..width).map(|x| tap.blend(|y| rows[y * width + x])));
        }
        Ok(Self {
            width,
            height,
            pixels,
        })
    }

    /// Black for white: for networks that learned light strokes on dark ground, from pictures of ink on paper.
    pub fn inverted(mut self) -> Self {
        for pixel in &mut self.pixels {
            *pixel = 1.0 - *pixel;
        }
        self
    }
}

/// Which old values make one new value along an axis: a run of places from `first` on, and their weights.
struct Tap {
    first: usize,
    weights: Vec<f32>,
}

impl Tap {
    fn blend(&self, value: impl Fn(usize) -> f32) -> f32 {
        let weighted = self.weights.iter().enumerate();
        weighted
            .map(|(offset, weight)| weight * value(self.first + offset))
            .sum()
    }
}

fn taps(from: usize, to: usize) -> Vec<Tap> {
    let ratio = from as f64 / to as f64;
    let area = |place: usize| {
        let (start, end) = (place as f64 * ratio, (place + 1) as f64 * ratio);
        let first = (start.floor() as usize).min(from - 1);
        let last = (end.ceil() as usize).clamp(first + 1, from);
        let covered = |old: usize| (end.min((old + 1) as f64) - start.max(old as f64)).max(0.0);
        let weights = (first..last)
            .map(|old| (covered(old) / ratio) as f32)
            .collect();
        Tap { first, weights }
    };
    let line = |place: usize| {
        let centre = ((place as f64 + 0.5) * ratio - 0.5).clamp(0.0, (from - 1) as f64);
        let first = centre.floor() as usize;
        let beyond = (centre - first as f64) as f32;
        let weights = match first + 1 < from {
            true => vec![1.0 - beyond, beyond],
            false => vec![1.0],
        };
        Tap { first, weights }
    };
    match to < from {
        true => (0..to).map(area).collect(),
        false => (0..to).map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn near(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
        }
    }

    fn row(pixels: &[f32]) -> Picture {
        Picture {
            width: pixels.len(),
            height: 1,
            pixels: pixels.to_vec(),
        }
    }

    #[test]
    fn shrinking_averages_and_growing_interpolates() {
        let resized = |pixels: &[f32], width| row(pixels).resize(width, 1).unwrap().pixels;
        near(&resized(&[0.0, 1.0, 0.5, 0.1], 2), &[0.5, 0.3]);
        near(&resized(&[0.3, 0.6, 0.9], 2), &[0.4, 0.8]);
        near(&resized(&[0.0, 1.0], 4), &[0.0, 0.25, 0.75, 1.0]);
        near(&resized(&[0.7], 3), &[0.7; 3]);
        let square = Picture {
            width: 2,
            height: 2,
            pixels: vec![0.0, 0.2, 0.4, 1.0],
        };
        near(&square.resize(1, 1).unwrap().pixels, &[0.4]);
        near(
            &square.resize(1, 4).unwrap().pixels,
            &[0.1, 0.25, 0.55, 0.7],
        );
        near(&square.clone().inverted().pixels, &[1.0, 0.8, 0.6, 0.0]);
    }

    proptest! {
        #[test]
        fn resizing_stays_within_the_picture(
            (w, h) in (1usize..20, 1usize..20),
            (to_w, to_h) in (1usize..40, 1usize..40),
            seed in any::<u64>(),
        ) {
            let value = |place: u64| (crate::random::mix(seed ^ place) >> 40) as f32 / (1 << 24) as f32;
            let pixels: Vec<f32> = (0..(w * h) as u64).map(value).collect();
            let picture = Picture { width: w, height: h, pixels };
            prop_assert_eq!(&picture.resize(w, h).unwrap(), &picture);
            let resized = picture.resize(to_w, to_h).unwrap();
            prop_assert_eq!(resized.pixels.len(), to_w * to_h);
            let lowest = picture.pixels.iter().copied().fold(f32::INFINITY, f32::min);
            let highest = picture.pixels.iter().copied().fold(0.0, f32::max);
            let within = |p: &f32| (lowest - 1e-5..=highest + 1e-5).contains(p);
            prop_assert!(resized.pixels.iter().all(within));
            if to_w <= w && to_h <= h {
                let mean = |p: &Picture| p.pixels.iter().sum::<f32>() / p.pixels.len() as f32;
                prop_assert!((mean(&resized) - mean(&picture)).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn impossible_sizes_are_refused() {
        for (width, height) in [(0, 1), (1, 0), (usize::MAX, 2), (5000, 5000)] {
            assert!(row(&[0.0]).resize(width, height).is_err());
        }
        let broken = Picture {
            width: 2,
            height: 2,
            pixels: vec![0.0],
        };
        assert!(broken.resize(1, 1).is_err());
    }
}
