//! What an experiment is, and the table of them.

use crate::experiments::{
    AMAZON, BEYOND, FIGURE3, FIGURE4, NISTP_FULL, SOFTPLUS, TABLE1, TABLE2, ZOO,
};
use crate::{Cell, ExperimentError, Preset, Records, Report};

/// An experiment: which cells it has, and what is made of their records.
pub trait Experiment: Sync {
    /// The name it is asked for by, and that of its folder.
    fn name(&self) -> &str;

    /// One line that says what it is.
    fn title(&self) -> &str;

    /// Every cell that can be told by now, those with a record among them. It is a function of `records` alone: cells of a
    /// later stage appear once the records of an earlier one decide what they are. When all of them have records, the
    /// experiment is done.
    ///
    /// # Errors
    /// [`ExperimentError::Catalog`] for a plan that cannot be made.
    fn cells(&self, preset: Preset, records: &Records) -> Result<Vec<Cell>, ExperimentError>;

    /// Tables, figures and findings of the records of one preset. The same records give the same bytes.
    ///
    /// # Errors
    /// [`ExperimentError`] for numbers that nothing can be made of.
    fn report(&self, records: &Records) -> Result<Report, ExperimentError>;

    /// A user's own sweep, as it was given; none for the experiments of the table.
    fn definition(&self) -> Option<serde_json::Value> {
        None
    }
}

/// Every experiment, in the order of listings. A new one is one line here.
pub static EXPERIMENTS: &[&dyn Experiment] = &[
    &TABLE1,
    &FIGURE3,
    &FIGURE4,
    &SOFTPLUS,
    &TABLE2,
    &AMAZON,
    &BEYOND,
    &NISTP_FULL,
    &ZOO,
];

/// The experiment of this name.
///
/// # Errors
/// [`ExperimentError::Unknown`].
pub fn experiment(name: &str) -> Result<&'static dyn Experiment, ExperimentError> {
    let found = EXPERIMENTS.iter().find(|known| known.name() == name);
    found.copied().ok_or_else(|| ExperimentError::Unknown {
        name: name.into(),
        known: EXPERIMENTS
            .iter()
            .map(|known| known.name())
            .collect::<Vec<&str>>()
            .join(", "),
    })
}
