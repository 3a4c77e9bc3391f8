#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_exchange::{ImportOptions, pytorch};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

const CHECKPOINTS: [&[u8]; 4] = [
    include_bytes!("../../crates/rectifier-exchange/tests/fixtures/square.pt"),
    include_bytes!("../../crates/rectifier-exchange/tests/fixtures/batchnorm.pt"),
    include_bytes!("../../crates/rectifier-exchange/tests/fixtures/module.pt"),
    include_bytes!("../../crates/rectifier-exchange/tests/fixtures/evil.pt"),
];
const SAFETENSORS: &[u8] =
    include_bytes!("../../crates/rectifier-exchange/tests/fixtures/widths.safetensors");

/// A checkpoint with another pickle: checksums would end every trial at the archive otherwise.
fn with_pickle(
    checkpoint: &[u8],
    change: impl Fn(&[u8]) -> Vec<u8>,
) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(checkpoint))?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for place in 0..archive.len() {
        let mut entry = archive.by_index(place)?;
        let name = entry.name()?.into_owned();
        let mut content = Vec::new();
        std::io::copy(&mut entry, &mut content)?;
        if name.ends_with("data.pkl") {
            content = change(&content);
        }
        writer.start_file(name, options)?;
        writer.write_all(&content)?;
    }
    Ok(writer.finish()?.into_inner())
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let options = ImportOptions {
        activation: "relu".parse().ok(),
        ..ImportOptions::default()
    };
    let checkpoint = CHECKPOINTS[usize::from(choice >> 2) % CHECKPOINTS.len()];
    let file = match choice % 4 {
        0 => {
            let file = rectifier_fuzz::file(data, SAFETENSORS);
            let _ = pytorch::from_bytes(&file, "fuzzed", &options);
            return;
        }
        1 => rectifier_fuzz::file(data, checkpoint),
        _ => with_pickle(checkpoint, |pickle| rectifier_fuzz::file(data, pickle))
            .expect("a right archive"),
    };
    // Checkpoints are read as files: storages are read where they lie.
    let path = std::env::temp_dir().join(format!("rectifier-fuzz-{}.pt", std::process::id()));
    std::fs::write(&path, file).expect("a folder for temporary files");
    let _ = pytorch::open(&path, &options);
});
