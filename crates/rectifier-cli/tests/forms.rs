//! The same network in another form, through the command: integers of tables and of flipped units, thresholds, stages.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use support::{command, fails, json, ok};

/// Rows of four numbers, one far outlier among them, whose class is the sign of a sum.
fn table(folder: &Path) {
    let mut text = String::from("a,b,c,d,kind\n");
    let mut state = 7u64;
    let mut draw = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as f64 / f64::from(1u32 << 31) * 2.0 - 1.0
    };
    for row in 0..600 {
        let [a, b, c] = [draw(), draw(), draw()];
        let d = if row == 100 { 60.0 } else { draw() };
        let kind = if a + 0.5 * b - 0.7 * c > 0.0 {
            "up"
        } else {
            "down"
        };
        let _ = writeln!(text, "{a:.4},{b:.4},{c:.4},{d:.4},{kind}");
    }
    std::fs::write(folder.join("t.csv"), text).unwrap();
}

/// A run in `folder`, trained with these options.
fn trained(folder: &Path, options: &str) {
    let words = format!("train {options} --quiet --out run");
    ok(folder, &words.split(' ').collect::<Vec<&str>>());
}

/// The network of `from` in another precision.
fn exported(folder: &Path, from: &str, precision: &str, to: &str) {
    let words = [
        "models",
        "export",
        from,
        "--precision",
        precision,
        "--out",
        to,
    ];
    ok(folder, &words);
}

fn evaluated(folder: &Path, model: &str) -> Value {
    json(&mut command(folder, &["eval", model, "--json"]))
}

#[test]
fn integers_of_a_table_are_as_right_as_floats_and_are_what_eval_measures() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    table(folder);
    trained(
        folder,
        "--data table --file t.csv --target kind --hidden 16 --epochs 20 --lr 0.1",
    );
    exported(folder, "run", "int8", "small");
    let (floats, integers) = (evaluated(folder, "run"), evaluated(folder, "small"));
    assert_eq!(
        (&floats["engine"], &integers["engine"]),
        (&"burn".into(), &"sparse".into())
    );
    let error = |of: &Value| of["test_error"].as_f64().unwrap();
    assert!(error(&floats) < 0.1, "{floats}");
    assert!(
        error(&integers) < error(&floats) + 0.03,
        "{floats} {integers}"
    );
    // Other units round to 0: it is the integers that were measured.
    assert_ne!(floats["zeros"], integers["zeros"]);
    // With a device, what the integers stand for.
    let stands = json(&mut command(
        folder,
        &["eval", "small", "--json", "--device", "flex"],
    ));
    assert_eq!(stands["engine"], "burn");
    // What predicts is what was measured: the integers, and with a device what they stand for.
    let predicted = |options: &[&str]| -> Vec<f64> {
        let answers = ok(
            folder,
            &[&["predict", "small", "t.csv", "--json"], options].concat(),
        );
        let of = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let best = |answer: &Value| answer["classes"][0]["probability"].as_f64().unwrap();
        answers.lines().map(|line| best(&of(line))).collect()
    };
    let (integers, floats) = (predicted(&[]), predicted(&["--device", "flex"]));
    assert_eq!((integers.len(), floats.len()), (600, 600));
    let apart = integers.iter().zip(&floats).map(|(a, b)| (a - b).abs());
    let apart = apart.fold(0.0, f64::max);
    assert!(apart > 0.0 && apart < 0.2, "{apart}");
    // Fixed inputs for columns that have no range.
    let told = ok(folder, &["models", "verify", "run"]);
    assert!(told.contains("right"), "{told}");
}

#[test]
fn sign_flips_are_in_the_integers() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    trained(folder, "--examples 620 --hidden 24,16 --epochs 2 --flips");
    exported(folder, "run", "int8", "small");
    let (floats, integers) = (evaluated(folder, "run"), evaluated(folder, "small"));
    let difference =
        floats["test_error"].as_f64().unwrap() - integers["test_error"].as_f64().unwrap();
    assert!(difference.abs() < 0.02, "{floats} {integers}");
    // Whatever reads its numbers as floats has them without flips.
    exported(folder, "small", "f32", "floats");
    let again = evaluated(folder, "floats");
    let difference = floats["test_error"].as_f64().unwrap() - again["test_error"].as_f64().unwrap();
    assert!(difference.abs() < 0.02, "{floats} {again}");
    ok(folder, &["models", "verify", "small"]);
}

#[test]
fn a_threshold_that_was_trained_with_is_what_others_are_held_against() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    trained(
        folder,
        "--examples 620 --hidden 24,16 --epochs 2 --threshold 0.1",
    );
    let args =
        "thresholds run --thresholds 0.9 --tolerance 0 --seconds 0.01 --rounds 1 --json --save cut";
    let study = json(&mut command(
        folder,
        &args.split(' ').collect::<Vec<&str>>(),
    ));
    assert_eq!(study["rows"][0]["threshold"], 0.1);
    assert_eq!(
        study["test_error_plain"],
        evaluated(folder, "run")["test_error"]
    );
    // What is saved is what was measured, but for weights that were rounded.
    let chosen = study["chosen"].as_u64().unwrap() as usize;
    if study["rows"][chosen]["weights"] == "f32" {
        assert_eq!(
            study["test_error_chosen"],
            evaluated(folder, "cut")["test_error"]
        );
    }
}

#[test]
fn a_last_stage_that_made_it_worse_is_told() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let stage = |rate: f64| {
        format!(r#"{{"stage": "fine-tune", "epochs": 2, "batch": 10, "rate": {rate}}}"#)
    };
    let plan = |second: f64| {
        format!(
            r#"{{"version": 1, "data": {{"set": "glyphs", "seed": 1, "train": 620, "valid": 124, "test": 62}},
            "network": {{"inputs": 1024, "hidden": [32], "unit": {{"kind": "rectifier"}}, "outputs": 62}},
            "recipe": {{"seed": 3, "stages": [{}, {}]}}}}"#,
            stage(0.05),
            stage(second)
        )
    };
    for (second, told) in [(3.0, true), (0.02, false)] {
        std::fs::write(folder.join("plan.json"), plan(second)).unwrap();
        let out = format!("run-{told}");
        let said = fails(
            folder,
            0,
            &["train", "--recipe", "plan.json", "--quiet", "--out", &out],
        );
        let warned =
            said.contains("stage 1 had a validation error of") && said.contains("lower its rate");
        assert_eq!(warned, told, "{said}");
    }
}

#[test]
fn what_a_model_has_decided_is_no_option_of_its_evaluation() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    table(folder);
    trained(
        folder,
        "--data table --file t.csv --target kind --drop d --hidden 4 --epochs 1",
    );
    let said = fails(folder, 2, &["eval", "run", "--drop", "c"]);
    assert!(
        said.contains("--drop") && said.contains("leave the option out"),
        "{said}"
    );
    ok(folder, &["eval", "run", "--file", "t.csv"]);
}
