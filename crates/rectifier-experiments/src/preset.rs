//! How large an experiment is run.

use crate::ExperimentError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How large an experiment is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Seconds, on generated characters: whether everything works.
    Smoke,
    /// Minutes: whether it goes the right way.
    Short,
    /// Hours on two cores: what is committed.
    Full,
    /// The paper's sizes and grids, for a cluster.
    Paper,
}

impl Preset {
    /// Every preset, the smallest first.
    pub const ALL: [Self; 4] = [Self::Smoke, Self::Short, Self::Full, Self::Paper];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Short => "short",
            Self::Full => "full",
            Self::Paper => "paper",
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = ExperimentError;

    fn from_str(text: &str) -> Result<Self, ExperimentError> {
        let found = Self::ALL.into_iter().find(|preset| preset.name() == text);
        found.ok_or_else(|| ExperimentError::Preset(text.into()))
    }
}
