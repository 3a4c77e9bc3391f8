//! The paper's experiments: the [statistics] that their tables and figures rest on.
#![warn(missing_docs)]

pub mod statistics;
