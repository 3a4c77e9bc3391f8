//! Options of `experiment`.

use super::PlaceArgs;
use super::number;
use clap::{Args, Subcommand};
use rectifier_experiments::{ExperimentError, Filter, Preset, Shard};
use std::path::PathBuf;
use std::time::Duration;

/// What to do with experiments.
#[derive(Debug, Subcommand)]
pub enum ExperimentCommand {
    /// List the experiments, with their cells and what is recorded of them.
    List {
        /// Where records are.
        #[command(flatten)]
        at: AtArgs,
        /// How large: smoke, short, full, paper.
        #[arg(long, value_name = "NAME", value_parser = preset, default_value = "full")]
        preset: Preset,
    },
    /// Run the cells of an experiment that have no record yet; what was stopped goes on.
    Run(Box<RunArgs>),
    /// Tell how far a sweep is, from this terminal or another.
    Status {
        /// The experiment, or the name of a sweep of your own.
        name: String,
        /// Where records are.
        #[command(flatten)]
        at: AtArgs,
        /// How large [default: as it was run last].
        #[arg(long, value_name = "NAME", value_parser = preset)]
        preset: Option<Preset>,
    },
    /// Make tables, figures and pages from records alone.
    Report {
        /// Experiments, or names of sweeps of your own [default: every one with records].
        names: Vec<String>,
        /// Where records are.
        #[command(flatten)]
        at: AtArgs,
        /// Of which preset's records [default: the largest that there are records of].
        #[arg(long, value_name = "NAME", value_parser = preset)]
        preset: Option<Preset>,
        /// Make each figure a picture too, NAME.png and NAME-dark.png, in a build with the feature png.
        #[arg(long)]
        png: bool,
    },
}

/// Where records are.
#[derive(Debug, Clone, Args)]
pub struct AtArgs {
    /// The folder of experiments; each has one of its own in it.
    #[arg(long, value_name = "DIR", default_value = "results/experiments")]
    pub folder: PathBuf,
}

/// Options of `experiment run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The experiment.
    #[arg(required_unless_present = "sweep")]
    pub name: Option<String>,
    /// A sweep of your own: JSON with a name, a base plan, and axes such as {"recipe.stages.0.rate": [0.1, 0.01]}.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub sweep: Option<PathBuf>,
    /// Where records are.
    #[command(flatten)]
    pub at: AtArgs,
    /// How large: smoke (seconds), short (minutes), full (hours), paper (a cluster).
    #[arg(long, value_name = "NAME", value_parser = preset, default_value = "short")]
    pub preset: Preset,
    /// Cells at a time, each on one thread [default: one a core].
    #[arg(long, value_name = "N", value_parser = number::cells)]
    pub jobs: Option<usize>,
    /// Run share K of N alone, so that N processes or machines part the cells.
    #[arg(long, value_name = "K/N", value_parser = shard)]
    pub shard: Option<Shard>,
    /// Run only cells with these labels: set=mnist,unit=tanh|softplus.
    #[arg(long, value_name = "FILTER", value_parser = filter)]
    pub only: Option<Filter>,
    /// Say which cells would run, how long they take and how much disk they need, and run none.
    #[arg(long)]
    pub dry_run: bool,
    /// Keep the folders of runs, which hold their weights.
    #[arg(long)]
    pub keep: bool,
    /// The longest time between two checkpoints of a cell, in seconds [default: 60].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub checkpoint_every: Option<Duration>,
    /// Where data files are.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Device of the cells that Burn computes, or several that compute each cell together, such as cuda:0,1.
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// Say nothing but the end.
    #[arg(long)]
    pub quiet: bool,
}

fn preset(text: &str) -> Result<Preset, ExperimentError> {
    text.parse()
}

fn shard(text: &str) -> Result<Shard, ExperimentError> {
    text.parse()
}

fn filter(text: &str) -> Result<Filter, ExperimentError> {
    text.parse()
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| *seconds >= 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| format!("`{text}` is no number of seconds"))
}
