#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_cifar10::{RECORD, read_archive};
use std::path::Path;
use std::sync::LazyLock;
use tar::{Builder, Header};

/// An archive of one image a batch.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut builder = Builder::new(Vec::new());
    let names = [
        "data_batch_1",
        "data_batch_2",
        "data_batch_3",
        "data_batch_4",
        "data_batch_5",
        "test_batch",
    ];
    for name in names {
        let mut header = Header::new_gnu();
        header.set_size(RECORD as u64);
        let path = format!("cifar-10-batches-bin/{name}.bin");
        builder
            .append_data(&mut header, path, &[3; RECORD][..])
            .unwrap();
    }
    builder.into_inner().unwrap()
});

fuzz_target!(|data: &[u8]| {
    let file = rectifier_fuzz::file(data, &WHOLE);
    if let Ok(batches) = read_archive(Path::new("fuzzed"), &file[..], 1) {
        assert!(batches.iter().all(|records| records.labels.len() == 1));
    }
});
