//! The terminal that a dashboard takes over: what it was like before, and the key that interrupts.

#[cfg(unix)]
pub use unix::{Terminal, give_back};

#[cfg(unix)]
mod unix {
    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcsetattr,
    };
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::AsFd;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    /// What leaves the dashboard's screen: mouse reports off, the screen from before, the cursor shown.
    const LEAVE: &[u8] =
        b"\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1049l\x1b[?25h";
    /// The dashboard's thread takes the terminal over within this time, or never.
    const PATIENCE: Duration = Duration::from_secs(1);

    /// Whether a dashboard has the terminal, how that was before the first one had it, and the terminal where standard input is
    /// another: what a signal's handler can read.
    static HELD: AtomicBool = AtomicBool::new(false);
    static BEFORE: OnceLock<Termios> = OnceLock::new();
    static OTHER: OnceLock<File> = OnceLock::new();

    /// The terminal of this process, of which there is one.
    #[derive(Clone, Copy)]
    pub struct Terminal;

    impl Terminal {
        /// Remembers the terminal as it is, before a dashboard opens.
        pub fn remember(&self) {
            if let Some(modes) = on_terminal(|terminal| tcgetattr(terminal).ok()) {
                let _ = BEFORE.set(modes);
                HELD.store(true, Ordering::SeqCst);
            }
        }

        /// Forgets it, once the dashboard has given the terminal back.
        pub fn forget(&self) {
            HELD.store(false, Ordering::SeqCst);
        }

        /// Makes Ctrl-C send its signal although the dashboard reads single keys. Nothing else sends one: a process
        /// that is suspended there would leave the screen behind.
        pub fn keep_interrupt(&self) {
            let start = Instant::now();
            while start.elapsed() < PATIENCE {
                let done = on_terminal(|terminal| {
                    let mut modes = tcgetattr(terminal).ok()?;
                    if modes.local_modes.contains(LocalModes::ICANON) {
                        return None;
                    }
                    modes.local_modes |= LocalModes::ISIG;
                    modes.special_codes[SpecialCodeIndex::VSUSP] = 0;
                    modes.special_codes[SpecialCodeIndex::VQUIT] = 0;
                    tcsetattr(terminal, OptionalActions::Now, &modes).ok()
                });
                if done.is_some() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }

        /// Clears what an abandoned dashboard left below the cursor.
        pub fn clear_below(&self) {
            let mut out = std::io::stdout();
            let _ = out.write_all(b"\r\x1b[J").and_then(|()| out.flush());
        }

        /// Gives the terminal back if a dashboard has it.
        pub fn restore(&self) {
            give_back();
        }
    }

    /// Gives the terminal back if a dashboard has it. It asks for no memory and takes no lock: the handler of a signal may call it.
    pub fn give_back() {
        if let (true, Some(modes)) = (HELD.load(Ordering::SeqCst), BEFORE.get()) {
            let _ = match OTHER.get() {
                Some(terminal) => tcsetattr(terminal, OptionalActions::Now, modes),
                None => tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, modes),
            };
            let _ = rustix::io::write(rustix::stdio::stdout(), LEAVE);
        }
    }

    /// Does `work` on the terminal that keys come from: standard input, or else the one the process belongs to.
    fn on_terminal<T>(work: impl FnOnce(&dyn AsFd) -> Option<T>) -> Option<T> {
        let input = std::io::stdin();
        if isatty(&input) {
            return work(&input);
        }
        if OTHER.get().is_none() {
            let file = File::options().read(true).write(true).open("/dev/tty");
            let _ = OTHER.set(file.ok()?);
        }
        work(OTHER.get()?)
    }
}

/// Elsewhere the terminal's own keys do what they do.
#[cfg(not(unix))]
#[derive(Clone, Copy)]
pub struct Terminal;

#[cfg(not(unix))]
impl Terminal {
    /// Nothing to remember.
    pub fn remember(&self) {}
    /// Nothing to forget.
    pub fn forget(&self) {}
    /// Nothing to keep.
    pub fn keep_interrupt(&self) {}
    /// Nothing to clear.
    pub fn clear_below(&self) {}
    /// Nothing to restore.
    pub fn restore(&self) {}
}
