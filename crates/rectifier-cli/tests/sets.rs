//! Data sets and how they are used, through the command.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn rectifier(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rectifier"))
        .args(args)
        .current_dir(folder)
        .env_remove("RECTIFIER_DATA")
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Standard output of a command that must succeed.
fn ok(folder: &Path, args: &[&str]) -> String {
    let output = rectifier(folder, args);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
    text(&output.stdout)
}

/// Standard error of a command that must end with `code`.
fn fails(folder: &Path, code: i32, args: &[&str]) -> String {
    let output = rectifier(folder, args);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr
}

fn last_json(stdout: &str) -> Value {
    serde_json::from_str(stdout.lines().last().unwrap()).unwrap()
}

#[test]
fn a_share_of_the_labels_is_recorded_and_trains_worse_than_all() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let train = |out: &str, more: &[&str]| {
        let args = "train --examples 1240 --batch 10 --epochs 4 --json --out";
        let args: Vec<&str> = args.split(' ').chain([out]).collect();
        last_json(&ok(folder, &[&args[..], more].concat()))
    };
    let error = |result: &Value| result["test_error"].as_f64().unwrap();
    let linear = |out, share| {
        let args = ["--network", "linear", "--label-fraction", share];
        train(out, &args)
    };
    let all = train("all", &["--network", "linear"]);
    let few = linear("few", "0.1");
    assert!(error(&few) > error(&all) + 0.05, "{few} {all}");
    let plan = |out: &str| -> Value {
        let path = folder.join(out).join("recipe.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    assert_eq!(plan("few")["label_fraction"], 0.1);
    assert!(plan("all").get("label_fraction").is_none());
    // The whole set's labels are the default; and a recipe that names a share is followed.
    assert_eq!(error(&linear("one", "1")), error(&all));
    let again = "train --recipe few/recipe.json --out again --json";
    let again: Vec<&str> = again.split(' ').collect();
    assert_eq!(error(&last_json(&ok(folder, &again))), error(&few));
    let spoken = ok(folder, &["recipe", "check", "few/recipe.json"]);
    assert!(
        spoken.contains("labels   0.1 of the training part"),
        "{spoken}"
    );

    let semi = "--label-fraction 0.1 --hidden 16 --pretrain --pretrain-epochs 1";
    let semi: Vec<&str> = semi.split(' ').collect();
    assert_eq!(train("semi", &semi)["epochs"], 5);
    for share in ["0", "-1", "1.5", "NaN"] {
        let share = format!("--label-fraction={share}");
        let error = fails(folder, 2, &["train", &share]);
        assert!(error.contains("above 0 and at most 1"), "{error}");
    }
}
