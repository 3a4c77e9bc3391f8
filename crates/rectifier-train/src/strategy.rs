//! The loop over stages as a training strategy of burn-train, so that metrics, renderer and interruption are its own.

use crate::checkpoint::Checkpoint;
use crate::dashboard::{Dashboard, Processor};
use crate::driver::Driver;
use crate::{Supervised, TrainError};
use burn_train::{
    Learner, SupervisedLearningStrategy, TrainLoader, TrainingComponents, ValidLoader,
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
        result.unwrap_or_else(|| Err(TrainError::device("training ended without a result")))
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
        let mut dashboard = Dashboard::new(components.event_processor, components.interrupter);
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
        (model, dashboard.into_processor())
    }
}
