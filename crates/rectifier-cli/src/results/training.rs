//! Whole trainings beside those of other programs.

use super::folders;
use crate::error::CliError;
use crate::output::percent;
use rectifier_train::{Summary, spoken_seconds};
use serde::Deserialize;
use std::path::Path;

/// What a peer prints after each epoch.
#[derive(Deserialize)]
struct Epoch {
    valid_error: f64,
    test_error: f64,
    #[serde(default)]
    zeros: Vec<f64>,
    seconds: f64,
}

/// A whole training.
struct Training {
    test_error: f64,
    zeros: Vec<f64>,
    epochs: usize,
    seconds: f64,
}

/// The epochs that a peer wrote down, one JSON object a line; other lines are passed over.
///
/// # Errors
/// [`CliError::Failed`] where there is none.
pub fn read_peer(path: &Path) -> Result<String, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::io(path, source))?;
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| serde_json::from_str::<Epoch>(line).is_ok())
        .collect();
    if kept.is_empty() {
        return Err(CliError::Failed(format!(
            "{}: no line is a JSON object with valid_error, test_error and seconds",
            path.display()
        )));
    }
    Ok(kept.join("\n") + "\n")
}

/// A peer's training: the error at its best validation epoch, the time of its epochs.
fn of_peer(path: &Path) -> Result<Option<Training>, CliError> {
    let text = read_peer(path)?;
    let epochs: Vec<Epoch> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let best = epochs
        .iter()
        .min_by(|a, b| a.valid_error.total_cmp(&b.valid_error));
    Ok(best.map(|best| Training {
        test_error: best.test_error,
        zeros: best.zeros.clone(),
        epochs: epochs.len(),
        seconds: epochs.iter().map(|epoch| epoch.seconds).sum(),
    }))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The median of at least one number.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}

/// The table: each folder under `peers/` holds a peer's trainings, one file a seed, and is called
/// `RECORD.PEER` after the runs `RECORD-SEED` that they stand beside.
///
/// # Errors
/// [`CliError`] for a record that cannot be read.
pub fn table(folder: &Path) -> Result<String, CliError> {
    let mut text = String::from(
        "| training | program | seeds | test error, mean (each) | mean zeros | time, median (each) | times as long |\n|---|---|---|---|---|---|---|",
    );
    for path in folders(&folder.join("peers"))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((record, peer)) = name.split_once('.') else {
            continue;
        };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let entries = std::fs::read_dir(&path).map_err(|source| CliError::io(&path, source))?;
        let mut files: Vec<_> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .collect();
        files.sort();
        for file in files {
            let seed = file.file_stem().unwrap_or_default().to_string_lossy();
            let run = folder.join("runs").join(format!("{record}-{seed}"));
            let summary: Summary = super::json(&run.join("summary.json"))?;
            ours.push(Training {
                test_error: summary.test_error,
                zeros: summary.zeros,
                epochs: summary.epochs,
                seconds: summary.seconds,
            });
            theirs.extend(of_peer(&file)?);
        }
        if ours.is_empty() || theirs.is_empty() {
            continue;
        }
        let seconds =
            |trainings: &[Training]| median(trainings.iter().map(|t| t.seconds).collect());
        let base = seconds(&ours);
        for (program, trainings) in [("rectifier train", &ours), (peer, &theirs)] {
            let each = |of: &dyn Fn(&Training) -> String| {
                trainings.iter().map(of).collect::<Vec<_>>().join(", ")
            };
            text.push_str(&format!(
                "\n| {record}, {} epochs | {program} | {} | {} ({}) | {} | {} ({}) | {:.1} |",
                trainings[0].epochs,
                trainings.len(),
                percent(mean(trainings.iter().map(|t| t.test_error))),
                each(&|t| percent(t.test_error)),
                percent(mean(
                    trainings.iter().map(|t| mean(t.zeros.iter().copied()))
                )),
                spoken_seconds(seconds(trainings)),
                each(&|t| spoken_seconds(t.seconds)),
                seconds(trainings) / base
            ));
        }
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_judged_by_its_best_validation_epoch() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("log");
        std::fs::write(
            &file,
            "hello\n{\"valid_error\":0.2,\"test_error\":0.21,\"zeros\":[0.5],\"seconds\":2}\n\
             {\"valid_error\":0.1,\"test_error\":0.12,\"seconds\":3.5}\n{\"valid_error\":0.3,\"test_error\":0.05,\"seconds\":1}\n",
        )
        .unwrap();
        let training = of_peer(&file).unwrap().unwrap();
        assert_eq!(
            (training.test_error, training.epochs, training.seconds),
            (0.12, 3, 6.5)
        );
        std::fs::write(&file, "nothing\n").unwrap();
        assert!(read_peer(&file).is_err());
    }
}
