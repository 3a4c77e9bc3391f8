//! What a result was made with: program, machine, engine, data, recipe.

use crate::fingerprint::sha256;
use crate::{DataFingerprint, Recipe};
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a run was made with, as it was at the run's start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of this library.
    pub version: String,
    /// The commit it was built from, where the build was told (environment variable `RECTIFIER_COMMIT`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The processor, as the system names it.
    pub processor: String,
    /// The machine instructions that the engine uses, or the widest that the processor has: `avx512`, `avx2`, `neon`.
    pub instruction_set: String,
    /// The engine's name.
    pub engine: String,
    /// Where it computes.
    pub device: String,
    /// Its threads, where it has a count of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// The data.
    pub data: DataFingerprint,
    /// SHA-256 of the recipe's JSON.
    pub recipe_checksum: String,
    /// When the run began, in seconds since 1970.
    pub started: u64,
}

impl Provenance {
    /// The version of this library.
    pub const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    /// What a run of `recipe` on `data` that begins now is made with; the engine is `engine` on `device`, with so many
    /// `threads` and these machine instructions where it tells.
    pub(crate) fn now(
        recipe: &Recipe,
        data: DataFingerprint,
        (engine, device): (&str, String),
        threads: Option<usize>,
        instruction_set: Option<String>,
    ) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            version: Self::VERSION.into(),
            commit: option_env!("RECTIFIER_COMMIT").map(String::from),
            processor: processor(),
            instruction_set: instruction_set.unwrap_or_else(|| widest().into()),
            engine: engine.into(),
            device,
            threads,
            data,
            recipe_checksum: recipe.checksum(),
            started: since.map_or(0, |since| since.as_secs()),
        }
    }
}

impl Recipe {
    /// The SHA-256 of its JSON, every field written out, as 64 hexadecimal digits.
    pub fn checksum(&self) -> String {
        // Plain numbers and names: serialization cannot fail.
        sha256(&serde_json::to_vec(self).unwrap_or_default())
    }
}

/// The processor's name, or that of its architecture where the system does not tell.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_string())
    });
    name.unwrap_or_else(|| std::env::consts::ARCH.into())
}

/// The widest vectors of this processor.
fn widest() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            return "avx512";
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            return "avx2";
        }
        "sse2"
    }
    #[cfg(target_arch = "aarch64")]
    {
        "neon"
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        "portable"
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::FineTune;

    #[test]
    fn a_recipe_that_differs_anywhere_has_another_checksum() {
        let recipe = |rate: f64, seed| Recipe::of(seed, [FineTune::new(3, 10, rate)]);
        let first = recipe(0.1, 1).checksum();
        assert_eq!(first.len(), 64);
        assert_eq!(first, recipe(0.1, 1).checksum());
        assert_ne!(first, recipe(0.2, 1).checksum());
        assert_ne!(first, recipe(0.1, 2).checksum());
    }

    #[test]
    fn the_machine_has_a_name() {
        assert!(!processor().is_empty() && !widest().is_empty());
    }
}
