//! Beyond the paper: what it names and does not measure, and how far today's training takes the same network.

mod parts;
mod show;

use super::cells_of;
use super::images::Images;
use crate::{Cell, Experiment, ExperimentError, Preset, Records, Report};

/// Beyond the paper.
pub struct Beyond;
/// Beyond the paper.
pub static BEYOND: Beyond = Beyond;

impl Experiment for Beyond {
    fn name(&self) -> &str {
        "beyond"
    }

    fn title(&self) -> &str {
        "Beyond the paper: dying units, sign flips, reconstruction strategies, batch size, penalties, rates, longer and modern training"
    }

    fn cells(&self, preset: Preset, records: &Records) -> Result<Vec<Cell>, ExperimentError> {
        let set = if preset == Preset::Smoke {
            "glyphs"
        } else {
            "mnist"
        };
        let mut images = Images::of(set, preset)?;
        // One change at a time, from one rate each.
        images.rates.truncate(1);
        images.pretraining_rates = vec![0.01];
        if preset == Preset::Full {
            (images.seeds, images.epochs, images.pretraining_epochs) = (2, 10, 3);
        }
        cells_of(&parts::rows(&images, preset)?, records)
    }

    fn report(&self, records: &Records) -> Result<Report, ExperimentError> {
        show::report(records)
    }
}
