//! What a run tells while it goes on and afterwards: lines, tables, events; and what `doctor` tells of the place.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use support::{command, ends, json, lines, skipped, text, tiny_plan};

/// A finished run of the tiny plan that measured every `every` steps.
fn trained(folder: &Path, every: &str) {
    std::fs::write(folder.join("plan.json"), tiny_plan(2)).unwrap();
    let args = [
        "train",
        "--recipe",
        "plan.json",
        "--out",
        "run",
        "--measure-every",
        every,
        "--quiet",
    ];
    ends(&mut command(folder, &args), 0);
}

fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text
        .lines()
        .map(|line| line.split(',').map(str::to_string).collect::<Vec<_>>());
    let names = lines.next().unwrap();
    lines
        .map(|cells| {
            assert_eq!(cells.len(), names.len());
            names.iter().cloned().zip(cells).collect()
        })
        .collect()
}

/// Whether a cell says what a JSON value says.
fn same(cell: &str, value: &Value) -> bool {
    match value {
        Value::Null => cell.is_empty(),
        Value::Number(number) => cell.parse::<f64>().ok() == number.as_f64(),
        Value::Bool(flag) => cell == if *flag { "1" } else { "0" },
        Value::String(text) => cell == text,
        _ => false,
    }
}

#[test]
fn every_step_and_every_epoch_stands_in_csv_and_in_json_lines() {
    let place = tempfile::tempdir().unwrap();
    trained(place.path(), "1");
    let run = place.path().join("run");
    let (rows, steps) = (
        table(&run.join("steps.csv")),
        lines(&run.join("steps.jsonl")),
    );
    // 31 steps an epoch, 3 + 3 + 2 epochs.
    assert_eq!((rows.len(), steps.len()), (248, 248));
    for (index, (row, step)) in rows.iter().zip(&steps).enumerate() {
        assert_eq!(step["step"], index as u64 + 1);
        assert_eq!(step["examples"], 10);
        for key in [
            "step",
            "stage",
            "epoch",
            "seconds",
            "rate",
            "examples",
            "loss",
            "reconstruction",
            "penalty",
            "error",
        ] {
            assert!(same(&row[key], &step[key]), "{key}: {row:?} {step}");
        }
        assert!(
            same(&row["zeros_1"], &step["zeros"][0]) && same(&row["zeros_2"], &step["zeros"][1])
        );
    }
    let pretraining = &steps[100];
    assert!(
        pretraining["reconstruction"].is_number() && pretraining["zeros"][0].is_null(),
        "{pretraining}"
    );
    let (rows, epochs) = (
        table(&run.join("history.csv")),
        lines(&run.join("history.jsonl")),
    );
    assert_eq!((rows.len(), epochs.len()), (8, 8));
    for (row, epoch) in rows.iter().zip(&epochs) {
        for key in [
            "stage",
            "title",
            "epoch",
            "rate",
            "train_loss",
            "valid_loss",
            "valid_error",
            "seconds",
            "best",
        ] {
            assert!(same(&row[key], &epoch[key]), "{key}: {row:?} {epoch}");
        }
    }
    // The second pre-training stage speaks of the second layer.
    assert!(rows[4]["zeros_1"].is_empty() && same(&rows[4]["zeros_2"], &epochs[4]["zeros"][0]));
    // Means over the readings are the means of the epoch.
    let mean = steps[..31]
        .iter()
        .map(|step| step["reconstruction"].as_f64().unwrap())
        .sum::<f64>()
        / 31.0;
    let told = epochs[0]["train_loss"].as_f64().unwrap();
    assert!((mean - told).abs() < 1e-9 * told, "{mean} {told}");
}

#[test]
fn measuring_more_or_less_changes_no_parameter() {
    let [every, some] = ["1", "7"].map(|every| {
        let place = tempfile::tempdir().unwrap();
        trained(place.path(), every);
        support::tensors(&place.path().join("run/model.safetensors")).unwrap()
    });
    assert!(every == some);
}

#[test]
fn tensorboard_reads_the_same_numbers() {
    let place = tempfile::tempdir().unwrap();
    trained(place.path(), "5");
    let python = std::env::var("RECTIFIER_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/read_events.py");
    let Ok(output) = Command::new(&python)
        .args([script, "run"])
        .current_dir(place.path())
        .output()
    else {
        return skipped(&format!("there is no {python}"));
    };
    let said = text(&output.stdout) + &text(&output.stderr);
    match output.status.code() {
        Some(0) => assert!(said.contains("numbers agree"), "{said}"),
        Some(77) => skipped(&format!(
            "{}; RECTIFIER_PYTHON names another Python",
            said.trim()
        )),
        _ => panic!("{said}"),
    }
}

#[test]
fn one_line_an_epoch_with_the_time_left_and_no_line_a_batch() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("plan.json"), tiny_plan(2)).unwrap();
    let mut train = command(
        place.path(),
        &["train", "--recipe", "plan.json", "--out", "run"],
    );
    let output = train.output().unwrap();
    let stderr = support::checked(&output, 0);
    let (_, told) = stderr.split_once("run      run\n").unwrap();
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(told.len(), 8, "{stderr}");
    for (index, line) in told.iter().enumerate() {
        assert!(
            line.starts_with(&format!("epoch  {}/8  ", index + 1)),
            "{line}"
        );
        assert!(line.ends_with(" left"), "{line}");
    }
    assert!(
        told[0].contains("pre-training of layer 1 1") && told[7].contains("fine-tuning 2"),
        "{stderr}"
    );
    assert!(told[7].ends_with("  0s left"), "{stderr}");
}

#[test]
fn doctor_tells_what_is_here_and_that_it_works() {
    let place = tempfile::tempdir().unwrap();
    let told = json(&mut command(place.path(), &["doctor", "--json"]));
    assert_eq!(told["ok"], true);
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    let first = &told["devices"][0];
    assert_eq!(first["works"], true, "{told}");
    assert!(
        first["valid_error"].as_f64().unwrap() < 0.1
            && first["steps_a_second"].as_f64().unwrap() > 1.0
    );
    assert!(first["seconds"].as_f64().unwrap() < 10.0, "{told}");
    let sets = told["data"].as_array().unwrap();
    let here = |name: &str| sets.iter().find(|set| set["name"] == name).unwrap()["here"].clone();
    assert_eq!((here("glyphs"), here("mnist")), (true.into(), false.into()));
    assert!(told["space"][0]["free_bytes"].as_u64().unwrap() > 0);
    let output = command(place.path(), &["doctor", "--device", "flex"])
        .output()
        .unwrap();
    let spoken = text(&output.stdout);
    for part in [
        "rectifier ",
        "Burn ",
        "flex     works: learned in",
        "mnist       not here: rectifier data fetch mnist",
        "GB for runs",
    ] {
        assert!(spoken.contains(part), "{part:?}: {spoken}");
    }
    let error = ends(
        &mut command(place.path(), &["doctor", "--device", "abacus"]),
        2,
    );
    assert!(error.contains("there is no device `abacus`"), "{error}");
    // A file that is there but is another one is no missing one.
    std::fs::create_dir(place.path().join("data")).unwrap();
    std::fs::write(place.path().join("data/train-images-idx3-ubyte.gz"), "abc").unwrap();
    let output = command(place.path(), &["doctor", "--data-dir", "data"])
        .output()
        .unwrap();
    let spoken = text(&output.stdout);
    assert!(
        spoken.contains("mnist       not usable: ") && spoken.contains("found 3"),
        "{spoken}"
    );
    std::fs::remove_dir_all(place.path().join("data")).unwrap();
    // Nothing of the test is left.
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_run_of_very_many_epochs_writes_rows_of_several_readings() {
    let place = tempfile::tempdir().unwrap();
    let train = |out: &str, more: &[&str]| {
        // Two steps an epoch, of which 60,000 are planned; it loses its patience long before.
        let args = "train --examples 62 --hidden 4 --batch 31 --lr 1e-30 --epochs 30000 --patience 20 --engine sparse --threads 1 \
            --quiet --out";
        let args: Vec<&str> = args.split_whitespace().chain([out]).collect();
        ends(&mut command(place.path(), &[&args, more].concat()), 0);
        let run = place.path().join(out);
        let counted = |name: &str| lines(&run.join(name));
        (
            counted("history.jsonl").len(),
            counted("steps.jsonl"),
            table(&run.join("steps.csv")).len(),
        )
    };
    let (epochs, rows, cells) = train("run", &[]);
    assert!(epochs > 20);
    assert_eq!((rows.len(), cells), (2 * epochs / 3, 2 * epochs / 3));
    // Each is the mean of three readings of a step.
    assert!(rows.iter().all(|row| row["examples"] == 3 * 31), "{rows:?}");
    let (epochs, rows, cells) = train("each", &["--measure-every", "1"]);
    assert_eq!((rows.len(), cells), (2 * epochs, 2 * epochs));
}

#[test]
fn what_is_done_on_the_way_is_told_as_often_as_v_is_said() {
    let place = tempfile::tempdir().unwrap();
    let train =
        "train --examples 620 --hidden 8 --epochs 1 --engine sparse --threads 1 --quiet --out";
    let told = |out: &str, more: &[&str]| {
        let args: Vec<&str> = train.split(' ').chain([out]).collect();
        ends(&mut command(place.path(), &[more, &args].concat()), 0)
    };
    assert_eq!(told("none", &[]), "");
    let info = told("once", &["-v"]);
    for part in [
        "INFO rectifier_catalog",
        "chosen engine=\"sparse\"",
        "loaded data=\"glyphs\"",
        "checkpoint stage=",
    ] {
        assert!(info.contains(part), "no {part:?} in {info}");
    }
    assert!(!info.contains("DEBUG"), "{info}");
    let debug = told("twice", &["-vv"]);
    assert!(
        debug.contains("INFO") && debug.contains("DEBUG rectifier_train"),
        "{debug}"
    );
    assert!(debug.contains("best network"), "{debug}");
}
