//! Labelled examples that are resident as sparse rows.

use crate::{Batch, DataError, Examples, SparseRows};

/// A resident set of sparse rows: a batch is gathered as sparse rows too, so that no dense matrix of the set is ever
/// made.
///
/// ```
/// use rectifier_data::{Batch, Examples, SparseRows, SparseSamples};
///
/// let rows = SparseRows::new(5000, vec![0, 2, 3], vec![7, 4999, 0], vec![1.0; 3])?;
/// let set = SparseSamples::new(rows, vec![4, 0], 5)?;
/// let mut batch = Batch::default();
/// set.gather(&[1, 0], &mut batch)?;
/// assert!(batch.inputs.is_empty());
/// assert_eq!(batch.sparse.as_ref().map(|rows| rows.columns()), Some(&[0, 7, 4999][..]));
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SparseSamples {
    rows: SparseRows,
    labels: Vec<u32>,
    shape: [usize; 1],
    classes: usize,
}

impl SparseSamples {
    /// A set of one row and one label an example.
    ///
    /// # Errors
    /// [`DataError::Length`] where there are not as many labels as rows, [`DataError::Label`] for a label that is not
    /// below `classes`.
    pub fn new(rows: SparseRows, labels: Vec<u32>, classes: usize) -> Result<Self, DataError> {
        let shape = [rows.width()];
        if rows.len() != labels.len() {
            return Err(DataError::Length {
                values: rows.len().saturating_mul(rows.width()),
                examples: labels.len(),
                shape: shape.to_vec(),
            });
        }
        let wrong = |&label: &u32| label as usize >= classes;
        if let Some(example) = labels.iter().position(wrong) {
            return Err(DataError::Label {
                example,
                label: labels[example],
                classes,
            });
        }
        Ok(Self {
            rows,
            labels,
            shape,
            classes,
        })
    }

    /// The rows of all examples.
    pub fn rows(&self) -> &SparseRows {
        &self.rows
    }

    /// The label of an example; `None` past the end.
    pub fn label(&self, index: usize) -> Option<u32> {
        self.labels.get(index).copied()
    }
}

impl Examples for SparseSamples {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn is_sparse(&self) -> bool {
        true
    }

    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        batch
            .sparse_rows(self.rows.width())?
            .extend(&self.rows, indices)?;
        batch
            .labels
            .extend(indices.iter().map(|&index| self.labels[index]));
        Ok(())
    }

    fn labels(&self) -> Result<Vec<u32>, DataError> {
        Ok(self.labels.clone())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Samples, Subset};
    use std::sync::Arc;

    const DENSE: [f32; 12] = [0., 1., 0., 0., 0., 0., 0., 0., 2., 0., 0., 3.];

    fn set() -> SparseSamples {
        let rows = SparseRows::new(4, vec![0, 1, 1, 3], vec![1, 0, 3], vec![1.0, 2.0, 3.0]);
        SparseSamples::new(rows.unwrap(), vec![2, 0, 1], 3).unwrap()
    }

    #[test]
    fn a_gather_appends_rows_in_the_order_asked_and_reuses_the_buffers() {
        let set = set();
        assert!(
            set.is_sparse()
                && !Samples::from_f32(vec![], vec![], &[1], 1)
                    .unwrap()
                    .is_sparse()
        );
        let mut batch = Batch::default();
        set.gather(&[2], &mut batch).unwrap();
        set.gather(&[0], &mut batch).unwrap();
        assert_eq!(batch.dense(), [&DENSE[8..], &DENSE[..4]].concat());
        assert_eq!((batch.labels.as_slice(), batch.width()), (&[1, 2][..], 4));
        let place = batch.sparse.as_ref().unwrap().columns().as_ptr();
        batch.clear();
        set.gather(&[2], &mut batch).unwrap();
        assert_eq!(batch.sparse.as_ref().unwrap().columns().as_ptr(), place);
        assert_eq!(batch.dense().as_ref(), &DENSE[8..]);
        assert_eq!(batch.len(), 1);
    }

    #[cfg(feature = "burn")]
    #[test]
    fn a_batch_densifies_on_the_device_and_as_items() {
        use crate::AsDataset;
        use burn::tensor::Device;
        use burn_dataset::Dataset;

        let device = Device::flex();
        let mut batch = Batch::default();
        set().gather(&[0, 1, 2], &mut batch).unwrap();
        let inputs = batch.inputs_tensor(4, &device);
        assert_eq!(inputs.dims(), [3, 4]);
        assert_eq!(inputs.into_data().try_to_vec::<f32>().unwrap(), DENSE);
        let items = AsDataset(set());
        assert_eq!(items.get(2).unwrap().input, DENSE[8..]);
        assert_eq!(items.get_many(vec![0, 1]).unwrap()[0].input, DENSE[..4]);
        assert!(items.get(3).is_err());
        assert_eq!(
            Samples::collect(&set()).unwrap(),
            Samples::from_f32(DENSE.to_vec(), vec![2, 0, 1], &[4], 3).unwrap()
        );
    }

    #[test]
    fn views_stay_sparse() {
        let whole: Arc<dyn Examples> = Arc::new(set());
        let part = Subset::list(whole.clone(), vec![2, 0]).unwrap();
        assert!(whole.is_sparse() && part.is_sparse());
        let mut batch = Batch::default();
        part.gather(&[0], &mut batch).unwrap();
        assert_eq!(
            batch.sparse.unwrap().row(0),
            Some((&[0, 3][..], &[2.0, 3.0][..]))
        );
    }

    #[test]
    fn wrong_sets_indices_and_mixtures_are_refused() {
        let rows = || SparseRows::new(4, vec![0, 0, 0], vec![], vec![]).unwrap();
        assert!(matches!(
            SparseSamples::new(rows(), vec![0], 1),
            Err(DataError::Length { .. })
        ));
        assert!(matches!(
            SparseSamples::new(rows(), vec![0, 1], 1),
            Err(DataError::Label { example: 1, .. })
        ));
        let mut batch = Batch::default();
        assert!(matches!(
            set().gather(&[0, 3], &mut batch),
            Err(DataError::Index { index: 3, len: 3 })
        ));
        assert!(batch.is_empty());
        let dense = Samples::from_f32(vec![0.0; 4], vec![0], &[4], 3).unwrap();
        dense.gather(&[0], &mut batch).unwrap();
        let error = set().gather(&[0], &mut batch).unwrap_err().to_string();
        assert!(error.contains("dense"), "{error}");
        // A buffer that is cleared serves a set of the other kind, or of another width, too.
        batch.clear();
        set().gather(&[0], &mut batch).unwrap();
        assert!(dense.gather(&[0], &mut batch).is_err());
        batch.clear();
        dense.gather(&[0], &mut batch).unwrap();
        assert_eq!((batch.width(), batch.sparse), (4, None));
    }
}
