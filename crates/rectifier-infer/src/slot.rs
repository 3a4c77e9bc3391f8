//! A place for what a network works with, made at the first call and kept for the next.

#[cfg(feature = "std")]
use std::sync::{Mutex, PoisonError};
#[cfg(not(feature = "std"))]
use {
    alloc::boxed::Box,
    core::ptr::null_mut,
    core::sync::atomic::{AtomicPtr, Ordering},
};

/// Holds at most one `T`. Calls from several threads come one after the other.
#[cfg(feature = "std")]
pub(crate) struct Slot<T>(Mutex<Option<T>>);

#[cfg(feature = "std")]
impl<T> Slot<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Lets `work` use what is kept, else what `make` makes.
    ///
    /// # Errors
    /// What `make` and `work` raise.
    pub(crate) fn with<R, E>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
        work: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match slot.take() {
            Some(kept) => kept,
            None => make()?,
        };
        work(slot.insert(kept))
    }
}

/// Holds at most one `T`. Where there is nothing to wait with, a call that meets another makes its own.
#[cfg(not(feature = "std"))]
pub(crate) struct Slot<T>(AtomicPtr<T>, core::marker::PhantomData<T>);

// SAFETY: what is kept is taken out by one call at a time, whole.
#[cfg(not(feature = "std"))]
unsafe impl<T: Send> Send for Slot<T> {}
// SAFETY: as above.
#[cfg(not(feature = "std"))]
unsafe impl<T: Send> Sync for Slot<T> {}

#[cfg(not(feature = "std"))]
impl<T> Slot<T> {
    pub(crate) fn new() -> Self {
        Self(AtomicPtr::new(null_mut()), core::marker::PhantomData)
    }

    fn take(&self) -> Option<Box<T>> {
        let kept = self.0.swap(null_mut(), Ordering::AcqRel);
        // SAFETY: what is not null came from `Box::into_raw`, and the swap gave it to this call alone.
        (!kept.is_null()).then(|| unsafe { Box::from_raw(kept) })
    }

    /// Lets `work` use what is kept, else what `make` makes.
    ///
    /// # Errors
    /// What `make` and `work` raise.
    pub(crate) fn with<R, E>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
        work: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut kept = match self.take() {
            Some(kept) => kept,
            None => Box::new(make()?),
        };
        let result = work(&mut kept);
        let other = self.0.swap(Box::into_raw(kept), Ordering::AcqRel);
        if !other.is_null() {
            // SAFETY: as in `take`.
            drop(unsafe { Box::from_raw(other) });
        }
        result
    }
}

#[cfg(not(feature = "std"))]
impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}
