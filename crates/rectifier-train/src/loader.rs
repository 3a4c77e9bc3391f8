//! Examples as a burn-train data loader, for burn-train's own loops and its dashboard.

use crate::DeviceBatch;
use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::tensor::{Device, Tensor};
use rectifier_data::{Batch, Batches, Examples, Order};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Batches of [`Examples`], in an order that a seed shuffles anew each epoch, or in their own.
pub struct ExampleLoader {
    examples: Arc<dyn Examples>,
    range: Range<usize>,
    batch: usize,
    seed: Option<u64>,
    epoch: AtomicU64,
    device: Device,
}

impl ExampleLoader {
    /// Batches of `batch` examples on `device`; shuffled if there is a `seed`.
    pub fn new(
        examples: Arc<dyn Examples>,
        batch: usize,
        seed: Option<u64>,
        device: Device,
    ) -> Self {
        let range = 0..examples.len();
        Self {
            examples,
            range,
            batch: batch.max(1),
            seed,
            epoch: AtomicU64::new(0),
            device,
        }
    }

    fn like(&self, range: Range<usize>, device: Device) -> Arc<dyn DataLoader<DeviceBatch>> {
        Arc::new(Self {
            examples: self.examples.clone(),
            range,
            batch: self.batch,
            seed: self.seed,
            epoch: AtomicU64::new(0),
            device,
        })
    }
}

impl DataLoader<DeviceBatch> for ExampleLoader {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<DeviceBatch> + 'a> {
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed);
        let order = match self.seed {
            Some(seed) => Order::epoch(seed, 0, epoch),
            None => Order::Sequential,
        };
        Box::new(Epoch {
            loader: self,
            batches: Batches::new(self.range.len(), self.batch, order),
            done: 0,
            batch: Batch::default(),
        })
    }

    fn num_items(&self) -> usize {
        self.range.len()
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<DeviceBatch>> {
        self.like(self.range.clone(), device.clone())
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<DeviceBatch>> {
        let first = (self.range.start + start).min(self.range.end);
        let last = (self.range.start + end).clamp(first, self.range.end);
        self.like(first..last, self.device.clone())
    }
}

struct Epoch<'a> {
    loader: &'a ExampleLoader,
    batches: Batches,
    done: usize,
    batch: Batch,
}

impl Iterator for Epoch<'_> {
    type Item = Result<DeviceBatch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let loader = self.loader;
        let positions = self.batches.next_batch()?;
        let indices: Vec<usize> = positions
            .iter()
            .map(|position| loader.range.start + position)
            .collect();
        self.done += indices.len();
        self.batch.clear();
        if let Err(error) = loader.examples.gather(&indices, &mut self.batch) {
            return Some(Err(DatasetError::new(error)));
        }
        let host = loader.device.clone().inner();
        let inputs = self.batch.inputs_tensor(loader.examples.width(), &host);
        let labels = self.batch.labels_tensor(&host);
        Some(Ok(if loader.device.is_autodiff() {
            DeviceBatch {
                inputs: Tensor::from_inner(inputs),
                labels: Tensor::from_inner(labels),
            }
        } else {
            DeviceBatch { inputs, labels }
        }))
    }
}

impl DataLoaderIterator<DeviceBatch> for Epoch<'_> {
    fn progress(&self) -> Progress {
        Progress::new(self.done, self.loader.range.len(), Some("examples".into()))
    }
}
