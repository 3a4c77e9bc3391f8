//! Intervals and tests for a few runs, and for many test examples.
//!
//! | question | function |
//! |---|---|
//! | what is the mean over seeds or folds, and how sure | [`mean`] |
//! | how sure is one error, of so many test examples | [`wilson`] |
//! | do two networks differ, on the same test examples | [`mcnemar`] |
//! | do two settings differ, over the same seeds or folds | [`paired`], [`wilcoxon`] |
//! | do two settings differ, over seeds of their own | [`welch`] |
//! | do our seeds differ from a published figure | [`against`] |
//! | what remains of several tests | [`holm`], [`bonferroni`] |
//! | where does a curve begin to rise | [`Hinge`], [`first_rise`] |
//!
//! Every function is held against SciPy's figures. What cannot be answered (a single run, runs that are all equal) is a
//! value of its own, [`Untestable`], never a number that is none; input that makes no sense is a [`StatisticsError`].
//!
//! ```
//! use rectifier_experiments::statistics::{Outcome, against, mean};
//!
//! let errors = [0.0143, 0.0139, 0.0151, 0.0146, 0.0140];
//! let over_seeds = mean(&errors, 0.95)?;
//! assert!(over_seeds.interval.is_some_and(|interval| interval.low < 0.0143 && 0.0143 < interval.high));
//! match against(&errors, 0.0143, 0.95)? {
//!     Outcome::Tested(test) => assert!(test.p > 0.05, "no difference from the paper is seen"),
//!     Outcome::Untestable(why) => println!("{why}"),
//! }
//! # Ok::<(), rectifier_experiments::statistics::StatisticsError>(())
//! ```

mod distributions;
mod hinge;
mod mcnemar;
mod mean;
mod multiple;
mod outcome;
mod proportion;
mod rise;
mod t_test;
mod wilcoxon;

pub use hinge::{Hinge, HingeFit};
pub use mcnemar::{McNemar, Tail, mcnemar, mcnemar_counts};
pub use mean::{Mean, mean};
pub use multiple::{bonferroni, holm};
pub use outcome::{Interval, Outcome, StatisticsError, Untestable};
pub use proportion::wilson;
pub use rise::{Rise, first_rise};
pub use t_test::{TTest, against, paired, welch};
pub use wilcoxon::{Wilcoxon, wilcoxon};
