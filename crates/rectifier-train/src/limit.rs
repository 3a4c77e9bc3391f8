//! What an engine cannot do.

use crate::Optimizer;
use rectifier_nn::Unit;

/// A wish that an engine cannot meet. The text ends with the way out; [`limit`](Self::limit) alone is the reason.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the {engine} engine {limit}: use --engine {other}")]
pub struct EngineLimit {
    /// The engine's name.
    pub engine: &'static str,
    /// What it cannot do.
    pub limit: Limit,
    /// The engine that can.
    pub other: &'static str,
}

/// What an engine cannot do, as the rest of a sentence about it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Limit {
    /// Networks of one's own.
    #[error("trains dense stacks, and this network is none")]
    NoStack,
    /// Units whose slope is learned, or others that it has no kernels for.
    #[error("{}", units(.0))]
    Unit(Unit),
    /// Optimizers that it has not.
    #[error("{}", optimizers(.0))]
    Optimizer(Optimizer),
    /// [`FineTune::frozen`](crate::FineTune::frozen).
    #[error("trains every layer, and the recipe keeps some as they are")]
    Frozen,
    /// [`FineTune::weight_decay`](crate::FineTune::weight_decay).
    #[error("has no weight decay")]
    WeightDecay,
    /// [`FineTune::dropout`](crate::FineTune::dropout).
    #[error("has no dropout")]
    Dropout,
    /// A device that it does not compute on.
    #[error("computes on the CPU, not on {0}")]
    Device(String),
}

fn optimizers(optimizer: &Optimizer) -> String {
    let name = match optimizer {
        Optimizer::Sgd => "plain descent",
        Optimizer::Momentum { .. } => "momentum",
        Optimizer::Adam => "Adam",
    };
    format!("has no {name}")
}

fn units(unit: &Unit) -> String {
    match unit {
        Unit::ParametricLeaky { .. } => "has no units that learn a slope".into(),
        other => format!("has no {other:?} units"),
    }
}
