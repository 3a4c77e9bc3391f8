//! Disks that are full, read-only or limited: an error that names cause and cure, and nothing written is lost.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::process::Command;
use support::{end_of, ends, json, progress, shell, skipped, tensors};

/// Runs `script` with a disk of its own mounted at `disk`, `options` as `mount -o` takes them; `None`, aloud, where the
/// system does not let us.
fn with_disk(folder: &Path, options: &str, script: &str) -> Option<Command> {
    std::fs::create_dir_all(folder.join("disk")).unwrap();
    let mount = format!("mount -t tmpfs -o {options} none disk");
    let within = |script: &str| {
        let mut command = shell(
            folder,
            &format!("exec unshare -rm sh -c '{mount} && {script}'"),
        );
        command.env("TMPDIR", folder);
        command
    };
    match within("true").output() {
        Ok(output) if output.status.success() => Some(within(script)),
        _ => {
            skipped("this system mounts no disk for its users");
            None
        }
    }
}

#[test]
fn a_full_disk_ends_the_run_but_takes_nothing_from_it() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let train = "train --examples 310 --hidden 24,16 --epochs 3 --seed 2";
    json(&mut shell(
        folder,
        &format!("exec $R {train} --out whole --json"),
    ));
    // Model and checkpoint fit once, not while the next checkpoint is being written.
    let script =
        format!("$R {train} --out disk/run --quiet; code=$?; cp -r disk/run kept; exit $code");
    let Some(mut full) = with_disk(folder, "size=480k", &script) else {
        return;
    };
    let error = ends(&mut full, 1);
    for part in [
        "disk/run/",
        "No space left",
        "the disk is full: free some space",
        "go on with: rectifier train --resume disk/run",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    let kept = folder.join("kept");
    assert!(!tensors(&kept.join("model.safetensors")).unwrap().is_empty());
    assert_eq!(progress(&kept)["epoch"], 1);
    let left = std::fs::read_dir(&kept).unwrap().flatten();
    assert!(
        left.into_iter()
            .all(|entry| !entry.file_name().to_string_lossy().starts_with(".partial-"))
    );
    // With room again it comes to the same end.
    json(&mut shell(folder, "exec $R train --resume kept --json"));
    assert!(end_of(&kept) == end_of(&folder.join("whole")));
}

#[test]
fn a_disk_that_takes_nothing_is_named() {
    let place = tempfile::tempdir().unwrap();
    let train = "exec $R train --examples 62 --hidden 4 --epochs 1 --out disk/run";
    if let Some(mut train) = with_disk(place.path(), "ro", train) {
        let error = ends(&mut train, 1);
        assert!(
            error.contains("disk/run") && error.contains("write to another place with --out"),
            "{error}"
        );
    }
    let mut train = shell(
        place.path(),
        "exec $R train --examples 62 --hidden 4 --epochs 1 --out /dev/full/run",
    );
    let error = ends(&mut train, 1);
    assert!(error.contains("/dev/full/run"), "{error}");
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_not_an_end() {
    let place = tempfile::tempdir().unwrap();
    let script =
        "ulimit -f 100; exec $R train --examples 310 --hidden 24,16 --epochs 1 --out run --quiet";
    let error = ends(&mut shell(place.path(), script), 1);
    assert!(
        error.contains("checkpoint.safetensors") && error.contains("ulimit -f"),
        "{error}"
    );
}

#[test]
fn output_that_nothing_takes_is_a_failure() {
    if !Path::new("/dev/full").exists() {
        skipped("there is no /dev/full");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let error = ends(
        &mut shell(place.path(), "exec $R models list > /dev/full"),
        1,
    );
    assert!(
        error.contains("standard output") && error.contains("the disk is full"),
        "{error}"
    );
    // A reader that has seen enough is none.
    let status = shell(place.path(), "$R models list | head -1")
        .output()
        .unwrap()
        .status;
    assert_eq!(status.code(), Some(0));
}
