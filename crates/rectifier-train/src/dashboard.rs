//! The side of a run that burn-train sees: its training strategy, and what its metrics and renderer are told.

use crate::checkpoint::Checkpoint;
use crate::driver::Driver;
use crate::{Measurement, Supervised, TrainError};
use burn::data::dataloader::Progress as Shown;
use burn_train::{
    EventProcessorTraining, Interrupter, Learner, LearnerEvent, SupervisedLearningStrategy,
    SupervisedTrainingEventProcessor, TrainLoader, TrainingComponents, TrainingItem, ValidLoader,
};
use rectifier_nn::Network;
use std::sync::{Arc, Mutex};

/// The loop as a training strategy of burn-train.
pub(crate) struct Stages<N: Network> {
    driver: Mutex<Option<(Driver<N>, Checkpoint)>>,
    outcome: Ending<N>,
}

/// Where the loop leaves its result.
pub(crate) struct Ending<N: Network>(Arc<Mutex<Slot<N>>>);

/// Nothing until the loop has ended.
type Slot<N> = Option<Result<Driver<N>, TrainError>>;

impl<N: Network> Ending<N> {
    pub fn take(self) -> Result<Driver<N>, TrainError> {
        let result = self.0.lock().ok().and_then(|mut slot| slot.take());
        result.unwrap_or_else(|| Err(TrainError::Device("training ended without a result".into())))
    }
}

impl<N: Network> Stages<N> {
    /// The loop of `driver` from `start` on, and where its result will be.
    pub fn new(driver: Driver<N>, start: Checkpoint) -> (Self, Ending<N>) {
        let slot = Arc::new(Mutex::new(None));
        let stages = Self {
            driver: Mutex::new(Some((driver, start))),
            outcome: Ending(slot.clone()),
        };
        (stages, Ending(slot))
    }
}

type Processor<N> = SupervisedTrainingEventProcessor<Supervised<N>>;

impl<N: Network> SupervisedLearningStrategy<Supervised<N>> for Stages<N> {
    fn fit(
        &self,
        components: TrainingComponents<Supervised<N>>,
        learner: Learner<Supervised<N>>,
        _train: TrainLoader<Supervised<N>>,
        _valid: ValidLoader<Supervised<N>>,
        _starting_epoch: usize,
    ) -> (Supervised<N>, Processor<N>) {
        let mut model = learner.model();
        let mut dashboard = Dashboard {
            processor: components.event_processor,
            interrupter: components.interrupter,
        };
        let driver = self.driver.lock().ok().and_then(|mut slot| slot.take());
        if let Some((mut driver, start)) = driver {
            let result = driver.go_on(start, &mut dashboard);
            model.network = driver
                .best
                .clone()
                .unwrap_or_else(|| driver.network.clone());
            if let Ok(mut slot) = self.outcome.0.lock() {
                *slot = Some(result.map(|()| driver));
            }
        }
        (model, dashboard.processor)
    }
}

/// burn-train's metrics and renderer, told in the run's own words.
pub(crate) struct Dashboard<N: Network> {
    processor: Processor<N>,
    interrupter: Interrupter,
}

impl<N: Network> Dashboard<N> {
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
