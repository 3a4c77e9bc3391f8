//! Inputs, as rows of numbers or as what is not 0 of them.

use crate::InferError;
use core::ops::Range;

/// Inputs of some examples.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// `[examples, inputs]`, row by row.
    Dense(&'a [f32]),
    /// What is not 0 of each row.
    Sparse(SparseRows<'a>),
}

impl Rows<'_> {
    /// Numbers a row, of `batch` rows.
    pub fn width(self, batch: usize) -> usize {
        match self {
            Self::Dense(values) => values.len() / batch.max(1),
            Self::Sparse(rows) => rows.width(),
        }
    }

    /// Some of the rows, `width` numbers each; nothing of what lies past the end.
    pub(crate) fn part(self, width: usize, rows: Range<usize>) -> Self {
        match self {
            Self::Dense(values) => {
                let numbers = rows.start * width..rows.end * width;
                Self::Dense(values.get(numbers).unwrap_or_default())
            }
            Self::Sparse(all) => {
                Self::Sparse(all.range(rows).unwrap_or(SparseRows { starts: &[], ..all }))
            }
        }
    }
}

/// Rows in compressed form (CSR): row `r` has the numbers `values[starts[r]..starts[r + 1]]` at the columns of the same
/// places, and 0 everywhere else.
#[derive(Clone, Copy, Debug)]
pub struct SparseRows<'a> {
    width: usize,
    starts: &'a [usize],
    columns: &'a [u32],
    values: &'a [f32],
}

impl<'a> SparseRows<'a> {
    /// Rows of `width` numbers each.
    ///
    /// # Errors
    /// [`InferError::Row`] naming the first row whose start falls or lies past the end, or whose columns do not rise or lie
    /// past the width.
    pub fn new(
        width: usize,
        starts: &'a [usize],
        columns: &'a [u32],
        values: &'a [f32],
    ) -> Result<Self, InferError> {
        let wrong = |row: usize, reason: &'static str| Err(InferError::Row { row, reason });
        if columns.len() != values.len() {
            return wrong(0, "there are as many columns as values");
        }
        for (row, bounds) in starts.windows(2).enumerate() {
            let Some(places) = columns.get(bounds[0]..bounds[1]) else {
                return wrong(row, "its start must not fall nor lie past the end");
            };
            if places.windows(2).any(|pair| pair[0] >= pair[1]) {
                return wrong(row, "its columns must rise");
            }
            if places.last().is_some_and(|last| *last as usize >= width) {
                return wrong(row, "a column lies past the width");
            }
        }
        Ok(Self {
            width,
            starts,
            columns,
            values,
        })
    }

    /// As [`new`](Self::new), not checked.
    ///
    /// # Safety
    /// The rows are such that `new` would take them: kernels read weights at these columns unchecked.
    pub unsafe fn new_unchecked(
        width: usize,
        starts: &'a [usize],
        columns: &'a [u32],
        values: &'a [f32],
    ) -> Self {
        Self {
            width,
            starts,
            columns,
            values,
        }
    }

    /// Numbers a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Columns and values of a row; none past the end.
    pub fn row(&self, index: usize) -> Option<(&'a [u32], &'a [f32])> {
        let (start, end) = (*self.starts.get(index)?, *self.starts.get(index + 1)?);
        Some((self.columns.get(start..end)?, self.values.get(start..end)?))
    }

    /// The entries of row `index` that are in `columns`, by column; none for a row past the end.
    #[inline]
    pub fn within(
        &self,
        index: usize,
        columns: Range<usize>,
    ) -> impl Iterator<Item = (usize, f32)> + use<'a> {
        let (all, values) = self.row(index).unwrap_or_default();
        let from = match columns.start {
            0 => 0,
            start => all.partition_point(|column| (*column as usize) < start),
        };
        let entries = all[from..].iter().zip(&values[from..]);
        entries
            .map(|(column, value)| (*column as usize, *value))
            .take_while(move |(column, _)| *column < columns.end)
    }

    /// Some of the rows; none for a range past the end.
    pub fn range(&self, rows: Range<usize>) -> Option<Self> {
        Some(Self {
            starts: self.starts.get(rows.start..rows.end.checked_add(1)?)?,
            ..*self
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_would_be_read_past_the_end_are_refused() {
        let new = |starts: &'static [usize], columns: &'static [u32]| {
            SparseRows::new(4, starts, columns, &[1.0; 8][..columns.len()])
        };
        let rows = new(&[0, 2, 2, 3], &[0, 3, 1]).unwrap();
        assert_eq!((rows.len(), rows.row(1).unwrap().0.len()), (3, 0));
        assert_eq!(rows.range(2..3).unwrap().row(0).unwrap().0, [1]);
        assert!(rows.row(3).is_none() && rows.range(2..4).is_none());
        for (starts, columns) in [
            (&[0usize, 3][..], &[0u32, 1][..]),
            (&[0, 2, 1], &[0, 1]),
            (&[0, 1], &[4]),
            (&[0, 2], &[2, 2]),
            (&[0, 2], &[3, 1]),
            (&[usize::MAX, 2], &[3, 1]),
        ] {
            assert!(new(starts, columns).is_err(), "{starts:?} {columns:?}");
        }
        assert!(SparseRows::new(4, &[0, 1], &[0], &[]).is_err());
        assert!(new(&[], &[]).unwrap().is_empty());
    }
}
