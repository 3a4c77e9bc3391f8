//! The paper's experiments: cells that run, records that stay, and tables, figures and pages made from records alone; and
//! the [statistics] that they rest on.
//!
//! An [`Experiment`] says which [`Cell`]s it has and what is made of their [`Record`]s. A [`Runner`] carries the cells out,
//! several at once, in a folder; stopped at any moment, it goes on where it was. [`artifacts`] makes the files of the report.
//!
//! ```no_run
//! use rectifier_catalog::EngineChoice;
//! use rectifier_experiments::{Preset, Runner, SweepFolder, artifacts, experiment};
//!
//! let figure3 = experiment("figure3")?;
//! let folder = std::path::Path::new("results/experiments");
//! let device = EngineChoice::on(burn::tensor::Device::default(), "flex");
//! Runner::new(figure3, Preset::Short, folder, device).run()?;
//! let records = SweepFolder::of(folder, figure3.name()).records()?;
//! for file in artifacts(figure3, Preset::Short, &records)? {
//!     println!("{}", file.name);
//! }
//! # Ok::<(), rectifier_experiments::ExperimentError>(())
//! ```
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod carry_out;
mod cell;
pub mod compare;
mod error;
mod estimate;
mod experiment;
pub mod experiments;
#[cfg(test)]
mod fakes;
mod folder;
mod labels;
mod observer;
mod page;
pub mod paper;
mod plans;
mod preset;
mod queue;
mod record;
mod records;
mod report;
mod row;
mod runner;
mod searches;
pub mod statistics;
mod status;
mod sweep;

pub use cell::{Cell, CellEngine, CellStage, Filter, Shard, names as cell_names};
pub use error::{ExperimentError, SweepProblem};
pub use estimate::{Estimate, Rates};
pub use experiment::{EXPERIMENTS, Experiment, experiment};
pub use folder::{KeptModel, SweepFolder, SweepLock, SweepState};
pub use labels::Labels;
pub use observer::{Observer, Planned, Unobserved};
pub use preset::Preset;
pub use record::{Ended, EpochLine, Record, VERSION};
pub use records::Records;
pub use report::{Artifact, Drawing, Grid, Report, artifacts, digest};
pub use row::{Pretraining, Row, Run};
pub use runner::{Runner, SweepEnd};
pub use status::{Begun, Status};
pub use sweep::UserSweep;
