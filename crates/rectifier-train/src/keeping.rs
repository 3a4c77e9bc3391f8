//! The last two checkpoints of a run's folder: one that is damaged costs the time since the one before it.

use crate::files::{CHECKPOINT, PREVIOUS};
use crate::folder::{PARTIAL, io};
use crate::{Checkpoint, FolderProblem, Notice, RunFiles, Stamp, TrainError};
use rectifier_nn::write_atomically;
use std::path::Path;

/// Writes `checkpoint` to the folder at `path` as its latest, and keeps the latest so far as the one before it. At
/// every moment one of the two is there and whole.
///
/// # Errors
/// As [`Checkpoint::save`].
pub(crate) fn keep(checkpoint: &Checkpoint, path: &Path) -> Result<(), TrainError> {
    let (latest, previous) = (path.join(CHECKPOINT), path.join(PREVIOUS));
    let (fresh, kept) = (
        path.join(format!("{PARTIAL}checkpoint")),
        path.join(format!("{PARTIAL}previous")),
    );
    let bytes = checkpoint.encode(&latest)?;
    let written = write_atomically(&fresh, &bytes).map_err(|error| named(error, &latest));
    if let Err(error) = written {
        let _ = std::fs::remove_file(&fresh);
        return Err(error);
    }
    let _ = std::fs::remove_file(&kept);
    match std::fs::hard_link(&latest, &kept) {
        Ok(()) => std::fs::rename(&kept, &previous).map_err(|source| io(&previous, source))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        // A file system without links: for a moment there is only the one before, which is found then.
        Err(_) => std::fs::rename(&latest, &previous).map_err(|source| io(&latest, source))?,
    }
    std::fs::rename(&fresh, &latest).map_err(|source| io(&latest, source))
}

/// The latest checkpoint in `folder` that can be read, and what to say if it is not the latest of all; `None` where
/// the run has not come to one.
///
/// # Errors
/// [`TrainError::RunFolder`] where there should be one and is none that can be read, or it is another run's than that
/// of `stamp`.
pub(crate) fn latest(
    folder: &RunFiles,
    stamp: &Stamp,
) -> Result<Option<(Checkpoint, Option<Notice>)>, TrainError> {
    let (latest, previous) = (folder.checkpoint_path(), folder.previous_checkpoint_path());
    let (path, read, notice) = match (latest.is_file(), previous.is_file()) {
        (false, false) => {
            return match folder.history()?.len() {
                0 if !folder.model_path().is_file() => Ok(None),
                epochs => Err(TrainError::RunFolder {
                    path: latest,
                    problem: FolderProblem::CheckpointLost { epochs },
                }),
            };
        }
        (false, true) => {
            let notice = Notice::CheckpointGone { path: latest };
            (previous.clone(), Checkpoint::read(&previous), Some(notice))
        }
        (true, before) => match (Checkpoint::read(&latest), before) {
            (Err(damage), true) => match Checkpoint::read(&previous) {
                Ok(checkpoint) => {
                    let notice = Notice::CheckpointDamaged {
                        path: latest,
                        reason: damage.to_string(),
                    };
                    (previous, Ok(checkpoint), Some(notice))
                }
                Err(_) => (latest, Err(damage), None),
            },
            (read, _) => (latest, read, None),
        },
    };
    let checked = read
        .map_err(|damage| FolderProblem::Checkpoint { damage })
        .and_then(|checkpoint| checkpoint.stamp.check(stamp).map(|()| checkpoint));
    match checked {
        Ok(checkpoint) => Ok(Some((checkpoint, notice))),
        Err(problem) => Err(TrainError::RunFolder { path, problem }),
    }
}

/// An error of writing, named by the file that was to become.
fn named(error: rectifier_nn::ModelFileError, path: &Path) -> TrainError {
    match error {
        rectifier_nn::ModelFileError::Io { source, .. } => io(path, source),
        other => other.into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::checkpoint::tests::example;

    fn found(folder: &Path) -> Result<Option<(Checkpoint, Option<Notice>)>, TrainError> {
        latest(&RunFiles::at(folder), &example().stamp)
    }

    #[test]
    fn the_last_two_are_kept_and_the_first_that_is_whole_is_taken() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        assert!(found(folder).unwrap().is_none());
        for step in 1..=3 {
            let mut checkpoint = example();
            checkpoint.progress.step = step;
            keep(&checkpoint, folder).unwrap();
        }
        let step = |found: Option<(Checkpoint, Option<Notice>)>| {
            let (checkpoint, notice) = found.unwrap();
            (checkpoint.progress.step, notice.is_some())
        };
        assert_eq!(step(found(folder).unwrap()), (3, false));
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2);
        let (one, before) = (folder.join(CHECKPOINT), folder.join(PREVIOUS));
        let bytes = std::fs::read(&one).unwrap();
        std::fs::write(&one, &bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(step(found(folder).unwrap()), (2, true));
        std::fs::remove_file(&one).unwrap();
        assert_eq!(step(found(folder).unwrap()), (2, true));
        std::fs::write(&one, "damaged").unwrap();
        std::fs::write(&before, "too").unwrap();
        let text = found(folder).unwrap_err().to_string();
        assert!(
            text.contains("begin the run again in another folder"),
            "{text}"
        );
        // A run that came to a model had a checkpoint.
        std::fs::remove_file(&one).unwrap();
        std::fs::remove_file(&before).unwrap();
        std::fs::write(folder.join("model.safetensors"), "weights").unwrap();
        let text = found(folder).unwrap_err().to_string();
        assert!(text.contains("nothing was overwritten"), "{text}");
    }

    #[test]
    fn a_checkpoint_of_another_run_is_refused_by_name() {
        let place = tempfile::tempdir().unwrap();
        let mut other = example();
        other.stamp.data = "e".into();
        keep(&other, place.path()).unwrap();
        let text = found(place.path()).unwrap_err().to_string();
        assert!(text.contains("another data (e, now d)"), "{text}");
    }

    #[test]
    fn a_failed_save_leaves_the_old_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/folder");
        assert!(example().save(&missing.join(CHECKPOINT)).is_err());
        assert!(keep(&example(), &missing).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
