//! Pictures moved while a network learns: drawn anew in every epoch, the same wherever a run stops, and for pictures alone.
#![allow(clippy::unwrap_used)]

mod common;

use common::{WIDTH, create, network, open, parameters, run, run_on, story};
use rectifier_data::{Batch, Examples, Samples, Split};
use rectifier_train::{FineTune, Recipe};
use std::sync::Arc;

/// The points of `common` as pictures of four rows.
fn pictures(len: usize, seed: u64) -> Arc<dyn Examples> {
    let points = common::points(len, seed);
    let mut batch = Batch::default();
    let all: Vec<usize> = (0..len).collect();
    points.gather(&all, &mut batch).unwrap();
    let pictures = Samples::from_f32(batch.inputs, batch.labels, &[4, WIDTH / 4], 2).unwrap();
    Arc::new(pictures)
}

fn split() -> Split {
    Split::new(pictures(300, 1), pictures(60, 2), pictures(60, 3)).unwrap()
}

fn recipe(pixels: usize, rate: f64) -> Recipe {
    Recipe::of(3, [FineTune::new(3, 10, rate).shift(pixels)])
}

#[test]
fn every_epoch_moves_them_anew_and_validation_never() {
    let place = tempfile::tempdir().unwrap();
    // At such a rate nothing is learned: losses differ by what is looked at alone.
    let losses = |name: &str, pixels: usize| -> Vec<[f64; 2]> {
        let folder = create(&place.path().join(name));
        let run = run_on(split(), recipe(pixels, 1e-30), network(&[12, 8]), folder);
        let outcome = run.launch().unwrap();
        let history = outcome.record.history.iter();
        history
            .map(|epoch| [epoch.train_loss, epoch.valid_loss])
            .collect()
    };
    let (still, moved) = (losses("still", 0), losses("moved", 1));
    for (epoch, [train, valid]) in moved.iter().enumerate() {
        assert_eq!(*valid, still[0][1]);
        assert!((train - still[0][0]).abs() > 1e-6, "epoch {epoch}");
        for other in &moved[..epoch] {
            assert!((train - other[0]).abs() > 1e-6, "epoch {epoch}");
        }
    }
    assert_eq!(losses("again", 1), moved);
}

#[test]
fn a_run_stopped_within_an_epoch_ends_at_the_same_numbers() {
    let place = tempfile::tempdir().unwrap();
    let (whole, path) = (place.path().join("whole"), place.path().join("run"));
    let expected = run_on(split(), recipe(2, 0.1), network(&[12, 8]), create(&whole));
    let expected = expected.launch().unwrap();
    let mut part = run_on(split(), recipe(2, 0.1), network(&[12, 8]), create(&path));
    let interrupter = part.interrupter.clone();
    part.split.train = {
        let pictures = pictures(300, 1);
        Arc::new(Stopping {
            pictures,
            asked: 0.into(),
            interrupter,
        })
    };
    let stopped = part.launch().unwrap();
    assert!(stopped.record.summary.is_none() && !path.join("summary.json").exists());
    let outcome = run_on(split(), recipe(2, 0.1), network(&[12, 8]), open(&path));
    let outcome = outcome.launch().unwrap();
    assert_eq!(story(&outcome), story(&expected));
    assert!(parameters(&path) == parameters(&whole));
}

#[test]
fn what_is_no_picture_is_refused_before_anything_begins() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let error = run(recipe(1, 0.1), network(&[12, 8]), create(&path)).launch();
    let error = error.err().unwrap().to_string();
    assert!(
        error.contains("stage 1") && error.contains("leave shift out"),
        "{error}"
    );
    assert!(!path.join("run.json").exists());
}

/// Pictures that have the run stopped when they were asked for so often.
struct Stopping {
    pictures: Arc<dyn Examples>,
    asked: std::sync::atomic::AtomicUsize,
    interrupter: burn_train::Interrupter,
}

impl Examples for Stopping {
    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn shape(&self) -> &[usize] {
        self.pictures.shape()
    }

    fn classes(&self) -> usize {
        self.pictures.classes()
    }

    fn gather(
        &self,
        indices: &[usize],
        batch: &mut Batch,
    ) -> Result<(), rectifier_data::DataError> {
        if self
            .asked
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed)
            == 47
        {
            self.interrupter.stop(None);
        }
        self.pictures.gather(indices, batch)
    }
}
