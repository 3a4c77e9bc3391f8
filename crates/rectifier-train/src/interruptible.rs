//! Examples that are no longer given once a run should stop: whoever goes through a whole part, whatever the engine, ends
//! within a batch.

use burn_train::Interrupter;
use rectifier_data::{Batch, DataError, Examples};
use std::sync::Arc;

/// The examples of a part, until the interrupter stops.
pub(crate) struct Interruptible<'a> {
    examples: &'a dyn Examples,
    interrupter: Interrupter,
}

impl<'a> Interruptible<'a> {
    pub(crate) fn new(examples: &'a dyn Examples, interrupter: Interrupter) -> Self {
        Self {
            examples,
            interrupter,
        }
    }
}

impl Examples for Interruptible<'_> {
    fn len(&self) -> usize {
        self.examples.len()
    }

    fn shape(&self) -> &[usize] {
        self.examples.shape()
    }

    fn width(&self) -> usize {
        self.examples.width()
    }

    fn classes(&self) -> usize {
        self.examples.classes()
    }

    fn is_sparse(&self) -> bool {
        self.examples.is_sparse()
    }

    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        match self.interrupter.should_stop() {
            true => Err(DataError::Interrupted),
            false => self.examples.gather(indices, batch),
        }
    }

    fn labels(&self) -> Result<Vec<u32>, DataError> {
        self.examples.labels()
    }

    fn renewed(&self, epoch: usize) -> Option<Arc<dyn Examples>> {
        self.examples.renewed(epoch)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rectifier_data::Samples;

    #[test]
    fn examples_end_when_the_run_should_stop() {
        let samples = Samples::from_f32(vec![1.0, 2.0], vec![0, 1], &[1], 2).unwrap();
        let interrupter = Interrupter::new();
        let examples = Interruptible::new(&samples, interrupter.clone());
        let mut batch = Batch::default();
        examples.gather(&[1], &mut batch).unwrap();
        assert_eq!((batch.inputs, examples.len()), (vec![2.0], 2));
        interrupter.stop(None);
        let error = examples.gather(&[0], &mut Batch::default());
        assert!(matches!(error, Err(DataError::Interrupted)));
        assert!(crate::TrainError::from(DataError::Interrupted).is_interruption());
    }
}
