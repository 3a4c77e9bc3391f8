//! What an error advises works, and what it blames is what is wrong: each cure is taken here as it is told.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use support::{command, ends, fails, ok, tiny_plan};

/// Trains a small network in a moment, into `out`; what it says on standard error.
fn train(folder: &Path, out: &str, more: &[&str]) -> String {
    let args = [
        "train", "--hidden", "8", "--epochs", "1", "--quiet", "--out", out,
    ];
    ends(&mut command(folder, &[&args[..], more].concat()), 0)
}

/// [`train`] on the embedded characters.
fn characters(folder: &Path, out: &str) {
    train(folder, out, &["--examples", "620"]);
}

/// A table of three columns, 60 rows and two classes; the words of one column are not ASCII.
fn table() -> String {
    let row = |row: usize| {
        let (word, class) = (["caf\u{e9}", "bar"][row % 2], ["no", "yes"][row / 30]);
        format!("{row}.5,{word},{class}\n")
    };
    "size,place,class\n".to_owned() + &(0..60).map(row).collect::<String>()
}

#[test]
fn a_rounded_file_is_trained_again_and_the_run_takes_any_precision() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    characters(folder, "run");
    let export = |model: &str, precision: &str, out: &str| -> Vec<String> {
        [
            "models",
            "export",
            model,
            "--precision",
            precision,
            "--out",
            out,
        ]
        .map(String::from)
        .to_vec()
    };
    let words = |args: &[String]| -> Vec<&'static str> {
        args.iter().map(|word| &*word.clone().leak()).collect()
    };
    for precision in ["bf16", "int8"] {
        ok(folder, &words(&export("run", precision, precision)));
    }
    let error = fails(folder, 2, &words(&export("bf16", "int8", "x")));
    assert!(
        error.contains("`rectifier models verify bf16 --retrain --run DIR`"),
        "{error}"
    );
    let verify = [
        "models",
        "verify",
        "bf16",
        "int8",
        "--retrain",
        "--run",
        "again",
    ];
    let said = ok(folder, &[&verify[..], &["--quiet"]].concat());
    for precision in ["bf16", "int8"] {
        let same = format!("the same weights to the bit, rounded to {precision} alike");
        assert!(said.contains(&same), "{said}");
    }
    ok(folder, &words(&export("again/bf16", "int8", "x")));
    let bytes = |name: &str| support::tensors(&folder.join(name)).unwrap();
    assert_eq!(bytes("x"), bytes("int8"));
}

#[test]
fn an_import_is_made_int8_by_data_that_is_named_and_verified_as_far_as_it_goes() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    characters(folder, "run");
    let export = [
        "models", "export", "run", "--format", "pytorch", "--out", "p",
    ];
    ok(folder, &export);
    let import = ["models", "import", "p", "--from", "pytorch", "--out"];
    ok(folder, &[&import[..], &["x.safetensors"]].concat());
    let int8 = [
        "models",
        "export",
        "x.safetensors",
        "--precision",
        "int8",
        "--out",
        "i.safetensors",
    ];
    let error = fails(folder, 2, &int8);
    assert!(error.contains("give --data"), "{error}");
    ok(
        folder,
        &[&int8[..], &["--data", "glyphs", "--examples", "620"]].concat(),
    );
    for file in ["x.safetensors", "i.safetensors"] {
        let said = ok(folder, &["models", "verify", file, "--retrain"]);
        for part in ["left out  error", "left out  training", "--data SET"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    // Options that do not fit are what is blamed, not the file.
    for (option, value) in [("--shape", "2,2"), ("--range", "1,-1")] {
        let error = fails(
            folder,
            2,
            &[&import[..], &["y.safetensors", option, value]].concat(),
        );
        assert!(
            error.contains(option) && !error.contains("header"),
            "{error}"
        );
    }
    assert!(ok(folder, &["models", "import", "--help"]).contains("prelu"));
}

#[test]
fn a_table_in_another_encoding_is_read_as_it_is_told() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let latin: Vec<u8> = table().chars().map(|c| c as u8).collect();
    let wide: Vec<u8> = format!("\u{feff}{}", table())
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::write(folder.join("latin.csv"), latin).unwrap();
    std::fs::write(folder.join("wide.csv"), wide).unwrap();
    let data = |file: &'static str| ["--data", "table", "--file", file, "--target", "class"];
    let refused = |file| fails(folder, 1, &[&["train"], &data(file)[..]].concat());
    let error = refused("wide.csv");
    assert!(
        error.contains("it is UTF-16") && error.contains("save it as UTF-8"),
        "{error}"
    );
    let error = refused("latin.csv");
    assert!(error.contains("--encoding in training, latin1"), "{error}");
    let encoding = ["--encoding", "latin1"];
    train(folder, "run", &[&data("latin.csv")[..], &encoding].concat());
    let mut predict = command(folder, &["predict", "run", "latin.csv"]);
    assert_eq!(ends(&mut predict, 0), "");
    ok(folder, &["eval", "run", "--quiet"]);
}

#[test]
fn recipes_are_refused_by_what_may_be_written() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let (rate, optimizer) = (
        r#""rate": 0.05"#,
        r#""optimizer": {"kind": "momentum", "momentum": 0.5}"#,
    );
    for (code, from, to, cure) in [
        (
            2,
            rate,
            r#""rate": "fast""#,
            "a number such as 0.1, or {\"kind\": \"cosine\"",
        ),
        (
            2,
            rate,
            r#""rate": {"kind": "stairs"}"#,
            "expected one of `step`",
        ),
        (
            2,
            rate,
            r#""rate": {"kind": "exponential", "start": 0.1, "factor": 0}"#,
            "above 0 and at most 1",
        ),
        (
            2,
            rate,
            r#""rate": 0.05, "l1": "low""#,
            "a number such as 0.001",
        ),
        (
            2,
            optimizer,
            r#""optimizer": "sgd""#,
            "an optimizer such as {\"kind\": \"sgd\"}",
        ),
        (2, optimizer, r#""shift": 200"#, "it must be at most 31"),
        (
            1,
            r#""inputs": 1024"#,
            r#""inputs": 1000"#,
            "give a network for 1024 inputs",
        ),
        (
            1,
            r#""outputs": 62"#,
            r#""outputs": 61"#,
            "tells 61 classes apart, the data has 62",
        ),
    ] {
        let plan = tiny_plan(1).replace(from, to);
        assert_ne!(plan, tiny_plan(1));
        std::fs::write(folder.join("plan.json"), plan).unwrap();
        for args in [
            &["recipe", "check", "plan.json"][..],
            &["train", "--recipe", "plan.json", "--quiet"],
        ] {
            let error = fails(folder, code, args);
            assert!(error.contains(cure), "{args:?} {to}: {error}");
        }
    }
    let decay = r#""rate": 0.05, "weight_decay": 1e9"#;
    let plan = tiny_plan(1).replace(rate, decay);
    std::fs::write(folder.join("plan.json"), plan).unwrap();
    let error = fails(folder, 1, &["train", "--recipe", "plan.json", "--quiet"]);
    assert!(
        error.contains("lower the rate, or weight_decay (it is 1000000000),"),
        "{error}"
    );
}

#[test]
fn a_folder_without_a_run_and_a_name_that_is_mistyped_are_told_as_such() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::create_dir(folder.join("empty")).unwrap();
    for args in [
        &["eval", "empty"][..],
        &["predict", "empty", "x.png"],
        &["models", "export", "empty", "--out", "x"],
        &["models", "verify", "empty"],
    ] {
        let error = fails(folder, 1, args);
        assert!(
            error.contains("there is no run in this folder"),
            "{args:?}: {error}"
        );
    }
    // A run that was begun has no model until its first epoch ends.
    std::fs::write(folder.join("empty/recipe.json"), tiny_plan(1)).unwrap();
    let error = fails(folder, 1, &["eval", "empty"]);
    assert!(
        error.contains("--resume empty") && error.contains("lower rate"),
        "{error}"
    );
    for args in [
        &["eval", "mnist/rectifier-tny"][..],
        &["predict", "mnist/rectifier-tny", "x.png"],
    ] {
        let error = fails(folder, 2, args);
        assert!(error.contains("mnist/rectifier-tiny"), "{error}");
    }
    let error = fails(folder, 1, &["eval", "empty/mine"]);
    assert!(error.contains("is the name right?"), "{error}");
}

#[test]
fn predict_says_what_its_files_are() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    characters(folder, "run");
    std::fs::write(folder.join("t10k"), [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28]).unwrap();
    let error = fails(folder, 1, &["predict", "run", "t10k"]);
    assert!(error.contains("eval --data idx"), "{error}");
    // A row to be predicted needs no label.
    let row = |row: usize| format!("{} 1:{row} 2:1\n", row % 2);
    std::fs::write(folder.join("r.svm"), (0..60).map(row).collect::<String>()).unwrap();
    train(folder, "rows", &["--data", "svmlight", "--file", "r.svm"]);
    std::fs::write(folder.join("new.svm"), "1:3 2:1\n").unwrap();
    assert!(ok(folder, &["predict", "rows", "new.svm"]).contains("new.svm, line 1: "));
    // A table of texts under another name is one text.
    let line = |row: usize| format!("word{},{}\n", row % 2, ["a", "b"][row % 2]);
    let texts = "body,topic\n".to_owned() + &(0..60).map(line).collect::<String>();
    std::fs::write(folder.join("t.csv"), &texts).unwrap();
    std::fs::write(folder.join("t.dat"), &texts).unwrap();
    let columns = ["--text-column", "body", "--class-column", "topic"];
    let data = ["--data", "texts", "--file", "t.csv"];
    train(folder, "texts", &[&data[..], &columns].concat());
    let said = ends(&mut command(folder, &["predict", "texts", "t.dat"]), 0);
    assert!(said.contains("read as one text"), "{said}");
    let said = ok(
        folder,
        &["predict", "texts", "--text", "word0 word1", "--words", "0"],
    );
    assert!(!said.contains("no word of it is known"), "{said}");
    // Data that is gone is left out of a verification, and nothing to fetch.
    std::fs::remove_file(folder.join("t.csv")).unwrap();
    let said = ok(
        folder,
        &["models", "verify", "texts", "--retrain", "--quiet"],
    );
    for check in ["error", "training"] {
        let left_out = |line: &&str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.starts_with(&["left", "out", check]) && line.contains("t.csv")
        };
        assert!(said.lines().any(|line| left_out(&line)), "{said}");
    }
}

#[test]
fn classes_that_are_missing_are_named() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let rows = table().replace("bar", "x").replace("caf\u{e9}", "y");
    std::fs::write(folder.join("t.csv"), rows).unwrap();
    std::fs::write(
        folder.join("test.csv"),
        "size,place,class\n1,x,no\n2,y,no\n",
    )
    .unwrap();
    let data = ["--data", "table", "--file", "t.csv", "--target", "class"];
    let said = train(
        folder,
        "run",
        &[&data[..], &["--test-file", "test.csv"]].concat(),
    );
    assert!(
        said.contains("all examples of the test part are of class \"no\""),
        "{said}"
    );
}
