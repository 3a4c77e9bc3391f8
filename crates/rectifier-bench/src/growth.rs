//! How the cost of a supervised step grows, one thing changed at a time, beside what it cannot be faster than.

use crate::bench::setting;
use crate::bound::Machine;
use crate::draw::unique;
use crate::{Bench, BenchError, Bound, Candidate, Environment, Load, Row, Workload};
use burn::tensor::Device;
use rectifier_plot::Table;
use serde::{Deserialize, Serialize};

/// The shape that the other sweeps hold to: the paper's.
const INPUTS: usize = 784;
const WIDTH: usize = 1000;
/// About what a trained network has.
const ZEROS: f64 = 0.75;
/// Batch sizes, a curve each.
const BATCHES: [usize; 2] = [10, 128];
/// The widest networks are measured at the first batch size alone.
const WIDE: usize = 2000;
/// Whole epochs of a million examples pass in seconds on layers of this width.
const EPOCH_WIDTH: usize = 250;
/// Seconds a figure of the machine.
const PROBE: f64 = 0.04;

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sweep {
    /// Units of each of three hidden layers.
    Width,
    /// Hidden layers.
    Depth,
    /// The share of zeros of every hidden layer, percent.
    Zeros,
    /// Threads.
    Threads,
    /// Examples of an epoch.
    Examples,
}

/// A place on a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GrowthPoint {
    /// What grows.
    pub sweep: Sweep,
    /// How far it has grown, in the sweep's own unit.
    pub at: f64,
    /// What was done.
    pub work: String,
    /// Examples a step.
    pub batch: usize,
    /// Threads of the sparse engine, and of the machine's figures.
    pub threads: usize,
    /// The share of zeros that every hidden layer was calibrated to; `bound.load.zeros` is what the batches have.
    pub zeros_asked: f64,
    /// What a step cannot be faster than.
    pub bound: Bound,
    /// What was measured, a row a candidate.
    pub rows: Vec<Row>,
    /// Candidates that were too slow to be measured here.
    pub left_out: Vec<String>,
}

/// What is kept of sweeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GrowthRecord {
    /// The machine.
    pub environment: Environment,
    /// Interleaved rounds.
    pub rounds: usize,
    /// Seconds a candidate, point and round, at least.
    pub seconds: f64,
    /// A candidate is left out of points where a step would take it more seconds than this.
    pub longest_step: f64,
    /// Likewise, where whole epochs are measured.
    pub longest_epoch: f64,
    /// The points of all sweeps.
    pub points: Vec<GrowthPoint>,
}

impl Sweep {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Width,
        Self::Depth,
        Self::Zeros,
        Self::Threads,
        Self::Examples,
    ];

    /// Its name, for files and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::Depth => "depth",
            Self::Zeros => "zeros",
            Self::Threads => "threads",
            Self::Examples => "examples",
        }
    }

    /// How far it goes, on a machine of `cores`.
    pub fn places(self, cores: usize) -> Vec<f64> {
        match self {
            Self::Width => (0..6).map(|double| f64::from(250 << double)).collect(),
            Self::Depth => (1..=6).map(f64::from).collect(),
            Self::Zeros => vec![0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0],
            Self::Threads => {
                let doubled = (0..usize::BITS).map(|double| 1usize << double);
                let mut threads: Vec<usize> = doubled.take_while(|n| *n < cores).collect();
                threads.push(cores.max(1));
                threads.into_iter().map(|n| n as f64).collect()
            }
            Self::Examples => vec![1e3, 4e3, 16e3, 64e3, 250e3, 1e6],
        }
    }

    /// The work at a place, at one batch size; none where it would be dear.
    fn work(self, at: f64, batch: usize) -> Option<Workload> {
        let base = |width| Workload::train(INPUTS, width, batch, 0.0).with_zeros(ZEROS);
        let first = batch == BATCHES[0];
        match self {
            Self::Width => {
                let width = at as usize;
                (first || width <= WIDE).then(|| base(width))
            }
            Self::Depth => Some(base(WIDTH).with_depth(at as usize)),
            Self::Zeros => Some(base(WIDTH).with_zeros(at / 100.0)),
            Self::Threads => Some(base(WIDTH)),
            Self::Examples => first.then(|| base(EPOCH_WIDTH).with_examples(at as usize)),
        }
    }
}

/// Candidates held to a count of threads, if one is given.
type Candidates<'a> = dyn Fn(Option<usize>) -> Result<Vec<Candidate>, BenchError> + 'a;

/// Who is measured how.
pub struct Growth<'a> {
    /// Interleaved rounds.
    pub rounds: usize,
    /// Seconds a candidate, point and round, at least.
    pub seconds: f64,
    /// A candidate is left out of points where a step would take it more seconds than this.
    pub longest_step: f64,
    /// Likewise, where whole epochs are measured.
    pub longest_epoch: f64,
    /// Who is timed, held to so many threads.
    pub candidates: &'a Candidates<'a>,
    /// Threads where they are not what grows; as many as there are cores if nothing is said.
    pub threads: Option<usize>,
    /// A CPU device to make and count networks on.
    pub host: Device,
    /// Nothing grows past this.
    pub most: f64,
}

impl Growth<'_> {
    /// The record of `sweeps`, told of what comes next through `progress`.
    ///
    /// # Errors
    /// [`BenchError`]; also where two candidates compute different numbers.
    pub fn run(
        &self,
        sweeps: &[Sweep],
        progress: &mut dyn FnMut(&str),
    ) -> Result<GrowthRecord, BenchError> {
        let mut machine = Machine::new(PROBE);
        let mut points = Vec::new();
        for sweep in unique(sweeps.iter().copied()) {
            let mut told = |line: &str| progress(&format!("{}: {line}", sweep.name()));
            points.extend(self.sweep(sweep, &mut machine, &mut told)?);
        }
        Ok(GrowthRecord {
            environment: Environment::here(),
            rounds: self.rounds,
            seconds: self.seconds,
            longest_step: self.longest_step,
            longest_epoch: self.longest_epoch,
            points,
        })
    }

    fn sweep(
        &self,
        sweep: Sweep,
        machine: &mut Machine,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<GrowthPoint>, BenchError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut places = sweep.places(cores);
        places.retain(|at| *at <= self.most);
        // Threads are the candidates' own; everything else is the work's.
        let by_threads = sweep == Sweep::Threads;
        let (teams, along) = match by_threads {
            true => (places.iter().map(|at| Some(*at as usize)).collect(), 1),
            false => (vec![self.threads], places.len()),
        };
        let mut candidates = Vec::new();
        for threads in &teams {
            let team = (self.candidates)(*threads)?;
            candidates.extend(team.into_iter().map(|candidate| (*threads, candidate)));
        }
        let workloads: Vec<(f64, Workload)> = BATCHES
            .iter()
            .flat_map(|batch| {
                places[..along.min(places.len())]
                    .iter()
                    .map(move |at| (*at, *batch))
            })
            .filter_map(|(at, batch)| Some((at, sweep.work(at, batch)?)))
            .collect();
        let (teams_of, candidates): (Vec<Option<usize>>, Vec<Candidate>) =
            candidates.into_iter().unzip();
        let only: Vec<Workload> = workloads.iter().map(|(_, work)| *work).collect();
        let bench = Bench {
            rounds: self.rounds,
            seconds: self.seconds,
            longest: Some(match sweep {
                Sweep::Examples => self.longest_epoch,
                _ => self.longest_step,
            }),
        };
        let rows = bench.run(&only, &candidates, &[], progress)?;
        let mut points = Vec::new();
        for (place, (at, work)) in workloads.iter().enumerate() {
            progress(&format!(
                "the bound of {}, batch {}",
                work.name(),
                work.batch
            ));
            let load = Load::of(work, &self.host)?;
            let (name, which) = (work.name(), setting(&only, place));
            for team in &teams {
                let threads = team.unwrap_or(cores);
                let mut point = GrowthPoint {
                    sweep,
                    at: if by_threads { threads as f64 } else { *at },
                    work: name.clone(),
                    batch: work.batch,
                    threads,
                    zeros_asked: work.zeros.unwrap_or_default(),
                    bound: Bound::new(load, machine.rates(threads, load.weight_bytes)?),
                    rows: Vec::new(),
                    left_out: Vec::new(),
                };
                let own = candidates.iter().zip(&teams_of);
                for (candidate, _) in own.filter(|(_, own)| *own == team) {
                    let found = rows.iter().find(|row| {
                        (row.work.as_str(), row.batch, row.setting)
                            == (name.as_str(), work.batch, which)
                            && (&row.engine, &row.device) == (&candidate.engine, &candidate.device)
                    });
                    match found {
                        Some(row) => point.rows.push(row.clone()),
                        None => point.left_out.push(candidate.engine.clone()),
                    }
                }
                points.push(point);
            }
        }
        Ok(points)
    }
}

impl GrowthRecord {
    /// With the sweeps of an `earlier` record that are not in this one, if both were measured on the same machine in the
    /// same way.
    pub fn joined(mut self, earlier: Self) -> Self {
        let how = |record: &Self| {
            let limits = [record.seconds, record.longest_step, record.longest_epoch];
            (record.environment.clone(), record.rounds, limits)
        };
        if how(&self) == how(&earlier) {
            let new: Vec<Sweep> = self.points.iter().map(|point| point.sweep).collect();
            let kept = earlier.points.into_iter();
            self.points
                .extend(kept.filter(|point| !new.contains(&point.sweep)));
            self.points.sort_by_key(|point| point.sweep);
        }
        self
    }

    /// The points as a table for people.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let mut last = None;
        for point in &self.points {
            if last != Some((point.sweep, point.batch)) {
                text.push_str(&format!("{}, batch {}\n", point.sweep.name(), point.batch));
                last = Some((point.sweep, point.batch));
            }
            let mut cells = vec![format!("  {:>8}", point.at)];
            cells.push(format!("{:>5.1}% zeros", 100.0 * point.bound.load.zeros));
            for row in &point.rows {
                cells.push(format!("{:>8} {:>9.3} ms", row.engine, row.ms));
            }
            for engine in &point.left_out {
                cells.push(format!("{engine:>8}  too slow  "));
            }
            let bound = &point.bound;
            cells.push(format!("bound {:>9.3} ms ({:?})", bound.ms, bound.holds).to_lowercase());
            text.push_str(&cells.join("  "));
            text.push('\n');
        }
        text
    }

    /// What was measured as CSV with a header, a line a point and candidate.
    pub fn csv(&self) -> String {
        let mut table = Table::new([
            "sweep",
            "at",
            "batch",
            "threads",
            "engine",
            "device",
            "work",
            "zeros_asked",
            "zeros",
            "ms",
            "ms_min",
            "ms_max",
            "rounds",
            "bound_ms",
            "traffic_ms",
            "arithmetic_ms",
        ]);
        for point in &self.points {
            for row in &point.rows {
                table.push([
                    point.sweep.name().to_string(),
                    point.at.to_string(),
                    point.batch.to_string(),
                    point.threads.to_string(),
                    row.engine.clone(),
                    row.device.clone(),
                    row.work.clone(),
                    point.zeros_asked.to_string(),
                    row.zeros.to_string(),
                    row.ms.to_string(),
                    row.ms_min.to_string(),
                    row.ms_max.to_string(),
                    row.rounds.to_string(),
                    point.bound.ms.to_string(),
                    point.bound.traffic_ms.to_string(),
                    point.bound.arithmetic_ms.to_string(),
                ]);
            }
        }
        table.csv()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rectifier_train::BurnEngine;

    #[test]
    fn sweeps_go_as_far_as_they_should() {
        assert_eq!(
            Sweep::Width.places(2),
            [250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0]
        );
        assert_eq!(Sweep::Depth.places(2), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(Sweep::Threads.places(1), [1.0]);
        assert_eq!(Sweep::Threads.places(2), [1.0, 2.0]);
        assert_eq!(Sweep::Threads.places(6), [1.0, 2.0, 4.0, 6.0]);
        for sweep in Sweep::ALL {
            for at in sweep.places(2) {
                let work = sweep.work(at, 10).unwrap();
                assert!(work.zeros.is_some(), "{work:?}");
                // Whole batches, so that time a step is time an example.
                assert_eq!(work.examples.unwrap_or(0) % work.batch, 0);
            }
        }
        assert_eq!(Sweep::Zeros.work(99.0, 10).unwrap().zeros, Some(0.99));
        assert_eq!(Sweep::Depth.work(6.0, 10).unwrap().depth, 6);
        assert!(Sweep::Width.work(8000.0, 128).is_none());
    }

    #[test]
    fn every_point_has_its_rows_and_its_bound() {
        let device = Device::default();
        let candidates = |threads: Option<usize>| -> Result<Vec<Candidate>, BenchError> {
            let burn =
                Candidate::of_engine("flex", BurnEngine::new(device.clone()), device.clone());
            let burn = match threads {
                Some(threads) => burn.on_rayon(threads)?,
                None => burn,
            };
            Ok(vec![Candidate::sparse(device.clone(), threads), burn])
        };
        let growth = Growth {
            rounds: 1,
            seconds: 0.0,
            longest_step: 60.0,
            longest_epoch: 60.0,
            candidates: &candidates,
            threads: None,
            host: device.clone(),
            most: 250.0,
        };
        let record = growth.run(&[Sweep::Width], &mut |_| {}).unwrap();
        assert_eq!(record.points.len(), 2);
        for point in &record.points {
            assert_eq!((point.at, point.zeros_asked), (250.0, 0.75));
            assert!((point.bound.load.zeros - 0.75).abs() < 0.01, "{point:?}");
            assert_eq!(point.rows.len(), 2);
            // A tenth is far below any machine's noise in what it can do at most.
            assert!(point.rows.iter().all(|row| row.ms > 0.1 * point.bound.ms));
        }
        assert_eq!(record.csv().lines().count(), 5);
        assert!(record.table().contains("width, batch 128"));

        let depth = GrowthRecord {
            points: vec![GrowthPoint {
                sweep: Sweep::Depth,
                ..record.points[0].clone()
            }],
            ..record.clone()
        };
        let both = depth.clone().joined(record.clone());
        let sweeps: Vec<Sweep> = both.points.iter().map(|point| point.sweep).collect();
        assert_eq!(sweeps, [Sweep::Width, Sweep::Width, Sweep::Depth]);
        assert_eq!(record.clone().joined(both.clone()), both);
        let elsewhere = GrowthRecord {
            rounds: 2,
            ..record.clone()
        };
        assert_eq!(depth.clone().joined(elsewhere), depth);

        let none = Growth {
            longest_step: 0.0,
            ..growth
        };
        let record = none.run(&[Sweep::Width], &mut |_| {}).unwrap();
        assert_eq!(record.points[0].left_out, ["sparse", "burn"]);
        assert!(record.points[0].rows.is_empty());
    }
}
