//! From options to a plan.

use crate::args::{DataArgs, OptimizerName, PlanArgs, Strategy};
use crate::data::{DataChoice, named};
use crate::error::CliError;
use crate::plan::Plan;
use deep_rectifier::PRESETS;
use rectifier_baselines::Family;
use rectifier_data::Locator;
use rectifier_nn::{
    ActivationPenalty, Corruption, DenseStackConfig, Reconstruction, Scale, Target, Unit,
};
use rectifier_train::{FineTune, Objective, Optimizer, Pretrain, Recipe, Stage};

/// Hidden layers where none are given: the paper's.
const HIDDEN: [usize; 3] = [1000, 1000, 1000];

impl DataArgs {
    /// Where to look for files.
    pub fn locator(&self) -> Locator {
        Locator {
            data_dir: self.data_dir.clone(),
            offline: self.offline,
            allow_unknown: self.allow_unknown_data,
            ..Locator::default()
        }
    }

    /// The data set asked for; `None` if none was.
    ///
    /// # Errors
    /// [`CliError::Usage`] for options that do not belong together.
    pub fn choice(&self) -> Result<Option<DataChoice>, CliError> {
        let name = match (&self.data, &self.images) {
            (Some(name), _) => name.as_str(),
            (None, Some(_)) => "idx",
            (None, None) if self.variant.is_some() || self.complexity.is_some() => "nistp",
            (None, None) if self.examples.is_some() || self.data_seed.is_some() => "glyphs",
            (None, None) => return Ok(None),
        };
        if name != "idx"
            && (self.images.is_some()
                || self.labels.is_some()
                || self.test_images.is_some()
                || self.test_labels.is_some())
        {
            return Err(CliError::Usage(format!(
                "--images and --labels go with --data idx, not with {name}"
            )));
        }
        let generated = name == "glyphs" || name == "nistp";
        if !generated && (self.examples.is_some() || self.data_seed.is_some()) {
            return Err(CliError::Usage(format!(
                "--examples and --data-seed go with --data glyphs or nistp, not with {name}"
            )));
        }
        if name != "nistp" && (self.variant.is_some() || self.complexity.is_some()) {
            return Err(CliError::Usage(format!(
                "--variant and --complexity go with --data nistp, not with {name}"
            )));
        }
        if let ("idx", Some(images), Some(labels)) = (name, &self.images, &self.labels) {
            let choice = DataChoice::Idx {
                images: images.clone(),
                labels: labels.clone(),
                test_images: self.test_images.clone(),
                test_labels: self.test_labels.clone(),
            };
            choice.validate()?;
            return Ok(Some(choice));
        }
        let mut choice = named(name)?;
        if let DataChoice::Glyphs { seed, train, .. } = &mut choice {
            *train = self.examples.unwrap_or(*train);
            *seed = self.data_seed.unwrap_or(*seed);
        }
        if let DataChoice::Nistp(choice) = &mut choice {
            choice.change(self);
        }
        choice.validate()?;
        Ok(Some(choice))
    }
}

impl PlanArgs {
    /// The plan that these options ask for.
    ///
    /// # Errors
    /// [`CliError`] naming the option that does not fit.
    pub fn plan(&self) -> Result<Plan, CliError> {
        let mut plan = match &self.recipe {
            Some(file) => Plan::read(file)?,
            None => self.fresh()?,
        };
        self.change(&mut plan)?;
        plan.validate()?;
        Ok(plan)
    }

    /// The plan without a recipe file: the data set's own defaults.
    fn fresh(&self) -> Result<Plan, CliError> {
        let data = self.data.choice()?.unwrap_or(DataChoice::GLYPHS);
        let (inputs, outputs) = data.dims()?;
        let network = DenseStackConfig::new(inputs, HIDDEN, Unit::Rectifier, outputs);
        // Plain descent at the paper's batch size; on generated data larger batches, so that it ends within minutes, on
        // streamed data within an hour.
        let (epochs, batch) = match data {
            DataChoice::Glyphs { .. } => (12, 32),
            DataChoice::Nistp(_) => (20, 64),
            _ => (15, 10),
        };
        let fine_tune = FineTune {
            epochs,
            batch,
            rate: 0.1.into(),
            optimizer: Optimizer::Sgd,
            l1: ActivationPenalty::default(),
            patience: None,
        };
        let recipe = Recipe {
            seed: 1,
            objective: Objective::Classification,
            stages: vec![Stage::FineTune(fine_tune)],
        };
        Ok(Plan::new(data, network, recipe))
    }

    /// What the options say, put into the plan.
    fn change(&self, plan: &mut Plan) -> Result<(), CliError> {
        if self.recipe.is_some()
            && let Some(data) = self.data.choice()?
        {
            (plan.network.inputs, plan.network.outputs) = data.dims()?;
            plan.data = data;
        }
        if let Some(name) = &self.network {
            self.name_network(name, &mut plan.network)?;
        }
        if let Some(hidden) = &self.hidden {
            plan.network.hidden = parse_hidden(hidden)?;
        }
        plan.network.flips |= self.flips;
        plan.network.threshold = self.threshold.unwrap_or(plan.network.threshold);
        plan.recipe.seed = self.seed.unwrap_or(plan.recipe.seed);
        let l1 = self.l1.as_deref().map(parse_l1).transpose()?;
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
            plan.recipe
                .stages
                .retain(|stage| matches!(stage, Stage::FineTune(_)));
            let fine_tune = std::mem::take(&mut plan.recipe.stages);
            let batch = fine_tune.first().map_or(10, Stage::batch);
            plan.recipe.stages = (1..=plan.network.hidden.len())
                .map(|layer| Stage::Pretrain(self.pretraining(layer, batch)))
                .chain(fine_tune)
                .collect();
        }
        if let Some(size) = self.batch {
            for stage in &mut plan.recipe.stages {
                match stage {
                    Stage::Pretrain(stage) => stage.batch = size,
                    Stage::FineTune(stage) => stage.batch = size,
                }
            }
        }
        Ok(())
    }

    fn pretraining(&self, layer: usize, batch: usize) -> Pretrain {
        Pretrain {
            layer,
            epochs: self.pretrain_epochs.unwrap_or(10),
            batch,
            rate: self.pretrain_lr.unwrap_or(0.01).into(),
            optimizer: Optimizer::Sgd,
            corruption: Corruption::Masking {
                share: self.noise.unwrap_or(0.25),
            },
            reconstruction: match self.reconstruction {
                None | Some(Strategy::Softplus) => Reconstruction::SoftplusSquared,
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
            },
            l1: self.pretrain_l1.unwrap_or(0.0),
        }
    }

    fn name_network(&self, name: &str, network: &mut DenseStackConfig) -> Result<(), CliError> {
        if name == "rectifier" {
            network.unit = Unit::Rectifier;
        } else if let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) {
            if (preset.inputs, preset.outputs) != (network.inputs, network.outputs) {
                return Err(CliError::Usage(format!(
                    "network {name} is for {} inputs and {} classes, the data has {} and {}: use --network rectifier",
                    preset.inputs, preset.outputs, network.inputs, network.outputs
                )));
            }
            network.unit = Unit::Rectifier;
            network.hidden = preset.hidden.to_vec();
        } else if let Some(family) = Family::by_name(name) {
            *network = family.config(network.inputs, network.hidden.clone(), network.outputs);
            if family == Family::Linear && self.hidden.is_some() {
                return Err(CliError::Usage(
                    "network linear has no hidden layer: leave --hidden out".into(),
                ));
            }
        } else {
            let known = crate::models::names().join(", ");
            return Err(CliError::Usage(format!(
                "there is no network `{name}`: there are {known}"
            )));
        }
        Ok(())
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
