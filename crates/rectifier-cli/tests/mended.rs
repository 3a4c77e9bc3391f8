//! What once was passed over in silence, or cost a file: each is refused, or told.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::path::Path;
use support::{command, fails, ok, text};

/// A run on a few characters in `folder/NAME`.
fn glyphs(folder: &Path, name: &str, more: &[&str]) {
    let train = [
        "train",
        "--examples",
        "620",
        "--epochs",
        "1",
        "--quiet",
        "--threads",
        "1",
        "--out",
        name,
    ];
    let hidden = match more.contains(&"--hidden") {
        true => &[][..],
        false => &["--hidden", "8"],
    };
    ok(folder, &[&train[..], hidden, more].concat());
}

/// Sixty rows of a number and a class.
fn table() -> String {
    let rows: String = (0..60)
        .map(|row| format!("{row},{}\n", if row % 2 == 0 { "even" } else { "odd" }))
        .collect();
    format!("number,kind\n{rows}")
}

/// A run on a table `t.csv` in `folder`.
fn tabled(folder: &Path) {
    std::fs::write(folder.join("t.csv"), table()).unwrap();
    let train =
        "train --file t.csv --target kind --hidden 4 --epochs 1 --threads 1 --quiet --out run";
    ok(folder, &words(train));
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Every line of `refused` ends with code 2 and says its part.
fn refuses(folder: &Path, refused: &[(&str, &str)]) {
    for (line, part) in refused {
        let error = fails(folder, 2, &words(line));
        assert!(error.contains(part), "{line}: no {part:?} in {error}");
    }
}

#[test]
fn a_run_that_goes_on_refuses_another_plan() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    glyphs(folder, "run", &[]);
    for more in [
        "--epochs 5",
        "--seed 7",
        "--hidden 3",
        "--pretrain",
        "--l1 0.1",
        "--data mnist",
        "--examples 62",
        "--out other",
    ] {
        let line = format!("train --resume run {more}");
        let error = fails(folder, 2, &words(&line));
        let option = more.split(' ').next().unwrap();
        assert!(
            error.contains("cannot be used with")
                && error.contains(option)
                && error.contains("--resume"),
            "{error}"
        );
    }
    ok(
        folder,
        &words("train --resume run --offline --data-dir . --quiet --threads 1 --engine sparse"),
    );
}

#[test]
fn data_that_is_asked_about_is_looked_at() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::write(folder.join("t.csv"), table()).unwrap();
    let checked = ok(folder, &words("data check --file t.csv --target kind"));
    assert!(
        checked.contains("table: every") && !checked.contains("glyphs"),
        "{checked}"
    );
    let checked = ok(folder, &words("data check --data glyphs --examples 62"));
    assert!(
        checked.contains("glyphs: every") && !checked.contains("norb"),
        "{checked}"
    );
    refuses(
        folder,
        &[
            ("data check --data nosuch", "no data set `nosuch`"),
            ("data check --target kind", "it is missing"),
            ("data list --data glyphs", "unexpected argument '--data'"),
            (
                "train --file t.csv --target kind --drop number,kind",
                "is the target",
            ),
            (
                "train --file t.csv --target kind --word-columns kind",
                "is the target",
            ),
        ],
    );
}

#[test]
fn no_output_takes_the_place_of_what_is_read_or_kept() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    tabled(folder);
    std::fs::create_dir_all(folder.join("pictures/a")).unwrap();
    std::fs::write(folder.join("pictures/a/one.png"), "a picture").unwrap();
    let kept = [
        "t.csv",
        "run/model.safetensors",
        "run/history.jsonl",
        "run/recipe.json",
        "pictures/a/one.png",
    ];
    let read = || kept.map(|name| std::fs::read(folder.join(name)).unwrap());
    let before = read();
    #[cfg(unix)]
    std::os::unix::fs::symlink("t.csv", folder.join("link.csv")).unwrap();
    #[cfg(not(unix))]
    std::fs::copy(folder.join("t.csv"), folder.join("link.csv")).unwrap();
    refuses(
        folder,
        &[
            ("predict run t.csv --csv t.csv", "reads that file"),
            ("predict run t.csv --csv ./run/../t.csv", "reads that file"),
            (
                "predict run t.csv --csv run/model.safetensors",
                "reads that file",
            ),
            (
                "predict run t.csv --csv run/history.csv",
                "the run in run keeps that file",
            ),
            (
                "models import run/model.safetensors --from pytorch --out run/model.safetensors",
                "reads that file",
            ),
            (
                "models export run --out run/model.safetensors",
                "reads that file",
            ),
            (
                "models export run --out run/checkpoint.safetensors",
                "keeps that file",
            ),
            (
                "thresholds run --save run/model.safetensors",
                "reads that file",
            ),
            ("thresholds run --save run/history.jsonl", "keeps that file"),
            ("thresholds run --out t.csv", "reads that file"),
            ("thresholds run --out one --save one", "name one file"),
            ("report run --out run/recipe.json", "keeps that file"),
            (
                "data preview table --file t.csv --target kind --out t.csv",
                "reads that file",
            ),
            (
                "data preview images --dir pictures --out pictures/a/one.png",
                "what lies in",
            ),
        ],
    );
    #[cfg(unix)]
    refuses(
        folder,
        &[("predict run link.csv --csv t.csv", "reads that file")],
    );
    for (line, part) in [
        ("predict run t.csv --csv run", "that is no file"),
        ("predict run t.csv --csv /dev/null", "that is no file"),
        (
            "predict run t.csv --csv no/such/folder/a.csv",
            "no/such/folder/a.csv",
        ),
    ] {
        let error = fails(folder, 1, &words(line));
        assert!(error.contains(part), "{line}: {error}");
    }
    assert!(read() == before);
    // Beside them is room.
    ok(folder, &words("predict run t.csv --csv run/answers.csv"));
    ok(folder, &words("predict run t.csv --csv run/answers.csv"));
    ok(folder, &words("report run --out run/page.html --quiet"));
    ok(folder, &words("report run --quiet"));
}

#[test]
fn records_have_plain_names_and_do_not_give_way() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    glyphs(folder, "one", &[]);
    glyphs(folder, "two", &["--seed", "2"]);
    for name in ["../x", "ü", "b/c", ".hidden", "", "a b"] {
        let error = fails(folder, 2, &["results", "add", "one", name]);
        assert!(error.contains("cannot be the name of a record"), "{error}");
    }
    assert!(!folder.join("results").exists());
    ok(folder, &words("results add one a-1"));
    ok(folder, &words("results add one a-1"));
    refuses(
        folder,
        &[
            ("results add two a-1", "--replace"),
            (
                "results add-peer two/history.jsonl a-1 ../torch",
                "cannot be the name",
            ),
            (
                "results add-peer two/history.jsonl a-b torch",
                "no record with a seed",
            ),
        ],
    );
    let summary = |of: &str| std::fs::read(folder.join(of).join("summary.json")).unwrap();
    assert!(summary("results/runs/a-1") == summary("one"));
    ok(folder, &words("results add two a-1 --replace"));
    assert!(summary("results/runs/a-1") == summary("two"));
    std::fs::remove_file(folder.join("two/summary.json")).unwrap();
    let error = fails(folder, 1, &words("results add two b-1"));
    assert!(
        error.contains("has not ended") && error.contains("rectifier train --resume two"),
        "{error}"
    );
    let error = fails(folder, 1, &words("results add results b-1"));
    assert!(error.contains("no run in this folder"), "{error}");
}

/// Changes the plan that the record `name` was made by.
fn change_plan(folder: &Path, name: &str, change: impl Fn(&mut Value)) {
    let path = folder.join("results/runs").join(name).join("recipe.json");
    let mut plan: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut plan);
    std::fs::write(&path, plan.to_string()).unwrap();
}

#[test]
fn the_table_of_runs_counts_a_seed_once_and_tells_the_whole_training() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    glyphs(folder, "run", &[]);
    for name in ["a-1", "a-2", "a-3", "rich", "half"] {
        ok(folder, &["results", "add", "run", name]);
    }
    change_plan(folder, "a-3", |plan| plan["recipe"]["seed"] = 3.into());
    let rich: Value = serde_json::json!({"stage": "fine-tune", "epochs": 1, "batch": 32, "rate": 0.1,
        "optimizer": {"kind": "momentum", "momentum": 0.5}, "l1": [1e-4, 0.0], "weight_decay": 0.01,
        "dropout": {"input": 0.2, "hidden": 0.5}, "shift": 2, "patience": 3});
    change_plan(folder, "rich", |plan| {
        plan["network"]["hidden"] = serde_json::json!([8, 8]);
        plan["recipe"]["stages"] = serde_json::json!([rich]);
    });
    let layer: Value = serde_json::json!({"stage": "pretrain", "layer": 1, "epochs": 3, "batch": 32, "rate": 0.1,
        "corruption": {"kind": "none"}, "reconstruction": {"kind": "softplus-squared"}});
    change_plan(folder, "half", |plan| {
        let last = plan["recipe"]["stages"][0].clone();
        plan["network"]["hidden"] = serde_json::json!([8, 8]);
        plan["recipe"]["stages"] = serde_json::json!([layer, last]);
    });
    let output = command(folder, &words("results table")).output().unwrap();
    let (table, said) = (text(&output.stdout), text(&output.stderr));
    assert!(
        said.contains("a-2: a run of this plan with seed 1 is counted already"),
        "{said}"
    );
    let row = |name: &str| {
        let start = format!("| {name} |");
        table
            .lines()
            .find(|line| line.starts_with(&start))
            .unwrap_or_default()
            .to_string()
    };
    assert!(row("a").contains("| 2 |"), "{table}");
    for part in [
        "L1 0.0001, 0 by layer",
        "momentum 0.5",
        "weight decay 0.01",
        "dropout of 0.2 of the inputs",
        "shifts of up to 2 pixels",
        "patience 3",
    ] {
        assert!(row("rich").contains(part), "no {part:?} in {table}");
    }
    assert!(
        row("half").contains("layer 1 pre-trained 3 epochs, 1 epoch"),
        "{table}"
    );
}

#[test]
fn a_measurement_is_refused_before_it_is_made_and_never_lost() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    glyphs(folder, "run", &[]);
    glyphs(folder, "tanh", &["--network", "tanh"]);
    glyphs(folder, "flat", &["--hidden", "none"]);
    std::fs::write(folder.join("file"), "").unwrap();
    refuses(
        folder,
        &[
            ("thresholds tanh", "a threshold is for rectifier units"),
            (
                "eval tanh --threshold 0.1",
                "a threshold is for rectifier units",
            ),
            ("thresholds flat", "no hidden layer"),
            ("eval flat --threshold 0.1", "no hidden layer"),
            ("eval run --threshold -1", "it must be at least 0"),
            (
                "thresholds run --thresholds -1,0.5",
                "it must be at least 0",
            ),
            ("thresholds run --tolerance -1", "at least 0"),
            ("thresholds run --seconds 1e300", "at most 3600"),
            ("bench --seconds 1e300", "at most 3600"),
            ("bench --rounds 100000000", "at most 1000"),
            ("bench --batch 0", "at least 1"),
            (
                "bench --without sparse --without sparse-bf16 --without sparse-int8 --without sparse-layers --without burn",
                "--without leaves nothing",
            ),
            (
                "bench --only pretrain --without sparse --without sparse-layers --without burn",
                "--without leaves nothing",
            ),
            (
                "bench --growth width --without sparse --without burn",
                "--without leaves nothing",
            ),
        ],
    );
    for line in [
        "thresholds run --save file/a",
        "thresholds run --out file/a",
        "bench --out file/a",
        "report run --out file/a",
    ] {
        let error = fails(folder, 1, &words(line));
        assert!(
            error.contains("file") && !error.contains("threshold 0:") && !error.contains("round 1"),
            "{error}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_bench_measures_once_and_tells_of_a_peer_that_prints_nothing() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let line = "bench --only pretrain --batch 2,2 --rounds 1 --seconds 0.001 --threads 1 --without sparse-layers --without burn \
                --peer true --json";
    let output = command(folder, &words(line)).output().unwrap();
    let (rows, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("peer true printed no row"), "{said}");
    let settings: Vec<Value> = rows
        .lines()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    let mut works: Vec<&str> = settings
        .iter()
        .map(|row| row["work"].as_str().unwrap())
        .collect();
    let count = works.len();
    works.dedup();
    assert!(count > 0 && works.len() == count, "{rows}");
}

#[test]
fn what_makes_no_sense_ends_with_2() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    glyphs(folder, "run", &[]);
    std::fs::write(
        folder.join("wrong.json"),
        r#"{"name": "x", "base": {}, "axes": {"a": []}}"#,
    )
    .unwrap();
    std::fs::write(
        folder.join("plan.json"),
        r#"{"name": "x", "base": {}, "axes": {}}"#,
    )
    .unwrap();
    refuses(
        folder,
        &[
            ("experiment run nosuch", "no experiment `nosuch`"),
            ("experiment status nosuch", "no experiment `nosuch`"),
            ("experiment report nosuch", "no experiment `nosuch`"),
            ("experiment run figure3 --preset smoke --jobs 0", "0 jobs"),
            (
                "experiment run figure3 --preset smoke --only unit=nosuch",
                "none of the",
            ),
            ("experiment run --sweep wrong.json", "has no values"),
            ("experiment run --sweep plan.json", "version"),
            (
                "experiment run figure3 --checkpoint-every -1",
                "no number of seconds",
            ),
            ("data preview glyphs --count 0", "at least 1"),
            ("data preview glyphs --columns 0", "at least 1"),
            ("data preview glyphs --scale -1", "at least 1"),
            ("predict run x.png --top 0", "at least 1"),
            ("predict run x.png --top 2 --csv t.csv", "--csv"),
            ("predict run x.png --words 2", "--words"),
            (
                "train --hidden none --pretrain",
                "no hidden layer that could be pre-trained",
            ),
            (
                "train --hidden none --threshold 0.1",
                "no hidden layer whose activations",
            ),
            (
                "models import x --from onnx --out y --range 1,-1",
                "the first below the second",
            ),
            ("train --lr fast", "is no number"),
            ("train --l1 -1e-5,0 --hidden 8,8", "must be at least 0"),
        ],
    );
}

#[test]
fn a_test_part_that_is_the_training_part_is_told() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::write(folder.join("t.csv"), table()).unwrap();
    std::fs::copy(folder.join("t.csv"), folder.join("copy.csv")).unwrap();
    let train = "train --file t.csv --target kind --hidden 4 --epochs 1 --threads 1 --quiet";
    let warned = |more: &str| fails(folder, 0, &words(&format!("{train} {more}")));
    for file in ["t.csv", "copy.csv"] {
        let said = warned(&format!("--test-file {file}"));
        assert!(
            said.contains("of 60 test examples stand in the training part, too"),
            "{said}"
        );
    }
    let check = "data check --file t.csv --target kind --test-file t.csv";
    assert!(fails(folder, 0, &words(check)).contains("stand in the training part"));
    std::fs::write(folder.join("other.csv"), "number,kind\n100,even\n101,odd\n").unwrap();
    for more in ["--test-file other.csv", ""] {
        assert!(
            !warned(more).contains("stand in the training part"),
            "{more}"
        );
    }
}

#[test]
fn a_network_that_answers_everything_alike_is_told() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    for (rate, guesses) in [("1e6", true), ("0.05", false)] {
        let run = format!("run-{guesses}");
        let train = format!(
            "train --examples 1240 --hidden 32 --batch 10 --epochs 3 --lr {rate} --quiet --out {run}"
        );
        let said = fails(folder, 0, &train.split(' ').collect::<Vec<&str>>());
        let again = fails(folder, 0, &["eval", &run, "--json"]);
        let page = std::fs::read_to_string(folder.join(&run).join("report.html")).unwrap();
        for told in [said, again] {
            let warned = told.contains(" of the 12400 test examples for ")
                && told.contains("lower the rate or the penalty");
            assert_eq!(warned, guesses, "{told}");
        }
        assert_eq!(page.contains("tells next to nothing apart"), guesses);
    }
    // A threshold that cuts off everything.
    let cut = fails(folder, 0, &["eval", "run-false", "--threshold", "1e9"]);
    assert!(
        cut.contains("12400 of the 12400 test examples for "),
        "{cut}"
    );
}
