//! Without a network: the first command that anybody types needs none, and asks for none.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod support;

use std::process::Command;
use support::{RECTIFIER, checked, last_json, skipped, text};

/// The command in a network namespace of its own, which holds nothing but a loopback interface that is down.
fn without_a_network(args: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    // As a user of its own, who need not be root to have a namespace.
    command.args(["--user", "--map-root-user", "--net", "--", RECTIFIER]);
    command.args(args);
    command
}

#[test]
fn training_on_the_embedded_data_needs_no_network() {
    let allowed = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--net",
            "--",
            "grep",
            "-c",
            ":",
            "/proc/net/dev",
        ])
        .output();
    match allowed {
        // Its own loopback interface, and no other.
        Ok(output) if output.status.success() => assert_eq!(text(&output.stdout), "1\n"),
        _ => return skipped("this system gives no network namespace"),
    }
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let run = |args: &[&str]| {
        let mut command = without_a_network(args);
        command
            .current_dir(folder)
            .env_remove("RECTIFIER_DATA")
            .env("XDG_CACHE_HOME", folder.join("cache"));
        command.output().unwrap()
    };
    let train = "train --examples 620 --hidden 16 --epochs 1 --threads 1 --out run --json";
    let output = run(&train.split(' ').collect::<Vec<_>>());
    checked(&output, 0);
    assert_eq!(last_json(&text(&output.stdout))["epochs"], 1);
    for args in [
        &["eval", "run"][..],
        &["report", "run"],
        &["doctor", "--json"],
    ] {
        checked(&run(args), 0);
    }
    assert!(!folder.join("cache").exists());
    // What is asked to fetch says that it could not.
    let error = checked(&run(&["data", "fetch", "mnist"]), 1);
    assert!(error.contains("mnist"), "{error}");
}
