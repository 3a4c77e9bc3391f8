//! The pages that `train` leaves and `report` makes.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::{command, ends, fails, ok};

fn page(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn small(out: &str) -> Vec<&str> {
    vec![
        "train",
        "--examples",
        "620",
        "--hidden",
        "24,16",
        "--epochs",
        "2",
        "--out",
        out,
        "--quiet",
    ]
}

#[test]
fn every_finished_run_has_a_report_that_can_be_made_again() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    ok(folder, &small("my <b>run</b> & 'co'"));
    let path = folder.join("my <b>run</b> & 'co'");
    let first = page(&path.join("report.html"));
    for text in [
        "First-layer filters",
        "Worst mistakes",
        "confusion matrix",
        "units by how often they fire",
        "data:image/png;base64,",
        "--hidden 24,16 --epochs 2 --out 'my &lt;b&gt;run&lt;/b&gt; &amp; '\\''co'\\''' --quiet",
    ] {
        assert!(first.contains(text), "{text}");
    }
    assert!(!first.contains("<b>") && !first.contains("://"));
    std::fs::remove_file(path.join("report.html")).unwrap();
    let stdout = ok(folder, &["report", path.to_str().unwrap()]);
    assert!(stdout.contains("report.html"));
    assert_eq!(page(&path.join("report.html")), first);
    // From inside the folder, to another file.
    ok(&path, &["report", ".", "--out", "other.html"]);
    assert_eq!(page(&path.join("other.html")), first);
}

#[test]
fn a_page_that_cannot_be_written_does_not_fail_the_run() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    ok(folder, &small("run"));
    std::fs::remove_file(folder.join("run/report.html")).unwrap();
    std::fs::create_dir(folder.join("run/report.html")).unwrap();
    let stderr = ends(
        &mut command(folder, &["train", "--resume", "run", "--quiet"]),
        0,
    );
    assert!(stderr.contains("there is no report"), "{stderr}");
    let commands = page(&folder.join("run/command.txt"));
    assert_eq!(commands.lines().count(), 2);
    assert!(
        commands.ends_with("\nrectifier train --resume run --quiet\n"),
        "{commands}"
    );
    fails(folder, 1, &["report", "run"]);
    fails(
        folder,
        1,
        &["report", "run", "--out", "no/such/folder/page.html"],
    );
}

#[test]
fn runs_are_compared_on_one_page() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    for (seed, out) in [("1", "a/run"), ("2", "b/run"), ("2", "third")] {
        ok(folder, &[&small(out)[..], &["--seed", seed]].concat());
    }
    ok(folder, &["report", "a/run", "b/run", "third"]);
    let text = page(&folder.join("comparison.html"));
    for part in [
        "3 runs compared",
        "a/run",
        "b/run",
        "third",
        "recipe.seed",
        "Validation error",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(folder.join("a/run/report.html").is_file());
}

#[test]
fn a_run_in_progress_and_an_interrupted_one_are_reported_too() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let args = [
        "train",
        "--examples",
        "1240",
        "--hidden",
        "32",
        "--epochs",
        "5000",
        "--out",
        "run",
        "--quiet",
    ];
    let mut child = command(folder, &args)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let history = folder.join("run/history.jsonl");
    let start = Instant::now();
    while !history.is_file() && start.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let while_it_runs = command(folder, &["report", "run", "--out", "now.html"]).output();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(while_it_runs.unwrap().status.success());
    ok(folder, &["report", "run"]);
    for name in ["now.html", "run/report.html"] {
        let text = page(&folder.join(name));
        for part in [
            "not finished, ",
            "of 5\u{202f}000 epochs",
            "so far",
            "Worst mistakes",
        ] {
            assert!(text.contains(part), "{name}: {part}");
        }
    }
    // Nothing but a recipe: stopped before the first epoch's end.
    std::fs::create_dir(folder.join("young")).unwrap();
    std::fs::copy(
        folder.join("run/recipe.json"),
        folder.join("young/recipe.json"),
    )
    .unwrap();
    ok(folder, &["report", "young", "run", "--out", "both.html"]);
    ok(folder, &["report", "young"]);
    assert!(page(&folder.join("young/report.html")).contains("No epoch has ended yet"));
}

/// An IDX file of bytes.
fn idx(dims: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|side| file.extend(side.to_be_bytes()));
    file.extend(bytes);
    file
}

#[test]
fn data_that_are_gone_leave_the_curves() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let pixels: Vec<u8> = (0..60 * 20).map(|place| (place * 7 % 256) as u8).collect();
    let labels: Vec<u8> = (0..60).map(|place| place % 3).collect();
    std::fs::write(folder.join("images"), idx(&[60, 4, 5], &pixels)).unwrap();
    std::fs::write(folder.join("labels"), idx(&[60], &labels)).unwrap();
    let args = [
        "train", "--images", "images", "--labels", "labels", "--hidden", "6", "--epochs", "2",
        "--out", "run", "--quiet",
    ];
    ok(folder, &args);
    assert!(page(&folder.join("run/report.html")).contains("First-layer filters"));
    std::fs::remove_file(folder.join("images")).unwrap();
    // A page with its measurements is not replaced by one without.
    let error = fails(folder, 1, &["report", "run"]);
    assert!(error.contains("images"), "{error}");
    assert!(page(&folder.join("run/report.html")).contains("First-layer filters"));
    let other = ["report", "run", "--out", "other.html"];
    let stderr = ends(&mut command(folder, &other), 0);
    assert!(stderr.contains("warning: run: "), "{stderr}");
    let text = page(&folder.join("other.html"));
    assert!(text.contains("Nothing could be measured") && text.contains("Exact zeros"));
    assert!(!text.contains("First-layer filters"));
}

#[test]
fn a_run_that_a_program_launched_has_a_page_too() {
    use rectifier_data::{Samples, Split};
    use rectifier_nn::{DenseStackConfig, Init, Unit};
    use rectifier_train::{BurnEngine, Recipe, Run, RunFolder};
    use std::sync::Arc;

    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let part = |count: usize| {
        let numbers: Vec<f32> = (0..2 * count)
            .map(|k| (k * 37 % 101) as f32 / 101.0)
            .collect();
        let labels = numbers
            .chunks(2)
            .map(|point| u32::from(point[1] > point[0]))
            .collect();
        Arc::new(Samples::from_f32(numbers, labels, &[2], 2).unwrap())
    };
    let split = Split::new(part(60), part(20), part(20)).unwrap();
    let device = burn::tensor::Device::flex();
    let network = DenseStackConfig::new(2, [8], Unit::Rectifier, 2)
        .init(1, &device)
        .unwrap();
    let run = Run::new(
        network,
        Recipe::fine_tune(2, 10, 0.1),
        split,
        Box::new(BurnEngine::new(device.clone())),
        device,
        RunFolder::create(folder.join("own")).unwrap(),
    );
    assert!(run.launch().unwrap().record.summary.is_some());
    ok(folder, &["report", "own"]);
    let page = page(&folder.join("own/report.html"));
    for text in ["given by a program", "known to it alone", "2-8-2"] {
        assert!(page.contains(text), "{text}");
    }
    // A plan of ours that cannot be read is still an error.
    std::fs::write(folder.join("own/recipe.json"), "{").unwrap();
    let identity = folder.join("own/run.json");
    let text = std::fs::read_to_string(&identity).unwrap();
    std::fs::write(
        &identity,
        text.replacen("\"plan\": {", "\"plan\": {\"data\": 1,", 1),
    )
    .unwrap();
    let refused = command(folder, &["report", "own"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && stderr.contains("recipe.json"),
        "{stderr}"
    );
}

#[test]
fn wrong_use_says_what_would_do() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    fails(folder, 2, &["report"]);
    let error = fails(folder, 1, &["report", "nowhere"]);
    assert!(error.contains("no run in this folder"), "{error}");
    ok(folder, &small("run"));
    std::fs::write(folder.join("run/history.jsonl"), "{\"stage\": 1}\n").unwrap();
    let error = fails(folder, 1, &["report", "run"]);
    assert!(error.contains("history.jsonl: line 1, "), "{error}");
}
