//! What `train` was asked for, as one file: data, network and recipe.

use crate::data::DataChoice;
use crate::error::CliError;
use rectifier_nn::DenseStackConfig;
use rectifier_train::{Recipe, Stage};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the file's form.
const VERSION: u32 = 1;

/// Data, network and recipe of a run; `recipe.json` in its folder, and what `--recipe` reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this form.
    pub version: u32,
    /// What it is trained on.
    pub data: DataChoice,
    /// What is trained.
    pub network: DenseStackConfig,
    /// How.
    pub recipe: Recipe,
}

impl Plan {
    /// A plan of this version.
    pub fn new(data: DataChoice, network: DenseStackConfig, recipe: Recipe) -> Self {
        Self {
            version: VERSION,
            data,
            network,
            recipe,
        }
    }

    /// Reads and checks a plan.
    ///
    /// # Errors
    /// [`CliError::Usage`] naming the file, the line and what would do.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let text = std::fs::read_to_string(path).map_err(|source| CliError::io(path, source))?;
        Self::parse(&text).map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))
    }

    /// Parses and checks a plan.
    ///
    /// # Errors
    /// [`CliError::Usage`].
    pub fn parse(text: &str) -> Result<Self, CliError> {
        let plan: Self = serde_json::from_str(text).map_err(|error| {
            CliError::Usage(format!("no recipe this command understands: {error}"))
        })?;
        plan.validate()?;
        Ok(plan)
    }

    /// Checks every value.
    ///
    /// # Errors
    /// [`CliError`] naming the first value that no run can be made from.
    pub fn validate(&self) -> Result<(), CliError> {
        if self.version != VERSION {
            return Err(CliError::Usage(format!(
                "the recipe is of version {}, this command reads version {VERSION}",
                self.version
            )));
        }
        self.data.validate()?;
        self.network.validate()?;
        self.recipe.validate()?;
        self.recipe.check_stack(Some(&self.network))?;
        Ok(())
    }

    /// The plan in a few lines for people.
    pub fn describe(&self) -> String {
        let hidden: Vec<String> = self.network.hidden.iter().map(usize::to_string).collect();
        let hidden = match hidden.is_empty() {
            true => "no hidden layer".to_string(),
            false => format!("hidden {}", hidden.join("-")),
        };
        let mut text = format!(
            "data     {}\nnetwork  {:?}, {} inputs, {hidden}, {} classes, {} parameters\n",
            self.data.describe(),
            self.network.unit,
            self.network.inputs,
            self.network.outputs,
            self.network.parameters(),
        );
        for (index, stage) in self.recipe.stages.iter().enumerate() {
            let detail = match stage {
                Stage::Pretrain(stage) => format!(
                    "{}, {}, L1 {}",
                    stage.reconstruction,
                    noise(stage),
                    stage.l1
                ),
                Stage::FineTune(stage) => match stage.l1.coefficient(0) {
                    0.0 => "no penalty".to_string(),
                    coefficient => format!("L1 {coefficient}"),
                },
            };
            text.push_str(&format!(
                "stage {}  {}: {} epochs, batch {}, rate {}, {detail}\n",
                index + 1,
                stage.title(),
                stage.epochs(),
                stage.batch(),
                stage.rate().start(),
            ));
        }
        text.push_str(&format!("seed     {}", self.recipe.seed));
        text
    }
}

fn noise(stage: &rectifier_train::Pretrain) -> String {
    use rectifier_nn::Corruption;
    match stage.corruption {
        Corruption::None => "no noise".into(),
        Corruption::Masking { share } => format!("masking {share}"),
        Corruption::SaltAndPepper { drop, insert } => format!("salt and pepper {drop}/{insert}"),
    }
}
