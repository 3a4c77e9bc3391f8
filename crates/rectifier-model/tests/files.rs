//! Model files byte by byte, and what is told of them.
#![allow(clippy::unwrap_used)]

use rectifier_model::{
    DenseStackConfig, Dtype, HEADER_LIMIT, ModelBytes, ModelCard, ModelFileError, Precision,
    TensorView, Unit, encode,
};
use std::collections::BTreeMap;

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = |(key, text): &(&str, &str)| (key.to_string(), text.to_string());
    pairs.iter().map(own).collect()
}

/// A file without a description: two halves, three numbers and a byte.
fn loose() -> Vec<u8> {
    let halves = [0x00, 0x3c, 0x00, 0xc0];
    encode(
        &texts(&[("made_by", "a test")]),
        &[
            TensorView::new("byte", Dtype::U8, &[1], vec![7]),
            TensorView::new("halves", Dtype::F16, &[2], halves.to_vec()),
            TensorView::of_numbers("numbers", &[3, 1], &[1.5, -2.0, 0.25]),
        ],
    )
    .unwrap()
}

#[test]
fn bytes_lie_as_the_format_says() {
    let bytes = loose();
    let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    assert_eq!(length % 8, 0);
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    assert_eq!(header["__metadata__"]["made_by"], "a test");
    // The widest first, so that each lies aligned.
    for (name, dtype, shape, offsets) in [
        ("numbers", "F32", vec![3, 1], [0, 12]),
        ("halves", "F16", vec![2], [12, 16]),
        ("byte", "U8", vec![1], [16, 17]),
    ] {
        let wanted = serde_json::json!({"dtype": dtype, "shape": shape, "data_offsets": offsets});
        assert_eq!(header[name], wanted);
    }
    let mut body = [1.5f32, -2.0, 0.25]
        .map(f32::to_le_bytes)
        .as_flattened()
        .to_vec();
    body.extend([0x00, 0x3c, 0x00, 0xc0, 7]);
    assert_eq!(bytes[8 + length..], body);
}

#[test]
fn a_file_tells_its_texts_and_tensors() {
    let bytes = loose();
    let file = ModelBytes::from_bytes(&bytes, "loose.safetensors").unwrap();
    assert_eq!(file.origin(), "loose.safetensors");
    assert_eq!(*file.all_metadata(), texts(&[("made_by", "a test")]));
    assert_eq!(file.metadata("made_by"), Some("a test"));
    assert_eq!(file.metadata("card"), None);
    let names: Vec<&String> = file.tensors().keys().collect();
    assert_eq!(names, ["byte", "halves", "numbers"]);
    let numbers = &file.tensors()["numbers"];
    assert_eq!((numbers.dtype, numbers.offsets), (Dtype::F32, [0, 12]));
    assert_eq!(numbers.shape, [3, 1]);
    assert_eq!(file.bytes("byte", Dtype::U8).unwrap(), [7]);
    assert_eq!(file.floats("numbers").unwrap(), [1.5, -2.0, 0.25]);
    let error = file.card().unwrap_err().to_string();
    assert!(
        error.contains("loose.safetensors does not describe its network (no `card`"),
        "{error}"
    );
}

#[test]
fn a_tensor_of_another_type_is_refused_and_never_read_as_numbers() {
    let bytes = loose();
    let file = ModelBytes::from_bytes(&bytes, "m").unwrap();
    for (name, found) in [("halves", "F16"), ("byte", "U8")] {
        for error in [
            file.floats(name).unwrap_err(),
            file.bytes(name, Dtype::F32).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(
                text.contains(&format!("`{name}` is {found}, expected F32")),
                "{text}"
            );
        }
    }
    let error = file.bytes("absent", Dtype::F32).unwrap_err().to_string();
    assert!(error.contains("it has no tensor `absent`"), "{error}");
    let error = file.weights("absent").unwrap_err().to_string();
    assert!(error.contains("`absent.weight`"), "{error}");
    assert!(file.check_finite().is_ok());
}

#[test]
fn a_description_that_no_network_can_be_made_from_is_refused() {
    let network = DenseStackConfig::new(2, [0], Unit::Rectifier, 2);
    let mut card = serde_json::to_value(ModelCard::new(DenseStackConfig::new(
        2,
        [3],
        Unit::Rectifier,
        2,
    )))
    .unwrap();
    card["network"] = serde_json::to_value(&network).unwrap();
    let loose = serde_json::to_string(&network).unwrap();
    for (key, text) in [("card", card.to_string()), ("network", loose)] {
        let tensors: Vec<TensorView<'_>> = network
            .tensors()
            .into_iter()
            .map(|(name, shape)| {
                let numbers = vec![0.5; shape.iter().product()];
                TensorView::of_numbers(name, &shape, &numbers)
            })
            .collect();
        let bytes = encode(&texts(&[(key, &text)]), &tensors).unwrap();
        let error = ModelBytes::from_bytes(bytes, "m").unwrap_err();
        assert!(matches!(error, ModelFileError::Network { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains("the width of hidden layer 1 is 0"),
            "{error}"
        );
    }
}

#[test]
fn the_least_file_is_an_empty_header() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("least");
    let mut bytes = 2u64.to_le_bytes().to_vec();
    bytes.extend(b"{}");
    std::fs::write(&path, &bytes).unwrap();
    let file = ModelBytes::open(&path).unwrap();
    assert!(file.tensors().is_empty() && file.all_metadata().is_empty());
    // Eight bytes are a length and no header: what is said is about the header.
    std::fs::write(&path, 0u64.to_le_bytes()).unwrap();
    let error = ModelBytes::open(&path).unwrap_err().to_string();
    assert!(error.contains("its header"), "{error}");
    std::fs::write(&path, [0; 7]).unwrap();
    let error = ModelBytes::open(&path).unwrap_err().to_string();
    assert!(error.contains("it has 7 bytes"), "{error}");
    // The longest header would be read, and is not there; one byte more would not.
    for (claimed, wanted) in [
        (HEADER_LIMIT, "and the file has 16"),
        (HEADER_LIMIT + 1, "more than the"),
    ] {
        let claim = [(claimed as u64).to_le_bytes(), [b' '; 8]].concat();
        let error = ModelBytes::from_bytes(claim, "m").unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn every_type_of_number_has_its_size_and_its_name() {
    for (dtype, name, size) in [
        (Dtype::Bool, "BOOL", 1),
        (Dtype::U8, "U8", 1),
        (Dtype::I8, "I8", 1),
        (Dtype::U16, "U16", 2),
        (Dtype::I16, "I16", 2),
        (Dtype::F16, "F16", 2),
        (Dtype::Bf16, "BF16", 2),
        (Dtype::U32, "U32", 4),
        (Dtype::I32, "I32", 4),
        (Dtype::F32, "F32", 4),
        (Dtype::U64, "U64", 8),
        (Dtype::I64, "I64", 8),
        (Dtype::F64, "F64", 8),
    ] {
        assert_eq!((dtype.to_string().as_str(), dtype.size()), (name, size));
        assert_eq!(serde_json::to_value(dtype).unwrap(), name);
    }
}

#[test]
fn every_precision_has_one_name_in_cards_and_in_text() {
    for (precision, name) in [
        (Precision::F32, "f32"),
        (Precision::Bf16, "bf16"),
        (Precision::Int8, "int8"),
    ] {
        assert_eq!(
            (precision.name(), precision.to_string().as_str()),
            (name, name)
        );
        assert_eq!(serde_json::to_value(precision).unwrap(), name);
    }
}

#[test]
fn a_unit_without_weights_has_a_scale_of_0() {
    let weights = |scales: &[f32]| {
        let bytes = encode(
            &BTreeMap::new(),
            &[
                TensorView::new("head.weight", Dtype::I8, &[2, 2], vec![3, 0, 0xfe, 0]),
                TensorView::of_numbers("head.weight_scale", &[2], scales),
            ],
        );
        let file = ModelBytes::from_bytes(bytes.unwrap(), "m").unwrap();
        file.weights("head").map_err(|error| error.to_string())
    };
    assert_eq!(weights(&[0.5, 0.0]).unwrap(), [1.5, 0.0, -1.0, 0.0]);
    let error = weights(&[0.5, -0.25]).unwrap_err();
    assert!(error.contains("`head.weight_scale` holds -0.25"), "{error}");
}

#[test]
fn loose_keys_of_older_files_tell_what_made_them() {
    let network = DenseStackConfig::new(2, [], Unit::Rectifier, 2);
    let summary = r#"{"engine": "sparse", "device": "flex", "seconds": 2.5, "test_error": 0.25}"#;
    let bytes = encode(
        &texts(&[
            ("network", &serde_json::to_string(&network).unwrap()),
            ("summary", summary),
            ("made_by", "rectifier 0.0.9"),
        ]),
        &[
            TensorView::of_numbers("head.weight", &[2, 2], &[0.5; 4]),
            TensorView::of_numbers("head.bias", &[2], &[0.5; 2]),
        ],
    );
    let file = ModelBytes::from_bytes(bytes.unwrap(), "m").unwrap();
    let card = file.card().unwrap();
    assert_eq!(card.figures.test_error, Some(0.25));
    let made = &card.provenance;
    assert_eq!(made.version.as_deref(), Some("rectifier 0.0.9"));
    assert_eq!(made.engine.as_deref(), Some("sparse"));
    assert_eq!(made.device.as_deref(), Some("flex"));
    assert_eq!(made.seconds, Some(2.5));
}
