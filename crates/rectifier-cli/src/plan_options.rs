//! From options to a plan.

use crate::args::{OptimizerName, PlanArgs, Strategy};
use crate::error::CliError;
use rectifier_catalog::{DataSpec, Plan, named_network};
use rectifier_nn::{
    ActivationPenalty, Corruption, DenseStackConfig, Reconstruction, Scale, Target,
};
use rectifier_train::{Optimizer, Pretrain, Stage};

/// The data set where none is asked for: the embedded one.
const EMBEDDED: &str = "glyphs";

impl PlanArgs {
    /// The plan that these options ask for.
    ///
    /// # Errors
    /// [`CliError`] naming the option that does not fit.
    pub fn plan(&self) -> Result<Plan, CliError> {
        let plan = match &self.recipe {
            Some(file) => {
                let plan = Plan::read(file)?;
                match (&self.data.data, self.data.set.options.is_empty()) {
                    (None, true) => plan,
                    _ => {
                        let data = self.data.choice_for(&plan.data)?;
                        let info = data.info(&self.data.locator())?;
                        plan.on(data, &info)
                    }
                }
            }
            None => {
                let data = match self.data.choice()? {
                    Some(data) => data,
                    None => DataSpec::named(EMBEDDED)?,
                };
                Plan::preset(data, &self.data.locator())?
            }
        };
        let plan = self.changed(plan)?;
        plan.validate()?;
        Ok(plan)
    }

    /// The plan with what the options say.
    fn changed(&self, mut plan: Plan) -> Result<Plan, CliError> {
        plan.label_fraction = self.label_fraction.or(plan.label_fraction);
        if let Some(name) = &self.network {
            plan.network = self.name_network(name, &plan.network)?;
        }
        if let Some(hidden) = &self.hidden {
            plan.network.hidden = parse_hidden(hidden)?;
        }
        if plan.network.hidden.is_empty() {
            for (option, given, what) in [
                ("--flips", self.flips, "whose outputs could be flipped"),
                ("--pretrain", self.pretrain, "that could be pre-trained"),
                (
                    "--threshold",
                    self.threshold.is_some_and(|threshold| threshold != 0.0),
                    "whose activations could be cut off",
                ),
            ] {
                if given {
                    let text = format!("{option}: there is no hidden layer {what}");
                    return Err(CliError::Usage(text));
                }
            }
        }
        plan.network.flips |= self.flips;
        plan.network.threshold = self.threshold.unwrap_or(plan.network.threshold);
        plan.recipe.seed = self.seed.unwrap_or(plan.recipe.seed);
        let l1 = self.l1.as_deref().map(parse_l1).transpose()?;
        if let Some(ActivationPenalty::PerLayer(numbers)) = &l1
            && numbers.len() != plan.network.hidden.len()
        {
            return Err(CliError::Usage(format!(
                "--l1 gives {} numbers, the network has {} hidden layers: give one for all, or one each",
                numbers.len(),
                plan.network.hidden.len()
            )));
        }
        if let Some(ActivationPenalty::Uniform(share)) = l1
            && share != 0.0
            && plan.network.hidden.is_empty()
        {
            return Err(CliError::Usage(
                "--l1: there is no hidden layer whose activations could be penalized".into(),
            ));
        }
        for stage in &mut plan.recipe.stages {
            let Stage::FineTune(stage) = stage else {
                continue;
            };
            stage.epochs = self.epochs.unwrap_or(stage.epochs);
            stage.rate = self.lr.map_or(stage.rate, Into::into);
            stage.patience = self.patience.or(stage.patience);
            stage.l1 = l1.clone().unwrap_or(stage.l1.clone());
            stage.optimizer = match self.optimizer {
                Some(OptimizerName::Sgd) => Optimizer::Sgd,
                Some(OptimizerName::Momentum) => Optimizer::Momentum { momentum: 0.9 },
                Some(OptimizerName::Adam) => Optimizer::Adam,
                None => stage.optimizer,
            };
        }
        if self.pretrain {
            plan = plan.pretrained(|stage| self.change_pretraining(stage));
        }
        if let Some(size) = self.batch {
            for stage in &mut plan.recipe.stages {
                match stage {
                    Stage::Pretrain(stage) => stage.batch = size,
                    Stage::FineTune(stage) => stage.batch = size,
                }
            }
        }
        Ok(plan)
    }

    fn change_pretraining(&self, stage: &mut Pretrain) {
        stage.epochs = self.pretrain_epochs.unwrap_or(stage.epochs);
        stage.rate = self.pretrain_lr.map_or(stage.rate, Into::into);
        stage.l1 = self.pretrain_l1.unwrap_or(stage.l1);
        if let Some(noise) = self.noise {
            match &mut stage.corruption {
                Corruption::Masking { share } | Corruption::SaltAndPepper { drop: share, .. } => {
                    *share = noise;
                }
                Corruption::None => {}
            }
        }
        stage.reconstruction = match self.reconstruction {
            None => stage.reconstruction,
            Some(Strategy::Softplus) => Reconstruction::SoftplusSquared,
            Some(Strategy::CrossEntropy) => Reconstruction::CrossEntropy {
                scale: Scale::Global,
            },
            Some(Strategy::Linear) => Reconstruction::LinearSquared {
                target: Target::After,
            },
            Some(Strategy::LinearBefore) => Reconstruction::LinearSquared {
                target: Target::Before,
            },
            Some(Strategy::Rectifier) => Reconstruction::RectifierSquared,
        };
    }

    fn name_network(
        &self,
        name: &str,
        network: &DenseStackConfig,
    ) -> Result<DenseStackConfig, CliError> {
        let network = named_network(name, network)?;
        match (network.hidden.is_empty(), &self.hidden) {
            (true, Some(hidden)) if hidden != "none" => Err(CliError::Usage(format!(
                "network {name} has no hidden layer: leave --hidden out"
            ))),
            _ => Ok(network),
        }
    }
}

fn parse_hidden(text: &str) -> Result<Vec<usize>, CliError> {
    if text == "none" {
        return Ok(Vec::new());
    }
    text.split(',')
        .map(|size| {
            size.trim().parse().map_err(|_| {
                CliError::Usage(format!(
                    "--hidden {text}: `{size}` is no number of units; write 1000,1000 or none"
                ))
            })
        })
        .collect()
}

fn parse_l1(text: &str) -> Result<ActivationPenalty, CliError> {
    let numbers: Result<Vec<f64>, _> = text
        .split(',')
        .map(|number| number.trim().parse())
        .collect();
    let numbers = numbers.map_err(|_| {
        CliError::Usage(format!(
            "--l1 {text}: write one number, or one a layer: 1e-5,1e-5,0"
        ))
    })?;
    Ok(match numbers.as_slice() {
        [one] => ActivationPenalty::Uniform(*one),
        _ => ActivationPenalty::PerLayer(numbers),
    })
}
