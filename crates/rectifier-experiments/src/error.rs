//! What can be wrong with a sweep, each with its cure.

use crate::statistics::StatisticsError;
use rectifier_catalog::CatalogError;
use rectifier_data::DataError;
use rectifier_nn::ModelFileError;
use rectifier_plot::SmoothError;
use rectifier_train::TrainError;
use std::path::{Path, PathBuf};

/// An error of an experiment. The text names the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// A plan cannot be made or carried out.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A run's folder cannot be used.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Data cannot be found.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] ModelFileError),
    /// Numbers that no statistic can be made of.
    #[error(transparent)]
    Statistics(#[from] StatisticsError),
    /// Points that no line can be drawn through.
    #[error(transparent)]
    Smooth(#[from] SmoothError),
    /// An experiment that there is none of.
    #[error("there is no experiment `{name}`: there are {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// All there are.
        known: String,
    },
    /// A preset that there is none of.
    #[error("there is no preset `{0}`: there are smoke, short, full and paper")]
    Preset(String),
    /// Data that is nowhere on this machine.
    #[error("{experiment} needs data that is not here, nothing was begun: {}", sets.join("; "))]
    Missing {
        /// The experiment.
        experiment: String,
        /// Each set, with how it gets here.
        sets: Vec<String>,
    },
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that is none of a sweep's.
    #[error("{}: {source}: this is not what a sweep writes there; put back what it wrote, or move it away", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A record of another form.
    #[error(
        "{}: the record is of version {found}, this program reads version {known}: use the version that wrote it, or move \
         it away to have the cell run again",
        path.display()
    )]
    Version {
        /// The record.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The one that is read.
        known: u32,
    },
    /// A record whose plan is not the one that it is named after.
    #[error(
        "{}: the record's plan and engine make it cell {name}: it was changed after it was written, or copied under another \
         name; move it away to have the cell run again",
        path.display()
    )]
    Renamed {
        /// The record.
        path: PathBuf,
        /// What it would be called.
        name: String,
    },
    /// A folder that another sweep writes to.
    #[error(
        "{}: another sweep is running in this folder: wait for it, give another --folder, or run shares of one sweep side by \
         side with --shard",
        folder.display()
    )]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder of another experiment.
    #[error(
        "{}: the folder holds {found}, not {asked}: give another --folder, or another name to the sweep",
        folder.display()
    )]
    Other {
        /// The folder.
        folder: PathBuf,
        /// What is in it.
        found: String,
        /// What was to be run.
        asked: String,
    },
    /// A folder that holds nothing of an experiment.
    #[error("{}: there is no record here: run `rectifier experiment run {name}` first, or give its --folder", folder.display())]
    Nothing {
        /// The folder.
        folder: PathBuf,
        /// The experiment.
        name: String,
    },
    /// A share of a sweep that is none.
    #[error("`{0}` is no share of a sweep: give K/N with K from 1 to N, such as 2/8")]
    Shard(String),
    /// No cell at a time.
    #[error("0 jobs: there must be at least 1")]
    NoJob,
    /// A filter that is none.
    #[error(
        "`{0}` is no filter: give label=value, such as unit=tanh, or set=mnist|cifar10, separated by commas"
    )]
    Filter(String),
    /// A filter that lets nothing through.
    #[error("--only {filter}: none of the {cells} cells is meant; labels are {labels}")]
    NothingLeft {
        /// The filter.
        filter: String,
        /// How many cells there are.
        cells: usize,
        /// The labels they have.
        labels: String,
    },
    /// A sweep file with something wrong in it.
    #[error("{}: {problem}", path.display())]
    Sweep {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: SweepProblem,
    },
}

/// What can be wrong with a user's own sweep.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepProblem {
    /// Text that is no sweep.
    #[error("{0}: a sweep has a name, a base plan and axes")]
    Syntax(serde_json::Error),
    /// A name that cannot be a folder's.
    #[error(
        "the name `{0}` cannot be that of a folder: use letters, digits, - and _, and none of the paper's experiments"
    )]
    Name(String),
    /// An axis without values.
    #[error("axis {0} has no values: give a list, such as [0.1, 0.01]")]
    EmptyAxis(String),
    /// An axis that leads nowhere.
    #[error("axis {axis}: the base plan has no `{part}` there; places in lists count from 0")]
    Place {
        /// The axis.
        axis: String,
        /// Where it ends.
        part: String,
    },
    /// More cells than can be meant.
    #[error("the axes make {0} cells, at most 100000 are run: give shorter ones")]
    Large(u128),
    /// A plan that the axes make and that is none.
    #[error("{labels}: {source}")]
    Plan {
        /// Which.
        labels: String,
        /// What is wrong with it.
        source: Box<CatalogError>,
    },
}

/// A failure of the system at `path`.
pub(crate) fn io(path: &Path, source: std::io::Error) -> ExperimentError {
    ExperimentError::Io {
        path: path.into(),
        source,
    }
}
