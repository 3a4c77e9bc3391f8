//! How far a trained network's activations may be cut off (FATReLU), and what that and bfloat16 weights buy.

use crate::{BenchError, Environment};
use rectifier_data::{Batch, Examples};
use rectifier_nn::DenseStack;
use rectifier_plot::median;
use rectifier_sparse::SparseNetwork;
use rectifier_train::{Evaluation, Objective};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Examples of a batch that throughput is timed on.
const BATCH: usize = 256;
/// Examples that latency is timed on, in turn.
const SINGLES: usize = 256;

/// What is tried, and how long each setting is timed.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdStudy {
    /// Thresholds; that of the network as it was trained, mostly 0, is always among them.
    pub thresholds: Vec<f64>,
    /// How much worse than the network as it was trained the validation error may be: a share, or RMSE.
    pub tolerance: f64,
    /// Threads of the predictor; one a core if not given.
    pub threads: Option<usize>,
    /// Rounds: in each, every setting is timed once.
    pub rounds: usize,
    /// Seconds a setting and round.
    pub seconds: f64,
}

/// One threshold with one precision of the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdRow {
    /// Activations not above it are 0.
    pub threshold: f64,
    /// What the weights are kept as.
    pub weights: String,
    /// Share of exact zeros a hidden layer, on the validation part.
    pub zeros: Vec<f64>,
    /// Error on the validation part.
    pub valid_error: f64,
    /// Microseconds for a single example, the median of the rounds.
    pub us_single: f64,
    /// Examples a second in batches of 256, likewise.
    pub examples_per_s: f64,
}

/// What the study found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdRecord {
    /// Where it was timed.
    pub environment: Environment,
    /// Threads of the predictor.
    pub threads: usize,
    /// Whether errors are shares of wrong classes or RMSEs.
    pub objective: Objective,
    /// Every setting; the first is the network as it was trained, with f32 weights.
    pub rows: Vec<ThresholdRow>,
    /// Which row was chosen: of those whose validation error is within the tolerance, the fastest for a single example.
    pub chosen: usize,
    /// The tolerance.
    pub tolerance: f64,
    /// Test error of the first row. The test part is used for these two numbers and nothing else.
    pub test_error_plain: f64,
    /// Test error of the chosen row.
    pub test_error_chosen: f64,
    /// Its 95% interval; none for ratings.
    pub test_interval_chosen: Option<(f64, f64)>,
}

/// What is kept of a study: what was found, and what it was made on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdFile {
    /// The data set.
    pub data: String,
    /// Units of the hidden layers.
    pub hidden: Vec<usize>,
    /// The study.
    #[serde(flatten)]
    pub record: ThresholdRecord,
}

struct Setting {
    threshold: f64,
    predictor: SparseNetwork,
    valid: Evaluation,
    singles: Vec<f64>,
    batches: Vec<f64>,
}

fn error(evaluation: &Evaluation) -> f64 {
    evaluation.error().unwrap_or(f64::NAN)
}

impl ThresholdStudy {
    /// Tries every threshold with both precisions on `valid`, chooses, and measures the choice on `test`; told of what
    /// comes next through `progress`.
    ///
    /// # Errors
    /// [`BenchError`]: a threshold that the network cannot have, or examples that cannot be read.
    pub fn run(
        &self,
        network: &DenseStack,
        objective: Objective,
        valid: &dyn Examples,
        test: &dyn Examples,
        progress: &mut dyn FnMut(&str),
    ) -> Result<ThresholdRecord, BenchError> {
        let threads = self
            .threads
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let mut thresholds = self.thresholds.clone();
        // What the others are held against is the network as it was trained, with the threshold that it has.
        let own = network.config().threshold;
        thresholds.push(own);
        thresholds.sort_by(|a, b| (*a != own).cmp(&(*b != own)).then(a.total_cmp(b)));
        thresholds.dedup();
        let mut settings = Vec::new();
        for &threshold in &thresholds {
            progress(&format!("threshold {threshold}: validation error"));
            let cut = match threshold == own {
                true => network.clone(),
                false => network.clone().with_threshold(threshold)?,
            };
            let single = rectifier_sparse::predictor(&cut)?.with_threads(threads);
            for predictor in [single.clone(), single.in_bf16()] {
                settings.push(Setting {
                    threshold,
                    valid: rectifier_sparse::evaluate(&predictor, valid, objective)?,
                    predictor,
                    singles: Vec::new(),
                    batches: Vec::new(),
                });
            }
        }
        self.time(&mut settings, valid, progress)?;
        let rows: Vec<ThresholdRow> = settings.iter().map(Setting::row).collect();
        let chosen = choose(&rows, self.tolerance);
        progress("test error of the choice");
        let plain = rectifier_sparse::evaluate(&settings[0].predictor, test, objective)?;
        let best = rectifier_sparse::evaluate(&settings[chosen].predictor, test, objective)?;
        Ok(ThresholdRecord {
            environment: Environment::here(),
            threads,
            objective,
            rows,
            chosen,
            tolerance: self.tolerance,
            test_error_plain: error(&plain),
            test_error_chosen: error(&best),
            test_interval_chosen: best.interval(),
        })
    }

    fn time(
        &self,
        settings: &mut [Setting],
        valid: &dyn Examples,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(), BenchError> {
        let rows = |count: usize| -> Result<Vec<f32>, BenchError> {
            let mut batch = Batch::default();
            let indices: Vec<usize> = (0..count).map(|at| at % valid.len().max(1)).collect();
            valid
                .gather(&indices, &mut batch)
                .map_err(rectifier_train::TrainError::from)?;
            Ok(batch.dense().into_owned())
        };
        let (singles, many) = (rows(SINGLES)?, rows(BATCH)?);
        let width = valid.width().max(1);
        for round in 0..self.rounds.max(1) {
            progress(&format!("timing, round {} of {}", round + 1, self.rounds));
            for setting in settings.iter_mut() {
                let single = {
                    let predictor = &setting.predictor;
                    let mut one = singles.chunks_exact(width).cycle();
                    per_call(self.seconds / 2.0, || {
                        predictor.logits(one.next().unwrap_or(&[])).map(drop)
                    })?
                };
                let batch = per_call(self.seconds / 2.0, || {
                    setting.predictor.logits(&many).map(drop)
                })?;
                setting.singles.push(single * 1e6);
                setting.batches.push(BATCH as f64 / batch);
            }
        }
        Ok(())
    }
}

impl Setting {
    fn row(&self) -> ThresholdRow {
        ThresholdRow {
            threshold: self.threshold,
            weights: self.predictor.precision().into(),
            zeros: self.valid.zeros(),
            valid_error: error(&self.valid),
            us_single: median(&self.singles).unwrap_or(f64::NAN),
            examples_per_s: median(&self.batches).unwrap_or(f64::NAN),
        }
    }
}

/// Mean seconds a call, over at least `seconds` after three calls to warm up.
fn per_call(
    seconds: f64,
    mut call: impl FnMut() -> Result<(), rectifier_sparse::InferError>,
) -> Result<f64, BenchError> {
    for _ in 0..3 {
        call()?;
    }
    let start = Instant::now();
    let mut calls = 0;
    while calls == 0 || start.elapsed().as_secs_f64() < seconds {
        call()?;
        calls += 1;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(calls))
}

/// The fastest row for a single example among those not worse than the first by more than `tolerance`.
fn choose(rows: &[ThresholdRow], tolerance: f64) -> usize {
    // Room for rounding of the sum, far below one example in any set.
    let limit = rows[0].valid_error + tolerance + 1e-9;
    (0..rows.len())
        .filter(|&at| rows[at].valid_error <= limit)
        .min_by(|&a, &b| rows[a].us_single.total_cmp(&rows[b].us_single))
        .unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use rectifier_data::Samples;
    use rectifier_nn::{DenseStackConfig, Draw, Init, Unit};

    fn row(valid_error: f64, us_single: f64) -> ThresholdRow {
        ThresholdRow {
            threshold: 0.0,
            weights: "f32".into(),
            zeros: Vec::new(),
            valid_error,
            us_single,
            examples_per_s: 1.0,
        }
    }

    #[test]
    fn the_fastest_within_the_tolerance_is_chosen() {
        let rows = [
            row(0.02, 9.0),
            row(0.021, 8.0),
            row(0.03, 1.0),
            row(f64::NAN, 0.5),
        ];
        assert_eq!(choose(&rows, 0.0), 0);
        assert_eq!(choose(&rows, 0.001), 1);
        assert_eq!(choose(&rows, 0.02), 2);
    }

    #[test]
    fn higher_thresholds_leave_more_zeros_and_the_test_part_is_told_of_the_choice() {
        let mut draw = Draw::new(3);
        let mut examples = |len: usize| {
            let inputs = (0..len * 20).map(|_| draw.unit()).collect();
            let labels = (0..len).map(|at| (at % 3) as u32).collect();
            Samples::from_f32(inputs, labels, &[20], 3).unwrap()
        };
        let (valid, test) = (examples(70), examples(50));
        let network = DenseStackConfig::new(20, [30, 30], Unit::Rectifier, 3)
            .init(5, &Device::default())
            .unwrap();
        let study = ThresholdStudy {
            thresholds: vec![0.3, 0.1],
            tolerance: 1.0,
            threads: Some(1),
            rounds: 1,
            seconds: 0.001,
        };
        let record = study
            .run(
                &network,
                Objective::Classification,
                &valid,
                &test,
                &mut |_| {},
            )
            .unwrap();
        let settings: Vec<(f64, &str)> = record
            .rows
            .iter()
            .map(|row| (row.threshold, row.weights.as_str()))
            .collect();
        assert_eq!(
            settings,
            [
                (0.0, "f32"),
                (0.0, "bf16"),
                (0.1, "f32"),
                (0.1, "bf16"),
                (0.3, "f32"),
                (0.3, "bf16")
            ]
        );
        // One that was trained with a threshold is held against itself.
        let cut = network.clone().with_threshold(0.2).unwrap();
        let own = study.run(&cut, Objective::Classification, &valid, &test, &mut |_| {});
        let own = own.unwrap();
        let seen: Vec<f64> = own
            .rows
            .iter()
            .step_by(2)
            .map(|row| row.threshold)
            .collect();
        assert_eq!(seen, [0.2, 0.1, 0.3]);
        let device = Device::default();
        let told = rectifier_train::evaluate(&cut, &test, Objective::Classification, &device);
        assert_eq!(told.unwrap().error(), Some(own.test_error_plain));
        let zeros = |at: usize| record.rows[at].zeros.iter().sum::<f64>();
        assert!(zeros(0) < zeros(2) && zeros(2) < zeros(4));
        let chosen = &record.rows[record.chosen];
        let cut = match chosen.threshold {
            0.0 => network.clone(),
            threshold => network.clone().with_threshold(threshold).unwrap(),
        };
        if chosen.weights == "f32" {
            let device = Device::default();
            let told = rectifier_train::evaluate(&cut, &test, Objective::Classification, &device);
            assert_eq!(told.unwrap().error(), Some(record.test_error_chosen));
        }
        assert!(
            study
                .run(
                    &DenseStackConfig::new(20, [4], Unit::Tanh, 3)
                        .init(5, &Device::default())
                        .unwrap(),
                    Objective::Classification,
                    &valid,
                    &test,
                    &mut |_| {}
                )
                .is_err(),
            "a threshold is for rectifiers"
        );
    }
}
