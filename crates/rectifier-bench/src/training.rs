//! Whole trainings beside those of other programs.

use crate::BenchError;
use crate::record::{files, json};
use rectifier_plot::words::{count, duration, percent};
use rectifier_plot::{Table, median};
use rectifier_train::Summary;
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
/// [`BenchError::NoEpochs`] where there is none, [`BenchError::Io`] where it cannot be read.
pub fn peer_epochs(path: &Path) -> Result<String, BenchError> {
    let text = std::fs::read_to_string(path).map_err(|source| BenchError::io(path, source))?;
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| serde_json::from_str::<Epoch>(line).is_ok())
        .collect();
    if kept.is_empty() {
        return Err(BenchError::NoEpochs { path: path.into() });
    }
    Ok(kept.join("\n") + "\n")
}

/// A peer's training: the error at its best validation epoch, the time of its epochs.
fn of_peer(path: &Path) -> Result<Option<Training>, BenchError> {
    let text = peer_epochs(path)?;
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

/// The table: each folder under `peers/` holds a peer's trainings, one file a seed, and is called
/// `RECORD.PEER` after the runs `RECORD-SEED` that they stand beside. None where there is no such folder.
///
/// # Errors
/// [`BenchError`] for a record that cannot be read.
pub fn trainings(folder: &Path) -> Result<Option<Table>, BenchError> {
    let mut table = Table::new([
        "training",
        "program",
        "seeds",
        "test error, mean (each)",
        "mean zeros",
        "time, median (each)",
        "times as long",
    ])
    .right(2);
    for path in files(&folder.join("peers"))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((record, peer)) = name.split_once('.').filter(|_| path.is_dir()) else {
            continue;
        };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for file in files(&path)? {
            let seed = file.file_stem().unwrap_or_default().to_string_lossy();
            let run = folder.join("runs").join(format!("{record}-{seed}"));
            let summary: Summary = json(&run.join("summary.json"))?;
            ours.push(Training {
                test_error: summary.test_error,
                zeros: summary.zeros,
                epochs: summary.epochs,
                seconds: summary.seconds,
            });
            theirs.extend(of_peer(&file)?);
        }
        let seconds = |trainings: &[Training]| {
            let seconds: Vec<f64> = trainings.iter().map(|t| t.seconds).collect();
            median(&seconds)
        };
        let (Some(base), Some(_)) = (seconds(&ours), seconds(&theirs)) else {
            continue;
        };
        for (program, trainings) in [("rectifier train", &ours), (peer, &theirs)] {
            let each = |of: &dyn Fn(&Training) -> String| {
                trainings.iter().map(of).collect::<Vec<_>>().join(", ")
            };
            let middle = seconds(trainings).unwrap_or_default();
            table.push([
                format!("{record}, {}", count(trainings[0].epochs, "epoch")),
                program.to_string(),
                trainings.len().to_string(),
                format!(
                    "{} ({})",
                    percent(mean(trainings.iter().map(|t| t.test_error))),
                    each(&|t| percent(t.test_error))
                ),
                percent(mean(
                    trainings.iter().map(|t| mean(t.zeros.iter().copied())),
                )),
                format!("{} ({})", duration(middle), each(&|t| duration(t.seconds))),
                format!("{:.1}", middle / base),
            ]);
        }
    }
    Ok((!table.is_empty()).then_some(table))
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
        assert!(peer_epochs(&file).is_err());
    }
}
