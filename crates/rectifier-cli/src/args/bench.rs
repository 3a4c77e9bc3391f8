//! Options of `bench`.

use super::number;
use clap::{Args, ValueEnum};
use rectifier_bench::Sweep;
use std::path::PathBuf;

/// What of ours is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CandidateName {
    /// The sparse engine and its predictor.
    Sparse,
    /// The predictor with weights in bfloat16.
    SparseBf16,
    /// The predictor in eight-bit integers.
    SparseInt8,
    /// Burn's engine on a module of zero-skipping layers, on flex.
    SparseLayers,
    /// Burn's engine.
    Burn,
}

/// Options of `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Works whose name contains this: train, pretrain, infer, 5000, ...
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub only: String,
    /// Examples a step.
    #[arg(
        long,
        value_name = "N,N,..",
        value_delimiter = ',',
        value_parser = number::some("examples"),
        default_value = "1,10,128,256,1024"
    )]
    pub batch: Vec<usize>,
    /// Seconds a candidate, a workload and a round.
    #[arg(long, value_name = "S", default_value_t = 0.5, value_parser = number::seconds)]
    pub seconds: f64,
    /// Rounds: in each, every candidate does every workload in turn.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = number::rounds)]
    pub rounds: usize,
    /// What to leave out.
    #[arg(long, value_name = "NAME", value_enum)]
    pub without: Vec<CandidateName>,
    /// A program that prints the same JSON lines, run once a round; a .py file is run by `python3`.
    #[arg(long, value_name = "SCRIPT")]
    pub peer: Vec<String>,
    /// What the sparse engine's training steps spend their time on instead: lists, passes, sums, waiting.
    #[arg(long, conflicts_with_all = ["growth", "peer", "without", "out"])]
    pub phases: bool,
    /// How the cost of a training step grows instead, beside its bound: width, depth, zeros, threads, examples.
    #[arg(
        long,
        value_name = "WHAT,..",
        value_delimiter = ',',
        value_parser = sweep,
        conflicts_with_all = ["only", "batch", "peer"]
    )]
    pub growth: Vec<Sweep>,
    /// Let nothing grow past this.
    #[arg(long, value_name = "N", requires = "growth", value_parser = number::real)]
    pub max: Option<f64>,
    /// Device of Burn's engine.
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// Threads of the sparse engine, with --growth of Burn's too [default: one a core].
    #[arg(long, value_name = "N", value_parser = number::threads)]
    pub threads: Option<usize>,
    /// Folder for records, CSV and plots; what was there under the same names is replaced, but for sweeps of --growth that
    /// were made on the same machine in the same way and not now.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// One line of JSON a row instead of a table.
    #[arg(long)]
    pub json: bool,
}

fn sweep(text: &str) -> Result<Sweep, String> {
    let found = Sweep::ALL.into_iter().find(|sweep| sweep.name() == text);
    found.ok_or_else(|| {
        let names = Sweep::ALL.map(Sweep::name);
        format!("`{text}` is none of {}", names.join(", "))
    })
}
