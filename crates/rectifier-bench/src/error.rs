//! What can go wrong in a measurement.

use rectifier_nn::{ModelFileError, NetworkError};
use rectifier_train::TrainError;
use std::path::{Path, PathBuf};

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// An engine failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A predictor failed.
    #[error(transparent)]
    Infer(#[from] rectifier_sparse::InferError),
    /// A network that cannot be made.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] ModelFileError),
    /// A file or folder could not be read or made.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that is no record of a measurement.
    #[error("{}: {source}: is it a record of this version?", path.display())]
    Record {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A peer's log of a training without an epoch in it.
    #[error("{}: no line is a JSON object with valid_error, test_error and seconds", path.display())]
    NoEpochs {
        /// Which.
        path: PathBuf,
    },
    /// A peer could not be run, or did not print what it should.
    #[error("peer {peer}: {reason}")]
    Peer {
        /// Its command.
        peer: String,
        /// What is wrong, and what would do.
        reason: String,
    },
    /// Two candidates that should compute the same do not.
    #[error(
        "{work}: {one} and {other} lose {difference:.1e} apart on the same step: one of them computes wrongly"
    )]
    Parity {
        /// What was computed.
        work: String,
        /// A candidate.
        one: String,
        /// Another.
        other: String,
        /// Relative difference of their losses.
        difference: f64,
    },
}

impl BenchError {
    /// A failure to read or make `path`.
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }
}
