//! What is selected, in which order examples come, at which rate and scale: fixtures that are neither symmetric nor one
//! batch long.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::{Device, Tensor};
use common::{Asked, WIDTH, create, network, points, run, run_on, split_of, story};
use rectifier_data::{Batch, Batches, DataError, Examples, Order, Samples};
use rectifier_nn::{
    DenseStack, DenseStackConfig, Forward, Init, Network, Reconstruction, Scale, Unit,
};
use rectifier_train::{
    BurnEngine, FineTune, Objective, Outputs, Pretrain, Rate, Recipe, Run, RunFiles, Schedule,
    Stage, StageContext, evaluate, fold_scale,
};
use std::sync::{Arc, Mutex};

#[test]
fn a_second_stage_starts_from_the_best_network_and_not_from_the_last() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    // The first stage's error jumps about; the second one changes nothing that could be measured.
    let stages = [FineTune::new(12, 10, 0.9), FineTune::new(1, 1200, 1e-12)];
    let recipe = Recipe::of(3, stages);
    let outcome = run(recipe, network(&[32]), create(&path)).launch().unwrap();
    let history = &outcome.record.history;
    let errors: Vec<f64> = history.iter().map(|e| e.valid_error.unwrap()).collect();
    let best = errors[..12].iter().copied().fold(f64::INFINITY, f64::min);
    assert!(errors[11] > best, "the last epoch is the best: {errors:?}");
    assert_eq!(errors[12], best);
    // Each stage is selected for itself.
    assert!(history[12].best);
    assert_eq!(outcome.record.summary.unwrap().best_epoch, 1);
}

#[test]
fn a_schedule_is_read_at_the_step_that_is_made() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let linear = Rate::Scheduled(Schedule::Linear {
        start: 0.2,
        end: 0.0,
    });
    let recipe = Recipe::of(3, [FineTune::new(2, 250, linear)]);
    let mut scheduled = run(recipe, network(&[4]), create(&path));
    scheduled.measure_every = Some(1);
    let outcome = scheduled.launch().unwrap();
    let rates: Vec<f64> = RunFiles::at(&path)
        .steps()
        .unwrap()
        .iter()
        .map(|step| step.rate)
        .collect();
    // 1200 examples are 5 steps of 250, the last one short: 10 steps down from 0.2.
    let wanted: Vec<f64> = (0..10)
        .map(|step| 0.2 * (1.0 - step as f64 / 10.0))
        .collect();
    assert_eq!(rates.len(), wanted.len());
    for (found, wanted) in rates.iter().zip(&wanted) {
        assert!((found - wanted).abs() < 1e-12, "{rates:?}");
    }
    let ends: Vec<f64> = outcome.record.history.iter().map(|e| e.rate).collect();
    assert_eq!(ends, [rates[4], rates[9]]);
}

#[test]
fn a_ratings_error_is_the_root_over_all_examples_and_not_a_mean_of_roots() {
    // Probabilities (1/2, 1/2) expect 1.5 stars, certain ones 1 and 2: squared differences .25, 0, 1 and, alone in a
    // second batch, 1.
    let batches: [(&[f32], &[u32]); 2] = [
        (&[0.0, 0.0, 99.0, -99.0, 99.0, -99.0], &[1, 0, 1]),
        (&[-99.0, 99.0], &[0]),
    ];
    let mut outputs = Outputs::new(Objective::ExpectedRating);
    for (logits, labels) in batches {
        outputs.add(logits, 2, labels);
    }
    let found = outputs.finish(Vec::new());
    assert!((found.rmse.unwrap() - (2.25f64 / 4.0).sqrt()).abs() < 1e-9);
    assert_eq!(found.errors, Some(3));
    // The same through a network: 257 examples are a batch of 256 and one of 1.
    let device = Device::flex();
    let examples = points(257, 5);
    let network = network(&[6]);
    let whole = evaluate(&network, &examples, Objective::ExpectedRating, &device).unwrap();
    let probabilities = |index: usize| {
        let mut batch = Batch::default();
        examples.gather(&[index], &mut batch).unwrap();
        let inputs = batch.inputs_tensor(WIDTH, &device);
        let row: Vec<f32> = network
            .probabilities(inputs)
            .into_data()
            .try_to_vec()
            .unwrap();
        (f64::from(row[1]) + 1.0, f64::from(batch.labels[0] + 1))
    };
    let squares = (0..257)
        .map(probabilities)
        .map(|(found, truth)| (found - truth).powi(2));
    let wanted = (squares.sum::<f64>() / 257.0).sqrt();
    assert!((whole.rmse.unwrap() - wanted).abs() < 1e-6, "{wanted}");
}

/// A network whose first layer passes its single input on, doubled, and one that halves it.
fn doubling() -> DenseStack {
    let device = Device::flex();
    let config = DenseStackConfig::new(1, [2, 3], Unit::Rectifier, 2);
    let mut stack = config.init(1, &device).unwrap();
    let weight = Tensor::<2>::from_floats([[2.0, 0.5]], &device);
    stack.layers[0].weight = burn::module::Param::from_tensor(weight);
    stack
}

#[test]
fn the_scale_of_strategy_2_is_that_of_all_batches() {
    let device = Device::flex();
    let mut stage = Pretrain::new(2, 1, 10, 0.1);
    for (peak, scale) in [
        (300, Scale::PerUnit),
        (300, Scale::Global),
        (0, Scale::PerUnit),
        (255, Scale::Global),
    ] {
        let mut values = vec![1.0; 301];
        values[peak] = 10.0;
        let train = Samples::from_f32(values, vec![0; 301], &[1], 2).unwrap();
        stage.reconstruction = Reconstruction::CrossEntropy { scale };
        let recipe = Recipe::of(
            1,
            [Stage::from(stage.clone()), FineTune::new(1, 1, 0.1).into()],
        );
        let context = StageContext {
            recipe: &recipe,
            stage: 0,
            train: &train,
            state: None,
        };
        let folded = fold_scale(doubling(), &stage, &context, &device).unwrap();
        let weight: Vec<f32> = folded.layers[0]
            .weight
            .val()
            .into_data()
            .try_to_vec()
            .unwrap();
        // Activations reach 20 and 5.
        let wanted = match scale {
            Scale::PerUnit => [2.0 / 20.0, 0.5 / 5.0],
            Scale::Global => [2.0 / 20.0, 0.5 / 20.0],
        };
        for (found, wanted) in weight.iter().zip(wanted) {
            assert!(
                (found - wanted).abs() < 1e-6,
                "{peak} {scale:?}: {weight:?}"
            );
        }
    }
}

/// The examples of each epoch of 100 in the order that a run asks for them.
fn orders(seed: u64) -> Vec<Vec<usize>> {
    let place = tempfile::tempdir().unwrap();
    let recipe = Recipe::fine_tune(3, 10, 0.1).with_seed(seed);
    let folder = create(&place.path().join("run"));
    let mut ordered = run_on(split_of(100), recipe, network(&[4]), folder);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = seen.clone();
    ordered.split.train = Asked::new(points(100, 1), move |_, indices| {
        kept.lock().unwrap().extend_from_slice(indices);
    });
    ordered.launch().unwrap();
    let seen = seen.lock().unwrap();
    seen.chunks(100).map(<[usize]>::to_vec).collect()
}

#[test]
fn every_epoch_has_all_examples_in_an_order_of_its_own() {
    let found = orders(3);
    assert_eq!(found.len(), 3);
    for order in &found {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_ne!(*order, sorted);
    }
    assert!(found[0] != found[1] && found[1] != found[2] && found[0] != found[2]);
    assert_eq!(found, orders(3));
    assert_ne!(found[0], orders(4)[0]);
    let batches = |epoch| {
        let mut batches = Batches::new(100, 10, Order::epoch(3, 0, epoch));
        batches.next_batch().map(<[usize]>::to_vec)
    };
    assert_ne!(batches(0), batches(1));
}

#[test]
fn the_seed_reaches_order_noise_and_decoder() {
    let place = tempfile::tempdir().unwrap();
    let story_of = |name: &str, seed: u64| {
        let stages = [
            Stage::from(Pretrain::new(1, 1, 10, 0.01)),
            FineTune::new(1, 10, 0.1).into(),
        ];
        let recipe = Recipe::of(seed, stages);
        let folder = create(&place.path().join(name));
        story(&run(recipe, network(&[6]), folder).launch().unwrap())
    };
    let (one, two, same) = (story_of("1", 3), story_of("2", 4), story_of("3", 3));
    assert_eq!(one, same);
    assert!(one[0] != two[0] && one[1] != two[1]);
}

#[test]
fn the_penalty_of_every_epoch_is_in_its_record() {
    let place = tempfile::tempdir().unwrap();
    let penalties = |name: &str, l1: f64| -> Vec<f64> {
        let path = place.path().join(name);
        let recipe = Recipe::fine_tune(2, 1200, 1e-9).l1(l1);
        run(recipe, network(&[6]), create(&path)).launch().unwrap();
        let history = RunFiles::at(&path).history().unwrap();
        history.iter().map(|epoch| epoch.penalty).collect()
    };
    assert_eq!(penalties("none", 0.0), [0.0, 0.0]);
    let (one, two) = (penalties("one", 0.001), penalties("two", 0.002));
    // One step of all examples at no rate worth the name: the penalty is l1 times the mean sum of activations.
    let device = Device::flex();
    let mut batch = Batch::default();
    let all: Vec<usize> = (0..1200).collect();
    points(1200, 1).gather(&all, &mut batch).unwrap();
    let hidden = network(&[6]).features(batch.inputs_tensor(WIDTH, &device), 1);
    let wanted = 0.001 * hidden.abs().sum().into_scalar::<f64>() / 1200.0;
    for epoch in 0..2 {
        assert!(
            (one[epoch] - wanted).abs() < 1e-5 * wanted,
            "{one:?} {wanted}"
        );
        assert!((two[epoch] - 2.0 * wanted).abs() < 1e-5 * wanted, "{two:?}");
    }
}

/// A network of one's own that names no stack.
#[derive(burn::module::Module, Debug)]
struct Own {
    stack: DenseStack,
}

impl Network for Own {
    fn forward(&self, inputs: Tensor<2>) -> Forward {
        self.stack.forward(inputs)
    }
}

#[test]
fn a_network_of_ones_own_shows_its_zeros_and_comes_back_from_its_folder() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let device = Device::flex();
    let own = |folder| {
        Run::new(
            Own {
                stack: network(&[6, 5]),
            },
            Recipe::fine_tune(1, 100, 0.1),
            split_of(300),
            Box::new(BurnEngine::new(device.clone())),
            device.clone(),
            folder,
        )
    };
    let outcome = own(create(&path)).launch().unwrap();
    assert_eq!(outcome.record.history[0].zeros.len(), 2);
    let csv = std::fs::read_to_string(path.join("steps.csv")).unwrap();
    let mut rows = csv.lines();
    assert!(rows.next().unwrap().ends_with(",zeros_1,zeros_2"), "{csv}");
    let cells: Vec<&str> = rows.next().unwrap().split(',').collect();
    assert!(
        cells[cells.len() - 1].parse::<f64>().unwrap() > 0.0,
        "{csv}"
    );
    let identity = RunFiles::at(&path).identity().unwrap().unwrap();
    assert_eq!(identity.network["module"], "Own");
    let again = own(common::open(&path)).launch().unwrap();
    assert_eq!(again.record, outcome.record);
    let head = |network: &Own| network.stack.head.weight.val().into_data();
    assert_eq!(head(&again.network), head(&outcome.network));
}

/// Examples that cannot be read past some place.
struct Broken(Samples);

impl Examples for Broken {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn shape(&self) -> &[usize] {
        self.0.shape()
    }
    fn classes(&self) -> usize {
        self.0.classes()
    }
    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        match indices.contains(&299) {
            true => Err(DataError::Index {
                index: 299,
                len: 299,
            }),
            false => self.0.gather(indices, batch),
        }
    }
}

#[test]
fn an_error_of_the_data_in_the_test_is_that_error_and_no_stop() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let recipe = Recipe::fine_tune(1, 100, 0.1);
    let mut broken = run(recipe.clone(), network(&[4]), create(&path));
    broken.split.test = Arc::new(Broken(points(300, 3)));
    let error = broken.launch().unwrap_err().to_string();
    assert!(error.contains("example 299"), "{error}");
    // What was trained is kept, and tested once it can be.
    let outcome = run(recipe, network(&[4]), common::open(&path))
        .launch()
        .unwrap();
    assert_eq!(outcome.test.unwrap().examples, 300);
}
