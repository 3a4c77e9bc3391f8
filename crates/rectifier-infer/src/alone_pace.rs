//! How many threads a job gets: one, which is every thread.

use crate::pool::{Pool, Worker};

/// Chooses one thread.
pub struct Pace(());

impl Pace {
    /// For jobs on one thread.
    pub fn new(_threads: usize) -> Self {
        Self(())
    }

    /// 1.
    pub fn threads(&self) -> usize {
        1
    }

    /// Runs `job`.
    pub fn run(&mut self, pool: &Pool, _examples: usize, job: &(dyn Fn(Worker<'_>) + Sync)) {
        pool.run(job);
    }
}
