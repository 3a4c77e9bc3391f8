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
