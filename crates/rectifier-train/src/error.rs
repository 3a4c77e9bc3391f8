//! What can stop a run, each with its cure.

use rectifier_data::DataError;
use rectifier_nn::{ModelFileError, NetworkError};
use std::path::PathBuf;

/// An error of training. The text names the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The data could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network cannot be made, or not pre-trained as asked.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A model file could not be read or written.
    #[error(transparent)]
    ModelFile(#[from] ModelFileError),
    /// A recipe with a value that no run can be made from.
    #[error("recipe, {place}: {reason}")]
    Recipe {
        /// Where in the recipe.
        place: String,
        /// What is wrong there and what would do.
        reason: String,
    },
    /// Network, data and recipe do not fit together.
    #[error("{0}")]
    Fit(String),
    /// The loss stopped being a number.
    #[error(
        "the loss became {loss} in {stage}, epoch {epoch}, between steps {after} and {step}, at rate {rate}: \
         lower the rate and start again; {kept}"
    )]
    Diverged {
        /// The stage, in words.
        stage: String,
        /// The epoch, from 1.
        epoch: usize,
        /// The last step whose loss was finite.
        after: usize,
        /// The step it was noticed at, from 1.
        step: usize,
        /// The rate at that step.
        rate: f64,
        /// The loss that was read.
        loss: f64,
        /// What is left of the run.
        kept: String,
    },
    /// The user ended the run from the dashboard without waiting for its step.
    #[error("ended at once, as asked; what the last checkpoint holds is kept")]
    Killed,
    /// A file of the run folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of the run folder holds something else than it should.
    #[error("{}: {reason}", path.display())]
    RunFolder {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// The device could not do its work.
    #[error("the device failed: {0}")]
    Device(String),
}
