//! Threads that stay up between steps and wait for each other at barriers.
//!
//! A training step on small batches lasts less than a millisecond and has a dozen phases: threads that slept between
//! them would cost more than the work. These spin for a moment, then sleep, so that on a busy machine whoever is waited for
//! gets the core.

use crate::buffer::{groups, panels_of};
use crate::flush::flushed;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Rounds of spinning before a waiting thread sleeps: some 50 microseconds, as long as falling asleep and waking up takes.
const SPINS: u32 = 2_000;
/// How long a thread without a job waits awake.
const AWAKE: Duration = Duration::from_micros(200);

/// A number on a cache line of its own.
#[repr(align(128))]
#[derive(Default)]
struct Apart(AtomicUsize);

/// Where threads sleep until something has changed.
#[derive(Default)]
struct Bed {
    asleep: AtomicUsize,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Bed {
    /// Sleeps until `changed`. Whoever makes it true calls [`wake`](Self::wake) afterwards; both with sequentially consistent
    /// accesses, so that either the sleeper sees the change or the other sees the sleeper.
    fn sleep(&self, changed: impl Fn() -> bool) {
        let mut guard = lock(&self.lock);
        self.asleep.fetch_add(1, Ordering::SeqCst);
        while !changed() {
            guard = self
                .wake
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }

    fn wake(&self) {
        if self.asleep.load(Ordering::SeqCst) > 0 {
            // A sleeper holds the lock from its last look until it sleeps.
            drop(lock(&self.lock));
            self.wake.notify_all();
        }
    }
}

/// What the threads of a job share.
#[derive(Default)]
pub struct Barrier {
    arrived: Apart,
    round: Apart,
    broken: AtomicBool,
    bed: Bed,
    /// How long threads slept, in nanoseconds, all together.
    waited: AtomicU64,
}

impl Barrier {
    fn wait(&self, threads: usize) {
        if threads == 1 {
            return;
        }
        let round = self.round.0.load(Ordering::Relaxed);
        if self.arrived.0.fetch_add(1, Ordering::AcqRel) + 1 == threads {
            self.arrived.0.store(0, Ordering::Relaxed);
            self.round.0.store(round.wrapping_add(1), Ordering::SeqCst);
            self.bed.wake();
            return;
        }
        let passed =
            || self.round.0.load(Ordering::SeqCst) != round || self.broken.load(Ordering::SeqCst);
        if !spin(passed) {
            self.sleep(&self.bed, passed);
        }
        if self.round.0.load(Ordering::Acquire) == round {
            // Another thread panicked and will never arrive; its panic is the one that is told.
            resume_unwind(Box::new("another thread of the pool panicked"));
        }
    }

    /// Sleeps in `bed` until `done`.
    fn sleep(&self, bed: &Bed, done: impl Fn() -> bool) {
        let since = Instant::now();
        bed.sleep(done);
        let nanoseconds = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.waited.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

/// Waits a moment for `done`; whether it came.
fn spin(done: impl Fn() -> bool) -> bool {
    (0..SPINS).any(|_| {
        std::hint::spin_loop();
        done()
    })
}

/// One thread's place in a job.
#[derive(Clone, Copy)]
pub struct Worker<'a> {
    /// Which thread, from 0.
    pub me: usize,
    /// Of how many.
    pub threads: usize,
    barrier: &'a Barrier,
}

impl Worker<'_> {
    /// Waits for every thread of the job; what they wrote before is seen after.
    pub fn barrier(&self) {
        self.barrier.wait(self.threads);
    }

    /// This thread's panels of a layer of `panels`: whole groups.
    pub fn panels(&self, panels: usize) -> std::ops::Range<usize> {
        share_panels(panels, self.me, self.threads)
    }

    /// This thread's groups of a layer of `panels`.
    pub fn groups(&self, panels: usize) -> std::ops::Range<usize> {
        self.share(groups(panels))
    }

    /// This thread's share of `count` things: a range, of nearly equal lengths over the threads.
    pub fn share(&self, count: usize) -> std::ops::Range<usize> {
        share(count, self.me, self.threads)
    }
}

/// The panels of a layer of `panels` that thread `me` of `threads` takes.
pub fn share_panels(panels: usize, me: usize, threads: usize) -> std::ops::Range<usize> {
    panels_of(share(groups(panels), me, threads), panels)
}

/// The range of `count` things that thread `me` of `threads` takes.
pub fn share(count: usize, me: usize, threads: usize) -> std::ops::Range<usize> {
    count * me / threads..count * (me + 1) / threads
}

type Job<'a> = dyn Fn(Worker<'_>) + Sync + 'a;

struct Shared {
    /// Counts jobs; a worker waits for it to change.
    number: Apart,
    /// Workers still at the current job.
    busy: Apart,
    barrier: Barrier,
    /// The current job and how many threads it is for. It outlives its work: `run` does not return before `busy` is 0.
    job: Mutex<Option<(&'static Job<'static>, usize)>>,
    panic: Mutex<Option<Box<dyn std::any::Any + Send>>>,
    /// Where workers wait for the next job, and the caller for the workers.
    idle: Bed,
    done: Bed,
    stop: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A team of threads, the caller's among them.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// One job at a time, and not `Sync`: two callers would share the barrier.
    _one: std::marker::PhantomData<Cell<()>>,
}

impl Pool {
    /// A team of `threads`, at least one.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        let threads = threads.max(1);
        let shared = Arc::new(Shared {
            number: Apart::default(),
            busy: Apart::default(),
            barrier: Barrier::default(),
            job: Mutex::new(None),
            panic: Mutex::new(None),
            idle: Bed::default(),
            done: Bed::default(),
            stop: AtomicBool::new(false),
        });
        let mut pool = Self {
            shared: shared.clone(),
            workers: Vec::new(),
            _one: std::marker::PhantomData,
        };
        for me in 1..threads {
            let shared = shared.clone();
            let builder = std::thread::Builder::new().name(format!("rectifier-{me}"));
            // Dropping the pool on an early return stops the workers made so far.
            pool.workers.push(builder.spawn(move || work(&shared, me))?);
        }
        Ok(pool)
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// How long threads have waited asleep for others of their job, all together.
    pub fn waited(&self) -> Duration {
        Duration::from_nanos(self.shared.barrier.waited.load(Ordering::Relaxed))
    }

    /// Runs `job` on every thread, and returns when all are done. A panic in any of them is this call's panic.
    pub fn run(&self, job: &Job<'_>) {
        self.run_on(self.threads(), job);
    }

    /// As [`run`](Self::run), on the first `threads` threads.
    pub fn run_on(&self, threads: usize, job: &Job<'_>) {
        let threads = threads.clamp(1, self.threads());
        let shared = &*self.shared;
        let worker = Worker {
            me: 0,
            threads,
            barrier: &shared.barrier,
        };
        if threads == 1 {
            flushed(|| job(worker));
            return;
        }
        // SAFETY: workers use the reference only until they lower `busy`, which is waited for below.
        let job = unsafe { std::mem::transmute::<&Job<'_>, &'static Job<'static>>(job) };
        *lock(&shared.job) = Some((job, threads));
        shared.busy.0.store(self.workers.len(), Ordering::Relaxed);
        shared.number.0.fetch_add(1, Ordering::SeqCst);
        shared.idle.wake();
        attend(shared, || flushed(|| job(worker)));
        let done = || shared.busy.0.load(Ordering::SeqCst) == 0;
        if !spin(done) {
            shared.barrier.sleep(&shared.done, done);
        }
        *lock(&shared.job) = None;
        if let Some(panic) = lock(&shared.panic).take() {
            shared.barrier.broken.store(false, Ordering::Relaxed);
            shared.barrier.arrived.0.store(0, Ordering::Relaxed);
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.number.0.fetch_add(1, Ordering::SeqCst);
        self.shared.idle.wake();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

/// Does `work`; a panic is kept for the caller and frees the others from their barriers.
fn attend(shared: &Shared, work: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
        // The first panic is the cause, later ones its echoes: it is kept before the others learn of it.
        lock(&shared.panic).get_or_insert(panic);
        shared.barrier.broken.store(true, Ordering::SeqCst);
        shared.barrier.bed.wake();
    }
}

fn work(shared: &Shared, me: usize) {
    let mut seen = 0;
    loop {
        let called = || shared.number.0.load(Ordering::SeqCst) != seen;
        let since = Instant::now();
        while !spin(called) {
            if since.elapsed() > AWAKE {
                shared.idle.sleep(called);
                break;
            }
            std::thread::yield_now();
        }
        seen = seen.wrapping_add(1);
        if shared.stop.load(Ordering::Relaxed) {
            return;
        }
        let job = *lock(&shared.job);
        if let Some((job, threads)) = job
            && me < threads
        {
            let worker = Worker {
                me,
                threads,
                barrier: &shared.barrier,
            };
            attend(shared, || flushed(|| job(worker)));
        }
        shared.busy.0.fetch_sub(1, Ordering::SeqCst);
        shared.done.wake();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn threads_meet_and_share_everything() {
        for threads in [1, 2, 3, 5] {
            let pool = Pool::new(threads).unwrap();
            let counts: Vec<AtomicUsize> = (0..threads).map(|_| AtomicUsize::new(0)).collect();
            for round in 1..=50 {
                pool.run(&|worker| {
                    counts[worker.me].fetch_add(1, Ordering::Relaxed);
                    worker.barrier();
                    assert!(
                        counts
                            .iter()
                            .all(|count| count.load(Ordering::Relaxed) >= round)
                    );
                    worker.barrier();
                });
            }
            let shares: Vec<usize> = (0..threads).flat_map(|me| share(17, me, threads)).collect();
            assert_eq!(shares, (0..17).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_panic_frees_the_others_and_the_pool_works_on() {
        let pool = Pool::new(3).unwrap();
        for guilty in 0..3 {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                pool.run(&|worker| {
                    assert!(worker.me != guilty, "here");
                    worker.barrier();
                })
            }));
            let panic = caught.unwrap_err();
            let text = panic.downcast_ref::<String>().map_or_else(
                || (*panic.downcast_ref::<&str>().unwrap()).to_string(),
                Clone::clone,
            );
            assert!(text.contains("here"), "{text}");
        }
        let count = AtomicUsize::new(0);
        pool.run(&|worker| {
            worker.barrier();
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), 3);
    }

    #[test]
    fn a_sleeping_team_wakes_up() {
        let pool = Pool::new(2).unwrap();
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(5));
            let count = AtomicUsize::new(0);
            pool.run(&|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(count.into_inner(), 2);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri has no control register")]
    fn subnormal_numbers_are_flushed_inside_and_only_there() {
        let half = |x: f32| std::hint::black_box(x) * std::hint::black_box(0.5);
        let pool = Pool::new(2).unwrap();
        let inside = AtomicUsize::new(0);
        pool.run(&|_| {
            inside.fetch_add(
                usize::from(half(f32::MIN_POSITIVE) != 0.0),
                Ordering::Relaxed,
            );
        });
        if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            assert_eq!(inside.into_inner(), 0);
        }
        assert!(half(f32::MIN_POSITIVE) != 0.0);
    }
}
