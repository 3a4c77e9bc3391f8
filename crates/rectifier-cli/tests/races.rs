//! Several processes in one place.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use rectifier_experiments::SweepFolder;
use std::process::Stdio;
use support::{checked, command, ok, text, timeless};

/// Shares of one sweep side by side, and two processes that ask for the same share.
#[test]
fn processes_share_a_sweep_and_make_each_record_once() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let run = |to| {
        let fixed = ["experiment", "run", "figure3", "--preset", "smoke"];
        [&fixed[..], &["--jobs", "1", "--folder", to]].concat()
    };
    ok(folder, &run("alone"));
    let start = |share: &str| {
        let args = [&run("together")[..], &["--shard", share]].concat();
        let mut one = command(folder, &args);
        one.stdout(Stdio::piped()).stderr(Stdio::piped());
        one.spawn().unwrap()
    };
    let shares = ["1/3", "2/3", "3/3", "1/3"];
    let begun = shares.map(|share| (share, start(share)));
    let (mut made, mut refused) = (0, 0);
    for (share, one) in begun {
        let output = one.wait_with_output().unwrap();
        if output.status.code() == Some(1) {
            let told = checked(&output, 1);
            assert!(told.contains("is running in this folder"), "{told}");
            assert_eq!(share, "1/3");
            refused += 1;
            continue;
        }
        checked(&output, 0);
        let told = text(&output.stdout);
        let now = told
            .rsplit_once(" of them now")
            .and_then(|(before, _)| before.rsplit(' ').next()?.parse::<usize>().ok());
        made += now.unwrap_or_else(|| panic!("how many are told: {told}"));
    }
    assert!(refused <= 1);
    let [alone, together] =
        ["alone", "together"].map(|name| SweepFolder::of(&folder.join(name), "figure3"));
    let (one, all) = (alone.records().unwrap(), together.records().unwrap());
    assert_eq!(timeless(&one), timeless(&all));
    assert_eq!(made, all.iter().count(), "no cell was trained twice");
    // Whoever was last wrote the report of all of them.
    ok(
        folder,
        &[
            "experiment",
            "report",
            "figure3",
            "--preset",
            "smoke",
            "--folder",
            "together",
        ],
    );
    for table in ["table.md", "table.csv"] {
        let [one, all] = [&alone, &together]
            .map(|sweep| std::fs::read_to_string(sweep.path().join(table)).unwrap());
        assert_eq!(one, all);
    }
}
