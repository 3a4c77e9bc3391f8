//! What is asked of the operation.

use super::lists::Active;

/// How a layer treats its inputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// Whether they are rectified first.
    pub rectify: bool,
    /// The share of active inputs above which a batch is multiplied whole, if not by the measured rule.
    pub whole_above: Option<f64>,
}

impl How {
    pub(super) fn active(self) -> Active {
        match self.rectify {
            true => Active::Above,
            false => Active::NotZero,
        }
    }
}

/// The gradients that somebody asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub input: bool,
    pub weight: bool,
}
