//! One error for the command, and the exit code it ends with.

use rectifier_data::DataError;
use rectifier_nn::{ModelFileError, NetworkError};
use rectifier_train::TrainError;

/// Why the command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The request makes no sense; exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The request was tried and failed; exit code 1.
    #[error("{0}")]
    Failed(String),
    /// Data could not be read or fetched.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A network that cannot be made.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A model file that cannot be used.
    #[error(transparent)]
    ModelFile(#[from] ModelFileError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A measurement failed.
    #[error(transparent)]
    Lab(#[from] rectifier_lab::LabError),
}

impl CliError {
    /// 2 for wrong use, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Network(_) | Self::Train(TrainError::Recipe { .. }) => 2,
            _ => 1,
        }
    }

    /// A failure to read or write `path`.
    pub fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Failed(format!("{}: {source}", path.display()))
    }
}
