#![no_main]
use libfuzzer_sys::fuzz_target;
use rectifier_infer::{InferError, Rows, SparseNetwork};
use rectifier_model::{DenseStackConfig, ModelCard, TensorView, Unit, encode};
use std::sync::LazyLock;

const INPUTS: usize = 6;

/// The same small network in single precision, bf16 and int8.
static FILES: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    let numbers = |count: usize| -> Vec<f32> {
        (0..count)
            .map(|k| ((k * 37 % 19) as f32 - 9.0) / 10.0)
            .collect()
    };
    let config = DenseStackConfig::new(INPUTS, vec![5, 4], Unit::Rectifier, 3);
    let layers = [
        ("layers.0", [INPUTS, 5]),
        ("layers.1", [5, 4]),
        ("head", [4, 3]),
    ];
    let tensors = layers.map(|(name, shape)| {
        let [weight, bias] = [shape[0] * shape[1], shape[1]].map(numbers);
        [
            TensorView::of_numbers(format!("{name}.weight"), &shape, &weight),
            TensorView::of_numbers(format!("{name}.bias"), &shape[1..], &bias),
        ]
    });
    let metadata = ModelCard::new(config).metadata().expect("a card");
    let file = encode(&metadata, &tensors.concat()).expect("a model file");
    let network = SparseNetwork::from_bytes(&file).expect("a network");
    let examples = numbers(8 * INPUTS)
        .into_iter()
        .map(f32::abs)
        .collect::<Vec<f32>>();
    let int8 = network
        .clone()
        .in_int8(Rows::Dense(&examples))
        .and_then(|network| network.to_bytes());
    let bf16 = network.in_bf16().to_bytes();
    [file, bf16.expect("in bf16"), int8.expect("in int8")]
});

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let file = rectifier_fuzz::file(data, &FILES[usize::from(choice) % 3]);
    let Ok(network) = SparseNetwork::from_bytes(&file) else {
        return;
    };
    let inputs = network.card().network.inputs;
    // What is read may be as large as its file says, which is as large as its file is.
    let example: Vec<f32> = (0..inputs * 7).map(|k| (k % 5) as f32 / 4.0).collect();
    for count in [1, 7] {
        match network.logits(&example[..count * inputs]) {
            Ok(logits) => assert_eq!(logits.len(), count * network.card().network.outputs),
            // Weights may be as large as numbers get.
            Err(InferError::Overflow { .. }) => {}
            Err(error) => panic!("inputs of its width: {error}"),
        }
    }
});
