//! Sparse rows train to the same numbers as the same rows with their zeros, on every device of this build.
#![allow(clippy::unwrap_used)]

#[path = "common/devices.rs"]
mod devices;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use devices::devices;
use rectifier_data::{
    Batch, Batches, Examples, Order, Samples, SparseRows, SparseSamples, random::mix,
};
use rectifier_nn::{
    Corruption, DenseStack, DenseStackConfig, Forward, Init, Network, Reconstruction, Scale, Unit,
};
use rectifier_train::{
    BurnEngine, DeviceInputs, Engine, FineTune, Objective, Optimizer, Pretrain, Recipe, Stage,
    StageContext, evaluate,
};

const WIDTH: usize = 400;
const EXAMPLES: usize = 120;
const CLASSES: usize = 5;

/// About four of 400 numbers an example are not zero, and some examples are empty.
fn examples() -> SparseSamples {
    let mut rows = SparseRows::empty(WIDTH);
    let mut labels = Vec::new();
    for example in 0..EXAMPLES as u64 {
        let draw = |k: u64| mix(example * 1000 + k);
        let mut columns: Vec<u32> = (0..draw(0) % 9)
            .map(|k| (draw(k + 1) % WIDTH as u64) as u32)
            .collect();
        columns.sort_unstable();
        columns.dedup();
        let value = |place: usize| 0.5 + (draw(place as u64 + 50) % 100) as f32 / 100.0;
        let values: Vec<f32> = (0..columns.len()).map(value).collect();
        labels.push(columns.first().map_or(0, |column| column % CLASSES as u32));
        rows.push(&columns, &values).unwrap();
    }
    SparseSamples::new(rows, labels, CLASSES).unwrap()
}

fn network(device: &Device) -> DenseStack {
    DenseStackConfig::new(WIDTH, [30, 20], Unit::Rectifier, CLASSES)
        .init(3, device)
        .unwrap()
}

/// Mean loss of every step, the evaluation after the last one, and the parameters then.
fn numbers(examples: &dyn Examples, stage: Stage, device: &Device) -> (Vec<f64>, Vec<f32>) {
    let recipe = Recipe {
        seed: 7,
        objective: Objective::ExpectedRating,
        stages: vec![stage],
    };
    let context = StageContext {
        recipe: &recipe,
        stage: 0,
        train: examples,
        state: None,
    };
    let mut session = BurnEngine::new(device.clone())
        .begin(network(device), &context)
        .unwrap();
    let mut losses = Vec::new();
    let mut batch = Batch::default();
    for epoch in 0..4 {
        let mut batches = Batches::new(examples.len(), 9, Order::epoch(1, 0, epoch));
        while let Some(indices) = batches.next_batch() {
            batch.clear();
            examples.gather(indices, &mut batch).unwrap();
            session.step(&batch, 0.1, losses.len() as u64).unwrap();
            losses.push(session.totals().unwrap().mean_loss());
        }
    }
    let evaluation = session.evaluate(examples, 5).unwrap();
    losses.push(evaluation.loss);
    losses.extend(evaluation.rmse);
    losses.extend(evaluation.zeros());
    let network = session.network();
    let values = |tensor: burn::tensor::TensorData| tensor.try_to_vec::<f32>().unwrap();
    let mut parameters = values(network.head.weight.val().into_data());
    for layer in &network.layers {
        parameters.extend(values(layer.weight.val().into_data()));
        parameters.extend(values(layer.bias.val().into_data()));
    }
    (losses, parameters)
}

fn fine_tune(optimizer: Optimizer) -> Stage {
    Stage::FineTune(FineTune {
        epochs: 1,
        batch: 9,
        rate: 0.1.into(),
        optimizer,
        l1: Default::default(),
        patience: None,
        ..FineTune::new(1, 1, 0.1)
    })
}

fn pretrain(layer: usize) -> Stage {
    Stage::Pretrain(Pretrain {
        layer,
        epochs: 1,
        batch: 9,
        rate: 0.1.into(),
        optimizer: Optimizer::Sgd,
        corruption: Corruption::SaltAndPepper {
            drop: 0.5,
            insert: 0.005,
        },
        reconstruction: Reconstruction::CrossEntropy {
            scale: Scale::Global,
        },
        l1: 0.001,
    })
}

#[test]
fn steps_on_sparse_rows_agree_with_steps_on_dense_ones() {
    let sparse = examples();
    let dense = Samples::collect(&sparse).unwrap();
    assert!(sparse.is_sparse() && !dense.is_sparse());
    let momentum = Optimizer::Momentum { momentum: 0.5 };
    let stages = [
        fine_tune(Optimizer::Sgd),
        fine_tune(momentum),
        pretrain(1),
        pretrain(2),
    ];
    for device in devices() {
        for stage in &stages {
            let (losses, parameters) = numbers(&sparse, stage.clone(), &device);
            let (wanted, parameters_wanted) = numbers(&dense, stage.clone(), &device);
            assert_eq!(losses.len(), wanted.len());
            for (step, (found, wanted)) in losses.iter().zip(&wanted).enumerate() {
                assert!(
                    (found - wanted).abs() < 1e-4 * wanted.abs().max(1.0),
                    "{device:?}, {}, step {step}: {found} {wanted}",
                    stage.title()
                );
            }
            let moved = network(&device).head.weight.val().into_data();
            let moved: Vec<f32> = moved.try_to_vec().unwrap();
            assert!(matches!(stage, Stage::Pretrain(_)) || parameters[..moved.len()] != moved[..]);
            for (found, wanted) in parameters.iter().zip(&parameters_wanted) {
                assert!((found - wanted).abs() < 1e-4 * wanted.abs().max(1.0));
            }
        }
    }
}

/// A user's own network, which knows nothing of sparse rows.
#[derive(Module, Debug)]
struct Own {
    stack: DenseStack,
}

impl Network for Own {
    fn forward(&self, inputs: Tensor<2>) -> Forward {
        self.stack.forward(inputs)
    }
}

#[test]
fn a_network_without_hidden_layers_and_a_users_own_take_sparse_rows() {
    let sparse = examples();
    let dense = Samples::collect(&sparse).unwrap();
    for device in devices() {
        let linear = DenseStackConfig::new(WIDTH, [], Unit::Rectifier, CLASSES);
        let linear = linear.init(3, &device).unwrap();
        let own = Own {
            stack: network(&device),
        };
        let losses = |examples: &dyn Examples| {
            let objective = Objective::Classification;
            let linear = evaluate(&linear, examples, objective, &device).unwrap();
            let own = evaluate(&own, examples, objective, &device).unwrap();
            [linear.loss, own.loss]
        };
        for (found, wanted) in losses(&sparse).into_iter().zip(losses(&dense)) {
            assert!((found - wanted).abs() < 1e-5, "{found} {wanted}");
        }
    }
}

#[test]
fn few_columns_go_sparse_and_many_go_dense() {
    let device = Device::flex();
    let rows = |count: usize| {
        let columns: Vec<u32> = (0..count as u32).collect();
        let mut rows = SparseRows::empty(100);
        rows.push(&columns, &vec![1.0; count]).unwrap();
        Batch {
            labels: vec![0],
            sparse: Some(rows),
            ..Batch::default()
        }
    };
    let is_sparse =
        |batch: &Batch| matches!(DeviceInputs::of(batch, &device), DeviceInputs::Sparse(_));
    assert!(is_sparse(&rows(0)) && is_sparse(&rows(10)) && !is_sparse(&rows(100)));
    let dense = Batch {
        inputs: vec![0.0; 100],
        labels: vec![0],
        sparse: None,
    };
    assert!(!is_sparse(&dense) && !is_sparse(&Batch::default()));
}
