//! Every recipe under `results/` is still read, and still means the same.
#![allow(clippy::unwrap_used)]

use rectifier_nn::{DenseStackConfig, Reconstruction, Unit};
use rectifier_train::{Recipe, Stage};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

fn recipes(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => recipes(&path, found),
            false if path.file_name().is_some_and(|name| name == "recipe.json") => found.push(path),
            false => {}
        }
    }
}

/// What a recipe that leaves a field out means by that.
fn complete(recipe: &mut Value) {
    let fill = |object: &mut Map<String, Value>, fields: &[(&str, Value)]| {
        for (key, value) in fields {
            object.entry(*key).or_insert(value.clone());
        }
    };
    let sgd = json!({"kind": "sgd"});
    fill(
        recipe.as_object_mut().unwrap(),
        &[("objective", json!("classification"))],
    );
    for stage in recipe["stages"].as_array_mut().unwrap() {
        let fields = [("optimizer", sgd.clone()), ("l1", json!(0.0))];
        fill(stage.as_object_mut().unwrap(), &fields);
    }
}

#[test]
fn every_record_is_read_and_written_as_it_was() {
    let results = concat!(env!("CARGO_MANIFEST_DIR"), "/../../results");
    let mut found = Vec::new();
    recipes(Path::new(results), &mut found);
    assert!(found.len() >= 32, "{} recipes", found.len());
    for path in found {
        let plan: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let mut was = plan.get("recipe").unwrap_or(&plan).clone();
        let recipe: Recipe = serde_json::from_value(was.clone())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        recipe.validate().unwrap();
        let config: DenseStackConfig = serde_json::from_value(plan["network"].clone()).unwrap();
        recipe.check_stack(Some(&config)).unwrap();
        // None of them asks for anything modern.
        assert!(!was.to_string().contains("dropout"));
        for stage in &recipe.stages {
            if let Stage::FineTune(stage) = stage {
                assert!(stage.dropout.is_none() && stage.frozen.is_empty());
                assert_eq!(stage.weight_decay, 0.0);
            }
        }
        complete(&mut was);
        assert_eq!(
            serde_json::to_value(&recipe).unwrap(),
            was,
            "{}",
            path.display()
        );
    }
}

#[test]
fn the_papers_recipe_pre_trains_every_layer() {
    let config = DenseStackConfig::new(784, [1000, 1000, 1000], Unit::Rectifier, 10);
    let recipe = Recipe::paper(&config);
    recipe.validate().unwrap();
    recipe.check_stack(Some(&config)).unwrap();
    assert_eq!(recipe.stages.len(), 4);
    for (place, stage) in recipe.stages.iter().enumerate() {
        assert_eq!(stage.batch(), 10);
        match stage {
            Stage::Pretrain(stage) => {
                assert_eq!((stage.layer, stage.l1), (place + 1, 1e-3));
                assert_eq!(stage.reconstruction, Reconstruction::SoftplusSquared);
            }
            Stage::FineTune(stage) => assert_eq!(stage.l1.coefficient(2), 1e-3),
        }
    }
    let tanh = DenseStackConfig::new(784, [1000], Unit::Tanh, 10);
    Recipe::paper(&tanh).check_stack(Some(&tanh)).unwrap();
    let text = serde_json::to_string(&Recipe::fine_tune(3, 10, 0.1).patience(2).l1(1e-4)).unwrap();
    for field in ["frozen", "decay", "dropout", "shift"] {
        assert!(!text.contains(field), "{text}");
    }
}

#[test]
fn new_fields_survive_json() {
    let text = r#"{"seed":1,"stages":[{"stage":"fine-tune","epochs":1,"batch":10,"rate":0.1,
        "frozen":[1,2],"weight_decay":0.0001,"dropout":{"input":0.2,"hidden":0.5},"shift":2}]}"#;
    let recipe: Recipe = serde_json::from_str(text).unwrap();
    let back: Recipe = serde_json::from_value(serde_json::to_value(&recipe).unwrap()).unwrap();
    assert_eq!(back, recipe);
    assert_eq!(recipe.extras().len(), 3);
    let wrong = text.replace("hidden", "hiden");
    assert!(serde_json::from_str::<Recipe>(&wrong).is_err());
}
