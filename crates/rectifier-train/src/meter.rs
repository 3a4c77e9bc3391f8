//! What Burn's engine adds up while it trains.

use crate::descent::Update;
use crate::engine::SessionState;
use crate::share::Costs;
use crate::{Totals, TrainError};
use burn::tensor::{Device, Int, Tensor};
use rectifier_nn::{LayerCounts, UnitCounter};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Its name in a session's state.
const METER: &str = "meter";

/// Sums that stay on the device until they are read.
pub(crate) struct Meter {
    pub(crate) device: Device,
    totals: Totals,
    loss: Option<Tensor<1>>,
    penalty: Option<Tensor<1>>,
    errors: Option<Tensor<1, Int>>,
    /// Hidden activations of the last step, share by share, where they were made.
    hidden: Vec<Vec<Tensor<2>>>,
    /// Time spent here and on batches.
    pub(crate) bookkeeping: Duration,
}

#[derive(Serialize, Deserialize)]
struct SavedMeter {
    examples: u64,
    loss: Option<f64>,
    penalty: Option<f64>,
    errors: Option<i64>,
}

fn accumulate(sum: &mut Option<Tensor<1>>, term: Tensor<1>) {
    *sum = Some(match sum.take() {
        Some(sum) => sum + term,
        None => term,
    });
}

impl Meter {
    pub(crate) fn new(device: &Device) -> Self {
        Self {
            device: device.clone(),
            totals: Totals::default(),
            loss: None,
            penalty: None,
            errors: None,
            hidden: Vec::new(),
            bookkeeping: Duration::ZERO,
        }
    }

    /// Counts a step, which a batch's shares took together, and keeps what [`zeros`](Self::zeros) needs of it.
    pub(crate) fn count(&mut self, shares: Vec<Costs>) {
        // Shares are prepared at the same time.
        let preparing = shares.iter().map(|costs| costs.preparing).max();
        let start = Instant::now();
        self.hidden.clear();
        for costs in shares {
            let examples = costs.examples as f64;
            self.totals.examples += costs.examples as u64;
            let here = |value: Tensor<1>| value.to_device(&self.device) * examples;
            accumulate(&mut self.loss, here(costs.cost));
            if let Some(penalty) = costs.penalty {
                accumulate(&mut self.penalty, here(penalty));
            }
            if let Some(errors) = costs.errors {
                let errors = errors.to_device(&self.device);
                self.errors = Some(match self.errors.take() {
                    Some(sum) => sum + errors,
                    None => errors,
                });
            }
            self.hidden.push(costs.hidden);
        }
        self.bookkeeping += preparing.unwrap_or_default() + start.elapsed();
    }

    /// Share of exact zeros a hidden layer at the last step. Waits for the devices.
    pub(crate) fn zeros(&self) -> Vec<f64> {
        let mut counter = UnitCounter::new();
        for share in &self.hidden {
            let here = share
                .iter()
                .map(|layer| layer.clone().to_device(&self.device));
            counter.count(&here.collect::<Vec<_>>());
        }
        counter.finish().iter().map(LayerCounts::share).collect()
    }

    pub(crate) fn take(&mut self) -> Result<Totals, TrainError> {
        let read = |value: Option<Tensor<1>>| match value {
            Some(value) => value.try_into_scalar::<f64>().map_err(TrainError::device),
            None => Ok(0.0),
        };
        let mut totals = std::mem::take(&mut self.totals);
        totals.loss = read(self.loss.take())?;
        totals.penalty = read(self.penalty.take())?;
        totals.errors = match self.errors.take() {
            Some(errors) => errors
                .try_into_scalar::<i64>()
                .map_err(TrainError::device)?
                .max(0) as u64,
            None => 0,
        };
        Ok(totals)
    }

    /// What a session needs beside parameters to go on: the optimizer's state, and the sums.
    pub(crate) fn state(&self, update: &Update) -> Result<SessionState, TrainError> {
        let (name, optimizer) = update.state()?;
        Ok(SessionState::from([
            (name.into(), optimizer),
            (METER.into(), self.save()?),
        ]))
    }

    /// The unread sums as they stand, so that a resumed stage adds on where this one stopped.
    fn save(&self) -> Result<Vec<u8>, TrainError> {
        let read = |value: &Option<Tensor<1>>| match value {
            Some(value) => value
                .clone()
                .try_into_scalar::<f64>()
                .map_err(TrainError::device)
                .map(Some),
            None => Ok(None),
        };
        let errors = match &self.errors {
            Some(errors) => Some(
                errors
                    .clone()
                    .try_into_scalar::<i64>()
                    .map_err(TrainError::device)?,
            ),
            None => None,
        };
        let saved = SavedMeter {
            examples: self.totals.examples,
            loss: read(&self.loss)?,
            penalty: read(&self.penalty)?,
            errors,
        };
        serde_json::to_vec(&saved).map_err(TrainError::device)
    }

    pub(crate) fn restored(
        device: &Device,
        state: Option<&SessionState>,
    ) -> Result<Self, TrainError> {
        let mut meter = Self::new(device);
        if let Some(bytes) = state.and_then(|state| state.get(METER)) {
            let saved: SavedMeter =
                serde_json::from_slice(bytes).map_err(|error| TrainError::state(METER, error))?;
            let scalar = |value: f64| Tensor::<1>::full([1], value, device);
            meter.totals.examples = saved.examples;
            meter.loss = saved.loss.map(scalar);
            meter.penalty = saved.penalty.map(scalar);
            meter.errors = saved.errors.map(|errors| Tensor::full([1], errors, device));
        }
        Ok(meter)
    }
}
