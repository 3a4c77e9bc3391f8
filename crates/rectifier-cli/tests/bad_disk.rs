//! Disks that are full, read-only or limited: an error that names cause and cure, and nothing written is lost.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::process::Command;
use support::{end_of, ends, json, progress, shell, skipped, tensors, tiny_plan};

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
fn a_limit_on_the_size_of_files_is_an_error_of_every_command() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let train = "exec $R train --examples 62 --hidden 4 --epochs 1 --out run --quiet";
    ends(&mut shell(folder, train), 0);
    for writes in ["report run --out page.html", "results add run one"] {
        let script = format!("ulimit -f 0; exec $R {writes}");
        let error = ends(&mut shell(folder, &script), 1);
        assert!(error.contains("ulimit -f"), "{writes}: {error}");
    }
    assert!(!folder.join("page.html").exists() && !folder.join("results/runs/one").exists());
    let left = std::fs::read_dir(folder).unwrap().flatten();
    assert!(
        left.into_iter()
            .all(|entry| !entry.file_name().to_string_lossy().starts_with(".partial-"))
    );
}

#[test]
fn a_limit_on_open_files_is_named_with_its_cure_and_keeps_nothing_from_a_second_try() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let train = "exec $R train --examples 62 --hidden 4 --epochs 1 --threads 1 --out run --quiet";
    let mut refused = 0;
    for limit in 4..16 {
        // What a try leaves is begun again or gone on with.
        let command = match folder.join("run/run.json").exists() {
            true => "exec $R train --resume run --quiet",
            false => train,
        };
        let output = shell(folder, &format!("ulimit -n {limit}; {command}"))
            .output()
            .unwrap();
        if output.status.code() == Some(0) {
            break;
        }
        let error = support::checked(&output, 1);
        assert!(error.contains("Too many open files"), "{limit}: {error}");
        assert!(error.contains("ulimit -n"), "{limit}: {error}");
        refused += 1;
    }
    assert!(refused > 3, "{refused}");
    assert!(folder.join("run/summary.json").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_system_without_threads_is_named() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    // Room for the program and its data, not for the stack of a thread.
    let script = "ulimit -v 400000; export RUST_MIN_STACK=536870912;
        exec $R train --examples 62 --hidden 4 --epochs 1 --threads 1 --out run";
    let error = ends(&mut shell(folder, script), 1);
    for part in [
        "the system gives no more threads",
        "`ulimit -u`",
        "`ulimit -v`",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    assert!(!folder.join("run").exists());
}

#[test]
fn a_folder_that_goes_away_in_mid_run_is_named_with_its_cure() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let train = "train --examples 620 --hidden 16 --epochs 100000 --checkpoint-every 0.05 --threads 1 --quiet";
    let script = format!(
        "$R {train} --out run & child=$!
        until [ -e run/checkpoint.previous.safetensors ]; do sleep 0.02; done
        mv run moved; wait $child"
    );
    let error = ends(&mut shell(folder, &script), 1);
    assert!(
        error.contains("run: the run's folder was removed or renamed")
            && error.contains("--resume"),
        "{error}"
    );
    assert!(!error.contains("is the name right"), "{error}");
    // What it had saved is there under the other name.
    let before = progress(&folder.join("moved"));
    let script =
        "$R train --resume moved --quiet & child=$!; sleep 1; kill -TERM $child; wait $child";
    let said = ends(&mut shell(folder, script), 143);
    assert!(said.contains("everything is saved"), "{said}");
    let after = progress(&folder.join("moved"));
    assert!(after["epoch"].as_u64() >= before["epoch"].as_u64());
}

#[test]
fn a_disk_that_becomes_read_only_in_mid_run_keeps_what_was_saved() {
    let place = tempfile::tempdir().unwrap();
    let train = "train --examples 620 --hidden 16 --epochs 100000 --checkpoint-every 0.05 --threads 1 --quiet";
    // A second mount of the same disk, read-only, over the first: files that are open stay so, new ones are refused.
    let script = format!(
        "$R {train} --out disk/run & child=$!;
        until [ -e disk/run/checkpoint.previous.safetensors ]; do sleep 0.02; done;
        mount --bind disk/run disk/run && mount -o remount,bind,ro disk/run;
        wait $child; code=$?; cp -r disk/run kept; exit $code"
    );
    let Some(mut train) = with_disk(place.path(), "size=4m", &script) else {
        return;
    };
    let error = ends(&mut train, 1);
    for part in [
        "disk/run/",
        "Read-only file system",
        "write to another place",
        "--resume",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    assert!(progress(&place.path().join("kept"))["epoch"].as_u64() > Some(0));
}

#[test]
fn output_that_nothing_takes_does_not_cost_the_run() {
    if !Path::new("/dev/full").exists() {
        skipped("there is no /dev/full");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let train = "train --examples 62 --hidden 4 --epochs 2 --threads 1 --seed 3";
    for (run, to, code) in [
        ("whole", "", 0),
        ("full", "> /dev/full", 1),
        ("closed", ">&-", 0),
        ("unheard", "2> /dev/full", 0),
        ("alone", ">&- 2>&- <&-", 0),
    ] {
        let script = format!("exec $R {train} --out {run} {to}");
        let error = ends(&mut shell(folder, &script), code);
        assert_eq!(
            error.contains("standard output: "),
            code == 1,
            "{run}: {error}"
        );
        assert!(
            end_of(&folder.join(run)) == end_of(&folder.join("whole")),
            "{run}"
        );
    }
}

#[test]
fn output_that_nothing_takes_is_a_failure() {
    if !Path::new("/dev/full").exists() {
        skipped("there is no /dev/full");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let error = ends(
        &mut shell(place.path(), "exec $R models kinds > /dev/full"),
        1,
    );
    assert!(
        error.contains("standard output") && error.contains("the disk is full"),
        "{error}"
    );
    // A reader that has seen enough is none.
    let status = shell(place.path(), "$R models kinds | head -1")
        .output()
        .unwrap()
        .status;
    assert_eq!(status.code(), Some(0));
}

/// What an error for want of memory must say.
#[cfg(target_os = "linux")]
fn is_word_on_memory(error: &str) {
    for part in [
        "error: the system refused ",
        " bytes of memory",
        "a smaller --batch, a smaller network or fewer examples",
        "`ulimit -v`",
        "what a run has saved is whole; go on with: rectifier train --resume RUN",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_network_that_memory_has_no_room_for_is_an_error_with_a_cure() {
    let place = tempfile::tempdir().unwrap();
    let train = "exec $R train --examples 620 --hidden 3000,3000 --epochs 1 --quiet --out run";
    for engine in ["sparse --threads 1", "burn"] {
        let script = format!("ulimit -v 300000; {train} --engine {engine}");
        let error = ends(&mut shell(place.path(), &script), 1);
        is_word_on_memory(&error);
        let _ = std::fs::remove_dir_all(place.path().join("run"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn memory_that_is_refused_in_mid_run_costs_nothing_that_was_saved() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    // A history that grows by thousands of epochs a second.
    let plan = tiny_plan(1_000_000).replace("\"train\": 310", "\"train\": 62");
    std::fs::write(folder.join("plan.json"), plan).unwrap();
    // Below what is in use: whatever is asked for beyond it is refused.
    let script = "command -v prlimit > /dev/null || exit 77
        $R train --recipe plan.json --checkpoint-every 0.05 --threads 1 --quiet --out run & child=$!
        until [ -e run/checkpoint.previous.safetensors ]; do sleep 0.02; done
        prlimit --pid $child --as=50000000; wait $child";
    let output = shell(folder, script).output().unwrap();
    if output.status.code() == Some(77) {
        skipped("there is no prlimit");
        return;
    }
    let error = support::checked(&output, 1);
    is_word_on_memory(&error);
    let before = progress(&folder.join("run"));
    let script =
        "$R train --resume run --quiet & child=$!; sleep 1; kill -TERM $child; wait $child";
    let said = ends(&mut shell(folder, script), 143);
    assert!(said.contains("everything is saved"), "{said}");
    let after = progress(&folder.join("run"));
    let place = |progress: &serde_json::Value| {
        ["stage", "epoch"].map(|field| progress[field].as_u64().unwrap())
    };
    assert!(place(&after) > place(&before), "{before} {after}");
}

#[cfg(target_os = "linux")]
#[test]
fn any_other_abort_is_still_one() {
    let place = tempfile::tempdir().unwrap();
    let script = "$R train --examples 620 --hidden 16 --epochs 100000 --threads 1 --quiet --out run & child=$!
        until [ -e run/run.json ]; do sleep 0.02; done; kill -ABRT $child; wait $child";
    let error = ends(&mut shell(place.path(), script), 134);
    assert!(!error.contains("memory"), "{error}");
}
