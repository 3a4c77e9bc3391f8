//! Every epoch of a run as two files that are written as a whole: `history.jsonl` and `history.csv`.

use crate::files::{HISTORY, HISTORY_CSV};
use crate::folder::io;
use crate::journal::{cell, first_layer};
use crate::{EpochRecord, Notice, Recipe, RunFolder, TrainError};
use std::fmt::Write as _;

/// Writes every epoch down.
///
/// # Errors
/// [`TrainError::ModelFile`].
pub(crate) fn write_history(
    folder: &RunFolder,
    history: &[EpochRecord],
    recipe: &Recipe,
) -> Result<(), TrainError> {
    folder.write(HISTORY, history_lines(history).as_bytes())?;
    folder.write(HISTORY_CSV, history_csv(history, recipe).as_bytes())
}

/// Writes down the `history` that a checkpoint remembers. A file that tells of other epochs than those was changed from
/// outside: it is kept beside.
///
/// # Errors
/// [`TrainError::ModelFile`], [`TrainError::Io`].
pub(crate) fn restore_history(
    folder: &RunFolder,
    history: &[EpochRecord],
    recipe: &Recipe,
) -> Result<Vec<Notice>, TrainError> {
    let mut notices = Vec::new();
    for (name, beside, header) in [
        (HISTORY, "history.edited.jsonl", 0),
        (HISTORY_CSV, "history.edited.csv", 1),
    ] {
        let path = folder.path().join(name);
        let Ok(found) = std::fs::read(&path) else {
            continue;
        };
        // A run that was killed has written some epochs fewer than its checkpoint knows, or some more.
        let rows = found.iter().filter(|byte| **byte == b'\n').count();
        let epochs = rows.saturating_sub(header);
        let known = &history[..epochs.min(history.len())];
        let expected = match header {
            0 => history_lines(known),
            _ => history_csv(known, recipe),
        };
        let intact = match epochs > history.len() {
            // A longer table may have more columns behind those that every epoch has.
            true if header > 0 => continues(&found, &expected),
            true => found.starts_with(expected.as_bytes()),
            false => found == expected.as_bytes(),
        };
        if !intact {
            let kept = folder.path().join(beside);
            std::fs::rename(&path, &kept).map_err(|source| io(&path, source))?;
            notices.push(Notice::Rewritten { path, kept });
        }
    }
    // Before the first epoch is done there is nothing to tell, unless more was told before.
    if !history.is_empty() || folder.path().join(HISTORY).is_file() {
        write_history(folder, history, recipe)?;
    }
    Ok(notices)
}

/// Cells of a row before those that there is one of for each layer.
const FIXED: usize = 13;

/// Whether the table `found` begins with the rows of `expected`, of which it may have more and wider ones.
fn continues(found: &[u8], expected: &str) -> bool {
    let Ok(found) = std::str::from_utf8(found) else {
        return false;
    };
    let fixed =
        |row: &str| -> Vec<String> { row.split(',').take(FIXED).map(String::from).collect() };
    let cells = |row: &str| row.split(',').count();
    let width = found.lines().next().map_or(0, cells);
    let begins = expected
        .lines()
        .zip(found.lines())
        .all(|(wanted, found)| fixed(wanted) == fixed(found));
    begins && !found.contains('\r') && found.lines().all(|row| cells(row) == width)
}

fn history_lines(history: &[EpochRecord]) -> String {
    let mut lines = String::new();
    for record in history {
        // Numbers and names: serialization cannot fail.
        lines.push_str(&serde_json::to_string(record).unwrap_or_default());
        lines.push('\n');
    }
    lines
}

fn history_csv(history: &[EpochRecord], recipe: &Recipe) -> String {
    let first = |record: &EpochRecord| {
        let stage = recipe.stages.get(record.stage.saturating_sub(1));
        stage.map_or(0, first_layer)
    };
    let layers = history
        .iter()
        .map(|record| first(record) + record.zeros.len())
        .max()
        .unwrap_or(0);
    let mut text = String::from(
        "stage,title,epoch,rate,train_loss,penalty,train_error,valid_loss,valid_error,train_seconds,\
         overhead_seconds,seconds,best",
    );
    for kind in ["zeros", "dead"] {
        for layer in 1..=layers {
            let _ = write!(text, ",{kind}_{layer}");
        }
    }
    text.push('\n');
    for record in history {
        let _ = write!(text, "{},{},{}", record.stage, record.title, record.epoch);
        cell(&mut text, Some(record.rate));
        cell(&mut text, Some(record.train_loss));
        cell(&mut text, Some(record.penalty));
        cell(&mut text, record.train_error);
        cell(&mut text, Some(record.valid_loss));
        cell(&mut text, record.valid_error);
        cell(&mut text, Some(record.train_seconds));
        cell(&mut text, Some(record.overhead_seconds));
        cell(&mut text, Some(record.seconds));
        let _ = write!(text, ",{}", u8::from(record.best));
        let first = first(record);
        for layer in 0..layers {
            let share = layer.checked_sub(first).and_then(|at| record.zeros.get(at));
            cell(&mut text, share.copied());
        }
        for layer in 0..layers {
            let dead = layer.checked_sub(first).and_then(|at| record.dead.get(at));
            cell(&mut text, dead.map(|dead| *dead as f64));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{FineTune, Pretrain, Stage};

    fn record(stage: usize, epoch: usize) -> EpochRecord {
        EpochRecord {
            stage,
            title: "some".into(),
            epoch,
            rate: 0.1,
            train_loss: 1.5,
            penalty: 0.25,
            train_error: None,
            valid_loss: 1.0,
            valid_error: None,
            zeros: vec![0.5; stage],
            dead: vec![2; stage],
            train_seconds: 1.0,
            overhead_seconds: 0.0,
            seconds: 1.0,
            best: false,
        }
    }

    #[test]
    fn an_edited_history_is_kept_beside_and_one_of_a_killed_run_is_not_edited() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(place.path().join("run")).unwrap();
        let stages = [
            Stage::from(Pretrain::new(1, 1, 10, 0.1)),
            FineTune::new(2, 10, 0.1).into(),
        ];
        let recipe = Recipe::of(1, stages);
        let history = [record(1, 1), record(2, 1), record(2, 2)];
        for written in 0..=3 {
            for remembered in 0..=3 {
                write_history(&folder, &history[..written], &recipe).unwrap();
                let found = restore_history(&folder, &history[..remembered], &recipe).unwrap();
                assert_eq!(found, [], "{written} {remembered}");
                assert_eq!(folder.history().unwrap(), history[..remembered]);
            }
        }
        let csv = folder.path().join(HISTORY_CSV);
        let text = std::fs::read_to_string(&csv).unwrap();
        let columns: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(columns, [17; 4]);
        assert!(
            text.contains(",penalty,") && text.contains(",0.25,"),
            "{text}"
        );
        std::fs::write(&csv, text.replace('\n', "\r\n")).unwrap();
        let notices = restore_history(&folder, &history, &recipe).unwrap();
        assert!(
            matches!(&notices[..], [Notice::Rewritten { .. }]),
            "{notices:?}"
        );
        assert_eq!(std::fs::read_to_string(&csv).unwrap(), text);
        let kept = std::fs::read_to_string(folder.path().join("history.edited.csv")).unwrap();
        assert!(kept.contains("\r\n"));
    }
}
