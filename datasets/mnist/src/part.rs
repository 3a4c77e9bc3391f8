//! A part of MNIST, for this workspace's loaders and for Burn's.

use std::ops::Range;
use std::sync::Arc;

use burn_dataset::{Dataset, DatasetError};
use rectifier_data::{AsDataset, Batch, DataError, Examples, Item, Samples, Subset};

/// A digit, for Burn's data loaders.
#[derive(Clone, Debug, PartialEq)]
pub struct MnistItem {
    /// 784 numbers from 0 (paper) to 1 (ink), 28 rows of 28 from the top.
    pub pixels: Vec<f32>,
    /// The digit, 0 to 9.
    pub label: u32,
}

impl From<Item> for MnistItem {
    fn from(Item { input, label }: Item) -> Self {
        Self {
            pixels: input,
            label,
        }
    }
}

/// A run of MNIST's images; a copy of it shares their memory.
///
/// It is a [`Dataset`] of [`MnistItem`] for Burn's own `DataLoader` (an index past the end is an error, not a panic),
/// and it is [`Examples`], from which batches are gathered in one copy.
#[derive(Clone, Debug)]
pub struct MnistPart(AsDataset<Subset>);

impl MnistPart {
    pub(crate) fn new(whole: Arc<Samples>, range: Range<usize>) -> Result<Self, DataError> {
        Subset::range(whole, range).map(|part| Self(AsDataset(part)))
    }

    fn examples(&self) -> &Subset {
        &self.0.0
    }
}

impl Dataset<MnistItem> for MnistPart {
    fn get(&self, index: usize) -> Result<MnistItem, DatasetError> {
        self.0.get(index).map(MnistItem::from)
    }

    fn get_many(&self, indexes: Vec<usize>) -> Result<Vec<MnistItem>, DatasetError> {
        let items = self.0.get_many(indexes)?;
        Ok(items.into_iter().map(MnistItem::from).collect())
    }

    fn len(&self) -> usize {
        Examples::len(self)
    }
}

impl Examples for MnistPart {
    fn len(&self) -> usize {
        self.examples().len()
    }

    fn shape(&self) -> &[usize] {
        self.examples().shape()
    }

    fn classes(&self) -> usize {
        self.examples().classes()
    }

    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        self.examples().gather(indices, batch)
    }

    fn labels(&self) -> Result<Vec<u32>, DataError> {
        self.examples().labels()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn items_and_batches_show_the_same_examples() {
        let samples = Samples::from_bytes(vec![0, 255, 51, 0], vec![7, 3, 1, 0], &[1], 10).unwrap();
        let part = MnistPart::new(Arc::new(samples), 1..3).unwrap();
        let expected = [
            MnistItem {
                pixels: vec![1.0],
                label: 3,
            },
            MnistItem {
                pixels: vec![0.2],
                label: 1,
            },
        ];
        let items: Vec<MnistItem> = Dataset::iter(&part).map(Result::unwrap).collect();
        assert_eq!(items, expected);
        assert_eq!(
            part.get_many(vec![1, 0]).unwrap(),
            [expected[1].clone(), expected[0].clone()]
        );
        let mut batch = Batch::default();
        part.gather(&[0, 1], &mut batch).unwrap();
        assert_eq!((batch.inputs, batch.labels), (vec![1.0, 0.2], vec![3, 1]));
        assert_eq!(part.labels().unwrap(), [3, 1]);
        assert!(part.get(2).is_err());
    }
}
