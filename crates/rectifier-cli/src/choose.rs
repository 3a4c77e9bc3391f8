//! From options to a plan.

use crate::args::{DataArgs, OptimizerName, PlanArgs, Strategy};
use crate::data::{DataChoice, TextChoice, named};
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
/// On text, one layer that trains within minutes on two cores; the paper's have 5000 units, `--hidden 5000`.
const TEXT_HIDDEN: [usize; 1] = [500];
const TEXT_RATE: f64 = 0.05;
const TEXT_PATIENCE: usize = 4;

impl DataArgs {
    /// Where to look for files.
    pub fn locator(&self) -> Locator {
        self.place.locator()
    }

    /// The data set asked for; `None` if none was.
    ///
    /// # Errors
    /// [`CliError::Usage`] for options that do not belong together.
    pub fn choice(&self) -> Result<Option<DataChoice>, CliError> {
        let name = match (&self.data, &self.images) {
            (Some(name), _) => name.as_str(),
            (None, Some(_)) => "idx",
            (None, None) if self.text.file.is_some() => "reviews",
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
        let text = TextChoice::of(name, self)?;
        let generated = ["glyphs", "nistp", "norb-like"].contains(&name);
        let seeded = generated || text.is_some();
        if name != "nistp" && (self.variant.is_some() || self.complexity.is_some()) {
            return Err(CliError::Usage(format!(
                "--variant and --complexity go with --data nistp, not with {name}"
            )));
        }
        if (!generated && self.examples.is_some()) || (!seeded && self.data_seed.is_some()) {
            return Err(CliError::Usage(format!(
                "--examples and --data-seed go with --data glyphs, nistp or norb-like, not with {name}"
            )));
        }
        if let Some(text) = text {
            let choice = DataChoice::Text(text);
            choice.validate()?;
            return Ok(Some(choice));
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
        if let DataChoice::Glyphs(generated) | DataChoice::NorbLike(generated) = &mut choice {
            generated.train = self.examples.unwrap_or(generated.train);
            generated.seed = self.data_seed.unwrap_or(generated.seed);
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
        let hidden = match data {
            DataChoice::Text(_) => TEXT_HIDDEN.to_vec(),
            _ => HIDDEN.to_vec(),
        };
        let network = DenseStackConfig::new(inputs, hidden, Unit::Rectifier, outputs);
        // Plain descent at the paper's batch size; on generated data larger batches and fewer epochs, so that it ends
        // within minutes, on streamed data within an hour.
        let (epochs, batch) = match data {
            DataChoice::Glyphs(_) | DataChoice::NorbLike(_) => (12, 32),
            DataChoice::Nistp(_) => (20, 64),
            _ => (15, 10),
        };
        // Networks on text learn the training reviews by heart within a few epochs: the best one is kept.
        let (rate, patience) = match data {
            DataChoice::Text(_) => (TEXT_RATE, Some(TEXT_PATIENCE)),
            _ => (0.1, None),
        };
        let fine_tune = FineTune {
            epochs,
            batch,
            rate: rate.into(),
            optimizer: Optimizer::Sgd,
            l1: ActivationPenalty::default(),
            patience,
            ..FineTune::new(epochs, batch, rate)
        };
        let recipe = Recipe {
            seed: 1,
            objective: match data.is_rating() {
                true => Objective::ExpectedRating,
                false => Objective::Classification,
            },
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
            plan.recipe.objective = match data.is_rating() {
                true => Objective::ExpectedRating,
                false => Objective::Classification,
            };
            plan.data = data;
        }
        plan.label_fraction = self.label_fraction.or(plan.label_fraction);
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
            let text = matches!(plan.data, DataChoice::Text(_));
            plan.recipe.stages = (1..=plan.network.hidden.len())
                .map(|layer| Stage::Pretrain(self.pretraining(layer, batch, text)))
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

    fn pretraining(&self, layer: usize, batch: usize, text: bool) -> Pretrain {
        let masking = |share: f64| Corruption::Masking {
            share: self.noise.unwrap_or(share),
        };
        // The values for text are those of the authors' code, layer after layer.
        let (rate, corruption) = match (text, layer) {
            (false, _) => (0.01, masking(0.25)),
            (true, 1) => {
                let drop = self.noise.unwrap_or(0.8);
                let insert = 0.005;
                (0.005, Corruption::SaltAndPepper { drop, insert })
            }
            (true, 2) => (0.001, masking(0.5)),
            (true, _) => (0.001, masking(0.3)),
        };
        let strategy = self.reconstruction.unwrap_or(match text {
            true => Strategy::CrossEntropy,
            false => Strategy::Softplus,
        });
        Pretrain {
            layer,
            epochs: self.pretrain_epochs.unwrap_or(10),
            batch,
            rate: self.pretrain_lr.unwrap_or(rate).into(),
            optimizer: Optimizer::Sgd,
            corruption,
            reconstruction: match strategy {
                Strategy::Softplus => Reconstruction::SoftplusSquared,
                Strategy::CrossEntropy => Reconstruction::CrossEntropy {
                    scale: Scale::Global,
                },
                Strategy::Linear => Reconstruction::LinearSquared {
                    target: Target::After,
                },
                Strategy::LinearBefore => Reconstruction::LinearSquared {
                    target: Target::Before,
                },
                Strategy::Rectifier => Reconstruction::RectifierSquared,
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
