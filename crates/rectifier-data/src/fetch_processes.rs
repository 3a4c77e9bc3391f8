//! Fetching as several processes meet it, and on a disk that is full: tests that start this test program again.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use crate::checksum::Checksum;
use crate::locate::Locator;
use crate::loopback::{Server, respond};
use crate::remote::{Remote, Timeouts};

const URL: &str = "RECTIFIER_TEST_URL";
const CACHE: &str = "RECTIFIER_TEST_CACHE";

fn content() -> Vec<u8> {
    (0..300_000u32).map(|value| (value % 251) as u8).collect()
}

/// What a process of its own does: fetches the file, and says what came of it.
#[test]
#[ignore = "started by the other tests of this module"]
#[allow(clippy::print_stdout)]
fn a_process_of_its_own() {
    let (Ok(url), Some(cache)) = (std::env::var(URL), std::env::var_os(CACHE)) else {
        return;
    };
    let locator = Locator {
        data_dir: None,
        shared_dir: None,
        cache_dir: Some(cache.into()),
        offline: false,
        allow_unknown: false,
        timeouts: Timeouts::default(),
    };
    let mut known = Checksum::new();
    known.update(&content());
    let remote = Remote {
        file: "numbers.bin",
        sha256: &known.finish(),
        bytes: content().len() as u64,
        mirrors: &[&url],
    };
    match locator.locate("set", &remote, &mut |_, _| {}) {
        Ok(found) => println!("found {}", fs::read(found.path).unwrap() == content()),
        Err(error) => println!("refused {error}"),
    }
}

/// Starts such a process; `before` is run by the shell first.
fn start(before: &str, server: &Server, cache: &Path) -> std::process::Child {
    Command::new("sh")
        .arg("-c")
        .arg(format!("{before} exec \"$0\" \"$@\""))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "fetch_processes::a_process_of_its_own"])
        .args(["--ignored", "--nocapture"])
        .env(URL, &server.url)
        .env(CACHE, cache)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn files(cache: &Path) -> Vec<String> {
    let entries = fs::read_dir(cache.join("set")).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn two_processes_at_once_both_get_the_whole_file() {
    let cache = tempfile::tempdir().unwrap();
    // Each gets the second half when both have the first.
    let both = Arc::new(Barrier::new(2));
    let server = Server::start(move |_, stream: &mut TcpStream| {
        let content = content();
        let (first, second) = content.split_at(content.len() / 2);
        respond(stream, "200 OK", Some(content.len()), first);
        both.wait();
        let _ = stream.write_all(second);
    });
    let processes = [0, 1].map(|_| start("", &server, cache.path()));
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(said(&output).contains("found true"), "{output:?}");
    }
    assert_eq!(server.requests(), 2);
    assert_eq!(files(cache.path()), ["numbers.bin"]);
    assert_eq!(
        fs::read(cache.path().join("set/numbers.bin")).unwrap(),
        content()
    );
}

#[test]
fn what_a_killed_process_left_is_gone_on_with() {
    let cache = tempfile::tempdir().unwrap();
    let half = Arc::new(Barrier::new(2));
    let sent = half.clone();
    let server = Server::start(move |path, stream: &mut TcpStream| {
        let content = content();
        match path {
            "/numbers.bin" => {
                respond(stream, "200 OK", Some(content.len()), &content[..200_000]);
                sent.wait();
                // Held open until the process is gone.
                let _ = stream.peek(&mut [0]);
            }
            _ => {
                let from: usize = path["/numbers.bin bytes=".len()..path.len() - 1]
                    .parse()
                    .unwrap();
                let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
                let status = format!("206 Partial Content\r\nContent-Range: {range}");
                respond(
                    stream,
                    &status,
                    Some(content.len() - from),
                    &content[from..],
                );
            }
        }
    });
    let mut process = start("", &server, cache.path());
    half.wait();
    let part = || -> u64 {
        let name = files(cache.path()).into_iter().next();
        name.map_or(0, |name| {
            fs::metadata(cache.path().join("set").join(name))
                .unwrap()
                .len()
        })
    };
    while part() < 200_000 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(files(cache.path())[0].ends_with(".partial"));
    let output = start("", &server, cache.path()).wait_with_output().unwrap();
    assert!(said(&output).contains("found true"), "{output:?}");
    assert_eq!(server.requests(), 2);
    assert_eq!(files(cache.path()), ["numbers.bin"]);
}

/// A process that may write no more than 51,200 bytes to a file meets the error of a full disk at the same place.
#[test]
fn a_full_disk_in_mid_fetch_leaves_no_file() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_, stream: &mut TcpStream| {
        respond(stream, "200 OK", Some(content().len()), &content());
    });
    let process = start("trap '' XFSZ; ulimit -f 100;", &server, cache.path());
    let output = process.wait_with_output().unwrap();
    let said = said(&output);
    assert!(
        said.contains("refused") && said.contains("numbers.bin"),
        "{output:?}"
    );
    assert!(said.contains("too large"), "{said}");
    assert_eq!(server.requests(), 1);
    assert_eq!(files(cache.path()), [""; 0]);
    // With room again, the next one gets it.
    let output = start("", &server, cache.path()).wait_with_output().unwrap();
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("found true"),
        "{output:?}"
    );
    assert_eq!(files(cache.path()), ["numbers.bin"]);
}

/// Kills a fetch at random moments: the file is not there, or there as a whole, and the next process gets it.
/// `RECTIFIER_KILLS=100` kills so often.
#[test]
#[allow(clippy::print_stderr)]
fn a_killed_fetch_leaves_the_whole_file_or_none() {
    let kills: usize = std::env::var("RECTIFIER_KILLS").map_or(10, |text| text.parse().unwrap());
    let cache = tempfile::tempdir().unwrap();
    let path = cache.path().join("set/numbers.bin");
    // In thirty pieces, a moment apart.
    let server = Server::start(|_, stream: &mut TcpStream| {
        let content = content();
        let mut pieces = content.chunks(10_000);
        respond(
            stream,
            "200 OK",
            Some(content.len()),
            pieces.next().unwrap(),
        );
        for piece in pieces {
            std::thread::sleep(Duration::from_millis(1));
            if stream.write_all(piece).is_err() {
                return;
            }
        }
    });
    let begun = Instant::now();
    let output = start("", &server, cache.path()).wait_with_output().unwrap();
    let longest = begun.elapsed();
    assert!(said(&output).contains("found true"), "{output:?}");
    let mut random = crate::random::stream(5, &[]);
    let (mut killed, mut partial) = (0, 0);
    while killed < kills {
        fs::remove_dir_all(cache.path().join("set")).unwrap();
        let share = f64::from(rand::Rng::next_u32(&mut random)) / f64::from(u32::MAX);
        let mut process = start("", &server, cache.path());
        std::thread::sleep(longest.mul_f64(share));
        if process.try_wait().unwrap().is_none() {
            process.kill().unwrap();
            killed += 1;
        }
        process.wait_with_output().unwrap();
        let found = cache
            .path()
            .join("set")
            .is_dir()
            .then(|| files(cache.path()));
        for name in found.iter().flatten() {
            match name.as_str() {
                "numbers.bin" => assert_eq!(fs::read(&path).unwrap(), content()),
                other => {
                    assert!(other.starts_with(".numbers.bin.") && other.ends_with(".partial"));
                    partial += 1;
                }
            }
        }
        let output = start("", &server, cache.path()).wait_with_output().unwrap();
        assert!(said(&output).contains("found true"), "{output:?}");
        assert_eq!(fs::read(&path).unwrap(), content());
    }
    eprintln!(
        "| data fetch | {killed} | {partial} | {} | {killed} | 0 |",
        killed - partial
    );
}
