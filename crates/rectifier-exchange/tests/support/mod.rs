//! What the tests of files share.
#![allow(clippy::unwrap_used, dead_code)]

use rectifier_exchange::Network;
use rectifier_infer::SparseNetwork;
use rectifier_model::ModelBytes;
use serde_json::Value;
use std::path::PathBuf;

/// A file that PyTorch or ONNX's tools wrote.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

pub fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture(name)).unwrap()).unwrap()
}

/// Rows of numbers, one after the other.
pub fn numbers(value: &Value) -> Vec<f32> {
    let rows = value.as_array().unwrap().iter();
    rows.flat_map(|row| row.as_array().unwrap())
        .map(|number| number.as_f64().unwrap() as f32)
        .collect()
}

/// What the project's predictor says of the four examples that the script takes.
pub fn logits(network: &Network) -> Vec<f32> {
    let file = ModelBytes::from_bytes(network.to_model().unwrap(), "memory").unwrap();
    let predictor = SparseNetwork::from_model(&file).unwrap();
    predictor
        .logits(&numbers(&json("expected.json")["inputs"]))
        .unwrap()
}

/// Holds numbers against each other to 1e-5.
pub fn assert_near(what: &str, found: &[f32], wanted: &[f32]) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= 1e-5, "{what}: {found} {wanted}");
    }
}
