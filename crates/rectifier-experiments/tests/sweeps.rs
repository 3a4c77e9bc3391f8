//! Whole sweeps on a few generated characters: stopped, gone on with, reported.
#![allow(clippy::unwrap_used)]

use burn::tensor::Device;
use burn_train::Interrupter;
use rectifier_catalog::EngineChoice;
use rectifier_experiments::{
    Ended, Experiment, ExperimentError, Observer, Preset, Record, Records, Runner, SweepFolder,
    UserSweep, artifacts, experiment,
};
use rectifier_train::{EpochRecord, Standing};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn runner<'a>(experiment: &'a dyn Experiment, folder: &'a Path) -> Runner<'a> {
    let device = EngineChoice::on(Device::flex(), "flex");
    Runner {
        jobs: Some(2),
        ..Runner::new(experiment, Preset::Smoke, folder, device)
    }
}

/// Stops the sweep after so many epochs of all cells together.
struct StopAfter {
    epochs: AtomicUsize,
    interrupter: Interrupter,
}

impl Observer for StopAfter {
    fn epoch(&self, _: &str, _: &EpochRecord, _: &Standing) {
        if self.epochs.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.interrupter.stop(Some("test"));
        }
    }
}

/// What does not depend on the clock.
fn timeless(records: &Records) -> Vec<Record> {
    let still = |record: &Record| {
        let mut record = record.clone();
        if let Ended::Finished { summary } = &mut record.ended {
            (summary.seconds, summary.overhead) = (0.0, 0.0);
        }
        record
            .history
            .iter_mut()
            .for_each(|line| line.seconds = 0.0);
        if let Some(made) = &mut record.provenance {
            made.started = 0;
        }
        record
    };
    records.iter().map(still).collect()
}

#[test]
fn a_sweep_that_is_stopped_goes_on_to_the_same_records() {
    let figure3 = experiment("figure3").unwrap();
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let end = runner(figure3, whole.path()).run().unwrap();
    assert_eq!(
        (end.cells, end.recorded, end.now, end.stopped),
        (10, 10, 10, false)
    );
    let mut sittings = 0;
    loop {
        let interrupter = Interrupter::new();
        let observer = StopAfter {
            epochs: AtomicUsize::new(5),
            interrupter: interrupter.clone(),
        };
        let runner = Runner {
            interrupter,
            observer: Arc::new(observer),
            ..runner(figure3, parts.path())
        };
        let end = runner.run().unwrap();
        sittings += 1;
        assert!(sittings < 20 && end.cells == 10);
        if !end.stopped {
            assert_eq!((end.recorded, end.open), (10, 0));
            break;
        }
        assert_eq!(end.recorded + end.open, 10);
    }
    assert!(sittings > 2, "{sittings}");
    let of = |folder: &Path| SweepFolder::of(folder, "figure3");
    let (one, two) = (
        of(whole.path()).records().unwrap(),
        of(parts.path()).records().unwrap(),
    );
    assert_eq!(timeless(&one), timeless(&two));
    // Runs are tidied away; the same records make the same bytes.
    assert_eq!(
        std::fs::read_dir(of(parts.path()).runs_path())
            .unwrap()
            .count(),
        0
    );
    let files = artifacts(figure3, Preset::Smoke, &one).unwrap();
    assert_eq!(files, artifacts(figure3, Preset::Smoke, &one).unwrap());
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "table.md",
            "table.csv",
            "cells.csv",
            "figure.svg",
            "index.html"
        ]
    );
    let page = &files[4].text;
    assert!(page.contains("10 runs, each with its recipe") && !page.contains("NaN"));
    for record in one.iter() {
        assert!(page.contains(&record.cell));
        let path = of(whole.path()).record_path(&record.cell);
        assert!(std::fs::metadata(path).unwrap().len() < 8000);
    }
}

#[test]
fn rates_are_chosen_and_what_another_experiment_ran_is_taken_over() {
    let (table1, zoo) = (experiment("table1").unwrap(), experiment("zoo").unwrap());
    let place = tempfile::tempdir().unwrap();
    let runner = Runner {
        only: "unit=rectifier".parse().unwrap(),
        ..runner(table1, place.path())
    };
    let (planned, open) = runner.plan().unwrap();
    assert!(
        planned.seconds() > 0.0 && planned.disk.0 > 0 && open.len() == 4,
        "{planned:?}"
    );
    let end = runner.run().unwrap();
    // Two rates each of pre-training and of fine-tuning, then two seeds, with pre-training and without.
    assert_eq!((end.now, end.open), (4 + 2 + 2 + 2, 0));
    let folder = SweepFolder::of(place.path(), "table1");
    let records = folder.records().unwrap();
    assert!(!folder.models_path().exists());
    let files = artifacts(table1, Preset::Smoke, &records).unwrap();
    let table = &files[0].text;
    assert!(
        table.contains("| glyphs | rectifier | yes | 2 |"),
        "{table}"
    );
    assert!(table.contains("not run yet"), "{table}");
    // Again: nothing is left to do.
    assert_eq!(runner.run().unwrap().now, 0);

    // Weights are kept where they are wanted, so that these runs are made once more, though table1 has them.
    let both = tempfile::tempdir().unwrap();
    let kept = Runner {
        only: "model=mnist/rectifier-3x1000".parse().unwrap(),
        ..self::runner(zoo, both.path())
    };
    assert_eq!(kept.run().unwrap().now, 2 + 2);
    let weights = SweepFolder::of(both.path(), "zoo").models_path();
    let mut names: Vec<String> = std::fs::read_dir(&weights)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "mnist-rectifier-3x1000.json",
            "mnist-rectifier-3x1000.safetensors"
        ]
    );
    // table1 takes these over, under its own labels, and its files are those of the whole run.
    let end = Runner {
        folder: both.path(),
        ..runner
    };
    assert_eq!(end.run().unwrap().now, 2 + 2 + 2);
    let again = SweepFolder::of(both.path(), "table1").records().unwrap();
    assert_eq!(timeless(&records), timeless(&again));
}

/// Counts what cells of pre-trained networks make themselves.
#[derive(Default)]
struct Stages(AtomicUsize);

impl Observer for Stages {
    fn epoch(&self, _: &str, record: &EpochRecord, _: &Standing) {
        self.0
            .fetch_add(usize::from(record.stage == 1), Ordering::SeqCst);
    }
}

#[test]
fn pretraining_is_made_once_for_cells_that_share_it() {
    let figure4 = experiment("figure4").unwrap();
    let (one, each) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let of = |folder: &Path, only: &str, stages: &Arc<Stages>| {
        let runner = Runner {
            only: only.parse().unwrap(),
            observer: stages.clone(),
            ..runner(figure4, folder)
        };
        let planned = runner.plan().unwrap().0.seconds();
        (runner.run().unwrap(), planned)
    };
    let stages = Arc::new(Stages::default());
    let (end, _) = of(one.path(), "pretrained=yes,unit=rectifier", &stages);
    let cells = end.now;
    let made = stages.0.load(Ordering::SeqCst);
    assert!(cells >= 4 && made > 0, "{cells} {made}");
    // One share of labels after the other, in folders of their own, has nobody to share with.
    let alone = Arc::new(Stages::default());
    for share in ["25", "100"] {
        let folder = each.path().join(share);
        let only = format!("pretrained=yes,unit=rectifier,labels={share}");
        of(&folder, &only, &alone);
    }
    assert_eq!(alone.0.load(Ordering::SeqCst), 2 * made);
    let records = |folder: &Path| {
        let folder = SweepFolder::of(folder, "figure4");
        // What was shared is tidied away with the last that needs it; others of the same filter may.
        (folder.records().unwrap(), folder)
    };
    let (together, folder) = records(one.path());
    let apart: Records = ["25", "100"]
        .iter()
        .flat_map(|share| timeless(&records(&each.path().join(share)).0))
        .collect();
    assert_eq!(timeless(&together), timeless(&apart));
    assert_eq!(std::fs::read_dir(folder.runs_path()).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_run_is_told_before_anything_is() {
    let place = tempfile::tempdir().unwrap();
    let norb = experiment("softplus").unwrap();
    let missing = Runner {
        preset: Preset::Paper,
        locator: rectifier_data::Locator {
            offline: true,
            ..Default::default()
        },
        ..runner(norb, place.path())
    };
    if let Err(error) = missing.run() {
        let text = error.to_string();
        assert!(
            matches!(error, ExperimentError::Missing { .. }) && text.contains("norb"),
            "{text}"
        );
        assert!(!place.path().join("softplus").exists());
    }
    let nothing = Runner {
        only: "unit=leaky".parse().unwrap(),
        ..runner(norb, place.path())
    };
    let text = nothing.run().unwrap_err().to_string();
    assert!(
        text.contains("unit=leaky") && text.contains("labels are a, pretrained"),
        "{text}"
    );
    let none = Runner {
        jobs: Some(0),
        ..runner(norb, place.path())
    };
    assert!(matches!(none.run(), Err(ExperimentError::NoJob)));
}

#[test]
fn a_run_that_diverges_is_recorded_as_such() {
    let sweep = UserSweep::parse(
        r#"{
            "name": "high",
            "base": {
                "version": 1,
                "data": {"set": "glyphs", "seed": 1, "train": 620, "valid": 62, "test": 62},
                "network": {"inputs": 1024, "hidden": [16], "unit": {"kind": "rectifier"}, "outputs": 62},
                "recipe": {"seed": 1, "stages": [{"stage": "fine-tune", "epochs": 2, "batch": 10, "rate": 0.1}]}
            },
            "axes": {"recipe.stages.0.rate": [0.1, 1e30]}
        }"#,
    )
    .unwrap();
    let place = tempfile::tempdir().unwrap();
    let end = runner(&sweep, place.path()).run().unwrap();
    assert_eq!((end.recorded, end.cells), (2, 2));
    let records = SweepFolder::of(place.path(), "high").records().unwrap();
    let diverged = |record: &&Record| matches!(record.ended, Ended::Diverged { .. });
    assert_eq!(records.iter().filter(diverged).count(), 1);
    let files = artifacts(&sweep, Preset::Smoke, &records).unwrap();
    assert!(files[0].text.contains("1 diverged"), "{}", files[0].text);
    let page = files.iter().find(|file| file.name == "index.html").unwrap();
    assert!(page.text.contains("diverged: no number any more"));
}

#[test]
fn runs_that_were_to_stay_stay_whatever_the_next_start_says() {
    let figure3 = experiment("figure3").unwrap();
    let place = tempfile::tempdir().unwrap();
    let first = Runner {
        keep_runs: true,
        only: "seed=1".parse().unwrap(),
        ..runner(figure3, place.path())
    };
    let kept = first.run().unwrap().now;
    assert!(kept > 0, "{kept}");
    // What a killed process leaves of a shared file, and pre-training that nobody asks for.
    let folder = SweepFolder::of(place.path(), "figure3");
    let left = folder.runs_path().join(".partial-abcdef");
    std::fs::write(&left, b"part").unwrap();
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(90);
    let file = std::fs::File::options().write(true).open(&left).unwrap();
    file.set_modified(then).unwrap();
    drop(file);
    std::fs::write(folder.pretrained_path("0"), b"unwanted").unwrap();
    let end = runner(figure3, place.path()).run().unwrap();
    assert_eq!(end.recorded, end.cells);
    let runs = std::fs::read_dir(folder.runs_path()).unwrap();
    let names: Vec<String> = runs
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names.len(), kept, "{names:?}");
    assert!(names.iter().all(|name| {
        let model = folder.run_path(name).join("model.safetensors");
        folder.record_path(name).is_file() && model.is_file()
    }));
}
