//! Recipes, stages, engines, metrics and run folders for rectifier networks, on burn-train.
//!
//! A [`Recipe`] is a list of stages as plain data. A [`Run`] carries it out on any [`Network`](rectifier_nn::Network)
//! and any [`Examples`](rectifier_data::Examples), with burn-train's metrics and dashboard around an [`Engine`] that
//! does the arithmetic, and keeps the network of the best validation error.
//!
//! ```
//! use burn::tensor::Device;
//! use rectifier_data::{Samples, Split};
//! use rectifier_nn::{DenseStackConfig, Init, Unit};
//! use rectifier_train::{BurnEngine, Recipe, Run, RunFiles, RunFolder, on_epoch};
//! use std::sync::Arc;
//!
//! // Whether two numbers have the same sign: no linear map tells it.
//! let part = |shift: usize| {
//!     let point = |k: usize| ((k * 37 % 101) as f32 / 50.0 - 1.0, (k * 59 % 103) as f32 / 51.0 - 1.0);
//!     let points: Vec<(f32, f32)> = (shift..shift + 300).map(point).collect();
//!     let labels = points.iter().map(|(x, y)| u32::from(x * y > 0.0)).collect();
//!     Samples::from_f32(points.iter().flat_map(|(x, y)| [*x, *y]).collect(), labels, &[2], 2).map(Arc::new)
//! };
//! let split = Split::new(part(0)?, part(1000)?, part(2000)?)?;
//! let device = Device::flex();
//! let network = DenseStackConfig::new(2, [32], Unit::Rectifier, 2).init(1, &device)?;
//! let place = tempfile::tempdir()?;
//! let run = Run {
//!     watch: on_epoch(|epoch, _| println!("epoch {}: {:?}", epoch.epoch, epoch.valid_error)),
//!     ..Run::new(
//!         network,
//!         Recipe::fine_tune(20, 10, 0.3).patience(5),
//!         split,
//!         Box::new(BurnEngine::new(device.clone())),
//!         device,
//!         RunFolder::create(place.path().join("run"))?,
//!     )
//! };
//! let outcome = run.launch()?;
//! assert!(outcome.record.summary.is_some_and(|summary| summary.test_error < 0.2));
//! // Its folder tells the same, to whoever opens it.
//! assert!(RunFiles::at(place.path().join("run")).summary()?.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a run leaves, and how it goes on
//! [`RunFolder`] is a folder that one run writes to, [`RunFiles`] reads it, also while the run is in progress: what the run
//! is ([`RunIdentity`], from its start), every epoch ([`EpochRecord`]) and reading ([`StepRecord`]), the result
//! ([`Summary`]), which test examples were wrong ([`Mistakes`]), or all of it ([`RunRecord`]). Launched again on its folder,
//! a stopped or killed run goes on to the same numbers. Whoever goes on by name reads engine, threads and readings from
//! the identity; given anything else, the run is refused ([`Change`]). [`Watch`] is told of what is odd ([`Notice`]), and
//! [`check_split`] looks at data before.
//!
//! # Features
//! `ndarray` and `wgpu` are devices that this crate's numeric tests run on beside flex; programs choose theirs through
//! `burn`'s own features.
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod burn_engine;
mod change;
mod checkpoint;
mod dashboard;
mod denoising;
mod descent;
mod devices;
mod driver;
mod dropout;
mod ending;
mod engine;
mod error;
mod files;
mod fine_tuning;
mod fingerprint;
mod folder;
mod folder_problem;
mod forgetful;
mod history;
mod identity;
mod inputs;
mod interruptible;
mod journal;
mod keeping;
mod limit;
mod loader;
mod measure;
mod meter;
mod metrics;
mod model_header;
mod notice;
mod optimizer;
mod parameters;
mod pretrained;
mod progress;
mod provenance;
mod rate;
mod recipe;
mod record;
mod renderer;
mod rows;
mod run;
mod scale;
mod share;
mod softmax;
mod split_check;
mod stage;
mod stages;
mod standing;
mod step_record;
mod steps;
mod strategy;
mod supervised;
mod tensorboard;
mod watch;
mod wrong;

pub use burn_engine::BurnEngine;
pub use change::Change;
pub use checkpoint::{Checkpoint, Stamp};
pub use dropout::Dropout;
pub use ending::Outcome;
pub use engine::{Engine, SessionState, StageContext, StageSession};
pub use error::TrainError;
pub use files::RunFiles;
pub use fingerprint::{DataFingerprint, PartSizes};
pub use folder::RunFolder;
pub use folder_problem::{Damage, FolderProblem};
pub use identity::RunIdentity;
pub use inputs::{DeviceInputs, SPARSE_UP_TO};
pub use limit::{EngineLimit, Limit};
pub use loader::ExampleLoader;
pub use measure::{
    EVALUATION_BATCH, Evaluation, Measurement, OneAnswer, Outputs, Totals, evaluate, evaluate_each,
    in_order, rows_at_a_time, wilson,
};
pub use metrics::{Digest, Quantity, StageMetric};
pub use notice::Notice;
pub use optimizer::Optimizer;
pub use progress::{Progress, Written};
pub use provenance::Provenance;
pub use rate::{Rate, Schedule};
pub use recipe::{Objective, Recipe};
pub use record::{EpochRecord, RunRecord, Summary};
pub use renderer::SilentRenderer;
pub use run::{Run, panic_reason};
pub use scale::fold_scale;
pub use softmax::Softmax;
pub use split_check::check_split;
pub use stage::{FineTune, Pretrain, Stage};
pub use standing::{Standing, spoken_seconds};
pub use step_record::StepRecord;
pub use supervised::{DeviceBatch, Losses, Supervised, cross_entropy};
pub use watch::{StageBegins, Unwatched, Watch, on_epoch};
pub use wrong::Mistakes;
