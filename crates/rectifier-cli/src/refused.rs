//! Memory that the system refuses: a cure and an exit code, where Rust's collections know no end but an abort.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The most bytes that were refused at once in the last [`MOMENT`] that any were. Telling of it, Rust may ask for more in vain.
static REFUSED: AtomicUsize = AtomicUsize::new(0);
/// When that was, in milliseconds since [`START`]; 0 if none ever were.
static WHEN: AtomicU64 = AtomicU64::new(0);
/// An abort this long after a refusal has another reason: whoever was refused has done with less.
const MOMENT: Duration = Duration::from_secs(2);

/// When [`tell`] was called.
static START: OnceLock<Instant> = OnceLock::new();

/// Milliseconds since then, at least 1.
fn now() -> u64 {
    let since = START.get().map_or(0, |start| start.elapsed().as_millis());
    since.max(1) as u64
}

/// Whether `when` is a moment ago, and not never.
fn is_recent(when: u64, now: u64) -> bool {
    when > 0 && now.saturating_sub(when) <= MOMENT.as_millis() as u64
}

/// The system's allocator, which remembers what was refused. Who can do with less (`try_reserve`) is told so as ever; who
/// cannot is aborted by Rust, and [`tell`] has the last word.
struct Remembering;

#[global_allocator]
static ALLOCATOR: Remembering = Remembering;

/// Remembers that `bytes` were refused if `memory` is none.
#[inline(always)]
fn remembered(memory: *mut u8, bytes: usize) -> *mut u8 {
    if memory.is_null() {
        remember(bytes);
    }
    memory
}

#[cold]
fn remember(bytes: usize) {
    let now = now();
    let before = WHEN.swap(now, Ordering::Relaxed);
    match is_recent(before, now) {
        true => drop(REFUSED.fetch_max(bytes, Ordering::Relaxed)),
        false => REFUSED.store(bytes, Ordering::Relaxed),
    }
}

// SAFETY: the system's allocator does it all, and keeps the promises of the trait.
unsafe impl GlobalAlloc for Remembering {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller says.
        remembered(unsafe { System.alloc(layout) }, layout.size())
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller says.
        remembered(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: as the caller says.
        remembered(unsafe { System.realloc(memory, layout, bytes) }, bytes)
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller says.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// From now on an abort for want of memory ends with a cure and exit code 1. Every other one is what it was.
///
/// # Errors
/// What the system said.
pub fn tell() -> std::io::Result<()> {
    let _ = START.set(Instant::now());
    #[cfg(unix)]
    {
        use signal_hook::{consts::SIGABRT, low_level};
        let word = || {
            if is_recent(WHEN.load(Ordering::Relaxed), now()) {
                crate::terminal::give_back();
                say(REFUSED.load(Ordering::Relaxed));
                // Without unwinding: whatever was being written keeps its temporary name.
                low_level::exit(1);
            }
            let _ = low_level::emulate_default_handler(SIGABRT);
        };
        // SAFETY: the word is written and the process ended by calls that a signal allows; no memory is asked for, no lock
        // taken, nothing panics.
        unsafe { low_level::register(SIGABRT, word) }?;
    }
    Ok(())
}

/// Writes the error to standard error, from the stack alone.
#[cfg(unix)]
fn say(bytes: usize) {
    use std::io::Write;
    let mut text = [0; 512];
    let mut rest = &mut text[..];
    let _ = write!(
        rest,
        "error: the system refused {bytes} bytes of memory\n  \
        use a smaller --batch, a smaller network or fewer examples, end other programs, or allow more with `ulimit -v`\n  \
        what a run has saved is whole; go on with: rectifier train --resume RUN\n"
    );
    let room = rest.len();
    let length = text.len() - room;
    let _ = rustix::io::write(rustix::stdio::stderr(), &text[..length]);
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Output};

    const PAUSE: &str = "RECTIFIER_TEST_PAUSE_MS";

    #[test]
    fn a_refusal_counts_for_two_seconds() {
        assert!(!is_recent(0, 1), "never");
        assert!(is_recent(5000, 5000) && is_recent(5000, 7000));
        assert!(!is_recent(5000, 7001));
        assert!(is_recent(5001, 5000), "clocks of two threads");
    }

    /// What [`an_abort_after_a_refusal`] does in a process of its own.
    fn aborted(pause: &str) -> Output {
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture"])
            .arg("refused::tests::an_abort_after_a_refusal")
            .env(PAUSE, pause)
            .output()
            .unwrap()
    }

    #[test]
    #[ignore = "ends its process: the test beside it starts it in another"]
    fn an_abort_after_a_refusal() {
        let pause = std::env::var(PAUSE).unwrap();
        tell().unwrap();
        if let Ok(pause) = pause.parse() {
            assert!(
                Vec::<u8>::new()
                    .try_reserve_exact(isize::MAX as usize - 64)
                    .is_err()
            );
            std::thread::sleep(Duration::from_millis(pause));
        }
        std::process::abort();
    }

    #[test]
    fn an_abort_is_one_for_want_of_memory_within_two_seconds_of_a_refusal_alone() {
        let at_once = aborted("0");
        let text = String::from_utf8(at_once.stderr).unwrap();
        assert_eq!(at_once.status.code(), Some(1), "{text}");
        let bytes = isize::MAX as usize - 64;
        assert!(
            text.contains(&format!("the system refused {bytes} bytes")),
            "{text}"
        );
        for other in ["2500", "never"] {
            let ended = aborted(other);
            let text = String::from_utf8(ended.stderr).unwrap();
            // The signal's own end, with a core where the system keeps one.
            assert_eq!(ended.status.signal(), Some(6), "{other}: {text}");
            assert!(!text.contains("refused"), "{other}: {text}");
        }
    }
}
