//! Labelled examples that batches are gathered from, by index.

use std::borrow::Cow;
use std::ops::Range;

use crate::{DataError, SparseRows};

/// A batch on the host: `labels.len()` rows of one example each, row after row in one buffer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Inputs, `[len, width]`, row-major; empty where the rows are sparse.
    pub inputs: Vec<f32>,
    /// One class a row.
    pub labels: Vec<u32>,
    /// The inputs of sparse examples ([`Examples::is_sparse`]); `None` where they are in `inputs`.
    pub sparse: Option<SparseRows>,
}

impl Batch {
    /// How many examples the batch holds.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether the batch holds no example.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Forgets the examples and keeps the memory.
    pub fn clear(&mut self) {
        self.inputs.clear();
        self.labels.clear();
        if let Some(rows) = &mut self.sparse {
            rows.clear();
        }
    }

    /// How many numbers a row has, zeros included; 0 where there is no row.
    pub fn width(&self) -> usize {
        match &self.sparse {
            Some(rows) => rows.width(),
            None => self.inputs.len() / self.len().max(1),
        }
    }

    /// The inputs as `[len, width]`, row-major: `inputs` itself, or the sparse rows with their zeros.
    pub fn dense(&self) -> Cow<'_, [f32]> {
        match &self.sparse {
            Some(rows) => Cow::Owned(rows.to_dense()),
            None => Cow::Borrowed(&self.inputs),
        }
    }

    /// A copy of some of the examples; of none that lie past the end.
    pub fn part(&self, rows: Range<usize>) -> Self {
        let end = rows.end.min(self.len());
        let rows = rows.start.min(end)..end;
        let width = match &self.sparse {
            Some(_) => 0,
            None => self.width(),
        };
        Self {
            inputs: self.inputs[rows.start * width..rows.end * width].to_vec(),
            labels: self.labels[rows.clone()].to_vec(),
            sparse: self.sparse.as_ref().map(|sparse| sparse.part(rows)),
        }
    }

    /// Where dense examples append their rows.
    ///
    /// # Errors
    /// [`DataError::Mixed`] where the batch holds sparse rows.
    pub fn dense_rows(&mut self) -> Result<&mut Vec<f32>, DataError> {
        match self.sparse.take() {
            Some(rows) if !rows.is_empty() => {
                self.sparse = Some(rows);
                Err(DataError::Mixed)
            }
            _ => Ok(&mut self.inputs),
        }
    }

    /// Where sparse examples of `width` numbers append their rows.
    ///
    /// # Errors
    /// [`DataError::Mixed`] where the batch holds dense rows.
    pub fn sparse_rows(&mut self, width: usize) -> Result<&mut SparseRows, DataError> {
        if !self.inputs.is_empty() {
            return Err(DataError::Mixed);
        }
        let fits = |rows: &SparseRows| rows.width() == width || !rows.is_empty();
        let rows = self.sparse.take().filter(fits);
        Ok(self
            .sparse
            .insert(rows.unwrap_or_else(|| SparseRows::empty(width))))
    }
}

/// Examples addressed by index: resident in memory, or made on demand.
pub trait Examples: Send + Sync {
    /// How many examples there are.
    fn len(&self) -> usize;

    /// Whether there is no example.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape of one input, without a batch axis: `[28, 28]`, `[3, 32, 32]` (channels first), `[5000]`.
    fn shape(&self) -> &[usize];

    /// How many numbers one input has: the product of [`shape`](Self::shape).
    fn width(&self) -> usize {
        self.shape().iter().product()
    }

    /// How many classes the labels come from; every label is below it.
    fn classes(&self) -> usize;

    /// Whether examples are gathered as sparse rows, into [`Batch::sparse`].
    fn is_sparse(&self) -> bool {
        false
    }

    /// Appends the examples at `indices`, in that order, to `batch`: to what [`Batch::dense_rows`] gives, or, where
    /// [`is_sparse`](Self::is_sparse) says so, [`Batch::sparse_rows`].
    ///
    /// # Errors
    /// [`DataError::Index`] for an index past the end; whatever reading a streamed example may raise. After an
    /// error the batch's content is unspecified.
    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError>;

    /// The label of every example, where it is cheap to tell; used to split by class and to count.
    ///
    /// # Errors
    /// As [`gather`](Self::gather).
    fn labels(&self) -> Result<Vec<u32>, DataError> {
        let mut labels = Vec::with_capacity(self.len());
        let mut batch = Batch::default();
        for start in (0..self.len()).step_by(256) {
            let indices: Vec<usize> = (start..self.len().min(start + 256)).collect();
            batch.clear();
            self.gather(&indices, &mut batch)?;
            labels.extend_from_slice(&batch.labels);
        }
        Ok(labels)
    }

    /// What epoch number `epoch` (from 0, over all stages) learns from, where that differs from epoch to epoch: as many
    /// examples of the same shape. `None` where every epoch learns from these.
    fn renewed(&self, epoch: usize) -> Option<std::sync::Arc<dyn Examples>> {
        let _ = epoch;
        None
    }
}

impl<E: Examples + ?Sized> Examples for std::sync::Arc<E> {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn shape(&self) -> &[usize] {
        (**self).shape()
    }

    fn width(&self) -> usize {
        (**self).width()
    }

    fn classes(&self) -> usize {
        (**self).classes()
    }

    fn is_sparse(&self) -> bool {
        (**self).is_sparse()
    }

    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        (**self).gather(indices, batch)
    }

    fn labels(&self) -> Result<Vec<u32>, DataError> {
        (**self).labels()
    }

    fn renewed(&self, epoch: usize) -> Option<std::sync::Arc<dyn Examples>> {
        (**self).renewed(epoch)
    }
}
