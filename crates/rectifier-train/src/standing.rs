//! How far a run is, and how long it has to go.

use crate::Progress;
use crate::{Recipe, Stage};

/// How far a run is, told after every epoch.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Epochs done, all stages together.
    pub done: usize,
    /// Epochs of all stages together.
    pub total: usize,
    /// Seconds left, as the epochs so far suggest.
    pub seconds_left: f64,
}

/// How many of the latest epochs the time left is judged by.
const RECENT: usize = 5;

impl Standing {
    /// The standing of a run whose stages have so many `examples` to train on. `current` is how long the epoch in
    /// progress took so far in this sitting and for how many steps; it is what there is to go by in a stage's first epoch.
    pub(crate) fn of(
        recipe: &Recipe,
        examples: impl Fn(&Stage) -> usize,
        progress: &Progress,
        current: (f64, usize),
    ) -> Self {
        let steps = |stage: &Stage| stage.steps(examples(stage)) as f64;
        let left = recipe.stages.get(progress.stage).map_or(0.0, |here| {
            let whole = here.epochs().saturating_sub(progress.epoch) as f64 * steps(here);
            let later: f64 = recipe
                .stages
                .iter()
                .skip(progress.stage + 1)
                .map(|stage| stage.epochs() as f64 * steps(stage))
                .sum();
            // Later stages are taken to cost what this one costs a step.
            let step = seconds_a_step(progress, steps(here), current);
            (whole - progress.step as f64 + later).max(0.0) * step
        });
        Self {
            done: progress.history.len(),
            total: recipe.total_epochs(),
            seconds_left: left,
        }
    }
}

fn seconds_a_step(progress: &Progress, steps: f64, current: (f64, usize)) -> f64 {
    let (count, sum) = progress
        .history
        .iter()
        .rev()
        .take_while(|record| record.stage == progress.stage + 1)
        .take(RECENT)
        .fold((0.0, 0.0), |(n, sum), record| {
            (n + 1.0, sum + record.seconds)
        });
    match (count > 0.0, current) {
        (true, _) => sum / (count * steps.max(1.0)),
        (false, (_, 0)) => 0.0,
        (false, (seconds, done)) => seconds / done as f64,
    }
}

/// Seconds as people say them, such as `4m05s`.
pub fn spoken_seconds(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::EpochRecord;

    fn record(stage: usize, epoch: usize, seconds: f64) -> EpochRecord {
        EpochRecord {
            stage,
            title: String::new(),
            epoch,
            rate: 0.1,
            train_loss: 1.0,
            penalty: 0.0,
            train_error: None,
            valid_loss: 1.0,
            valid_error: None,
            zeros: vec![],
            dead: vec![],
            train_seconds: seconds,
            overhead_seconds: 0.0,
            seconds,
            best: false,
        }
    }

    #[test]
    fn durations_are_short() {
        let spoken: Vec<String> = [0.2, 59.7, 61.0, 3725.0]
            .into_iter()
            .map(spoken_seconds)
            .collect();
        assert_eq!(spoken, ["0s", "1m00s", "1m01s", "1h02m"]);
    }

    #[test]
    fn the_time_left_counts_later_stages_and_the_steps_already_made() {
        let recipe: Recipe = serde_json::from_str(
            r#"{"seed": 1, "stages": [
            {"stage": "fine-tune", "epochs": 2, "batch": 10, "rate": 0.1},
            {"stage": "fine-tune", "epochs": 3, "batch": 5, "rate": 0.1}]}"#,
        )
        .unwrap();
        let left = |progress: &Progress, current| {
            Standing::of(&recipe, |_| 100, progress, current).seconds_left
        };
        // 2 epochs of 10 steps, then 3 of 20: 80 steps.
        let mut progress = Progress::default();
        assert_eq!(left(&progress, (0.0, 0)), 0.0);
        progress.step = 5;
        assert!((left(&progress, (1.0, 2)) - 75.0 * 0.5).abs() < 1e-9);
        // Once an epoch is done, whole epochs are what is gone by: they hold the evaluation too.
        (progress.epoch, progress.step) = (1, 0);
        progress.history.push(record(1, 1, 20.0));
        assert!((left(&progress, (1.0, 2)) - 70.0 * 2.0).abs() < 1e-9);
        // Another stage's epochs say nothing of this one's.
        (progress.stage, progress.epoch) = (1, 0);
        assert!((left(&progress, (3.0, 3)) - 60.0).abs() < 1e-9);
        progress.stage = 2;
        assert_eq!(left(&progress, (1.0, 1)), 0.0);
    }
}
