//! Rows of which most numbers are zero: only the others are kept.

use crate::DataError;
use std::ops::Range;

/// Rows in compressed form (CSR): row `r` has the numbers `values[starts[r]..starts[r + 1]]` at the columns of the
/// same places, and zero everywhere else.
///
/// Every `SparseRows` keeps these promises: columns rise strictly within a row and are below the width, values are
/// finite, `starts` has one entry more than there are rows, begins with 0 and never falls.
///
/// ```
/// use rectifier_data::SparseRows;
///
/// let rows = SparseRows::new(4, vec![0, 2, 2], vec![0, 3], vec![1.0, 0.5])?;
/// assert_eq!(rows.row(0), Some((&[0, 3][..], &[1.0, 0.5][..])));
/// assert_eq!(rows.to_dense(), [1.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0]);
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SparseRows {
    width: usize,
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl SparseRows {
    /// Rows of `width` numbers each.
    ///
    /// # Errors
    /// [`DataError::SparseRow`] naming the first row that breaks a promise; [`DataError::Shape`] for a width of 0.
    pub fn new(
        width: usize,
        starts: Vec<usize>,
        columns: Vec<u32>,
        values: Vec<f32>,
    ) -> Result<Self, DataError> {
        if width == 0 {
            return Err(DataError::Shape { shape: vec![0] });
        }
        let entries = columns.len();
        let wrong = |row: usize, problem: String| DataError::SparseRow { row, problem };
        if starts.first() != Some(&0) || starts.last() != Some(&entries) || entries != values.len()
        {
            let rows = starts.len().saturating_sub(1);
            let problem = format!(
                "{entries} columns and {} values, where the starts go from {:?} to {:?}: they must go from 0 to the number of both",
                values.len(),
                starts.first(),
                starts.last()
            );
            return Err(wrong(rows, problem));
        }
        for (row, bounds) in starts.windows(2).enumerate() {
            // A start that lies past the end makes the next one fall, or the last one differ from the length.
            let Some(places) = columns.get(bounds[0]..bounds[1]) else {
                let problem = format!("it starts at {} and ends at {}", bounds[0], bounds[1]);
                return Err(wrong(row, problem));
            };
            check_row(width, places, &values[bounds[0]..bounds[1]])
                .map_err(|problem| wrong(row, problem))?;
        }
        Ok(Self {
            width,
            starts,
            columns,
            values,
        })
    }

    /// No rows yet, of `width` numbers each (0 counts as 1).
    pub fn empty(width: usize) -> Self {
        Self {
            width: width.max(1),
            starts: vec![0],
            columns: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Appends a row.
    ///
    /// # Errors
    /// [`DataError::SparseRow`] for a row that breaks a promise; nothing is appended then.
    pub fn push(&mut self, columns: &[u32], values: &[f32]) -> Result<(), DataError> {
        check_row(self.width, columns, values).map_err(|problem| DataError::SparseRow {
            row: self.len(),
            problem,
        })?;
        self.columns.extend_from_slice(columns);
        self.values.extend_from_slice(values);
        self.starts.push(self.columns.len());
        Ok(())
    }

    /// Appends the rows of `from` at `indices`, in that order.
    ///
    /// # Errors
    /// [`DataError::Index`] for an index past the end, [`DataError::SparseRow`] for rows of another width; nothing is
    /// appended then.
    pub fn extend(&mut self, from: &SparseRows, indices: &[usize]) -> Result<(), DataError> {
        let len = from.len();
        if let Some(&index) = indices.iter().find(|&&index| index >= len) {
            return Err(DataError::Index { index, len });
        }
        if from.width != self.width {
            return Err(DataError::SparseRow {
                row: self.len(),
                problem: format!(
                    "its width is {}, that of the rows before it is {}",
                    from.width, self.width
                ),
            });
        }
        for &index in indices {
            let places = from.starts[index]..from.starts[index + 1];
            self.columns
                .extend_from_slice(&from.columns[places.clone()]);
            self.values.extend_from_slice(&from.values[places]);
            self.starts.push(self.columns.len());
        }
        Ok(())
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.starts.truncate(1);
        self.columns.clear();
        self.values.clear();
    }

    /// Numbers a row, zeros included.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where each row's numbers begin, and where the last one's end: one entry more than there are rows.
    pub fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// The columns of all rows' numbers.
    pub fn columns(&self) -> &[u32] {
        &self.columns
    }

    /// All rows' numbers.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Columns and numbers of a row; `None` past the end.
    pub fn row(&self, index: usize) -> Option<(&[u32], &[f32])> {
        let (&start, &end) = (self.starts.get(index)?, self.starts.get(index + 1)?);
        Some((&self.columns[start..end], &self.values[start..end]))
    }

    /// Columns and numbers of every row.
    pub fn iter(&self) -> impl Iterator<Item = (&[u32], &[f32])> {
        self.starts
            .windows(2)
            .map(|places| places[0]..places[1])
            .map(|places| (&self.columns[places.clone()], &self.values[places]))
    }

    /// The share of numbers that are kept, from 0 to 1; 0 where there is no row.
    pub fn density(&self) -> f64 {
        self.columns.len() as f64 / (self.len() as f64 * self.width as f64).max(1.0)
    }

    /// All numbers, zeros included, row after row.
    pub fn to_dense(&self) -> Vec<f32> {
        let mut dense = vec![0.0; self.len() * self.width];
        for ((columns, values), row) in self.iter().zip(dense.chunks_exact_mut(self.width)) {
            for (&column, &value) in columns.iter().zip(values) {
                row[column as usize] = value;
            }
        }
        dense
    }

    /// A copy of some of the rows; of none that lie past the end.
    pub fn part(&self, rows: Range<usize>) -> Self {
        let end = rows.end.min(self.len());
        let start = rows.start.min(end);
        let (first, last) = (self.starts[start], self.starts[end]);
        Self {
            width: self.width,
            starts: self.starts[start..=end]
                .iter()
                .map(|place| place - first)
                .collect(),
            columns: self.columns[first..last].to_vec(),
            values: self.values[first..last].to_vec(),
        }
    }

    /// The same rows without the columns that are zero in all of them.
    ///
    /// At least one column is kept, so that no consumer meets a matrix without columns.
    pub fn compact(&self) -> CompactRows {
        let mut place = vec![u32::MAX; self.width];
        for &column in &self.columns {
            place[column as usize] = 0;
        }
        let mut columns: Vec<u32> = Vec::new();
        for (column, place) in place.iter_mut().enumerate() {
            if *place == 0 {
                *place = columns.len() as u32;
                columns.push(column as u32);
            }
        }
        if columns.is_empty() {
            columns.push(0);
        }
        let mut values = vec![0.0; self.len() * columns.len()];
        for ((places, numbers), row) in self.iter().zip(values.chunks_exact_mut(columns.len())) {
            for (&column, &number) in places.iter().zip(numbers) {
                row[place[column as usize] as usize] = number;
            }
        }
        CompactRows { columns, values }
    }
}

/// Rows without the columns that are zero in all of them: what a matrix product needs of a few sparse rows.
#[derive(Clone, Debug, PartialEq)]
pub struct CompactRows {
    /// The columns that are left, rising; at least one.
    pub columns: Vec<u32>,
    /// `[rows, columns.len()]`, row after row.
    pub values: Vec<f32>,
}

fn check_row(width: usize, columns: &[u32], values: &[f32]) -> Result<(), String> {
    if columns.len() != values.len() {
        return Err(format!(
            "{} columns but {} values: give one for each",
            columns.len(),
            values.len()
        ));
    }
    if let Some(pair) = columns.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(format!(
            "column {} stands before column {}: columns must rise, each at most once",
            pair[0], pair[1]
        ));
    }
    // Columns rise, so the last one is the largest.
    if let Some(&column) = columns.last().filter(|&&column| column as usize >= width) {
        return Err(format!("column {column} is not below the width, {width}"));
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(place) => Err(format!(
            "column {} has the value {}: values must be finite",
            columns[place], values[place]
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// Rows of `width` as (column, value) maps: any sparse rows there are.
    fn any_rows() -> impl Strategy<Value = (usize, Vec<Vec<(u32, f32)>>)> {
        (1usize..40).prop_flat_map(|width| {
            let row = prop::collection::btree_map(0..width as u32, -2.0f32..2.0, 0..width);
            let rows = prop::collection::vec(row.prop_map(|row| row.into_iter().collect()), 0..20);
            (Just(width), rows)
        })
    }

    fn build(width: usize, rows: &[Vec<(u32, f32)>]) -> SparseRows {
        let mut built = SparseRows::empty(width);
        for row in rows {
            let (columns, values): (Vec<u32>, Vec<f32>) = row.iter().copied().unzip();
            built.push(&columns, &values).unwrap();
        }
        built
    }

    proptest! {
        #[test]
        fn dense_and_compact_forms_hold_the_same_numbers((width, rows) in any_rows()) {
            let built = build(width, &rows);
            let mut dense = vec![0.0; rows.len() * width];
            for (place, row) in rows.iter().enumerate() {
                for &(column, value) in row {
                    dense[place * width + column as usize] = value;
                }
            }
            prop_assert_eq!(&built.to_dense(), &dense);
            let compact = built.compact();
            prop_assert!(compact.columns.is_sorted_by(|a, b| a < b));
            let used = compact.columns.len();
            let mut back = vec![0.0; rows.len() * width];
            for (place, &value) in compact.values.iter().enumerate() {
                back[place / used * width + compact.columns[place % used] as usize] = value;
            }
            prop_assert_eq!(back, dense);
            prop_assert!(used == 1 || compact.columns.iter().all(|column| built.columns().contains(column)));
        }

        #[test]
        fn the_parts_of_rows_build_them_again((width, rows) in any_rows()) {
            let built = build(width, &rows);
            let parts = (built.starts().to_vec(), built.columns().to_vec(), built.values().to_vec());
            prop_assert_eq!(SparseRows::new(width, parts.0, parts.1, parts.2).unwrap(), built);
        }

        #[test]
        fn any_parts_are_rows_or_an_error(
            width in 0usize..6,
            starts in prop::collection::vec(0usize..7, 0..6),
            columns in prop::collection::vec(0u32..7, 0..6),
            values in prop::collection::vec(prop_oneof![Just(1.0f32), Just(f32::NAN)], 0..6),
        ) {
            if let Ok(rows) = SparseRows::new(width, starts, columns, values) {
                prop_assert_eq!(rows.to_dense().len(), rows.len() * width);
                prop_assert_eq!(rows.iter().count(), rows.len());
            }
        }

        #[test]
        fn extending_picks_rows((width, rows) in any_rows(), seed in any::<u64>()) {
            let built = build(width, &rows);
            let indices: Vec<usize> = (0..rows.len() as u64)
                .map(|k| (crate::random::mix(seed ^ k) % rows.len() as u64) as usize)
                .collect();
            let mut picked = SparseRows::empty(width);
            picked.extend(&built, &indices).unwrap();
            let expected: Vec<_> = indices.iter().map(|&index| built.row(index).unwrap()).collect();
            prop_assert_eq!(picked.iter().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn broken_promises_are_named() {
        let text = |width, starts: &[usize], columns: &[u32], values: &[f32]| {
            SparseRows::new(width, starts.to_vec(), columns.to_vec(), values.to_vec())
                .unwrap_err()
                .to_string()
        };
        let cases = [
            (
                text(3, &[0, 1, 2], &[0, 3], &[1.0, 1.0]),
                "sparse row 1: column 3 is not below the width, 3",
            ),
            (
                text(3, &[0, 2], &[1, 1], &[1.0, 1.0]),
                "sparse row 0: column 1 stands before column 1",
            ),
            (text(3, &[0, 2], &[2, 1], &[1.0, 1.0]), "columns must rise"),
            (
                text(3, &[0, 1], &[0], &[f32::INFINITY]),
                "values must be finite",
            ),
            (
                text(3, &[0, 1], &[0], &[1.0, 2.0]),
                "1 columns and 2 values",
            ),
            (text(3, &[], &[], &[]), "from None to None"),
            (text(3, &[1, 1], &[0], &[1.0]), "must go from 0"),
            (
                text(3, &[0, 2, 1], &[0], &[1.0]),
                "it starts at 0 and ends at 2",
            ),
            (text(0, &[0], &[], &[]), "every side must be at least 1"),
        ];
        for (found, expected) in cases {
            assert!(found.contains(expected), "{expected:?} in {found:?}");
        }
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut rows = SparseRows::empty(3);
        rows.push(&[1], &[2.0]).unwrap();
        let before = rows.clone();
        assert!(rows.push(&[1, 0], &[1.0, 1.0]).is_err());
        assert!(rows.push(&[1], &[]).is_err());
        assert!(rows.extend(&before, &[0, 1]).is_err());
        assert!(rows.extend(&SparseRows::empty(4), &[]).is_err());
        assert_eq!(rows, before);
        assert_eq!(rows.row(1), None);
        assert!((rows.density() - 1.0 / 3.0).abs() < 1e-12);
        rows.clear();
        assert!(rows.is_empty() && rows.to_dense().is_empty());
    }
}
