//! One thread, which is every thread: what takes the pool's place without threads.

use crate::buffer::{groups, panels_of};
use crate::flush::flushed;
use core::convert::Infallible;
use core::marker::PhantomData;
use core::ops::Range;

/// The thread's place in a job.
#[derive(Clone, Copy)]
pub struct Worker<'a> {
    /// Which thread, from 0.
    pub me: usize,
    /// Of how many.
    pub threads: usize,
    job: PhantomData<&'a ()>,
}

impl Worker<'_> {
    /// Waits for nobody.
    pub fn barrier(&self) {}

    /// The thread's panels of a layer of `panels`: all of them.
    pub fn panels(&self, panels: usize) -> Range<usize> {
        share_panels(panels, self.me, self.threads)
    }

    /// The thread's groups of a layer of `panels`.
    pub fn groups(&self, panels: usize) -> Range<usize> {
        self.share(groups(panels))
    }

    /// The thread's share of `count` things: all of them.
    pub fn share(&self, count: usize) -> Range<usize> {
        share(count, self.me, self.threads)
    }
}

/// The panels of a layer of `panels` that thread `me` of `threads` takes.
pub fn share_panels(panels: usize, me: usize, threads: usize) -> Range<usize> {
    panels_of(share(groups(panels), me, threads), panels)
}

/// The range of `count` things that thread `me` of `threads` takes.
pub fn share(count: usize, me: usize, threads: usize) -> Range<usize> {
    count * me / threads..count * (me + 1) / threads
}

/// The caller's thread.
pub struct Pool(());

impl Pool {
    /// One thread, however many are asked for.
    ///
    /// # Errors
    /// None.
    pub fn new(_threads: usize) -> Result<Self, Infallible> {
        Ok(Self(()))
    }

    /// 1.
    pub fn threads(&self) -> usize {
        1
    }

    /// Runs `job`.
    pub fn run_on(&self, _threads: usize, job: &(dyn Fn(Worker<'_>) + Sync)) {
        self.run(job);
    }

    /// Runs `job`.
    pub fn run(&self, job: &(dyn Fn(Worker<'_>) + Sync)) {
        let worker = Worker {
            me: 0,
            threads: 1,
            job: PhantomData,
        };
        flushed(|| job(worker));
    }
}
