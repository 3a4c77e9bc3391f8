//! Data sets and how they are used, through the command.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::path::Path;
use support::{fails, last_json, ok};

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

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

#[test]
fn every_set_is_listed_with_its_place_licence_and_citation() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let listed = ok(folder, &words("data list --json"));
    let sets: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = sets
        .iter()
        .map(|set| set["name"].as_str().unwrap())
        .collect();
    for name in [
        "glyphs",
        "mnist",
        "cifar10",
        "norb",
        "norb-small",
        "norb-like",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    for set in &sets {
        for key in ["title", "licence", "citation", "source"] {
            assert!(!set[key].as_str().unwrap().is_empty(), "{key} of {set}");
        }
        let count = set["class_names"].as_array().unwrap().len();
        assert_eq!(set["classes"], count);
        assert!(set["sizes"]["train"].as_u64().unwrap() > 0);
        let made = ["glyphs", "norb-like"].contains(&set["name"].as_str().unwrap());
        if ["mnist", "cifar10", "norb", "norb-small"].contains(&set["name"].as_str().unwrap())
            || made
        {
            assert_eq!(set["here"], made, "{set}");
        }
    }
    // A file is enough to be found; whether it is right, `check` tells.
    std::fs::create_dir_all(folder.join("cifar-10-batches-bin")).unwrap();
    let batch = folder.join("cifar-10-batches-bin/data_batch_1.bin");
    std::fs::write(&batch, [11; 5000]).unwrap();
    let text = ok(folder, &words("data list --data-dir ."));
    assert!(
        text.contains("here: ./cifar-10-batches-bin/data_batch_1.bin"),
        "{text}"
    );
    assert!(
        text.contains("not here: put by hand into a folder `norb`"),
        "{text}"
    );
    let error = fails(folder, 1, &words("data check cifar10 --data-dir ."));
    assert!(
        error.contains("data_batch_1.bin: record 0 has label 11"),
        "{error}"
    );
    let error = fails(folder, 1, &words("data list --data-dir absent"));
    assert!(
        error.contains("data folder absent does not exist"),
        "{error}"
    );
}

#[test]
fn sets_that_are_not_here_say_how_to_get_them_and_leave_nothing() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    for (set, cure) in [
        (
            "cifar10",
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        ),
        ("norb", "by hand"),
        (
            "norb-small",
            "smallnorb-5x46789x9x18x6x2x96x96-training-dat.mat.gz",
        ),
    ] {
        let error = fails(folder, 1, &["train", "--data", set, "--offline"]);
        assert!(error.contains(cure), "{error}");
        assert!(!folder.join("runs").exists());
    }
    let error = fails(folder, 2, &words("train --data norb --examples 5"));
    assert!(
        error.contains("glyphs, norb-like or nistp, not with norb"),
        "{error}"
    );
    let error = fails(folder, 2, &words("train --data nobr"));
    assert!(error.contains("norb-small, norb-like"), "{error}");
}

#[test]
fn norb_like_is_checked_drawn_and_trained() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let checked = ok(folder, &words("data check norb-like --examples 600"));
    assert!(
        checked.contains("train    600 examples of [2, 32, 32], 6 classes with 100 to 100"),
        "{checked}"
    );
    let preview = "data preview norb-like --examples 600 --count 12 --columns 4";
    ok(folder, &words(preview));
    assert!(
        std::fs::read(folder.join("norb-like.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    let train = "train --data norb-like --examples 3000 --hidden 64 --epochs 3 --json --out run";
    let result = last_json(&ok(folder, &words(train)));
    // Six classes: guessing errs on 83%.
    let error = result["test_error"].as_f64().unwrap();
    assert!(error < 0.75, "{error}");
    let spoken = ok(folder, &words("recipe check run/recipe.json"));
    assert!(
        spoken.contains("norb-like (generated, not NORB, seed 1)"),
        "{spoken}"
    );

    // Bytes are numbers from -1 to 1 to this network, as they were in training.
    let bytes: Vec<u8> = (0..2048u32).map(|place| (place * 7 % 256) as u8).collect();
    let numbers = bytes.iter().map(|&byte| f32::from(byte) / 127.5 - 1.0);
    let numbers: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
    std::fs::write(folder.join("pair.raw"), &bytes).unwrap();
    std::fs::write(folder.join("pair.f32"), &numbers).unwrap();
    let said = ok(folder, &words("predict run pair.raw pair.f32 --json"));
    let first: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["classes"][0].clone())
        .collect();
    assert_eq!(first[0]["name"], first[1]["name"]);
    let probability = |class: &Value| class["probability"].as_f64().unwrap();
    assert!(
        (probability(&first[0]) - probability(&first[1])).abs() < 1e-4,
        "{first:?}"
    );
}

#[test]
fn cifar10_is_checked_drawn_and_trained_where_its_files_are() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let data = std::env::var("RECTIFIER_DATA").unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(data);
    if !root.join("cifar-10-batches-bin/data_batch_1.bin").is_file() {
        // Tests may speak: a skipped one must.
        #[allow(clippy::print_stderr)]
        {
            eprintln!("skipped: RECTIFIER_DATA names no folder with CIFAR-10");
        }
        return;
    }
    let root = root.display().to_string();
    let with_data = |line| [&words(line)[..], &["--data-dir", &root]].concat();
    let checked = ok(folder, &with_data("data check cifar10"));
    assert!(
        checked.contains("train  50000 examples of [3, 32, 32], 10 classes with 5000 to 5000"),
        "{checked}"
    );
    ok(
        folder,
        &with_data("data preview cifar10 --count 8 --columns 4"),
    );
    ok(
        folder,
        &with_data("data preview cifar10 --count 8 --columns 4 --as-grey --out grey.png"),
    );
    // The type of colour stands in byte 25 of a PNG file: 2 is colour, 0 grey.
    let kind = |name: &str| std::fs::read(folder.join(name)).unwrap()[25];
    assert_eq!((kind("cifar10.png"), kind("grey.png")), (2, 0));
    let train = "train --data cifar10 --hidden 32 --epochs 1 --batch 50 --lr 0.05 --label-fraction 0.2 --json";
    let result = last_json(&ok(folder, &with_data(train)));
    let error = result["test_error"].as_f64().unwrap();
    assert!(error < 0.85, "{error}");
}
