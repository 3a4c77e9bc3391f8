//! What a run's model file says beside its weights.

use crate::{Provenance, RunIdentity, Summary};
use rectifier_data::Split;
use rectifier_nn::{Figures, ModelCard, ModelFile, ModelFileError, Network};
use serde_json::json;
use std::collections::BTreeMap;

/// A card where the network is a dense stack that describes itself; loose texts where it is a module of somebody's own.
pub(crate) enum ModelHeader {
    Card(Box<ModelCard>),
    Texts(BTreeMap<String, String>),
}

impl ModelHeader {
    /// The header of a run of `identity` on `split`; `card` is what is known of its data already.
    pub fn new<N: Network>(
        network: &N,
        card: Option<ModelCard>,
        split: &Split,
        identity: &RunIdentity,
    ) -> Self {
        let stack = network
            .dense_stack()
            .filter(|_| !network.describe().is_empty());
        let classes: Vec<String> = (0..split.train.classes())
            .map(|class| class.to_string())
            .collect();
        let Some(config) = stack.map(|stack| stack.config()) else {
            let provenance = &identity.provenance;
            return Self::Texts(BTreeMap::from([
                ("recipe".into(), identity.plan.to_string()),
                ("data".into(), provenance.data.name.clone()),
                ("shape".into(), json!(split.train.shape()).to_string()),
                ("classes".into(), json!(classes).to_string()),
                ("provenance".into(), json!(provenance).to_string()),
                ("made_by".into(), program()),
            ]));
        };
        let mut card = card.unwrap_or_else(|| {
            let mut card = ModelCard::new(config.clone());
            card.data.name = identity.provenance.data.name.clone();
            card.data.shape = split.train.shape().to_vec();
            card.classes = classes;
            card
        });
        // Names belong to outputs: a network with more of them than the data has classes has none for the others.
        card.classes
            .resize_with(config.outputs.min(card.classes.len()), String::new);
        if card.classes.len() < config.outputs {
            card.classes.clear();
        }
        card.network = config;
        card.objective = identity.recipe.objective;
        card.plan = identity.plan.clone();
        card.provenance = provenance(&identity.provenance);
        Self::Card(Box::new(card))
    }

    /// Adds what came of the run.
    pub fn conclude(&mut self, summary: &Summary) {
        match self {
            Self::Card(card) => {
                card.figures = Figures {
                    test_error: Some(summary.test_error),
                    interval: summary.test_interval.map(|(low, high)| [low, high]),
                    test_loss: Some(summary.test_loss),
                    valid_error: Some(summary.valid_error),
                    zeros: summary.zeros.clone(),
                    dead: summary.dead.clone(),
                    epochs: Some(summary.epochs),
                    best_epoch: Some(summary.best_epoch),
                };
                card.provenance.seconds = Some(summary.seconds);
            }
            Self::Texts(texts) => {
                texts.insert("summary".into(), json!(summary).to_string());
            }
        }
    }

    /// The file's bytes for `network`.
    pub fn encode<N: Network>(&self, network: &N) -> Result<Vec<u8>, ModelFileError> {
        match self {
            Self::Card(card) => ModelFile::encode_with_card(network, card),
            Self::Texts(texts) => ModelFile::encode(network, texts),
        }
    }
}

fn program() -> String {
    format!("rectifier {}", Provenance::VERSION)
}

fn provenance(of: &Provenance) -> rectifier_nn::CardProvenance {
    rectifier_nn::CardProvenance {
        version: Some(program()),
        commit: of.commit.clone(),
        processor: Some(of.processor.clone()),
        instruction_set: Some(of.instruction_set.clone()),
        engine: Some(of.engine.clone()),
        device: Some(of.device.clone()),
        threads: of.threads,
        data_checksum: Some(of.data.checksum.clone()),
        recipe_checksum: Some(of.recipe_checksum.clone()),
        seconds: None,
    }
}
