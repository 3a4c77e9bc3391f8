//! What users, other processes and networks do to the command: each time an error that names cause and cure, the right exit
//! code, and nothing lost.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use support::{checked, command, ends, lines, progress, tensors, text, tiny_plan, wait_until};

/// Expects every part in an error, and that no run folder was left behind.
fn refused(folder: &Path, code: i32, args: &[&str], parts: &[&str]) {
    let error = ends(&mut command(folder, args), code);
    for part in parts {
        assert!(error.contains(part), "{args:?}: no {part:?} in {error}");
    }
    assert!(!folder.join("runs").exists(), "{args:?} left a folder");
}

/// An IDX file of bytes with these sides.
fn idx(sides: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sides.len() as u8];
    sides
        .iter()
        .for_each(|side| file.extend(side.to_be_bytes()));
    file.extend(bytes);
    file
}

#[test]
fn data_files_that_are_not_what_they_should_be() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    let images = idx(&[12, 4, 4], &[7; 192]);
    let labels = idx(&[12], &[0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
    write("images", &images);
    write("labels", &labels);
    write("cut", &images[..100]);
    write("long", &[&images[..], &[0; 9]].concat());
    let mut magic = images.clone();
    magic[0] = 9;
    write("magic", &magic);
    write("fewer", &idx(&[11], &[1; 11]));
    write("vast", &idx(&[u32::MAX, u32::MAX, u32::MAX], &[]));
    write("empty", &[]);
    let train = |images: &'static str, labels: &'static str| {
        vec![
            "train", "--data", "idx", "--images", images, "--labels", labels, "--hidden", "4",
            "--epochs", "1",
        ]
    };
    ends(
        command(folder, &train("images", "labels")).args(["--out", "good", "--json"]),
        0,
    );
    for (images, labels, parts) in [
        ("gone", "labels", &["gone", "No such file"][..]),
        ("cut", "labels", &["cut"]),
        ("long", "labels", &["long"]),
        ("magic", "labels", &["magic"]),
        ("vast", "labels", &["vast"]),
        ("empty", "labels", &["empty"]),
        (
            "images",
            "fewer",
            &[
                "holds 12 images",
                "holds 11 labels",
                "the two files of one set",
            ],
        ),
        ("labels", "images", &["labels"]),
    ] {
        refused(folder, 1, &train(images, labels), parts);
    }
    // A named set knows its files by their checksums.
    std::fs::create_dir(folder.join("data")).unwrap();
    write("data/train-images-idx3-ubyte.gz", b"something else");
    refused(
        folder,
        1,
        &[
            "train",
            "--data",
            "mnist",
            "--data-dir",
            "data",
            "--offline",
        ],
        &[
            "train-images-idx3-ubyte.gz",
            "expected",
            "found 14",
            "put the right file there",
        ],
    );
    let no_folder = ["train", "--data", "mnist", "--data-dir", "nowhere"];
    refused(
        folder,
        1,
        &no_folder,
        &["nowhere does not exist", "make it"],
    );
}

#[test]
fn without_a_network_the_error_says_how_to_bring_the_files() {
    let place = tempfile::tempdir().unwrap();
    let mut train = command(place.path(), &["train", "--data", "mnist"]);
    for name in [
        "https_proxy",
        "HTTPS_PROXY",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        // Nobody listens there.
        train.env(name, "http://127.0.0.1:9");
    }
    train.env_remove("no_proxy").env_remove("NO_PROXY");
    let error = ends(&mut train, 1);
    for part in ["not from https://", "by hand: put it into", "SHA-256"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!place.path().join("runs").exists());
}

/// A safetensors file of this header and these tensor bytes.
fn safetensors_file(header: &str, bytes: usize) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(vec![0; bytes]);
    file
}

#[test]
fn model_files_of_another_shape_and_hostile_ones() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::write(folder.join("plan.json"), tiny_plan(1)).unwrap();
    ends(
        &mut command(
            folder,
            &["train", "--recipe", "plan.json", "--out", "run", "--quiet"],
        ),
        0,
    );
    let whole = std::fs::read(folder.join("run/model.safetensors")).unwrap();
    let images = idx(&[12, 4, 4], &[7; 192]);
    std::fs::write(folder.join("images"), images).unwrap();
    std::fs::write(folder.join("labels"), idx(&[12], &[0, 1].repeat(6))).unwrap();
    let other = [
        "eval", "run", "--data", "idx", "--images", "images", "--labels", "labels",
    ];
    let error = ends(&mut command(folder, &other), 2);
    assert!(
        error.contains("the model takes 1024 numbers") && error.contains("idx has 16"),
        "{error}"
    );

    let claims = |network: &str, shape: &str, end: u64| {
        format!(
            r#"{{"__metadata__":{{"network":"{}"}},"head.weight":{{"dtype":"F32","shape":{shape},"data_offsets":[0,{end}]}}}}"#,
            network.replace('"', "\\\"")
        )
    };
    let network =
        r#"{"inputs":1000000000,"hidden":[1000000000],"unit":{"kind":"rectifier"},"outputs":2}"#;
    let hostile = [
        (
            "cut",
            whole[..whole.len() / 2].to_vec(),
            "not a whole safetensors file",
        ),
        ("junk", vec![0x5a; 4000], "not a whole safetensors file"),
        ("void", Vec::new(), "not a whole safetensors file"),
        (
            "vast-header",
            [&u64::MAX.to_le_bytes()[..], b"{}"].concat(),
            "not a whole safetensors file",
        ),
        (
            "vast-tensor",
            safetensors_file(&claims(network, "[1000000000,1000000000]", 4 << 60), 64),
            "not a whole safetensors file",
        ),
        (
            "vast-network",
            safetensors_file(&claims(network, "[4,4]", 64), 64),
            "does not fit the network",
        ),
        (
            "no-network",
            safetensors_file(&claims("{}", "[4,4]", 64), 64),
            "does not describe its network",
        ),
    ];
    for (name, bytes, part) in hostile {
        let name = format!("{name}.safetensors");
        std::fs::write(folder.join(&name), bytes).unwrap();
        for args in [
            vec!["eval", &name, "--data", "glyphs"],
            vec!["predict", &name, "images"],
        ] {
            let error = ends(&mut command(folder, &args), 1);
            assert!(
                error.contains(part) && error.contains(&name),
                "{args:?}: {error}"
            );
        }
    }
}

#[test]
fn recipes_with_unknown_and_impossible_values() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let plan = tiny_plan(2);
    let cases = [
        ("[12, 10]", "[12, 0]", "the width of hidden layer 2 is 0"),
        (r#""rate": 0.05"#, r#""rate": -0.05"#, "the rate is -0.05"),
        (r#""rate": 0.05"#, r#""rate": NaN"#, "plan.json"),
        (r#""rate": 0.05"#, r#""rate": 1e999"#, "plan.json"),
        (r#""rate": 0.05"#, r#""rate": 0.05, "speed": 1"#, "speed"),
        (
            r#""share": 0.25"#,
            r#""share": 1.25"#,
            "masking share is 1.25",
        ),
        (r#""l1": 0.0001"#, r#""l1": -1"#, "l1 is -1"),
        (
            r#""momentum": 0.5"#,
            r#""momentum": 1.5"#,
            "momentum is 1.5",
        ),
        (r#""epochs": 2"#, r#""epochs": 0"#, "epochs is 0"),
        (r#""train": 310"#, r#""train": 0"#, "at least one example"),
        (r#""layer": 2"#, r#""layer": 7"#, "no hidden layer 7"),
        (r#""version": 1"#, r#""version": 9"#, "version 9"),
        (
            "[12, 10]",
            "[4000000000, 4000000000]",
            "more than there is: give fewer units",
        ),
        (
            r#""train": 310"#,
            r#""train": 99999999999999"#,
            "give fewer with --examples",
        ),
    ];
    for (from, to, part) in cases {
        assert!(plan.contains(from), "{from}");
        std::fs::write(folder.join("plan.json"), plan.replace(from, to)).unwrap();
        refused(folder, 2, &["train", "--recipe", "plan.json"], &[part]);
    }
    std::fs::write(folder.join("plan.json"), &plan[..200]).unwrap();
    refused(
        folder,
        2,
        &["train", "--recipe", "plan.json"],
        &["plan.json", "EOF"],
    );
    refused(
        folder,
        1,
        &["train", "--recipe", "none.json"],
        &["none.json", "is the name right?"],
    );
    for (args, part) in [
        (
            &["train", "--hidden", "4000000000,4000000000"][..],
            "give fewer units",
        ),
        (&["train", "--device", "flex:3"], "there is one device flex"),
        (
            &["train", "--device", "flex:0,1"],
            "there is one device flex, which uses all cores: leave the `:0,1` out",
        ),
        (&["bench", "--device", "cuda:0,1"], "give `--device cuda:0`"),
        (&["train", "--checkpoint-every", "0"], "seconds above 0"),
        (&["train", "--checkpoint-every", "NaN"], "seconds above 0"),
        (&["train", "--measure-every", "0"], "at least 1"),
    ] {
        refused(folder, 2, args, &[part]);
    }
}

#[test]
fn run_folders_that_were_meddled_with() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::write(folder.join("plan.json"), tiny_plan(4)).unwrap();
    ends(
        &mut command(
            folder,
            &["train", "--recipe", "plan.json", "--out", "run", "--quiet"],
        ),
        0,
    );
    let resume = || command(folder, &["train", "--resume", "run", "--quiet"]);
    let recipe = std::fs::read_to_string(folder.join("run/recipe.json")).unwrap();

    // Another network, another recipe, no recipe.
    let narrower = recipe.replacen("12", "11", 1);
    assert!(narrower != recipe);
    std::fs::write(folder.join("run/recipe.json"), narrower).unwrap();
    let error = ends(&mut resume(), 1);
    assert!(
        error.contains("network.hidden[0] 12, not 11: a finished run is never rewritten"),
        "{error}"
    );
    std::fs::write(folder.join("run/recipe.json"), "{").unwrap();
    let error = ends(&mut resume(), 2);
    assert!(error.contains("recipe.json"), "{error}");
    std::fs::write(folder.join("run/recipe.json"), &recipe).unwrap();

    // A finished run needs no checkpoint: one that is damaged is not looked at.
    let model = std::fs::read(folder.join("run/model.safetensors")).unwrap();
    for bytes in [&b"junk"[..], &u64::MAX.to_le_bytes()] {
        std::fs::write(folder.join("run/checkpoint.safetensors"), bytes).unwrap();
        ends(&mut resume(), 0);
    }
    assert!(std::fs::read(folder.join("run/model.safetensors")).unwrap() == model);

    // Without its result it is not finished: then a checkpoint that cannot be read is said, and a damaged one costs what
    // came after the one before it.
    std::fs::remove_file(folder.join("run/summary.json")).unwrap();
    let before = std::fs::read(folder.join("run/checkpoint.previous.safetensors")).unwrap();
    ends(&mut resume(), 0);
    std::fs::remove_file(folder.join("run/summary.json")).unwrap();
    for name in ["checkpoint", "checkpoint.previous"] {
        let path = folder.join(format!("run/{name}.safetensors"));
        std::fs::write(path, &before[..before.len() / 2]).unwrap();
    }
    let error = ends(&mut resume(), 1);
    assert!(
        error.contains("not a whole checkpoint") && error.contains("in another folder"),
        "{error}"
    );
    assert!(!error.contains("what was saved is whole"), "{error}");
}

#[test]
fn two_runs_never_share_a_folder() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let long = [
        "train",
        "--examples",
        "620",
        "--hidden",
        "16",
        "--epochs",
        "100000",
        "--out",
        "run",
        "--quiet",
    ];
    let first = command(folder, &long)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("it has begun", || {
        folder.join("run/checkpoint.safetensors").exists()
    });
    let error = ends(&mut command(folder, &long), 1);
    assert!(
        error.contains("not empty") && error.contains("--resume"),
        "{error}"
    );
    let error = ends(&mut command(folder, &["train", "--resume", "run"]), 1);
    assert!(
        error.contains("another process is training in this folder"),
        "{error}"
    );
    Command::new("kill")
        .arg(first.id().to_string())
        .status()
        .unwrap();
    checked(&first.wait_with_output().unwrap(), 143);

    // Runs that choose their own folder at the same moment choose different ones.
    let short = [
        "train",
        "--examples",
        "62",
        "--hidden",
        "4",
        "--epochs",
        "1",
        "--json",
    ];
    let children: Vec<_> = (0..4)
        .map(|_| {
            command(folder, &short)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut runs: Vec<String> = children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            checked(&output, 0);
            let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            line["run"].as_str().unwrap().to_string()
        })
        .collect();
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), 4, "{runs:?}");
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_and_leaves_what_was_good() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::write(
        folder.join("plan.json"),
        tiny_plan(3).replace(r#""rate": 0.05"#, r#""rate": 1e9"#),
    )
    .unwrap();
    let mut train = command(
        folder,
        &[
            "train",
            "--recipe",
            "plan.json",
            "--out",
            "run",
            "--measure-every",
            "1",
            "--checkpoint-every",
            "0.000001",
        ],
    );
    let error = ends(&mut train, 1);
    for part in [
        "the loss became",
        "fine-tuning, epoch 1",
        "at rate 1000000000",
        "lower the rate",
        "checkpoint is kept in run",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    // Every loss that was written down is finite, and the checkpoint stands before the first that was not.
    let run = folder.join("run");
    assert!(
        lines(&run.join("steps.jsonl"))
            .iter()
            .all(|line| line["loss"].is_number() || line["reconstruction"].is_number())
    );
    let stands = progress(&run);
    assert_eq!(stands["stage"], 2, "{stands}");
    let checkpoint = tensors(&run.join("checkpoint.safetensors")).unwrap();
    assert!(checkpoint.iter().any(|(name, _)| name == "network"));
    // It goes on with the same steps to the same end, and says so again.
    let again = ends(&mut command(folder, &["train", "--resume", "run"]), 1);
    assert!(again.contains("the loss became"), "{again}");
    assert!(!text(&std::fs::read(run.join("steps.csv")).unwrap()).contains("NaN"));
}
