//! A device that another process serves: the same training on it as on the device itself, and who is let in.
#![cfg(feature = "remote")]
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use support::{checked, command, ends, text};

const TOKEN: &str = "RECTIFIER_DEVICE_TOKEN";

/// A process that serves this machine's first device, ended with the test.
struct Server {
    process: Child,
    device: String,
}

impl Server {
    fn start(folder: &Path, token: Option<&str>) -> Self {
        let mut serve = command(folder, &["serve-device", "--listen", "127.0.0.1:0"]);
        if let Some(token) = token {
            serve.env(TOKEN, token);
        }
        let mut process = serve
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let device = line.split_whitespace().last().unwrap().to_string();
        assert!(device.starts_with("remote:127.0.0.1:"), "{line}");
        Self { process, device }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_served_device_trains_as_the_device_itself() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let server = Server::start(folder, None);
    let train = |device: &str, out: &str| -> Value {
        let words = [
            "train",
            "--examples",
            "620",
            "--hidden",
            "32",
            "--epochs",
            "2",
            "--engine",
            "burn",
            "--device",
            device,
            "--out",
            out,
            "--json",
        ];
        let output = command(folder, &words).output().unwrap();
        checked(&output, 0);
        serde_json::from_str(text(&output.stdout).lines().last().unwrap()).unwrap()
    };
    let (own, served) = (train("flex", "own"), train(&server.device, "served"));
    for figure in ["test_error", "valid_error"] {
        let [own, served] = [&own, &served].map(|run| run[figure].as_f64().unwrap());
        assert!((own - served).abs() < 0.005, "{figure}: {own} and {served}");
    }
}

#[test]
fn nobody_is_let_in_without_the_token() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let server = Server::start(folder, Some("open sesame"));
    let words = [
        "train",
        "--examples",
        "620",
        "--hidden",
        "8",
        "--epochs",
        "1",
        "--device",
        &server.device,
        "--out",
        "run",
    ];
    let refused = ends(&mut command(folder, &words), 1);
    assert!(refused.contains(TOKEN), "{refused}");
    let mut with = command(folder, &words);
    with.env(TOKEN, "open sesame");
    checked(&with.output().unwrap(), 0);
}

#[test]
fn what_cannot_be_served_or_reached_is_told() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let open = ends(
        &mut command(folder, &["serve-device", "--listen", "0.0.0.0:0"]),
        2,
    );
    assert!(open.contains(TOKEN), "{open}");
    let nobody = ends(
        &mut command(folder, &["train", "--device", "remote:127.0.0.1:9"]),
        1,
    );
    assert!(nobody.contains("serve-device"), "{nobody}");
    let nowhere = ends(&mut command(folder, &["train", "--device", "remote"]), 2);
    assert!(nowhere.contains("HOST:PORT"), "{nowhere}");
}
