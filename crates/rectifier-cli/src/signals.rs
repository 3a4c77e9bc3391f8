//! Ctrl-C, SIGTERM and SIGHUP: the first one finishes the step and saves, the second one ends at once.

use crate::terminal::Terminal;
use burn_train::Interrupter;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// The signal that Ctrl-C sends, by number; the exit code after a signal is 128 and its number.
pub const INTERRUPT: i32 = 2;

/// From now on a file that comes to the limit of its size (`ulimit -f`) is an error of writing instead of the end of the
/// process.
///
/// # Errors
/// What the system said.
pub fn outlive_file_limit() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let seen = Arc::<std::sync::atomic::AtomicBool>::default();
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, seen)?;
    }
    Ok(())
}

/// What signals came.
#[derive(Clone, Default)]
pub struct Signals(Arc<AtomicI32>);

impl Signals {
    /// The first signal that came; [`INTERRUPT`] if none did and something else stopped the run.
    pub fn received(&self) -> i32 {
        match self.0.load(Ordering::SeqCst) {
            0 => INTERRUPT,
            signal => signal,
        }
    }

    /// From now on the first SIGINT, SIGTERM or SIGHUP stops `interrupter`, and the second one ends the process after it gave
    /// `terminal` back.
    ///
    /// # Errors
    /// What the system said.
    #[cfg(unix)]
    pub fn watch(
        &self,
        interrupter: &Interrupter,
        terminal: &Terminal,
        speak: bool,
    ) -> std::io::Result<()> {
        use crate::output::note;
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        use signal_hook::{iterator, low_level};

        let mut signals = iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        let (first, interrupter, terminal) = (self.0.clone(), interrupter.clone(), *terminal);
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                for signal in signals.forever() {
                    if first
                        .compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst)
                        .is_err()
                    {
                        terminal.restore();
                        note("ended at once; what the last checkpoint holds is kept");
                        // Without unwinding: whatever was being written keeps its temporary name.
                        low_level::exit(128 + signal);
                    }
                    interrupter.stop(Some("signal"));
                    if speak {
                        note("stopping after this step; once more ends at once");
                    }
                }
            })?;
        Ok(())
    }

    /// Elsewhere Ctrl-C ends at once, and the last checkpoint is what is left.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn watch(
        &self,
        _interrupter: &Interrupter,
        _terminal: &Terminal,
        _speak: bool,
    ) -> std::io::Result<()> {
        Ok(())
    }
}
