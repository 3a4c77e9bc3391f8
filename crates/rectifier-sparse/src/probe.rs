//! What the machine itself gives, as a bound to hold measurements against: multiply-adds and bytes of weights a second, on
//! the threads and with the instructions that the kernels use.

use crate::buffer::{Buffer, PANEL};
use crate::pool::Pool;
use crate::simd::{Level, Portable, Vector};
use rectifier_train::TrainError;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A burst lasts at least about as long as this many bytes take, so that starting it costs nothing beside it.
const BURST: usize = 16 << 20;
/// Rounds of multiply-adds a burst.
const ROUNDS: usize = 100_000;
/// Bursts at least, however short the time.
const LEAST: usize = 3;

/// Measures a machine. Every figure is that of the fastest burst: what the machine can do, not what it did on average.
pub struct Probe {
    pool: Pool,
    loops: Loops,
    time: Duration,
}

impl Probe {
    /// On `threads` threads at `level` (one of [`Level::available`]; another counts as portable), `seconds` a figure.
    ///
    /// # Errors
    /// [`TrainError::Device`] where the system gives no threads.
    pub fn new(threads: usize, level: Level, seconds: f64) -> Result<Self, TrainError> {
        let pool = Pool::new(threads)
            .map_err(|error| TrainError::Device(format!("no threads: {error}")))?;
        let level = match Level::available().contains(&level) {
            true => level,
            false => Level::Portable,
        };
        Ok(Self {
            pool,
            loops: Loops::of(level),
            time: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
        })
    }

    /// Multiply-adds a second, operands and sums in registers.
    pub fn products(&self) -> f64 {
        let loops = self.loops;
        let products = loops.width * ROUNDS * self.pool.threads();
        // SAFETY: the level is there.
        let burst = self.fastest(&|_, _| unsafe {
            black_box((loops.products)(ROUNDS));
        });
        products as f64 / burst
    }

    /// Bytes of weights a second that are read, over and over, where `bytes` of them are in use.
    pub fn read(&self, bytes: usize) -> f64 {
        let loops = self.loops;
        // SAFETY: the level is there; the memory is this thread's share.
        self.stream(bytes, &|start, len| unsafe {
            black_box((loops.read)(start, len));
        })
    }

    /// Bytes of weights a second that are read, changed and written, over and over, where `bytes` of them are in use; a
    /// byte counts once.
    pub fn change(&self, bytes: usize) -> f64 {
        let loops = self.loops;
        // SAFETY: the level is there; the memory is this thread's share.
        self.stream(bytes, &|start, len| unsafe {
            (loops.change)(start, len);
        })
    }

    fn stream(&self, bytes: usize, pass: &(dyn Fn(*mut f32, usize) + Sync)) -> f64 {
        let strips = (bytes / size_of::<f32>() / PANEL).max(self.pool.threads());
        let repeats = (BURST / bytes.max(1)).clamp(1, 4096);
        let memory = Buffer::<f32>::zeros(strips * PANEL);
        // Written once: pages that never were are one and the same page of zeros.
        self.pool.run(&|worker| {
            let share = worker.share(strips);
            // SAFETY: own strips.
            unsafe {
                let start = memory.ptr().add(share.start * PANEL);
                (0..share.len() * PANEL).for_each(|at| *start.add(at) = 1.0);
            }
        });
        let burst = self.fastest(&|me, threads| {
            let share = crate::pool::share(strips, me, threads);
            // SAFETY: own strips.
            let start = unsafe { memory.ptr().add(share.start * PANEL) };
            (0..repeats).for_each(|_| pass(start, share.len() * PANEL));
        });
        (repeats * strips * PANEL * size_of::<f32>()) as f64 / burst
    }

    /// Seconds of the fastest burst of `work(thread, threads)`.
    fn fastest(&self, work: &(dyn Fn(usize, usize) + Sync)) -> f64 {
        let mut fastest = f64::INFINITY;
        let begun = Instant::now();
        let mut bursts = 0;
        while bursts < LEAST || begun.elapsed() < self.time {
            let start = Instant::now();
            self.pool.run(&|worker| work(worker.me, worker.threads));
            fastest = fastest.min(start.elapsed().as_secs_f64());
            bursts += 1;
        }
        fastest.max(1e-9)
    }
}

/// `rounds` multiply-adds on each of `N` registers, none waiting for another.
#[inline(always)]
unsafe fn products<V: Vector, const N: usize>(rounds: usize) -> f32 {
    // SAFETY: registers alone.
    unsafe {
        // Sums go to 2: neither to subnormal numbers nor to infinity.
        let (one, half) = (V::splat(black_box(1.0)), V::splat(black_box(0.5)));
        let mut sums = [one; N];
        for (n, sum) in sums.iter_mut().enumerate() {
            *sum = V::splat(n as f32);
        }
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = one.add_product(*sum, half);
            }
        }
        let total = sums
            .into_iter()
            .reduce(|all, sum| all.add_product(sum, one));
        total.map_or(0.0, |total| total.sum())
    }
}

/// The sum of `len` floats at `from`, `len` a multiple of [`PANEL`].
#[inline(always)]
unsafe fn read<V: Vector, const N: usize>(from: *mut f32, len: usize) -> f32 {
    // SAFETY: the caller vouches for `len` floats.
    unsafe {
        let one = V::splat(1.0);
        let mut sums = [V::zero(); N];
        for at in (0..len).step_by(N * V::LANES) {
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = sum.add_product(V::load(from.add(at + n * V::LANES)), one);
            }
        }
        let total = sums
            .into_iter()
            .reduce(|all, sum| all.add_product(sum, one));
        total.map_or(0.0, |total| total.sum())
    }
}

/// Changes `len` floats at `at`, `len` a multiple of [`PANEL`].
#[inline(always)]
unsafe fn change<V: Vector, const N: usize>(from: *mut f32, len: usize) {
    // SAFETY: the caller vouches for `len` floats.
    unsafe {
        let step = V::splat(black_box(1e-6));
        for at in (0..len).step_by(N * V::LANES) {
            for n in 0..N {
                let place = from.add(at + n * V::LANES);
                let old = V::load(place);
                old.add_product(old, step).store(place);
            }
        }
    }
}

/// The loops compiled for one instruction set.
///
/// # Safety
/// May be called only where the set is there, on memory that no other thread touches.
#[derive(Clone, Copy)]
struct Loops {
    products: unsafe fn(usize) -> f32,
    read: unsafe fn(*mut f32, usize) -> f32,
    change: unsafe fn(*mut f32, usize),
    /// Multiply-adds a round of `products`.
    width: usize,
}

macro_rules! loops {
    // Name, vector, registers of sums (two more hold operands), registers a strip (which divide a panel).
    ($name:ident, $vector:ty, $sums:literal, $strip:literal $(, #[$attribute:meta])?) => {
        mod $name {
            use super::*;
            $(#[$attribute])?
            unsafe fn products(rounds: usize) -> f32 {
                unsafe { super::products::<$vector, $sums>(rounds) }
            }
            $(#[$attribute])?
            unsafe fn read(from: *mut f32, len: usize) -> f32 {
                unsafe { super::read::<$vector, $strip>(from, len) }
            }
            $(#[$attribute])?
            unsafe fn change(from: *mut f32, len: usize) {
                unsafe { super::change::<$vector, $strip>(from, len) }
            }
            pub(super) const TABLE: Loops = Loops {
                products,
                read,
                change,
                width: $sums * <$vector as Vector>::LANES,
            };
        }
    };
}

loops!(portable, Portable, 6, 4);
#[cfg(target_arch = "x86_64")]
loops!(avx2, crate::simd::Avx2, 12, 8, #[target_feature(enable = "avx2,fma")]);
#[cfg(target_arch = "x86_64")]
loops!(avx512, crate::simd::Avx512, 16, 4, #[target_feature(enable = "avx512f,avx2,fma")]);
#[cfg(target_arch = "aarch64")]
loops!(neon, crate::simd::Neon, 16, 8, #[target_feature(enable = "neon")]);
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
loops!(simd128, crate::simd::Simd128, 16, 8);

impl Loops {
    fn of(level: Level) -> Self {
        match level {
            Level::Portable => portable::TABLE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2::TABLE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512::TABLE,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => neon::TABLE,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128 => simd128::TABLE,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_loops_touch_every_float_and_compute_what_they_say() {
        for level in Level::available() {
            let loops = Loops::of(level);
            let mut memory = Buffer::<f32>::zeros(3 * PANEL);
            memory.as_mut().fill(2.0);
            // SAFETY: the level is there and the memory this test's.
            unsafe {
                assert_eq!((loops.read)(memory.ptr(), 3 * PANEL), 384.0);
                (loops.change)(memory.ptr(), 2 * PANEL);
                // Every lane has come to 2.
                assert_eq!((loops.products)(100), 2.0 * loops.width as f32);
            }
            let changed = memory.as_mut().iter().filter(|x| **x > 2.0).count();
            assert_eq!(changed, 2 * PANEL, "{level:?}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri has no speed to measure")]
    fn figures_are_those_of_a_machine() {
        let level = Level::detect();
        let probe = Probe::new(1, level, 0.0).unwrap();
        for rate in [probe.products(), probe.read(1 << 16), probe.change(1 << 16)] {
            assert!((1e6..1e15).contains(&rate), "{rate}");
        }
    }
}
