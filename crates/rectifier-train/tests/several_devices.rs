//! Several devices that share every batch take the steps that one device takes, whatever the share.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/devices.rs"]
mod devices;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use common::{Asked, create, network, open, parameters, points, run, story};
use devices::{devices, pairs};
use rectifier_data::{Batch, Batches, Examples, Order, SparseRows, SparseSamples};
use rectifier_nn::{
    ActivationPenalty, Corruption, DenseStack, Forward, Network, Reconstruction, Scale, Target,
};
use rectifier_train::{
    BurnEngine, Dropout, Engine, FineTune, Optimizer, Pretrain, Recipe, Run, Stage, StageContext,
    TrainError,
};

/// A batch size that neither two nor three devices divide; the last batch of an epoch has two examples.
const BATCH: usize = 11;
const EXAMPLES: usize = 7 * BATCH + 2;

fn on(devices: &[Device]) -> BurnEngine {
    BurnEngine::new(devices[0].clone()).with_further(devices[1..].iter().cloned())
}

/// What the steps of three epochs read, one list a step, and the parameters after them.
fn steps(engine: &BurnEngine, stage: &Stage, examples: &dyn Examples) -> (Vec<Vec<f64>>, Vec<f32>) {
    let recipe = Recipe {
        stages: vec![stage.clone()],
        ..Recipe::fine_tune(1, BATCH, 0.1)
    };
    let context = StageContext {
        recipe: &recipe,
        stage: 0,
        train: examples,
        state: None,
    };
    let mut session = engine.begin(network(&[30, 20]), &context).unwrap();
    let (mut read, mut batch) = (Vec::new(), Batch::default());
    for epoch in 0..3 {
        let mut batches = Batches::new(examples.len(), BATCH, Order::epoch(1, 0, epoch));
        while let Some(indices) = batches.next_batch() {
            batch.clear();
            examples.gather(indices, &mut batch).unwrap();
            session.step(&batch, 0.05, read.len() as u64).unwrap();
            let totals = session.totals().unwrap();
            assert_eq!(totals.examples as usize, indices.len());
            let mut row = vec![totals.mean_loss(), totals.mean_penalty()];
            row.push(totals.errors as f64 / indices.len() as f64);
            row.extend(session.zeros().unwrap());
            read.push(row);
        }
    }
    let evaluation = session.evaluate(examples, 5).unwrap();
    read.push(vec![evaluation.loss]);
    let stack: DenseStack = session.network();
    let numbers = |data: burn::tensor::TensorData| data.try_to_vec::<f32>().unwrap();
    let mut parameters = numbers(stack.head.weight.val().into_data());
    for layer in &stack.layers {
        parameters.extend(numbers(layer.weight.val().into_data()));
        parameters.extend(numbers(layer.bias.val().into_data()));
    }
    (read, parameters)
}

fn fine_tune() -> FineTune {
    FineTune::new(1, BATCH, 0.05)
}

fn pretrain(layer: usize, reconstruction: Reconstruction) -> Stage {
    Stage::Pretrain(Pretrain {
        layer,
        epochs: 1,
        batch: BATCH,
        rate: 0.05.into(),
        optimizer: Optimizer::Sgd,
        corruption: Corruption::SaltAndPepper {
            drop: 0.4,
            insert: 0.05,
        },
        reconstruction,
        l1: 0.001,
    })
}

fn stages() -> Vec<Stage> {
    let penalized = FineTune {
        l1: ActivationPenalty::PerLayer(vec![0.003, 0.001]),
        ..fine_tune()
    };
    let scaled = Reconstruction::CrossEntropy {
        scale: Scale::PerUnit,
    };
    let linear = Reconstruction::LinearSquared {
        target: Target::Before,
    };
    vec![
        fine_tune().weight_decay(0.01).into(),
        penalized.clone().into(),
        penalized
            .optimizer(Optimizer::Momentum { momentum: 0.9 })
            .into(),
        fine_tune().dropout(Dropout::new(0.2, 0.5)).into(),
        fine_tune().frozen([1]).into(),
        pretrain(1, linear),
        pretrain(2, scaled),
    ]
}

/// The same points as sparse rows, a number below a half left out.
fn sparse() -> SparseSamples {
    let dense = points(EXAMPLES, 1);
    let mut batch = Batch::default();
    dense
        .gather(&(0..EXAMPLES).collect::<Vec<_>>(), &mut batch)
        .unwrap();
    let mut rows = SparseRows::empty(common::WIDTH);
    for row in batch.inputs.chunks(common::WIDTH) {
        let columns: Vec<u32> = (0..common::WIDTH as u32)
            .filter(|column| row[*column as usize] > 0.5)
            .collect();
        let values: Vec<f32> = columns.iter().map(|column| row[*column as usize]).collect();
        rows.push(&columns, &values).unwrap();
    }
    SparseSamples::new(rows, batch.labels, 2).unwrap()
}

/// Sums of f32 in another order differ by some units of 6e-8 of their largest term; two dozen steps at a rate of 0.05 made 2e-7 of that
/// on flex. Shares weighed as equals, where one has six examples and the other five, are 2e-3 apart.
const ROUNDING: f64 = 2e-5;

#[test]
fn any_number_of_devices_takes_the_same_steps() {
    let (dense, sparse) = (points(EXAMPLES, 1), sparse());
    let sets: [&dyn Examples; 2] = [&dense, &sparse];
    for first in devices() {
        let one = on(std::slice::from_ref(&first));
        for stage in stages() {
            for set in sets {
                let (wanted, parameters_wanted) = steps(&one, &stage, set);
                for several in pairs(&first) {
                    let (found, parameters) = steps(&on(&several), &stage, set);
                    assert_eq!(found.len(), wanted.len());
                    let numbers = found.iter().zip(&wanted).flat_map(|(found, wanted)| {
                        assert_eq!(found.len(), wanted.len());
                        found.iter().copied().zip(wanted.iter().copied())
                    });
                    let parameters = parameters.iter().zip(&parameters_wanted);
                    let parameters =
                        parameters.map(|(one, other)| (f64::from(*one), f64::from(*other)));
                    for (found, wanted) in numbers.chain(parameters) {
                        let apart = (found - wanted).abs() / wanted.abs().max(1.0);
                        assert!(
                            apart < ROUNDING,
                            "{} on {several:?}: {found}, on one {wanted}",
                            stage.title()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_same_devices_give_the_same_bits_every_time() {
    let several = on(&[Device::flex(), Device::flex(), Device::flex()]);
    for stage in stages() {
        let once = steps(&several, &stage, &points(EXAMPLES, 1));
        assert!(
            steps(&several, &stage, &points(EXAMPLES, 1)) == once,
            "{}",
            stage.title()
        );
    }
}

#[test]
fn a_run_on_two_devices_ends_as_on_one_and_goes_on_where_it_was_stopped() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    let recipe = || {
        let pretrain = pretrain(1, Reconstruction::SoftplusSquared);
        let stages = [
            pretrain,
            fine_tune()
                .optimizer(Optimizer::Momentum { momentum: 0.5 })
                .into(),
        ];
        Recipe::of(3, stages)
    };
    let run_of = |devices: usize, folder| {
        let engine = on(&vec![Device::flex(); devices]);
        Run {
            engine: Box::new(engine),
            ..run(recipe(), network(&[12]), folder)
        }
    };
    let one = run_of(1, create(&path("one"))).launch().unwrap();
    let two = run_of(2, create(&path("two"))).launch().unwrap();
    let [one, whole] = [&one, &two].map(|outcome| outcome.record.summary.clone().unwrap());
    assert_eq!(whole.device.split(", ").count(), 2, "{}", whole.device);
    assert_eq!(one.device, whole.device.split(", ").next().unwrap());
    assert!(
        (one.test_loss - whole.test_loss).abs() < 1e-4,
        "{} {}",
        one.test_loss,
        whole.test_loss
    );
    // An example whose two classes are as likely as each other within rounding may fall on either side: 1 of 300 at the most.
    assert!((one.test_error - whole.test_error).abs() < 0.004);

    for after in [50, 150] {
        let stopped = path(&format!("stopped after {after}"));
        let mut part = run_of(2, create(&stopped));
        let interrupter = part.interrupter.clone();
        part.split.train = Asked::new(points(1200, 1), move |before, _| {
            if before == after {
                interrupter.stop(None);
            }
        });
        assert!(part.launch().unwrap().record.summary.is_none());
        // It was begun on two devices and goes on there.
        let refused = run_of(1, open(&stopped)).launch().unwrap_err();
        assert!(matches!(refused, TrainError::Changed(_)), "{refused}");
        let outcome = run_of(2, open(&stopped)).launch().unwrap();
        assert_eq!(story(&outcome), story(&two));
        assert!(parameters(&stopped) == parameters(&path("two")));
    }
}

/// A network whose forward pass fails on a share of a batch.
#[derive(Module, Debug)]
struct Fails {
    stack: DenseStack,
}

impl Network for Fails {
    #[allow(clippy::panic)]
    fn forward(&self, inputs: Tensor<2>) -> Forward {
        match inputs.dims()[0] {
            3 => panic!("this share is too much"),
            _ => self.stack.forward(inputs),
        }
    }
}

#[test]
fn a_device_that_fails_is_an_error_that_names_it() {
    let recipe = Recipe::of(1, [fine_tune()]);
    let examples = points(10, 1);
    let context = StageContext {
        recipe: &recipe,
        stage: 0,
        train: &examples,
        state: None,
    };
    let stack = network(&[12]);
    let engine = on(&[Device::flex(), Device::flex()]);
    let mut session = engine.begin(Fails { stack }, &context).unwrap();
    let mut step = |examples: usize| {
        let mut batch = Batch::default();
        points(10, 1)
            .gather(&(0..examples).collect::<Vec<_>>(), &mut batch)
            .unwrap();
        session.step(&batch, 0.1, 0)
    };
    step(4).unwrap();
    // Of seven the first device has four.
    let error = step(7).unwrap_err().to_string();
    assert!(
        error.contains("device 1") && error.contains("too much"),
        "{error}"
    );
    // Nothing is left over in the workers.
    step(4).unwrap();
}
