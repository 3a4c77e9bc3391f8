//! Sessions that tell what their steps spend their time on.

use crate::SparseEngine;
use crate::phases::{Clock, Phase, Stopwatch};
use rectifier_nn::Network;
use rectifier_train::{StageContext, StageSession, TrainError};
use std::sync::Arc;
use std::time::Duration;

/// A stage in progress, each part of its steps timed.
///
/// Reading the clock some twenty times a step and thread makes a step longer by about a microsecond.
pub struct Profile<N: Network> {
    session: Box<dyn StageSession<N>>,
    watch: Arc<Stopwatch>,
}

impl Clock for Arc<Stopwatch> {
    fn begin(&self, me: usize) {
        self.as_ref().begin(me);
    }

    fn lap(&self, me: usize, phase: Phase) {
        self.as_ref().lap(me, phase);
    }
}

impl<N: Network> Profile<N> {
    /// The session.
    pub fn session(&mut self) -> &mut dyn StageSession<N> {
        &mut *self.session
    }

    /// What all threads together have spent on each part of the steps so far, in the order of [`Phase::ALL`].
    pub fn spent(&self) -> [(Phase, Duration); Phase::ALL.len()] {
        let spent = self.watch.spent();
        Phase::ALL.map(|phase| (phase, spent[phase as usize]))
    }
}

impl SparseEngine {
    /// As [`Engine::begin`](rectifier_train::Engine::begin), with a clock.
    ///
    /// # Errors
    /// As there.
    pub fn profile<N: Network>(
        &self,
        network: N,
        context: &StageContext<'_>,
    ) -> Result<Profile<N>, TrainError> {
        let watch = Arc::new(Stopwatch::new(self.count()));
        Ok(Profile {
            session: self.start(network, context, watch.clone())?,
            watch,
        })
    }
}
