//! The sparse engine against Burn's: the same recipe and seeds, the same losses, parameters and measurements.
#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Tensor};
use proptest::prelude::*;
use rectifier_data::{Batch, Examples, Samples, random::subseed};
use rectifier_nn::{
    ActivationPenalty, Corruption, DenseStack, DenseStackConfig, Draw, Init, Network,
    Reconstruction, Scale, Target, Unit,
};
use rectifier_sparse::{Level, SparseEngine, predictor};
use rectifier_train::{
    BurnEngine, Dropout, Engine, FineTune, Objective, Optimizer, Pretrain, Rate, Recipe, Schedule,
    SessionState, Stage, StageContext, StageSession, evaluate,
};

/// Examples with about half of their numbers 0.
fn examples(len: usize, width: usize, classes: usize, seed: u64) -> Samples {
    let mut draw = Draw::new(seed);
    let values = (0..len * width)
        .map(|_| (2.0 * draw.unit() - 1.0).max(0.0))
        .collect();
    let labels = (0..len)
        .map(|_| (draw.unit() * classes as f32) as u32)
        .collect();
    Samples::from_f32(values, labels, &[width], classes).unwrap()
}

fn fine_tune(l1: ActivationPenalty, batch: usize) -> Stage {
    Stage::FineTune(FineTune {
        epochs: 1,
        batch,
        rate: 0.05.into(),
        optimizer: Optimizer::Sgd,
        l1,
        patience: None,
        ..FineTune::new(1, 1, 0.1)
    })
}

fn pretrain(
    layer: usize,
    batch: usize,
    corruption: Corruption,
    reconstruction: Reconstruction,
    l1: f64,
) -> Stage {
    Stage::Pretrain(Pretrain {
        layer,
        epochs: 1,
        batch,
        rate: 0.01.into(),
        optimizer: Optimizer::Sgd,
        corruption,
        reconstruction,
        l1,
    })
}

fn recipe(stage: Stage) -> Recipe {
    Recipe {
        seed: 9,
        objective: Objective::Classification,
        stages: vec![stage],
    }
}

fn batch(train: &Samples, size: usize, step: usize) -> Batch {
    let indices: Vec<usize> = (0..size).map(|k| (step * size + k) % train.len()).collect();
    let mut batch = Batch::default();
    train.gather(&indices, &mut batch).unwrap();
    batch
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn parameters(network: &DenseStack) -> Vec<f32> {
    let mut all = Vec::new();
    for layer in &network.layers {
        all.extend(numbers(layer.weight.val()));
        all.extend(numbers(layer.bias.val()));
    }
    all.extend(numbers(network.head.weight.val()));
    all.extend(numbers(network.head.bias.as_ref().unwrap().val()));
    all
}

type Session = Box<dyn StageSession<DenseStack>>;

fn sessions(
    network: &DenseStack,
    recipe: &Recipe,
    train: &Samples,
    engine: &SparseEngine,
) -> [Session; 2] {
    let context = context(recipe, train, None);
    let burn = BurnEngine::new(Device::flex());
    [
        burn.begin(network.clone(), &context).unwrap(),
        engine.begin(network.clone(), &context).unwrap(),
    ]
}

fn context<'a>(
    recipe: &'a Recipe,
    train: &'a Samples,
    state: Option<&'a SessionState>,
) -> StageContext<'a> {
    StageContext {
        recipe,
        stage: 0,
        train,
        state,
    }
}

fn close(what: &str, found: f64, wanted: f64, tolerance: f64) {
    let difference = (found - wanted).abs() / wanted.abs().max(1.0);
    assert!(
        difference < tolerance,
        "{what}: sparse {found}, burn {wanted}"
    );
}

/// Both engines through `steps` steps, and everything that can be seen of them.
fn compare(
    network: &DenseStack,
    stage: Stage,
    train: &Samples,
    size: usize,
    steps: usize,
    engine: &SparseEngine,
) {
    let recipe = recipe(stage);
    let rate = |step: usize| recipe.stages[0].rate().at(step as f64 / steps as f64, 1.0);
    let [mut burn, mut sparse] = sessions(network, &recipe, train, engine);
    for step in 0..steps {
        // Now and then a short batch, as at the end of an epoch.
        let batch = batch(
            train,
            if step % 7 == 6 {
                size.div_ceil(3)
            } else {
                size
            },
            step,
        );
        let noise = subseed(5, &[step as u64]);
        burn.step(&batch, rate(step), noise).unwrap();
        sparse.step(&batch, rate(step), noise).unwrap();
        let (wanted, found) = (burn.totals().unwrap(), sparse.totals().unwrap());
        let what = format!("{recipe:?}, step {step}");
        close(&what, found.mean_loss(), wanted.mean_loss(), 1e-4);
        close(&what, found.mean_penalty(), wanted.mean_penalty(), 1e-4);
        assert_eq!(found.examples, wanted.examples);
        for (found, wanted) in sparse.zeros().unwrap().iter().zip(burn.zeros().unwrap()) {
            close(&what, *found, wanted, 0.02);
        }
    }
    for (found, wanted) in parameters(&sparse.network())
        .iter()
        .zip(parameters(&burn.network()))
    {
        close("a parameter", f64::from(*found), f64::from(wanted), 1e-3);
    }
    let (wanted, found) = (
        burn.evaluate(train, 3).unwrap(),
        sparse.evaluate(train, 3).unwrap(),
    );
    close("loss", found.loss, wanted.loss, 1e-4);
    assert_eq!(
        (found.examples, found.layers.len()),
        (wanted.examples, wanted.layers.len())
    );
    for (found, wanted) in found.zeros().iter().zip(wanted.zeros()) {
        close("zeros", *found, wanted, 0.01);
    }
}

fn stack(inputs: usize, hidden: &[usize], unit: Unit, classes: usize, flips: bool) -> DenseStack {
    DenseStackConfig::new(inputs, hidden, unit, classes)
        .with_flips(flips)
        .init(3, &Device::flex())
        .unwrap()
}

const UNITS: [Unit; 9] = [
    Unit::Rectifier,
    Unit::Leaky { slope: 0.01 },
    Unit::Softplus { sharpness: 2.0 },
    Unit::Tanh,
    Unit::Logistic,
    Unit::Identity,
    Unit::Elu { alpha: 1.0 },
    Unit::Selu,
    Unit::Gelu,
];

#[test]
fn two_hundred_steps_lose_what_burn_loses() {
    let train = examples(400, 90, 7, 1);
    let network = stack(90, &[70, 65], Unit::Rectifier, 7, false);
    let stage = fine_tune(ActivationPenalty::PerLayer(vec![1e-3, 2e-3]), 10);
    compare(
        &network,
        stage,
        &train,
        10,
        200,
        &SparseEngine::new(Device::flex()),
    );
}

const MOMENTUM: Optimizer = Optimizer::Momentum { momentum: 0.9 };

fn falling(start: f64) -> Rate {
    Rate::Scheduled(Schedule::Cosine {
        start,
        end: start / 20.0,
    })
}

#[test]
fn two_hundred_steps_of_momentum_and_decay_go_where_burn_goes() {
    let train = examples(400, 90, 7, 1);
    let network = stack(90, &[70, 65], Unit::Rectifier, 7, false);
    for (optimizer, decay) in [(MOMENTUM, 0.0), (Optimizer::Sgd, 1e-2), (MOMENTUM, 1e-3)] {
        // Batches of one leave most rows to rest.
        for (size, rate) in [(10, 0.01.into()), (10, falling(0.02)), (1, falling(0.004))] {
            let stage = FineTune::new(1, size, rate)
                .optimizer(optimizer)
                .weight_decay(decay)
                .l1(1e-4);
            for threads in [1, 2] {
                let engine = SparseEngine::new(Device::flex()).with_threads(threads);
                compare(&network, stage.clone().into(), &train, size, 200, &engine);
            }
        }
    }
}

#[test]
fn momentum_holds_for_every_unit_large_batches_and_pre_training() {
    let train = examples(400, 90, 7, 1);
    let engine = SparseEngine::new(Device::flex()).with_threads(2);
    for unit in UNITS {
        let network = stack(90, &[70, 65], unit, 7, true);
        let stage = FineTune::new(1, 8, 0.01)
            .optimizer(MOMENTUM)
            .weight_decay(1e-3);
        compare(&network, stage.into(), &train, 8, 25, &engine);
    }
    for hidden in [[70, 600], [600, 65]] {
        let network = stack(90, &hidden, Unit::Rectifier, 7, false);
        for size in [64, 65, 130] {
            let stage = FineTune::new(1, size, 0.02)
                .optimizer(MOMENTUM)
                .weight_decay(1e-3);
            compare(&network, stage.into(), &train, size, 8, &engine);
        }
    }
    let network = stack(90, &[70, 65], Unit::Rectifier, 7, false);
    for layer in 1..=2 {
        for size in [8, 130] {
            let mut stage = Pretrain::new(layer, 1, size, falling(0.003));
            (stage.optimizer, stage.l1) = (MOMENTUM, 1e-4);
            compare(&network, stage.into(), &train, size, 40, &engine);
        }
    }
}

#[test]
fn what_is_left_out_and_what_is_frozen_is_what_burn_leaves_and_freezes() {
    let train = examples(400, 90, 7, 1);
    let engine = SparseEngine::new(Device::flex()).with_threads(2);
    let dropouts = [
        Dropout::new(0.2, 0.0),
        Dropout::new(0.0, 0.5),
        Dropout::new(0.1, 0.3),
    ];
    for (unit, flips) in [
        (Unit::Rectifier, false),
        (Unit::Rectifier, true),
        (Unit::Tanh, true),
        (Unit::Leaky { slope: 0.1 }, false),
    ] {
        let network = stack(90, &[70, 65], unit, 7, flips);
        for dropout in dropouts {
            for size in [8, 70] {
                // A strong penalty, which goes on pulling at what is left out.
                let stage = FineTune::new(1, size, 0.05).dropout(dropout).l1(0.01);
                compare(&network, stage.into(), &train, size, 20, &engine);
            }
        }
        let stage = FineTune::new(1, 8, 0.01)
            .dropout(dropouts[2])
            .optimizer(MOMENTUM)
            .weight_decay(1e-3);
        compare(&network, stage.clone().into(), &train, 8, 40, &engine);
        for frozen in [vec![1], vec![2], vec![1, 2]] {
            let stage = stage.clone().frozen(frozen.clone());
            compare(&network, stage.clone().into(), &train, 8, 12, &engine);
            let plain = FineTune::new(1, 8, 0.05).frozen(frozen);
            compare(&network, plain.into(), &train, 8, 12, &engine);
        }
    }
}

#[test]
fn sparse_rows_with_momentum_and_dropout_go_where_dense_rows_go() {
    let network = stack(60, &[70], Unit::Rectifier, 4, false);
    let dense = examples(50, 60, 4, 3);
    let recipe = recipe(
        FineTune::new(1, 5, 0.05)
            .optimizer(MOMENTUM)
            .dropout(Dropout::new(0.25, 0.25))
            .into(),
    );
    let engine = SparseEngine::new(Device::flex()).with_threads(2);
    let trained = |sparse: bool| {
        let context = context(&recipe, &dense, None);
        let mut session: Session = engine.begin(network.clone(), &context).unwrap();
        for step in 0..30 {
            let mut batch = batch(&dense, 5, step);
            if sparse {
                let mut rows = rectifier_data::SparseRows::empty(60);
                for row in batch.inputs.chunks(60) {
                    let there = (0..).zip(row).filter(|(_, value)| **value != 0.0);
                    let (columns, values): (Vec<u32>, Vec<f32>) = there.unzip();
                    rows.push(&columns, &values).unwrap();
                }
                (batch.inputs, batch.sparse) = (Vec::new(), Some(rows));
            }
            session.step(&batch, 0.02, step as u64).unwrap();
        }
        parameters(&session.network())
    };
    assert!(trained(true) == trained(false));
}

#[test]
fn looking_at_a_network_under_momentum_changes_nothing_but_rounding() {
    let train = examples(60, 90, 4, 3);
    let network = stack(90, &[70, 65], Unit::Rectifier, 4, false);
    let recipe = recipe(FineTune::new(1, 2, 0.02).optimizer(MOMENTUM).into());
    let engine = SparseEngine::new(Device::flex()).with_threads(2);
    let mut session: Session = engine
        .begin(network.clone(), &context(&recipe, &train, None))
        .unwrap();
    for step in 0..30 {
        session.step(&batch(&train, 2, step), 0.02, 0).unwrap();
        let before = parameters(&session.network());
        // What is evaluated is the network that is given back.
        let wanted = evaluate(
            &session.network(),
            &train,
            Objective::Classification,
            &Device::flex(),
        );
        let found = session.evaluate(&train, 0).unwrap();
        close("loss", found.loss, wanted.unwrap().loss, 1e-5);
        assert!(parameters(&session.network()) == before);
    }
}

/// Weights learn from 64 examples at a time; errors below are those of the weights from before the batch.
#[test]
fn large_batches_lose_what_burn_loses() {
    let train = examples(400, 90, 7, 1);
    // Layers above of 10 panels, in groups of two, and of one group.
    for hidden in [[70, 600], [600, 65]] {
        let network = stack(90, &hidden, Unit::Rectifier, 7, false);
        for batch in [64, 65, 130, 200] {
            let stage = fine_tune(ActivationPenalty::Uniform(1e-3), batch);
            let engine = SparseEngine::new(Device::flex()).with_threads(2);
            compare(&network, stage, &train, batch, 6, &engine);
            let pre = pretrain(
                2,
                batch,
                Corruption::None,
                Reconstruction::SoftplusSquared,
                1e-3,
            );
            compare(&network, pre, &train, batch, 6, &engine);
        }
    }
}

#[test]
fn every_unit_with_and_without_flips() {
    let train = examples(60, 30, 4, 2);
    for unit in UNITS {
        for flips in [false, true] {
            let network = stack(30, &[40, 20], unit, 4, flips);
            let stage = fine_tune(ActivationPenalty::Uniform(1e-3), 8);
            compare(
                &network,
                stage,
                &train,
                8,
                30,
                &SparseEngine::new(Device::flex()).with_threads(2),
            );
        }
    }
    let network = stack(30, &[40], Unit::Rectifier, 4, true)
        .with_threshold(0.1)
        .unwrap();
    compare(
        &network,
        fine_tune(ActivationPenalty::Uniform(0.0), 8),
        &train,
        8,
        30,
        &SparseEngine::new(Device::flex()),
    );
    let linear = stack(30, &[], Unit::Rectifier, 4, false);
    compare(
        &linear,
        fine_tune(ActivationPenalty::Uniform(0.1), 8),
        &train,
        8,
        30,
        &SparseEngine::new(Device::flex()),
    );
}

#[test]
fn every_strategy_pre_trains_every_layer() {
    let train = examples(80, 33, 4, 4);
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
    for (unit, flips) in [
        (Unit::Rectifier, false),
        (Unit::Rectifier, true),
        (Unit::Tanh, false),
        (Unit::Tanh, true),
    ] {
        let network = stack(33, &[40, 35, 20], unit, 4, flips);
        for (k, strategy) in strategies.into_iter().enumerate() {
            for layer in 1..=3 {
                let stage = pretrain(layer, 8, noises[(k + layer) % 3], strategy, 1e-3);
                compare(
                    &network,
                    stage,
                    &train,
                    8,
                    12,
                    &SparseEngine::new(Device::flex()).with_threads(3),
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_shape_any_batch(
        inputs in 1usize..140, hidden in proptest::collection::vec(1usize..150, 0..3), classes in 1usize..80,
        size in 1usize..70, threads in 1usize..5, dense in any::<bool>(), seed in any::<u64>(),
    ) {
        let unit = if dense { Unit::Softplus { sharpness: 1.0 } } else { Unit::Rectifier };
        let network = DenseStackConfig::new(inputs, hidden, unit, classes).init(seed, &Device::flex()).unwrap();
        let train = examples(130, inputs, classes, seed);
        for level in Level::available() {
            let engine = SparseEngine::new(Device::flex()).with_threads(threads).with_level(level);
            compare(&network, fine_tune(ActivationPenalty::Uniform(1e-3), size), &train, size, 5, &engine);
        }
    }
}

#[test]
fn neither_a_stop_nor_the_count_of_threads_changes_a_bit() {
    let train = examples(200, 150, 5, 7);
    let network = stack(150, &[130, 100], Unit::Rectifier, 5, false);
    let plain = pretrain(
        2,
        40,
        Corruption::Masking { share: 0.25 },
        Reconstruction::SoftplusSquared,
        1e-4,
    );
    let mut carried = plain.clone();
    if let Stage::Pretrain(stage) = &mut carried {
        stage.optimizer = MOMENTUM;
    }
    let modern = FineTune::new(1, 40, 0.05)
        .optimizer(MOMENTUM)
        .weight_decay(1e-3)
        .l1(1e-4);
    let stages = [
        fine_tune(ActivationPenalty::Uniform(1e-4), 40),
        plain,
        carried,
        modern.clone().into(),
        modern.clone().dropout(Dropout::new(0.2, 0.5)).into(),
        modern.frozen([1]).into(),
    ];
    // Of one example a step most rows rest when the run is stopped.
    for (stage, size) in stages
        .into_iter()
        .flat_map(|stage| [(stage.clone(), 40), (stage, 1)])
    {
        let recipe = recipe(stage);
        let run = |threads: usize, stop: usize| {
            let engine = SparseEngine::new(Device::flex()).with_threads(threads);
            let mut session: Session = engine
                .begin(network.clone(), &context(&recipe, &train, None))
                .unwrap();
            let mut seen = rectifier_train::Totals::default();
            for step in 0..20 {
                if step == stop {
                    let (halfway, state) = (session.network(), session.state().unwrap());
                    session = engine
                        .begin(halfway, &context(&recipe, &train, Some(&state)))
                        .unwrap();
                }
                session
                    .step(&batch(&train, size, step), 0.01, step as u64)
                    .unwrap();
            }
            seen.add(&session.totals().unwrap());
            assert_eq!(seen.examples, 20 * size as u64);
            parameters(&session.network())
        };
        let one = run(1, 99);
        for (threads, stop) in [(2, 7), (3, 13), (5, 7), (1, 13)] {
            let whole = run(threads, 99);
            assert!(
                run(threads, stop) == whole,
                "{threads} threads, stopped at {stop}"
            );
            assert!(whole == one, "{threads} threads");
        }
    }
}

#[test]
fn what_is_frozen_stays_as_it_is() {
    use burn::module::Module;
    let train = examples(60, 30, 4, 2);
    let mut network = stack(30, &[40, 20], Unit::Rectifier, 4, false);
    // A whole layer, and biases alone.
    network.layers[0] = network.layers[0].clone().no_grad();
    network.layers[1].bias = network.layers[1].bias.clone().set_require_grad(false);
    let engine = SparseEngine::new(Device::flex()).with_threads(2);
    let stages = [
        fine_tune(ActivationPenalty::Uniform(1e-3), 8),
        pretrain(
            1,
            8,
            Corruption::None,
            Reconstruction::SoftplusSquared,
            1e-3,
        ),
    ];
    for stage in stages {
        compare(&network, stage.clone(), &train, 8, 20, &engine);
        let recipe = recipe(stage);
        let context = context(&recipe, &train, None);
        let mut session: Session = engine.begin(network.clone(), &context).unwrap();
        for step in 0..5 {
            session.step(&batch(&train, 8, step), 0.05, 1).unwrap();
        }
        let after = session.network();
        let same = |a: &Tensor<2>, b: &Tensor<2>| numbers(a.clone()) == numbers(b.clone());
        assert!(same(
            &after.layers[0].weight.val(),
            &network.layers[0].weight.val()
        ));
        for k in [0, 1] {
            assert_eq!(
                numbers(after.layers[k].bias.val()),
                numbers(network.layers[k].bias.val())
            );
        }
        // What was frozen is so afterwards.
        let frozen =
            |layer: &rectifier_nn::DenseLayer| !layer.weight.clone().train().is_require_grad();
        assert!(frozen(&after.layers[0]) && !frozen(&after.layers[1]));
    }
}

#[test]
fn what_it_cannot_do_it_names() {
    let learned = stack(5, &[4], Unit::ParametricLeaky { slope: 0.2 }, 2, false);
    let mut stage = fine_tune(ActivationPenalty::Uniform(0.0), 4);
    let config = learned.config();
    let error = SparseEngine::check(&recipe(stage.clone()), Some(&config))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("learn a slope") && error.contains("--engine burn"),
        "{error}"
    );
    if let Stage::FineTune(stage) = &mut stage {
        stage.optimizer = Optimizer::Adam;
    }
    let config = stack(5, &[4], Unit::Rectifier, 2, false).config();
    let error = SparseEngine::check(&recipe(stage), Some(&config))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Adam") && error.contains("--engine burn"),
        "{error}"
    );
    assert!(
        SparseEngine::check(&recipe(fine_tune(ActivationPenalty::Uniform(0.0), 4)), None).is_err()
    );
}

#[test]
fn a_diverging_network_shows() {
    let train = examples(50, 20, 3, 1);
    let network = stack(20, &[30, 30], Unit::Rectifier, 3, false);
    let recipe = recipe(fine_tune(ActivationPenalty::Uniform(0.0), 10));
    let [_, mut session] = sessions(
        &network,
        &recipe,
        &train,
        &SparseEngine::new(Device::flex()),
    );
    let mut losses = Vec::new();
    for step in 0..20 {
        session.step(&batch(&train, 10, step), 1e9, 0).unwrap();
        losses.push(session.totals().unwrap().mean_loss());
    }
    assert!(losses.iter().any(|loss| !loss.is_finite()), "{losses:?}");
}

#[test]
fn a_predictor_says_what_the_network_says() {
    let device = Device::flex();
    for (unit, threshold) in [
        (Unit::Rectifier, 0.0),
        (Unit::Rectifier, 0.05),
        (Unit::Tanh, 0.0),
        (Unit::ParametricLeaky { slope: 0.2 }, 0.0),
    ] {
        let network = stack(70, &[90, 66], unit, 5, false)
            .with_threshold(threshold)
            .unwrap();
        for threads in [1, 2] {
            let sparse = predictor(&network).unwrap().with_threads(threads);
            for rows in [1, 7, 300] {
                let mut draw = Draw::new(rows as u64);
                let inputs: Vec<f32> = (0..rows * 70)
                    .map(|_| (draw.unit() - 0.5).max(0.0))
                    .collect();
                let x = Tensor::<1>::from_floats(inputs.as_slice(), &device).reshape([rows, 70]);
                let wanted = numbers(network.forward(x.clone()).logits);
                let found = sparse.logits(&inputs).unwrap();
                assert_eq!(found.len(), wanted.len());
                for (found, wanted) in found.iter().zip(&wanted) {
                    close("a logit", f64::from(*found), f64::from(*wanted), 1e-4);
                }
                let sums = sparse.probabilities(&inputs).unwrap();
                assert!(
                    sums.chunks(5)
                        .all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5)
                );
            }
            assert!(sparse.logits(&[0.0; 71]).is_err());
            assert!(sparse.logits(&[]).unwrap().is_empty());
        }
    }
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&predictor(&stack(3, &[2], Unit::Rectifier, 2, false)).unwrap());
}

#[test]
fn bfloat16_weights_are_the_nearest_and_nothing_else_changes() {
    let nearest = |x: f32| {
        // The two bfloat16s around x; of two equally near the one whose last bit is 0.
        let below = x.to_bits() & 0xffff_0000;
        let above = below.wrapping_add(0x1_0000);
        let (low, high) = (f32::from_bits(below), f32::from_bits(above));
        let (down, up) = ((x - low).abs(), (high - x).abs());
        let even_below = (below >> 16).is_multiple_of(2);
        if down < up || (down == up && even_below) {
            low
        } else {
            high
        }
    };
    let device = Device::flex();
    let network = stack(70, &[90, 66], Unit::Rectifier, 5, true);
    let mut rounded = network.clone();
    let round = |param: burn::module::Param<Tensor<2>>| {
        param.map(|weight| {
            let [rows, columns] = weight.dims();
            let near: Vec<f32> = numbers(weight).into_iter().map(nearest).collect();
            Tensor::<1>::from_floats(near.as_slice(), &Device::flex()).reshape([rows, columns])
        })
    };
    for layer in &mut rounded.layers {
        layer.weight = round(layer.weight.clone());
    }
    rounded.head.weight = round(rounded.head.weight.clone());
    let test = examples(301, 70, 5, 9);
    let inputs = {
        let mut batch = Batch::default();
        let all: Vec<usize> = (0..test.len()).collect();
        test.gather(&all, &mut batch).unwrap();
        batch.inputs
    };
    for level in Level::available() {
        let wanted = predictor(&rounded).unwrap().with_level(level);
        let found = predictor(&network).unwrap().with_level(level).in_bf16();
        assert_eq!((wanted.precision(), found.precision()), ("f32", "bf16"));
        assert_eq!(
            found.logits(&inputs).unwrap(),
            wanted.logits(&inputs).unwrap()
        );
        assert_eq!(
            found.logits(&inputs[..70]).unwrap(),
            wanted.logits(&inputs[..70]).unwrap()
        );
        let said = rectifier_sparse::evaluate(&wanted, &test, Objective::Classification).unwrap();
        let burns = evaluate(&rounded, &test, Objective::Classification, &device).unwrap();
        assert_eq!((said.errors, &said.layers), (burns.errors, &burns.layers));
        assert!((said.loss - burns.loss).abs() < 1e-5);
    }
    let narrow = examples(3, 69, 5, 9);
    let network = predictor(&network).unwrap();
    let wrong = rectifier_sparse::evaluate(&network, &narrow, Objective::Classification);
    assert!(wrong.unwrap_err().to_string().contains("70"));
}
