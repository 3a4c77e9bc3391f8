//! Trained networks by name, through the command: made, listed, verified, trained again, exported, fetched; and what goes wrong.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use support::server::{Manner, serve};
use support::{checked, command, ends, fails, json, last_json, ok, text};

const SWEEP: &str = r#"{"name": "small", "base": {"version": 1,
    "data": {"set": "glyphs", "seed": 1, "train": 620, "valid": 62, "test": 124},
    "network": {"inputs": 1024, "hidden": [24, 16], "unit": {"kind": "rectifier"}, "outputs": 62},
    "recipe": {"seed": 1, "stages": [{"stage": "fine-tune", "epochs": 4, "batch": 2, "rate": 0.03}]}},
    "axes": {"network.unit.kind": ["rectifier", "tanh"], "recipe.seed": [1, 2]}}"#;

/// A registry of two small networks and their files, made once: `registry.json` and what lies beside it.
fn made() -> &'static Path {
    static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let place = MADE.get_or_init(|| {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        std::fs::write(folder.join("small.json"), SWEEP).unwrap();
        let run = [
            "experiment",
            "run",
            "--sweep",
            "small.json",
            "--folder",
            "experiments",
        ];
        ok(folder, &[&run[..], &["--quiet"]].concat());
        let make = [
            "models",
            "make",
            "--from",
            "experiments/small",
            "--into",
            "zoo",
        ];
        let names = ok(
            folder,
            &[&make[..], &["--registry", "zoo/registry.json"]].concat(),
        );
        assert_eq!(names, "glyphs/rectifier\nglyphs/tanh\n");
        place
    });
    place.path()
}

/// A copy of the registry and its files, to be damaged.
fn copied() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    copy(&made().join("zoo"), &place.path().join("zoo"));
    place
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// `models WORDS --registry zoo/registry.json`.
fn words<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [&["models"], words, &["--registry", "zoo/registry.json"]].concat()
}

const WEIGHTS: &str = "zoo/deep-rectifier/weights/glyphs-rectifier.safetensors";

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

#[test]
fn networks_are_listed_and_shown_with_all_that_is_known() {
    let folder = made();
    let list = ok(folder, &words(&["list"]));
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(
        list.contains("1024-24-16-62") && list.contains("glyphs-tanh.safetensors"),
        "{list}"
    );
    let one = json(&mut command(folder, &words(&["list", "*/tanh", "--json"])));
    assert_eq!(one["name"], "glyphs/tanh");
    let entry = json(&mut command(
        folder,
        &words(&["show", "glyphs/rectifier", "--json"]),
    ));
    for (place, wanted) in [
        ("/objective", Value::from("classification")),
        (
            "/parameters",
            (1024 * 24 + 24 + 24 * 16 + 16 + 16 * 62 + 62).into(),
        ),
        ("/figures/test_examples", 124.into()),
        ("/row/runs", 2.into()),
        ("/plan/data/set", "glyphs".into()),
        ("/provenance/engine", "sparse".into()),
        ("/licence", "MIT OR Apache-2.0".into()),
        (
            "/file/path",
            "deep-rectifier/weights/glyphs-rectifier.safetensors".into(),
        ),
    ] {
        assert_eq!(entry.pointer(place), Some(&wanted), "{place}");
    }
    assert_eq!(entry["classes"].as_array().unwrap().len(), 62);
    assert_eq!(entry["figures"]["zeros"].as_array().unwrap().len(), 2);
    let rounded = entry["figures"]["test_error"].as_f64().unwrap();
    assert!(rounded <= entry["figures"]["f32_error"].as_f64().unwrap() + 0.0005 + 1e-9);
    // What is handed out is the seed of the lowest validation error.
    let shown = ok(folder, &words(&["show", "glyphs/rectifier"]));
    assert!(
        shown.contains("over 2 runs") && shown.contains("--retrain"),
        "{shown}"
    );
    // A network's units say where it lies.
    let tanh = json(&mut command(
        folder,
        &words(&["show", "glyphs/tanh", "--json"]),
    ));
    assert!(
        tanh["file"]["path"]
            .as_str()
            .unwrap()
            .starts_with("baselines/weights/")
    );
    let error = fails(folder, 2, &words(&["list", "--models", "no-such-folder"]));
    assert!(error.contains("no-such-folder does not exist"), "{error}");
    let names = fails(folder, 2, &words(&["show", "glyphs/rectifer"]));
    assert!(names.contains("did you mean glyphs/rectifier"), "{names}");
}

#[test]
fn every_check_passes_and_training_again_gives_the_same_weights() {
    let folder = made();
    let result = command(folder, &words(&["verify", "all", "--json"]))
        .output()
        .unwrap();
    checked(&result, 0);
    let lines: Vec<Value> = text(&result.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    for line in lines {
        let checks = line["checks"].as_array().unwrap();
        let names: Vec<&str> = checks
            .iter()
            .map(|check| check["check"].as_str().unwrap())
            .collect();
        for name in ["file", "card", "infer", "flex", "error"] {
            assert!(names.contains(&name), "{line}");
        }
        assert_eq!(line["passed"], true, "{line}");
        assert!(
            checks.iter().all(|check| check["passed"] != false),
            "{line}"
        );
    }
    let again = words(&["verify", "glyphs/*", "--retrain", "--quiet"]);
    let said = ok(folder, &again);
    assert_eq!(
        said.matches("the same weights to the bit").count(),
        2,
        "{said}"
    );
}

#[test]
fn a_file_is_known_by_its_checksum_and_others_are_checked_for_themselves() {
    let place = copied();
    let folder = place.path();
    std::fs::copy(folder.join(WEIGHTS), folder.join("renamed.safetensors")).unwrap();
    let said = ok(folder, &words(&["verify", "renamed.safetensors"]));
    assert!(said.contains("that of glyphs/rectifier"), "{said}");
    // The network as it was trained is none of the registry's: its own card is what it is held against.
    let kept = made().join("experiments/small/models/rectifier.safetensors");
    let said = ok(
        folder,
        &words(&["verify", kept.to_str().unwrap(), "--retrain", "--quiet"]),
    );
    assert!(
        said.contains("none of the registry") && said.contains("the same weights"),
        "{said}"
    );
}

#[test]
fn weights_that_are_not_the_registrys_are_not_loaded() {
    let place = copied();
    let folder = place.path();
    let whole = std::fs::read(folder.join(WEIGHTS)).unwrap();
    let mut flipped = whole.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    for (bytes, word) in [
        (flipped.clone(), "expected SHA-256"),
        (whole[..whole.len() / 2].to_vec(), "bytes, found"),
        (Vec::new(), "bytes, found 0"),
    ] {
        std::fs::write(folder.join(WEIGHTS), bytes).unwrap();
        let args = words(&["export", "glyphs/rectifier", "--out", "out.safetensors"]);
        let error = fails(folder, 1, &args);
        assert!(
            error.contains(word) && error.contains("is not loaded"),
            "{error}"
        );
        let result = command(folder, &words(&["verify", "glyphs/rectifier"]))
            .output()
            .unwrap();
        assert!(checked(&result, 1).contains("not as it should be: glyphs/rectifier"));
        let said = text(&result.stdout);
        assert!(said.contains("WRONG") && said.contains(word), "{said}");
        assert!(!folder.join("out.safetensors").exists());
    }
    // A file of that name is told as what it is not.
    std::fs::write(folder.join("glyphs-rectifier.safetensors"), &flipped).unwrap();
    let args = words(&["verify", "glyphs-rectifier.safetensors"]);
    let result = command(folder, &args).output().unwrap();
    checked(&result, 1);
    assert!(text(&result.stdout).contains("not that of glyphs/rectifier"));
    // Another file's logits, though right by their own checksum, are found out.
    std::fs::write(folder.join(WEIGHTS), &whole).unwrap();
    let registry = folder.join("zoo/registry.json");
    let text_of = std::fs::read_to_string(&registry).unwrap();
    let mut value: Value = serde_json::from_str(&text_of).unwrap();
    let other = value["networks"][1]["logits"].clone();
    value["networks"][0]["logits"] = other;
    std::fs::write(&registry, value.to_string()).unwrap();
    let result = command(folder, &words(&["verify", "glyphs/rectifier"]))
        .output()
        .unwrap();
    checked(&result, 1);
    assert!(text(&result.stdout).contains("the logits of another file"));
}

#[test]
fn hostile_files_and_registries_are_errors() {
    let place = copied();
    let folder = place.path();
    let whole = std::fs::read(folder.join(WEIGHTS)).unwrap();
    let patched = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = whole
            .windows(from.len())
            .position(|window| window == from.as_bytes());
        let mut bytes = whole.clone();
        bytes[at.unwrap()..][..from.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    let huge = {
        let header =
            r#"{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#;
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], header.as_bytes(), &[0; 8]].concat()
    };
    for (name, bytes, word) in [
        (
            "newer",
            patched(r#"\"version\":1"#, r#"\"version\":9"#),
            "version 9",
        ),
        (
            "wide",
            patched(r#"\"inputs\":1024"#, r#"\"inputs\":9999"#),
            "9999",
        ),
        (
            "claim",
            [&u64::MAX.to_le_bytes()[..], &[0; 64]].concat(),
            "its header claims",
        ),
        ("huge", huge, "cannot lie"),
        ("short", whole[..6].to_vec(), "it has 6 bytes"),
        (
            "text",
            b"this is no model file at all".to_vec(),
            "safetensors",
        ),
    ] {
        let file = format!("{name}.safetensors");
        std::fs::write(folder.join(&file), bytes).unwrap();
        for verb in [
            vec!["verify", &file],
            vec!["export", &file, "--out", "out.bpk", "--format", "burnpack"],
        ] {
            let error = fails(folder, 1, &words(&verb));
            assert!(error.contains(word), "{name}: {error}");
        }
        assert!(!folder.join("out.bpk").exists());
    }
    assert!(fails(folder, 1, &words(&["verify", "none.safetensors"])).contains("none.safetensors"));
    let registry = std::fs::read_to_string(folder.join("zoo/registry.json")).unwrap();
    for (from, to, word) in [
        (
            "\"version\": 1,\n  \"networks\"",
            "\"version\": 8,\n  \"networks\"",
            "version 8",
        ),
        (
            "deep-rectifier/weights/",
            "../../../weights/",
            "no path inside",
        ),
        ("{", "", "no registry"),
    ] {
        assert!(registry.contains(from), "{from}");
        std::fs::write(
            folder.join("zoo/registry.json"),
            registry.replacen(from, to, 1),
        )
        .unwrap();
        let error = fails(folder, 1, &words(&["list"]));
        assert!(
            error.contains(word) && error.contains("registry.json"),
            "{error}"
        );
    }
}

#[test]
fn networks_are_written_in_other_forms() {
    let folder = made();
    let place = tempfile::tempdir().unwrap();
    let out = |name: &str| place.path().join(name).display().to_string();
    let single = out("single.safetensors");
    let args = [
        "export",
        "glyphs/rectifier",
        "--precision",
        "f32",
        "--out",
        &single,
    ];
    ok(folder, &words(&args));
    let result = json(&mut command(folder, &["eval", &single, "--json"]));
    assert!(result["test_error"].as_f64().unwrap() < 1.0);
    let same = out("same.safetensors");
    ok(
        folder,
        &words(&["export", "glyphs/rectifier", "--out", &same]),
    );
    assert_eq!(
        std::fs::read(&same).unwrap(),
        std::fs::read(folder.join(WEIGHTS)).unwrap()
    );
    let own = folder.join(WEIGHTS).display().to_string();
    let onto = [
        "export",
        "glyphs/rectifier",
        "--format",
        "onnx",
        "--out",
        &own,
    ];
    let error = fails(folder, 2, &words(&onto));
    assert!(error.contains("reads that file"), "{error}");
    let pack = out("network.bpk");
    ok(
        folder,
        &words(&[
            "export",
            "glyphs/tanh",
            "--format",
            "burnpack",
            "--out",
            &pack,
        ]),
    );
    assert!(std::fs::metadata(&pack).unwrap().len() > 4 * 1024 * 24);
    let args = [
        "--precision",
        "bf16",
        "--format",
        "burnpack",
        "--out",
        &out("x"),
    ];
    let error = fails(
        folder,
        2,
        &words(&[&["export", "glyphs/tanh"], &args[..]].concat()),
    );
    assert!(error.contains("a burnpack is in f32"), "{error}");
    // A file of one's own, in every precision.
    let kept = folder.join("experiments/small/models/rectifier.safetensors");
    let kept = kept.to_str().unwrap();
    let mut lengths = Vec::new();
    for precision in ["f32", "bf16", "int8"] {
        let file = out(precision);
        let args = words(&["export", kept, "--precision", precision, "--out", &file]);
        let told = checked(&command(folder, &args).output().unwrap(), 0);
        // What rounding to integers changed is told as it is measured.
        let counts = told.split_once("both answer alike for ");
        assert_eq!(counts.is_some(), precision == "int8", "{told}");
        if let Some((errors, counts)) = counts {
            let eval = |file: &str| {
                let result = json(&mut command(folder, &["eval", file, "--json"]));
                format!("{:.2}%", 100.0 * result["valid_error"].as_f64().unwrap())
            };
            let expected = format!(
                "validation error {} in int8, {} in f32; ",
                eval(&file),
                eval(kept)
            );
            assert_eq!(errors.lines().last().unwrap(), expected, "{told}");
            let (alike, of) = counts.trim().split_once(" of ").unwrap();
            let of: u32 = of.strip_suffix(" examples").unwrap().parse().unwrap();
            let alike: u32 = alike.parse().unwrap();
            assert!(alike <= of && alike > of * 9 / 10, "{told}");
        }
        lengths.push(std::fs::metadata(&file).unwrap().len());
        ok(folder, &["eval", &file]);
    }
    assert!(
        lengths[1] < lengths[0] * 2 / 3 && lengths[2] < lengths[1] * 2 / 3,
        "{lengths:?}"
    );
    let args = [
        "export",
        &out("bf16"),
        "--precision",
        "int8",
        "--out",
        &out("y"),
    ];
    let error = fails(folder, 2, &words(&args));
    assert!(error.contains("is made of f32"), "{error}");
    assert!(!Path::new(&out("y")).exists());
    let error = fails(folder, 2, &words(&["export", "all", "--out", &out("z")]));
    assert!(error.contains("name one network"), "{error}");
}

#[test]
fn cards_and_the_gallery_are_made_of_the_registry_alone() {
    let folder = made();
    let place = tempfile::tempdir().unwrap();
    let into = place.path().join("models");
    ok(
        folder,
        &words(&["card", "all", "--into", into.to_str().unwrap()]),
    );
    let names: Vec<String> = files(&into)
        .iter()
        .map(|path| path.strip_prefix(&into).unwrap().display().to_string())
        .collect();
    assert_eq!(
        names,
        [
            "README.md",
            "cards/glyphs-rectifier.md",
            "cards/glyphs-tanh.md"
        ]
    );
    let card = std::fs::read_to_string(into.join(&names[1])).unwrap();
    for part in [
        "1024-24-16-62",
        "outputs, in this order",
        "mean over 2 seeds",
        "--retrain",
    ] {
        assert!(card.contains(part), "{part}: {card}");
    }
    let gallery = std::fs::read_to_string(into.join("README.md")).unwrap();
    assert!(
        gallery.contains("[glyphs/tanh](cards/glyphs-tanh.md)"),
        "{gallery}"
    );
    let error = fails(folder, 2, &words(&["card", "nobody", "--into", "here"]));
    assert!(error.contains("there is no network `nobody`"), "{error}");
}

#[test]
fn nothing_is_made_of_what_is_not_there() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let error = fails(folder, 1, &["models", "make", "--from", "results/none"]);
    assert!(error.contains("no weights are kept there"), "{error}");
    let kept = made().join("experiments/small");
    let from = kept.to_str().unwrap();
    let make = [
        "models",
        "make",
        "--from",
        from,
        "--into",
        "zoo",
        "--registry",
        "r.json",
    ];
    let error = fails(folder, 2, &[&make[..], &["mnist/*"]].concat());
    assert!(
        error.contains("nothing that was kept is called so"),
        "{error}"
    );
    assert!(files(folder).is_empty());
    for wish in ["nosuch=int8", "mnist/rectifier=bf16"] {
        let error = fails(folder, 2, &[&make[..], &["--precision", wish]].concat());
        assert!(
            error.contains("no such network is made, but glyphs/rectifier, glyphs/tanh"),
            "{error}"
        );
    }
    assert!(files(folder).is_empty());
    let wish = [
        "--precision",
        "glyphs/rectifier=f32",
        "--quiet",
        "*/rectifier",
    ];
    assert_eq!(
        ok(folder, &[&make[..], &wish[..]].concat()),
        "glyphs/rectifier\n"
    );
    let shown = [
        "models",
        "show",
        "glyphs/rectifier",
        "--json",
        "--registry",
        "r.json",
    ];
    let entry = json(&mut command(folder, &shown));
    assert_eq!(entry["precision"], "f32");
    assert_eq!(
        entry["figures"]["test_error"],
        entry["figures"]["f32_error"]
    );
}

/// A folder with the registry alone.
fn registry_alone() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir(place.path().join("zoo")).unwrap();
    let registry = Path::new("zoo/registry.json");
    std::fs::copy(made().join(registry), place.path().join(registry)).unwrap();
    place
}

#[test]
fn weights_come_from_an_address_go_on_where_they_broke_off_and_stay() {
    let place = registry_alone();
    let folder = place.path();
    let error = fails(folder, 1, &words(&["fetch", "glyphs/rectifier"]));
    for word in [
        "glyphs/rectifier",
        "not at",
        "RECTIFIER_ZOO_URL",
        "RECTIFIER_MODELS",
    ] {
        assert!(error.contains(word), "{error}");
    }
    let error = fails(
        folder,
        1,
        &words(&[
            "fetch",
            "glyphs/rectifier",
            "--offline",
            "--url",
            "http://127.0.0.1:9",
        ]),
    );
    assert!(error.contains("not fetched: offline"), "{error}");
    assert!(files(&folder.join("cache")).is_empty());
    let (address, requests) = serve(made().join("zoo"), Manner::BreaksOffOnce);
    let fetch = words(&["fetch", "glyphs/rectifier", "--url", &address]);
    let error = fails(folder, 1, &fetch);
    assert!(error.contains("broken off after"), "{error}");
    let left = files(&folder.join("cache"));
    assert!(
        left.len() == 1 && left[0].extension().unwrap() == "partial",
        "{left:?}"
    );
    let said = ok(folder, &fetch);
    assert!(said.contains("fetched from"), "{said}");
    assert_eq!(requests.load(Ordering::SeqCst), 3);
    assert_eq!(files(&folder.join("cache")).len(), 2);
    // What is here is not fetched again, and is enough without a network.
    ok(folder, &words(&["fetch", "glyphs/rectifier", "--offline"]));
    ok(folder, &words(&["verify", "glyphs/rectifier", "--offline"]));
    assert_eq!(requests.load(Ordering::SeqCst), 3);
    // A damaged file of the cache gives way to a right one; without a network it is an error.
    let weights = files(&folder.join("cache"))
        .into_iter()
        .find(|path| path.extension().unwrap() == "safetensors");
    let weights = weights.unwrap();
    std::fs::write(&weights, b"damaged").unwrap();
    let error = fails(
        folder,
        1,
        &words(&["fetch", "glyphs/rectifier", "--offline"]),
    );
    assert!(error.contains("bytes, found 7"), "{error}");
    ok(folder, &fetch);
    // An address that serves something else brings nothing.
    let other = tempfile::tempdir().unwrap();
    copy(&made().join("zoo"), other.path());
    let path = "baselines/weights/glyphs-tanh.safetensors";
    let mut bytes = std::fs::read(other.path().join(path)).unwrap();
    bytes[20] ^= 1;
    std::fs::write(other.path().join(path), bytes).unwrap();
    let (address, _) = serve(other.path().into(), Manner::Whole);
    let error = fails(
        folder,
        1,
        &words(&["fetch", "glyphs/tanh", "--url", &address]),
    );
    assert!(error.contains("expected SHA-256"), "{error}");
    assert_eq!(files(&folder.join("cache")).len(), 2);
    let error = fails(
        folder,
        1,
        &words(&["fetch", "glyphs/tanh", "--url", "http://127.0.0.1:9"]),
    );
    assert!(
        error.contains("not from http://127.0.0.1:9/baselines/weights"),
        "{error}"
    );
}

#[test]
fn two_processes_fill_one_cache() {
    let place = registry_alone();
    let folder = place.path();
    let (address, _) = serve(made().join("zoo"), Manner::Whole);
    let fetch = words(&["fetch", "all", "--url", &address]);
    let spawn = || {
        let mut command = command(folder, &fetch);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let processes: Vec<_> = (0..4).map(|_| spawn()).collect();
    for process in processes {
        checked(&process.wait_with_output().unwrap(), 0);
    }
    assert_eq!(files(&folder.join("cache")).len(), 4);
    let result = command(folder, &words(&["verify", "all", "--offline", "--json"]))
        .output()
        .unwrap();
    checked(&result, 0);
    assert_eq!(last_json(&text(&result.stdout))["passed"], true);
}

#[test]
fn the_built_in_registry_answers() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    ok(folder, &["models", "list"]);
    let kinds = ok(folder, &["models", "kinds"]);
    assert!(
        kinds.contains("mnist-3x1000") && kinds.contains("softplus"),
        "{kinds}"
    );
    // By name wherever a model file would do.
    std::fs::write(folder.join("digit.raw"), [0; 784]).unwrap();
    let told = ok(folder, &["predict", "mnist/rectifier-tiny", "digit.raw"]);
    assert!(told.starts_with("digit.raw: "), "{told}");
    let told = fails(
        folder,
        2,
        &["predict", "mnist/rectifier-teeny", "digit.raw"],
    );
    assert!(told.contains("did you mean mnist/rectifier-tiny"), "{told}");
    let error = ends(&mut command(folder, &["models", "show", "resnet"]), 2);
    assert!(error.contains("there is no network `resnet`"), "{error}");
}
