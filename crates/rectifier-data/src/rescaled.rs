//! Inputs brought from one range to another.

use crate::{Batch, DataError, Examples, Split};
use std::sync::Arc;

/// The same examples, each number `x` as `scale x + offset`: for networks that take the same pictures in another range.
///
/// ```
/// use rectifier_data::{Batch, Examples, Rescaled, Samples};
/// use std::sync::Arc;
///
/// let grey = Samples::from_f32(vec![0.0, 0.5, 1.0], vec![0], &[3], 1)?;
/// let rescaled = Rescaled::new(Arc::new(grey), [0.0, 1.0], [-1.0, 1.0]);
/// let mut batch = Batch::default();
/// rescaled.gather(&[0], &mut batch)?;
/// assert_eq!(batch.inputs, [-1.0, 0.0, 1.0]);
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
pub struct Rescaled {
    examples: Arc<dyn Examples>,
    scale: f32,
    offset: f32,
}

impl Rescaled {
    /// `examples`, whose numbers lie in the range `from`, in the range `to`.
    pub fn new(examples: Arc<dyn Examples>, from: [f32; 2], to: [f32; 2]) -> Self {
        let scale = (to[1] - to[0]) / (from[1] - from[0]);
        Self {
            examples,
            scale,
            offset: to[0] - scale * from[0],
        }
    }

    /// Every part of `split`, likewise.
    pub fn split(split: &Split, from: [f32; 2], to: [f32; 2]) -> Split {
        let part = |examples: &Arc<dyn Examples>| -> Arc<dyn Examples> {
            Arc::new(Self::new(examples.clone(), from, to))
        };
        Split {
            train: part(&split.train),
            valid: part(&split.valid),
            test: part(&split.test),
            unlabelled: split.unlabelled.as_ref().map(part),
        }
    }
}

impl Examples for Rescaled {
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
        match self.examples.is_sparse() {
            false => self.examples.gather(indices, batch)?,
            // What was 0 need not be 0 any more.
            true => {
                let mut sparse = Batch::default();
                self.examples.gather(indices, &mut sparse)?;
                batch.dense_rows()?.extend_from_slice(&sparse.dense());
                batch.labels.extend_from_slice(&sparse.labels);
            }
        }
        for x in &mut batch.inputs[before..] {
            *x = self.scale * *x + self.offset;
        }
        Ok(())
    }

    fn labels(&self) -> Result<Vec<u32>, DataError> {
        self.examples.labels()
    }

    fn renewed(&self, epoch: usize) -> Option<Arc<dyn Examples>> {
        let examples = self.examples.renewed(epoch)?;
        let (scale, offset) = (self.scale, self.offset);
        Some(Arc::new(Self {
            examples,
            scale,
            offset,
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Samples, SparseRows, SparseSamples};

    #[test]
    fn every_number_is_moved_and_batches_are_appended_to() {
        let dense = Samples::from_f32(vec![0.0, 255.0, 51.0, 0.0], vec![1, 0], &[2], 2).unwrap();
        let rescaled = Rescaled::new(Arc::new(dense), [0.0, 255.0], [-1.0, 1.0]);
        let mut batch = Batch::default();
        rescaled.gather(&[1], &mut batch).unwrap();
        rescaled.gather(&[0, 1], &mut batch).unwrap();
        let expected = [-0.6, -1.0, -1.0, 1.0, -0.6, -1.0];
        let near = batch
            .inputs
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near && batch.inputs.len() == 6, "{:?}", batch.inputs);
        assert_eq!(
            (batch.labels, rescaled.labels().unwrap()),
            (vec![0, 1, 0], vec![1, 0])
        );
        assert_eq!(
            (rescaled.len(), rescaled.shape(), rescaled.classes()),
            (2, &[2][..], 2)
        );
    }

    #[test]
    fn sparse_rows_become_dense() {
        let mut rows = SparseRows::empty(3);
        rows.push(&[1], &[1.0]).unwrap();
        let sparse = SparseSamples::new(rows, vec![0], 1).unwrap();
        let rescaled = Rescaled::new(Arc::new(sparse), [0.0, 1.0], [2.0, 4.0]);
        assert!(!rescaled.is_sparse());
        let mut batch = Batch::default();
        rescaled.gather(&[0], &mut batch).unwrap();
        assert_eq!(batch.inputs, [2.0, 4.0, 2.0]);
    }
}
