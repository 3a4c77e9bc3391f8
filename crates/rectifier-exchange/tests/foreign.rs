//! Files that PyTorch and ONNX's own tools wrote (`reference.py make`), against their logits.
#![allow(clippy::unwrap_used)]

mod support;

use rectifier_exchange::{ExchangeError, ImportOptions, Network, onnx, pytorch};
use rectifier_model::Unit;
use std::path::Path;
use support::{assert_near, fixture, json, logits, numbers};

fn read(name: &str, activation: Option<&str>) -> Result<Network, ExchangeError> {
    let options = ImportOptions {
        activation: activation.map(|name| name.parse().unwrap()),
        ..ImportOptions::default()
    };
    match Path::new(name)
        .extension()
        .is_some_and(|ending| ending == "onnx")
    {
        true => onnx::open(fixture(name), &options),
        false => pytorch::open(fixture(name), &options),
    }
}

fn refused(name: &str, activation: Option<&str>) -> String {
    let error = read(name, activation).unwrap_err().to_string();
    assert!(error.contains(name), "{error}");
    error
}

#[test]
fn every_network_gives_the_logits_that_its_own_program_gave() {
    let expected = json("expected.json");
    let expected = expected["logits"].as_object().unwrap();
    for (name, wanted) in expected {
        let activation = match name.split('.').next().unwrap() {
            _ if name.ends_with(".onnx") => None,
            "prelu" => None,
            "square" => Some("tanh"),
            "widths" => Some("sigmoid"),
            _ => Some("relu"),
        };
        let network = read(name, activation).unwrap_or_else(|error| panic!("{error}"));
        assert_near(name, &logits(&network), &numbers(wanted));
    }
    assert!(expected.len() > 15, "{}", expected.len());
}

#[test]
fn safetensors_are_read_as_checkpoints_are_and_whole_modules_as_their_state() {
    for (one, other, activation) in [
        ("relu.safetensors", "relu.pt", "relu"),
        ("widths.safetensors", "widths.pt", "sigmoid"),
        ("module.pt", "relu.pt", "relu"),
    ] {
        let activation = Some(activation);
        assert_eq!(
            read(one, activation).unwrap(),
            read(other, activation).unwrap()
        );
    }
}

#[test]
fn what_the_files_say_is_kept() {
    let picture = read("picture.onnx", None).unwrap();
    assert_eq!(picture.card().data.shape, [2, 3]);
    let prelu = read("prelu.pt", None).unwrap();
    assert!(matches!(
        prelu.card().network.unit,
        Unit::ParametricLeaky { .. }
    ));
    assert_eq!(
        (prelu.layers()[0].slope, prelu.layers()[1].slope),
        (Some(0.15), Some(-0.3))
    );
    let threshold = read("external.onnx", None).unwrap();
    assert_eq!(threshold.card().network.threshold, 0.3);
    let leaky = read("torch-leaky.onnx", None).unwrap();
    assert_eq!(leaky.card().network.unit, Unit::Leaky { slope: 0.2 });
    let softplus = read("torch-softplus.onnx", None).unwrap();
    assert_eq!(
        softplus.card().network.unit,
        Unit::Softplus { sharpness: 3.0 }
    );
    let threshold = read("torch-threshold.onnx", None).unwrap();
    assert_eq!(threshold.card().network.threshold, 0.25);
    let options = ImportOptions {
        activation: Some("relu".parse().unwrap()),
        shape: Some(vec![3, 2]),
        range: Some([-1.0, 2.0]),
        ..ImportOptions::default()
    };
    let relu = pytorch::open(fixture("relu.pt"), &options).unwrap();
    assert_eq!(relu.card().data.shape, [3, 2]);
    assert_eq!(relu.card().data.range, [-1.0, 2.0]);
    let shape = ImportOptions {
        shape: Some(vec![5]),
        ..options
    };
    assert!(
        pytorch::open(fixture("relu.pt"), &shape)
            .unwrap_err()
            .to_string()
            .contains("[5]")
    );
}

#[test]
fn what_is_no_stack_of_linear_layers_is_an_error_that_names_the_layer() {
    assert!(refused("relu.pt", None).contains("--activation relu"));
    assert!(refused("relu.pt", Some("prelu")).contains("slope"));
    let error = refused("convolution.pt", Some("relu"));
    assert!(
        error.contains("layer `0`") && error.contains("convolution"),
        "{error}"
    );
    let error = refused("layernorm.pt", Some("relu"));
    assert!(
        error.contains("layer `1`") && error.contains("LayerNorm"),
        "{error}"
    );
    let error = refused("behind.pt", Some("relu"));
    assert!(
        error.contains("layer `2`") && error.contains("batch normalization"),
        "{error}"
    );
    let error = refused("named.pt", Some("relu"));
    assert!(
        error.contains("`fc1.bias`") && error.contains("Sequential"),
        "{error}"
    );
    let error = refused("old.pt", Some("relu"));
    assert!(
        error.contains("before PyTorch 1.6") && error.contains("save it again"),
        "{error}"
    );
    let error = refused("operator.onnx", None);
    assert!(error.contains("node `between` (Softsign)"), "{error}");
}

#[test]
fn nothing_is_executed_and_nothing_outside_is_read() {
    let error = refused("evil.pt", Some("relu"));
    assert!(
        error.contains("system") && error.contains("Nothing was executed"),
        "{error}"
    );
    assert!(!Path::new("executed").exists());
    let error = refused("outside.onnx", None);
    assert!(
        error.contains("../secret") && error.contains("own folder"),
        "{error}"
    );
    let bytes = std::fs::read(fixture("external.onnx")).unwrap();
    let error = onnx::from_bytes(bytes, "memory", &ImportOptions::default()).unwrap_err();
    assert!(error.to_string().contains("external.data"), "{error}");
}

#[test]
fn files_of_another_kind_are_told_so() {
    let folder = tempfile::tempdir().unwrap();
    for (name, other) in [("relu.pt", "copy.onnx"), ("relu.safetensors", "copy2.onnx")] {
        let path = folder.path().join(other);
        std::fs::copy(fixture(name), &path).unwrap();
        let error = onnx::open(&path, &ImportOptions::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("an ONNX model"), "{error}");
    }
    let error = pytorch::open(fixture("operator.onnx"), &ImportOptions::default()).unwrap_err();
    assert!(error.to_string().contains("safetensors"), "{error}");
    assert!(matches!(
        pytorch::open(folder.path(), &ImportOptions::default()),
        Err(ExchangeError::NotAFile { .. })
    ));
    assert!(matches!(
        onnx::open(folder.path().join("gone"), &ImportOptions::default()),
        Err(ExchangeError::Io { .. })
    ));
    let own = read("relu.pt", Some("relu")).unwrap().to_model().unwrap();
    let error = pytorch::from_bytes(&own, "own", &ImportOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("model file of this project already"),
        "{error}"
    );
}
