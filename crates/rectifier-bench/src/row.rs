//! Results: one row a candidate, workload and batch size.

use crate::Environment;
use rectifier_plot::Table;
use serde::{Deserialize, Serialize};

/// The engines of ours and what tables call them; every other is a peer's.
pub(crate) const OURS: [(&str, &str); 5] = [
    ("sparse", "sparse engine"),
    ("sparse-bf16", "sparse bf16"),
    ("sparse-int8", "sparse int8"),
    ("sparse-layers", "sparse layers"),
    ("burn", "Burn engine"),
];

/// What is kept of a measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchRecord {
    /// The machine.
    pub environment: Environment,
    /// The results.
    pub rows: Vec<Row>,
}

/// A result; as JSON a line of the form that peers print too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The engine, or the peer and its version.
    #[serde(alias = "peer")]
    pub engine: String,
    /// Where it computed; empty where a peer does not say.
    #[serde(default)]
    pub device: String,
    /// What was done.
    pub work: String,
    /// Examples a step.
    pub batch: usize,
    /// Mean share of exact zeros of the hidden activations.
    pub zeros: f64,
    /// Milliseconds a step, the median of the rounds.
    pub ms: f64,
    /// The fastest round.
    #[serde(default)]
    pub ms_min: f64,
    /// The slowest round.
    #[serde(default)]
    pub ms_max: f64,
    /// Rounds behind it.
    #[serde(default)]
    pub rounds: usize,
    /// Examples a second, from the median.
    pub examples_per_s: f64,
    /// Peak resident memory of the process while the candidate worked, MB; of a peer's that of its process until it printed
    /// the row. Absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_mb: Option<f64>,
    /// Relative difference of the loss of one step from the first candidate's; absent where there is none to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parity: Option<f64>,
    /// Which of several settings of one work and batch size, in order; a peer's rows have that of ours whose zeros they
    /// have.
    #[serde(default)]
    pub setting: usize,
}

impl Row {
    /// Whether both did the same: work, batch size and setting.
    pub fn same_work(&self, other: &Row) -> bool {
        (&self.work, self.batch, self.setting) == (&other.work, other.batch, other.setting)
    }

    /// `engine on device`.
    pub fn candidate(&self) -> String {
        match self.device.is_empty() {
            true => self.engine.clone(),
            false => format!("{} on {}", self.engine, self.device),
        }
    }
}

/// The rows as a table for people, each work's candidates below each other, with their speed as a multiple of the last's.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut told: Vec<&Row> = Vec::new();
    for row in rows {
        if told.iter().any(|earlier| earlier.same_work(row)) {
            continue;
        }
        told.push(row);
        let same: Vec<&Row> = rows.iter().filter(|other| other.same_work(row)).collect();
        text.push_str(&format!("{}, batch {}\n", row.work, row.batch));
        let base = same.last().map_or(row.ms, |row| row.ms);
        for row in same {
            text.push_str(&format!(
                "  {:<44} {:>5.1}% zeros {:>9.3} ms ({:.3} to {:.3}) {:>11.0} examples/s {:>6.2}x{}\n",
                row.candidate(),
                100.0 * row.zeros,
                row.ms,
                row.ms_min,
                row.ms_max,
                row.examples_per_s,
                base / row.ms,
                row.peak_mb
                    .map_or(String::new(), |peak| format!(" {peak:>7.0} MB"))
            ));
        }
    }
    text
}

impl BenchRecord {
    /// The rows as CSV with a header.
    pub fn csv(&self) -> String {
        let mut table = Table::new([
            "engine",
            "device",
            "work",
            "batch",
            "setting",
            "zeros",
            "ms",
            "ms_min",
            "ms_max",
            "rounds",
            "examples_per_s",
            "peak_mb",
            "parity",
        ]);
        let optional = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        for row in &self.rows {
            table.push([
                row.engine.clone(),
                row.device.clone(),
                row.work.clone(),
                row.batch.to_string(),
                row.setting.to_string(),
                row.zeros.to_string(),
                row.ms.to_string(),
                row.ms_min.to_string(),
                row.ms_max.to_string(),
                row.rounds.to_string(),
                row.examples_per_s.to_string(),
                optional(row.peak_mb),
                optional(row.parity),
            ]);
        }
        table.csv()
    }
}
