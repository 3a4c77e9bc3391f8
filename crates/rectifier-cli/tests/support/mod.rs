//! The command as a test runs it.
#![allow(clippy::unwrap_used, dead_code)]

pub mod server;

use rectifier_experiments::{Ended, Record, Records};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The command itself.
pub const RECTIFIER: &str = env!("CARGO_BIN_EXE_rectifier");

/// The command with `args` in `folder`, away from this user's data.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(RECTIFIER);
    command.args(args);
    quiet_place(&mut command, folder);
    command
}

/// A shell script in `folder`, in which `$R` is the command.
pub fn shell(folder: &Path, script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).env("R", RECTIFIER);
    quiet_place(&mut command, folder);
    command
}

fn quiet_place(command: &mut Command, folder: &Path) {
    command
        .current_dir(folder)
        .env_remove("RECTIFIER_DATA")
        .env_remove("RECTIFIER_MODELS")
        .env_remove("RECTIFIER_ZOO_URL")
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .stdin(Stdio::null());
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What the command says on standard error, after it ended with `code` and without a panic.
pub fn ends(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    checked(&output, code)
}

/// As [`ends`], of a command that has ended.
pub fn checked(output: &Output, code: i32) -> String {
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr
}

/// The JSON object that the command ends with.
pub fn json(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    checked(&output, 0);
    last_json(&text(&output.stdout))
}

/// Standard output of the command with `args` in `folder`, which must succeed.
pub fn ok(folder: &Path, args: &[&str]) -> String {
    let output = command(folder, args).output().unwrap();
    checked(&output, 0);
    text(&output.stdout)
}

/// Standard error of the command with `args` in `folder`, which must end with `code`.
pub fn fails(folder: &Path, code: i32, args: &[&str]) -> String {
    ends(&mut command(folder, args), code)
}

/// The JSON object on the last line.
pub fn last_json(stdout: &str) -> Value {
    serde_json::from_str(stdout.lines().last().unwrap()).unwrap()
}

/// Says aloud that a test was skipped.
#[allow(clippy::print_stderr)]
pub fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// A run of three stages of a tiny network: minutes of a real one in a second.
pub fn tiny_plan(fine_tuning_epochs: usize) -> String {
    format!(
        r#"{{"version": 1,
        "data": {{"set": "glyphs", "seed": 1, "train": 310, "valid": 62, "test": 62}},
        "network": {{"inputs": 1024, "hidden": [12, 10], "unit": {{"kind": "rectifier"}}, "outputs": 62}},
        "recipe": {{"seed": 3, "stages": [
            {{"stage": "pretrain", "layer": 1, "epochs": 3, "batch": 10, "rate": 0.002,
              "corruption": {{"kind": "masking", "share": 0.25}}, "reconstruction": {{"kind": "softplus-squared"}}}},
            {{"stage": "pretrain", "layer": 2, "epochs": 3, "batch": 10, "rate": 0.002, "l1": 0.0001,
              "corruption": {{"kind": "masking", "share": 0.25}}, "reconstruction": {{"kind": "cross-entropy"}}}},
            {{"stage": "fine-tune", "epochs": {fine_tuning_epochs}, "batch": 10, "rate": 0.05,
              "optimizer": {{"kind": "momentum", "momentum": 0.5}}}}]}}}}"#
    )
}

/// Tensors by name, bit for bit.
pub type Tensors = Vec<(String, Vec<u8>)>;

/// Everything of a finished run that does not tell the time: parameters, epochs, readings.
pub fn end_of(run: &Path) -> (Tensors, Vec<Value>, Vec<Value>) {
    let timeless = |name: &str| -> Vec<Value> {
        lines(&run.join(name))
            .into_iter()
            .map(|mut line| {
                for key in ["seconds", "train_seconds", "overhead_seconds"] {
                    line.as_object_mut().unwrap().remove(key);
                }
                line
            })
            .collect()
    };
    let parameters = tensors(&run.join("model.safetensors")).unwrap();
    assert!(!parameters.is_empty());
    (
        parameters,
        timeless("history.jsonl"),
        timeless("steps.jsonl"),
    )
}

/// The tensors of a safetensors file, or why it is none.
pub fn tensors(path: &Path) -> Result<Tensors, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let file = safetensors::SafeTensors::deserialize(&bytes).map_err(|error| error.to_string())?;
    let mut tensors: Tensors = file
        .iter()
        .map(|(name, view)| (name.to_string(), view.data().to_vec()))
        .collect();
    tensors.sort();
    Ok(tensors)
}

/// The lines of a file of JSON lines.
pub fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// How far the checkpoint of a run has come.
pub fn progress(run: &Path) -> Value {
    let bytes = std::fs::read(run.join("checkpoint.safetensors")).unwrap();
    let checkpoint = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    serde_json::from_slice(checkpoint.tensor("progress").unwrap().data()).unwrap()
}

/// Waits until `true`, not for ever.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !done() {
        assert!(start.elapsed().as_secs() < 60, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Records without what tells the time.
pub fn timeless(records: &Records) -> Vec<Record> {
    let still = |record: &Record| {
        let mut record = record.clone();
        if let Ended::Finished { summary } = &mut record.ended {
            (summary.seconds, summary.overhead) = (0.0, 0.0);
        }
        for line in &mut record.history {
            line.seconds = 0.0;
        }
        if let Some(made) = &mut record.provenance {
            made.started = 0;
        }
        record
    };
    records.iter().map(still).collect()
}
