//! A short real run that must learn.

use burn::tensor::Device;
use burn_train::Interrupter;
use rectifier_data::{Examples, Samples, Split, random::stream};
use rectifier_nn::{DenseStackConfig, Init, Unit};
use rectifier_train::{BurnEngine, Recipe, Run, RunFolder, TrainError};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a device showed.
pub struct Learned {
    /// How long it took.
    pub seconds: f64,
    /// Steps of 128 examples a second, validation not counted.
    pub steps_a_second: f64,
    /// Share of wrong classes at the end.
    pub valid_error: f64,
}

/// The test ends when it has learned, some fifty steps that a slow device has time for, and at the latest after this
/// time.
const LIMIT: Duration = Duration::from_secs(5);
/// Guessing is wrong half of the time.
const LEARNED: f64 = 0.1;
const WIDTH: usize = 3;
const BATCH: usize = 128;
const TRAIN: usize = 8 * BATCH;

/// Trains a small network on `device`, in a folder that goes away, to tell what no linear map can: whether two of three
/// numbers lie on one side of a half.
///
/// # Errors
/// [`TrainError`] of the run; [`TrainError::Device`] if it ended without having learned.
pub fn run(device: &Device) -> Result<Learned, TrainError> {
    let temporary = std::env::temp_dir();
    let place = tempfile::tempdir().map_err(|source| TrainError::Io {
        path: temporary,
        source,
    })?;
    let recipe = Recipe {
        seed: 1,
        objective: Default::default(),
        stages: serde_json::from_value(serde_json::json!([{
            "stage": "fine-tune", "epochs": 100_000, "batch": BATCH, "rate": 0.05,
            "optimizer": {"kind": "adam"}
        }]))
        .map_err(|error| TrainError::Fit(error.to_string()))?,
    };
    let split = Split::new(points(TRAIN, 1)?, points(512, 2)?, points(64, 3)?)?;
    let network = DenseStackConfig::new(WIDTH, [128], Unit::Rectifier, 2).init(1, device)?;
    let start = Instant::now();
    let interrupter = Interrupter::new();
    let enough = interrupter.clone();
    let run = Run {
        interrupter,
        observer: Box::new(move |epoch, _| {
            let learned = epoch.valid_error.is_some_and(|error| error < LEARNED);
            if learned || start.elapsed() > LIMIT {
                enough.stop(None);
            }
        }),
        ..Run::new(
            network,
            recipe,
            split,
            Box::new(BurnEngine::new(device.clone())),
            device.clone(),
            RunFolder::create(place.path().join("run"))?,
        )
    };
    let history = run.launch()?.history;
    let seconds = start.elapsed().as_secs_f64();
    let error = history.last().and_then(|epoch| epoch.valid_error);
    let valid_error = error.unwrap_or(f64::NAN);
    let training: f64 = history.iter().map(|epoch| epoch.train_seconds).sum();
    let steps = (history.len() * TRAIN / BATCH) as f64;
    if error.is_none_or(|error| error >= LEARNED) {
        return Err(TrainError::Device(format!(
            "it computes, but does not learn: valid error {valid_error} after {seconds:.1}s and {steps} steps, \
             below {LEARNED} expected"
        )));
    }
    Ok(Learned {
        seconds,
        steps_a_second: steps / training.max(1e-9),
        valid_error,
    })
}

fn points(len: usize, seed: u64) -> Result<Arc<dyn Examples>, TrainError> {
    use rand::Rng;
    let mut random = stream(seed, &[]);
    let mut values = Vec::with_capacity(len * WIDTH);
    let mut labels = Vec::with_capacity(len);
    for _ in 0..len {
        let point: [f32; WIDTH] =
            std::array::from_fn(|_| (random.next_u64() >> 40) as f32 / (1 << 24) as f32);
        labels.push(u32::from((point[0] > 0.5) != (point[1] > 0.5)));
        values.extend(point);
    }
    Ok(Arc::new(Samples::from_f32(values, labels, &[WIDTH], 2)?))
}
