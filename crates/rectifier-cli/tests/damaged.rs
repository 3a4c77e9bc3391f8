//! Checkpoints that were damaged, cut or deleted: the one before is gone on from, or one cure is named.
#![allow(clippy::unwrap_used)]

mod support;

use rand::Rng;
use rectifier_data::random::stream;
use std::path::Path;
use support::{command, end_of, ends, ok, tiny_plan};

const LATEST: &str = "checkpoint.safetensors";
const PREVIOUS: &str = "checkpoint.previous.safetensors";

/// A finished run, and one without its result: its checkpoints stand at its end and a little before.
fn runs(folder: &Path) {
    std::fs::write(folder.join("plan.json"), tiny_plan(4)).unwrap();
    let args =
        "train --recipe plan.json --out whole --measure-every 3 --checkpoint-every 0.01 --quiet";
    ok(folder, &args.split(' ').collect::<Vec<_>>());
}

/// The run again as it was before its result was written.
fn again(folder: &Path) {
    let run = folder.join("run");
    let _ = std::fs::remove_dir_all(&run);
    std::fs::create_dir(&run).unwrap();
    for entry in std::fs::read_dir(folder.join("whole")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "summary.json" {
            std::fs::copy(entry.path(), run.join(entry.file_name())).unwrap();
        }
    }
}

/// Goes on with the run and says what it said on standard error.
fn resume(folder: &Path, code: i32) -> String {
    let args = ["train", "--resume", "run", "--quiet"];
    ends(&mut command(folder, &args), code)
}

/// As a run stands that was killed as it began: its identity is written first.
#[test]
fn a_run_without_its_plan_goes_on_from_its_identity() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    runs(folder);
    again(folder);
    let run = folder.join("run");
    for entry in std::fs::read_dir(&run).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "run.json" {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    resume(folder, 0);
    assert!(end_of(&run) == end_of(&folder.join("whole")));
}

#[test]
fn a_flipped_bit_costs_the_time_since_the_checkpoint_before() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    runs(folder);
    let bytes = std::fs::read(folder.join("whole").join(LATEST)).unwrap();
    let mut random = stream(17, &[]);
    for _ in 0..8 {
        again(folder);
        let bit = random.next_u64() as usize % (8 * bytes.len());
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(folder.join("run").join(LATEST), flipped).unwrap();
        let said = resume(folder, 0);
        assert!(said.contains(LATEST), "bit {bit}: {said}");
        assert!(
            said.contains("the run goes on from the checkpoint before it"),
            "bit {bit}: {said}"
        );
        assert!(end_of(&folder.join("run")) == end_of(&folder.join("whole")));
    }
}

#[test]
fn a_cut_or_deleted_checkpoint_costs_no_more() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    runs(folder);
    let bytes = std::fs::read(folder.join("whole").join(LATEST)).unwrap();
    for len in [
        Some(0),
        Some(7),
        Some(bytes.len() / 2),
        Some(bytes.len() - 1),
        None,
    ] {
        again(folder);
        let latest = folder.join("run").join(LATEST);
        match len {
            Some(len) => std::fs::write(&latest, &bytes[..len]).unwrap(),
            None => std::fs::remove_file(&latest).unwrap(),
        }
        let said = resume(folder, 0);
        assert!(
            said.contains("the run goes on from the checkpoint before it"),
            "{len:?}: {said}"
        );
        assert!(end_of(&folder.join("run")) == end_of(&folder.join("whole")));
    }
}

#[test]
fn where_no_checkpoint_is_left_the_model_is_and_the_cure_is_named() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    runs(folder);
    let model = |run: &str| std::fs::read(folder.join(run).join("model.safetensors")).unwrap();
    again(folder);
    for name in [LATEST, PREVIOUS] {
        std::fs::write(folder.join("run").join(name), "no checkpoint").unwrap();
    }
    let said = resume(folder, 1);
    assert!(
        said.contains("begin the run again in another folder") && said.contains(LATEST),
        "{said}"
    );
    assert!(!said.contains("go on with:"), "{said}");
    for name in [LATEST, PREVIOUS] {
        std::fs::remove_file(folder.join("run").join(name)).unwrap();
    }
    let said = resume(folder, 1);
    assert!(
        said.contains("its checkpoint is gone: put it back") && said.contains(LATEST),
        "{said}"
    );
    assert!(model("run") == model("whole"));
}
