//! What `train` was asked for, as one file: data, network and recipe.

use crate::data::{DataChoice, Loaded, Progress};
use crate::error::CliError;
use rectifier_data::Locator;
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
    /// The share of the training examples whose labels are used, chosen by the recipe's seed; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_fraction: Option<f64>,
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
            label_fraction: None,
            network,
            recipe,
        }
    }

    /// The examples the plan asks for.
    ///
    /// # Errors
    /// [`CliError::Data`].
    pub fn load(&self, locator: &Locator, progress: &mut Progress<'_>) -> Result<Loaded, CliError> {
        let mut loaded = self.data.load(locator, progress)?;
        if let Some(share) = self.label_fraction {
            loaded.split = loaded.split.with_label_fraction(share, self.recipe.seed)?;
        }
        Ok(loaded)
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
        if let Some(share) = self.label_fraction
            && !(share > 0.0 && share <= 1.0)
        {
            return Err(CliError::Usage(format!(
                "the label fraction is {share}: it must be above 0 and at most 1, such as 0.1"
            )));
        }
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
        let labels = match self.label_fraction {
            Some(share) => {
                format!("\nlabels   {share} of the training part; pre-training sees all examples")
            }
            None => String::new(),
        };
        let mut text = format!(
            "data     {}{labels}\nnetwork  {:?}, {} inputs, {hidden}, {} classes, {} parameters\n",
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
