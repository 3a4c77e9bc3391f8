//! Measurements on rectifier networks: engines, devices and other programs timed side by side.
//!
//! ```
//! use burn::tensor::Device;
//! use rectifier_bench::{Bench, Candidate, Workload};
//! use rectifier_train::BurnEngine;
//!
//! let work = Workload::train(784, 16, 10, 0.08);
//! let burn = Candidate::of_engine("flex", BurnEngine::new(Device::default()), Device::default());
//! let bench = Bench { rounds: 1, seconds: 0.01, longest: None };
//! let rows = bench.run(&[work], &[burn], &[], &mut |_| {})?;
//! assert_eq!(rows[0].work, "train 784-16x3-10 sgd l1=0.0");
//! assert!(rows[0].ms > 0.0);
//! # Ok::<(), rectifier_bench::BenchError>(())
//! ```
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod bench;
mod bound;
mod calibrate;
mod candidate;
mod draw;
mod environment;
mod error;
mod growth;
mod layers;
mod matching;
mod peer;
mod phases;
mod record;
mod row;
mod source;
mod tables;
mod thresholds;
mod training;
mod workload;

pub use bench::Bench;
pub use bound::{Bound, Holds, Load, Rates};
pub use candidate::{Candidate, Steps};
pub use environment::Environment;
pub use error::BenchError;
pub use growth::{Growth, GrowthPoint, GrowthRecord, Sweep};
pub use peer::Peer;
pub use phases::{PhaseRow, PhaseTime, phase_table};
pub use row::{BenchRecord, Row, table};
pub use thresholds::{ThresholdFile, ThresholdRecord, ThresholdRow, ThresholdStudy};
pub use training::{peer_epochs, trainings};
pub use workload::{Kind, Workload};
