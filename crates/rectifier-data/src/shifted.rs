//! Pictures moved a little, at random: more data from the same data.

use crate::random::{stream, subseed};
use crate::{Batch, DataError, Examples};
use rand::RngExt;
use std::sync::Arc;

/// The same pictures, each moved by up to so many pixels along both axes; how far is a function of a seed and of the
/// example. What moves in is the picture's border once more, and planes of colour move together.
///
/// ```
/// use rectifier_data::{Batch, Examples, Samples, Shifted};
/// use std::sync::Arc;
///
/// let dot = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
/// let picture = Samples::from_f32(dot.to_vec(), vec![0], &[3, 3], 1)?;
/// let moved = Shifted::new(Arc::new(picture), 1, 7)?;
/// let mut batch = Batch::default();
/// moved.gather(&[0], &mut batch)?;
/// assert_eq!(batch.inputs.iter().sum::<f32>(), 1.0);
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
pub struct Shifted {
    examples: Arc<dyn Examples>,
    pixels: usize,
    seed: u64,
}

impl Shifted {
    /// `examples`, moved by 0 to `pixels` pixels up or down and left or right, by the draws of `seed`.
    ///
    /// # Errors
    /// [`DataError::NoPictures`] for inputs that are not rows and columns of pixels, and [`DataError::Shift`] for as many
    /// pixels as there are rows or columns.
    pub fn new(examples: Arc<dyn Examples>, pixels: usize, seed: u64) -> Result<Self, DataError> {
        Self::check(examples.shape(), examples.is_sparse(), pixels)?;
        Ok(Self {
            examples,
            pixels,
            seed,
        })
    }

    /// Whether examples of this shape can be moved so.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn check(shape: &[usize], sparse: bool, pixels: usize) -> Result<(), DataError> {
        match (shape, sparse) {
            (&([height, width] | [_, height, width]), false) => match pixels < height.min(width) {
                true => Ok(()),
                false => Err(DataError::Shift {
                    pixels,
                    height,
                    width,
                }),
            },
            (shape, _) => Err(DataError::NoPictures {
                shape: shape.to_vec(),
            }),
        }
    }

    /// By how many rows and columns example `index` is moved.
    fn shift(&self, index: usize) -> [i64; 2] {
        let most = i64::try_from(self.pixels).unwrap_or(i64::MAX);
        let mut draw = stream(self.seed, &[index as u64]);
        [(); 2].map(|()| draw.random_range(-most..=most))
    }
}

/// Moves each of `planes`, rows of `width` numbers, down by `rows` and right by `columns`.
fn shift(planes: &mut [f32], [height, width]: [usize; 2], [rows, columns]: [i64; 2]) {
    let from = |place: usize, by: i64, side: usize| {
        (place as i64).saturating_sub(by).clamp(0, side as i64 - 1) as usize
    };
    let mut still = Vec::with_capacity(height * width);
    for plane in planes.chunks_exact_mut(height * width) {
        still.clear();
        still.extend_from_slice(plane);
        for (row, line) in plane.chunks_exact_mut(width).enumerate() {
            let source = &still[width * from(row, rows, height)..][..width];
            for (column, pixel) in line.iter_mut().enumerate() {
                *pixel = source[from(column, columns, width)];
            }
        }
    }
}

impl Examples for Shifted {
    fn len(&self) -> usize {
        self.examples.len()
    }

    fn shape(&self) -> &[usize] {
        self.examples.shape()
    }

    fn classes(&self) -> usize {
        self.examples.classes()
    }

    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        let before = batch.inputs.len();
        self.examples.gather(indices, batch)?;
        let &[.., height, width] = self.shape() else {
            return Ok(());
        };
        let pictures = batch.inputs[before..].chunks_exact_mut(self.width().max(1));
        for (picture, &index) in pictures.zip(indices) {
            match self.shift(index) {
                [0, 0] => {}
                by => shift(picture, [height, width], by),
            }
        }
        Ok(())
    }

    fn labels(&self) -> Result<Vec<u32>, DataError> {
        self.examples.labels()
    }

    fn renewed(&self, epoch: usize) -> Option<Arc<dyn Examples>> {
        let examples = self.examples.renewed(epoch)?;
        let (pixels, seed) = (self.pixels, subseed(self.seed, &[epoch as u64]));
        Some(Arc::new(Self {
            examples,
            pixels,
            seed,
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Samples, SparseRows, SparseSamples};
    use std::collections::BTreeSet;

    #[test]
    fn pixels_go_down_and_right_and_borders_repeat() {
        // Two planes of two rows and three columns.
        let mut planes: Vec<f32> = (1..=12).map(|k| k as f32).collect();
        shift(&mut planes, [2, 3], [1, -1]);
        assert_eq!(
            planes,
            [2.0, 3.0, 3.0, 2.0, 3.0, 3.0, 8.0, 9.0, 9.0, 8.0, 9.0, 9.0]
        );
        shift(&mut planes, [2, 3], [-9, 9]);
        assert_eq!(planes[..6], [2.0; 6]);
    }

    #[test]
    fn each_example_moves_by_its_seed_wherever_it_is_asked_for() {
        let count = 200;
        let mut values = vec![0.0; 25 * count];
        for picture in values.chunks_exact_mut(25) {
            picture[12] = 1.0;
        }
        let labels: Vec<u32> = (0..count as u32).map(|k| k % 3).collect();
        let set = Arc::new(Samples::from_f32(values, labels.clone(), &[5, 5], 3).unwrap());
        let gathered = |pixels, seed, indices: &[usize]| {
            let mut batch = Batch::default();
            let moved = Shifted::new(set.clone(), pixels, seed).unwrap();
            // It does not renew what is not renewed.
            assert!(moved.renewed(0).is_none());
            moved.gather(indices, &mut batch).unwrap();
            (batch.inputs, batch.labels)
        };
        let all: Vec<usize> = (0..count).collect();
        let (inputs, same) = gathered(1, 7, &all);
        assert_eq!(same, labels);
        let places: BTreeSet<usize> = inputs
            .chunks_exact(25)
            .map(|picture| picture.iter().position(|x| *x == 1.0).unwrap())
            .collect();
        // Every one of the nine places, and no other.
        let near: BTreeSet<usize> = [6, 7, 8, 11, 12, 13, 16, 17, 18].into();
        assert_eq!(places, near);
        assert_eq!(gathered(1, 7, &[41]).0, inputs[25 * 41..][..25]);
        assert_ne!(gathered(1, 8, &all).0, inputs);
        assert_eq!(gathered(0, 7, &all).0, gathered(0, 8, &all).0);
    }

    /// Pictures of one bright pixel, as bright as the epoch's number.
    struct Stream(Samples);

    impl Stream {
        fn of(epoch: usize) -> Self {
            let mut values = vec![0.0; 40 * 9];
            values
                .iter_mut()
                .skip(4)
                .step_by(9)
                .for_each(|x| *x = 1.0 + epoch as f32);
            Self(Samples::from_f32(values, vec![0; 40], &[3, 3], 1).unwrap())
        }
    }

    impl Examples for Stream {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn shape(&self) -> &[usize] {
            self.0.shape()
        }

        fn classes(&self) -> usize {
            1
        }

        fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
            self.0.gather(indices, batch)
        }

        fn renewed(&self, epoch: usize) -> Option<Arc<dyn Examples>> {
            Some(Arc::new(Self::of(epoch)))
        }
    }

    #[test]
    fn a_stream_is_renewed_and_moved_otherwise_in_every_epoch() {
        let moved = Shifted::new(Arc::new(Stream::of(0)), 1, 7).unwrap();
        let places = |epoch: usize| -> Vec<usize> {
            let mut batch = Batch::default();
            let all: Vec<usize> = (0..40).collect();
            moved
                .renewed(epoch)
                .unwrap()
                .gather(&all, &mut batch)
                .unwrap();
            let bright = 1.0 + epoch as f32;
            let pictures = batch.inputs.chunks_exact(9);
            pictures
                .map(|picture| picture.iter().position(|x| *x == bright).unwrap())
                .collect()
        };
        assert_eq!(places(3), places(3));
        assert_ne!(places(3), places(4));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let table = Samples::from_f32(vec![0.0; 4], vec![0, 1], &[2], 2).unwrap();
        let error = Shifted::new(Arc::new(table), 1, 0).err().unwrap();
        assert!(error.to_string().contains("[2]"), "{error}");
        let small = || Arc::new(Samples::from_f32(vec![0.0; 6], vec![0], &[2, 3], 1).unwrap());
        assert!(Shifted::new(small(), 1, 0).is_ok());
        for pixels in [2, 3, usize::MAX] {
            let error = Shifted::new(small(), pixels, 0).err().unwrap().to_string();
            assert!(error.contains("at most 1"), "{error}");
        }
        let mut rows = SparseRows::empty(4);
        rows.push(&[1], &[1.0]).unwrap();
        let words = SparseSamples::new(rows, vec![0], 1).unwrap();
        assert!(Shifted::new(Arc::new(words), 1, 0).is_err());
    }
}
