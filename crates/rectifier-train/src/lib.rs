//! Recipes, stages, engines, metrics and run folders for rectifier networks, on burn-train.
//!
//! A [`Recipe`] is a list of stages as plain data. A [`Run`] carries it out on any [`Network`](rectifier_nn::Network)
//! and any [`Examples`](rectifier_data::Examples), with burn-train's metrics and dashboard around an [`Engine`] that
//! does the arithmetic, and keeps the network of the best validation error.
#![warn(missing_docs)]

mod append;
mod burn_engine;
mod checkpoint;
mod dashboard;
mod descent;
mod driver;
mod engine;
mod error;
mod finite;
mod folder;
mod inputs;
mod journal;
mod loader;
mod measure;
mod meter;
mod metrics;
mod rate;
mod recipe;
mod record;
mod renderer;
mod run;
mod standing;
mod steps;
mod supervised;
mod tensorboard;

pub use burn_engine::{BurnEngine, fold_scale};
pub use checkpoint::{Checkpoint, Progress};
pub use engine::{Engine, SessionState, StageContext, StageSession};
pub use error::TrainError;
pub use folder::RunFolder;
pub use inputs::{DeviceInputs, SPARSE_UP_TO};
pub use loader::ExampleLoader;
pub use measure::{
    EVALUATION_BATCH, Evaluation, Measurement, Outputs, Totals, evaluate, evaluate_each, in_order,
    wilson,
};
pub use metrics::{Digest, Quantity, StageMetric};
pub use rate::{Rate, Schedule};
pub use recipe::{FineTune, Objective, Optimizer, Pretrain, Recipe, Stage};
pub use record::{EpochRecord, Summary};
pub use renderer::SilentRenderer;
pub use run::{Observer, Outcome, Run};
pub use standing::{Standing, spoken_seconds};
pub use supervised::{DeviceBatch, Losses, Supervised, cross_entropy};
