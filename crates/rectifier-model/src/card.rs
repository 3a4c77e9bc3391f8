//! The model card: one typed value in a model file's header that says what the file holds, how raw data becomes the
//! network's inputs, and how to make the file again.

use crate::{CardError, DenseStackConfig, Dtype, ModelFileError, Objective};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use serde::{Deserialize, Serialize};

/// The metadata key that holds the card's JSON.
pub const CARD: &str = "card";
/// The version of cards written today.
pub const CARD_VERSION: u32 = 1;

/// What a model file says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// The card's version, [`CARD_VERSION`].
    pub version: u32,
    /// The network.
    pub network: DenseStackConfig,
    /// How weights lie in the file.
    #[serde(default)]
    pub layout: Layout,
    /// What weights are kept as.
    #[serde(default)]
    pub precision: Precision,
    /// What the output layer was trained for.
    #[serde(default)]
    pub objective: Objective,
    /// What turns raw data into inputs, where that is more than numbers in a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<EncoderText>,
    /// The data it was trained on.
    pub data: DataCard,
    /// Names of the classes in the order of the outputs; empty where they have none.
    #[serde(default)]
    pub classes: Vec<String>,
    /// The plan (data, network, recipe) that made it, as its own crate writes it; null where none did.
    #[serde(default)]
    pub plan: serde_json::Value,
    /// What was measured.
    #[serde(default)]
    pub figures: Figures,
    /// What made it.
    #[serde(default)]
    pub provenance: Provenance,
}

/// How weights lie in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// `[inputs, units]`, row-major: the weights of one input lie side by side. PyTorch's `Linear` has the transpose.
    #[default]
    InputsUnits,
}

/// What weights are kept as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// Weights in bfloat16, the upper half of single precision; everything else in single precision.
    Bf16,
    /// Eight-bit integers with a scale a unit.
    Int8,
}

impl Precision {
    /// Its name: `f32`, `bf16`, `int8`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        }
    }
}

impl core::fmt::Display for Precision {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// An encoder as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncoderText {
    /// Which encoder, such as `vocabulary`.
    pub kind: String,
    /// The encoder itself, as it writes itself.
    pub text: String,
}

/// The data that a model takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataCard {
    /// The data set's name; empty where it has none.
    #[serde(default)]
    pub name: String,
    /// The shape of one example; its numbers are the network's inputs.
    pub shape: Vec<usize>,
    /// What the least and the largest raw value (black and white, of pictures) are to the network.
    #[serde(default = "unit_range")]
    pub range: [f32; 2],
}

fn unit_range() -> [f32; 2] {
    [0.0, 1.0]
}

/// What was measured of a model; what was not is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Figures {
    /// Error on the test part: share of wrong classes, or RMSE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_error: Option<f64>,
    /// Its 95% interval (Wilson).
    #[serde(skip_serializing_if = "Option::is_none", alias = "test_interval")]
    pub interval: Option<[f64; 2]>,
    /// Mean task loss on the test part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_loss: Option<f64>,
    /// Validation error of the kept network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_error: Option<f64>,
    /// Share of exact zeros on the test part, a hidden layer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zeros: Vec<f64>,
    /// Units that were 0 on all of the test part, a hidden layer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dead: Vec<usize>,
    /// Epochs trained, all stages together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// The epoch of the last stage whose network was kept, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_epoch: Option<usize>,
}

/// What made a model: enough to make it again, and to tell whether the result can be the same to the bit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// The program and its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The commit it was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The processor's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor: Option<String>,
    /// The instruction set of the kernels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction_set: Option<String>,
    /// The engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// The device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Checksum of the data, as its own crate makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_checksum: Option<String>,
    /// Checksum of the recipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe_checksum: Option<String>,
    /// Seconds that the training took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

impl ModelCard {
    /// The card of `network` with nothing else known: inputs are a row of numbers from 0 to 1.
    pub fn new(network: DenseStackConfig) -> Self {
        Self {
            version: CARD_VERSION,
            data: DataCard {
                name: String::new(),
                shape: vec![network.inputs],
                range: unit_range(),
            },
            network,
            layout: Layout::default(),
            precision: Precision::default(),
            objective: Objective::default(),
            encoder: None,
            classes: Vec::new(),
            plan: serde_json::Value::Null,
            figures: Figures::default(),
            provenance: Provenance::default(),
        }
    }

    /// The card that `text` is, of this version or an earlier one.
    ///
    /// # Errors
    /// [`CardError::Json`] or [`CardError::Version`].
    pub fn from_json(text: &str) -> Result<Self, CardError> {
        let wrong = |reason: String| CardError::Json { key: CARD, reason };
        let version: Version =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if version.version > CARD_VERSION {
            return Err(CardError::Version {
                found: version.version,
                newest: CARD_VERSION,
            });
        }
        let card: Self = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        // Earlier versions left the flips in the description of integers.
        let precision = card.precision;
        Ok(card.in_precision(precision))
    }

    /// The card as the one entry of a file's metadata.
    ///
    /// # Errors
    /// [`ModelFileError::Card`] for a card that contradicts itself ([`check`](Self::check)), [`ModelFileError::Network`] for
    /// a network that cannot be.
    pub fn metadata(&self) -> Result<BTreeMap<String, String>, ModelFileError> {
        let origin = || String::from("the model card");
        self.network
            .validate()
            .map_err(|source| ModelFileError::Network {
                origin: origin(),
                source,
            })?;
        let text = self.check().and_then(|()| self.to_json());
        let text = text.map_err(|source| ModelFileError::Card {
            origin: origin(),
            source,
        })?;
        Ok(BTreeMap::from([(CARD.into(), text)]))
    }

    /// The card of the same network in another precision. In integers the signs of sign flips are in the weights above them.
    #[must_use]
    pub fn in_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self.network.flips &= precision != Precision::Int8;
        self
    }

    /// The card's JSON.
    ///
    /// # Errors
    /// [`CardError::Json`] for a plan that is no JSON.
    pub fn to_json(&self) -> Result<String, CardError> {
        serde_json::to_string(self).map_err(|error| CardError::Json {
            key: CARD,
            reason: error.to_string(),
        })
    }

    /// Holds shape, range and class names against the network.
    ///
    /// # Errors
    /// [`CardError`] naming the first that does not fit.
    pub fn check(&self) -> Result<(), CardError> {
        let numbers = self
            .data
            .shape
            .iter()
            .try_fold(1usize, |n, axis| n.checked_mul(*axis));
        if numbers != Some(self.network.inputs) {
            return Err(CardError::Shape {
                shape: self.data.shape.clone(),
                inputs: self.network.inputs,
            });
        }
        let [low, high] = self.data.range;
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(CardError::Range {
                range: self.data.range,
            });
        }
        if !self.classes.is_empty() && self.classes.len() != self.network.outputs {
            return Err(CardError::Classes {
                names: self.classes.len(),
                classes: self.network.outputs,
            });
        }
        Ok(())
    }

    /// The name of class `class`; its number where it has none.
    pub fn class(&self, class: usize) -> String {
        let number = || class.to_string();
        self.classes.get(class).cloned().unwrap_or_else(number)
    }

    /// Names, types and shapes of the file's tensors.
    ///
    /// In f32 they are those of [`DenseStackConfig::tensors`], in bf16 the same with every `weight` in bfloat16. In int8 each layer, called `layers.{k}` or `head`, has
    /// `weight` (int8 `[inputs, units]`), `weight_scale` `[units]`, `bias` `[units]` and `input_scale` `[1]`, and the first
    /// one `input_offset` `[1]`: a weight is its integer times its unit's scale, an input its integer from 0 to 255 times
    /// the input scale, plus the offset.
    pub fn tensors(&self) -> Vec<(String, Dtype, Vec<usize>)> {
        let f32 = self.network.tensors().into_iter();
        match self.precision {
            Precision::F32 => f32.map(|(name, shape)| (name, Dtype::F32, shape)).collect(),
            Precision::Bf16 => f32
                .map(|(name, shape)| match name.ends_with(".weight") {
                    true => (name, Dtype::Bf16, shape),
                    false => (name, Dtype::F32, shape),
                })
                .collect(),
            Precision::Int8 => {
                let widths = self.network.hidden.iter().chain([&self.network.outputs]);
                let mut tensors = Vec::new();
                let mut inputs = self.network.inputs;
                for (k, &units) in widths.enumerate() {
                    let layer = match k == self.network.hidden.len() {
                        true => "head".into(),
                        false => format!("layers.{k}"),
                    };
                    let mut add = |part: &str, dtype: Dtype, shape: Vec<usize>| {
                        tensors.push((format!("{layer}.{part}"), dtype, shape));
                    };
                    add("weight", Dtype::I8, vec![inputs, units]);
                    add("weight_scale", Dtype::F32, vec![units]);
                    add("bias", Dtype::F32, vec![units]);
                    add("input_scale", Dtype::F32, vec![1]);
                    if k == 0 {
                        add("input_offset", Dtype::F32, vec![1]);
                    }
                    inputs = units;
                }
                tensors
            }
        }
    }
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Unit;

    fn card() -> ModelCard {
        let mut card = ModelCard::new(DenseStackConfig::new(6, [4], Unit::Rectifier, 2));
        card.data.shape = vec![2, 3];
        card
    }

    #[test]
    fn json_is_stable_and_what_is_absent_has_a_meaning() {
        let text = card().to_json().unwrap();
        assert_eq!(
            text,
            r#"{"version":1,"network":{"inputs":6,"hidden":[4],"unit":{"kind":"rectifier"},"outputs":2},"layout":"inputs-units","precision":"f32","objective":"classification","data":{"name":"","shape":[2,3],"range":[0.0,1.0]},"classes":[],"plan":null,"figures":{},"provenance":{}}"#
        );
        assert_eq!(ModelCard::from_json(&text).unwrap(), card());
        let least = r#"{"version":1,"network":{"inputs":6,"hidden":[4],"unit":{"kind":"rectifier"},"outputs":2},"data":{"shape":[2,3]}}"#;
        assert_eq!(ModelCard::from_json(least).unwrap(), card());
    }

    #[test]
    fn a_card_of_the_future_is_told_apart_from_a_damaged_one() {
        let error = ModelCard::from_json(r#"{"version":2,"everything":"else"}"#).unwrap_err();
        assert_eq!(
            error,
            CardError::Version {
                found: 2,
                newest: 1
            }
        );
        assert!(matches!(
            ModelCard::from_json("{}"),
            Err(CardError::Json { .. })
        ));
        let layout = card()
            .to_json()
            .unwrap()
            .replace("inputs-units", "units-inputs");
        assert!(ModelCard::from_json(&layout).is_err());
    }

    #[test]
    fn contradictions_are_named() {
        let mut wrong = card();
        wrong.data.shape = vec![10, 10];
        let text = wrong.check().unwrap_err().to_string();
        assert!(text.contains("[10, 10]") && text.contains("6"), "{text}");
        let mut wrong = card();
        wrong.data.shape = vec![usize::MAX, 2];
        assert!(wrong.check().is_err());
        for range in [
            [0.0, 0.0],
            [1.0, 0.0],
            [f32::NAN, 1.0],
            [0.0, f32::INFINITY],
        ] {
            let mut wrong = card();
            wrong.data.range = range;
            assert!(
                wrong.check().is_err() && wrong.metadata().is_err(),
                "{range:?}"
            );
        }
        let mut wrong = card();
        wrong.classes = vec!["a".into()];
        assert!(wrong.check().is_err());
        assert_eq!((wrong.class(0), wrong.class(1)), ("a".into(), "1".into()));
    }
}
