//! NISTP through the command: train, list, check and preview, without any file of data and with damaged ones.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::path::Path;
use std::process::Command;
use support::{checked, command, ends, text};

/// No data and no fonts but those in `folder`: `HOME` is empty, but the system's own fonts are found where there are any.
fn rectifier(folder: &Path, args: &[&str]) -> Command {
    let mut command = command(folder, args);
    command.env("HOME", folder);
    command
}

/// Standard output and standard error of a command that must succeed.
fn ok(folder: &Path, args: &[&str]) -> [String; 2] {
    let output = rectifier(folder, args).output().unwrap();
    let stderr = checked(&output, 0);
    [text(&output.stdout), stderr]
}

/// Standard error of a command that must end with `code`.
fn fails(folder: &Path, code: i32, args: &[&str]) -> String {
    ends(&mut rectifier(folder, args), code)
}

fn small_plan(folder: &Path) {
    let [plan, _] = ok(
        folder,
        &["recipe", "show", "--data", "nistp", "--examples", "1240"],
    );
    let mut plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["data"]["set"], "nistp");
    assert_eq!(plan["data"]["epoch"], 1240);
    assert_eq!(plan["data"]["test"], 20_000);
    plan["data"]["valid"] = 620.into();
    plan["data"]["test"] = 620.into();
    std::fs::write(folder.join("plan.json"), plan.to_string()).unwrap();
}

#[test]
fn it_trains_on_fresh_examples_and_evaluates() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    small_plan(folder);
    let args = [
        "train",
        "--recipe",
        "plan.json",
        "--hidden",
        "32",
        "--epochs",
        "2",
        "--out",
        "run",
        "--json",
    ];
    let [stdout, stderr] = ok(folder, &args);
    assert!(stderr.contains("no NIST handwriting"), "{stderr}");
    assert!(
        stderr.contains("emnist-byclass-test-images-idx3-ubyte.gz"),
        "{stderr}"
    );
    let result: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    let error = result["test_error"].as_f64().unwrap();
    assert!((0.3..0.99).contains(&error), "{error}");
    let [stdout, _] = ok(folder, &["eval", "run", "--json"]);
    let evaluated: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!(evaluated["test_error"], result["test_error"]);
    let plan = std::fs::read_to_string(folder.join("run/recipe.json")).unwrap();
    assert!(plan.contains("\"epoch\": 1240"), "{plan}");
}

#[test]
fn it_is_listed_checked_and_shown() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let [list, _] = ok(folder, &["data", "list"]);
    // What is trained on where nothing else is said: an epoch of the endless stream.
    assert!(list.contains("100000 / 8000 / 20000"), "{list}");
    let [checked, _] = ok(
        folder,
        &[
            "data",
            "check",
            "nistp",
            "--examples",
            "620",
            "--variant",
            "p07",
        ],
    );
    assert!(
        checked.contains("train    620 examples of [32, 32], 62 classes with 10 to 10"),
        "{checked}"
    );
    let size = |name: &str| {
        let file = std::fs::read(folder.join(name)).unwrap();
        let word = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
        (word(16), word(20))
    };
    ok(
        folder,
        &[
            "data",
            "preview",
            "nistp",
            "--count",
            "62",
            "--complexity",
            "0.5",
        ],
    );
    assert_eq!(size("nistp.png"), (31 * 34 + 2, 2 * 34 + 2));
    let [_, legend] = ok(
        folder,
        &[
            "data",
            "preview",
            "nistp",
            "--distortions",
            "--out",
            "five.png",
        ],
    );
    assert!(
        legend.contains("local elastic") && !legend.contains("scratches"),
        "{legend}"
    );
    assert_eq!(size("five.png"), (24 * 34 + 2, 5 * 34 + 2));
    let p07 = [
        "data",
        "preview",
        "nistp",
        "--distortions",
        "--variant",
        "p07",
        "--part",
        "test",
    ];
    let [_, legend] = ok(folder, &p07);
    assert!(legend.contains("scratches"), "{legend}");
    assert_eq!(size("nistp.png"), (24 * 34 + 2, 14 * 34 + 2));
}

#[test]
fn wrong_use_is_refused_with_the_way_out() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    for (args, part) in [
        (
            &["train", "--data", "mnist", "--variant", "p07"][..],
            "goes with --data nistp, not with mnist",
        ),
        (
            &["train", "--data", "nistp", "--complexity", "1.5"],
            "must be from 0 to 1",
        ),
        (
            &["train", "--data", "nistp", "--examples", "0"],
            "at least one example",
        ),
        (
            &["train", "--data", "nistp", "--examples", "81920001"],
            "at most 81920000",
        ),
        (
            &["data", "preview", "glyphs", "--distortions"],
            "goes with nistp",
        ),
    ] {
        let stderr = fails(folder, 2, args);
        assert!(stderr.contains(part), "{part:?} in {stderr}");
    }
}

#[test]
fn damaged_sources_are_named_and_nothing_is_written() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let emnist = folder.join("data/emnist");
    std::fs::create_dir_all(&emnist).unwrap();
    let preview = ["data", "preview", "nistp", "--data-dir", "data"];
    let found = [&preview[..], &["--files", "found"]].concat();
    for (file, bytes, part) in [
        (
            "emnist-byclass-test-images-idx3-ubyte.gz",
            &b"cut"[..],
            "expected 28908322 bytes, found 3",
        ),
        (
            "emnist-byclass-mapping.txt",
            b"0 48\n2 49\n",
            "line 2 is `2 49`",
        ),
    ] {
        std::fs::write(emnist.join(file), bytes).unwrap();
        let stderr = fails(folder, 1, &preview);
        assert!(stderr.contains(file) && stderr.contains(part), "{stderr}");
        // A list of sets is still to be had.
        ok(folder, &["data", "list", "--data-dir", "data"]);
        std::fs::remove_file(emnist.join(file)).unwrap();
    }
    let write = |part: &str, header: &[u8], rest: usize| {
        let mut bytes = header.to_vec();
        bytes.resize(header.len() + rest, 0);
        std::fs::write(emnist.join(format!("emnist-byclass-train-{part}")), bytes).unwrap();
    };
    // 2^32 - 1 images are claimed, and none is there.
    write(
        "images-idx3-ubyte",
        &[0, 0, 8, 3, 255, 255, 255, 255, 0, 0, 0, 28, 0, 0, 0, 28],
        0,
    );
    write("labels-idx1-ubyte", &[0, 0, 8, 1, 0, 0, 0, 1], 1);
    let stderr = fails(folder, 1, &found);
    assert!(
        stderr.contains("emnist-byclass-train-images-idx3-ubyte"),
        "{stderr}"
    );
    write(
        "images-idx3-ubyte",
        &[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28],
        784,
    );
    let [_, stderr] = ok(folder, &found);
    assert!(
        stderr.contains("no checksum of this file is known"),
        "{stderr}"
    );
    std::fs::remove_file(folder.join("nistp.png")).unwrap();
    let empty = folder.join("data/nistp/fonts");
    std::fs::create_dir_all(empty).unwrap();
    let [_, stderr] = ok(folder, &found);
    assert!(stderr.contains("0 fonts with English letters"), "{stderr}");
}

#[test]
fn other_fonts_and_handwriting_on_a_machine_change_nothing_unless_asked_for() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::create_dir(folder.join("data")).unwrap();
    let preview = |more: &[&str]| {
        let mut args = vec!["data", "preview", "nistp", "--data-dir", "data"];
        args.extend(["--count", "310"]);
        args.extend(more);
        let [_, stderr] = ok(folder, &args);
        (stderr, std::fs::read(folder.join("nistp.png")).unwrap())
    };
    let (_, before) = preview(&[]);
    // A part of EMNIST that the set does not know, of one black square.
    let emnist = folder.join("data/emnist");
    std::fs::create_dir_all(&emnist).unwrap();
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28];
    images.resize(images.len() + 784, 255);
    std::fs::write(
        emnist.join("emnist-byclass-train-images-idx3-ubyte"),
        images,
    )
    .unwrap();
    let labels = [0, 0, 8, 1, 0, 0, 0, 1, 1];
    std::fs::write(
        emnist.join("emnist-byclass-train-labels-idx1-ubyte"),
        labels,
    )
    .unwrap();
    // The known fonts under other names are other fonts.
    let fonts = folder.join("data/nistp/fonts");
    std::fs::create_dir_all(&fonts).unwrap();
    let own: Vec<_> = std::fs::read_dir("/usr/share/fonts/truetype/dejavu")
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    for (number, font) in own.iter().enumerate() {
        std::fs::copy(font.path(), fonts.join(format!("{number}.ttf"))).unwrap();
    }
    let (_, known) = preview(&[]);
    assert!(before == known, "the known set depends on the machine");
    let (stderr, found) = preview(&["--files", "found"]);
    assert!(
        stderr.contains("no checksum of this file is known"),
        "{stderr}"
    );
    assert!(before != found);
}

/// Where it is not whole, what is missing is told everywhere, and no record is made of it.
#[test]
fn a_set_that_is_not_whole_says_so_and_makes_no_record() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let [list, _] = ok(folder, &["data", "list"]);
    assert!(list.contains("here in part: no NIST handwriting"), "{list}");
    let [list, _] = ok(folder, &["data", "list", "--json"]);
    let nistp = list
        .lines()
        .find(|line| line.contains("\"nistp\""))
        .unwrap();
    let nistp: Value = serde_json::from_str(nistp).unwrap();
    assert_eq!(nistp["here"], true);
    assert!(nistp["lacks"].as_str().unwrap().contains("unpack"));
    let run = ["experiment", "run", "nistp-full", "--preset", "short"];
    let stderr = fails(folder, 1, &run);
    assert!(
        stderr.contains("nothing was begun: nistp: no NIST handwriting"),
        "{stderr}"
    );
    assert!(
        !folder
            .join("results/experiments/nistp-full/records")
            .exists()
    );
}
