//! Other programs that print rows: run in turn with our candidates.

use crate::{BenchError, Row};
use std::process::{Command, Stdio};

/// A program that prints JSON lines of the form of [`Row`] (`peer` may stand for `engine`), and takes `--only TEXT` and
/// `--seconds S`.
#[derive(Clone, Debug)]
pub struct Peer {
    command: Vec<String>,
}

impl Peer {
    /// The peer of a command line; words part at spaces. A first word that ends in `.py` is run by `python3`.
    pub fn new(command: &str) -> Self {
        let mut words: Vec<String> = command.split_whitespace().map(String::from).collect();
        if words.first().is_some_and(|word| word.ends_with(".py")) {
            words.insert(0, "python3".into());
        }
        Self { command: words }
    }

    /// One run's rows, those of a program's same work and batch numbered in order.
    ///
    /// # Errors
    /// [`BenchError::Peer`].
    pub fn rows(&self, only: &str, seconds: f64) -> Result<Vec<Row>, BenchError> {
        let wrong = |reason: String| BenchError::Peer {
            peer: self.command.join(" "),
            reason,
        };
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(wrong("no command given".into()));
        };
        let output = Command::new(program)
            .args(arguments)
            .args(["--only", only, "--seconds", &seconds.to_string()])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| wrong(format!("{error}: is it installed?")))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            let last = text.lines().last().unwrap_or_default().to_string();
            return Err(wrong(format!("it ended with {}: {last}", output.status)));
        }
        let mut rows: Vec<Row> = Vec::new();
        for line in String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter(|line| line.starts_with('{'))
        {
            let mut row: Row = serde_json::from_str(line)
                .map_err(|error| wrong(format!("`{line}` is no row: {error}")))?;
            let same = |other: &&Row| {
                (&other.engine, &other.device, &other.work, other.batch)
                    == (&row.engine, &row.device, &row.work, row.batch)
            };
            if !(row.ms.is_finite() && row.ms > 0.0 && (0.0..=1.0).contains(&row.zeros)) {
                return Err(wrong(format!(
                    "`{line}`: ms must be above 0, zeros a share from 0 to 1"
                )));
            }
            row.setting = rows.iter().filter(same).count();
            rows.push(row);
        }
        Ok(rows)
    }
}
