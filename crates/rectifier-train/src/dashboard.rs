//! What burn-train's metrics and renderer are told of a run.

use crate::interruptible::Interruptible;
use crate::{Measurement, Supervised};
use burn::data::dataloader::Progress as Shown;
use burn_train::{
    EventProcessorTraining, Interrupter, LearnerEvent, SupervisedTrainingEventProcessor,
    TrainingItem,
};
use rectifier_data::Examples;
use rectifier_nn::Network;

/// What burn-train hands events on by.
pub(crate) type Processor<N> = SupervisedTrainingEventProcessor<Supervised<N>>;

/// burn-train's metrics and renderer, told in the run's own words.
pub(crate) struct Dashboard<N: Network> {
    processor: Processor<N>,
    interrupter: Interrupter,
}

impl<N: Network> Dashboard<N> {
    /// A dashboard that hands events to `processor`, and stops with `interrupter`.
    pub fn new(processor: Processor<N>, interrupter: Interrupter) -> Self {
        Self {
            processor,
            interrupter,
        }
    }

    /// What the events were handed to.
    pub fn into_processor(self) -> Processor<N> {
        self.processor
    }

    /// `examples` that can be gathered until the run should stop.
    pub fn interruptible<'a>(&self, examples: &'a dyn Examples) -> Interruptible<'a> {
        Interruptible::new(examples, self.interrupter.clone())
    }

    /// Whether somebody asked for the run to stop.
    pub fn should_stop(&self) -> bool {
        self.interrupter.should_stop()
    }

    /// What stands above the numbers: `label`, and that epoch `number` of `total` goes on.
    pub fn label(&mut self, total: usize, number: usize, label: String) {
        // burn-train takes a label with the start of a training, and takes that more than once.
        self.train(LearnerEvent::Start {
            total_epochs: total,
            starting_epoch: number,
            label: Some(label),
        });
    }

    /// Epoch `number` begins, of `items` training examples.
    pub fn begin(&mut self, number: usize, items: usize) {
        self.train(LearnerEvent::StartSplit {
            epoch_number: number,
            total_items: items,
        });
    }

    /// What the latest training steps measured, `done` of the `of` examples into the epoch.
    pub fn reading(&mut self, measured: Measurement, (done, of): (usize, usize), rate: f64) {
        self.train(item(measured, done, of, Some(rate)));
    }

    /// The training steps of epoch `number` are made.
    pub fn end_steps(&mut self, number: usize) {
        self.train(LearnerEvent::EndSplit(number));
    }

    /// Validation on `items` examples begins.
    pub fn begin_validation(&mut self, number: usize, items: usize) {
        self.valid(LearnerEvent::StartSplit {
            epoch_number: number,
            total_items: items,
        });
    }

    /// What validation measured.
    pub fn validation(&mut self, number: usize, measured: Measurement) {
        let items = measured.examples;
        self.valid(item(measured, items, items, None));
        self.valid(LearnerEvent::EndSplit(number));
    }

    /// Epoch `number` is over.
    pub fn end(&mut self, number: usize) {
        self.train(LearnerEvent::EndEpoch(number));
    }

    fn train(&mut self, event: LearnerEvent<Measurement>) {
        let result = self.processor.process_train(event);
        self.interrupter.fail_on_error(result);
    }

    fn valid(&mut self, event: LearnerEvent<Measurement>) {
        let result = self.processor.process_valid(event);
        self.interrupter.fail_on_error(result);
    }
}

fn item(
    measured: Measurement,
    done: usize,
    of: usize,
    rate: Option<f64>,
) -> LearnerEvent<Measurement> {
    let shown = Shown::new(done, of, Some("examples".into()));
    LearnerEvent::ProcessedItem(TrainingItem::new(
        measured,
        shown,
        Some(done),
        rate.map(Into::into),
    ))
}
