//! Cards of files from before there were cards: their loose keys.

use crate::{CardError, DenseStackConfig, EncoderText, Figures, ModelCard, Objective, Provenance};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The loose key that holds the network's description.
pub(crate) const NETWORK: &str = "network";

/// A run's outcome, as such files hold it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary {
    #[serde(flatten)]
    figures: Figures,
    engine: Option<String>,
    device: Option<String>,
    seconds: Option<f64>,
}

/// The card that the loose keys of `metadata` make, beside the network's `config`.
///
/// # Errors
/// [`CardError::Json`] naming the first key that cannot be read.
pub(crate) fn card(
    metadata: &BTreeMap<String, String>,
    config: DenseStackConfig,
) -> Result<ModelCard, CardError> {
    let mut card = ModelCard::new(config);
    if let Some(shape) = json(metadata, "shape")? {
        card.data.shape = shape;
    }
    if let Some(range) = json(metadata, "range")? {
        card.data.range = range;
    }
    card.classes = json(metadata, "classes")?.unwrap_or_default();
    card.plan = json(metadata, "recipe")?.unwrap_or_default();
    card.data.name = metadata.get("data").cloned().unwrap_or_default();
    if let Some(objective) = card.plan.pointer("/recipe/objective") {
        card.objective = objective_of(objective)?;
    }
    card.encoder = metadata.get("vocabulary").map(|text| EncoderText {
        kind: "vocabulary".into(),
        text: text.clone(),
    });
    let summary: Summary = json(metadata, "summary")?.unwrap_or_default();
    card.figures = summary.figures;
    card.provenance = Provenance {
        version: metadata.get("made_by").cloned(),
        engine: summary.engine,
        device: summary.device,
        seconds: summary.seconds,
        ..Provenance::default()
    };
    Ok(card)
}

fn objective_of(value: &serde_json::Value) -> Result<Objective, CardError> {
    Objective::deserialize(value).map_err(|error| CardError::Json {
        key: "recipe",
        reason: error.to_string(),
    })
}

fn json<T: DeserializeOwned>(
    metadata: &BTreeMap<String, String>,
    key: &'static str,
) -> Result<Option<T>, CardError> {
    let Some(text) = metadata.get(key) else {
        return Ok(None);
    };
    let value = serde_json::from_str(text).map_err(|error| CardError::Json {
        key,
        reason: error.to_string(),
    })?;
    Ok(Some(value))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Unit;

    #[test]
    fn loose_keys_make_the_same_card() {
        let entries = [
            ("shape", "[1,2,3]"),
            ("range", "[-1.0,1.0]"),
            ("classes", r#"["one star","two stars"]"#),
            (
                "recipe",
                r#"{"version":1,"data":{"set":"reviews"},"recipe":{"seed":1,"objective":"expected-rating","stages":[]}}"#,
            ),
            ("data", "reviews"),
            ("vocabulary", "good\nbad"),
            ("made_by", "rectifier 0.1.0"),
            (
                "summary",
                r#"{"test_error":0.0141,"test_interval":[0.0120,0.0166],"test_loss":0.05,"valid_error":0.0137,"zeros":[0.7],"dead":[3],"units":[4],"epochs":15,"best_epoch":12,"seconds":61.5,"overhead":0.1,"engine":"sparse","device":"cpu (avx512, 2 threads)","interrupted":false}"#,
            ),
        ];
        let metadata = entries.map(|(key, value)| (key.to_string(), value.to_string()));
        let config = DenseStackConfig::new(6, [4], Unit::Rectifier, 2);
        let card = card(&BTreeMap::from(metadata), config).unwrap();
        card.check().unwrap();
        assert_eq!(card.objective, Objective::ExpectedRating);
        assert_eq!(card.data.name, "reviews");
        assert_eq!(card.data.range, [-1.0, 1.0]);
        assert_eq!(card.class(1), "two stars");
        assert_eq!(card.encoder.unwrap().text, "good\nbad");
        assert_eq!(card.figures.interval, Some([0.0120, 0.0166]));
        assert_eq!(card.figures.dead, [3]);
        assert_eq!(card.provenance.seconds, Some(61.5));
        assert_eq!(card.provenance.version.as_deref(), Some("rectifier 0.1.0"));
        assert_eq!(card.plan["data"]["set"], "reviews");
    }

    #[test]
    fn a_damaged_key_is_named() {
        let config = DenseStackConfig::new(6, [4], Unit::Rectifier, 2);
        for key in ["shape", "range", "classes", "recipe", "summary"] {
            let metadata = BTreeMap::from([(key.to_string(), "{[".to_string())]);
            let error = card(&metadata, config.clone()).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
        }
        let plain = card(&BTreeMap::new(), config.clone()).unwrap();
        assert_eq!(plain, ModelCard::new(config));
    }
}
