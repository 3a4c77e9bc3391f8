//! How far reading or fetching data has come.

use crate::output::note;
use std::time::{Duration, Instant};

/// What is done sooner is not worth telling.
const SOON: Duration = Duration::from_secs(1);

/// Tells of every tenth of what takes longer than a second; silent if `quiet`. Sets count bytes or examples.
pub fn bar(quiet: bool) -> impl FnMut(u64, u64) {
    of("data", quiet)
}

/// The same of what is called so.
pub fn of(what: &str, quiet: bool) -> impl FnMut(u64, u64) {
    let (start, mut told) = (Instant::now(), 0);
    move |done, total| {
        let tenth = (done.saturating_mul(10)).checked_div(total).unwrap_or(0);
        if tenth > told && start.elapsed() > SOON {
            told = tenth;
            if !quiet {
                note(&format!("{what}: {}% are read", tenth * 10));
            }
        }
    }
}
