//! Candidates timed in turn, round after round.

use crate::environment::{peak_mb, reset_peak};
use crate::matching::settle;
use crate::{BenchError, Candidate, Peer, Row, Workload};
use rectifier_plot::median;
use std::time::Instant;

/// Steps before the clock starts.
const WARM_UP: usize = 3;
/// Steps at most that tell how long an epoch will take.
const TRIAL: usize = 200;

/// How long and how often is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bench {
    /// Rounds; in each, every candidate and every peer does every workload once, so that a machine that changes its speed
    /// changes it for all.
    pub rounds: usize,
    /// Seconds a candidate, workload and round.
    pub seconds: f64,
    /// Where given: a candidate whose turn (a step, or an epoch) would take more seconds than this is left out of the workload.
    pub longest: Option<f64>,
}

/// One row's rounds.
struct Series {
    row: Row,
    times: Vec<f64>,
}

impl Bench {
    /// The rows of `candidates` and then `peers` (called with a filter for the workloads' common part) for each workload, told of
    /// what comes next through `progress`.
    ///
    /// # Errors
    /// [`BenchError`]; also where two candidates compute different numbers.
    pub fn run(
        &self,
        workloads: &[Workload],
        candidates: &[Candidate],
        peers: &[(Peer, String)],
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<Row>, BenchError> {
        let mut all: Vec<Series> = Vec::new();
        let mut theirs: Vec<Series> = Vec::new();
        // Works and the candidates that are too slow for them.
        let mut slow: Vec<(usize, usize)> = Vec::new();
        for round in 0..self.rounds.max(1) {
            for (at, work) in workloads.iter().enumerate() {
                let setting = setting(workloads, at);
                progress(&self.announced(round, work));
                let mut first: Option<(String, f64)> = None;
                for (who, candidate) in candidates.iter().enumerate() {
                    if !candidate.can(work) || slow.contains(&(at, who)) {
                        continue;
                    }
                    let longest = self.longest.filter(|_| round == 0);
                    let measured = candidate.inside(|| self.measure(work, candidate, longest))?;
                    let Some(measured) = measured else {
                        slow.push((at, who));
                        continue;
                    };
                    let name = format!("{} on {}", candidate.engine, candidate.device);
                    let parity = match &first {
                        None => {
                            first = Some((name, measured.check));
                            None
                        }
                        Some((one, check)) => {
                            let difference = (measured.check - check).abs() / check.abs().max(1e-9);
                            if difference.is_nan() || difference > candidate.tolerance {
                                return Err(BenchError::Parity {
                                    work: work.name(),
                                    one: one.clone(),
                                    other: name,
                                    difference,
                                });
                            }
                            Some(difference)
                        }
                    };
                    let row = Row {
                        engine: candidate.engine.clone(),
                        device: candidate.device.clone(),
                        work: work.name(),
                        batch: work.batch,
                        zeros: measured.zeros,
                        ms: 0.0,
                        ms_min: 0.0,
                        ms_max: 0.0,
                        rounds: 0,
                        examples_per_s: 0.0,
                        peak_mb: measured.peak_mb,
                        parity,
                        setting,
                    };
                    add(&mut all, row, measured.ms);
                }
            }
            for (peer, only) in peers {
                progress(&format!("round {} of {}: peer", round + 1, self.rounds));
                let rows = peer.rows(only, self.seconds)?;
                if rows.is_empty() && round == 0 {
                    progress(&format!(
                        "warning: peer {peer} printed no row (a JSON line on standard output) for --only '{only}'"
                    ));
                }
                for row in rows {
                    let ms = row.ms;
                    add(&mut theirs, row, ms);
                }
            }
        }
        let finish =
            |all: Vec<Series>| -> Vec<Row> { all.into_iter().map(Series::finish).collect() };
        let (mut rows, mut theirs) = (finish(all), finish(theirs));
        settle(&rows, &mut theirs);
        rows.append(&mut theirs);
        Ok(rows)
    }

    /// What is said before a work of a round, the first of which is 0.
    pub(crate) fn announced(&self, round: usize, work: &Workload) -> String {
        format!(
            "round {} of {}: {}, batch {}",
            round + 1,
            self.rounds,
            work.name(),
            work.batch
        )
    }

    /// Nothing where a turn would take longer than `longest` seconds.
    fn measure(
        &self,
        work: &Workload,
        candidate: &Candidate,
        longest: Option<f64>,
    ) -> Result<Option<Measured>, BenchError> {
        reset_peak();
        let mut steps = candidate.ready(work)?;
        steps.step(0)?;
        let check = steps.finish()?;
        for turn in 1..WARM_UP {
            steps.step(turn)?;
        }
        steps.finish()?;
        let whole = steps.whole();
        if let Some(longest) = longest {
            // One step alone may be far from the mean; a hundredth of an epoch is not.
            let trial = (whole / 100).clamp(1, TRIAL);
            let start = Instant::now();
            for turn in 0..trial {
                steps.step(turn)?;
            }
            steps.finish()?;
            let turn = start.elapsed().as_secs_f64() / trial as f64 * whole as f64;
            if turn > longest {
                return Ok(None);
            }
        }
        let start = Instant::now();
        let mut turn = 0;
        while turn == 0 || turn % whole != 0 || start.elapsed().as_secs_f64() < self.seconds {
            steps.step(turn)?;
            turn += 1;
        }
        steps.finish()?;
        let ms = start.elapsed().as_secs_f64() * 1e3 / turn as f64;
        Ok(Some(Measured {
            ms,
            check,
            zeros: steps.zeros()?,
            peak_mb: peak_mb(),
        }))
    }
}

/// Which of the settings of its name and batch size the work at `at` is.
pub(crate) fn setting(workloads: &[Workload], at: usize) -> usize {
    let work = &workloads[at];
    let same = |other: &&Workload| (other.name(), other.batch) == (work.name(), work.batch);
    workloads[..at].iter().filter(same).count()
}

struct Measured {
    ms: f64,
    check: f64,
    zeros: f64,
    peak_mb: Option<f64>,
}

fn add(all: &mut Vec<Series>, row: Row, ms: f64) {
    let key = |row: &Row| {
        (
            row.engine.clone(),
            row.device.clone(),
            row.work.clone(),
            row.batch,
            row.setting,
        )
    };
    match all.iter_mut().find(|series| key(&series.row) == key(&row)) {
        Some(series) => series.times.push(ms),
        None => all.push(Series {
            row,
            times: vec![ms],
        }),
    }
}

impl Series {
    fn finish(self) -> Row {
        let middle = median(&self.times).unwrap_or(f64::NAN);
        Row {
            ms: middle,
            ms_min: self.times.iter().copied().fold(f64::INFINITY, f64::min),
            ms_max: self.times.iter().copied().fold(0.0, f64::max),
            rounds: self.times.len(),
            examples_per_s: self.row.batch as f64 * 1e3 / middle,
            ..self.row
        }
    }
}
