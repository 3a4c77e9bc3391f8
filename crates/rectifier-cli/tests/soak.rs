//! A sweep of two hundred short runs in one process: it needs no more memory, files or threads at its end than at its beginning.
//! Minutes long, so it is run by name: `cargo test --workspace --test soak -- --ignored --nocapture`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod support;

use rectifier_experiments::SweepFolder;
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::command;

const RUNS: usize = 200;

/// What a process holds: KB in memory, open files, threads.
fn held(process: u32) -> Option<(u64, usize, usize)> {
    let place = |name: &str| format!("/proc/{process}/{name}");
    let status = std::fs::read_to_string(place("status")).ok()?;
    let memory = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let memory = memory.trim().trim_end_matches(" kB").parse().ok()?;
    let count = |name: &str| std::fs::read_dir(place(name)).map(Iterator::count).ok();
    Some((memory, count("fd")?, count("task")?))
}

#[test]
#[ignore = "takes minutes"]
#[allow(clippy::print_stderr)]
fn two_hundred_short_runs_leave_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let seeds: Vec<String> = (1..=RUNS).map(|seed| seed.to_string()).collect();
    let sweep = format!(
        r#"{{"name": "soak", "base": {}, "axes": {{"recipe.seed": [{}]}}}}"#,
        support::tiny_plan(2).replace(r#""kind": "momentum", "momentum": 0.5"#, r#""kind": "sgd""#),
        seeds.join(", ")
    );
    std::fs::write(folder.join("soak.json"), sweep).unwrap();
    let args = [
        "experiment",
        "run",
        "--sweep",
        "soak.json",
        "--folder",
        "kept",
        "--jobs",
        "2",
        "--quiet",
    ];
    let begun = Instant::now();
    let mut child = command(folder, &args)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let records = SweepFolder::of(&folder.join("kept"), "soak").records_path();
    let done = || std::fs::read_dir(&records).map_or(0, Iterator::count);
    let mut seen: Vec<(usize, (u64, usize, usize))> = Vec::new();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if let Some(held) = held(child.id()) {
            seen.push((done(), held));
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(status.success(), "{status}");
    assert_eq!(done(), RUNS);
    // The most of each while the sweep was in a stretch of its runs: the first tenth is not yet warm.
    let most = |from: usize, to: usize| {
        let within = seen.iter().filter(|(done, _)| (from..to).contains(done));
        within.fold((0, 0, 0), |(memory, files, threads), (_, held)| {
            (memory.max(held.0), files.max(held.1), threads.max(held.2))
        })
    };
    let (early, late) = (most(RUNS / 10, RUNS / 2), most(RUNS / 2, RUNS));
    eprintln!(
        "| {RUNS} runs in {} s | {} MB, {} files, {} threads | {} MB, {} files, {} threads |",
        begun.elapsed().as_secs(),
        early.0 / 1024,
        early.1,
        early.2,
        late.0 / 1024,
        late.1,
        late.2
    );
    assert!(late.0 < early.0 + early.0 / 10 + 8192, "{early:?} {late:?}");
    assert!(
        late.1 <= early.1 + 2 && late.2 <= early.2 + 2,
        "{early:?} {late:?}"
    );
}
