//! Text through the command: from a file of reviews to stars and the words that weighed most.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use support::{command, fails, last_json, ok, skipped};

/// Reviews whose stars hang on one word; every tenth has no stars.
fn reviews(count: usize) -> Vec<(String, Option<u8>)> {
    const WORDS: [&str; 5] = ["awful", "poor", "average", "good", "superb"];
    let review = |index: usize| {
        let stars = index * 7 % 5;
        let text = format!(
            "The {} food of visit v{} and place p{}",
            WORDS[stars],
            index % 23,
            index % 11
        );
        (text, (index % 10 != 9).then_some(stars as u8 + 1))
    };
    (0..count).map(review).collect()
}

fn csv(folder: &Path) -> &'static str {
    let mut text = "opinion,note,id\n".to_string();
    for (index, (opinion, stars)) in reviews(400).into_iter().enumerate() {
        let stars = stars.map_or(String::new(), |stars| stars.to_string());
        text += &format!("\"{opinion}\",{stars},{index}\n");
    }
    std::fs::write(folder.join("mine.csv"), text).unwrap();
    "mine.csv"
}

const COLUMNS: [&str; 4] = ["--text-column", "opinion", "--stars-column", "note"];

#[test]
fn a_file_of_ones_own_trains_and_a_model_file_alone_predicts() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let file = csv(folder);
    let train = [
        "train", "--data", "reviews", "--file", file, "--words", "60", "--fold", "2/5", "--hidden",
        "12", "--epochs", "8", "--lr", "0.2", "--engine", "burn",
    ];
    let trained = last_json(&ok(folder, &[&train[..], &COLUMNS, &["--json"]].concat()));
    let rmse = trained["test_error"].as_f64().unwrap();
    assert!(rmse < 0.3, "{rmse}");
    assert!(trained["test_interval"].is_null());
    let run = trained["run"].as_str().unwrap();
    assert_eq!(run, "runs/reviews-rectifier-12-1");
    // The same folds and the same words again, computed by the same engine.
    let evaluated = last_json(&ok(folder, &["eval", run, "--json"]));
    assert_eq!(evaluated["test_error"], trained["test_error"]);
    assert_eq!(evaluated["valid_error"], trained["valid_error"]);
    assert!(ok(folder, &["eval", run, "--quiet"]).contains("test  RMSE"));

    // A model of its own place, without its run and its data.
    let alone = tempfile::tempdir().unwrap();
    let model = alone.path().join("stars.safetensors");
    std::fs::copy(folder.join(run).join("model.safetensors"), &model).unwrap();
    let model = model.display().to_string();
    let predict = |texts: &[&str], json: bool| {
        let mut args = vec!["predict", model.as_str()];
        texts.iter().for_each(|text| args.extend(["--text", *text]));
        args.extend(json.then_some("--json"));
        ok(alone.path(), &args)
    };
    let said = predict(&["Superb, SUPERB food!", "the poor zebra"], true);
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let stars = |line: &Value| line["stars"].as_f64().unwrap();
    assert!(stars(&lines[0]) > 4.5 && stars(&lines[1]) < 2.7, "{said}");
    assert_eq!(lines[0]["words"][0]["word"], "superb");
    assert!(
        lines[0]["words"][0]["weight"].as_f64().unwrap() > 0.5,
        "{said}"
    );
    assert!(
        lines[1]["words"][0]["weight"].as_f64().unwrap() < -0.5,
        "{said}"
    );
    assert_eq!(lines[1]["unknown"], serde_json::json!(["zebra"]));
    assert_eq!(lines[0]["classes"].as_array().unwrap().len(), 3);
    let spoken = predict(&["a superb zebra", ""], false);
    for part in [
        " stars  (5 stars ",
        "weighed most  superb +",
        "unknown       a zebra",
        "no word of it is known",
    ] {
        assert!(spoken.contains(part), "{part}: {spoken}");
    }

    // Another file, read with the model's own words.
    let mut lines = String::new();
    for (text, stars) in reviews(60) {
        lines += &serde_json::json!({"text": text, "stars": stars}).to_string();
        lines.push('\n');
    }
    std::fs::write(folder.join("other.jsonl"), lines).unwrap();
    let other = [
        "eval",
        &model,
        "--data",
        "reviews",
        "--file",
        "other.jsonl",
        "--fold",
        "1/3",
        "--json",
    ];
    let other = last_json(&ok(folder, &other));
    assert!(other["test_error"].as_f64().unwrap() < 0.4, "{other}");

    let error = fails(folder, 2, &["predict", &model, "picture.png"]);
    assert!(error.contains("give --text"), "{error}");
    let error = fails(folder, 2, &["predict", &model]);
    assert!(error.contains("required"), "{error}");
}

#[test]
fn pre_training_sees_texts_without_stars() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let file = csv(folder);
    let common = [
        "--data", "reviews", "--file", file, "--words", "60", "--hidden", "8,6", "--epochs", "1",
    ];
    let shown = ok(
        folder,
        &[&["recipe", "show", "--pretrain"], &common[..], &COLUMNS].concat(),
    );
    let plan: Value = serde_json::from_str(&shown).unwrap();
    let stages = plan["recipe"]["stages"].as_array().unwrap();
    assert_eq!(stages[0]["corruption"]["kind"], "salt-and-pepper");
    assert_eq!(
        stages[1]["corruption"],
        serde_json::json!({"kind": "masking", "share": 0.5})
    );
    assert_eq!(stages[1]["reconstruction"]["kind"], "cross-entropy");
    assert_eq!(plan["recipe"]["objective"], "expected-rating");
    let train = [
        "train",
        "--pretrain",
        "--pretrain-epochs",
        "2",
        "--json",
        "--label-fraction",
        "0.5",
    ];
    let result = last_json(&ok(folder, &[&train[..], &common, &COLUMNS].concat()));
    assert_eq!(result["epochs"], 5);
    assert!(result["test_error"].as_f64().unwrap() < 2.5, "{result}");
}

#[test]
fn wrong_use_and_bad_files_are_answered_with_a_cure() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let file = csv(folder);
    std::fs::write(folder.join("open.csv"), "text,stars\n\"open,5\n").unwrap();
    std::fs::write(folder.join("latin.csv"), b"text,stars\ncaf\xE9,5\n").unwrap();
    std::fs::write(folder.join("empty.csv"), "").unwrap();
    std::fs::write(folder.join("few.csv"), "text,stars\na,5\nb,4\n").unwrap();
    let cases: &[(i32, &[&str], &str)] = &[
        (
            2,
            &["--data", "reviews"],
            "--file: data set reviews needs it",
        ),
        (
            2,
            &["--data", "restaurants", "--file", file],
            "goes with --data reviews",
        ),
        (
            2,
            &["--data", "restaurants", "--product", "dvd"],
            "goes with --data amazon",
        ),
        (
            2,
            &["--data", "amazon", "--product", "cars"],
            "possible values: books, dvd, electronics, kitchen, all",
        ),
        (
            2,
            &["--data", "glyphs", "--fold", "1/10"],
            "goes with --data restaurants",
        ),
        (
            2,
            &["--file", file, "--fold", "0/10"],
            "they go from 1 to 10",
        ),
        (2, &["--file", file, "--fold", "1/2"], "at least 3"),
        (2, &["--file", file, "--fold", "ten"], "write 1/10"),
        (
            2,
            &["--data", "reviews", "--file", file, "--words", "0"],
            "from 1 to",
        ),
        (
            2,
            &["--file", file],
            "Name it with --data: reviews, table, svmlight or texts",
        ),
        (
            1,
            &["--data", "reviews", "--file", file],
            "no column \"text\": its first row has \"opinion\"",
        ),
        (
            1,
            &["--data", "reviews", "--file", "open.csv"],
            "line 2: a quote opens",
        ),
        (
            1,
            &["--data", "reviews", "--file", "latin.csv"],
            "name its --encoding in training, latin1",
        ),
        (
            1,
            &[
                "--data",
                "reviews",
                "--file",
                "latin.csv",
                "--encoding",
                "latin1",
            ],
            "make fewer folds",
        ),
        (
            1,
            &["--data", "reviews", "--file", "empty.csv"],
            "it is empty",
        ),
        (
            1,
            &["--data", "reviews", "--file", "few.csv"],
            "2 reviews do not fill fold 1 of 10",
        ),
        (
            1,
            &["--data", "reviews", "--file", "absent.csv"],
            "absent.csv",
        ),
        (1, &["--data", "restaurants", "--offline"], "reviews.csv"),
        (
            1,
            &["--data", "amazon", "--offline"],
            "domain_sentiment_data.tar.gz",
        ),
    ];
    for (code, args, cure) in cases {
        let error = fails(folder, *code, &[&["train"], *args].concat());
        assert!(error.contains(cure), "{args:?}: {error}");
    }
    assert!(
        !folder.join("runs").exists(),
        "what is refused leaves no folder behind"
    );
    let glyphs = [
        "train",
        "--examples",
        "310",
        "--hidden",
        "4",
        "--epochs",
        "1",
        "--json",
    ];
    let run = last_json(&ok(folder, &glyphs));
    let error = fails(
        folder,
        2,
        &["predict", run["run"].as_str().unwrap(), "--text", "good"],
    );
    assert!(error.contains("not trained on text"), "{error}");
}

#[test]
fn real_reviews_are_listed_checked_and_learned() {
    let listed = ok(
        tempfile::tempdir().unwrap().path(),
        &["data", "list", "--offline"],
    );
    for part in [
        "restaurants",
        "in place of OpenTable's",
        "amazon",
        "Biographies, Bollywood",
        "none stated",
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let named = std::env::var_os("RECTIFIER_DATA").map(PathBuf::from);
    let Some(data) = named.filter(|data| data.join("restaurants/reviews.csv").is_file()) else {
        return skipped("RECTIFIER_DATA names no folder with restaurants");
    };
    let data = data.display().to_string();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let args = ["data", "check", "restaurants", "--data-dir", &data];
    let check = command(folder, &args).output().unwrap();
    let stderr = String::from_utf8_lossy(&check.stderr);
    assert!(
        stderr.contains("stand in for those of OpenTable"),
        "{stderr}"
    );
    let said = String::from_utf8_lossy(&check.stdout);
    assert!(
        said.contains("train   7962 examples of [5000], 5 classes"),
        "{said}"
    );
    let checked = ok(
        folder,
        &[
            "data",
            "check",
            "amazon",
            "--data-dir",
            &data,
            "--product",
            "kitchen",
        ],
    );
    assert!(
        checked.contains("2 classes with 800 to 800 examples"),
        "{checked}"
    );

    let small = [
        "--data-dir",
        &data,
        "--words",
        "1000",
        "--epochs",
        "2",
        "--json",
    ];
    let linear = ["train", "--data", "restaurants", "--network", "linear"];
    let result = last_json(&ok(folder, &[&linear[..], &small].concat()));
    let rmse = result["test_error"].as_f64().unwrap();
    // The stars themselves have a standard deviation of 1.46.
    assert!((0.6..1.1).contains(&rmse), "{rmse}");
    let amazon = [
        "train",
        "--data",
        "amazon",
        "--product",
        "kitchen",
        "--hidden",
        "20",
    ];
    let result = last_json(&ok(folder, &[&amazon[..], &small].concat()));
    let error = result["test_error"].as_f64().unwrap();
    assert!(error < 0.35, "{error}");
}
