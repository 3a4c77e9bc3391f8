//! What a sweep says while it runs: a line a cell, and on a terminal a line at the bottom that stays.

use crate::output::note;
use rectifier_experiments::{Cell, Ended, Observer, Planned, Record};
use rectifier_train::{EpochRecord, Standing, spoken_seconds};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::sync::Mutex;

/// What leaves a line empty for the next.
const CLEAR: &str = "\r\x1b[2K";

/// Tells of a sweep on standard error.
pub struct Progress {
    quiet: bool,
    terminal: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cells: usize,
    recorded: usize,
    jobs: usize,
    /// Seconds of cells that wait.
    waiting: BTreeMap<String, f64>,
    /// Seconds left of cells that run.
    running: BTreeMap<String, f64>,
    /// What was warned of.
    told: BTreeSet<String>,
    /// The lowest validation error of a cell, and its labels.
    best: Option<(f64, String)>,
}

impl Progress {
    /// One that is silent, or says what happens.
    pub fn new(quiet: bool) -> Self {
        Self {
            quiet,
            terminal: std::io::stderr().is_terminal(),
            state: Mutex::default(),
        }
    }

    /// Takes the line at the bottom away.
    pub fn close(&self) {
        if self.terminal && !self.quiet {
            let _ = write!(std::io::stderr(), "{CLEAR}");
        }
    }

    /// Changes the state, says `line` and shows where the sweep is.
    fn tell(&self, change: impl FnOnce(&mut State) -> Option<String>) {
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        let line = change(&mut state);
        if self.quiet {
            return;
        }
        if self.terminal {
            let _ = write!(std::io::stderr(), "{CLEAR}");
        }
        if let Some(line) = line {
            note(&line);
        }
        if self.terminal {
            let mut out = std::io::stderr();
            let _ = write!(out, "{}", state.line());
            let _ = out.flush();
        }
    }
}

impl State {
    fn seconds(&self) -> f64 {
        let all = self.waiting.values().chain(self.running.values());
        let longest = all.clone().copied().fold(0.0, f64::max);
        (all.sum::<f64>() / self.jobs.max(1) as f64).max(longest)
    }

    fn line(&self) -> String {
        let best = match &self.best {
            Some((error, _)) => format!(", best validation error {error:.4}"),
            None => String::new(),
        };
        format!(
            "{} of {} cells, {} running, {} left{best}",
            self.recorded,
            self.cells,
            self.running.len(),
            spoken_seconds(self.seconds())
        )
    }
}

impl Observer for Progress {
    fn planned(&self, plan: &Planned) {
        let line = super::summary(plan);
        self.tell(|state| {
            (state.cells, state.recorded, state.jobs) = (plan.cells, plan.recorded, plan.jobs);
            state.waiting = plan.open.iter().cloned().collect();
            Some(line)
        });
    }

    fn begins(&self, name: &str, cell: &Cell) {
        let line = format!("{name} begins  {}", cell.labels);
        self.tell(|state| {
            let seconds = state.waiting.remove(name).unwrap_or(0.0);
            state.running.insert(name.into(), seconds);
            Some(line)
        });
    }

    fn epoch(&self, name: &str, _: &EpochRecord, standing: &Standing) {
        let left = standing.seconds_left;
        self.tell(|state| {
            state.running.insert(name.into(), left);
            None
        });
    }

    fn ended(&self, name: &str, record: &Record) {
        self.tell(|state| {
            state.running.remove(name);
            state.recorded += 1;
            let told = match &record.ended {
                Ended::Finished { summary } => {
                    if state
                        .best
                        .as_ref()
                        .is_none_or(|(best, _)| summary.valid_error < *best)
                    {
                        state.best = Some((summary.valid_error, record.labels.to_string()));
                    }
                    format!(
                        "test error {:.4}  validation {:.4}  {}",
                        summary.test_error,
                        summary.valid_error,
                        spoken_seconds(summary.seconds)
                    )
                }
                Ended::Diverged { reason } => format!("diverged: {reason}"),
            };
            Some(format!(
                "{name} ends    {}  {told}  ({} of {}, {} left)",
                record.labels,
                state.recorded,
                state.cells,
                spoken_seconds(state.seconds())
            ))
        });
    }

    fn notice(&self, name: &str, text: &str) {
        let line = format!("{name} warning: {text}");
        // What is odd about data is so in every cell.
        self.tell(|state| state.told.insert(text.into()).then_some(line));
    }
}
