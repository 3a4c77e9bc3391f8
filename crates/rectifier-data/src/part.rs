//! A run of a resident set whose items have a type of the set's own.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use burn_dataset::{Dataset, DatasetError};

use crate::{AsDataset, Batch, DataError, Examples, Item, Subset};

/// A run of a set's examples; a copy of it shares their memory.
///
/// It is a [`Dataset`] of `I`, a data set's own item, for Burn's `DataLoader` (an index past the end is an error, not
/// a panic), and it is [`Examples`], from which batches are gathered in one copy.
///
/// ```
/// use std::sync::Arc;
/// use burn_dataset::Dataset;
/// use rectifier_data::{Item, Part, Samples};
///
/// #[derive(Clone, Debug)]
/// struct Point { x: f32, class: u32 }
/// impl From<Item> for Point {
///     fn from(item: Item) -> Self { Self { x: item.input[0], class: item.label } }
/// }
///
/// let samples = Arc::new(Samples::from_f32(vec![0.5, 1.0, 2.0], vec![0, 1, 1], &[1], 2)?);
/// let last: Part<Point> = Part::new(samples, 1..3)?;
/// assert_eq!(last.get(0).map(|point| (point.x, point.class)).ok(), Some((1.0, 1)));
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
pub struct Part<I> {
    examples: AsDataset<Subset>,
    item: PhantomData<fn() -> I>,
}

impl<I> Part<I> {
    /// The examples of `whole` in `range`.
    ///
    /// # Errors
    /// As [`Subset::range`].
    pub fn new(whole: Arc<dyn Examples>, range: Range<usize>) -> Result<Self, DataError> {
        Ok(Self {
            examples: AsDataset(Subset::range(whole, range)?),
            item: PhantomData,
        })
    }

    /// How many examples there are.
    pub fn len(&self) -> usize {
        self.examples.0.len()
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<I> Clone for Part<I> {
    fn clone(&self) -> Self {
        Self {
            examples: self.examples.clone(),
            item: PhantomData,
        }
    }
}

impl<I> std::fmt::Debug for Part<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Part({:?})", self.examples.0)
    }
}

impl<I: From<Item> + Clone + Send + Sync> Dataset<I> for Part<I> {
    fn get(&self, index: usize) -> Result<I, DatasetError> {
        self.examples.get(index).map(I::from)
    }

    fn get_many(&self, indexes: Vec<usize>) -> Result<Vec<I>, DatasetError> {
        let items = self.examples.get_many(indexes)?;
        Ok(items.into_iter().map(I::from).collect())
    }

    fn len(&self) -> usize {
        self.len()
    }
}

impl<I> Examples for Part<I> {
    fn len(&self) -> usize {
        self.len()
    }

    fn shape(&self) -> &[usize] {
        self.examples.0.shape()
    }

    fn width(&self) -> usize {
        self.examples.0.width()
    }

    fn classes(&self) -> usize {
        self.examples.0.classes()
    }

    fn is_sparse(&self) -> bool {
        self.examples.0.is_sparse()
    }

    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        self.examples.0.gather(indices, batch)
    }

    fn renewed(&self, epoch: usize) -> Option<Arc<dyn Examples>> {
        self.examples.0.renewed(epoch)
    }

    fn labels(&self) -> Result<Vec<u32>, DataError> {
        self.examples.0.labels()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Samples;

    #[derive(Clone, Debug, PartialEq)]
    struct Pixel(f32, u32);

    impl From<Item> for Pixel {
        fn from(item: Item) -> Self {
            Self(item.input[0], item.label)
        }
    }

    #[test]
    fn items_and_batches_show_the_same_examples() {
        let samples = Samples::from_bytes(vec![0, 255, 51, 0], vec![7, 3, 1, 0], &[1], 10).unwrap();
        let part: Part<Pixel> = Part::new(Arc::new(samples), 1..3).unwrap();
        let items: Vec<Pixel> = Dataset::iter(&part).map(Result::unwrap).collect();
        assert_eq!(items, [Pixel(1.0, 3), Pixel(0.2, 1)]);
        let swapped = part.get_many(vec![1, 0]).unwrap();
        assert_eq!(swapped, [Pixel(0.2, 1), Pixel(1.0, 3)]);
        let mut batch = Batch::default();
        part.clone().gather(&[0, 1], &mut batch).unwrap();
        assert_eq!((batch.inputs, batch.labels), (vec![1.0, 0.2], vec![3, 1]));
        assert_eq!(part.labels().unwrap(), [3, 1]);
        assert!(part.get(2).is_err());
    }

    /// Sparse examples, of which every epoch has others: the value of each is the epoch.
    struct Fresh(u8);

    impl Examples for Fresh {
        fn len(&self) -> usize {
            3
        }

        fn shape(&self) -> &[usize] {
            &[2]
        }

        fn classes(&self) -> usize {
            3
        }

        fn is_sparse(&self) -> bool {
            true
        }

        fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
            for &index in indices {
                batch.sparse_rows(2)?.push(&[1], &[f32::from(self.0)])?;
                batch.labels.push(index as u32);
            }
            Ok(())
        }

        fn renewed(&self, epoch: usize) -> Option<Arc<dyn Examples>> {
            Some(Arc::new(Self(epoch as u8)))
        }
    }

    #[test]
    fn a_part_is_sparse_and_renewed_as_its_whole_is() {
        let part: Part<Pixel> = Part::new(Arc::new(Fresh(0)), 1..3).unwrap();
        assert!(part.is_sparse());
        let renewed = part.renewed(7).unwrap();
        let mut batch = Batch::default();
        renewed.gather(&[0, 1], &mut batch).unwrap();
        assert_eq!((renewed.len(), batch.labels), (2, vec![1, 2]));
        let rows = batch.sparse.unwrap();
        assert_eq!(rows.row(1), Some((&[1][..], &[7.0][..])));
        let fixed = Samples::from_f32(vec![0.0; 2], vec![0, 1], &[1], 2).unwrap();
        let part: Part<Pixel> = Part::new(Arc::new(fixed), 0..2).unwrap();
        assert!(!part.is_sparse() && part.renewed(0).is_none());
    }
}
