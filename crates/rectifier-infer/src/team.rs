//! Threads, and the kernels they run.

use crate::InferError;
use crate::kernels::Kernels;
use crate::pool::Pool;
use crate::simd::Level;

/// Threads and the kernels they run.
pub struct Team {
    pub pool: Pool,
    pub kernels: Kernels,
}

impl Team {
    /// # Errors
    /// [`InferError::Threads`] where the system gives no threads.
    pub fn new(threads: usize, level: Level) -> Result<Self, InferError> {
        let pool = Pool::new(threads).map_err(InferError::threads)?;
        Ok(Self {
            pool,
            kernels: Kernels::of(level),
        })
    }
}
