//! What an engine cannot do.

use crate::{FineTune, Optimizer, Recipe, Stage};
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
    #[error("has no {0:?} units")]
    Unit(Unit),
    /// Optimizers that remember.
    #[error("descends plainly, without momentum or Adam")]
    Optimizer(Optimizer),
    /// [`FineTune::frozen`].
    #[error("trains every layer, and the recipe keeps some as they are")]
    Frozen,
    /// [`FineTune::weight_decay`].
    #[error("has no weight decay")]
    WeightDecay,
    /// [`FineTune::dropout`].
    #[error("has no dropout")]
    Dropout,
    /// A device that it does not compute on.
    #[error("computes on the CPU, not on {0}")]
    Device(String),
}

impl FineTune {
    /// What the stage asks for beyond plain descent of every layer, in the order of the recipe's fields: what an engine
    /// holds against what it can.
    pub fn extras(&self) -> Vec<Limit> {
        let mut extras = Vec::new();
        if self.optimizer != Optimizer::Sgd {
            extras.push(Limit::Optimizer(self.optimizer));
        }
        if !self.frozen.is_empty() {
            extras.push(Limit::Frozen);
        }
        if self.weight_decay != 0.0 {
            extras.push(Limit::WeightDecay);
        }
        if !self.dropout.is_none() {
            extras.push(Limit::Dropout);
        }
        extras
    }
}

impl Recipe {
    /// What its stages ask for beyond plain descent of every layer, stage after stage; see [`FineTune::extras`].
    pub fn extras(&self) -> Vec<Limit> {
        let of = |stage: &Stage| match stage {
            Stage::FineTune(stage) => stage.extras(),
            Stage::Pretrain(stage) if stage.optimizer != Optimizer::Sgd => {
                vec![Limit::Optimizer(stage.optimizer)]
            }
            Stage::Pretrain(_) => Vec::new(),
        };
        self.stages.iter().flat_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dropout;

    #[test]
    fn a_stage_tells_what_it_asks_for() {
        let plain = FineTune::new(1, 10, 0.1).l1(1e-4).patience(3);
        assert!(plain.extras().is_empty());
        let momentum = Optimizer::Momentum { momentum: 0.9 };
        let all = plain
            .optimizer(momentum)
            .frozen([1])
            .weight_decay(1e-4)
            .dropout(Dropout::new(0.2, 0.5));
        let limits = [
            Limit::Optimizer(momentum),
            Limit::Frozen,
            Limit::WeightDecay,
            Limit::Dropout,
        ];
        assert_eq!(all.extras(), limits);
        let limit = EngineLimit {
            engine: "sparse",
            limit: Limit::Dropout,
            other: "burn",
        };
        assert_eq!(
            limit.to_string(),
            "the sparse engine has no dropout: use --engine burn"
        );
    }
}
