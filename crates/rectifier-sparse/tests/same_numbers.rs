//! One small network trained in every way that the engine has, on every count of threads and every instruction set: the same
//! numbers to the last bit, whose checksum is written here. It is the same on every machine.
#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Tensor};
use rectifier_data::{Batch, Examples, Samples, SparseRows, SparseSamples, random::subseed};
use rectifier_nn::{
    ActivationPenalty, Corruption, DenseStack, DenseStackConfig, Draw, Init, Reconstruction, Scale,
    Target, Unit,
};
use rectifier_sparse::{Level, SparseEngine, evaluate, predictor};
use rectifier_train::{
    Dropout, Engine, FineTune, Objective, Optimizer, Pretrain, Recipe, Stage, StageContext,
};
use sha2::{Digest, Sha256};

/// The checksum of everything that all runs give.
const NUMBERS: &str = "b82e09532375adb7f13793762d6ecec2aba9c60455008350e3ac24b2ab5d6d17";

/// The checksum of what runs with momentum, weight decay, dropout and frozen layers give.
const MODERN: &str = "74a11951a286049d4815f3d182857615a205dac476079f9ce24455ddec1e0f1a";

/// 600 units are ten panels, in groups of two; 130 are three, each a group.
const INPUTS: usize = 70;
const HIDDEN: [usize; 2] = [600, 130];
const CLASSES: usize = 5;

struct Numbers(Sha256);

impl Numbers {
    fn add(&mut self, numbers: &[f32]) {
        // What is not a number would make the checksum meaningless.
        assert!(numbers.iter().all(|number| number.is_finite()));
        for number in numbers {
            self.0.update(number.to_le_bytes());
        }
    }

    fn add_wide(&mut self, number: f64) {
        assert!(number.is_finite());
        self.0.update(number.to_le_bytes());
    }

    fn add_tensor<const D: usize>(&mut self, tensor: Tensor<D>) {
        self.add(&tensor.into_data().try_to_vec::<f32>().unwrap());
    }

    fn digest(self) -> String {
        let digest = self.0.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn add_stack(&mut self, stack: &DenseStack) {
        for layer in &stack.layers {
            self.add_tensor(layer.weight.val());
            self.add_tensor(layer.bias.val());
        }
        self.add_tensor(stack.head.weight.val());
        self.add_tensor(stack.head.bias.as_ref().unwrap().val());
    }
}

/// Examples with about half of their numbers 0, the same ones as rows and as lists of what is not 0.
fn examples(len: usize) -> (Samples, SparseSamples) {
    let mut draw = Draw::new(4);
    let values: Vec<f32> = (0..len * INPUTS)
        .map(|_| (2.0 * draw.unit() - 1.0).max(0.0))
        .collect();
    let labels: Vec<u32> = (0..len)
        .map(|_| (draw.unit() * CLASSES as f32) as u32)
        .collect();
    let mut rows = SparseRows::empty(INPUTS);
    for row in values.chunks(INPUTS) {
        let (columns, values): (Vec<u32>, Vec<f32>) = (0..)
            .zip(row.iter().copied())
            .filter(|(_, value)| *value != 0.0)
            .unzip();
        rows.push(&columns, &values).unwrap();
    }
    let sparse = SparseSamples::new(rows, labels.clone(), CLASSES).unwrap();
    (
        Samples::from_f32(values, labels, &[INPUTS], CLASSES).unwrap(),
        sparse,
    )
}

fn fine_tune(l1: f64, batch: usize) -> Stage {
    Stage::FineTune(FineTune {
        l1: ActivationPenalty::PerLayer(vec![l1, 2.0 * l1]),
        ..FineTune::new(1, batch, 0.05)
    })
}

fn pretrain(layer: usize, corruption: Corruption, reconstruction: Reconstruction) -> Stage {
    Stage::Pretrain(Pretrain {
        layer,
        epochs: 1,
        batch: 9,
        rate: 0.01.into(),
        optimizer: Optimizer::Sgd,
        corruption,
        reconstruction,
        l1: 1e-3,
    })
}

fn stack(unit: Unit, flips: bool) -> DenseStack {
    DenseStackConfig::new(INPUTS, HIDDEN, unit, CLASSES)
        .with_flips(flips)
        .init(3, &Device::flex())
        .unwrap()
}

/// Six steps of `stage`, the last with few examples, and all that can be seen of them.
fn train(
    numbers: &mut Numbers,
    engine: &SparseEngine,
    network: DenseStack,
    stage: Stage,
    examples: &dyn Examples,
) -> DenseStack {
    let recipe = Recipe {
        seed: 9,
        objective: Objective::Classification,
        stages: vec![stage],
    };
    let context = StageContext {
        recipe: &recipe,
        stage: 0,
        train: examples,
        state: None,
    };
    let (size, rate) = (recipe.stages[0].batch(), recipe.stages[0].rate().start());
    let mut session = engine.begin(network, &context).unwrap();
    for step in 0..6 {
        let size = if step == 5 { size.div_ceil(3) } else { size };
        let indices: Vec<usize> = (0..size)
            .map(|k| (step * size + k) % examples.len())
            .collect();
        let mut batch = Batch::default();
        examples.gather(&indices, &mut batch).unwrap();
        session
            .step(&batch, rate, subseed(5, &[step as u64]))
            .unwrap();
        let totals = session.totals().unwrap();
        numbers.add_wide(totals.loss);
        numbers.add_wide(totals.penalty);
        numbers.add_wide(totals.errors as f64);
        for zeros in session.zeros().unwrap() {
            numbers.add_wide(zeros);
        }
    }
    let network = session.network();
    numbers.add_stack(&network);
    let evaluation = session.evaluate(examples, 3).unwrap();
    numbers.add_wide(evaluation.loss);
    evaluation
        .zeros()
        .into_iter()
        .for_each(|zeros| numbers.add_wide(zeros));
    network
}

fn everything(level: Level, threads: usize) -> String {
    let engine = SparseEngine::new(Device::flex())
        .with_level(level)
        .with_threads(threads);
    let mut numbers = Numbers(Sha256::new());
    let (rows, lists) = examples(60);
    // Small and large batches go by lists of other shapes.
    for (size, flips) in [(7, false), (40, true), (150, false)] {
        let network = stack(Unit::Rectifier, flips);
        train(
            &mut numbers,
            &engine,
            network.clone(),
            fine_tune(1e-3, size),
            &rows,
        );
        train(&mut numbers, &engine, network, fine_tune(0.0, size), &lists);
    }
    let early = stack(Unit::Rectifier, false).with_threshold(0.05).unwrap();
    let trained = train(&mut numbers, &engine, early, fine_tune(1e-3, 9), &rows);
    for unit in [
        Unit::Leaky { slope: 0.01 },
        Unit::Softplus { sharpness: 2.0 },
        Unit::Tanh,
        Unit::Logistic,
        Unit::Identity,
        Unit::Elu { alpha: 1.0 },
        Unit::Selu,
        Unit::Gelu,
    ] {
        // Without zeros: whole matrices.
        train(
            &mut numbers,
            &engine,
            stack(unit, true),
            fine_tune(1e-3, 9),
            &rows,
        );
    }
    let strategies = [
        Reconstruction::SoftplusSquared,
        Reconstruction::CrossEntropy {
            scale: Scale::Global,
        },
        Reconstruction::CrossEntropy {
            scale: Scale::PerUnit,
        },
        Reconstruction::LinearSquared {
            target: Target::After,
        },
        Reconstruction::LinearSquared {
            target: Target::Before,
        },
        Reconstruction::RectifierSquared,
    ];
    let noises = [
        Corruption::Masking { share: 0.25 },
        Corruption::SaltAndPepper {
            drop: 0.5,
            insert: 0.05,
        },
        Corruption::None,
    ];
    for (k, strategy) in strategies.into_iter().enumerate() {
        for layer in 1..=2 {
            let stage = pretrain(layer, noises[(k + layer) % 3], strategy);
            let network = stack(Unit::Rectifier, k % 2 == 0);
            train(&mut numbers, &engine, network, stage, &rows);
        }
    }
    let mut batch = Batch::default();
    rows.gather(&(0..60).collect::<Vec<_>>(), &mut batch)
        .unwrap();
    for rounded in [false, true] {
        let network = predictor(&trained)
            .unwrap()
            .with_level(level)
            .with_threads(threads);
        let network = match rounded {
            true => network.in_bf16(),
            false => network,
        };
        numbers.add(&network.logits(&batch.inputs).unwrap());
        numbers.add(&network.probabilities(&batch.inputs[..INPUTS]).unwrap());
        let said = evaluate(&network, &rows, Objective::Classification).unwrap();
        numbers.add_wide(said.loss);
    }
    numbers.digest()
}

/// What goes beyond plain descent.
fn modern(level: Level, threads: usize) -> String {
    let engine = SparseEngine::new(Device::flex())
        .with_level(level)
        .with_threads(threads);
    let mut numbers = Numbers(Sha256::new());
    let (rows, lists) = examples(60);
    let momentum = Optimizer::Momentum { momentum: 0.9 };
    let plain = |batch: usize| FineTune::new(1, batch, 0.02).l1(1e-3);
    for batch in [1, 7, 40, 150] {
        let stages = [
            plain(batch).optimizer(momentum),
            plain(batch).weight_decay(1e-2),
            plain(batch).optimizer(momentum).weight_decay(1e-2),
            plain(batch).dropout(Dropout::new(0.2, 0.5)),
            plain(batch)
                .optimizer(momentum)
                .frozen([1])
                .dropout(Dropout::new(0.0, 0.25)),
        ];
        for (k, stage) in stages.into_iter().enumerate() {
            let examples: [&dyn Examples; 2] = [&rows, &lists];
            for unit in [Unit::Rectifier, Unit::Tanh] {
                let network = stack(unit, k % 2 == 0);
                let stage = Stage::from(stage.clone());
                train(&mut numbers, &engine, network, stage, examples[k % 2]);
            }
        }
    }
    for layer in 1..=2 {
        let noise = Corruption::Masking { share: 0.25 };
        let mut stage = pretrain(layer, noise, Reconstruction::SoftplusSquared);
        if let Stage::Pretrain(stage) = &mut stage {
            stage.optimizer = momentum;
        }
        let network = stack(Unit::Rectifier, false);
        train(&mut numbers, &engine, network, stage, &rows);
    }
    numbers.digest()
}

#[test]
fn same_seed_same_numbers_on_any_threads_with_any_instructions() {
    for level in Level::available() {
        for threads in [1, 2, 3, 5] {
            let what = format!("{}, {threads} threads", level.name());
            assert_eq!(everything(level, threads), NUMBERS, "{what}");
            assert_eq!(modern(level, threads), MODERN, "{what}");
        }
    }
}
