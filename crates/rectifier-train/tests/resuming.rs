//! A run goes on with what it began with and nothing else, and what its folder holds is never lost.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::Device;
use common::{
    Asked, create, files, network, noticing, open, parameters, points, run, run_on, split_of, story,
};
use rectifier_nn::{DenseStack, ModelFile};
use rectifier_train::{
    BurnEngine, Engine, FineTune, Mistakes, Notice, Pretrain, Recipe, Run, RunFiles, Stage,
    StageContext, StageSession, TrainError,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn recipe() -> Recipe {
    Recipe::fine_tune(3, 10, 0.1).with_seed(3)
}

/// A run that is stopped `after` so many batches of training; everything is saved.
fn stopped(path: &Path, after: usize) {
    let folder = if path.exists() {
        open(path)
    } else {
        create(path)
    };
    let mut part = run(recipe(), network(&[12]), folder);
    let interrupter = part.interrupter.clone();
    part.split.train = Asked::new(points(1200, 1), move |before, _| {
        if before == after {
            interrupter.stop(None);
        }
    });
    assert!(part.launch().unwrap().record.summary.is_none());
}

#[test]
fn a_librarys_run_leaves_a_folder_that_tells_all_of_it() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let mut first = run(recipe(), network(&[12]), create(&path));
    first.plan = Some(serde_json::json!({"mine": [1, 2]}));
    first.measure_every = Some(40);
    let outcome = first.launch().unwrap();
    let files = RunFiles::at(&path);
    assert_eq!(files.record().unwrap().unwrap(), outcome.record);
    let identity = files.identity().unwrap().unwrap();
    assert_eq!(identity.recipe, recipe());
    assert_eq!(identity.plan, serde_json::json!({"mine": [1, 2]}));
    assert_eq!(identity.network["hidden"], serde_json::json!([12]));
    let provenance = identity.provenance;
    assert_eq!(provenance.engine, "burn");
    assert_eq!(provenance.data.sizes.train, 1200);
    assert_eq!(provenance.recipe_checksum, recipe().checksum());
    assert!(provenance.started > 1_700_000_000 && !provenance.processor.is_empty());
    // Three readings an epoch of 120 steps, each of which stands in all three files.
    let steps = files.steps().unwrap();
    let places: Vec<u64> = steps.iter().map(|step| step.step).collect();
    assert_eq!(places, [40, 80, 120, 160, 200, 240, 280, 320, 360]);
    assert!(files.commands().unwrap().is_empty());
    let model = ModelFile::open(files.model_path()).unwrap();
    let card = model.card().unwrap();
    assert_eq!(card.data.shape, [16]);
    assert_eq!(card.classes, ["0", "1"]);
    assert_eq!(card.plan, serde_json::json!({"mine": [1, 2]}));
    let checksum = card.provenance.recipe_checksum.as_ref();
    assert_eq!(checksum, Some(&provenance.recipe_checksum));
    let summary = files.summary().unwrap().unwrap();
    assert_eq!(card.figures.test_error, Some(summary.test_error));
    assert_eq!(summary.provenance, Some(provenance));
    let wrong = files.test_wrong().unwrap().unwrap();
    assert_eq!(
        Some(&wrong),
        outcome.test.as_ref().and_then(Mistakes::of).as_ref()
    );
    assert_eq!(wrong.count() as f64 / 300.0, summary.test_error);
}

#[test]
fn readings_go_on_as_they_began_without_being_asked() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let mut part = run(recipe(), network(&[12]), create(&path));
    part.measure_every = Some(40);
    let interrupter = part.interrupter.clone();
    part.split.train = Asked::new(points(1200, 1), move |before, _| {
        if before == 70 {
            interrupter.stop(None);
        }
    });
    part.launch().unwrap();
    run(recipe(), network(&[12]), open(&path)).launch().unwrap();
    let steps = RunFiles::at(&path).steps().unwrap();
    assert_eq!(steps.len(), 9);
    let mut other = run(recipe(), network(&[12]), open(&path));
    other.measure_every = Some(41);
    let error = other.launch().unwrap_err().to_string();
    assert!(error.contains("measure_every 40, not 41"), "{error}");
}

#[test]
fn a_run_given_anything_else_is_refused_and_its_files_are_untouched() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    stopped(&path, 50);
    let before = files(&path);
    type Edit = fn(&mut Run<DenseStack>);
    let edits: [(Edit, &str); 6] = [
        (
            |run| run.recipe.seed = 4,
            "recipe.seed 3, and is now given 4",
        ),
        (
            |run| run.recipe.stages = vec![FineTune::new(3, 10, 0.2).into()],
            "recipe.stages[0].rate 0.1, and is now given 0.2",
        ),
        (
            |run| run.recipe.stages = vec![FineTune::new(3, 20, 0.1).into()],
            "recipe.stages[0].batch 10, and is now given 20",
        ),
        (
            |run| run.network = network(&[13]),
            "network.hidden[0] 12, and is now given 13",
        ),
        (
            |run| {
                run.split.train = Arc::new(points(1200, 9));
                run.data = None;
            },
            "data checksum",
        ),
        (
            |run| run.engine = Box::new(BurnEngine::new(Device::flex()).with_device_name("other")),
            "device",
        ),
    ];
    for (edit, text) in edits {
        let mut given = run(recipe(), network(&[12]), open(&path));
        edit(&mut given);
        let error = given.launch().unwrap_err();
        assert!(matches!(error, TrainError::Changed(_)), "{error}");
        assert!(error.to_string().contains(text), "{text}: {error}");
        assert_eq!(files(&path), before);
    }
    let outcome = run(recipe(), network(&[12]), open(&path)).launch().unwrap();
    assert!(outcome.record.summary.is_some());
}

/// Burn's engine under another name.
struct Renamed(BurnEngine);

impl Engine<DenseStack> for Renamed {
    fn name(&self) -> &str {
        "renamed"
    }
    fn device(&self) -> String {
        Engine::<DenseStack>::device(&self.0)
    }
    fn begin(
        &self,
        network: DenseStack,
        context: &StageContext<'_>,
    ) -> Result<Box<dyn StageSession<DenseStack>>, TrainError> {
        self.0.begin(network, context)
    }
}

#[test]
fn a_finished_run_gives_its_record_back_and_is_never_rewritten() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let outcome = run(recipe(), network(&[12]), create(&path))
        .launch()
        .unwrap();
    // Whoever wants the space may take the checkpoints away from a finished run.
    for name in ["checkpoint.safetensors", "checkpoint.previous.safetensors"] {
        std::fs::remove_file(path.join(name)).unwrap();
    }
    let before = files(&path);
    let again = run(recipe(), network(&[12]), open(&path)).launch().unwrap();
    assert_eq!(again.record, outcome.record);
    assert!(again.test.is_none());
    let head = |network: &DenseStack| network.head.weight.val().into_data();
    assert_eq!(head(&again.network), head(&outcome.network));
    assert_eq!(files(&path), before);

    let other = Recipe::fine_tune(3, 10, 0.3).with_seed(3);
    let error = run(other, network(&[12]), open(&path))
        .launch()
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("finished") && text.contains("rate 0.1, not 0.3"),
        "{text}"
    );
    let mut renamed = run(recipe(), network(&[12]), open(&path));
    renamed.engine = Box::new(Renamed(BurnEngine::new(Device::flex())));
    let text = renamed.launch().unwrap_err().to_string();
    assert!(text.contains("engine burn, not renamed"), "{text}");
    assert_eq!(files(&path), before);
}

#[test]
fn an_old_finished_run_without_identity_is_held_against_its_recipe() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let outcome = run(recipe(), network(&[12]), create(&path))
        .launch()
        .unwrap();
    std::fs::remove_file(path.join("run.json")).unwrap();
    let again = run(recipe(), network(&[12]), open(&path)).launch().unwrap();
    assert_eq!(again.record.summary, outcome.record.summary);
    let other = run(recipe().with_seed(4), network(&[12]), open(&path)).launch();
    assert!(matches!(other, Err(TrainError::Changed(_))));
    assert!(!path.join("run.json").exists());
}

#[test]
fn a_run_killed_before_its_first_checkpoint_begins_again_as_what_it_was() {
    let place = tempfile::tempdir().unwrap();
    let (whole, path) = (place.path().join("whole"), place.path().join("run"));
    let expected = run(recipe(), network(&[12]), create(&whole))
        .launch()
        .unwrap();
    stopped(&path, 30);
    // What a kill in the first epoch leaves: identity, and rows that no checkpoint knows.
    std::fs::remove_file(path.join("checkpoint.safetensors")).unwrap();
    assert!(std::fs::metadata(path.join("steps.csv")).unwrap().len() > 100);
    let error = run(recipe().with_seed(9), network(&[12]), open(&path)).launch();
    assert!(matches!(error, Err(TrainError::Changed(_))));
    let (outcome, notices) = noticing(run(recipe(), network(&[12]), open(&path)));
    assert_eq!(notices, []);
    assert_eq!(story(&outcome), story(&expected));
    assert!(parameters(&path) == parameters(&whole));
    let rows = |path: &Path| RunFiles::at(path).steps().unwrap().len();
    assert_eq!(rows(&path), rows(&whole));
}

#[test]
fn a_damaged_or_deleted_checkpoint_costs_the_time_since_the_one_before_it() {
    let place = tempfile::tempdir().unwrap();
    let whole = place.path().join("whole");
    let expected = run(recipe(), network(&[12]), create(&whole))
        .launch()
        .unwrap();
    for damage in ["flip", "cut", "delete"] {
        let path = place.path().join(damage);
        stopped(&path, 150);
        stopped(&path, 60);
        let latest = path.join("checkpoint.safetensors");
        let mut bytes = std::fs::read(&latest).unwrap();
        match damage {
            "flip" => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 4;
                std::fs::write(&latest, &bytes).unwrap();
            }
            "cut" => std::fs::write(&latest, &bytes[..1000]).unwrap(),
            _ => std::fs::remove_file(&latest).unwrap(),
        }
        let (outcome, notices) = noticing(run(recipe(), network(&[12]), open(&path)));
        assert_eq!(notices.len(), 1, "{damage}: {notices:?}");
        assert!(
            matches!(
                notices[0],
                Notice::CheckpointDamaged { .. } | Notice::CheckpointGone { .. }
            ),
            "{notices:?}"
        );
        assert_eq!(story(&outcome), story(&expected), "{damage}");
        assert!(parameters(&path) == parameters(&whole), "{damage}");
    }
}

#[test]
fn without_any_checkpoint_nothing_is_overwritten() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    stopped(&path, 150);
    for name in ["checkpoint.safetensors", "checkpoint.previous.safetensors"] {
        let _ = std::fs::remove_file(path.join(name));
    }
    let before = files(&path);
    let error = run(recipe(), network(&[12]), open(&path))
        .launch()
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("came through 1 epochs") && text.contains("put it back"),
        "{text}"
    );
    assert_eq!(files(&path), before);
}

#[test]
fn rows_changed_from_outside_are_kept_and_said() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    stopped(&path, 150);
    let csv = path.join("steps.csv");
    let text = std::fs::read_to_string(&csv).unwrap();
    let rows = text.lines().count();
    std::fs::write(&csv, text.replace('\n', "\r\n")).unwrap();
    let json = path.join("steps.jsonl");
    let lines = std::fs::read_to_string(&json).unwrap();
    std::fs::write(&json, &lines[..lines.len() / 2]).unwrap();
    let history = path.join("history.csv");
    let edited = std::fs::read_to_string(&history).unwrap() + "mine\n";
    std::fs::write(&history, &edited).unwrap();
    let (outcome, notices) = noticing(run(recipe(), network(&[12]), open(&path)));
    assert!(outcome.record.summary.is_some());
    let changed = notices
        .iter()
        .filter(|notice| matches!(notice, Notice::RowsChanged { .. }));
    assert_eq!((changed.count(), notices.len()), (2, 3), "{notices:?}");
    // Every row that was there is there, and the new ones follow.
    let after = std::fs::read_to_string(&csv).unwrap();
    assert!(after.starts_with(&text.replace('\n', "\r\n")));
    let steps: Vec<u64> = after
        .lines()
        .skip(1)
        .map(|row| row.split(',').next().unwrap().parse().unwrap())
        .collect();
    assert!(steps.is_sorted_by(|a, b| a < b) && steps.len() > rows);
    assert_eq!(steps.last(), Some(&360));
    let found = RunFiles::at(&path).steps().unwrap();
    assert!(found.len() < steps.len() && found.last().unwrap().step == 360);
    let kept = std::fs::read_to_string(path.join("history.edited.csv")).unwrap();
    assert_eq!(kept, edited);
}

#[test]
fn a_stop_in_the_last_step_in_validation_or_in_the_test_ends_within_a_batch() {
    let place = tempfile::tempdir().unwrap();
    let whole = place.path().join("whole");
    let expected = run(recipe(), network(&[12]), create(&whole))
        .launch()
        .unwrap();
    for part in ["last step", "validation", "test"] {
        let path = place.path().join(part);
        let mut stopped = run(recipe(), network(&[12]), create(&path));
        let interrupter = stopped.interrupter.clone();
        let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = asked.clone();
        // 120 steps an epoch; evaluations of 300 examples are two batches.
        let at = if part == "last step" { 119 } else { 0 };
        let stop = move |before: usize, _: &[usize]| {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if before == at {
                interrupter.stop(None);
            }
        };
        match part {
            "last step" => stopped.split.train = Asked::new(points(1200, 1), stop),
            "validation" => stopped.split.valid = Asked::new(points(300, 2), stop),
            _ => stopped.split.test = Asked::new(points(300, 3), stop),
        }
        let outcome = stopped.launch().unwrap();
        assert!(outcome.record.summary.is_none(), "{part}");
        let asked = asked.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(asked, at + 1, "{part}");
        let epochs = if part == "test" { 3 } else { 0 };
        assert_eq!(outcome.record.history.len(), epochs, "{part}");
        let outcome = run(recipe(), network(&[12]), open(&path)).launch().unwrap();
        assert_eq!(story(&outcome), story(&expected), "{part}");
        assert!(parameters(&path) == parameters(&whole), "{part}");
        let error = |outcome: &rectifier_train::Outcome<DenseStack>| {
            outcome.record.summary.as_ref().unwrap().test_error
        };
        assert_eq!(error(&outcome), error(&expected));
    }
}

#[test]
fn a_stop_while_a_stage_is_prepared_is_honoured_too() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let mut second = Pretrain::new(2, 1, 10, 0.01);
    second.reconstruction = rectifier_nn::Reconstruction::CrossEntropy {
        scale: rectifier_nn::Scale::Global,
    };
    let stages = [
        Stage::from(Pretrain::new(1, 1, 10, 0.01)),
        second.into(),
        FineTune::new(1, 10, 0.1).into(),
    ];
    let recipe = Recipe::of(3, stages);
    let mut part = run(recipe.clone(), network(&[12, 8]), create(&path));
    let interrupter = part.interrupter.clone();
    // The 121st batch is the first of the pass that finds the scale.
    part.split.train = Asked::new(points(1200, 1), move |before, _| {
        assert!(before <= 120, "went on after the stop");
        if before == 120 {
            interrupter.stop(None);
        }
    });
    let outcome = part.launch().unwrap();
    assert_eq!(outcome.record.history.len(), 1);
    let outcome = run(recipe, network(&[12, 8]), open(&path))
        .launch()
        .unwrap();
    assert_eq!(outcome.record.history.len(), 3);
}

#[test]
fn many_short_epochs_are_not_all_written_and_all_told() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let one = Recipe::fine_tune(3000, 1, 0.01);
    let mut run = run_on(split_of(1), one, network(&[2]), create(&path));
    run.split.valid = Arc::new(points(2, 2));
    run.split.test = Arc::new(points(2, 3));
    run.checkpoint_every = Duration::from_secs(600);
    let outcome = run.launch().unwrap();
    assert_eq!(outcome.record.history.len(), 3000);
    let files = RunFiles::at(&path);
    assert_eq!(files.history().unwrap().len(), 3000);
    let csv = std::fs::read_to_string(path.join("history.csv")).unwrap();
    assert_eq!(csv.lines().count(), 3001);
}
