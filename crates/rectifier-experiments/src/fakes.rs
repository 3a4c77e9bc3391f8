//! Records that nothing was trained for, for tests.
#![allow(clippy::unwrap_used)]

use crate::{Cell, EpochLine, Labels, Preset, Record};
use rectifier_catalog::Plan;
use rectifier_train::{
    DataFingerprint, Evaluation, Mistakes, PartSizes, Provenance, RunRecord, Summary,
};
use serde_json::json;

/// A small plan on glyphs.
pub(crate) fn plan(unit: &str, seed: u64, rate: f64) -> Plan {
    let text = json!({
        "version": 1,
        "data": {"set": "glyphs", "seed": 1, "train": 310, "valid": 62, "test": 62},
        "network": {"inputs": 1024, "hidden": [8, 8], "unit": {"kind": unit}, "outputs": 62},
        "recipe": {"seed": seed, "stages": [{"stage": "fine-tune", "epochs": 2, "batch": 10, "rate": rate}]}
    });
    Plan::parse(&text.to_string()).unwrap()
}

/// The record of a cell of this plan that ended with this test error.
pub(crate) fn fake(plan: Plan, labels: Labels, error: f64) -> Record {
    of(&Cell::new(plan, labels), error)
}

/// What a run was made with on data with so many test examples.
fn made(test: usize) -> Provenance {
    Provenance {
        version: "0".into(),
        commit: None,
        processor: "some".into(),
        instruction_set: "some".into(),
        engine: "sparse".into(),
        device: "cpu".into(),
        threads: Some(1),
        data: DataFingerprint {
            name: "glyphs".into(),
            sizes: PartSizes {
                train: 310,
                valid: 62,
                test,
                unlabelled: None,
            },
            checksum: "0".into(),
            encoder_checksum: None,
        },
        recipe_checksum: "0".into(),
        started: 0,
    }
}

/// The record of `cell` with this error, on validation and on test examples.
pub(crate) fn of(cell: &Cell, error: f64) -> Record {
    const EXAMPLES: usize = 1000;
    let wrong = (error * EXAMPLES as f64).round() as usize;
    let evaluation = Evaluation {
        predictions: (0..EXAMPLES)
            .map(|place| u32::from(place < wrong))
            .collect(),
        labels: vec![0; EXAMPLES],
        ..Evaluation::default()
    };
    let units = cell.plan.network.hidden.clone();
    let summary = Summary {
        test_error: error,
        zeros: vec![0.75; units.len()],
        dead: vec![0; units.len()],
        units,
        epochs: 2,
        best_epoch: 2,
        seconds: 10.0,
        ..Summary::of_evaluation(&evaluation, error)
    };
    let run = RunRecord {
        plan: serde_json::Value::Null,
        summary: Some(summary),
        history: Vec::new(),
        provenance: Some(made(EXAMPLES)),
        test_wrong: Mistakes::of(&evaluation),
    };
    let mut record = Record::new("some", Preset::Full, cell, run, None).unwrap();
    let stages = cell.plan.recipe.stages.len();
    record.history = (1..=stages)
        .map(|stage| EpochLine {
            stage,
            epoch: 1,
            train_loss: 1.0,
            valid_loss: error,
            valid_error: (stage == stages).then_some(error),
            zeros: vec![0.75],
            dead: vec![0],
            seconds: 1.0,
            best: true,
        })
        .collect();
    record
}
