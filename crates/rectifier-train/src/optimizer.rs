//! What makes a step of a gradient.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, ModuleOptimizer, SgdConfig};
use serde::{Deserialize, Serialize};

/// What makes a step of a gradient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = r#"an optimizer such as {"kind": "sgd"} or {"kind": "momentum", "momentum": 0.9}"#
)]
pub enum Optimizer {
    /// w - rate g, as in the paper.
    #[default]
    Sgd,
    /// v = momentum v + g; w - rate v.
    Momentum {
        /// In [0, 1).
        momentum: f64,
    },
    /// Adam (Kingma, Ba 2015) with decays .9 and .999 and epsilon 1e-8.
    Adam,
}

impl Optimizer {
    /// Burn's optimizer of this kind.
    pub fn init(&self) -> ModuleOptimizer {
        self.init_with_decay(0.0)
    }

    /// Burn's optimizer of this kind, which adds `decay` times the parameter to every gradient.
    pub fn init_with_decay(&self, decay: f64) -> ModuleOptimizer {
        let decay = (decay != 0.0).then(|| WeightDecayConfig::new(decay as f32));
        match *self {
            Self::Sgd => SgdConfig::new().with_weight_decay(decay).init(),
            Self::Momentum { momentum } => SgdConfig::new()
                .with_weight_decay(decay)
                .with_momentum(Some(
                    MomentumConfig::new()
                        .with_momentum(momentum)
                        .with_dampening(0.0),
                ))
                .init(),
            Self::Adam => AdamConfig::new()
                .with_weight_decay(decay)
                .with_epsilon(1e-8)
                .init(),
        }
    }
}
