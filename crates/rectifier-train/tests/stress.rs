//! Numbers under stress: no panic, a sensible outcome, and what happened is said.
#![allow(clippy::unwrap_used)]

mod common;

use common::{WIDTH, create, network, noticing, points, run, run_on, split_of};
use rectifier_data::{Examples, Samples, Split};
use rectifier_train::{
    FineTune, Notice, Optimizer, Pretrain, Recipe, Stage, TrainError, check_split,
};
use std::sync::Arc;

fn part(
    len: usize,
    value: impl Fn(usize, usize) -> f32,
    label: impl Fn(usize) -> u32,
) -> Arc<dyn Examples> {
    let values = (0..len * WIDTH)
        .map(|place| value(place / WIDTH, place % WIDTH))
        .collect();
    let labels = (0..len).map(label).collect();
    Arc::new(Samples::from_f32(values, labels, &[WIDTH], 2).unwrap())
}

fn alike(part: impl Fn() -> Arc<dyn Examples>) -> Split {
    Split::new(part(), part(), part()).unwrap()
}

#[test]
fn rates_that_diverge_end_with_the_place_and_the_cure_at_every_size() {
    let place = tempfile::tempdir().unwrap();
    for (number, rate) in [1e3, 1e9, 1e30, 1e300].into_iter().enumerate() {
        for optimizer in [Optimizer::Sgd, Optimizer::Momentum { momentum: 0.9 }] {
            let name = format!("{number}{}", optimizer == Optimizer::Sgd);
            let recipe = Recipe::of(1, [FineTune::new(3, 10, rate).optimizer(optimizer)]);
            let launched =
                run(recipe, network(&[32, 32]), create(&place.path().join(name))).launch();
            match launched {
                Err(TrainError::Diverged {
                    epoch, rate: at, ..
                }) => {
                    assert!(epoch <= 3 && at == rate);
                }
                // A network whose units all died is made of numbers.
                Ok(outcome) => {
                    assert!(
                        outcome.record.summary.unwrap().test_loss.is_finite(),
                        "{rate}"
                    );
                }
                Err(error) => panic!("{rate}: {error}"),
            }
        }
    }
}

#[test]
fn a_penalty_that_overflows_is_named_and_not_the_loss() {
    let place = tempfile::tempdir().unwrap();
    let l1 = |l1: f64, name: &str| {
        let recipe = Recipe::fine_tune(2, 10, 0.1).l1(l1);
        let mut stressed = run(recipe, network(&[32]), create(&place.path().join(name)));
        stressed.measure_every = Some(1);
        stressed.launch().unwrap_err()
    };
    let error = l1(3e38, "high");
    assert!(matches!(error, TrainError::Diverged { .. }));
    let text = error.to_string();
    assert!(text.contains("the activation penalty became inf"), "{text}");
    assert!(
        text.contains("(the loss was 0.") && text.contains("lower l1"),
        "{text}"
    );
    let text = l1(1e308, "higher").to_string();
    assert!(
        text.contains("l1 is 1e308: it must be below 3.4e38"),
        "{text}"
    );
}

#[test]
fn inputs_that_are_all_zero_or_huge_train_or_end_with_a_reason() {
    let place = tempfile::tempdir().unwrap();
    let zero = alike(|| part(40, |_, _| 0.0, |example| (example % 2) as u32));
    let notices = check_split(&zero).unwrap();
    assert_eq!(notices.len(), 3);
    let recipe = || Recipe::fine_tune(3, 10, 0.1);
    let folder = create(&place.path().join("zero"));
    let outcome = run_on(zero, recipe(), network(&[8]), folder)
        .launch()
        .unwrap();
    // Nothing to go by: half of the examples are wrong.
    let summary = outcome.record.summary.unwrap();
    assert_eq!((summary.test_error, &summary.zeros[..]), (0.5, &[1.0][..]));
    for (name, huge) in [("1e10", 1e10), ("1e38", 1e38)] {
        let split = alike(|| {
            part(
                40,
                |_, column| huge * (column % 3) as f32,
                |e| (e % 2) as u32,
            )
        });
        let folder = create(&place.path().join(name));
        match run_on(split, recipe(), network(&[8]), folder).launch() {
            Ok(outcome) => assert!(outcome.record.summary.unwrap().test_loss.is_finite()),
            Err(error) => assert!(matches!(error, TrainError::Diverged { .. }), "{error}"),
        }
    }
    let nan = alike(|| part(40, |_, _| f32::NAN, |example| (example % 2) as u32));
    assert!(matches!(
        check_split(&nan).unwrap()[0],
        Notice::NotFinite { .. }
    ));
    let folder = create(&place.path().join("nan"));
    let error = run_on(nan, recipe(), network(&[8]), folder)
        .launch()
        .unwrap_err();
    assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
}

#[test]
fn one_class_and_constant_features_train_and_are_said() {
    let place = tempfile::tempdir().unwrap();
    let split = alike(|| part(40, |_, column| column as f32 / 16.0, |_| 1));
    let notices = check_split(&split).unwrap();
    assert!(
        notices
            .iter()
            .all(|n| matches!(n, Notice::OneClass { class: 1, .. }))
    );
    assert_eq!(notices.len(), 3);
    let folder = create(&place.path().join("run"));
    let outcome = run_on(split, Recipe::fine_tune(3, 10, 0.1), network(&[8]), folder).launch();
    assert_eq!(outcome.unwrap().record.summary.unwrap().test_error, 0.0);
}

#[test]
fn a_batch_of_one_and_fewer_examples_than_a_batch_are_the_steps_they_are() {
    let place = tempfile::tempdir().unwrap();
    let one = Recipe::fine_tune(1, 1, 0.05);
    let folder = create(&place.path().join("one"));
    let outcome = run_on(split_of(50), one, network(&[8]), folder)
        .launch()
        .unwrap();
    assert_eq!(
        outcome.record.history[0]
            .train_error
            .map(|e| e * 50.0 % 1.0),
        Some(0.0)
    );
    let stages = [
        Stage::from(Pretrain::new(1, 2, 1000, 0.01)),
        FineTune::new(2, 1000, 0.1).into(),
    ];
    let few = run_on(
        split_of(7),
        Recipe::of(1, stages),
        network(&[8]),
        create(&place.path().join("few")),
    );
    let (outcome, notices) = noticing(few);
    assert!(outcome.record.summary.is_some());
    let wanted = Notice::ShortOfABatch {
        part: "training",
        examples: 7,
        batch: 1000,
    };
    assert_eq!(notices, [wanted]);
}

#[test]
fn a_single_example_is_learned_by_heart() {
    let place = tempfile::tempdir().unwrap();
    let only = || -> Arc<dyn Examples> { Arc::new(points(1, 1)) };
    let folder = create(&place.path().join("run"));
    let recipe = Recipe::fine_tune(2000, 1, 0.05);
    let outcome = run_on(alike(only), recipe, network(&[8]), folder)
        .launch()
        .unwrap();
    let summary = outcome.record.summary.unwrap();
    assert_eq!((summary.test_error, summary.epochs), (0.0, 2000));
    assert!(summary.test_loss < 0.01, "{}", summary.test_loss);
}

#[test]
fn an_empty_part_is_named() {
    let place = tempfile::tempdir().unwrap();
    let mut empty = run(
        Recipe::fine_tune(1, 10, 0.1),
        network(&[8]),
        create(&place.path().join("run")),
    );
    empty.split.valid = Arc::new(points(0, 1));
    let error = empty.launch().unwrap_err();
    assert!(
        matches!(error, TrainError::EmptyPart { part: "validation" }),
        "{error}"
    );
}
