//! Pre-training that runs share changes no number of any of them.
#![allow(clippy::unwrap_used)]

mod common;

use burn_train::Interrupter;
use common::{create, network, open, parameters, run, story};
use rectifier_train::{
    FineTune, Pretrain, Recipe, RunFiles, Stage, StageBegins, StepRecord, Watch,
};
use std::path::Path;
use std::sync::{Arc, Mutex};

const HIDDEN: [usize; 2] = [12, 8];

/// Both layers pre-trained, then fine-tuning at `rate`.
fn recipe(rate: f64, seed: u64) -> Recipe {
    let pretraining = [1, 2].map(|layer| Stage::from(Pretrain::new(layer, 2, 10, 0.05)));
    let tuning = Stage::from(FineTune::new(2, 10, rate));
    Recipe::of(seed, pretraining.into_iter().chain([tuning]))
}

/// The stages that a run makes.
#[derive(Default)]
struct Stages(Vec<usize>);

impl Watch for Stages {
    fn stage(&mut self, stage: &StageBegins<'_>) {
        self.0.push(stage.number);
    }
}

/// What `recipe` comes to with this share of the labels, in `path`, and the stages that were made for it.
fn made(
    path: &Path,
    recipe: Recipe,
    share: f64,
    pretrained: Option<&Path>,
) -> (Vec<String>, Vec<usize>) {
    let stages = Arc::new(Mutex::new(Stages::default()));
    let mut run = run(recipe, network(&HIDDEN), create(path));
    run.split = run.split.with_label_fraction(share, 1).unwrap();
    run.data = None;
    run.pretrained = pretrained.map(Path::to_path_buf);
    run.watch = Box::new(stages.clone());
    let outcome = run.launch().unwrap();
    assert_eq!(
        RunFiles::at(path).history().unwrap().len(),
        outcome.record.history.len()
    );
    let stages = stages.lock().unwrap().0.clone();
    (story(&outcome), stages)
}

#[test]
fn whoever_comes_later_goes_on_to_the_same_numbers() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let shared = at("shared");
    let cases = [
        (recipe(0.1, 3), 1.0, vec![1, 2, 3]),
        (recipe(0.1, 3), 0.2, vec![3]),
        (recipe(0.3, 3), 0.5, vec![3]),
        // Another seed pre-trains otherwise, and its own is kept from then on.
        (recipe(0.1, 4), 1.0, vec![1, 2, 3]),
        (recipe(0.1, 4), 0.2, vec![3]),
        (recipe(0.1, 3), 0.2, vec![1, 2, 3]),
    ];
    for (number, (recipe, share, stages)) in cases.into_iter().enumerate() {
        let (alone, with) = (
            at(&format!("{number}-alone")),
            at(&format!("{number}-with")),
        );
        let (wanted, whole) = made(&alone, recipe.clone(), share, None);
        let (found, own) = made(&with, recipe, share, Some(&shared));
        assert_eq!((whole, own), (vec![1, 2, 3], stages), "{number}");
        assert_eq!(found, wanted, "{number}");
        assert_eq!(parameters(&with), parameters(&alone), "{number}");
    }
    // A file that is damaged is as good as none.
    let mut bytes = std::fs::read(&shared).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&shared, bytes).unwrap();
    let (_, stages) = made(&at("damaged"), recipe(0.1, 3), 0.2, Some(&shared));
    assert_eq!(stages, [1, 2, 3]);
    let (_, stages) = made(&at("mended"), recipe(0.1, 3), 0.2, Some(&shared));
    assert_eq!(stages, [3]);
    // Without pre-training there is nothing to share.
    let alone = Recipe::fine_tune(1, 10, 0.1);
    let (_, stages) = made(&at("none"), alone, 1.0, Some(&at("nothing")));
    assert_eq!(stages, [1]);
    assert!(!at("nothing").exists());
}

/// Stops the run at the so manieth thing that it tells.
struct StopAt {
    left: usize,
    interrupter: Interrupter,
}

impl StopAt {
    fn told(&mut self) {
        match self.left {
            0 => self.interrupter.stop(None),
            _ => self.left -= 1,
        }
    }
}

impl Watch for StopAt {
    fn stage(&mut self, _: &StageBegins<'_>) {
        self.told();
    }

    fn step(&mut self, _: &StepRecord) {
        self.told();
    }
}

#[test]
fn a_run_that_began_with_it_is_stopped_and_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let shared = at("shared");
    let (wanted, _) = made(&at("whole"), recipe(0.1, 3), 1.0, Some(&shared));
    let kept = std::fs::read(&shared).unwrap();
    for after in [0, 1, 60] {
        let path = at(&format!("stopped-{after}"));
        let begun = |folder| {
            let mut part = run(recipe(0.1, 3), network(&HIDDEN), folder);
            part.split = part.split.with_label_fraction(1.0, 1).unwrap();
            part.data = None;
            part
        };
        let mut part = begun(create(&path));
        part.pretrained = Some(shared.clone());
        part.watch = Box::new(StopAt {
            left: after,
            interrupter: part.interrupter.clone(),
        });
        assert!(part.launch().unwrap().record.summary.is_none(), "{after}");
        // It stands behind its pre-training, whether the file is still there or not.
        let stages = RunFiles::at(&path).history().unwrap();
        assert!(stages.len() >= 4, "{after}");
        let outcome = begun(open(&path)).launch().unwrap();
        assert_eq!(story(&outcome), wanted, "{after}");
        assert_eq!(parameters(&path), parameters(&at("whole")), "{after}");
        assert_eq!(std::fs::read(&shared).unwrap(), kept, "{after}");
    }
}
