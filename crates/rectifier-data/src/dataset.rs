//! What Burn sees: a data set for its loaders, and batches as tensors.

use burn::tensor::{Device, Int, Tensor, TensorData};
use burn_dataset::{Dataset, DatasetError};

use crate::{Batch, DataError, Examples};

/// One labelled example, for Burn's data loaders.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The input, row-major.
    pub input: Vec<f32>,
    /// Its class.
    pub label: u32,
}

/// Any [`Examples`] as a [`Dataset`], for Burn's own `DataLoader` and transforms.
///
/// An index past the end is an error here, where Burn's own sets panic. Training in this workspace gathers whole
/// batches instead, which is faster than one item at a time.
///
/// ```
/// use burn_dataset::Dataset;
/// use rectifier_data::{AsDataset, Samples};
///
/// let set = AsDataset(Samples::from_f32(vec![0.5, 1.0], vec![0, 1], &[1], 2)?);
/// assert_eq!(set.get(1).map(|item| item.label).ok(), Some(1));
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AsDataset<E>(
    /// The examples.
    pub E,
);

impl<E: Examples> AsDataset<E> {
    fn items(&self, indices: &[usize]) -> Result<Vec<Item>, DataError> {
        let mut batch = Batch::default();
        self.0.gather(indices, &mut batch)?;
        // A width of zero is impossible in a checked set; `max` keeps `chunks_exact` from panicking on any other.
        let inputs = batch.dense();
        let rows = inputs.chunks_exact(self.0.width().max(1));
        Ok(rows
            .zip(&batch.labels)
            .map(|(row, &label)| Item {
                input: row.to_vec(),
                label,
            })
            .collect())
    }
}

impl<E: Examples> Dataset<Item> for AsDataset<E> {
    fn get(&self, index: usize) -> Result<Item, DatasetError> {
        let mut batch = Batch::default();
        self.0
            .gather(&[index], &mut batch)
            .map_err(DatasetError::new)?;
        match batch.labels.first() {
            Some(&label) => Ok(Item {
                input: batch.dense().into_owned(),
                label,
            }),
            None => Err(DatasetError::new(DataError::Index {
                index,
                len: self.0.len(),
            })),
        }
    }

    fn get_many(&self, indexes: Vec<usize>) -> Result<Vec<Item>, DatasetError> {
        self.items(&indexes).map_err(DatasetError::new)
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl Batch {
    /// The inputs as a tensor `[len, width]` on `device`, in the device's float type; sparse rows with their zeros.
    ///
    /// # Panics
    /// As Burn's own constructors, where the batch does not hold `len * width` numbers: one that [`Examples`] of
    /// that width filled always does.
    pub fn inputs_tensor(&self, width: usize, device: &Device) -> Tensor<2> {
        let data = TensorData::new(self.dense().into_owned(), [self.len(), width]);
        Tensor::from_data(data, device)
    }

    /// The labels as a tensor `[len]` on `device`, in the device's integer type.
    pub fn labels_tensor(&self, device: &Device) -> Tensor<1, Int> {
        let data = TensorData::new(self.labels.clone(), [self.len()]);
        Tensor::from_data(data, device)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Samples;
    use burn_dataset::transform::ShuffledDataset;
    use std::sync::Arc;

    fn set() -> Samples {
        let values = (0..6).map(|value| value as f32 / 2.0).collect();
        Samples::from_f32(values, vec![2, 0, 1], &[2], 3).unwrap()
    }

    #[test]
    fn items_are_the_examples() {
        let set = AsDataset(set());
        assert_eq!(set.len(), 3);
        let item = Item {
            input: vec![1.0, 1.5],
            label: 0,
        };
        assert_eq!(set.get(1).unwrap(), item);
        assert_eq!(set.get_many(vec![1, 1]).unwrap(), [item.clone(), item]);
        let labels: Vec<u32> = set.iter().map(|item| item.unwrap().label).collect();
        assert_eq!(labels, [2, 0, 1]);
        assert_eq!(
            set.get(3).unwrap_err().to_string(),
            "example 3 was asked of a set of 3"
        );
        assert!(set.get_many(vec![0, 3]).is_err());
    }

    #[test]
    fn shared_examples_serve_burns_transforms() {
        let shared: Arc<dyn Examples> = Arc::new(set());
        let shuffled = ShuffledDataset::new(AsDataset(shared), 3);
        let mut labels: Vec<u32> = shuffled.iter().map(|item| item.unwrap().label).collect();
        labels.sort_unstable();
        assert_eq!(labels, [0, 1, 2]);
    }

    #[test]
    fn tensors_hold_the_batch() {
        let device = Device::flex();
        let mut batch = Batch::default();
        set().gather(&[2, 0], &mut batch).unwrap();
        let inputs = batch.inputs_tensor(2, &device);
        assert_eq!(inputs.dims(), [2, 2]);
        assert_eq!(
            inputs.into_data().try_to_vec::<f32>().unwrap(),
            batch.inputs
        );
        let labels = batch.labels_tensor(&device);
        let labels: Vec<i64> = labels.into_data().iter::<i64>().collect();
        assert_eq!(labels, [1, 2]);
    }

    #[test]
    fn an_empty_batch_is_an_empty_tensor() {
        let device = Device::flex();
        assert_eq!(Batch::default().inputs_tensor(5, &device).dims(), [0, 5]);
        assert_eq!(Batch::default().labels_tensor(&device).dims(), [0]);
    }
}
