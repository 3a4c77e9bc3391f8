//! Labelled examples that are resident in one contiguous buffer.

use crate::{Batch, DataError, Examples};

/// The numbers of a resident set, example after example.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Storage {
    /// The numbers themselves.
    F32(Vec<f32>),
    /// One byte a number, a quarter of the memory; `table[byte]` is the number.
    U8 {
        /// The bytes.
        bytes: Vec<u8>,
        /// The number that each byte stands for.
        table: Box<[f32; 256]>,
    },
}

impl Storage {
    fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::U8 { bytes, .. } => bytes.len(),
        }
    }
}

/// The table of [`Storage::U8`] that maps byte `b` to `b / 255`, from 0 to 1.
pub fn unit_table() -> [f32; 256] {
    std::array::from_fn(|byte| byte as f32 / 255.0)
}

/// A resident set: a batch is gathered with one copy a row.
///
/// ```
/// use rectifier_data::{Batch, Examples, Samples};
///
/// let set = Samples::from_bytes(vec![0, 255, 51, 0], vec![0, 1], &[2], 2)?;
/// let mut batch = Batch::default();
/// set.gather(&[1, 0], &mut batch)?;
/// assert_eq!(batch.inputs, [0.2, 0.0, 0.0, 1.0]);
/// assert_eq!(batch.labels, [1, 0]);
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    storage: Storage,
    labels: Vec<u32>,
    shape: Vec<usize>,
    width: usize,
    classes: usize,
}

impl Samples {
    /// A set of `labels.len()` examples of `shape` (without a batch axis) in row-major order.
    ///
    /// # Errors
    /// [`DataError::Shape`] where a side is 0, [`DataError::Length`] where the buffer is not one `shape` for each
    /// label, [`DataError::Label`] for a label that is not below `classes`.
    pub fn new(
        storage: Storage,
        labels: Vec<u32>,
        shape: &[usize],
        classes: usize,
    ) -> Result<Self, DataError> {
        let width = shape
            .iter()
            .try_fold(1usize, |product, &side| product.checked_mul(side))
            .filter(|&width| width > 0)
            .ok_or_else(|| DataError::Shape {
                shape: shape.to_vec(),
            })?;
        if labels.len().checked_mul(width) != Some(storage.len()) {
            return Err(DataError::Length {
                values: storage.len(),
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
            storage,
            labels,
            shape: shape.to_vec(),
            width,
            classes,
        })
    }

    /// A set of numbers.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_f32(
        values: Vec<f32>,
        labels: Vec<u32>,
        shape: &[usize],
        classes: usize,
    ) -> Result<Self, DataError> {
        Self::new(Storage::F32(values), labels, shape, classes)
    }

    /// A set of bytes that stand for the numbers from 0 to 1: byte `b` for exactly `b as f32 / 255.0`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_bytes(
        bytes: Vec<u8>,
        labels: Vec<u32>,
        shape: &[usize],
        classes: usize,
    ) -> Result<Self, DataError> {
        Self::from_bytes_with(bytes, unit_table(), labels, shape, classes)
    }

    /// A set of bytes, where byte `b` stands for `table[b]`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_bytes_with(
        bytes: Vec<u8>,
        table: [f32; 256],
        labels: Vec<u32>,
        shape: &[usize],
        classes: usize,
    ) -> Result<Self, DataError> {
        let table = Box::new(table);
        Self::new(Storage::U8 { bytes, table }, labels, shape, classes)
    }

    /// The whole of `examples`, made resident as numbers: pays what making the examples costs once.
    ///
    /// # Errors
    /// As [`Examples::gather`] and [`new`](Self::new).
    pub fn collect(examples: &dyn Examples) -> Result<Self, DataError> {
        const ROWS: usize = 256;
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        let mut batch = Batch::default();
        let mut indices = Vec::with_capacity(ROWS);
        for start in (0..examples.len()).step_by(ROWS) {
            indices.clear();
            indices.extend(start..examples.len().min(start + ROWS));
            batch.clear();
            examples.gather(&indices, &mut batch)?;
            values.extend_from_slice(&batch.dense());
            labels.extend_from_slice(&batch.labels);
        }
        Self::from_f32(values, labels, examples.shape(), examples.classes())
    }

    /// The numbers of all examples.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The label of an example; `None` past the end.
    pub fn label(&self, index: usize) -> Option<u32> {
        self.labels.get(index).copied()
    }

    fn check(&self, indices: &[usize]) -> Result<(), DataError> {
        let len = self.labels.len();
        match indices.iter().find(|&&index| index >= len) {
            Some(&index) => Err(DataError::Index { index, len }),
            None => Ok(()),
        }
    }
}

impl Examples for Samples {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn width(&self) -> usize {
        self.width
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        self.check(indices)?;
        let row = |index: usize| index * self.width..(index + 1) * self.width;
        let inputs = batch.dense_rows()?;
        inputs.reserve(indices.len() * self.width);
        match &self.storage {
            Storage::F32(values) => {
                for &index in indices {
                    inputs.extend_from_slice(&values[row(index)]);
                }
            }
            Storage::U8 { bytes, table } => {
                for &index in indices {
                    let row = bytes[row(index)].iter();
                    inputs.extend(row.map(|&byte| table[usize::from(byte)]));
                }
            }
        }
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

    fn set() -> Samples {
        let values = (0..12).map(|value| value as f32).collect();
        Samples::from_f32(values, vec![2, 0, 1], &[2, 2], 3).unwrap()
    }

    #[test]
    fn a_gather_appends_rows_in_the_order_asked() {
        let set = set();
        let mut batch = Batch::default();
        set.gather(&[2], &mut batch).unwrap();
        set.gather(&[0, 2], &mut batch).unwrap();
        assert_eq!(
            batch.inputs,
            [8., 9., 10., 11., 0., 1., 2., 3., 8., 9., 10., 11.]
        );
        assert_eq!(batch.labels, [1, 2, 1]);
        assert_eq!(set.labels().unwrap(), [2, 0, 1]);
        assert_eq!((set.label(0), set.label(3)), (Some(2), None));
    }

    #[test]
    fn an_index_past_the_end_is_refused_before_anything_is_copied() {
        let mut batch = Batch::default();
        let error = set().gather(&[0, 3], &mut batch).unwrap_err();
        assert!(matches!(error, DataError::Index { index: 3, len: 3 }));
        assert!(batch.is_empty());
    }

    #[test]
    fn bytes_are_exact() {
        let bytes: Vec<u8> = (0..=255).collect();
        let set = Samples::from_bytes(bytes, vec![0], &[256], 1).unwrap();
        let mut batch = Batch::default();
        set.gather(&[0], &mut batch).unwrap();
        for (byte, &value) in batch.inputs.iter().enumerate() {
            assert_eq!(value.to_bits(), (byte as u8 as f32 / 255.0).to_bits());
        }
    }

    #[test]
    fn a_table_gives_any_scaling() {
        let table = std::array::from_fn(|byte| (byte as f32 - 127.5) / 127.5);
        let set = Samples::from_bytes_with(vec![0, 255], table, vec![0, 0], &[1], 1).unwrap();
        let mut batch = Batch::default();
        set.gather(&[0, 1], &mut batch).unwrap();
        assert_eq!(batch.inputs, [-1.0, 1.0]);
    }

    #[test]
    fn wrong_sizes_and_labels_are_refused() {
        let make = |values: usize, labels: &[u32], shape: &[usize]| {
            Samples::from_f32(vec![0.0; values], labels.to_vec(), shape, 3)
        };
        assert!(matches!(
            make(7, &[0, 1], &[2, 2]),
            Err(DataError::Length {
                values: 7,
                examples: 2,
                ..
            })
        ));
        assert!(matches!(
            make(0, &[], &[2, 0]),
            Err(DataError::Shape { .. })
        ));
        assert!(matches!(
            make(0, &[], &[usize::MAX, 2]),
            Err(DataError::Shape { .. })
        ));
        assert!(matches!(
            make(2, &[0, 3], &[1]),
            Err(DataError::Label {
                example: 1,
                label: 3,
                classes: 3
            })
        ));
        assert!(make(0, &[], &[2, 2]).unwrap().is_empty());
    }

    #[test]
    fn collecting_renders_every_example() {
        let bytes: Vec<u8> = (0..600).map(|value| (value % 251) as u8).collect();
        let labels: Vec<u32> = (0..300).map(|index| index % 7).collect();
        let set = Samples::from_bytes(bytes.clone(), labels.clone(), &[2], 7).unwrap();
        let resident = Samples::collect(&set).unwrap();
        let values = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        let expected = Samples::from_f32(values, labels, &[2], 7).unwrap();
        assert_eq!(resident, expected);
    }
}
