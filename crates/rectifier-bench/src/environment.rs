//! Where a measurement was made.

use serde::{Deserialize, Serialize};

/// The machine and the build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// The processor's name, as the system tells it.
    pub processor: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// The instruction set of the sparse kernels.
    pub level: String,
    /// Operating system and architecture.
    pub system: String,
    /// This project's version.
    pub version: String,
}

impl Environment {
    /// This machine.
    pub fn here() -> Self {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Self {
            processor: model.map_or("unknown".into(), |(_, name)| name.trim().into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            level: rectifier_sparse::Level::detect().name().into(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    /// Processor, cores and instruction set in a few words.
    pub fn short(&self) -> String {
        let Self {
            processor,
            cores,
            level,
            ..
        } = self;
        format!("{processor}, {cores} cores, {level}")
    }
}

/// Starts the measurement of peak memory anew; does nothing where the system does not tell it.
pub(crate) fn reset_peak() {
    reset_peak_of("self");
}

/// Peak resident memory since the reset, MB.
pub(crate) fn peak_mb() -> Option<f64> {
    peak_mb_of("self")
}

/// As [`reset_peak`], of the process of this number.
pub(crate) fn reset_peak_of(process: &str) {
    let _ = std::fs::write(format!("/proc/{process}/clear_refs"), "5");
}

/// As [`peak_mb`], of the process of this number; nothing where it is gone.
pub(crate) fn peak_mb_of(process: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
