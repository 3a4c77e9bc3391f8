//! A run that is given something else than it began with.

use std::path::PathBuf;

/// A run that was begun with something else than it is now given.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", text(self))]
pub struct Change {
    /// The run's folder.
    pub folder: PathBuf,
    /// What differs: `recipe.stages[0].rate`, `data checksum`, `engine`, `threads`.
    pub field: String,
    /// What the run began with.
    pub was: String,
    /// What it is now given.
    pub now: String,
    /// Whether it is finished.
    pub finished: bool,
}

fn text(change: &Change) -> String {
    let Change {
        folder,
        field,
        was,
        now,
        finished,
    } = change;
    let folder = folder.display();
    match finished {
        true => format!(
            "{folder}: this run is finished, with {field} {was}, not {now}: a finished run is never rewritten; begin \
             another one in a folder of its own"
        ),
        false => format!(
            "{folder}: this run began with {field} {was}, and is now given {now}: go on with {was}, or begin another \
             run in a folder of its own"
        ),
    }
}
