//! Other programs that print rows: run in turn with our candidates.

use crate::environment::{peak_mb_of, reset_peak_of};
use crate::{BenchError, Row};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

/// A program that prints JSON lines of the form of [`Row`] (`peer` may stand for `engine`), and takes `--only TEXT` and
/// `--seconds S`.
#[derive(Clone, Debug)]
pub struct Peer {
    command: Vec<String>,
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.command.join(" "))
    }
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
            peer: self.to_string(),
            reason,
        };
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(wrong("no command given".into()));
        };
        let broken = |error: std::io::Error| wrong(error.to_string());
        let mut child = Command::new(program)
            .args(arguments)
            .args(["--only", only, "--seconds", &seconds.to_string()])
            // A row's line is to come when the row is done: its memory is looked at then.
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| wrong(format!("{error}: is it installed?")))?;
        let process = child.id().to_string();
        // What it says beside its rows is read meanwhile, so that it never waits for us.
        let stderr = child.stderr.take();
        let said = std::thread::Builder::new().spawn(move || {
            let mut text = Vec::new();
            let read = stderr.map(|mut pipe| pipe.read_to_end(&mut text));
            read.transpose().map(|_| text)
        });
        let said = said.map_err(broken)?;
        let mut lines: Vec<(String, Option<f64>)> = Vec::new();
        for line in child
            .stdout
            .take()
            .into_iter()
            .flat_map(|pipe| BufReader::new(pipe).lines())
        {
            let line = line.map_err(broken)?;
            if line.starts_with('{') {
                lines.push((line, peak_mb_of(&process)));
                reset_peak_of(&process);
            }
        }
        let status = child.wait().map_err(broken)?;
        let said = said.join().ok().and_then(Result::ok).unwrap_or_default();
        if !status.success() {
            let text = String::from_utf8_lossy(&said);
            let last = text.lines().last().unwrap_or_default().to_string();
            return Err(wrong(format!("it ended with {status}: {last}")));
        }
        let mut rows: Vec<Row> = Vec::new();
        for (line, peak) in lines {
            let mut row: Row = serde_json::from_str(&line)
                .map_err(|error| wrong(format!("`{line}` is no row: {error}")))?;
            row.peak_mb = row.peak_mb.or(peak);
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
