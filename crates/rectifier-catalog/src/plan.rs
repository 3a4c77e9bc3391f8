//! What is to be trained on what, and how, as one file.

use crate::{CatalogError, DataSpec, standing_alone};
use rectifier_data::{DataInfo, Encoder, Inputs, Labels, Loaded, Locator, Progress, Shifted};
use rectifier_nn::{ActivationPenalty, Corruption, DenseStackConfig};
use rectifier_train::{Objective, Optimizer, Pretrain, Rate, Recipe, Schedule, Stage, TrainError};
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// The version of the file's form.
const VERSION: u32 = 1;

/// How many bytes a plan's file may have.
const LONGEST: u64 = 16 << 20;

/// Data, network and recipe of a run: `recipe.json` in its folder, and what `--recipe` reads.
///
/// ```
/// use rectifier_catalog::Plan;
/// let plan = Plan::parse(r#"{
///     "version": 1,
///     "data": {"set": "mnist"},
///     "network": {"inputs": 784, "hidden": [1000], "unit": {"kind": "rectifier"}, "outputs": 10},
///     "recipe": {"seed": 1, "stages": [{"stage": "fine-tune", "epochs": 15, "batch": 10, "rate": 0.1}]}
/// }"#)?;
/// assert_eq!(plan.data.name(), "mnist");
/// # Ok::<(), rectifier_catalog::CatalogError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this form.
    pub version: u32,
    /// What it is trained on.
    pub data: DataSpec,
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
    pub fn new(data: DataSpec, network: DenseStackConfig, recipe: Recipe) -> Self {
        Self {
            version: VERSION,
            data,
            label_fraction: None,
            network,
            recipe,
        }
    }

    /// The plan for other data: its inputs and classes, and what its labels are trained for.
    #[must_use]
    pub fn on(mut self, data: DataSpec, info: &DataInfo) -> Self {
        (self.network.inputs, self.network.outputs) = (info.width(), info.classes);
        self.recipe.objective = objective(&data);
        self.data = data;
        self
    }

    /// The examples the plan asks for, prepared by `encoder` or by what is fitted on the training part.
    ///
    /// # Errors
    /// [`CatalogError::Data`].
    pub fn load(
        &self,
        locator: &Locator,
        encoder: Option<&Arc<dyn Encoder>>,
        progress: &mut Progress<'_>,
    ) -> Result<Loaded, CatalogError> {
        let mut loaded = self.data.load(locator, encoder, progress)?;
        if let Some(share) = self.label_fraction {
            loaded.split = loaded.split.with_label_fraction(share, self.recipe.seed)?;
        }
        Ok(loaded)
    }

    /// Reads and checks a plan.
    ///
    /// # Errors
    /// [`CatalogError::Io`]; [`CatalogError::File`] naming the file, the line and what would do.
    pub fn read(path: &Path) -> Result<Self, CatalogError> {
        let io = |source| CatalogError::Io {
            path: path.into(),
            source,
        };
        // A plan may come from a pipe, but not from a device without an end.
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(io)?;
        file.take(LONGEST + 1)
            .read_to_string(&mut text)
            .map_err(io)?;
        if text.len() as u64 > LONGEST {
            return Err(CatalogError::TooLong {
                path: path.into(),
                most: LONGEST,
            });
        }
        // Editors of some systems begin a file with a byte order mark.
        Self::parse(text.trim_start_matches('\u{feff}')).map_err(|source| CatalogError::File {
            path: path.into(),
            source: Box::new(source),
        })
    }

    /// Parses and checks a plan.
    ///
    /// # Errors
    /// [`CatalogError::Syntax`], and what [`validate`](Self::validate) says.
    pub fn parse(text: &str) -> Result<Self, CatalogError> {
        let plan: Self = serde_json::from_str(text).map_err(CatalogError::Syntax)?;
        plan.validate()?;
        Ok(plan)
    }

    /// The plan as a file.
    ///
    /// # Errors
    /// [`CatalogError::Syntax`] for what JSON cannot hold, such as a path that is not UTF-8.
    pub fn to_text(&self) -> Result<String, CatalogError> {
        serde_json::to_string_pretty(self).map_err(CatalogError::Syntax)
    }

    /// The SHA-256 of the plan in its canonical form, 64 hexadecimal digits: plans that mean the same have the same.
    ///
    /// # Errors
    /// As [`to_text`](Self::to_text).
    pub fn checksum(&self) -> Result<String, CatalogError> {
        let value = serde_json::to_value(self).map_err(CatalogError::Syntax)?;
        Ok(rectifier_data::sha256_hex(value.to_string().as_bytes()))
    }

    /// Checks that a run can be made of it.
    ///
    /// # Errors
    /// [`CatalogError`] naming the first value that cannot be.
    pub fn validate(&self) -> Result<(), CatalogError> {
        if self.version != VERSION {
            return Err(CatalogError::Version {
                found: self.version,
                known: VERSION,
            });
        }
        match self.label_fraction {
            Some(share) if !(share > 0.0 && share <= 1.0) => {
                return Err(CatalogError::LabelFraction(share));
            }
            _ => {}
        }
        self.network.validate()?;
        self.recipe.validate()?;
        self.recipe.check_stack(Some(&self.network))?;
        Ok(())
    }

    /// Checks network and stages against what is known of the data without reading it: that of sets with files of their own.
    ///
    /// # Errors
    /// [`CatalogError::Train`] for a network or a shift that does not fit the data.
    pub fn check_data(&self) -> Result<(), CatalogError> {
        if !standing_alone().any(|set| set.name() == self.data.name()) {
            return Ok(());
        }
        let info = self.data.info(&Locator::default())?;
        let (network, width) = (&self.network, info.width());
        if network.inputs != width {
            return Err(TrainError::Width {
                network: network.inputs,
                data: width,
            }
            .into());
        }
        if network.outputs < info.classes {
            return Err(TrainError::Classes {
                network: network.outputs,
                data: info.classes,
            }
            .into());
        }
        let sparse = self.data.nature().inputs == Inputs::Words;
        for (index, stage) in self.recipe.stages.iter().enumerate() {
            if let Stage::FineTune(stage) = stage
                && stage.shift > 0
            {
                Shifted::check(&info.shape, sparse, stage.shift).map_err(|error| {
                    TrainError::Recipe {
                        place: format!("stage {}", index + 1),
                        reason: error.to_string(),
                    }
                })?;
            }
        }
        Ok(())
    }

    /// The plan in a few lines for people.
    pub fn describe(&self) -> String {
        let labels = match self.label_fraction {
            Some(share) => {
                format!("\nlabels   {share} of the training part; pre-training sees all examples")
            }
            None => String::new(),
        };
        let mut text = format!(
            "data     {}{labels}\nnetwork  {:?}, {} inputs, {}, {} classes, {} parameters\n",
            self.data.describe(),
            self.network.unit,
            self.network.inputs,
            self.hidden(),
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
                Stage::FineTune(stage) => penalty(&stage.l1, self.network.hidden.len())
                    .unwrap_or_else(|| "no penalty".into()),
            };
            let epochs = match stage.epochs() {
                1 => "1 epoch".into(),
                epochs => format!("{epochs} epochs"),
            };
            let mut words = vec![detail];
            words.extend(further(stage));
            text.push_str(&format!(
                "stage {}  {}: {epochs}, batch {}, rate {}, {}\n",
                index + 1,
                stage.title(),
                stage.batch(),
                rate(stage.rate()),
                words.join(", "),
            ));
        }
        text.push_str(&format!("seed     {}", self.recipe.seed));
        text
    }

    fn hidden(&self) -> String {
        let sizes: Vec<String> = self.network.hidden.iter().map(usize::to_string).collect();
        match sizes.is_empty() {
            true => "no hidden layer".to_string(),
            false => format!("hidden {}", sizes.join("-")),
        }
    }

    /// `DATA-UNIT-SIZES`: what a run's folder is called before its number.
    pub fn stem(&self) -> String {
        let unit = serde_json::to_value(self.network.unit).unwrap_or_default();
        let unit = unit["kind"].as_str().unwrap_or("network");
        let sizes: Vec<String> = self.network.hidden.iter().map(usize::to_string).collect();
        let sizes = match sizes.is_empty() {
            true => "none".into(),
            false => sizes.join("-"),
        };
        format!("{}-{unit}-{sizes}", self.data.name())
    }
}

/// What a network is trained for on such data.
pub fn objective(data: &DataSpec) -> Objective {
    match data.nature().labels {
        Labels::Stars => Objective::ExpectedRating,
        Labels::Classes => Objective::Classification,
    }
}

fn rate(rate: Rate) -> String {
    match rate {
        Rate::Constant(rate) => rate.to_string(),
        Rate::Scheduled(Schedule::Step {
            start,
            factor,
            epochs,
        }) => format!("{start}, times {factor} every {epochs} epochs"),
        Rate::Scheduled(Schedule::Exponential { start, factor }) => {
            format!("{start}, times {factor} an epoch")
        }
        Rate::Scheduled(Schedule::Linear { start, end }) => format!("{start} to {end} in a line"),
        Rate::Scheduled(Schedule::Cosine { start, end }) => {
            format!("{start} to {end} by half a cosine")
        }
    }
}

/// What a stage has beside epochs, batch, rate, noise and penalty, each in a few words: momentum, weight decay, dropout,
/// shifts, frozen layers, patience. What is as it is where nothing is said is left out.
pub fn further(stage: &Stage) -> Vec<String> {
    let mut words = Vec::new();
    let optimizer = match stage {
        Stage::Pretrain(stage) => stage.optimizer,
        Stage::FineTune(stage) => stage.optimizer,
    };
    match optimizer {
        Optimizer::Sgd => {}
        Optimizer::Momentum { momentum } => words.push(format!("momentum {momentum}")),
        Optimizer::Adam => words.push("Adam".into()),
    }
    if let Stage::FineTune(stage) = stage {
        if stage.weight_decay > 0.0 {
            words.push(format!("weight decay {}", stage.weight_decay));
        }
        for (share, of) in [
            (stage.dropout.input, "inputs"),
            (stage.dropout.hidden, "hidden activations"),
        ] {
            if share > 0.0 {
                words.push(format!("dropout of {share} of the {of}"));
            }
        }
        if stage.shift > 0 {
            words.push(format!("shifts of up to {} pixels", stage.shift));
        }
        if !stage.frozen.is_empty() {
            let layers: Vec<String> = stage.frozen.iter().map(usize::to_string).collect();
            words.push(format!("frozen layers {}", layers.join(", ")));
        }
        if let Some(patience) = stage.patience {
            words.push(format!("patience {patience}"));
        }
    }
    words
}

fn noise(stage: &Pretrain) -> String {
    match stage.corruption {
        Corruption::None => "no noise".into(),
        Corruption::Masking { share } => format!("masking {share}"),
        Corruption::SaltAndPepper { drop, insert } => format!("salt and pepper {drop}/{insert}"),
    }
}

/// The L1 penalty of a network with so many hidden layers in words; none where no layer has one.
pub fn penalty(l1: &ActivationPenalty, layers: usize) -> Option<String> {
    let coefficients: Vec<f64> = (0..layers).map(|layer| l1.coefficient(layer)).collect();
    match coefficients.as_slice() {
        all if all.iter().all(|coefficient| *coefficient == 0.0) => None,
        [first, others @ ..] if others.iter().all(|other| other == first) => {
            Some(format!("L1 {first}"))
        }
        all => {
            let each: Vec<String> = all.iter().map(f64::to_string).collect();
            Some(format!("L1 {} by layer", each.join(", ")))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_penalty_on_one_layer_is_told() {
        let per_layer = |numbers: &[f64]| ActivationPenalty::PerLayer(numbers.to_vec());
        let told = |l1: &ActivationPenalty, layers| penalty(l1, layers).unwrap_or_default();
        assert_eq!(
            told(&per_layer(&[0.0, 0.0, 1e-4]), 3),
            "L1 0, 0, 0.0001 by layer"
        );
        assert_eq!(told(&per_layer(&[0.5, 0.5]), 2), "L1 0.5");
        assert_eq!(told(&ActivationPenalty::Uniform(0.0), 2), "");
        assert_eq!(told(&ActivationPenalty::Uniform(0.1), 2), "L1 0.1");
    }

    #[test]
    fn what_does_not_fit_a_known_set_is_refused_without_its_files() {
        let plan = |inputs: usize, outputs: usize, shift: usize| {
            let text = format!(
                r#"{{"version": 1, "data": {{"set": "mnist"}},
                "network": {{"inputs": {inputs}, "hidden": [5], "unit": {{"kind": "rectifier"}}, "outputs": {outputs}}},
                "recipe": {{"seed": 1, "stages": [{{"stage": "fine-tune", "epochs": 1, "batch": 1, "rate": 0.1,
                    "shift": {shift}}}]}}}}"#
            );
            Plan::parse(&text).unwrap()
        };
        plan(784, 10, 2).check_data().unwrap();
        for (plan, cure) in [
            (plan(783, 10, 0), "give a network for 784 inputs"),
            (plan(784, 9, 0), "tells 9 classes apart, the data has 10"),
            (plan(784, 10, 200), "stage 1: a shift by 200 pixels"),
        ] {
            let error = plan.check_data().unwrap_err().to_string();
            assert!(error.contains(cure), "{error}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_read_over_and_a_wrong_version_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        let text = r#"{"version": 1, "data": {"set": "mnist"},
            "network": {"inputs": 784, "hidden": [5], "unit": {"kind": "rectifier"}, "outputs": 10},
            "recipe": {"seed": 1, "stages": [{"stage": "fine-tune", "epochs": 1, "batch": 1, "rate": 0.1}]}}"#;
        std::fs::write(&path, format!("\u{feff}{text}")).unwrap();
        let plan = Plan::read(&path).unwrap();
        assert_eq!(Plan::parse(&plan.to_text().unwrap()).unwrap(), plan);
        assert_eq!(plan.checksum().unwrap().len(), 64);
        assert_eq!(plan.stem(), "mnist-rectifier-5");
        std::fs::write(&path, text.replace("\"version\": 1", "\"version\": 9")).unwrap();
        let error = Plan::read(&path).unwrap_err().to_string();
        assert!(
            error.contains("plan.json") && error.contains("version 9"),
            "{error}"
        );
    }
}
