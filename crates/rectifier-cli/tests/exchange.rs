//! Networks to PyTorch and ONNX and back, through the command.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use support::{command, ends, fails, last_json, ok};

/// A file that PyTorch or ONNX's tools wrote.
fn fixture(name: &str) -> String {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../rectifier-exchange/tests/fixtures");
    folder.join(name).display().to_string()
}

/// Trains a small network, which makes a run at `runs/m`.
fn train(folder: &Path, more: &[&str]) {
    let small = [
        "train",
        "--examples",
        "620",
        "--hidden",
        "12,10",
        "--epochs",
        "2",
        "--out",
        "m",
        "--json",
    ];
    ends(command(folder, &small).args(more), 0);
}

#[test]
fn a_network_goes_out_and_comes_back_with_the_same_error_and_answers() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    train(folder, &["--flips"]);
    let eval = |model: &str| {
        let value = last_json(&ok(
            folder,
            &[
                "eval",
                model,
                "--data",
                "glyphs",
                "--examples",
                "620",
                "--json",
            ],
        ));
        (value["test_error"].clone(), value["valid_error"].clone())
    };
    let wanted = eval("m");
    let pixels: Vec<u8> = (0..1024u32)
        .map(|i| if i % 32 == 16 { 255 } else { 0 })
        .collect();
    std::fs::write(folder.join("bar.raw"), pixels).unwrap();
    let answer = |model: &str| {
        let value = last_json(&ok(folder, &["predict", model, "bar.raw", "--json"]));
        value["classes"][0]["name"].clone()
    };
    for format in ["safetensors", "pytorch", "onnx"] {
        let exported = ok(
            folder,
            &["models", "export", "m", "--format", format, "--out", "out"],
        );
        assert!(exported.contains("bytes)"), "{exported}");
        let model = match format {
            "safetensors" => "out",
            other => {
                let told = ok(
                    folder,
                    &[
                        "models",
                        "import",
                        "out",
                        "--from",
                        other,
                        "--out",
                        "back.safetensors",
                        "--json",
                    ],
                );
                assert_eq!(last_json(&told)["shape"], serde_json::json!([32, 32]));
                "back.safetensors"
            }
        };
        assert_eq!(eval(model), wanted, "{format}");
        assert_eq!(answer(model), answer("m"), "{format}");
    }
}

#[test]
fn files_of_pytorch_and_onnx_become_models_that_predict() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let numbers: Vec<u8> = [0.5f32, 0.25, 1.0, 0.0, 0.75, 0.125]
        .iter()
        .flat_map(|n| n.to_le_bytes())
        .collect();
    std::fs::write(folder.join("one.f32"), numbers).unwrap();
    let mut answers = Vec::new();
    for (file, more) in [
        (
            "relu.pt",
            &["--from", "pytorch", "--activation", "relu"][..],
        ),
        (
            "relu.safetensors",
            &["--from", "pytorch", "--activation", "relu"],
        ),
        ("torch-gelu.onnx", &["--from", "onnx"]),
        ("external.onnx", &["--from", "onnx", "--shape", "6"]),
        (
            "batchnorm.pt",
            &[
                "--from",
                "pytorch",
                "--activation",
                "relu",
                "--batch-norm-epsilon",
                "1e-5",
            ],
        ),
    ] {
        let file = fixture(file);
        let args = [
            &["models", "import", &file, "--out", "model.safetensors"],
            more,
        ]
        .concat();
        ok(folder, &args);
        let said = ok(
            folder,
            &[
                "predict",
                "model.safetensors",
                "one.f32",
                "--top",
                "3",
                "--json",
            ],
        );
        answers.push(last_json(&said)["classes"].clone());
    }
    let negative = 0.5f32
        .to_le_bytes()
        .repeat(5)
        .into_iter()
        .chain((-0.75f32).to_le_bytes());
    std::fs::write(folder.join("two.f32"), negative.collect::<Vec<u8>>()).unwrap();
    fails(folder, 1, &["predict", "model.safetensors", "two.f32"]);
    let file = fixture("relu.pt");
    let range = ["--activation", "relu", "--range", "-1,1", "--out", "wide"];
    ok(
        folder,
        &[
            &["models", "import", &file, "--from", "pytorch"],
            &range[..],
        ]
        .concat(),
    );
    ok(folder, &["predict", "wide", "two.f32"]);
    assert_eq!(answers[0], answers[1]);
    assert_ne!(answers[0], answers[2]);
}

#[test]
fn bad_files_and_options_are_errors_and_leave_nothing() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let import = |file: &str, code: i32, more: &[&str], parts: &[&str]| {
        let file = match file.starts_with('.') {
            true => file.to_string(),
            false => fixture(file),
        };
        let error = fails(
            folder,
            code,
            &[&["models", "import", &file, "--out", "out"], more].concat(),
        );
        for part in parts {
            assert!(error.contains(part), "{file}: no {part:?} in {error}");
        }
        assert!(!folder.join("out").exists(), "{file}");
    };
    let relu = &["--from", "pytorch", "--activation", "relu"];
    let torch = &["--from", "pytorch"];
    import("evil.pt", 1, relu, &["system", "Nothing was executed"]);
    assert!(!folder.join("executed").exists());
    import("convolution.pt", 1, relu, &["layer `0`", "convolution"]);
    import("layernorm.pt", 1, relu, &["layer `1`", "LayerNorm"]);
    import("old.pt", 1, relu, &["before PyTorch 1.6"]);
    import("relu.pt", 1, torch, &["--activation relu"]);
    import(
        "relu.pt",
        2,
        &["--from", "pytorch", "--activation", "swish"],
        &["swish", "leaky-relu"],
    );
    import(
        "relu.pt",
        2,
        &[relu, &["--batch-norm-epsilon", "nan"][..]].concat(),
        &["--batch-norm-epsilon"],
    );
    import(
        "relu.pt",
        2,
        &[relu, &["--shape", "2,2"][..]].concat(),
        &["[2, 2]", "6 numbers"],
    );
    import(
        "relu.pt",
        2,
        &[relu, &["--range", "1"][..]].concat(),
        &["LOW,HIGH"],
    );
    import(
        "relu.pt",
        2,
        &[relu, &["--range", "1,0"][..]].concat(),
        &["the first below the second"],
    );
    import("relu.pt", 1, &["--from", "onnx"], &["an ONNX model"]);
    import(
        "torch-relu.onnx",
        2,
        &["--from", "onnx", "--activation", "relu"],
        &["--activation", "ONNX"],
    );
    import(
        "operator.onnx",
        1,
        &["--from", "onnx"],
        &["`between` (Softsign)"],
    );
    import(
        "outside.onnx",
        1,
        &["--from", "onnx"],
        &["../secret", "own folder"],
    );
    import(
        "./gone.onnx",
        1,
        &["--from", "onnx"],
        &["gone.onnx", "is the name right?"],
    );
    import(".", 1, &["--from", "onnx"], &["not a regular file"]);
    let cut = std::fs::read(fixture("relu.pt")).unwrap();
    std::fs::write(folder.join("cut.pt"), &cut[..cut.len() / 2]).unwrap();
    import("./cut.pt", 1, relu, &["./cut.pt", "a PyTorch checkpoint"]);
    let error = fails(
        folder,
        1,
        &[
            "models",
            "export",
            &fixture("relu.safetensors"),
            "--format",
            "onnx",
            "--out",
            "out",
        ],
    );
    assert!(error.contains("does not describe its network"), "{error}");
    assert!(!folder.join("out").exists());
}
