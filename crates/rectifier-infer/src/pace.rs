//! How many threads a job gets, chosen as jobs go by.
//!
//! Threads that wait for each other at barriers are as fast as the slowest of them: beside another program's load one thread alone can be
//! many times as fast as two. Numbers do not depend on the count of threads, so that it may change from job to job. As long
//! as waiting takes little of the time all threads work; where it takes more, fewer are tried now and then, and kept while they
//! are faster; more are tried again later.

use crate::pool::{Pool, Worker};
use alloc::vec::Vec;
use std::time::{Duration, Instant};

/// How long another count is tried, in seconds; at least one job.
const TRIAL: f64 = 0.01;
/// How long a count is kept at least before another is tried. Doubles with every try in vain, up to `LONGEST`.
const SHORTEST: f64 = 0.05;
const LONGEST: f64 = 2.0;
/// Threads that wait asleep for less than this share of the time lose less than a try of fewer costs: shares are never quite equal.
const WAITING: f64 = 0.1;
/// What a count of threads must save to be taken.
const GAIN: f64 = 0.9;

/// Chooses the count of threads for jobs that differ in their number of examples alone.
pub struct Pace {
    /// Counts that are tried, the largest first.
    counts: Vec<usize>,
    at: usize,
    patience: f64,
    /// Whether the last try was of more threads.
    upward: bool,
    kept: Spell,
    tried: Option<(usize, Spell)>,
}

/// Jobs with one count of threads.
#[derive(Clone, Copy, Default)]
struct Spell {
    seconds: f64,
    examples: f64,
    /// How long threads waited asleep, all together.
    waited: f64,
}

impl Spell {
    fn add(&mut self, seconds: f64, examples: usize, waited: f64) {
        self.seconds += seconds;
        self.examples += examples as f64;
        self.waited += waited;
    }

    fn pace(&self) -> f64 {
        self.seconds / self.examples.max(1.0)
    }
}

impl Pace {
    /// For jobs on up to `threads` threads.
    pub fn new(threads: usize) -> Self {
        let mut counts: Vec<usize> = core::iter::once(threads.saturating_sub(1))
            .chain((0..usize::BITS).map(|halvings| threads >> halvings))
            .filter(|count| *count > 0)
            .collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts.dedup();
        Self {
            counts,
            at: 0,
            patience: SHORTEST,
            upward: false,
            kept: Spell::default(),
            tried: None,
        }
    }

    /// How many threads the next job gets.
    pub fn threads(&self) -> usize {
        let at = self.tried.map_or(self.at, |(at, _)| at);
        self.counts.get(at).copied().unwrap_or(1)
    }

    /// Runs `job` over `examples` examples on [`threads`](Self::threads) of the threads of `pool`.
    pub fn run(&mut self, pool: &Pool, examples: usize, job: &(dyn Fn(Worker<'_>) + Sync)) {
        let (start, waited) = (Instant::now(), pool.waited());
        pool.run_on(self.threads(), job);
        self.note(start.elapsed(), examples, pool.waited() - waited);
    }

    fn note(&mut self, elapsed: Duration, examples: usize, waited: Duration) {
        let (seconds, waited) = (elapsed.as_secs_f64(), waited.as_secs_f64());
        if let Some((at, tried)) = &mut self.tried {
            tried.add(seconds, examples, waited);
            if tried.seconds >= TRIAL {
                let (at, tried) = (*at, *tried);
                self.tried = None;
                if tried.pace() < GAIN * self.kept.pace() {
                    (self.at, self.kept, self.patience) = (at, tried, SHORTEST);
                } else {
                    self.kept = Spell::default();
                    self.patience = (2.0 * self.patience).min(LONGEST);
                }
            }
            return;
        }
        self.kept.add(seconds, examples, waited);
        if self.kept.seconds < self.patience {
            return;
        }
        let (more, fewer) = (
            self.at.checked_sub(1),
            (self.kept.waited > WAITING * self.kept.seconds && self.at + 1 < self.counts.len())
                .then_some(self.at + 1),
        );
        // Both in turn, where both can be.
        let next = if self.upward {
            fewer.or(more)
        } else {
            more.or(fewer)
        };
        match next {
            Some(next) => {
                self.upward = next < self.at;
                self.tried = Some((next, Spell::default()));
            }
            None => self.kept = Spell::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten seconds of jobs whose length `seconds(threads)` says; the share of time on each count.
    /// While more than one thread works, one waits `waiting` of the time.
    fn spent(pace: &mut Pace, seconds: impl Fn(usize) -> f64, waiting: f64) -> Vec<(usize, f64)> {
        let mut spent: Vec<(usize, f64)> = Vec::new();
        let mut total = 0.0;
        while total < 10.0 {
            let threads = pace.threads();
            let long = seconds(threads);
            let waited = if threads > 1 { waiting * long } else { 0.0 };
            pace.note(
                Duration::from_secs_f64(long),
                10,
                Duration::from_secs_f64(waited),
            );
            total += long;
            match spent.iter_mut().find(|(count, _)| *count == threads) {
                Some((_, sum)) => *sum += long / 10.0,
                None => spent.push((threads, long / 10.0)),
            }
        }
        spent
    }

    fn share(spent: &[(usize, f64)], threads: usize) -> f64 {
        spent
            .iter()
            .find(|(count, _)| *count == threads)
            .map_or(0.0, |(_, share)| *share)
    }

    #[test]
    fn an_idle_machine_works_with_all_threads_always() {
        let mut pace = Pace::new(4);
        let spent = spent(&mut pace, |threads| 1e-3 / threads as f64, 0.05);
        assert_eq!(spent.len(), 1, "{spent:?}");
    }

    #[test]
    fn waits_without_a_cause_cost_little() {
        let mut pace = Pace::new(2);
        let spent = spent(&mut pace, |threads| 1e-3 / threads as f64, 0.5);
        assert!(share(&spent, 2) > 0.97, "{spent:?}");
    }

    #[test]
    fn beside_a_load_one_thread_works_and_afterwards_all_do() {
        let mut pace = Pace::new(2);
        let busy = spent(
            &mut pace,
            |threads| if threads == 2 { 8e-3 } else { 1e-3 },
            0.5,
        );
        assert!(share(&busy, 1) > 0.9, "{busy:?}");
        let idle = spent(&mut pace, |threads| 1e-3 / threads as f64, 0.05);
        assert!(share(&idle, 2) > 0.75, "{idle:?}");
    }

    #[test]
    fn of_many_threads_one_less_may_be_best() {
        let mut pace = Pace::new(16);
        let busy = spent(
            &mut pace,
            |threads| {
                if threads == 16 {
                    1e-3
                } else {
                    1e-2 / threads as f64
                }
            },
            0.5,
        );
        assert!(share(&busy, 15) > 0.8, "{busy:?}");
    }
}
