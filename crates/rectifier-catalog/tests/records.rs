//! Every recipe under `results/` still parses, and means the same.
#![allow(clippy::unwrap_used)]

use rectifier_catalog::Plan;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn recipes(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            recipes(&path, found);
        } else if path.file_name().is_some_and(|name| name == "recipe.json") {
            found.push(path);
        }
    }
}

/// Whether all that `old` says stands in `new`: fields that came later may be there with their defaults.
fn says_the_same(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => old.iter().all(|(key, value)| {
            new.get(key).is_some_and(|now| says_the_same(value, now)) || is_default(value)
        }),
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len()
                && old
                    .iter()
                    .zip(new)
                    .all(|(old, new)| says_the_same(old, new))
        }
        (Value::Number(old), Value::Number(new)) => old.as_f64() == new.as_f64(),
        (old, new) => old == new,
    }
}

/// A field that is left out where it says nothing.
fn is_default(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false)) || value.as_f64() == Some(0.0)
}

#[test]
fn recipes_of_records_mean_what_they_meant() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results");
    let mut found = Vec::new();
    recipes(&results, &mut found);
    assert!(found.len() >= 32, "{} recipes", found.len());
    for path in found {
        let plan = Plan::read(&path).unwrap();
        let old: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let new = serde_json::to_value(&plan).unwrap();
        assert!(says_the_same(&old, &new), "{}: {new}", path.display());
        // Written and read again, nothing changes any more.
        assert_eq!(Plan::parse(&plan.to_text().unwrap()).unwrap(), plan);
    }
}

#[test]
fn what_is_left_out_or_changed_is_noticed() {
    let old = serde_json::json!({"a": 1, "b": [1, 2], "c": 0.0});
    assert!(says_the_same(
        &old,
        &serde_json::json!({"a": 1.0, "b": [1, 2], "d": 5})
    ));
    assert!(!says_the_same(
        &old,
        &serde_json::json!({"a": 2, "b": [1, 2]})
    ));
    assert!(!says_the_same(&old, &serde_json::json!({"a": 1, "b": [1]})));
    assert!(!says_the_same(&old, &serde_json::json!({"b": [1, 2]})));
}
