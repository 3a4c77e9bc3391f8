//! Who is told of a sweep while it goes on.

use crate::{Cell, Record};
use rectifier_train::{EpochRecord, Standing};

/// Is told what happens in a sweep, on the threads that train. Every method may be left out.
pub trait Observer: Send + Sync {
    /// So many cells are known by now, of which some have records, and some are this share's to run; those take so many
    /// seconds on one thread, side by side as many as there are jobs.
    fn planned(&self, plan: &Planned) {
        let _ = plan;
    }

    /// A cell begins, or goes on where it was stopped.
    fn begins(&self, name: &str, cell: &Cell) {
        let _ = (name, cell);
    }

    /// An epoch of a cell is done.
    fn epoch(&self, name: &str, record: &EpochRecord, standing: &Standing) {
        let _ = (name, record, standing);
    }

    /// A cell's record is written.
    fn ended(&self, name: &str, record: &Record) {
        let _ = (name, record);
    }

    /// Something odd that the sweep goes on with.
    fn notice(&self, name: &str, text: &str) {
        let _ = (name, text);
    }
}

/// What a sweep is about to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Cells known by now.
    pub cells: usize,
    /// Those with records.
    pub recorded: usize,
    /// Those that this share is about to run, the longest first, each with its seconds on one thread.
    pub open: Vec<(String, f64)>,
    /// How many of those choose rates: others follow from them.
    pub searches: usize,
    /// How many run side by side.
    pub jobs: usize,
    /// Whether all seconds are from records of this folder.
    pub measured: bool,
    /// Bytes of disk that are needed while they run, and that stay.
    pub disk: (u64, u64),
}

impl Planned {
    /// Seconds of all, side by side.
    pub fn seconds(&self) -> f64 {
        let sum: f64 = self.open.iter().map(|(_, seconds)| seconds).sum();
        let longest = self
            .open
            .iter()
            .map(|(_, seconds)| *seconds)
            .fold(0.0, f64::max);
        (sum / self.jobs.max(1) as f64).max(longest)
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}
