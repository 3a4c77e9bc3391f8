//! Charts and figures as SVG, tables as Markdown and CSV, and words for numbers: the one way anything is drawn or tabled.
//!
//! [`Figure`] and [`DotPlot`] are drawings that stand alone: files with their own ground, colours and legend, light or dark
//! as the reader's system is, light in print. [`LineChart`] and [`BarChart`] go into a page that has the
//! [style sheet](palette::variables). All are pure functions to text; every text is escaped, and a number that has no
//! place (none, infinite, not above 0 on a log axis) is left out and, in a figure, said to be.
//!
//! ```
//! use rectifier_plot::{Axis, Curve, Figure, Lowess, Reference, Spot, Stretch};
//!
//! let zeros: Vec<f64> = (0..40).map(|run| 50.0 + run as f64).collect();
//! let errors: Vec<f64> = zeros.iter().map(|z| 1.4 + 0.3 * (z - 85.0f64).max(0.0)).collect();
//! let smooth = Lowess::default().fit(&zeros, &errors)?;
//! let spots = zeros.iter().zip(&errors).map(|(x, y)| Spot::new(*x, *y));
//! let figure = Figure::new("Error against zeros", Axis::new("exact zeros, %"), Axis::new("test error, %"))
//!     .with(Stretch::new("flat in the paper", 70.0, 85.0))
//!     .with(Curve::scatter("networks", 0, spots))
//!     .with(smooth.shade("95% interval", 1))
//!     .with(smooth.curve("smoothed", 1))
//!     .with(Reference::point("the paper", 3, 83.4, 1.43));
//! assert!(figure.svg().is_some_and(|svg| svg.starts_with("<svg")));
//! # Ok::<(), rectifier_plot::SmoothError>(())
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `png` | drawings as pictures of pixels, light or dark, for where SVG cannot go; some thirty crates |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod axis;
mod bars;
mod chart;
mod dots;
mod drawing;
mod figure;
mod frame;
mod layer;
mod lowess;
mod order;
pub mod palette;
#[cfg(feature = "png")]
mod png;
mod table;
mod thin;
pub mod words;

pub use axis::{Axis, Range, Scale, place};
pub use bars::{Bar, BarChart, colours};
pub use chart::{Extent, Line, LineChart, Point, Span, legend};
pub use dots::{DotGroup, DotPlot, DotRow};
pub use figure::Figure;
pub use layer::{
    Block, Blocks, Curve, Layer, Mark, Place, Reference, Shade, Spot, Stretch, Stroke,
};
pub use lowess::{Lowess, Smooth, SmoothError};
pub use order::{Resampler, median, quantile};
pub use palette::Theme;
#[cfg(feature = "png")]
pub use png::{PngError, png};
pub use table::{Align, Table};
pub use thin::thinned;
