//! Data that people bring: folders of pictures, tables, svmlight rows and texts, each through train, eval, predict and
//! data check; and what is wrong with such data, told with its place and its cure.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use support::{checked, command, ends, fails, json, ok, text};

/// A run that takes a moment.
const SHORT: [&str; 8] = [
    "--hidden",
    "8",
    "--batch",
    "4",
    "--lr",
    "0.1",
    "--threads",
    "1",
];

/// `args` with [`SHORT`] and `epochs`, as the command ends with JSON.
fn train(folder: &Path, args: &str, epochs: &str, out: &str) -> Value {
    let mut command = command(folder, &["train"]);
    command.args(args.split(' ')).args(SHORT);
    json(command.args(["--epochs", epochs, "--out", out, "--json"]))
}

/// Standard error of training on `args`, which must be refused with `code` before a folder is made.
fn refused(folder: &Path, code: i32, args: &str) -> String {
    let mut command = command(folder, &["train"]);
    command.args(args.split(' ')).args(SHORT);
    let error = ends(
        command.args(["--epochs", "1", "--out", "none", "--quiet"]),
        code,
    );
    assert!(!folder.join("none").exists(), "{args} left a folder");
    error
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// A grey picture of one brightness, with a little that differs.
fn picture(side: u32, brightness: u8, seed: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    let pixels: Vec<u8> = (0..side * side)
        .map(|place| brightness.wrapping_add((place as u8).wrapping_mul(seed) % 16))
        .collect();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A PNG that says it has 50,000 x 50,000 pixels in colour, and holds next to nothing.
fn vast_picture() -> Vec<u8> {
    let mut bytes = picture(8, 9, 1);
    // The sides stand behind the signature, the length and the name of the first chunk; its checksum follows.
    for place in [16, 20] {
        bytes[place..place + 4].copy_from_slice(&50_000u32.to_be_bytes());
    }
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| match crc & 1 {
        1 => crc >> 1 ^ 0xedb8_8320,
        _ => crc >> 1,
    };
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc))
    })
}

/// Two folders of a dozen pictures each, which a network tells apart at once.
fn pictures(folder: &Path, name: &str) {
    for (class, brightness) in [("bright", 220), ("dark", 20)] {
        for seed in 0..12 {
            let path = format!("{name}/{class}/{seed}.png");
            write(folder, &path, picture(8, brightness, seed));
        }
    }
}

/// A table whose class hangs on a number and a word.
fn table(rows: usize) -> String {
    let mut table = "size,colour,kind\n".to_string();
    for row in 0..rows {
        let (size, colour, kind) = match row % 2 {
            0 => (1.0, "red", "apple"),
            _ => (3.0, "green", "melon"),
        };
        writeln!(table, "{:.2},{colour},{kind}", size + row as f64 / 100.0).unwrap();
    }
    table
}

/// Rows of columns 1 to 9, labels 7 and -1.
fn rows(count: usize) -> String {
    let mut rows = "# a comment\n".to_string();
    for row in 0..count {
        match row % 2 {
            0 => writeln!(rows, "7 qid:1 {}:1 8:0.5 # end", row % 5 + 1).unwrap(),
            _ => writeln!(rows, "-1 {}:1 9:0.5", row % 5 + 1).unwrap(),
        }
    }
    rows
}

fn texts(count: usize) -> String {
    let mut table = "words;topic\r\n".to_string();
    for row in 0..count {
        let (words, topic) = match row % 3 {
            0 => ("the goal of the match", "sport"),
            1 => ("bread and soup", "food"),
            _ => ("a bug in the loop", "code"),
        };
        write!(table, "\"{words}; number {}\";{topic}\r\n", row % 7).unwrap();
    }
    table
}

/// What every set must do: train to (almost) no error, keep class names, evaluate to what training said, predict all
/// examples of `input` in all three forms, and pass its check.
fn works(folder: &Path, set: &str, args: &str, (input, examples): (&str, usize), classes: &[&str]) {
    let result = train(folder, args, "30", set);
    let error = result["test_error"].as_f64().unwrap();
    assert!(error < 0.1, "{set}: {error}");

    let again = json(&mut command(folder, &["eval", set, "--json"]));
    assert_eq!(again["test_error"], result["test_error"], "{set}");
    assert_eq!(again["data"]["set"], set);

    // The model file alone is enough.
    std::fs::copy(
        folder.join(set).join("model.safetensors"),
        folder.join("alone"),
    )
    .unwrap();
    let mut inputs = vec![input.to_string()];
    if folder.join(input).is_dir() {
        let files = std::fs::read_dir(folder.join(input)).unwrap();
        inputs = files
            .map(|file| file.unwrap().path().display().to_string())
            .collect();
    }
    let predict = |more: &[&str]| {
        let mut command = command(folder, &["predict", "alone"]);
        let output = command.args(&inputs).args(more).output().unwrap();
        checked(&output, 0);
        text(&output.stdout)
    };
    let plain = predict(&["--top", "1"]);
    assert_eq!(plain.lines().count(), examples, "{plain}");
    let lines: Vec<Value> = predict(&["--json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), examples);
    for line in &lines {
        let best = line["classes"][0]["name"].as_str().unwrap();
        assert!(classes.contains(&best), "{line}");
        if let Some(label) = line.get("label") {
            assert_eq!(label, best, "{line}");
        }
    }
    predict(&["--csv", "answers.csv"]);
    let sheet = std::fs::read_to_string(folder.join("answers.csv")).unwrap();
    let columns: Vec<String> = classes.iter().map(|class| format!("p({class})")).collect();
    let head = format!("input,class,probability,{}", columns.join(","));
    assert_eq!(sheet.lines().next().unwrap(), head);
    assert_eq!(sheet.lines().count(), examples + 1);

    let mut check = command(folder, &["data", "check", set]);
    let check = check.args(args.split(' ').skip(2)).output().unwrap();
    checked(&check, 0);
    let check = text(&check.stdout);
    assert!(check.contains("is as it should be"), "{check}");
}

#[test]
fn folders_of_pictures_work() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    pictures(folder, "pics");
    let args = "--data images --dir pics";
    works(
        folder,
        "images",
        args,
        ("pics/dark", 12),
        &["bright", "dark"],
    );
    ok(
        folder,
        &[
            "data",
            "preview",
            "images",
            "--dir",
            "pics",
            "--grey",
            "--out",
            "sheet.png",
        ],
    );
    let sheet = std::fs::read(folder.join("sheet.png")).unwrap();
    assert!(sheet.starts_with(b"\x89PNG"));

    // Parts that are given are kept.
    pictures(folder, "parts/train");
    pictures(folder, "parts/test");
    let check = ok(folder, &["data", "check", "images", "--dir", "parts"]);
    assert!(
        check.contains("train     20 examples") && check.contains("test      24 examples"),
        "{check}"
    );

    // Another size and colour than the files have, to train on and to predict from.
    let args = "--data images --dir pics --size 6x4 --colour";
    train(folder, args, "1", "small");
    write(folder, "large.png", picture(40, 220, 3));
    let stderr = ends(&mut command(folder, &["predict", "small", "large.png"]), 0);
    assert!(
        stderr.contains("40x40 pixels, which were stretched to 6x4"),
        "{stderr}"
    );
}

#[test]
fn tables_work() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    write(folder, "t.csv", table(60));
    let args = "--data table --file t.csv --target kind";
    works(folder, "table", args, ("t.csv", 60), &["apple", "melon"]);

    // A byte order mark, semicolons, quotes, CRLF, cells without a number: the same table for all that. No class is needed
    // to predict, and columns may stand in any order.
    let other = table(60).replace(',', "\";\"").replace('\n', "\"\r\n\"");
    let other = format!("\u{feff}\"{}", other.trim_end_matches('"')).replacen("1.02", "", 1);
    write(folder, "other.csv", other);
    let found = train(
        folder,
        "--data table --file other.csv --target kind",
        "30",
        "other",
    );
    assert!(found["test_error"].as_f64().unwrap() < 0.1);
    write(
        folder,
        "turned.csv",
        "colour,more,size\ngreen,x,3.1\nred,y,1.1\nblue,z,1.2\n",
    );
    let output = command(folder, &["predict", "table", "turned.csv", "--top", "1"])
        .output()
        .unwrap();
    let stderr = checked(&output, 0);
    let answers = text(&output.stdout);
    assert!(
        answers.contains("line 2: melon") && answers.contains("line 3: apple"),
        "{answers}"
    );
    assert!(
        stderr.contains("\"blue\" in column \"colour\" is a word that training never saw"),
        "{stderr}"
    );

    // A test part of its own.
    write(folder, "test.csv", table(10));
    let args = "--data table --file t.csv --test-file test.csv --target kind";
    train(folder, args, "1", "parts");
    let summary = std::fs::read_to_string(folder.join("parts/run.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["provenance"]["data"]["sizes"]["test"], 10);
}

#[test]
fn svmlight_works() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    write(folder, "r.svm", rows(60));
    let args = "--data svmlight --file r.svm";
    works(folder, "svmlight", args, ("r.svm", 60), &["-1", "7"]);

    // A hint a row is too many to tell, and all stand in the JSON lines.
    write(folder, "new.svm", "7 1:1 12:1\n".repeat(50));
    let output = command(folder, &["predict", "svmlight", "new.svm", "--json"])
        .output()
        .unwrap();
    let stderr = checked(&output, 0);
    assert!(
        stderr.contains("column 12, which training never saw"),
        "{stderr}"
    );
    assert!(
        stderr.contains("30 more hints") && stderr.lines().count() == 21,
        "{stderr}"
    );
    assert_eq!(text(&output.stdout).matches("column 12").count(), 50);
}

#[test]
fn texts_of_any_classes_work() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    write(folder, "t.csv", texts(90));
    let args = "--data texts --file t.csv --text-column words --class-column topic";
    works(
        folder,
        "texts",
        args,
        ("t.csv", 90),
        &["code", "food", "sport"],
    );
    let answer = json(&mut command(
        folder,
        &["predict", "texts", "--text", "bread, please", "--json"],
    ));
    assert_eq!(answer["classes"][0]["name"], "food");
    assert_eq!(answer["unknown"], serde_json::json!(["please"]));
    assert!(answer.get("stars").is_none(), "{answer}");
}

#[test]
fn pictures_that_are_none_are_named() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    pictures(folder, "pics");
    train(folder, "--data images --dir pics", "1", "run");
    std::fs::create_dir(folder.join("pics/empty")).unwrap();
    write(folder, "pics/dark/letter.png", "Dear all,");
    write(folder, "pics/bright/vast.png", vast_picture());
    let mut odd = command(
        folder,
        &["train", "--data", "images", "--dir", "pics", "--out", "odd"],
    );
    let stderr = ends(odd.args(SHORT).args(["--epochs", "1", "--quiet"]), 0);
    for part in [
        "\"empty\"",
        "2 files are left out",
        "dark/letter.png",
        "bright/vast.png",
    ] {
        assert!(stderr.contains(part), "no {part} in {stderr}");
    }
    let error = refused(folder, 1, "--data images --dir pics --strict");
    assert!(
        error.contains("\"empty\"") && error.contains("--strict"),
        "{error}"
    );
    std::fs::remove_dir(folder.join("pics/empty")).unwrap();
    let error = refused(folder, 1, "--data images --dir pics --strict");
    assert!(
        error.contains("vast.png: a picture of 50000x50000 pixels"),
        "{error}"
    );
    std::fs::remove_file(folder.join("pics/bright/vast.png")).unwrap();
    let error = refused(folder, 1, "--data images --dir pics --strict");
    assert!(
        error.contains("letter.png: no picture that can be read"),
        "{error}"
    );

    // One that cannot be read does not keep the others from being told.
    write(folder, "vast.png", vast_picture());
    let mut many = command(
        folder,
        &[
            "predict",
            "run",
            "pics/dark/1.png",
            "vast.png",
            "gone.png",
            "pics/dark/2.png",
        ],
    );
    let output = many.output().unwrap();
    let stderr = checked(&output, 1);
    let told = text(&output.stdout);
    assert!(
        told.contains("dark/1.png: ") && told.contains("dark/2.png: "),
        "{told}"
    );
    for part in [
        "vast.png: a picture of 50000x50000",
        "gone.png",
        "2 inputs could not be read",
    ] {
        assert!(stderr.contains(part), "no {part} in {stderr}");
    }

    for (args, code, part) in [
        ("--data images --dir gone", 1, "gone"),
        ("--data images --dir pics/dark", 1, "one folder a class"),
        ("--data images --dir vast.png", 1, "it is no folder"),
        (
            "--data images --dir pics --size 0x8",
            2,
            "each from 1 to 4096",
        ),
        (
            "--data images --dir pics --size 5000x8",
            2,
            "each from 1 to 4096",
        ),
        (
            "--data images --dir pics --target x",
            2,
            "--target goes with --data table",
        ),
        ("--data images", 2, "--dir"),
    ] {
        let error = refused(folder, code, args);
        assert!(error.contains(part), "{args}: no {part:?} in {error}");
    }
}

#[test]
fn tables_that_teach_nothing_are_refused_by_line_and_column() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    write(folder, "good.csv", table(40));
    let lines = |each: &dyn Fn(usize) -> String| -> String {
        let rows: String = (0..40).map(|row| each(row) + "\n").collect();
        format!("a,b,kind\n{rows}")
    };
    let row = |row: usize| format!("{row},2,{}", row % 2);
    write(folder, "one.csv", lines(&|row| format!("{row},2,x")));
    write(
        folder,
        "real.csv",
        lines(&|row| format!("{row},2,{}.5", row * 3)),
    );
    write(
        folder,
        "names.csv",
        (0..1200).fold("a,kind\n".to_string(), |all, row| {
            all + &format!("{row},c{row}\n")
        }),
    );
    write(
        folder,
        "long.csv",
        lines(&|line| {
            if line == 7 {
                "1,2,3,4".into()
            } else {
                row(line)
            }
        }),
    );
    write(
        folder,
        "short.csv",
        lines(&|line| {
            if line == 7 {
                "\r\n\r\n1,2".into()
            } else {
                row(line)
            }
        }),
    );
    write(
        folder,
        "word.csv",
        lines(&|line| {
            if line == 7 {
                "?!,2,1".into()
            } else {
                row(line)
            }
        }),
    );
    write(folder, "twice.csv", lines(&row).replacen("a,b", "a,a", 1));
    write(folder, "head.csv", "a,b,kind\n");
    write(folder, "nothing.csv", "");
    write(folder, "line.csv", vec![b'x'; 70 << 20]);
    for (file, parts) in [
        ("one.csv", &["column \"kind\"", "nothing to tell apart"][..]),
        (
            "real.csv",
            &["real numbers, such as", "make classes of ranges"],
        ),
        ("names.csv", &["more than 1000 different labels"]),
        ("long.csv", &["line 9 has 4 fields", "names 3 columns"]),
        ("short.csv", &["line 11 has 2 fields"]),
        ("word.csv", &["column \"a\"", "\"?!\" on line 9", "--drop"]),
        ("twice.csv", &["two columns are named \"a\""]),
        ("head.csv", &["no example has a label"]),
        ("nothing.csv", &["it is empty"]),
        ("line.csv", &["line 1 has more than the 67108864 bytes"]),
        ("/dev/zero", &["a device or a pipe"]),
    ] {
        let error = refused(
            folder,
            1,
            &format!("--data table --target kind --file {file}"),
        );
        for part in parts {
            assert!(error.contains(part), "{file}: no {part:?} in {error}");
        }
        assert!(error.len() < 1000, "{error}");
    }
    let error = refused(folder, 1, "--data table --file good.csv --target nope");
    assert!(
        error.contains("no column \"nope\"") && error.contains("\"kind\""),
        "{error}"
    );
    let error = refused(folder, 2, "--data table --file good.csv");
    assert!(error.contains("--target"), "{error}");

    // A test part must mean the same as what is learned.
    write(folder, "class.csv", table(10).replacen("apple", "plum", 1));
    write(folder, "column.csv", "colour,kind\nred,apple\n");
    let args = "--data table --file good.csv --target kind --test-file";
    let error = refused(folder, 1, &format!("{args} class.csv"));
    assert!(
        error.contains("labels that the training data have not: \"plum\""),
        "{error}"
    );
    let error = refused(folder, 1, &format!("{args} column.csv"));
    assert!(error.contains("no column \"size\""), "{error}");
    train(
        folder,
        "--data table --file good.csv --target kind",
        "1",
        "run",
    );
    let error = fails(folder, 1, &["predict", "run", "column.csv"]);
    assert!(
        error.contains("no column \"size\", which the network takes"),
        "{error}"
    );
}

#[test]
fn svmlight_rows_that_are_none_are_refused_by_line() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let good = rows(40);
    write(folder, "good.svm", &good);
    for (line, part) in [
        (
            "1 9223372036854775808:1",
            "the index 9223372036854775808 is too large",
        ),
        ("1 99999999999999999999999:1", "too large"),
        ("1 3:1 2:1", "the index 2 stands after 3"),
        ("1 3:1 3:1", "the index 3 stands after 3"),
        ("1 -2:1", "\"-2\" is no index"),
        ("1 2:nan", "values are finite numbers"),
        ("1 2:1e999", "values are finite numbers"),
        ("1 2", "2"),
        ("cat 2:1", "the label \"cat\" is no number"),
        ("nan 2:1", "\"nan\""),
        ("1,2 2:1", "names several classes"),
    ] {
        write(folder, "bad.svm", format!("{good}{line}\n{good}"));
        let error = refused(folder, 1, "--data svmlight --file bad.svm");
        assert!(
            error.contains("bad.svm: line 42: ") && error.contains(part),
            "{line}: {error}"
        );
    }
    write(folder, "bad.svm", "1 1:1\n".repeat(30));
    let error = refused(folder, 1, "--data svmlight --file bad.svm");
    assert!(error.contains("nothing to tell apart"), "{error}");
    write(folder, "test.svm", "7 1:1\n3 1:1\n");
    let error = refused(
        folder,
        1,
        "--data svmlight --file good.svm --test-file test.svm",
    );
    assert!(
        error.contains("labels that the training data have not: \"3\""),
        "{error}"
    );

    // Columns that training never saw are left out, which is said.
    write(folder, "test.svm", "7 1:1 4000000:1\n-1 1:1 4000000:1\n");
    let args = [
        "train",
        "--data",
        "svmlight",
        "--file",
        "good.svm",
        "--test-file",
        "test.svm",
    ];
    let mut command = command(folder, &args);
    let stderr = ends(
        command
            .args(SHORT)
            .args(["--epochs", "1", "--quiet", "--out", "run"]),
        0,
    );
    assert!(
        stderr.contains("2 numbers stand in columns that the training part has not"),
        "{stderr}"
    );
}

#[test]
fn a_model_is_used_on_data_of_its_own_meaning_alone() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    pictures(folder, "pics");
    write(folder, "t.csv", table(40));
    write(folder, "r.svm", rows(40));
    write(folder, "w.csv", texts(40));
    let sets = [
        ("images", "--data images --dir pics"),
        ("table", "--data table --file t.csv --target kind"),
        ("svmlight", "--data svmlight --file r.svm"),
        (
            "texts",
            "--data texts --file w.csv --text-column words --class-column topic",
        ),
    ];
    for (set, args) in sets {
        train(folder, args, "1", set);
    }
    for (model, _) in sets {
        for (set, args) in sets.iter().filter(|(set, _)| *set != model) {
            let output = command(folder, &["eval", model])
                .args(args.split(' '))
                .output()
                .unwrap();
            let error = text(&output.stderr);
            assert!(
                matches!(output.status.code(), Some(1 | 2)),
                "{model} on {set}: {error}"
            );
            assert!(
                error.contains("error: ") && !error.contains("panicked"),
                "{model} on {set}: {error}"
            );
            assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
        }
        for file in ["pics/dark/1.png", "t.csv", "r.svm", "w.csv"] {
            // Any file of text is a text, rows of numbers too.
            let own = matches!(
                (model, file),
                ("images", "pics/dark/1.png")
                    | ("table", "t.csv")
                    | ("svmlight", "r.svm")
                    | ("texts", "w.csv" | "r.svm")
            );
            let output = command(folder, &["predict", model, file]).output().unwrap();
            assert_eq!(
                output.status.success(),
                own,
                "{model}, {file}: {}",
                text(&output.stderr)
            );
            assert_eq!(output.stdout.is_empty(), !own, "{model}, {file}");
        }
    }
    let error = fails(folder, 2, &["predict", "table", "--text", "a word"]);
    assert!(error.contains("it was not trained on text"), "{error}");
}

#[test]
fn data_that_changed_since_and_rows_that_were_learned_are_told() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let distinct = |rows: usize, by: usize| {
        (0..rows).fold("a,b,kind\n".to_string(), |all, row| {
            all + &format!("{},{},{}\n", row * by, row % 7, row % 2)
        })
    };
    write(folder, "t.csv", distinct(60, 1));
    train(
        folder,
        "--data table --file t.csv --target kind",
        "1",
        "run",
    );
    let said = |args: &[&str]| ends(&mut command(folder, args), 0);
    assert!(!said(&["eval", "run"]).contains("warning"));
    let stderr = said(&["eval", "run", "--data-seed", "2"]);
    assert!(
        stderr.contains("of 10 test examples stand in the part that the network was trained on"),
        "{stderr}"
    );

    let page = std::fs::read(folder.join("run/report.html")).unwrap();
    write(folder, "t.csv", distinct(60, 3));
    let stderr = said(&["eval", "run"]);
    assert!(
        stderr.contains("has changed since the network was trained on it"),
        "{stderr}"
    );
    let error = fails(folder, 1, &["report", "run"]);
    assert!(
        error.contains("has changed since the run was trained on it"),
        "{error}"
    );
    assert!(std::fs::read(folder.join("run/report.html")).unwrap() == page);
    let error = fails(folder, 1, &["train", "--resume", "run"]);
    assert!(error.contains("never rewritten"), "{error}");
}
