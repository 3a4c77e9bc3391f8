//! The only place that writes to the terminal.

use rectifier_train::{EpochRecord, Objective, Standing, Summary};
use std::io::Write;

/// Writes a line to standard output; a closed pipe is no error.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Writes a line to standard error.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A share as a percentage.
pub fn percent(share: f64) -> String {
    format!("{:.2}%", 100.0 * share)
}

/// Percentages without decimals, separated by spaces.
pub fn percents(shares: &[f64]) -> String {
    let words: Vec<String> = shares
        .iter()
        .map(|share| format!("{:.0}%", 100.0 * share))
        .collect();
    words.join(" ")
}

/// Seconds as people say them.
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}

/// The error that `objective` is measured by: its name, and the value as people write it.
pub fn error_of(objective: Objective, error: f64) -> (&'static str, String) {
    match objective {
        Objective::Classification => ("error", percent(error)),
        Objective::ExpectedRating => ("RMSE", format!("{error:.4}")),
    }
}

/// One epoch on one line.
pub fn epoch_line(record: &EpochRecord, standing: &Standing, objective: Objective) -> String {
    let place = format!(
        "epoch {:>2}/{}  {} {}",
        standing.done, standing.total, record.title, record.epoch
    );
    let middle = match (record.train_error, record.valid_error) {
        (Some(train), Some(valid)) => {
            let (name, valid) = error_of(objective, valid);
            format!(
                "loss {:.4}  train error {}  valid {name} {valid}{}",
                record.train_loss,
                percent(train),
                if record.best { " *" } else { "  " }
            )
        }
        _ => format!(
            "reconstruction {:.4}  valid {:.4}",
            record.train_loss, record.valid_loss
        ),
    };
    let zeros = match record.zeros.as_slice() {
        [] => String::new(),
        zeros => format!("  zeros {}", percents(zeros)),
    };
    let left = duration(standing.seconds_left);
    format!(
        "{place}  {middle}{zeros}  {:.1}s  {left} left",
        record.seconds
    )
}

/// The result of a run for people.
pub fn summary(summary: &Summary, objective: Objective, run: &str, model: &str) -> String {
    let mut text = String::new();
    let interval = match summary.test_interval {
        Some((low, high)) => format!("  (95% interval {} to {})", percent(low), percent(high)),
        None => String::new(),
    };
    let (name, test) = error_of(objective, summary.test_error);
    let (_, valid) = error_of(objective, summary.valid_error);
    text.push_str(&format!("test {name:<7} {test}{interval}\n"));
    text.push_str(&format!(
        "valid {name:<6} {valid}  (best epoch {})\n",
        summary.best_epoch
    ));
    if !summary.zeros.is_empty() {
        let zeros: Vec<String> = summary.zeros.iter().map(|share| percent(*share)).collect();
        text.push_str(&format!(
            "exact zeros  {}  (hidden layers 1 to {})\n",
            zeros.join("  "),
            zeros.len()
        ));
        let dead: Vec<String> = summary
            .dead
            .iter()
            .zip(&summary.units)
            .map(|(dead, units)| format!("{dead} of {units}"))
            .collect();
        text.push_str(&format!("dead units   {}\n", dead.join(", ")));
    }
    text.push_str(&format!(
        "time         {} for {} epochs on {} ({})\n",
        duration(summary.seconds),
        summary.epochs,
        summary.device,
        summary.engine
    ));
    text.push_str(&format!("run          {run}\nmodel        {model}"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let spoken: Vec<String> = [0.2, 59.7, 61.0, 3725.0]
            .into_iter()
            .map(duration)
            .collect();
        assert_eq!(spoken, ["0s", "1m00s", "1m01s", "1h02m"]);
    }
}
