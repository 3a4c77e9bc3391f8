//! What can be wrong with a network's description.

use alloc::string::String;

/// A description that no network can be made from. The text names the field, its value and what would do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A size that must be at least one is zero.
    #[error("{what} is 0: it must be at least 1")]
    ZeroSize {
        /// What has no size, such as `hidden layer 2`.
        what: String,
    },
    /// A number is outside what the field takes, or is not a number.
    #[error("{field} is {value}: it must be {range}")]
    OutOfRange {
        /// The field's name.
        field: &'static str,
        /// What it was set to.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// A combination that has no meaning.
    #[error("{0}")]
    Unsupported(String),
}

impl NetworkError {
    /// `Ok` if `value` is finite and `inside`.
    ///
    /// # Errors
    /// [`OutOfRange`](Self::OutOfRange) with `field`, `value` and `range`.
    pub fn check(
        field: &'static str,
        value: f64,
        inside: bool,
        range: &'static str,
    ) -> Result<(), Self> {
        if value.is_finite() && inside {
            Ok(())
        } else {
            Err(Self::OutOfRange {
                field,
                value,
                range,
            })
        }
    }
}
