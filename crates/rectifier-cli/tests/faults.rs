//! What went wrong once, and what a user expects instead: one small case each.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::{checked, command, ends, fails, json, ok, shell, tensors, text, wait_until};

/// A run that takes a moment.
const GLYPHS: [&str; 11] = [
    "train",
    "--examples",
    "620",
    "--hidden",
    "16",
    "--epochs",
    "1",
    "--threads",
    "1",
    "--quiet",
    "--out",
];

fn glyphs(folder: &Path, out: &str) {
    ok(folder, &[&GLYPHS[..], &[out]].concat());
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    std::fs::write(folder.join(name), content).unwrap();
}

/// Reviews, good ones of `good` and bad ones of `bad`, all different.
fn reviews(good: &str, bad: &str) -> String {
    (0..60).fold("text,stars\n".to_string(), |all, row| {
        let (word, stars) = [(good, 5), (bad, 1)][row % 2];
        all + &format!("the {word} place number {row},{stars}\n")
    })
}

fn train_reviews(folder: &Path, file: &str, out: &str, more: &[&str]) -> Command {
    let mut command = command(
        folder,
        &[
            "train", "--data", "reviews", "--file", file, "--hidden", "4", "--epochs", "1",
        ],
    );
    command
        .args(["--threads", "1", "--quiet", "--out", out])
        .args(more);
    command
}

#[test]
fn a_run_goes_on_with_its_own_data_engine_and_recipe_alone() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    write(folder, "r.csv", reviews("great", "awful"));
    ends(&mut train_reviews(folder, "r.csv", "run", &[]), 0);
    let model = tensors(&folder.join("run/model.safetensors")).unwrap();
    let same_model = || assert!(tensors(&folder.join("run/model.safetensors")).unwrap() == model);

    // Started from elsewhere, where another file has that name, it finds its own.
    std::fs::create_dir(folder.join("elsewhere")).unwrap();
    write(&folder.join("elsewhere"), "r.csv", reviews("blue", "green"));
    ok(
        &folder.join("elsewhere"),
        &["train", "--resume", "../run", "--quiet"],
    );
    same_model();

    let error = fails(folder, 1, &["train", "--resume", "run", "--engine", "burn"]);
    assert!(error.contains("engine sparse, not burn"), "{error}");
    let summary = std::fs::read_to_string(folder.join("run/summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["engine"], "sparse");

    write(folder, "r.csv", reviews("blue", "green"));
    for finished in [true, false] {
        if !finished {
            std::fs::remove_file(folder.join("run/summary.json")).unwrap();
        }
        let error = fails(folder, 1, &["train", "--resume", "run"]);
        assert!(
            error.contains("run: this run") && error.contains("data"),
            "{error}"
        );
        same_model();
    }
}

#[test]
fn checkpoints_that_were_cut_damaged_or_removed_are_told() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    ok(
        folder,
        &[
            "train",
            "--examples",
            "620",
            "--hidden",
            "16",
            "--epochs",
            "3",
            "--threads",
            "1",
            "--quiet",
            "--out",
            "run",
            "--checkpoint-every",
            "0.001",
            "--measure-every",
            "1",
        ],
    );
    std::fs::remove_file(folder.join("run/summary.json")).unwrap();
    let whole = std::fs::read(folder.join("run/checkpoint.safetensors")).unwrap();
    let steps = std::fs::read_to_string(folder.join("run/steps.jsonl")).unwrap();
    let resume = |code: i32| {
        let _ = std::fs::remove_file(folder.join("run/summary.json"));
        fails(folder, code, &["train", "--resume", "run", "--quiet"])
    };

    let mut flipped = whole.clone();
    let place = whole.len() - 999;
    flipped[place] ^= 4;
    for (bytes, part) in [
        (&whole[..1000], "not a whole checkpoint"),
        (&flipped[..], "was damaged"),
    ] {
        let before = std::fs::read(folder.join("run/checkpoint.previous.safetensors")).unwrap();
        std::fs::write(folder.join("run/checkpoint.safetensors"), bytes).unwrap();
        let said = resume(0);
        assert!(
            said.contains(part) && said.contains("the checkpoint before it"),
            "{said}"
        );
        std::fs::write(folder.join("run/checkpoint.safetensors"), &whole).unwrap();
        std::fs::write(folder.join("run/checkpoint.previous.safetensors"), before).unwrap();
    }

    let half = steps.lines().count() / 2;
    let cut: String = steps.split_inclusive('\n').take(half).collect();
    std::fs::write(folder.join("run/steps.jsonl"), &cut).unwrap();
    let said = resume(0);
    assert!(
        said.contains("steps.jsonl was changed from outside"),
        "{said}"
    );
    assert!(
        std::fs::read_to_string(folder.join("run/steps.jsonl"))
            .unwrap()
            .starts_with(&cut)
    );

    let model = std::fs::read(folder.join("run/model.safetensors")).unwrap();
    for name in ["checkpoint", "checkpoint.previous"] {
        std::fs::remove_file(folder.join(format!("run/{name}.safetensors"))).unwrap();
    }
    let error = resume(1);
    assert!(
        error.contains("its checkpoint is gone") && error.contains("nothing was overwritten"),
        "{error}"
    );
    assert!(std::fs::read(folder.join("run/model.safetensors")).unwrap() == model);

    let recipe = std::fs::read_to_string(folder.join("run/recipe.json")).unwrap();
    std::fs::write(folder.join("run/checkpoint.safetensors"), &whole).unwrap();
    std::fs::write(
        folder.join("run/recipe.json"),
        recipe.replacen("\"rate\": 0.1", "\"rate\": 0.2", 1),
    )
    .unwrap();
    let error = resume(1);
    assert!(
        error.contains("rate 0.1") && error.contains("0.2"),
        "{error}"
    );
}

#[test]
fn options_change_what_is_measured_or_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    write(folder, "r.csv", reviews("great", "awful"));
    ends(&mut train_reviews(folder, "r.csv", "run", &[]), 0);
    let eval = |more: &[&str]| {
        let output = command(folder, &[&["eval", "run"], more].concat())
            .output()
            .unwrap();
        (checked(&output, 0), text(&output.stdout))
    };
    let (said, first) = eval(&[]);
    assert!(
        first.contains("r.csv, fold 1 of 10") && !said.contains("stand in the part"),
        "{said}"
    );
    let (said, third) = eval(&["--fold", "3/10"]);
    assert!(
        third.contains("fold 3 of 10") && said.contains("6 of 6 test examples stand in the part"),
        "{said}"
    );
    glyphs(folder, "g");
    for (args, part) in [
        (
            &["eval", "run", "--product", "dvd"][..],
            "--product goes with --data amazon, not with reviews",
        ),
        (&["eval", "g", "--fold", "2/10"], "not with glyphs"),
        (
            &["eval", "run", "--data", "glyphs"],
            "trained on stars, but glyphs has classes",
        ),
        (
            &["eval", "g", "--data", "norb-like"],
            "norb-like has 2048 and 6",
        ),
        (
            &["data", "preview", "glyphs", "--data", "mnist"],
            "two data sets are named",
        ),
        (
            &["train", "--hidden", "8,8,8", "--l1", "0.1,0.1"],
            "--l1 gives 2 numbers",
        ),
        (
            &["train", "--hidden", "none", "--flips"],
            "no hidden layer whose outputs",
        ),
        (
            &["train", "--hidden", "none", "--l1", "0.1"],
            "no hidden layer whose activations",
        ),
        (
            &["train", "--engine", "burn", "--threads", "1"],
            "the Burn engine does the work",
        ),
        (&["train", "--lr", "-0.1"], "must be above 0"),
        (&["train", "--l1", "-1"], "must be at least 0"),
        (&["train", "--l1", "1e308"], "l1 is 1e308"),
        (&["train", "--hidden", "-3"], "`-3` is no number of units"),
        (
            &["train", "--checkpoint-every", "-1"],
            "write seconds above 0",
        ),
        (&["train", "--data-seed", "-1"], "no whole number from 0"),
        (&["train", "--seed", "-1"], "write a whole number from 0"),
        (
            &["train", "--epochs", "-1"],
            "no number of epochs: write a whole number",
        ),
        (
            &["train", "--batch", "-1"],
            "no number of examples: write a whole number",
        ),
        (
            &["train", "--patience", "-1"],
            "no number of epochs: write a whole number",
        ),
        (
            &["bench", "--rounds", "-1"],
            "no number of rounds: write a whole number",
        ),
        (
            &["experiment", "run", "figure3", "--jobs", "-1"],
            "no number of cells",
        ),
        (&["train", "--threads", "1000"], "at least 1 and at most"),
        (&["train", "--threads", "0"], "at least 1 and at most"),
        (&["train", "--threads", "100000"], "at least 1 and at most"),
    ] {
        let error = fails(folder, 2, args);
        assert!(error.contains(part), "{args:?}: no {part:?} in {error}");
    }
    let error = fails(folder, 1, &["eval", "run", "--text-column", "nope"]);
    assert!(error.contains("no column \"nope\""), "{error}");
    let plan = fails(
        folder,
        0,
        &["recipe", "show", "--hidden", "8,8,8", "--l1", "0,0,1e-4"],
    );
    assert!(plan.is_empty());
    assert!(!folder.join("runs").exists());
}

/// A model file with its header changed by `change`, and the first tensor's first number by `number`.
fn changed(folder: &Path, out: &str, change: impl Fn(&str) -> String, number: Option<f32>) {
    let bytes = std::fs::read(folder.join("g/model.safetensors")).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header = change(std::str::from_utf8(&bytes[8..8 + length]).unwrap()).into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut body = bytes[8 + length..].to_vec();
    if let Some(number) = number {
        body[..4].copy_from_slice(&number.to_le_bytes());
    }
    let length = (header.len() as u64).to_le_bytes();
    write(folder, out, [&length[..], &header, &body].concat());
}

#[test]
fn nonsense_is_no_answer() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    glyphs(folder, "g");
    changed(folder, "nan.safetensors", str::to_string, Some(f32::NAN));
    changed(
        folder,
        "shape.safetensors",
        |header| {
            let other = header.replace(r#"\"shape\":[32,32]"#, r#"\"shape\":[10,10]"#);
            assert!(other != header, "{header}");
            other
        },
        None,
    );
    let floats = |value: f32| value.to_le_bytes().repeat(1024);
    write(folder, "bytes.raw", [128; 1024]);
    write(folder, "four.raw", [128; 4096]);
    write(folder, "text.png", [b'x'; 1024]);
    write(folder, "nan.f32", floats(f32::NAN));
    write(folder, "bright.f32", floats(100.0));
    ok(folder, &["predict", "g", "bytes.raw"]);
    for (args, part) in [
        (
            &["predict", "nan.safetensors", "bytes.raw"][..],
            "holds NaN at place 0",
        ),
        (&["eval", "nan.safetensors"], "holds NaN at place 0"),
        (&["thresholds", "nan.safetensors"], "holds NaN at place 0"),
        (
            &["predict", "shape.safetensors", "bytes.raw"],
            "has the shape [10, 10]",
        ),
        (&["predict", "g", "text.png"], "no picture that can be read"),
        (
            &["predict", "g", "nan.f32"],
            "it holds NaN, where the network takes numbers from 0 to 1",
        ),
        (&["predict", "g", "bright.f32"], "it holds 100, where"),
        (
            &["predict", "g", "four.raw"],
            "holds 4096 numbers, an input has 1024",
        ),
        (
            &["results", "table", "--folder", "TYPO", "--write", "page.md"],
            "no such folder",
        ),
    ] {
        write(folder, "page.md", "a page");
        let output = command(folder, args).output().unwrap();
        let error = text(&output.stderr);
        assert!(
            matches!(output.status.code(), Some(1 | 2)),
            "{args:?}: {error}"
        );
        assert!(
            error.contains(part) && !error.contains("panicked"),
            "{args:?}: no {part:?} in {error}"
        );
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    assert_eq!(std::fs::read(folder.join("page.md")).unwrap(), b"a page");
}

fn idx(sides: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sides.len() as u8];
    sides
        .iter()
        .for_each(|side| file.extend(side.to_be_bytes()));
    file.extend(bytes);
    file
}

#[test]
fn labels_in_order_of_one_class_or_from_one_are_seen() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    // The brightness is the class.
    let sorted: Vec<u8> = (0..90).map(|place| place / 30).collect();
    let pixels: Vec<u8> = sorted.iter().flat_map(|class| [class * 100; 16]).collect();
    write(folder, "images", idx(&[90, 4, 4], &pixels));
    write(folder, "sorted", idx(&[90], &sorted));
    write(folder, "one", idx(&[90], &[3; 90]));
    let from_one: Vec<u8> = sorted.iter().map(|class| class + 1).collect();
    write(folder, "from-one", idx(&[90], &from_one));
    let train = |labels: &str| {
        let mut command = command(folder, &["train", "--images", "images", "--labels", labels]);
        command.args([
            "--hidden",
            "8",
            "--epochs",
            "20",
            "--batch",
            "4",
            "--threads",
            "1",
        ]);
        command.args(["--json", "--out", &format!("{labels}-run")]);
        command
    };
    // Each part has its share of each class, drawn by the seed.
    let result = json(&mut train("sorted"));
    assert_eq!(result["test_error"], 0.0);
    let check = ok(
        folder,
        &[
            "data", "check", "idx", "--images", "images", "--labels", "sorted",
        ],
    );
    assert!(
        check.contains("test      15 examples of [4, 4], 3 classes with 5 to 5"),
        "{check}"
    );
    let error = ends(&mut train("one"), 1);
    assert!(error.contains("every example has the label 3"), "{error}");
    let said = ends(&mut train("from-one"), 0);
    assert!(
        said.contains("no example of the training part is of class 0 (of 4"),
        "{said}"
    );

    // Zeros behind a gzip stream, as tapes leave them, are told and not damage.
    write(folder, "t.csv", reviews("great", "awful"));
    ends(
        &mut shell(folder, "gzip -k t.csv && head -c 512 /dev/zero >> t.csv.gz"),
        0,
    );
    let said = ends(&mut train_reviews(folder, "t.csv.gz", "gz", &[]), 0);
    assert!(
        said.contains("zeros follow the end of its gzip stream"),
        "{said}"
    );
}

#[test]
fn text_is_read_as_people_have_it() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    // The same words, composed and decomposed; a soft hyphen; an apostrophe; markup.
    for (name, cafe, resume) in [
        ("nfc", "caf\u{e9}", "r\u{e9}sum\u{e9}"),
        ("nfd", "cafe\u{301}", "re\u{301}sume\u{301}"),
    ] {
        let rows = (0..60).fold("text,stars\n".to_string(), |all, row| {
            all + &format!(
                "{cafe} {resume} हिन्दी deli\u{ad}cious didn’t<br />nice &amp; {row},{}\n",
                row % 5 + 1
            )
        });
        write(folder, name, rows);
        let said = ends(
            &mut train_reviews(folder, name, &format!("{name}-run"), &[]),
            0,
        );
        assert!(
            said.contains("markup such as <br /> or &amp; was taken out of 60 texts"),
            "{said}"
        );
        let mut predict = command(
            folder,
            &["predict", &format!("{name}-run"), "--json", "--words", "99"],
        );
        let known = "caf\u{e9} re\u{301}sum\u{e9} हिन्दी delicious didn't nice amp br".to_string();
        let answer = json(predict.args(["--text", &known]));
        assert_eq!(
            answer["unknown"],
            serde_json::json!(["amp", "br"]),
            "{answer}"
        );
    }

    let curly = |bytes: &[u8]| [b"text,stars\n", bytes].concat();
    let rows = b"it didn\x92t,3\nnor caf\xe9,4\n".repeat(20);
    write(folder, "windows", curly(&rows));
    let error = ends(&mut train_reviews(folder, "windows", "x", &[]), 1);
    assert!(
        error.contains("line 2") && error.contains("cp1252"),
        "{error}"
    );
    let error = ends(
        &mut train_reviews(folder, "windows", "x", &["--encoding", "latin1"]),
        1,
    );
    assert!(error.contains("name the encoding cp1252"), "{error}");
    ends(
        &mut train_reviews(folder, "windows", "cp", &["--encoding", "cp1252"]),
        0,
    );

    write(
        folder,
        "star",
        "text,stars\r\n\r\n\r\na,3\r\nb,4\r\nc,9\r\n",
    );
    write(
        folder,
        "array.json",
        format!("[{}]", vec![r#"{"text": "a", "stars": 3}"#; 9999].join(",")),
    );
    write(folder, "twice", "text,stars,stars\na,3,4\n");
    write(
        folder,
        "twice.jsonl",
        "{\"text\": \"a\", \"stars\": 3, \"stars\": 4}\n",
    );
    let blank = (0..99).fold("text,stars,none\n".to_string(), |all, row| {
        all + &format!("{row},3,\n")
    });
    write(folder, "blank", blank);
    for (file, more, part) in [
        ("star", &[][..], "line 6: 9 stars"),
        ("array.json", &[], "give JSON lines, one object a line"),
        ("twice", &[], "two columns are named \"stars\""),
        ("twice.jsonl", &[], "line 1: two fields are named \"stars\""),
        (
            "blank",
            &["--text-column", "none"],
            "99 of 99 texts are empty: is \"none\" the column",
        ),
        ("/dev/zero", &[], "a device or a pipe"),
    ] {
        let error = ends(&mut train_reviews(folder, file, "x", more), 1);
        assert!(
            error.contains(part) && error.len() < 1000,
            "{file}: no {part:?} in {error}"
        );
    }

    let recipe = ok(
        folder,
        &["recipe", "show", "--examples", "620", "--hidden", "4"],
    );
    write(folder, "mark.json", format!("\u{feff}{recipe}"));
    ok(folder, &["recipe", "check", "mark.json"]);
}

/// A PNG of 32 x 32 pixels of one colour.
fn picture(
    folder: &Path,
    name: &str,
    colour: png::ColorType,
    pixel: &[u8],
    (width, height): (u32, u32),
) {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(colour);
    let mut writer = encoder.write_header().unwrap();
    writer
        .write_image_data(&pixel.repeat((width * height) as usize))
        .unwrap();
    writer.finish().unwrap();
    write(folder, name, bytes);
}

#[test]
fn pictures_are_taken_or_told() {
    use png::ColorType::{Grayscale, Rgb, Rgba};
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    glyphs(folder, "g");
    picture(folder, "dark.png", Grayscale, &[0], (32, 32));
    picture(folder, "light.png", Grayscale, &[255], (32, 32));
    picture(folder, "wide.png", Grayscale, &[0], (112, 28));
    picture(folder, "clear.png", Rgba, &[255, 255, 255, 0], (32, 32));
    picture(folder, "red.png", Rgb, &[255, 0, 0], (32, 32));
    write(folder, "bad.png", "no picture");
    let predict = |files: &[&str], code: i32| {
        let output = command(folder, &[&["predict", "g"], files].concat())
            .output()
            .unwrap();
        (checked(&output, code), text(&output.stdout))
    };
    let (said, _) = predict(&["dark.png"], 0);
    assert!(said.is_empty(), "{said}");
    for (file, hint) in [
        ("light.png", "its border is bright"),
        ("wide.png", "112x28 pixels, which were stretched to 32x32"),
        ("clear.png", "transparent in places"),
    ] {
        let (said, _) = predict(&[file], 0);
        assert!(
            said.contains(&format!("hint: {file}: ")) && said.contains(hint),
            "{said}"
        );
    }
    let (said, _) = predict(&["light.png", "--invert"], 0);
    assert!(said.is_empty(), "{said}");
    let (said, told) = predict(&["dark.png", "bad.png", "red.png"], 1);
    assert!(
        said.contains("bad.png: no picture") && said.contains("1 input could not be read"),
        "{said}"
    );
    assert!(
        told.contains("dark.png: ") && told.contains("red.png: "),
        "{told}"
    );

    // A network of colours takes them.
    for (class, pixel) in [("red", [255, 0, 0]), ("blue", [0, 0, 255])] {
        std::fs::create_dir_all(folder.join("pics").join(class)).unwrap();
        for place in 0..9 {
            picture(
                folder,
                &format!("pics/{class}/{place}.png"),
                Rgb,
                &pixel,
                (4, 4),
            );
        }
    }
    let mut train = command(
        folder,
        &["train", "--dir", "pics", "--hidden", "4", "--epochs", "20"],
    );
    ends(
        train.args([
            "--data",
            "images",
            "--batch",
            "4",
            "--threads",
            "1",
            "--quiet",
            "--out",
            "c",
        ]),
        0,
    );
    let told = ok(folder, &["predict", "c", "red.png", "--top", "1"]);
    assert!(told.starts_with("red.png: red "), "{told}");
}

#[test]
fn the_command_is_a_good_neighbour() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    // A reader that has enough ends nobody by a panic.
    let said = ends(
        &mut shell(folder, "$R completions bash | head -1 >/dev/null"),
        0,
    );
    assert!(said.is_empty(), "{said}");
    let list = ok(folder, &["data", "list", "--offline"]);
    for set in ["restaurants", "amazon", "norb"] {
        assert!(!list.contains(&format!("data fetch {set}`")), "{list}");
    }

    // A closed terminal saves, as SIGTERM does, and what is said then runs as it is printed.
    let name = OsStr::from_bytes(b"-a \xff'b");
    let out = [b"--out=", name.as_bytes()].concat();
    let mut long = command(folder, &ENDLESS);
    let child = long
        .arg(OsStr::from_bytes(&out))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let history = folder.join(name).join("history.jsonl");
    let epochs = || std::fs::read_to_string(&history).map_or(0, |text| text.lines().count());
    let said = signalled(child, "-HUP", 129, || epochs() > 0);
    let go_on = said
        .trim_end()
        .rsplit_once("go on with: rectifier ")
        .unwrap()
        .1;
    let before = epochs();
    let mut again = Command::new("bash");
    again.args(["-c", &format!("exec \"$R\" {go_on} --quiet")]);
    again.env("R", support::RECTIFIER).current_dir(folder);
    let child = again.stderr(Stdio::piped()).spawn().unwrap();
    signalled(child, "-TERM", 143, || epochs() > before);
}

/// A run without an end in sight.
const ENDLESS: [&str; 10] = [
    "train",
    "--examples",
    "620",
    "--hidden",
    "16",
    "--threads",
    "1",
    "--epochs",
    "100000",
    "--quiet",
];

/// What a run says that is sent `signal` once it is `ready`, and ends with `code`.
fn signalled(child: Child, signal: &str, code: i32, ready: impl FnMut() -> bool) -> String {
    wait_until("the run is under way", ready);
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([signal, &id])
            .status()
            .unwrap()
            .success()
    );
    let said = checked(&child.wait_with_output().unwrap(), code);
    assert!(said.contains("everything is saved"), "{said}");
    said
}

#[test]
fn limits_of_a_machine_are_errors() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    glyphs(folder, "g");
    let claim = [&90_000_000u64.to_le_bytes()[..], &[b' '; 1000]].concat();
    write(folder, "claim.safetensors", claim);
    std::fs::File::create(folder.join("vast.safetensors"))
        .unwrap()
        .set_len(3 << 30)
        .unwrap();
    let start = std::time::Instant::now();
    for (args, part) in [
        (&["eval", "/dev/zero"][..], "not a regular file"),
        (&["predict", "g", "/dev/zero"], "a device or a pipe"),
        (&["predict", "g", "."], "it is a folder"),
        (
            &["eval", "claim.safetensors"],
            "not a whole safetensors file",
        ),
        (
            &["eval", "vast.safetensors"],
            "not a whole safetensors file",
        ),
        (&["recipe", "check", "/dev/zero"], "is this a recipe?"),
        (&["train", "--recipe", "/dev/zero"], "is this a recipe?"),
        (
            &["train", "--hidden", "200000,200000"],
            "more than there is",
        ),
        (&["train", "--resume", "empty"], "no run in this folder"),
        (&["report", "empty"], "no run in this folder"),
    ] {
        std::fs::create_dir_all(folder.join("empty")).unwrap();
        let output = command(folder, args).output().unwrap();
        let error = text(&output.stderr);
        assert!(
            matches!(output.status.code(), Some(1 | 2)),
            "{args:?}: {error}"
        );
        assert!(
            error.contains(part) && !error.contains("panicked"),
            "{args:?}: no {part:?} in {error}"
        );
    }
    assert!(start.elapsed().as_secs() < 60);

    // A limit on the size of files ends in an error, which leaves the page as it was and nothing beside it.
    let page = std::fs::read(folder.join("g/report.html")).unwrap();
    let output = shell(folder, "ulimit -f 1; exec $R report g")
        .output()
        .unwrap();
    assert_eq!(output.status.signal(), None);
    assert!(checked(&output, 1).contains("ulimit -f"));
    assert!(std::fs::read(folder.join("g/report.html")).unwrap() == page);
    let left = std::fs::read_dir(folder.join("g")).unwrap();
    let partial = |name: &str| name.contains("partial");
    assert!(
        !left
            .map(|file| file.unwrap().file_name())
            .any(|name| partial(&name.to_string_lossy()))
    );

    // A run whose folder is removed says so.
    let mut long = command(folder, &ENDLESS);
    long.args(["--out", "gone", "--checkpoint-every", "0.1"]);
    let child = long.stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the run is under way", || {
        folder.join("gone/model.safetensors").is_file()
    });
    std::fs::rename(folder.join("gone"), folder.join("moved")).unwrap();
    let error = checked(&child.wait_with_output().unwrap(), 1);
    assert!(
        error.contains("folder was removed or renamed while the run went on"),
        "{error}"
    );
}
