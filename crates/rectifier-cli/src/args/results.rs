//! Options of `results`.

use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// Kinds of records of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RecordKind {
    /// Runs that stand for themselves.
    Runs,
    /// Runs that differ in their penalty.
    Penalty,
}

impl RecordKind {
    /// Its folder.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Penalty => "penalty",
        }
    }
}

/// What to do with records.
#[derive(Debug, Subcommand)]
pub enum ResultsCommand {
    /// Keep what a finished run wrote down, without its weights.
    Add {
        /// The run folder.
        run: PathBuf,
        /// What the record is called; runs called NAME-1, NAME-2, .. are seeds of one.
        name: String,
        /// Which records: runs, or penalty for the study of penalties.
        #[arg(long, value_name = "KIND", default_value = "runs")]
        kind: RecordKind,
        /// Replace a record of another run that is called so.
        #[arg(long)]
        replace: bool,
        /// The folder of records.
        #[arg(long, value_name = "DIR", default_value = "results")]
        folder: PathBuf,
    },
    /// Keep what another program printed of the same training: a JSON object an epoch with valid_error, test_error, zeros
    /// and seconds.
    AddPeer {
        /// What it printed.
        log: PathBuf,
        /// The record of ours that it stands beside, such as mnist-1.
        beside: String,
        /// What the program is called.
        program: String,
        /// Replace a record of another run that is called so.
        #[arg(long)]
        replace: bool,
        /// The folder of records.
        #[arg(long, value_name = "DIR", default_value = "results")]
        folder: PathBuf,
    },
    /// Print the tables, or write them into a page between its marks.
    Table {
        /// The folder of records.
        #[arg(long, value_name = "DIR", default_value = "results")]
        folder: PathBuf,
        /// A page with the marks `<!-- NAME -->` and `<!-- /NAME -->` for runs, training, speed, bench, growth,
        /// thresholds, penalty, devices, zoo, or an experiment such as table1.
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
    /// Draw what was measured, beside its records.
    Plot {
        /// The folder of records.
        #[arg(long, value_name = "DIR", default_value = "results")]
        folder: PathBuf,
        /// Make each drawing a picture too, NAME.png and NAME-dark.png, in a build with the feature png.
        #[arg(long)]
        png: bool,
    },
}
