//! Every data set and network of the zoo by name, plans of what to train on what, and launching them.
//!
//! A [`Plan`] is data, network and recipe as one JSON file. [`SETS`] is the table of data sets: what a program offers for
//! a set (names, options, help, defaults) comes from the set itself.
//!
//! ```
//! use rectifier_catalog::{DataSpec, Plan};
//! use rectifier_data::{Locator, Options};
//!
//! let data = DataSpec::open("glyphs", &Options::new().with("examples", "620"))?;
//! let mut plan = Plan::preset(data, &Locator::default())?;
//! plan.network.hidden = vec![64, 64];
//! plan.validate()?;
//! assert!(plan.describe().contains("620"));
//! # Ok::<(), rectifier_catalog::CatalogError>(())
//! ```
#![warn(missing_docs)]

// What the documents of the workspace show compiles and runs with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Workspace;
#[cfg(doctest)]
#[doc = include_str!("../../../CONTRIBUTING.md")]
struct Contributing;

mod engine;
mod error;
mod launch;
mod networks;
mod overlap;
mod plan;
mod presets;
mod sets;
mod trained;

pub use engine::{Chosen, EngineChoice, EngineName};
pub use error::CatalogError;
pub use launch::{Launched, Launcher, Prepared, launch, model_card};
pub use networks::{NetworkEntry, RECTIFIER, named_network, networks};
pub use overlap::test_in_training;
pub use plan::{Plan, further, objective, penalty};
pub use presets::pretraining;
pub use sets::{DataSpec, OfferedOption, SETS, options, set, standing_alone};
pub use trained::{OnData, Trained};
