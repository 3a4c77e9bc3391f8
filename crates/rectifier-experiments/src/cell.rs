//! One run of an experiment: what is trained, by what, and which of its runs it is.

use crate::{ExperimentError, Labels};
use rectifier_catalog::{CatalogError, EngineName, Plan};
use rectifier_data::sha256_hex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Hexadecimal digits of a name: 64 bits.
const DIGITS: usize = 16;

/// What computes a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellEngine {
    /// The engine.
    pub name: EngineName,
    /// Its threads, where it has a count of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
}

impl CellEngine {
    /// The sparse engine on one thread: cells run side by side.
    pub const SPARSE: Self = Self {
        name: EngineName::Sparse,
        threads: Some(1),
    };
    /// Burn's, for what the sparse engine cannot do.
    pub const BURN: Self = Self {
        name: EngineName::Burn,
        threads: None,
    };
}

/// What a cell is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellStage {
    /// Shorter, to choose a value by validation; its test error is in no table.
    Search,
    /// What tables and figures show.
    Final,
}

/// One run of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What is trained on what.
    pub plan: Plan,
    /// What computes it.
    pub engine: CellEngine,
    /// What it is for.
    pub stage: CellStage,
    /// Which it is.
    pub labels: Labels,
    /// What the weights are kept as, if they are the best of those kept under that name.
    pub keep: Option<String>,
}

impl Cell {
    /// A cell of the last stage on the sparse engine that keeps no weights.
    pub fn new(plan: Plan, labels: Labels) -> Self {
        Self {
            plan,
            engine: CellEngine::SPARSE,
            stage: CellStage::Final,
            labels,
            keep: None,
        }
    }

    /// The first 16 digits of the SHA-256 of plan and engine in their canonical form: cells that compute the same have the
    /// same name, whatever they are for.
    ///
    /// # Errors
    /// [`CatalogError::Syntax`] for what JSON cannot hold.
    pub fn name(&self) -> Result<String, ExperimentError> {
        cell_name(&self.plan, self.engine)
    }

    /// What its pre-training is called, where it has any: that of cells with the same head of the recipe, the same network, data
    /// and engine, whatever follows, and whichever share of the labels is used.
    ///
    /// # Errors
    /// As [`name`](Self::name).
    pub fn head(&self) -> Result<Option<String>, ExperimentError> {
        let head = self.plan.recipe.head().map(|recipe| {
            let plan = Plan {
                recipe,
                label_fraction: None,
                ..self.plan.clone()
            };
            cell_name(&plan, self.engine)
        });
        head.transpose()
    }

    /// Whether a share of a sweep has it.
    ///
    /// # Errors
    /// As [`name`](Self::name).
    pub fn is_in(&self, shard: Shard) -> Result<bool, ExperimentError> {
        let number = u64::from_str_radix(&self.name()?, 16).unwrap_or(0);
        Ok(number % shard.of == shard.number - 1)
    }
}

/// What a cell of this plan and engine is called.
pub(crate) fn cell_name(plan: &Plan, engine: CellEngine) -> Result<String, ExperimentError> {
    let value = serde_json::to_value(json!({"engine": engine, "plan": plan}));
    let mut text = String::new();
    canonical(&value.map_err(CatalogError::Syntax)?, &mut text);
    let mut name = sha256_hex(text.as_bytes());
    name.truncate(DIGITS);
    Ok(name)
}

/// The names of cells: those that two rows ask for, once.
///
/// # Errors
/// As [`Cell::name`].
pub fn names(cells: &[Cell]) -> Result<BTreeSet<String>, ExperimentError> {
    cells.iter().map(Cell::name).collect()
}

/// JSON with its keys in order, whatever order they were written in.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            text.push('{');
            for (place, key) in keys.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                canonical(&fields[key], text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                canonical(item, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

/// A share of a sweep: cell by cell, by the hash that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u64,
    of: u64,
}

impl Shard {
    /// The whole.
    pub const ALL: Self = Self { number: 1, of: 1 };

    /// Which share, from 1.
    pub fn number(self) -> u64 {
        self.number
    }

    /// How many shares there are.
    pub fn of(self) -> u64 {
        self.of
    }
}

impl std::str::FromStr for Shard {
    type Err = ExperimentError;

    fn from_str(text: &str) -> Result<Self, ExperimentError> {
        let parts = text.split_once('/');
        let numbers =
            parts.and_then(|(k, n)| Some((k.trim().parse().ok()?, n.trim().parse().ok()?)));
        match numbers {
            Some((number, of)) if number >= 1 && number <= of => Ok(Self { number, of }),
            _ => Err(ExperimentError::Shard(text.into())),
        }
    }
}

/// Which cells are meant: `unit=tanh,set=mnist|cifar10`. Every label that is named must have one of its values;
/// `seed` and `fold` let the searches through that these runs wait for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    wanted: Vec<(String, Vec<String>)>,
}

impl Filter {
    /// Whether a cell is meant. One of a search has no seed or fold of its own: what asks for some means it, too.
    pub fn lets(&self, cell: &Cell) -> bool {
        self.wanted.iter().all(|(axis, values)| {
            let value = cell.labels.get(axis).map(crate::labels::word);
            match value {
                Some(value) => values.contains(&value),
                None => {
                    cell.stage == CellStage::Search && ["seed", "fold"].contains(&axis.as_str())
                }
            }
        })
    }

    /// As it was given.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl std::str::FromStr for Filter {
    type Err = ExperimentError;

    fn from_str(text: &str) -> Result<Self, ExperimentError> {
        let mut parts: Vec<(&str, String)> = Vec::new();
        for part in text.split(',') {
            match (part.split_once('='), parts.last_mut()) {
                (Some((axis, values)), _) => parts.push((axis.trim(), values.into())),
                // A comma within a value: `network.hidden=[8,8]`.
                (None, Some((_, values))) => {
                    values.push(',');
                    values.push_str(part);
                }
                (None, None) => return Err(ExperimentError::Filter(text.into())),
            }
        }
        if parts.iter().any(|(axis, _)| axis.is_empty()) {
            return Err(ExperimentError::Filter(text.into()));
        }
        let wanted = parts.into_iter().map(|(axis, values)| {
            let values = values.split('|').map(|value| value.trim().to_string());
            (axis.to_string(), values.collect())
        });
        Ok(Self {
            text: text.into(),
            wanted: wanted.collect(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_order_and_numbers_stay() {
        let text = r#"{"b": [1, 0.1, {"y": null, "x": "\""}], "a": 1e-5}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let mut text = String::new();
        canonical(&value, &mut text);
        assert_eq!(text, r#"{"a":0.00001,"b":[1,0.1,{"x":"\"","y":null}]}"#);
    }

    #[test]
    fn shares_and_filters_are_read_or_refused() {
        assert_eq!("2/8".parse::<Shard>().unwrap(), Shard { number: 2, of: 8 });
        for wrong in ["0/2", "3/2", "1", "a/b", "-1/2", "1/0"] {
            let error = wrong.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains(wrong) && error.contains("2/8"), "{error}");
        }
        let labels = Labels::new()
            .with("unit", "tanh")
            .with("seed", 3)
            .with("pretrained", true);
        let mut cell = Cell::new(crate::fakes::plan("tanh", 3, 0.1), labels);
        let lets = |text: &str, cell: &Cell| text.parse::<Filter>().unwrap().lets(cell);
        let hidden = cell
            .labels
            .clone()
            .with("hidden", serde_json::json!([8, 8]));
        let deep = Cell::new(cell.plan.clone(), hidden);
        assert!(lets("hidden=[8,8],unit=tanh", &deep) && lets("hidden=[4]|[8,8]", &deep));
        assert!(!lets("hidden=[8,9],unit=tanh", &deep));
        cell.stage = CellStage::Search;
        cell.labels = cell.labels.without("seed");
        assert!(lets("unit=tanh,seed=4", &cell) && !lets("unit=tanh,sed=4", &cell));
        assert!(!lets("unit=softplus,seed=4", &cell));
        cell.stage = CellStage::Final;
        assert!(!lets("unit=tanh,seed=4", &cell));
        cell.labels = cell.labels.with("seed", 3);
        let lets = |text: &str| lets(text, &cell);
        assert!(lets("unit=tanh") && lets("unit=rectifier|tanh,seed=3,pretrained=yes"));
        assert!(!lets("unit=softplus") && !lets("unit=tanh,seed=4") && !lets("fold=1"));
        assert!("tanh".parse::<Filter>().is_err() && "=3".parse::<Filter>().is_err());
        assert!(Filter::default().lets(&cell));
    }
}
