//! Each option of `train` in the plan that it makes, and the seed in the weights.
#![allow(clippy::unwrap_used)]

mod support;

use burn::tensor::Device;
use rectifier_nn::{DenseStackConfig, Init, ModelFile, Unit};
use serde_json::{Value, json};
use std::path::Path;
use support::ok;

/// The plan that `options` make: `recipe show` reads the options that `train` reads.
fn plan(folder: &Path, options: &str) -> Value {
    let args: Vec<&str> = ["recipe", "show"]
        .into_iter()
        .chain(options.split_whitespace())
        .collect();
    serde_json::from_str(&ok(folder, &args)).unwrap()
}

#[test]
fn every_option_is_in_the_plan_at_its_place_and_in_every_stage() {
    let place = tempfile::tempdir().unwrap();
    let shown = plan(
        place.path(),
        "--examples 620 --data-seed 9 --network rectifier --hidden 8,6,4 --flips --threshold 0.01 --label-fraction 0.5
         --seed 5 --batch 7 --pretrain --pretrain-epochs 3 --pretrain-lr 0.003 --pretrain-l1 0.002 --noise 0.125
         --reconstruction linear-before --epochs 9 --lr 0.07 --l1 0.25,0.5,0.75 --optimizer momentum --patience 2",
    );
    let pretrain = |layer: usize| {
        json!({"stage": "pretrain", "layer": layer, "epochs": 3, "batch": 7, "rate": 0.003,
            "optimizer": {"kind": "sgd"}, "corruption": {"kind": "masking", "share": 0.125},
            "reconstruction": {"kind": "linear-squared", "target": "before"}, "l1": 0.002})
    };
    let fine_tune = json!({"stage": "fine-tune", "epochs": 9, "batch": 7, "rate": 0.07,
        "optimizer": {"kind": "momentum", "momentum": 0.9}, "l1": [0.25, 0.5, 0.75], "patience": 2});
    let wanted = json!({
        "version": 1,
        "data": {"set": "glyphs", "seed": 9, "train": 620, "valid": 6200, "test": 12400},
        "label_fraction": 0.5,
        "network": {"inputs": 1024, "hidden": [8, 6, 4], "unit": {"kind": "rectifier"}, "outputs": 62,
            "flips": true, "threshold": 0.01},
        "recipe": {"seed": 5, "objective": "classification",
            "stages": [pretrain(1), pretrain(2), pretrain(3), fine_tune]},
    });
    assert_eq!(shown, wanted);
}

#[test]
fn every_word_for_a_choice_is_that_choice() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    for (name, wanted) in [
        ("softplus", json!({"kind": "softplus-squared"})),
        (
            "cross-entropy",
            json!({"kind": "cross-entropy", "scale": "global"}),
        ),
        (
            "linear",
            json!({"kind": "linear-squared", "target": "after"}),
        ),
        ("rectifier", json!({"kind": "rectifier-squared"})),
    ] {
        let shown = plan(
            folder,
            &format!("--examples 620 --hidden 8,6 --pretrain --reconstruction {name}"),
        );
        for stage in 0..2 {
            let found = &shown["recipe"]["stages"][stage]["reconstruction"];
            assert_eq!(found, &wanted, "{name}");
        }
    }
    for (name, wanted) in [
        ("sgd", json!({"kind": "sgd"})),
        ("adam", json!({"kind": "adam"})),
    ] {
        let shown = plan(
            folder,
            &format!("--examples 620 --hidden 8 --optimizer {name}"),
        );
        assert_eq!(shown["recipe"]["stages"][0]["optimizer"], wanted);
    }
    let shown = plan(folder, "--examples 620 --hidden 8,6 --l1 0.5");
    assert_eq!(shown["recipe"]["stages"][0]["l1"], 0.5);
    let shown = plan(folder, "--examples 620 --network selu --hidden none");
    assert_eq!(shown["network"]["hidden"], json!([]));
}

#[test]
fn options_beside_a_recipe_change_what_they_name_in_every_stage_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::write(folder.join("plan.json"), support::tiny_plan(4)).unwrap();
    let before = plan(folder, "--recipe plan.json");
    let mut wanted = before.clone();
    wanted["recipe"]["seed"] = json!(8);
    for stage in wanted["recipe"]["stages"].as_array_mut().unwrap() {
        stage["batch"] = json!(31);
        if stage["stage"] == "fine-tune" {
            stage["rate"] = json!(0.03);
        }
    }
    let changed = plan(folder, "--recipe plan.json --batch 31 --lr 0.03 --seed 8");
    assert_eq!(changed, wanted);
    assert_ne!(before, wanted);
}

#[test]
fn a_fold_in_the_plan_is_the_one_that_was_asked_for() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let rows = (0..60).map(|row| format!("the place number {row},{}\n", 1 + row % 5));
    let file = format!("text,stars\n{}", rows.collect::<String>());
    std::fs::write(folder.join("r.csv"), file).unwrap();
    let shown = plan(
        folder,
        "--data reviews --file r.csv --words 50 --fold 2/4 --data-seed 3 --hidden 4",
    );
    let bag = &shown["data"]["bag"];
    assert_eq!(
        [&bag["fold"], &bag["folds"], &bag["seed"], &bag["words"]],
        [2, 4, 3, 50]
    );
}

#[test]
fn the_seed_and_no_other_number_draws_the_first_weights() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let device = Device::flex();
    let config = DenseStackConfig::new(1024, [6, 5], Unit::Rectifier, 62);
    let drawn = |seed: u64| config.init(seed, &device).unwrap();
    for seed in [5u64, 6] {
        let out = format!("run-{seed}");
        // Steps too small to move a weight: what is left is what was drawn.
        let options = format!("--examples 310 --hidden 6,5 --epochs 1 --lr 1e-30 --seed {seed}");
        let train = format!("train {options} --threads 1 --quiet --out {out}");
        ok(folder, &train.split(' ').collect::<Vec<_>>());
        // The plan that is carried out is the one that is shown.
        let kept = std::fs::read(folder.join(&out).join("recipe.json")).unwrap();
        let kept: Value = serde_json::from_slice(&kept).unwrap();
        assert_eq!(kept, plan(folder, &options));
        let file = ModelFile::open(folder.join(&out).join("model.safetensors")).unwrap();
        let found = file.load_into(drawn(99)).unwrap();
        let weights = |network: &rectifier_nn::DenseStack| {
            let layers = network.layers.iter().map(|layer| layer.weight.val());
            let head = [network.head.weight.val()];
            layers
                .chain(head)
                .map(|weight| weight.into_data().try_to_vec::<f32>().unwrap())
                .collect::<Vec<_>>()
        };
        assert!(weights(&found) == weights(&drawn(seed)), "{seed}");
        assert!(weights(&found) != weights(&drawn(seed + 1)), "{seed}");
    }
}
