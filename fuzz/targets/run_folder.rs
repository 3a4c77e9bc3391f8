#![no_main]
//! Every file that a run leaves and another command reads, through a folder in memory where the system has one.
use libfuzzer_sys::fuzz_target;
use rectifier_experiments::Record;
use rectifier_train::{Checkpoint, RunFiles};
use safetensors::{Dtype, tensor::TensorView};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let base = match memory.is_dir() {
        true => memory.into(),
        false => std::env::temp_dir(),
    };
    let folder = base.join(format!("rectifier-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder to fuzz in");
    folder
});

const STAMP: &[u8] = br#"{"recipe":"r","network":"n","data":"d"}"#;
const HISTORY: &[u8] = br#"{"epoch":1,"stage":1,"train_loss":0.5,"valid_loss":0.25,"valid_error":0.125,"zeros":[0.5],"dead":[0],"seconds":1.5,"best":true}
{"epoch":2,"stage":1,"train_loss":0.5,"valid_loss":0.25,"valid_error":0.125,"zeros":[0.5],"dead":[0],"seconds":1.5}
"#;
const WRONG: &[u8] = br#"{"examples":9,"wrong":"8001"}"#;
const RECORD: &[u8] =
    include_bytes!("../../results/experiments/table1/records/35d5b1368d99f8d7.json");

/// A checkpoint of which one blob is the fuzzer's, its sum set right, so that what is behind the sum is tried.
fn summed(name: &str, blob: &[u8]) -> Vec<u8> {
    let progress = serde_json::to_vec(&rectifier_train::Progress::default()).unwrap_or_default();
    let mut blobs = vec![
        ("network", &b"n"[..]),
        ("progress", &progress),
        ("stamp", STAMP),
    ];
    for known in &mut blobs {
        if known.0 == name {
            known.1 = blob;
        }
    }
    let sum = blobs.iter().fold(0, |sum, (name, bytes)| {
        let sum = crc32c::crc32c_append(sum, name.as_bytes());
        let sum = crc32c::crc32c_append(sum, &(bytes.len() as u64).to_le_bytes());
        crc32c::crc32c_append(sum, bytes)
    });
    let views = blobs.into_iter().filter_map(|(name, bytes)| {
        Some((
            name,
            TensorView::new(Dtype::U8, vec![bytes.len()], bytes).ok()?,
        ))
    });
    let header = HashMap::from([("crc32c".to_string(), format!("{sum:08x}"))]);
    safetensors::serialize(views, Some(header)).unwrap_or_default()
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let place = |name: &str| FOLDER.join(name);
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(place(name), bytes).expect("the folder takes a file");
    };
    let files = RunFiles::at(&*FOLDER);
    match choice % 8 {
        0 => {
            let whole = summed("network", b"n");
            write(
                "checkpoint.safetensors",
                &rectifier_fuzz::file(data, &whole),
            );
            let _ = Checkpoint::load(&place("checkpoint.safetensors"));
        }
        1 => {
            let progress =
                serde_json::to_vec(&rectifier_train::Progress::default()).unwrap_or_default();
            let file = summed("progress", &rectifier_fuzz::file(data, &progress));
            write("checkpoint.safetensors", &file);
            if let Ok(checkpoint) = Checkpoint::load(&place("checkpoint.safetensors")) {
                checkpoint
                    .save(&place("again.safetensors"))
                    .expect("what was read is written");
                assert_eq!(
                    Checkpoint::load(&place("again.safetensors")).ok(),
                    Some(checkpoint)
                );
            }
        }
        2 => {
            write(
                "checkpoint.safetensors",
                &summed("stamp", &rectifier_fuzz::file(data, STAMP)),
            );
            let _ = Checkpoint::load(&place("checkpoint.safetensors"));
        }
        3 => {
            write("history.jsonl", &rectifier_fuzz::file(data, HISTORY));
            let _ = files.history();
        }
        4 => {
            write("steps.jsonl", &rectifier_fuzz::file(data, HISTORY));
            let _ = files.steps();
        }
        5 => {
            write(
                "summary.json",
                &rectifier_fuzz::file(data, b"{\"epochs\":1}"),
            );
            let _ = (files.summary(), files.record());
        }
        6 => {
            write("test_wrong.json", &rectifier_fuzz::file(data, WRONG));
            let _ = files.test_wrong();
        }
        _ => {
            write("35d5b1368d99f8d7.json", &rectifier_fuzz::file(data, RECORD));
            let _ = Record::read(&place("35d5b1368d99f8d7.json"));
        }
    }
});
