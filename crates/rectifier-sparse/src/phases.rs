//! What a training step spends its time on.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A part of a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Units, and lists of what is not 0.
    Lists,
    /// The lists once more, by unit, for the backward pass.
    Transposes,
    /// Rows of weights that were silent take the steps that they missed: momentum and weight decay alone.
    CatchingUp,
    /// The forward pass through the first layer that is trained or looked through.
    ForwardFirst,
    /// The forward pass between the first and the last layer.
    ForwardHidden,
    /// The forward pass through the last layer.
    ForwardLast,
    /// The cost and its gradient by the outputs.
    Loss,
    /// The backward pass through the weights, with their update.
    Backward,
    /// The errors that groups of panels have added to, and the biases.
    Sums,
    /// Waiting for the other threads.
    Waiting,
}

impl Phase {
    /// All of them, in the order of a step.
    pub const ALL: [Self; 10] = [
        Self::Lists,
        Self::Transposes,
        Self::CatchingUp,
        Self::ForwardFirst,
        Self::ForwardHidden,
        Self::ForwardLast,
        Self::Loss,
        Self::Backward,
        Self::Sums,
        Self::Waiting,
    ];

    /// Its name in a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lists => "lists",
            Self::Transposes => "transposes",
            Self::CatchingUp => "catching up",
            Self::ForwardFirst => "forward, first",
            Self::ForwardHidden => "forward, hidden",
            Self::ForwardLast => "forward, last",
            Self::Loss => "loss",
            Self::Backward => "backward",
            Self::Sums => "sums",
            Self::Waiting => "waiting",
        }
    }

    /// The forward pass through layer `place` of `layers`.
    pub(crate) fn forward(place: usize, layers: usize) -> Self {
        match place {
            0 => Self::ForwardFirst,
            place if place + 1 == layers => Self::ForwardLast,
            _ => Self::ForwardHidden,
        }
    }
}

/// What is told which part of a step a thread has done.
pub(crate) trait Clock: Sync {
    /// Thread `me` begins a step.
    fn begin(&self, me: usize);
    /// What thread `me` has done since the last call was `phase`.
    fn lap(&self, me: usize, phase: Phase);
}

/// No clock.
pub(crate) struct Unwatched;

impl Clock for Unwatched {
    #[inline(always)]
    fn begin(&self, _me: usize) {}
    #[inline(always)]
    fn lap(&self, _me: usize, _phase: Phase) {}
}

/// The time that each thread has spent on each part.
pub(crate) struct Stopwatch(Vec<Mutex<Laps>>);

struct Laps {
    since: Instant,
    spent: [Duration; Phase::ALL.len()],
}

impl Stopwatch {
    /// For `threads` threads.
    pub(crate) fn new(threads: usize) -> Self {
        let laps = || Laps {
            since: Instant::now(),
            spent: [Duration::ZERO; Phase::ALL.len()],
        };
        Self((0..threads).map(|_| Mutex::new(laps())).collect())
    }

    fn laps(&self, me: usize) -> Option<MutexGuard<'_, Laps>> {
        let laps = self.0.get(me)?;
        Some(laps.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What all threads together have spent on each part, in the order of [`Phase::ALL`].
    pub(crate) fn spent(&self) -> [Duration; Phase::ALL.len()] {
        let mut sums = [Duration::ZERO; Phase::ALL.len()];
        for laps in (0..self.0.len()).filter_map(|me| self.laps(me)) {
            sums.iter_mut()
                .zip(laps.spent)
                .for_each(|(sum, spent)| *sum += spent);
        }
        sums
    }
}

impl Clock for Stopwatch {
    fn begin(&self, me: usize) {
        if let Some(mut laps) = self.laps(me) {
            laps.since = Instant::now();
        }
    }

    fn lap(&self, me: usize, phase: Phase) {
        if let Some(mut laps) = self.laps(me) {
            let now = Instant::now();
            let spent = now - laps.since;
            // The order of the variants is that of `ALL`.
            laps.spent[phase as usize] += spent;
            laps.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_has_its_own_place() {
        for (place, phase) in Phase::ALL.into_iter().enumerate() {
            assert_eq!(phase as usize, place);
        }
        let watch = Stopwatch::new(2);
        watch.begin(1);
        std::thread::sleep(Duration::from_millis(2));
        watch.lap(1, Phase::Loss);
        watch.lap(1, Phase::Sums);
        let spent = watch.spent();
        assert!(spent[Phase::Loss as usize] >= Duration::from_millis(2));
        assert!(spent[Phase::Sums as usize] < Duration::from_millis(2));
        assert_eq!(spent[Phase::Lists as usize], Duration::ZERO);
    }

    #[test]
    fn the_last_of_two_layers_is_not_hidden() {
        let of = |layers: usize| -> Vec<Phase> {
            (0..layers).map(|k| Phase::forward(k, layers)).collect()
        };
        assert_eq!(of(2), [Phase::ForwardFirst, Phase::ForwardLast]);
        assert_eq!(
            of(3),
            [
                Phase::ForwardFirst,
                Phase::ForwardHidden,
                Phase::ForwardLast
            ]
        );
    }
}
