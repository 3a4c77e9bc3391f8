//! Whether the system gives the threads that a run needs.

use crate::error::CliError;
use std::sync::Mutex;
use std::thread::Builder;

/// Those that stand beside the main thread while a run is on: for signals, for what is shown, for the batches ahead.
/// The sparse engine says itself what it lacks.
const BESIDE: usize = 3;

/// Asks for as many threads as a run has beside its engine's, for a moment: what starts them later does not say what is
/// missing.
///
/// # Errors
/// [`CliError::Threads`].
pub fn check() -> Result<(), CliError> {
    let gate = Mutex::new(());
    let begun = std::thread::scope(|scope| {
        // Closed until the last one has begun, so that they are there together.
        let _closed = gate.lock();
        (0..BESIDE).try_for_each(|_| {
            Builder::new()
                .spawn_scoped(scope, || drop(gate.lock()))
                .map(|_| ())
        })
    });
    begun.map_err(|source| CliError::Threads { source })
}

#[cfg(test)]
mod tests {
    #[test]
    fn where_there_are_threads_it_ends_and_says_nothing() {
        assert!(super::check().is_ok());
    }
}
