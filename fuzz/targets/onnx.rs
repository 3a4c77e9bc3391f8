#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_exchange::{ImportOptions, onnx};

const MODELS: [&[u8]; 4] = [
    include_bytes!("../../crates/rectifier-exchange/tests/fixtures/matmul.onnx"),
    include_bytes!("../../crates/rectifier-exchange/tests/fixtures/erf.onnx"),
    include_bytes!("../../crates/rectifier-exchange/tests/fixtures/torch-softplus.onnx"),
    include_bytes!("../../crates/rectifier-exchange/tests/fixtures/outside.onnx"),
];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let file = rectifier_fuzz::file(data, MODELS[usize::from(choice) % MODELS.len()]);
    if let Ok(network) = onnx::from_bytes(file, "fuzzed", &ImportOptions::default()) {
        // What is read can be written, and read again as the same.
        let file = onnx::encode(&network).expect("no more than was read");
        let again = onnx::from_bytes(file, "written", &ImportOptions::default());
        assert_eq!(again.expect("as it was written"), network);
    }
});
