//! What can go wrong in a measurement.

use rectifier_nn::NetworkError;
use rectifier_train::TrainError;

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// An engine failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A network that cannot be made.
    #[error(transparent)]
    Network(#[from] NetworkError),
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
