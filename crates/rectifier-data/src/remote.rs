//! A file that a data set knows, and how patiently it is fetched.

use std::time::Duration;

/// A file that a data set knows: its name, what it must be, and where it can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote<'a> {
    /// The file's name.
    pub file: &'a str,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: &'a str,
    /// Its length.
    pub bytes: u64,
    /// The addresses of folders that hold it, in the order to try; none where it cannot be fetched.
    pub mirrors: &'a [&'a str],
}

/// How long to wait for a mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For its address to be resolved, and for it to take the connection.
    pub connect: Duration,
    /// For the response to begin, and for each further piece of it.
    pub read: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            read: Duration::from_secs(30),
        }
    }
}

/// The address of `file` in the folder `mirror`.
pub(crate) fn address(mirror: &str, file: &str) -> String {
    format!("{}/{file}", mirror.trim_end_matches('/'))
}

/// Says how many of how many bytes a fetch has brought so far.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// A [`Progress`] that says nothing: `set.load(&locator, &mut no_progress)`.
pub fn no_progress(_done: u64, _total: u64) {}
