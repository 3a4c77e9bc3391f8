//! Where a training step's batch comes from: a few that are ready, or shuffled epochs as in training.

use crate::{BenchError, Workload};
use rectifier_data::{Batch, Batches, DataError, Examples, Feed, Order};
use rectifier_train::TrainError;
use std::sync::Arc;

/// Batches of a work, without end.
pub(crate) enum Source {
    /// The same ones round and round.
    Ready(Vec<Batch>),
    /// Epoch after epoch, each in an order of its own.
    Epochs(Box<Epochs>),
}

pub(crate) struct Epochs {
    examples: Arc<dyn Examples>,
    size: usize,
    epoch: u64,
    feed: Feed,
    batch: Batch,
}

impl Source {
    pub(crate) fn of(work: &Workload) -> Result<Self, BenchError> {
        let Some(examples) = work.examples else {
            return Ok(Self::Ready(work.batches()));
        };
        let examples: Arc<dyn Examples> =
            Arc::new(work.samples(examples).map_err(TrainError::from)?);
        Ok(Self::Epochs(Box::new(Epochs {
            feed: epoch(&examples, work.batch, 0),
            examples,
            size: work.batch,
            epoch: 0,
            batch: Batch::default(),
        })))
    }

    /// The batch of step `turn`.
    pub(crate) fn next(&mut self, turn: usize) -> Result<&Batch, BenchError> {
        match self {
            Self::Ready(batches) => Ok(&batches[turn % batches.len()]),
            Self::Epochs(epochs) => {
                epochs.turn().map_err(TrainError::from)?;
                Ok(&epochs.batch)
            }
        }
    }

    /// Steps an epoch; 1 where there are no epochs.
    pub(crate) fn whole(&self) -> usize {
        match self {
            Self::Ready(_) => 1,
            Self::Epochs(epochs) => epochs.examples.len().div_ceil(epochs.size).max(1),
        }
    }
}

impl Epochs {
    fn turn(&mut self) -> Result<(), DataError> {
        if !self.feed.next(&mut self.batch)? {
            self.epoch += 1;
            self.feed = epoch(&self.examples, self.size, self.epoch);
            self.feed.next(&mut self.batch)?;
        }
        Ok(())
    }
}

fn epoch(examples: &Arc<dyn Examples>, size: usize, epoch: u64) -> Feed {
    let batches = Batches::new(examples.len(), size, Order::epoch(1, 0, epoch));
    Feed::direct(examples.clone(), batches)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_as_many_steps_as_its_examples_take() {
        let work = Workload::train(20, 8, 10, 0.0).with_examples(500);
        let mut source = Source::of(&work).unwrap();
        assert_eq!(source.whole(), 50);
        let first = source.next(0).unwrap().clone();
        let mut again = 0;
        for turn in 1..=50 {
            let batch = source.next(turn).unwrap();
            assert_eq!((batch.len(), batch.inputs.len()), (10, 200));
            again += usize::from(*batch == first);
        }
        // The second epoch comes in another order.
        assert_eq!(again, 0);
        assert_eq!(
            Source::of(&Workload::train(20, 8, 10, 0.0))
                .unwrap()
                .whole(),
            1
        );
    }
}
