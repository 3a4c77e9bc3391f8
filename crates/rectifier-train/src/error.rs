//! What can stop a run, each with its cure.

use crate::{Change, EngineLimit, FolderProblem};
use rectifier_data::DataError;
use rectifier_nn::{ModelFileError, NetworkError};
use std::path::PathBuf;

/// An error of training. The text names the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The data could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network cannot be made, or not pre-trained as asked.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A model file could not be read or written.
    #[error(transparent)]
    ModelFile(#[from] ModelFileError),
    /// A recipe with a value that no run can be made from.
    #[error("recipe, {place}: {reason}")]
    Recipe {
        /// Where in the recipe.
        place: String,
        /// What is wrong there and what would do.
        reason: String,
    },
    /// A part of the data without an example.
    #[error("the {part} set is empty: give it at least one example")]
    EmptyPart {
        /// Which part.
        part: &'static str,
    },
    /// Examples of another width than the network's inputs.
    #[error(
        "the network takes {network} numbers an example, the data has {data}: give a network for {data} inputs"
    )]
    Width {
        /// Inputs of the network.
        network: usize,
        /// Numbers an example.
        data: usize,
    },
    /// More classes in the data than the network tells apart.
    #[error("the network tells {network} classes apart, the data has {data}: give it a new head")]
    Classes {
        /// Outputs of the network.
        network: usize,
        /// Classes of the data.
        data: usize,
    },
    /// Numbers that do not divide into examples.
    #[error("{values} numbers are no whole number of examples of {width}")]
    Ragged {
        /// How many numbers there are.
        values: usize,
        /// Numbers an example.
        width: usize,
    },
    /// A network that is no dense stack where one is needed.
    #[error("this network has no dense stack to pre-train: use a recipe of fine-tuning alone")]
    NoStack,
    /// An engine that cannot do what the recipe or the network asks for.
    #[error(transparent)]
    Limit(#[from] EngineLimit),
    /// A part of a checkpoint that is another network's or optimizer's.
    #[error(
        "the {part} of the checkpoint does not fit this network and recipe ({reason}): go on with those it was made with"
    )]
    State {
        /// Which part: `network`, `optimizer`, `decoder`, `meter`.
        part: &'static str,
        /// How it differs.
        reason: String,
    },
    /// A run that was begun with something else than it is now given.
    #[error(transparent)]
    Changed(#[from] Box<Change>),
    /// The loss, the penalty or a weight stopped being a number.
    #[error("{}", diverged(*loss, *penalty, stage, *epoch, (*after, *step), (*rate, *decay), kept))]
    Diverged {
        /// The stage, in words.
        stage: String,
        /// The epoch, from 1.
        epoch: usize,
        /// The last step whose loss was finite.
        after: usize,
        /// The step it was noticed at, from 1.
        step: usize,
        /// The rate at that step.
        rate: f64,
        /// The weight decay; 0 for none.
        decay: f64,
        /// The mean task loss or reconstruction cost that was read; NaN where a weight is no number.
        loss: f64,
        /// The mean penalty that was read.
        penalty: f64,
        /// What is left of the run.
        kept: Box<str>,
    },
    /// The user ended the run from the dashboard without waiting for its step.
    #[error("ended at once, as asked; what the last checkpoint holds is kept")]
    Killed,
    /// A file of the run folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A run folder, or a file in it, that cannot be used.
    #[error("{}: {problem}", path.display())]
    RunFolder {
        /// The folder or the file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        problem: FolderProblem,
    },
    /// An input, or what a network makes of it, is no finite number.
    #[error("{reason}")]
    NotFinite {
        /// Which example, and where in it.
        reason: String,
    },
    /// The device could not do its work.
    #[error("the device failed: {0}")]
    Device(String),
}

impl TrainError {
    /// A value of a recipe that no run can be made from, and what would do.
    pub(crate) fn recipe(place: &str, reason: &str) -> Self {
        Self::Recipe {
            place: place.into(),
            reason: reason.into(),
        }
    }

    /// A failure of the device, as it tells it.
    pub fn device(error: impl std::fmt::Display) -> Self {
        Self::Device(error.to_string())
    }

    /// A part of a checkpoint that does not fit.
    pub fn state(part: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::State {
            part,
            reason: reason.to_string(),
        }
    }

    /// Whether the run was well until something around it failed (disk, device, data): launched again as it is, it goes on.
    pub fn goes_on(&self) -> bool {
        matches!(
            self,
            Self::Data(_) | Self::ModelFile(_) | Self::Killed | Self::Io { .. } | Self::Device(_)
        )
    }

    /// Whether it is no failure, but the end that somebody asked for.
    pub fn is_interruption(&self) -> bool {
        matches!(self, Self::Data(DataError::Interrupted))
    }
}

/// What stopped being a number, where, and what to do about it.
fn diverged(
    loss: f64,
    penalty: f64,
    stage: &str,
    epoch: usize,
    (after, step): (usize, usize),
    (rate, decay): (f64, f64),
    kept: &str,
) -> String {
    let lower = match decay > 0.0 {
        true => format!("lower the rate, or weight_decay (it is {decay}),"),
        false => "lower the rate".into(),
    };
    let (what, cure) = match (loss.is_finite(), penalty.is_finite()) {
        (true, false) => (
            format!("the activation penalty became {penalty} (the loss was {loss:.4})"),
            "lower l1".into(),
        ),
        (false, false) => (
            format!("the loss became {loss} and the activation penalty {penalty}"),
            match decay > 0.0 {
                true => format!("{lower} and l1 if it is high,"),
                false => "lower the rate, and l1 if it is high,".into(),
            },
        ),
        _ => (format!("the loss became {loss}"), lower),
    };
    format!(
        "{what} in {stage}, epoch {epoch}, between steps {after} and {step}, at rate {rate}: {cure} and start again; \
         {kept}"
    )
}
