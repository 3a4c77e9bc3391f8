//! What the output layer is trained for.

use serde::{Deserialize, Serialize};

/// What the output layer is trained for. Both minimize -log P(class | input); they differ in what is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// The most probable class; error is the share of wrong ones.
    #[default]
    Classification,
    /// The expected number of stars, sum over k of k P(k) with classes 0, 1, .. standing for 1, 2, .. stars; error
    /// is the root of the mean squared difference (RMSE).
    ExpectedRating,
}
