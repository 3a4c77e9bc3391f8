//! Measuring, against numbers worked out by hand.
#![allow(clippy::unwrap_used)]

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use rectifier_data::Samples;
use rectifier_nn::{DenseStack, DenseStackConfig, Init, Unit};
use rectifier_report::{Findings, Firing, Measuring, measure};
use rectifier_train::Objective;

/// Hidden unit 1 is max(0, x1 - x2), unit 2 is max(0, x2 - x1), unit 3 never fires; class k + 1 scores unit k + 1.
fn network() -> DenseStack {
    let device = Device::flex();
    let mut network = DenseStackConfig::new(2, [3], Unit::Rectifier, 2)
        .init(1, &device)
        .unwrap();
    let weights = Tensor::<2>::from_floats([[1.0, -1.0, 0.5], [-1.0, 1.0, 0.0]], &device);
    network.layers[0].weight = Param::from_tensor(weights);
    network.layers[0].bias = Param::from_tensor(Tensor::from_floats([0.0, 0.0, -9.0], &device));
    let head = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], &device);
    network.head.weight = Param::from_tensor(head);
    network
}

/// Hidden activations (2, 0, 0), (0, 3, 0), (0, 0, 0), (1, 0, 0), (0, 0.5, 0).
fn examples(shape: &[usize]) -> Samples {
    let inputs = vec![2.0, 0.0, 0.0, 3.0, 1.0, 1.0, 0.5, -0.5, 0.0, 0.5];
    // Examples 1 and 3 are wrong: said 1 (by 3) and 0 (by 1).
    Samples::from_f32(inputs, vec![0, 0, 0, 1, 1], shape, 2).unwrap()
}

fn look(shape: &[usize], objective: Objective, what: &Measuring<'_>) -> Findings {
    measure(
        &network(),
        &examples(shape),
        objective,
        &Device::flex(),
        what,
    )
    .unwrap()
}

#[test]
fn findings_are_those_worked_out_by_hand() {
    let names = ["no".to_string()];
    let found = look(&[1, 2], Objective::Classification, &Measuring::test(&names));
    assert_eq!(found.class_names, ["no", "1"]);
    // By true class, then predicted class; the tie of example 2 goes to the first class.
    assert_eq!(found.confusion, [[2, 1], [1, 1]]);
    assert_eq!(found.evaluation.errors, Some(2));
    let layer = &found.evaluation.layers[0];
    assert_eq!(layer.zeros, [3, 3, 5]);
    let firing = Firing {
        dead: 1,
        rare: 0,
        common: 2,
    };
    assert_eq!(Firing::of(layer), firing);

    let activations = &found.activations[0];
    assert_eq!((activations.zeros, activations.others()), (11, 4));
    let bars = activations.bars(6, 0.0);
    let holding = |value: f64| {
        let bar = bars.iter().find(|bar| bar.from <= value && value < bar.to);
        bar.unwrap().count
    };
    assert_eq!([2.0, 3.0, 1.0, 0.5].map(holding), [1, 1, 1, 1], "{bars:?}");

    // Example 1: P(0) = 1 / (1 + e^3); example 3: P(1) = 1 / (1 + e).
    let told: Vec<(usize, usize, usize)> = found
        .mistakes
        .iter()
        .map(|mistake| (mistake.example, mistake.truth, mistake.guess))
        .collect();
    assert_eq!(told, [(1, 0, 1), (3, 1, 0)]);
    for (mistake, odds) in found.mistakes.iter().zip([3f64.exp(), 1f64.exp()]) {
        assert!((mistake.truth_probability - 1.0 / (1.0 + odds)).abs() < 1e-6);
        assert!((mistake.guess_probability - odds / (1.0 + odds)).abs() < 1e-6);
        let picture = mistake.picture.as_ref().unwrap();
        assert_eq!((picture.width, picture.height), (2, 1));
    }

    // Units 1 and 2 fire equally often, unit 3 never.
    let filters: Vec<(usize, f64)> = found.filters.iter().map(|f| (f.unit, f.fires)).collect();
    assert_eq!(filters, [(1, 0.4), (2, 0.4), (3, 0.0)]);
    assert_ne!(found.filters[0].picture, found.filters[1].picture);
}

#[test]
fn a_confusion_has_true_classes_as_rows() {
    // Said 0, 1, 0 (a tie), 0, 1: class 0 is taken for class 1 twice, class 1 for class 0 never.
    let inputs = vec![2.0, 0.0, 0.0, 3.0, 1.0, 1.0, 0.5, -0.5, 0.0, 0.5];
    let examples = Samples::from_f32(inputs, vec![0, 0, 0, 0, 0], &[2], 2).unwrap();
    let of = |examples: &Samples| {
        let what = Measuring::test(&[]);
        let objective = Objective::Classification;
        let found = measure(&network(), examples, objective, &Device::flex(), &what).unwrap();
        found.confusion
    };
    assert_eq!(of(&examples), [[3, 2], [0, 0]]);
}

#[test]
fn what_is_no_picture_has_none_and_may_be_text() {
    let plain = look(&[2], Objective::Classification, &Measuring::test(&[]));
    assert!(plain.filters.is_empty());
    assert!(
        plain
            .mistakes
            .iter()
            .all(|m| m.picture.is_none() && m.text.is_none())
    );
    let read = |example: usize, inputs: &[f32]| Some(format!("{example}: {inputs:?}"));
    let what = Measuring {
        text: Some(&read),
        ..Measuring::test(&[])
    };
    let texts = look(&[2], Objective::Classification, &what);
    assert_eq!(texts.mistakes[0].text.as_deref(), Some("1: [0.0, 3.0]"));
}

#[test]
fn ratings_are_worst_where_the_stars_are_farthest() {
    let found = look(&[2], Objective::ExpectedRating, &Measuring::test(&[]));
    // One star plus P(second class): example 1 is off by 1 - 1 / (1 + e^3), then example 3 by 1 - 1 / (1 + e).
    let order: Vec<usize> = found.mistakes.iter().map(|m| m.example).collect();
    assert_eq!(order, [1, 3, 2, 4, 0]);
    let stars = found.mistakes[0].stars.unwrap();
    assert!(
        (stars - (2.0 - 1.0 / (1.0 + 3f64.exp()))).abs() < 1e-6,
        "{stars}"
    );
}

#[test]
fn few_are_shown_where_few_are_asked_for() {
    let what = Measuring {
        mistakes: 1,
        filters: 2,
        ..Measuring::test(&[])
    };
    let found = look(&[1, 1, 2], Objective::Classification, &what);
    assert_eq!(found.mistakes.len(), 1);
    let units: Vec<usize> = found.filters.iter().map(|filter| filter.unit).collect();
    assert_eq!(units, [1, 3]);
}
