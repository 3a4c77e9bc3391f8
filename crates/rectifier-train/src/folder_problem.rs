//! What can be wrong with a run's folder.

use std::path::PathBuf;

/// What is wrong with a run's folder or a file in it, and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FolderProblem {
    /// There is something in a folder that a new run wants.
    #[error(
        "the folder is not empty: give another one with --out, or go on with the run in it with --resume"
    )]
    NotEmpty,
    /// There is no run.
    #[error(
        "there is no run in this folder (no run.json, no recipe.json): give the folder that `train` named"
    )]
    NoRun,
    /// Somebody else has it.
    #[error("another process is training in this folder: wait for it, or give another folder")]
    Busy,
    /// A file whose text is not what a run writes there.
    #[error("{}{reason}: this is not what a run writes there; put back what it wrote", line.map_or(String::new(), |line| format!("line {line}, ")))]
    Content {
        /// The line, from 1, where it has lines.
        line: Option<usize>,
        /// What is wrong with it.
        reason: String,
    },
    /// Something that cannot be written as JSON.
    #[error("it cannot be written: {reason}")]
    Unwritable {
        /// Why.
        reason: String,
    },
    /// No checkpoint can be read.
    #[error(
        "{damage}, and there is no whole checkpoint before it: copy the folder's model.safetensors if it is wanted, and \
         begin the run again in another folder"
    )]
    Checkpoint {
        /// What is wrong with the latest one.
        damage: Damage,
    },
    /// No checkpoint is there, though the run came far enough to have one.
    #[error(
        "the run came through {epochs} epochs, but its checkpoint is gone: put it back, or begin the run again in \
         another folder; nothing was overwritten here"
    )]
    CheckpointLost {
        /// Epochs that the history tells of.
        epochs: usize,
    },
    /// A checkpoint of another recipe, network or data.
    #[error(
        "it was made with another {what} ({was}, now {now}): go on with what it was made with, or begin another run in a \
         folder of its own"
    )]
    Foreign {
        /// `recipe`, `network` or `data`.
        what: &'static str,
        /// The checksum or description in the checkpoint.
        was: String,
        /// That of what the run is now given.
        now: String,
    },
    /// A checkpoint at a place that the recipe does not have.
    #[error(
        "it stands at {place}: it belongs to another recipe or other data; go on with those it was made with"
    )]
    Place {
        /// Where it stands, and what there is.
        place: String,
    },
}

/// How a checkpoint is damaged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// No safetensors file.
    #[error("not a whole checkpoint ({reason})")]
    Format {
        /// What the reader said.
        reason: String,
    },
    /// It lacks something.
    #[error("not a whole checkpoint (no {what} in it)")]
    Missing {
        /// What it lacks.
        what: &'static str,
    },
    /// Its bytes are not those that were written.
    #[error("the checkpoint was damaged (checksum {found:08x}, written with {written:08x})")]
    Checksum {
        /// CRC-32C of what is there.
        found: u32,
        /// CRC-32C of what was written.
        written: u32,
    },
    /// The system does not read it.
    #[error("{} cannot be read ({reason})", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}
