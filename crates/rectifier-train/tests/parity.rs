//! The same weights and the same batches give the same losses as PyTorch, for 50 steps, each unit, optimizer and
//! reconstruction strategy. `parity/README.md` says how the expected numbers are made.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common/devices.rs"]
mod devices;

use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use devices::devices;
use rectifier_data::{Batch, DataError, Examples};
use rectifier_nn::{
    ActivationPenalty, DenoisingAutoencoder, DenseStack, DenseStackConfig, Init, Network,
    Reconstruction, Scale, Target, Unit,
};
use rectifier_train::{
    BurnEngine, Engine, FineTune, Objective, Optimizer, Rate, Recipe, Schedule, Stage,
    StageContext, evaluate,
};
use safetensors::SafeTensors;
use serde_json::Value;

const STEPS: usize = 50;
const BATCH: usize = 4;
const SIZES: [usize; 5] = [12, 16, 14, 13, 5];
const TOLERANCE: f64 = 1e-4;

struct Fixture {
    bytes: Vec<u8>,
    cases: Value,
}

impl Fixture {
    fn read() -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity");
        let text = std::fs::read_to_string(format!("{folder}/losses.json")).unwrap();
        let losses: Value = serde_json::from_str(&text).unwrap();
        Self {
            bytes: std::fs::read(format!("{folder}/fixture.safetensors")).unwrap(),
            cases: losses["cases"].clone(),
        }
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let view = file.tensor(name).unwrap();
        let (words, _) = view.data().as_chunks::<4>();
        words.iter().map(|word| f32::from_le_bytes(*word)).collect()
    }

    fn labels(&self) -> Vec<u32> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let view = file.tensor("labels").unwrap();
        let (words, _) = view.data().as_chunks::<8>();
        words
            .iter()
            .map(|word| i64::from_le_bytes(*word) as u32)
            .collect()
    }

    fn tensor<const D: usize>(&self, name: &str, shape: [usize; D], device: &Device) -> Tensor<D> {
        Tensor::from_data(TensorData::new(self.floats(name), shape), device)
    }

    fn network(&self, unit: Unit, flipped: bool, threshold: f64, device: &Device) -> DenseStack {
        let mut network = DenseStackConfig::new(SIZES[0], &SIZES[1..4], unit, SIZES[4])
            .with_flips(flipped)
            .with_threshold(threshold)
            .init(0, device)
            .unwrap();
        for (k, layer) in network.layers.iter_mut().enumerate() {
            let dims = [SIZES[k], SIZES[k + 1]];
            layer.weight =
                Param::from_tensor(self.tensor(&format!("layers.{k}.weight"), dims, device));
            layer.bias =
                Param::from_tensor(self.tensor(&format!("layers.{k}.bias"), [dims[1]], device));
            if flipped {
                let flips = self.tensor(&format!("flips.{k}"), [dims[1]], device);
                layer.flips = Some(Param::from_tensor(flips).set_require_grad(false));
            }
        }
        network.head.weight =
            Param::from_tensor(self.tensor("head.weight", [SIZES[3], SIZES[4]], device));
        network.head.bias = Some(Param::from_tensor(self.tensor(
            "head.bias",
            [SIZES[4]],
            device,
        )));
        network
    }

    fn batch(&self, step: usize) -> Batch {
        let width = BATCH * SIZES[0];
        Batch {
            inputs: self.floats("inputs")[step * width..(step + 1) * width].to_vec(),
            labels: self.labels()[step * BATCH..(step + 1) * BATCH].to_vec(),
            sparse: None,
        }
    }
}

/// Rows of the fixture as a data set.
struct Rows(Batch);

impl Examples for Rows {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn shape(&self) -> &[usize] {
        &SIZES[..1]
    }
    fn classes(&self) -> usize {
        SIZES[4]
    }
    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        for &index in indices {
            batch
                .inputs
                .extend_from_slice(&self.0.inputs[index * SIZES[0]..][..SIZES[0]]);
            batch.labels.push(self.0.labels[index]);
        }
        Ok(())
    }
}

fn numbers(case: &Value, field: &str) -> Vec<f64> {
    case[field]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap())
        .collect()
}

fn agree(what: &str, found: f64, wanted: f64) {
    let difference = (found - wanted).abs() / wanted.abs().max(1.0);
    assert!(difference < TOLERANCE, "{what}: {found}, PyTorch {wanted}");
}

fn unit_of(case: &Value) -> (Unit, f64) {
    match case["unit"].as_str().unwrap() {
        "rectifier" => (Unit::Rectifier, 0.0),
        "threshold" => (Unit::Rectifier, 0.1),
        "leaky" => (Unit::Leaky { slope: 0.01 }, 0.0),
        "parametric_leaky" => (Unit::ParametricLeaky { slope: 0.25 }, 0.0),
        "softplus" => (Unit::Softplus { sharpness: 1.0 }, 0.0),
        "softplus_3" => (Unit::Softplus { sharpness: 3.0 }, 0.0),
        "tanh" => (Unit::Tanh, 0.0),
        "logistic" => (Unit::Logistic, 0.0),
        "identity" => (Unit::Identity, 0.0),
        "elu" => (Unit::Elu { alpha: 1.0 }, 0.0),
        "selu" => (Unit::Selu, 0.0),
        "gelu" => (Unit::Gelu, 0.0),
        other => panic!("unknown unit {other}"),
    }
}

fn supervised(fixture: &Fixture, name: &str, case: &Value, device: &Device) {
    let (unit, threshold) = unit_of(case);
    let network = fixture.network(unit, case["flipped"] == true, threshold, device);
    let lr = case["lr"].as_f64().unwrap();
    let rate = match case["halve_every"].as_f64() {
        // One "epoch" of the schedule is as many steps as the case halves after.
        Some(_) => Rate::Scheduled(Schedule::Step {
            start: lr,
            factor: 0.5,
            epochs: 1.0,
        }),
        None => lr.into(),
    };
    let steps_an_epoch = case["halve_every"].as_f64().unwrap_or(STEPS as f64);
    let l1 = case["l1"]
        .as_array()
        .map_or(Vec::new(), |_| numbers(case, "l1"));
    let recipe = Recipe {
        seed: 0,
        objective: if case["rating"] == true {
            Objective::ExpectedRating
        } else {
            Objective::Classification
        },
        stages: vec![Stage::FineTune(FineTune {
            epochs: 1,
            batch: BATCH,
            rate,
            optimizer: match case["optimizer"].as_str().unwrap() {
                "momentum" => Optimizer::Momentum { momentum: 0.9 },
                "adam" => Optimizer::Adam,
                _ => Optimizer::Sgd,
            },
            l1: match l1.is_empty() {
                true => ActivationPenalty::default(),
                false => ActivationPenalty::PerLayer(l1.clone()),
            },
            patience: None,
            ..FineTune::new(1, BATCH, rate)
        })],
    };
    let train = Rows(fixture.batch(0));
    let context = StageContext {
        recipe: &recipe,
        stage: 0,
        train: &train,
        state: None,
    };
    let mut session = BurnEngine::new(device.clone())
        .begin(network, &context)
        .unwrap();
    let losses = numbers(case, "loss");
    for (step, wanted) in losses.iter().enumerate() {
        let batch = fixture.batch(step);
        if recipe.objective == Objective::ExpectedRating {
            let rmse = evaluate(
                &session.network(),
                &Rows(batch.clone()),
                recipe.objective,
                device,
            )
            .unwrap()
            .rmse
            .unwrap();
            agree(
                &format!("{name}, squared error, step {step}"),
                rmse * rmse,
                numbers(case, "squared_error")[step],
            );
        }
        session
            .step(&batch, rate.at(step as f64 / steps_an_epoch, 10.0), 0)
            .unwrap();
        let totals = session.totals().unwrap();
        agree(
            &format!("{name}, loss, step {step}"),
            totals.mean_loss(),
            *wanted,
        );
        if !l1.is_empty() {
            agree(
                &format!("{name}, penalty, step {step}"),
                totals.mean_penalty(),
                numbers(case, "penalty")[step],
            );
        }
    }
    let last = fixture.batch(STEPS - 1);
    let logits = session
        .network()
        .forward(last.inputs_tensor(SIZES[0], device))
        .logits
        .into_data();
    let wanted = case["final_logits"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap());
    for (found, wanted) in logits.iter::<f32>().zip(wanted) {
        agree(
            &format!("{name}, final logit"),
            f64::from(found),
            wanted.as_f64().unwrap(),
        );
    }
    let zeros = session.evaluate(&Rows(last), 0).unwrap().zeros();
    assert_eq!(zeros.len(), 3);
    for (found, wanted) in zeros.iter().zip(numbers(case, "final_zero_share")) {
        agree(&format!("{name}, zeros"), *found, wanted);
    }
}

fn strategy_of(case: &Value) -> Reconstruction {
    match case["reconstruction"].as_str().unwrap() {
        "softplus_squared" => Reconstruction::SoftplusSquared,
        "rectifier_squared" => Reconstruction::RectifierSquared,
        "linear_squared" if case["before_nonlinearity"] == true => Reconstruction::LinearSquared {
            target: Target::Before,
        },
        "linear_squared" => Reconstruction::LinearSquared {
            target: Target::After,
        },
        "sigmoid_cross_entropy" if case["scale"] == "per_unit" => Reconstruction::CrossEntropy {
            scale: Scale::PerUnit,
        },
        "sigmoid_cross_entropy" => Reconstruction::CrossEntropy {
            scale: Scale::Global,
        },
        other => panic!("unknown strategy {other}"),
    }
}

fn pretraining(fixture: &Fixture, name: &str, case: &Value, device: &Device) {
    let layer = case["layer"].as_u64().unwrap() as usize;
    let strategy = strategy_of(case);
    let (unit, _) = unit_of(case);
    let mut stack = fixture.network(unit, false, 0.0, device);
    let all = fixture.tensor("inputs", [STEPS * BATCH, SIZES[0]], device);
    if let Some(scale) = strategy.scaling(layer, unit) {
        let maxima = stack
            .features(all, layer)
            .max_dim(0)
            .reshape([SIZES[layer]]);
        let divisor = match scale {
            Scale::PerUnit => maxima,
            Scale::Global => maxima.max().expand([SIZES[layer]]),
        };
        stack = stack.fold_scale(layer - 1, divisor);
    }
    let mut autoencoder =
        DenoisingAutoencoder::new(stack.layers[layer].clone(), strategy, 0, device);
    let dims = [SIZES[layer + 1], SIZES[layer]];
    let decoder = &mut autoencoder.decoder;
    decoder.weight =
        Param::from_tensor(fixture.tensor(&format!("decoders.{layer}.weight"), dims, device));
    decoder.bias = Some(Param::from_tensor(fixture.tensor(
        &format!("decoders.{layer}.bias"),
        [dims[1]],
        device,
    )));
    let mut autoencoder = autoencoder.train();
    let mut optimizer = Optimizer::Sgd.init();
    let lr = case["lr"].as_f64().unwrap();
    let l1 = case["l1"]
        .as_array()
        .map_or(0.0, |l1| l1[0].as_f64().unwrap());
    let rows = |name: &str, width: usize, step: usize| {
        let values =
            fixture.floats(name)[step * BATCH * width..(step + 1) * BATCH * width].to_vec();
        Tensor::<2>::from_data(TensorData::new(values, [BATCH, width]), device)
    };
    for (step, wanted) in numbers(case, "loss").into_iter().enumerate() {
        let (clean, target) = stack.denoising_pair(rows("inputs", SIZES[0], step), layer, strategy);
        let corrupted = match layer {
            0 => rows("corrupted", SIZES[0], step),
            _ => clean * rows("mask1", SIZES[1], step),
        };
        let rebuilt =
            autoencoder.forward(Tensor::from_inner(corrupted), Tensor::from_inner(target));
        agree(
            &format!("{name}, step {step}"),
            rebuilt.cost.clone().into_scalar::<f64>(),
            wanted,
        );
        let mut total = rebuilt.cost;
        if let Some(penalty) = ActivationPenalty::Uniform(l1).cost(&[rebuilt.hidden]) {
            let found = penalty.clone().into_scalar::<f64>();
            agree(
                &format!("{name}, penalty, step {step}"),
                found,
                numbers(case, "penalty")[step],
            );
            total = total + penalty;
        }
        let grads = GradientsParams::from_grads(total.backward(), &autoencoder);
        autoencoder = optimizer.step(lr, autoencoder, grads);
    }
}

#[test]
fn losses_agree_with_pytorch_for_fifty_steps() {
    let fixture = Fixture::read();
    for device in devices() {
        let cases = fixture.cases.as_object().unwrap();
        assert!(cases.len() >= 30, "only {} cases", cases.len());
        for (name, case) in cases {
            assert_eq!(numbers(case, "loss").len(), STEPS, "{name}");
            match case["kind"].as_str().unwrap() {
                "supervised" => supervised(&fixture, name, case, &device),
                _ => pretraining(&fixture, name, case, &device),
            }
        }
    }
}

/// The session's pre-training step is the one compared above, on noise drawn from its seed.
#[test]
fn a_session_corrupts_as_its_seed_says() {
    use rectifier_nn::Corruption;
    use rectifier_train::Pretrain;
    let fixture = Fixture::read();
    let device = Device::flex();
    let network = fixture.network(Unit::Rectifier, false, 0.0, &device);
    let corruption = Corruption::Masking { share: 0.25 };
    let stage = Pretrain {
        layer: 2,
        epochs: 1,
        batch: BATCH,
        rate: 0.1.into(),
        optimizer: Optimizer::Sgd,
        corruption,
        reconstruction: Reconstruction::SoftplusSquared,
        l1: 0.0,
    };
    let recipe = Recipe {
        seed: 5,
        objective: Objective::Classification,
        stages: vec![Stage::Pretrain(stage)],
    };
    let train = Rows(fixture.batch(0));
    let context = StageContext {
        recipe: &recipe,
        stage: 0,
        train: &train,
        state: None,
    };
    let mut session = BurnEngine::new(device.clone())
        .begin(network.clone(), &context)
        .unwrap();
    session.step(&train.0, 0.1, 77).unwrap();
    let found = session.totals().unwrap().mean_loss();
    let encoder = network.layers[1].clone();
    let autoencoder = DenoisingAutoencoder::new(
        encoder,
        Reconstruction::SoftplusSquared,
        context.seed(),
        &device,
    );
    let inputs = train.0.inputs_tensor(SIZES[0], &device);
    let (clean, target) = network.denoising_pair(inputs, 1, Reconstruction::SoftplusSquared);
    let corrupted = corruption.draw(BATCH * SIZES[1], 77).apply(clean, &device);
    let wanted = autoencoder
        .forward(corrupted, target)
        .cost
        .into_scalar::<f64>();
    assert!((found - wanted).abs() < 1e-6, "{found} {wanted}");
    let moved = session.network();
    let same = |k: usize| {
        moved.layers[k].weight.val().into_data() == network.layers[k].weight.val().into_data()
    };
    assert!(
        same(0) && !same(1) && same(2),
        "only the layer in training moves"
    );
}
