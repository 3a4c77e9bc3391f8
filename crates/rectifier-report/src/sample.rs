//! A made-up run for tests of rendering.

use crate::{Filter, Findings, Histogram, Mistake, Picture, ReportData, Setup};
use rectifier_nn::{DenseStackConfig, LayerCounts, Unit};
use rectifier_train::{EpochRecord, Evaluation, Objective, Recipe, Summary};
use serde_json::json;

fn epoch(stage: usize, title: &str, epoch: usize, error: Option<f64>) -> EpochRecord {
    EpochRecord {
        stage,
        title: title.into(),
        epoch,
        rate: 0.1,
        train_loss: 1.0 / epoch as f64,
        penalty: 0.0,
        train_error: error,
        valid_loss: 1.2 / epoch as f64,
        valid_error: error,
        zeros: vec![0.5; if error.is_some() { 2 } else { 1 }],
        dead: vec![1; if error.is_some() { 2 } else { 1 }],
        train_seconds: 1.0,
        overhead_seconds: 0.0,
        seconds: 1.5,
        best: epoch == 2 && error.is_some(),
    }
}

/// Two pre-training stages and three epochs of fine-tuning, everything there is to show.
#[allow(clippy::unwrap_used)]
pub(crate) fn run(name: &str) -> ReportData {
    let file = json!({"seed": 1, "stages": [
        {"stage": "pretrain", "layer": 1, "epochs": 1, "batch": 10, "rate": 0.01,
         "corruption": {"kind": "masking", "share": 0.25}, "reconstruction": {"kind": "softplus-squared"}},
        {"stage": "pretrain", "layer": 2, "epochs": 1, "batch": 10, "rate": 0.01,
         "corruption": {"kind": "masking", "share": 0.25}, "reconstruction": {"kind": "softplus-squared"}},
        {"stage": "fine-tune", "epochs": 3, "batch": 10, "rate": 0.1}]});
    let recipe: Recipe = serde_json::from_value(file.clone()).unwrap();
    let picture = Picture::new(&[0.0, 0.2, 0.7, 1.0], &[2, 2], &(0.0..=1.0)).unwrap();
    let mut histogram = Histogram::default();
    histogram.add(&[0.0, 0.0, 0.5, 1.5, 2.5]);
    let layer = LayerCounts {
        examples: 4,
        zeros: vec![4, 0, 2],
    };
    let evaluation = Evaluation {
        examples: 4,
        loss: 0.4,
        errors: Some(1),
        rmse: None,
        layers: vec![layer.clone(), layer],
        predictions: Vec::new(),
        labels: Vec::new(),
    };
    let findings = Findings {
        part: "test".into(),
        class_names: vec![format!("{name} zero"), "one".into()],
        confusion: vec![vec![1, 1], vec![0, 2]],
        activations: vec![histogram.clone(), histogram],
        filters: vec![Filter {
            unit: 2,
            fires: 1.0,
            picture: picture.clone(),
        }],
        mistakes: vec![Mistake {
            example: 3,
            truth: 0,
            truth_probability: 0.01,
            guess: 1,
            guess_probability: 0.99,
            stars: None,
            picture: Some(picture),
            text: None,
        }],
        evaluation,
    };
    let mut summary = Summary::of_evaluation(&findings.evaluation, 0.25);
    summary.epochs = 5;
    summary.best_epoch = 2;
    summary.seconds = 7.5;
    summary.engine = "burn".into();
    summary.device = "flex".into();
    ReportData {
        name: name.into(),
        setup: Setup {
            data: name.into(),
            about_data: format!("{name} data"),
            network: Some(DenseStackConfig::new(4, [3, 3], Unit::Rectifier, 2)),
            recipe,
            file,
        },
        commands: vec![format!("rectifier train --out '{name}'")],
        history: vec![
            epoch(1, "pre-training of layer 1", 1, None),
            epoch(2, "pre-training of layer 2", 1, None),
            epoch(3, "fine-tuning", 1, Some(0.5)),
            epoch(3, "fine-tuning", 2, Some(0.25)),
            epoch(3, "fine-tuning", 3, Some(0.25)),
        ],
        summary: Some(summary),
        findings: Some(findings),
        notes: vec![format!("{name} note")],
    }
}

/// A run on ratings, whose errors are told in stars.
pub(crate) fn ratings(name: &str) -> ReportData {
    let mut run = run(name);
    run.setup.recipe.objective = Objective::ExpectedRating;
    if let Some(findings) = &mut run.findings {
        findings.evaluation.rmse = Some(0.8066);
        findings.mistakes[0].stars = Some(1.99);
    }
    run
}

/// Two runs on the same data, with other seeds; the second one is right everywhere.
pub(crate) fn pair() -> (ReportData, ReportData) {
    let (one, mut two) = (run("one"), run("two"));
    two.setup.about_data = one.setup.about_data.clone();
    two.setup.file["seed"] = 2.into();
    if let Some(findings) = &mut two.findings {
        findings.evaluation.errors = Some(0);
    }
    (one, two)
}
