#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_nn::ModelFile;

/// The head of a model file: the length of its description, and a description that tells of one tensor.
const HEAD: &str = r#"{"__metadata__":{"config":"{\"inputs\":1,\"hidden\":[],\"outputs\":1}"},"w":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}"#;

fuzz_target!(|data: &[u8]| {
    let mut whole = (HEAD.len() as u64).to_le_bytes().to_vec();
    whole.extend_from_slice(HEAD.as_bytes());
    whole.extend([0; 4]);
    let file = rectifier_fuzz::file(data, &whole);
    if let Ok(model) = ModelFile::from_bytes(file, "fuzzed") {
        let _ = model.dense_config();
        let _ = model.metadata("recipe");
    }
});
