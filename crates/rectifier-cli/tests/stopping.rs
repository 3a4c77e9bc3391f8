//! Runs that are stopped, and go on to the end that they would have come to.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use rand::Rng;
use rectifier_data::random::stream;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::{
    checked, command, end_of, ends, progress, shell, skipped, tensors, tiny_plan, wait_until,
};

fn signal(name: &str, child: &Child) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// A finished run of `plan`, to compare with.
fn whole(folder: &Path, epochs: usize) {
    std::fs::write(folder.join("plan.json"), tiny_plan(epochs)).unwrap();
    let args = [
        "train",
        "--recipe",
        "plan.json",
        "--out",
        "whole",
        "--measure-every",
        "3",
        "--quiet",
    ];
    ends(&mut command(folder, &args), 0);
}

#[test]
fn interrupted_and_terminated_runs_save_say_how_to_go_on_and_end_the_same() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    whole(folder, 60);
    let mut random = stream(5, &[]);
    let mut script =
        "exec \"$R\" train --recipe plan.json --out 'a run' --measure-every 3".to_string();
    let (mut stops, mut inside) = (0, 0);
    loop {
        let mut child = shell(folder, &script)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It is at work once it tells of an epoch; then some part of the next one goes by.
        let mut told = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("epoch") && told.read_line(&mut line).unwrap() > 0 {
            if !line.starts_with("epoch") {
                line.clear();
            }
        }
        std::thread::sleep(Duration::from_micros(random.next_u64() % 30_000));
        let (name, code) = [("INT", 130), ("TERM", 143)][stops % 2];
        if child.try_wait().unwrap().is_none() {
            signal(name, &child);
        }
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut told, &mut rest).unwrap();
        let status = child.wait().unwrap();
        if status.code() == Some(0) {
            break;
        }
        assert_eq!(status.code(), Some(code), "{rest}");
        assert!(rest.contains("everything is saved"), "{rest}");
        let (_, go_on) = rest.split_once("go on with: rectifier ").unwrap();
        script = format!("exec \"$R\" {}", go_on.trim());
        assert!(script.contains("--resume 'a run'"), "{script}");
        inside += usize::from(progress(&folder.join("a run"))["step"] != 0);
        stops += 1;
        assert!(stops < 100, "the run does not get on");
    }
    assert!(
        stops >= 4 && inside >= 1,
        "{stops} stops, {inside} inside an epoch"
    );
    assert!(end_of(&folder.join("a run")) == end_of(&folder.join("whole")));
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    // One step takes long enough for two signals, unless they come at its end: then the first has done its work.
    for attempt in 0..20 {
        let run = format!("run{attempt}");
        let args = format!(
            "train --examples 620 --batch 620 --hidden 1500,1500 --epochs 50 --engine burn --out {run}"
        );
        let args: Vec<&str> = args.split(' ').collect();
        let child = command(folder, &args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let child = child.unwrap();
        let checkpoint = folder.join(run).join("checkpoint.safetensors");
        wait_until("it is saved once", || checkpoint.exists());
        signal("INT", &child);
        // Time enough for the first to be taken, too little for what is saved then.
        std::thread::sleep(Duration::from_millis(3));
        signal("INT", &child);
        let stderr = checked(&child.wait_with_output().unwrap(), 130);
        assert!(stderr.contains("once more ends at once"), "{stderr}");
        assert!(tensors(&checkpoint).is_ok());
        if stderr.contains("ended at once") {
            assert!(!stderr.contains("everything is saved"), "{stderr}");
            return;
        }
        assert!(stderr.contains("everything is saved"), "{stderr}");
    }
    panic!("of 20 runs none was still in its step when the second signal came");
}

/// A run that goes on until it is stopped, begun in `folder`, with an epoch behind it.
fn endless(folder: &Path) -> Child {
    let args = format!("train {ENDLESS} --engine sparse --threads 1");
    let args: Vec<&str> = args.split(' ').collect();
    let child = command(folder, &args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("an epoch is done", || {
        folder.join("run/history.jsonl").exists()
    });
    child
}

#[test]
fn a_terminal_that_goes_away_saves() {
    let place = tempfile::tempdir().unwrap();
    let child = endless(place.path());
    signal("HUP", &child);
    let stderr = checked(&child.wait_with_output().unwrap(), 129);
    assert!(stderr.contains("everything is saved"), "{stderr}");
}

/// Whether this process, and so what it starts, ignores a signal from its start; `false` where the system does not tell.
fn is_ignored(signal: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[test]
#[allow(clippy::print_stderr)]
fn quit_ends_as_quit_does_and_leaves_the_last_checkpoint() {
    use std::os::unix::process::ExitStatusExt;
    if is_ignored(3) {
        eprintln!(
            "left out: SIGQUIT is ignored here, as shells have it for what they start behind `&`"
        );
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let child = endless(place.path());
    signal("QUIT", &child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(3));
    let before = position(&progress(&place.path().join("run")));
    let resume = ["train", "--resume", "run", "--json"];
    let child = command(place.path(), &resume)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("it goes on", || {
        position(&progress(&place.path().join("run"))) > before
    });
    signal("TERM", &child);
    checked(&child.wait_with_output().unwrap(), 143);
}

#[test]
fn a_run_that_is_suspended_stands_still_and_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let child = endless(folder);
    let steps = || {
        std::fs::metadata(folder.join("run/steps.jsonl"))
            .unwrap()
            .len()
    };
    signal("STOP", &child);
    std::thread::sleep(Duration::from_millis(200));
    let stood = steps();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(steps(), stood);
    signal("CONT", &child);
    wait_until("it goes on", || steps() > stood);
    // One that was sent in the meantime is answered afterwards.
    signal("STOP", &child);
    signal("TERM", &child);
    signal("CONT", &child);
    let stderr = checked(&child.wait_with_output().unwrap(), 143);
    assert!(stderr.contains("everything is saved"), "{stderr}");
}

/// Where a checkpoint stands, as something to compare.
fn position(progress: &Value) -> [u64; 3] {
    ["stage", "epoch", "step"].map(|key| progress[key].as_u64().unwrap())
}

/// Runs `script` on a terminal of 80x24 while `keys` are pressed, a moment after the dashboard shows; the screen's
/// bytes and the exit code.
fn on_a_terminal(folder: &Path, args: &str, keys: &[&[u8]]) -> Option<(String, Option<i32>)> {
    if Command::new("script").arg("--version").output().is_err() {
        skipped("there is no `script` to make a terminal with");
        return None;
    }
    let inner = format!("stty rows 24 cols 80; exec \"$R\" train {args}");
    let mut child = Command::new("script")
        .args(["-qec", &inner, "/dev/null"])
        .current_dir(folder)
        .env("R", support::RECTIFIER)
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    wait_until("the run has begun", || {
        folder.join("run/checkpoint.safetensors").exists() || child.try_wait().unwrap().is_some()
    });
    for key in keys {
        std::thread::sleep(Duration::from_millis(400));
        stdin.write_all(key).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    Some((support::text(&output.stdout), output.status.code()))
}

const ENDLESS: &str = "--examples 620 --hidden 16 --epochs 100000 --out run";
/// Leaves the dashboard's screen.
const LEAVE: &str = "\u{1b}[?1049l";

#[test]
fn the_dashboard_stops_by_its_keys_and_by_ctrl_c() {
    let cases: [(&[&[u8]], &str); 3] = [
        (&[b"q", b"s"], "everything is saved"),
        (&[b"q", b"k"], "ended at once, as asked"),
        (&[b"\x03"], "everything is saved"),
    ];
    for (keys, expected) in cases {
        let place = tempfile::tempdir().unwrap();
        let Some((screen, code)) = on_a_terminal(place.path(), ENDLESS, keys) else {
            return;
        };
        assert!(
            screen.contains("fine-tune") && screen.contains("Error"),
            "no dashboard"
        );
        let (_, after) = screen.rsplit_once(LEAVE).unwrap();
        assert!(
            after.contains(expected) && after.contains("--resume run"),
            "{after}"
        );
        assert!(!screen.contains("panicked"), "{after}");
        assert_eq!(code, Some(130), "{after}");
        let resume = ["train", "--resume", "run", "--json"];
        let child = command(place.path(), &resume)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let before = position(&progress(&place.path().join("run")));
        wait_until("it goes on", || {
            position(&progress(&place.path().join("run"))) > before
        });
        signal("TERM", &child);
        checked(&child.wait_with_output().unwrap(), 143);
    }
}

#[test]
fn an_error_shows_on_the_plain_screen_after_the_dashboard() {
    let place = tempfile::tempdir().unwrap();
    let args = "--examples 620 --hidden 16 --epochs 1000 --lr 1e9 --out run";
    let Some((screen, code)) = on_a_terminal(place.path(), args, &[]) else {
        return;
    };
    let (_, after) = screen.rsplit_once(LEAVE).unwrap();
    assert!(after.contains("error: the loss became"), "{after}");
    assert_eq!(code, Some(1), "{after}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_dashboard_gives_the_terminal_back_where_memory_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    if Command::new("prlimit").arg("--version").output().is_err() {
        skipped("there is no prlimit");
        return;
    }
    // Below what is in use, once the dashboard shows; how the terminal is afterwards stands behind it.
    let script = r#"(until [ -e run/checkpoint.previous.safetensors ]; do sleep 0.05; done; sleep 0.3
        prlimit --pid "$(cat pid)" --as=50000000) &
        sh -c 'echo $$ > pid; exec "$R" train $ARGS'; echo "code $?"; stty -a"#;
    std::fs::write(folder.join("inner.sh"), script).unwrap();
    let output = Command::new("script")
        .args(["-qec", "stty rows 24 cols 80; sh inner.sh", "/dev/null"])
        .current_dir(folder)
        .env("R", support::RECTIFIER)
        .env("ARGS", format!("{ENDLESS} --checkpoint-every 0.05"))
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        skipped("there is no `script` to make a terminal with");
        return;
    };
    let screen = support::text(&output.stdout);
    let (_, after) = screen.rsplit_once(LEAVE).unwrap();
    assert!(after.contains("error: the system refused "), "{after}");
    assert!(after.contains("code 1"), "{after}");
    assert!(
        after.contains(" icanon") && after.contains(" echo"),
        "{after}"
    );
}
