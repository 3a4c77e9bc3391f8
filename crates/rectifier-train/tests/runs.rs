//! Whole runs on a toy problem: learning, selection, penalties, pre-training, interruption and resumption.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::Device;
use burn_train::Interrupter;
use common::{WIDTH, network, parameters, points, run, story};
use rectifier_data::{Batch, DataError, Examples, Samples};
use rectifier_nn::{DenseStack, DenseStackConfig, Init, Unit};
use rectifier_train::{Checkpoint, Outcome, Recipe, RunFolder, TrainError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::Duration;

fn recipe(text: &str) -> Recipe {
    serde_json::from_str(text).unwrap()
}

fn whole(recipe: Recipe, network: DenseStack, path: &Path) -> Outcome<DenseStack> {
    run(recipe, network, RunFolder::create(path).unwrap())
        .launch()
        .unwrap()
}

const FINE_TUNE: &str = r#"{"seed": 3, "stages": [
    {"stage": "fine-tune", "epochs": 12, "batch": 10, "rate": 0.2}]}"#;

const BOTH: &str = r#"{"seed": 3, "stages": [
    {"stage": "pretrain", "layer": 1, "epochs": 2, "batch": 10, "rate": 0.02,
     "corruption": {"kind": "masking", "share": 0.25}, "reconstruction": {"kind": "softplus-squared"}},
    {"stage": "pretrain", "layer": 2, "epochs": 2, "batch": 10, "rate": 0.02, "l1": 0.0001,
     "corruption": {"kind": "masking", "share": 0.25}, "reconstruction": {"kind": "cross-entropy"}},
    {"stage": "fine-tune", "epochs": 3, "batch": 10, "rate": 0.1,
     "optimizer": {"kind": "momentum", "momentum": 0.5}}]}"#;

#[test]
fn a_rectifier_network_learns_what_a_linear_one_cannot() {
    let place = tempfile::tempdir().unwrap();
    let deep = whole(
        recipe(FINE_TUNE),
        network(&[48, 48]),
        &place.path().join("deep"),
    )
    .record
    .summary
    .unwrap();
    let linear = whole(
        recipe(FINE_TUNE),
        network(&[]),
        &place.path().join("linear"),
    )
    .record
    .summary
    .unwrap();
    assert!(deep.test_error < 0.15, "{}", deep.test_error);
    assert!(linear.test_error > 0.35, "{}", linear.test_error);
    assert!(
        deep.zeros.iter().all(|share| (0.2..0.95).contains(share)),
        "{:?}",
        deep.zeros
    );
    for name in [
        "model.safetensors",
        "history.jsonl",
        "summary.json",
        "checkpoint.safetensors",
    ] {
        assert!(place.path().join("deep").join(name).is_file(), "{name}");
    }
}

#[test]
fn the_best_epoch_is_what_is_kept_and_tested() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    // A rate this high makes the validation error jump about, so that the last epoch is rarely the best.
    let outcome = whole(
        recipe(&FINE_TUNE.replace("0.2", "0.9")),
        network(&[32]),
        &path,
    );
    let summary = outcome.record.summary.clone().unwrap();
    let errors: Vec<f64> = outcome
        .record
        .history
        .iter()
        .map(|epoch| epoch.valid_error.unwrap())
        .collect();
    let lowest = errors.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(summary.valid_error, lowest);
    assert_eq!(errors[summary.best_epoch - 1], lowest);
    let device = Device::flex();
    let saved = DenseStack::load(path.join("model.safetensors"), &device).unwrap();
    let valid =
        rectifier_train::evaluate(&saved, &points(300, 2), Default::default(), &device).unwrap();
    assert_eq!(valid.error(), Some(lowest));
}

#[test]
fn a_penalty_makes_zeros() {
    let place = tempfile::tempdir().unwrap();
    let zeros = |l1: &str, name: &str| {
        let text = FINE_TUNE.replace("\"rate\"", &format!("\"l1\": {l1}, \"rate\""));
        let summary = whole(recipe(&text), network(&[48, 48]), &place.path().join(name))
            .record
            .summary
            .unwrap();
        summary.zeros.iter().sum::<f64>() / 2.0
    };
    let (without, with) = (zeros("0.0", "without"), zeros("0.003", "with"));
    assert!(with > without + 0.05, "{without} {with}");
}

#[test]
fn patience_ends_a_stage_early() {
    let place = tempfile::tempdir().unwrap();
    let text = FINE_TUNE.replace("\"epochs\": 12", "\"epochs\": 200, \"patience\": 3");
    let outcome = whole(recipe(&text), network(&[]), &place.path().join("run"));
    let best = outcome.record.summary.as_ref().unwrap().best_epoch;
    assert!(outcome.record.history.len() < 200);
    assert_eq!(outcome.record.history.len(), best + 3);
}

#[test]
fn the_same_seed_makes_the_same_run() {
    let place = tempfile::tempdir().unwrap();
    let paths = [place.path().join("one"), place.path().join("two")];
    let runs = [&paths[0], &paths[1]].map(|path| whole(recipe(BOTH), network(&[20, 12]), path));
    assert_eq!(story(&runs[0]), story(&runs[1]));
    assert!(parameters(&paths[0]) == parameters(&paths[1]));
    let other = whole(
        recipe(&BOTH.replace("\"seed\": 3", "\"seed\": 5")),
        network(&[20, 12]),
        &place.path().join("3"),
    );
    assert_ne!(story(&runs[0]), story(&other));
}

/// Examples that stop the run when so many batches of them were asked for.
struct Tripwire {
    examples: Samples,
    steps_left: AtomicIsize,
    interrupter: Interrupter,
}

impl Examples for Tripwire {
    fn len(&self) -> usize {
        self.examples.len()
    }
    fn shape(&self) -> &[usize] {
        self.examples.shape()
    }
    fn classes(&self) -> usize {
        self.examples.classes()
    }
    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        if self.steps_left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.interrupter.stop(Some("test"));
        }
        self.examples.gather(indices, batch)
    }
}

#[test]
fn a_run_stopped_anywhere_ends_at_the_same_numbers_bit_for_bit() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("whole");
    let expected = whole(recipe(BOTH), network(&[20, 12]), &path);
    let mut stops = 0;
    let stopped = place.path().join("stopped");
    let mut folder = RunFolder::create(&stopped).unwrap();
    let ended = loop {
        let mut part = run(recipe(BOTH), network(&[20, 12]), folder);
        // 120 steps an epoch: stops fall at other places of an epoch each time, some of them at its end.
        part.split.train = Arc::new(Tripwire {
            examples: points(1200, 1),
            steps_left: AtomicIsize::new(37 + 29 * (stops % 4)),
            interrupter: part.interrupter.clone(),
        });
        let outcome = part.launch().unwrap();
        if outcome.record.summary.is_some() {
            break outcome;
        }
        stops += 1;
        assert!(stops < 200, "the run does not get on");
        folder = RunFolder::open(&stopped).unwrap();
    };
    assert!(stops >= 8, "it was stopped {stops} times only");
    assert_eq!(story(&ended), story(&expected));
    assert!(parameters(&stopped) == parameters(&path));
}

/// Examples that count how many of them were asked for.
struct Counting(Samples, AtomicIsize);

impl Counting {
    fn new(samples: Samples) -> Arc<Self> {
        Arc::new(Self(samples, AtomicIsize::new(0)))
    }
}

impl Examples for Counting {
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
        self.1.fetch_add(indices.len() as isize, Ordering::Relaxed);
        self.0.gather(indices, batch)
    }
}

#[test]
fn pre_training_sees_all_inputs_and_fine_tuning_the_labelled_ones_alone() {
    let place = tempfile::tempdir().unwrap();
    let (labelled, all) = (
        Counting::new(points(120, 1)),
        Counting::new(points(1200, 4)),
    );
    let folder = RunFolder::create(place.path().join("run")).unwrap();
    let mut semi = run(recipe(BOTH), network(&[20, 12]), folder);
    semi.split.train = labelled.clone();
    semi.split = semi.split.with_unlabelled(all.clone()).unwrap();
    let outcome = semi.launch().unwrap();
    assert!(outcome.record.summary.is_some());
    // Two layers, two epochs each, and one pass to find the scale of the first layer for the second.
    assert_eq!(all.1.load(Ordering::Relaxed), 2 * 2 * 1200 + 1200);
    assert_eq!(labelled.1.load(Ordering::Relaxed), 3 * 120);

    let folder = RunFolder::create(place.path().join("none")).unwrap();
    let mut none = run(recipe(BOTH), network(&[20, 12]), folder);
    none.split = none.split.with_unlabelled(Arc::new(points(0, 1))).unwrap();
    let error = none.launch().unwrap_err().to_string();
    assert!(error.contains("the unlabelled set is empty"), "{error}");
}

/// Examples that look, whenever a batch of them is asked for, how far the checkpoint has come.
struct Witness {
    examples: Samples,
    checkpoint: std::path::PathBuf,
    asked: AtomicIsize,
    behind: Arc<AtomicIsize>,
}

impl Examples for Witness {
    fn len(&self) -> usize {
        self.examples.len()
    }
    fn shape(&self) -> &[usize] {
        self.examples.shape()
    }
    fn classes(&self) -> usize {
        self.examples.classes()
    }
    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if asked > 0 {
            let saved = Checkpoint::load(&self.checkpoint).unwrap().progress.steps as isize;
            self.behind.fetch_max(asked - saved, Ordering::Relaxed);
        }
        self.examples.gather(indices, batch)
    }
}

#[test]
fn a_kill_loses_no_more_than_the_time_between_checkpoints() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let folder = RunFolder::create(&path).unwrap();
    let checkpoint = folder.checkpoint_path();
    let behind = Arc::new(AtomicIsize::new(0));
    let text = FINE_TUNE.replace("\"epochs\": 12", "\"epochs\": 2");
    let mut run = run(recipe(&text), network(&[8]), folder);
    run.split.train = Arc::new(Witness {
        examples: points(1200, 1),
        checkpoint,
        asked: AtomicIsize::new(0),
        behind: behind.clone(),
    });
    // With no time between them, every step is on the disk before the next one begins.
    run.checkpoint_every = Duration::ZERO;
    let outcome = run.launch().unwrap();
    assert_eq!(outcome.record.history.len(), 2);
    assert_eq!(behind.load(Ordering::Relaxed), 0);
}

#[test]
fn a_diverging_run_stops_and_says_where() {
    let place = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(place.path().join("run")).unwrap();
    let error = run(
        recipe(&FINE_TUNE.replace("0.2", "1e9")),
        network(&[32, 32]),
        folder,
    )
    .launch()
    .unwrap_err();
    assert!(
        matches!(error, TrainError::Diverged { epoch: 1, .. }),
        "{error}"
    );
    let text = error.to_string();
    assert!(
        text.contains("lower the rate") && text.contains("1000000000"),
        "{text}"
    );
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let place = tempfile::tempdir().unwrap();
    let wide = DenseStackConfig::new(WIDTH + 1, [4], Unit::Rectifier, 2)
        .init(1, &Device::flex())
        .unwrap();
    let path = place.path().join("run");
    let folder = RunFolder::create(&path).unwrap();
    let error = run(recipe(FINE_TUNE), wide, folder)
        .launch()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("17 numbers an example, the data has 16"),
        "{error}"
    );
    assert!(!path.join("checkpoint.safetensors").exists());
}
