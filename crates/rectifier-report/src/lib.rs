//! Runs as one self-contained page: what a network learned, how sparse it is, and where it errs.
//!
//! [`ReportData`] is everything that is told of a run, as plain data: read from the run's folder, completed by what
//! [`measure`] sees on the test part. [`render`] makes a page of one run, [`render_comparison`] of several side by
//! side; both are pure functions. A page is one file of HTML with drawings and pictures in it, light or dark as the
//! reader's system is, and needs neither network nor scripts.
//!
//! ```
//! use rectifier_report::{ReportData, Setup, render};
//! use serde_json::json;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("my run");
//! # std::fs::create_dir(&path)?;
//! let file = json!({"seed": 1, "stages": [{"stage": "fine-tune", "epochs": 15, "batch": 10, "rate": 0.1}]});
//! let setup = Setup {
//!     data: "mnist".into(),
//!     about_data: "mnist".into(),
//!     network: None,
//!     recipe: serde_json::from_value(file.clone())?,
//!     file,
//! };
//! let run = ReportData::read(&path, setup)?;
//! assert!(render(&run).contains("not finished, 0 of 15 epochs"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod command;
mod compare;
mod confusion;
mod curves;
mod data;
mod findings;
mod gallery;
mod histogram;
mod page;
#[cfg(test)]
mod pages;
mod picture;
mod recipe;
#[cfg(test)]
mod sample;
mod settings;
mod single;
mod units;
mod worst;

pub use command::{shell_line, shell_word};
pub use compare::render_comparison;
pub use data::{ReportData, Setup};
pub use findings::{Filter, Findings, Firing, Measuring, Mistake, RARE, Reading, measure};
pub use histogram::{Bin, Histogram};
pub use picture::{Picture, is_picture};
pub use single::render;

/// The file of a run folder that holds its report.
pub const REPORT_FILE: &str = "report.html";
