//! What the sparse engine's training steps spend their time on.

use crate::bench::setting;
use crate::candidate::mean;
use crate::source::Source;
use crate::workload::Kind;
use crate::{Bench, BenchError, Workload};
use burn::tensor::Device;
use rectifier_nn::DenseStack;
use rectifier_sparse::{Phase, SparseEngine};
use rectifier_train::Engine;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Steps before the clock starts.
const WARM_UP: usize = 10;

/// The steps of a work, part by part, in the fastest round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseRow {
    /// What was done.
    pub work: String,
    /// Examples a step.
    pub batch: usize,
    /// Mean share of exact zeros of the hidden activations.
    pub zeros: f64,
    /// Threads that worked.
    pub threads: usize,
    /// Milliseconds a step.
    pub ms: f64,
    /// The parts that took any time, in the order of a step.
    pub phases: Vec<PhaseTime>,
    /// Which of several settings of one work and batch size.
    pub setting: usize,
}

/// A part of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseTime {
    /// Its name.
    pub phase: String,
    /// Milliseconds a step, the mean of the threads.
    pub ms: f64,
}

impl PhaseRow {
    /// Milliseconds a step in none of its parts: making the step ready, and reading the clock.
    pub fn rest(&self) -> f64 {
        self.ms - self.phases.iter().map(|phase| phase.ms).sum::<f64>()
    }
}

impl Bench {
    /// What the steps of the training works among `workloads` spend their time on, on networks made on `device`.
    ///
    /// # Errors
    /// [`BenchError`] where the engine fails.
    pub fn phases(
        &self,
        workloads: &[Workload],
        engine: &SparseEngine,
        device: &Device,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<PhaseRow>, BenchError> {
        let mut rows: Vec<PhaseRow> = Vec::new();
        for round in 0..self.rounds.max(1) {
            let trained = workloads.iter().enumerate();
            let trained = trained.filter(|(_, work)| work.kind != Kind::Infer);
            for (place, (at, work)) in trained.enumerate() {
                progress(&self.announced(round, work));
                let row = self.profile(work, engine, device, setting(workloads, at))?;
                match rows.get_mut(place) {
                    None => rows.push(row),
                    Some(best) if row.ms < best.ms => *best = row,
                    Some(_) => {}
                }
            }
        }
        Ok(rows)
    }

    fn profile(
        &self,
        work: &Workload,
        engine: &SparseEngine,
        device: &Device,
        setting: usize,
    ) -> Result<PhaseRow, BenchError> {
        let network = work.network(device)?;
        let mut profile = work.begun(|context| engine.profile(network, context))?;
        let mut source = Source::of(work)?;
        let mut turn = 0;
        let mut start = Instant::now();
        let mut before = [Duration::ZERO; Phase::ALL.len()];
        while turn <= WARM_UP || start.elapsed().as_secs_f64() < self.seconds {
            if turn == WARM_UP {
                before = profile.spent().map(|(_, spent)| spent);
                start = Instant::now();
            }
            let batch = source.next(turn)?;
            profile.session().step(batch, work.rate(), turn as u64)?;
            turn += 1;
        }
        let steps = (turn - WARM_UP) as f64;
        let ms = start.elapsed().as_secs_f64() * 1e3 / steps;
        let threads = Engine::<DenseStack>::threads(engine).unwrap_or(1);
        let spent = profile.spent().into_iter().zip(before);
        let phases = spent.map(|((phase, spent), before)| PhaseTime {
            phase: phase.name().into(),
            ms: (spent - before).as_secs_f64() * 1e3 / steps / threads as f64,
        });
        Ok(PhaseRow {
            work: work.name(),
            batch: work.batch,
            zeros: mean(&profile.session().zeros()?),
            threads,
            ms,
            phases: phases.filter(|phase| phase.ms > 0.0).collect(),
            setting,
        })
    }
}

/// The rows as a table for people: each work's parts below each other, with their share of the step.
pub fn phase_table(rows: &[PhaseRow]) -> String {
    let mut text = String::new();
    for row in rows {
        text.push_str(&format!(
            "{}, batch {}, {:.1}% zeros, {} threads: {:.4} ms a step\n",
            row.work,
            row.batch,
            100.0 * row.zeros,
            row.threads,
            row.ms
        ));
        let rest = PhaseTime {
            phase: "between".into(),
            ms: row.rest(),
        };
        for part in row.phases.iter().chain([&rest]) {
            let share = 100.0 * part.ms / row.ms;
            text.push_str(&format!(
                "  {:<16} {:>9.4} ms {share:>5.1}%\n",
                part.phase, part.ms
            ));
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_a_step() {
        let device = Device::flex();
        let bench = Bench {
            rounds: 2,
            seconds: 0.05,
            longest: None,
        };
        let works = [
            Workload::train(90, 70, 8, 0.0),
            Workload::infer(90, 70, 8, 0.0),
            Workload::pretrain(90, 70, 8),
        ];
        let engine = SparseEngine::new(device.clone()).with_threads(1);
        let rows = bench.phases(&works, &engine, &device, &mut |_| {}).unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row.work.as_str()).collect();
        assert_eq!(names, [works[0].name(), works[2].name()]);
        for row in &rows {
            let of = |name: &str| row.phases.iter().find(|phase| phase.phase == name);
            assert!(of("backward").unwrap().ms > 0.0 && of("forward, first").unwrap().ms > 0.0);
            // One thread: the parts are what there is of the step, but for what lies between steps.
            assert!(row.rest() >= 0.0 && row.rest() < row.ms, "{row:?}");
        }
        let text = phase_table(&rows);
        assert!(
            text.contains("batch 8") && text.contains("  backward "),
            "{text}"
        );
    }
}
