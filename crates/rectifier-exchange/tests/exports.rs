//! What is written, as PyTorch and onnxruntime understand it.
//!
//! With `torch`, `onnx`, `onnxruntime` and `safetensors` in `python3`, or in the interpreter that `RECTIFIER_PYTHON` names,
//! `reference.py` loads the files; `RECTIFIER_RECORD=1` keeps what it said as `fixtures/exports.json`. Without them, the
//! files must be those that it has loaded when that was kept.
#![allow(clippy::unwrap_used)]

mod support;

use rectifier_exchange::{ExchangeError, ImportOptions, Layer, Network, onnx, pytorch};
use rectifier_model::{DenseStackConfig, ModelBytes, ModelCard, Unit};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{assert_near, fixture, json, logits, numbers};

/// A network of numbers that are the same everywhere.
fn network(config: DenseStackConfig, seed: u64) -> Network {
    let mut state = seed;
    let mut draw = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let mut layers = Vec::new();
    let mut inputs = config.inputs;
    for units in config.hidden.iter().chain([&config.outputs]).copied() {
        let hidden = layers.len() < config.hidden.len();
        let mut many = |count: usize| -> Vec<f32> { (0..count).map(|_| draw()).collect() };
        let mut layer = Layer::new([inputs, units], many(inputs * units), many(units));
        if hidden && matches!(config.unit, Unit::ParametricLeaky { .. }) {
            layer.slope = Some(many(1)[0]);
        }
        if hidden && config.flips {
            layer.flips = Some(
                (0..units)
                    .map(|unit| if unit % 2 == 0 { 1.0 } else { -1.0 })
                    .collect(),
            );
        }
        layers.push(layer);
        inputs = units;
    }
    let mut card = ModelCard::new(config);
    card.data.shape = vec![2, 3];
    card.classes = ["a", "b", "c"].map(String::from).to_vec();
    Network::new(card, layers).unwrap()
}

fn cases() -> Vec<(&'static str, Network)> {
    let stack = |unit| DenseStackConfig::new(6, [5, 4], unit, 3);
    let mut configs = vec![
        ("rectifier", stack(Unit::Rectifier)),
        ("threshold", stack(Unit::Rectifier).with_threshold(0.4)),
        ("flips", stack(Unit::Rectifier).with_flips(true)),
        (
            "threshold-flips",
            stack(Unit::Rectifier).with_threshold(0.2).with_flips(true),
        ),
        ("linear", DenseStackConfig::new(6, [], Unit::Rectifier, 3)),
    ];
    for (name, unit) in [
        ("leaky", Unit::Leaky { slope: 0.1 }),
        ("parametric", Unit::ParametricLeaky { slope: 0.25 }),
        ("softplus", Unit::Softplus { sharpness: 1.0 }),
        ("sharp-softplus", Unit::Softplus { sharpness: 3.5 }),
        ("tanh", Unit::Tanh),
        ("logistic", Unit::Logistic),
        ("identity", Unit::Identity),
        ("elu", Unit::Elu { alpha: 0.7 }),
        ("selu", Unit::Selu),
        ("gelu", Unit::Gelu),
    ] {
        configs.push((name, stack(unit)));
    }
    let numbered = configs.into_iter().zip(1..);
    numbered
        .map(|((name, config), seed)| (name, network(config, seed)))
        .collect()
}

#[test]
fn what_is_written_is_read_back() {
    for (name, network) in cases() {
        let wanted = network.without_flips().unwrap();
        let options = ImportOptions::default();
        let torch = pytorch::encode(&network).unwrap();
        let mut torch = pytorch::from_bytes(&torch, name, &options).unwrap();
        let graph = onnx::encode(&network).unwrap();
        let graph = onnx::from_bytes(graph, name, &options).unwrap();
        assert_eq!(graph.layers(), wanted.layers(), "{name}");
        assert_eq!(graph.card(), wanted.card(), "{name}");
        assert_eq!(torch, graph, "{name}");
        torch = torch.without_flips().unwrap();
        assert_eq!(torch, wanted, "{name}");
    }
}

#[test]
fn constants_that_single_precision_cannot_hold_name_the_layer() {
    for unit in [
        Unit::Leaky { slope: 1e200 },
        Unit::Softplus { sharpness: 1e-200 },
        Unit::Elu { alpha: 1e200 },
    ] {
        let network = network(DenseStackConfig::new(6, [5, 4], unit, 3), 1);
        for error in [onnx::encode(&network), pytorch::encode(&network)] {
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains("hidden layer 1") && error.contains("single precision"),
                "{error}"
            );
        }
    }
}

#[test]
fn an_int8_model_is_refused_with_the_cure() {
    let mut card = network(DenseStackConfig::new(6, [5], Unit::Rectifier, 3), 1)
        .card()
        .clone();
    card.precision = rectifier_model::Precision::Int8;
    let error = Network::new(card, Vec::new()).unwrap_err();
    assert!(matches!(error, ExchangeError::Precision { .. }), "{error}");
}

/// The checksums that the script makes: of all but the card.
fn digests(torch: &[u8], graph: &[u8]) -> [String; 2] {
    let hex = |parts: [&[u8]; 2]| {
        let mut hasher = Sha256::new();
        parts.iter().for_each(|part| hasher.update(part));
        hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    let modules = ModelBytes::from_bytes(torch, "memory").unwrap();
    let modules = modules.metadata("sequential").unwrap().as_bytes();
    let length = u64::from_le_bytes(torch[..8].try_into().unwrap()) as usize;
    let card = b"rectifier_card";
    let place = graph
        .windows(card.len())
        .position(|part| part == card)
        .unwrap();
    [
        hex([modules, &torch[8 + length..]]),
        hex([&graph[..place - 16], &[]]),
    ]
}

/// An interpreter with all that the script needs.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("RECTIFIER_PYTHON").map(PathBuf::from);
    let python = named.clone().unwrap_or_else(|| "python3".into());
    let imports = "import torch, onnx, onnxruntime, safetensors.torch";
    let output = Command::new(&python).args(["-c", imports]).output();
    let found = output.is_ok_and(|output| output.status.success());
    assert!(
        found || named.is_none(),
        "RECTIFIER_PYTHON has not all of: {imports}"
    );
    found.then_some(python)
}

#[test]
#[allow(clippy::print_stderr)]
fn pytorch_and_onnxruntime_give_the_same_logits() {
    let folder = tempfile::tempdir().unwrap();
    let cases = cases();
    let mut written = Vec::new();
    for (name, network) in &cases {
        let (torch, graph) = (
            pytorch::encode(network).unwrap(),
            onnx::encode(network).unwrap(),
        );
        std::fs::write(folder.path().join(format!("{name}.safetensors")), &torch).unwrap();
        std::fs::write(folder.path().join(format!("{name}.onnx")), &graph).unwrap();
        written.push(digests(&torch, &graph));
    }
    let names: Vec<&str> = cases.iter().map(|(name, _)| *name).collect();
    std::fs::write(
        folder.path().join("cases.json"),
        serde_json::to_vec(&names).unwrap(),
    )
    .unwrap();
    let kept = fixture("exports.json");
    let said: Value = match python() {
        Some(python) => {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference.py");
            let output = Command::new(python)
                .arg(script)
                .arg("check")
                .arg(folder.path())
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            let made = folder.path().join("exports.json");
            if std::env::var_os("RECTIFIER_RECORD").is_some() {
                std::fs::copy(&made, &kept).unwrap();
            }
            serde_json::from_slice(&std::fs::read(made).unwrap()).unwrap()
        }
        None => {
            eprintln!(
                "no Python with torch, onnx, onnxruntime and safetensors: held against what they said before"
            );
            json("exports.json")
        }
    };
    for ((name, network), [torch, graph]) in cases.iter().zip(&written) {
        let said = &said[name];
        let again = "is another than PyTorch and onnxruntime have read: run with RECTIFIER_PYTHON and RECTIFIER_RECORD=1";
        assert_eq!(said["safetensors"], **torch, "{name}.safetensors {again}");
        assert_eq!(said["onnx"], **graph, "{name}.onnx {again}");
        let own = logits(network);
        assert_near(
            &format!("{name}: PyTorch"),
            &own,
            &numbers(&said["pytorch_logits"]),
        );
        assert_near(
            &format!("{name}: onnxruntime"),
            &own,
            &numbers(&said["onnxruntime_logits"]),
        );
    }
}
