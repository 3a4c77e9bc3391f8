//! Burnpack files that Burn's own store reads.
#![cfg(feature = "burn")]
#![allow(clippy::unwrap_used)]

use burn::tensor::{Bytes, Device};
use burn_store::{BurnpackStore, ModuleSnapshot};
use rectifier_nn::{DenseStack, DenseStackConfig, Init, ModelCard, Unit};

#[test]
fn a_burnpack_is_read_by_burns_own_store() {
    let device = Device::default();
    let config = DenseStackConfig::new(5, [6, 4], Unit::Rectifier, 3);
    let network = config.init(3, &device).unwrap();
    let bytes = rectifier_zoo::burnpack(&network, &ModelCard::new(config.clone())).unwrap();
    let mut other = config.init(9, &device).unwrap();
    let mut store = BurnpackStore::from_bytes(Some(Bytes::from_bytes_vec(bytes)));
    other.load_from(&mut store).unwrap();
    let weights = |network: &DenseStack| {
        let layers = network.layers.iter().map(|layer| layer.weight.val());
        let all = layers.chain([network.head.weight.val()]);
        all.map(|weight| weight.into_data()).collect::<Vec<_>>()
    };
    assert_eq!(weights(&other), weights(&network));
}

#[test]
fn the_same_network_makes_the_same_file_and_another_one_other_parameters() {
    let device = Device::default();
    let config = DenseStackConfig::new(5, [6, 4], Unit::Rectifier, 3);
    let card = ModelCard::new(config.clone());
    let file = |seed| {
        let network: DenseStack = config.init(seed, &device).unwrap();
        rectifier_zoo::burnpack(&network, &card).unwrap()
    };
    assert!(file(3) == file(3));
    let loaded = |seed| {
        let mut network: DenseStack = config.init(1, &device).unwrap();
        let mut store = BurnpackStore::from_bytes(Some(Bytes::from_bytes_vec(file(seed))));
        network.load_from(&mut store).unwrap();
        let ids: Vec<String> = burn::module::list_param_ids(&network)
            .iter()
            .map(ToString::to_string)
            .collect();
        ids
    };
    // Biases are 0 in both.
    let (one, two) = (loaded(3), loaded(9));
    let all: std::collections::BTreeSet<&String> = one.iter().chain(&two).collect();
    assert_eq!(all.len(), one.len() + two.len());
}
