//! A user's own sweep: a base plan, and axes of values for places in it.

mod show;

use crate::error::io;
use crate::{
    Cell, EXPERIMENTS, Experiment, ExperimentError, Labels, Preset, Records, Report, SweepProblem,
};
use rectifier_catalog::Plan;
use rectifier_data::sha256_hex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Cells at most.
const LARGEST: u128 = 100_000;
/// The axis whose values are runs of one row.
const SEED: &str = "recipe.seed";

/// A sweep as its file has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SweepFile {
    /// What the folder is called.
    name: String,
    /// One line that says what it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    title: String,
    /// What every cell starts from.
    base: Value,
    /// Places in the plan, such as `recipe.stages.0.rate`, and the values there.
    axes: BTreeMap<String, Vec<Value>>,
}

/// A user's own sweep: every combination of its axes' values.
///
/// ```
/// use rectifier_experiments::{Experiment, Preset, Records, UserSweep};
///
/// let sweep = UserSweep::parse(r#"{
///     "name": "rates",
///     "base": {
///         "version": 1,
///         "data": {"set": "mnist"},
///         "network": {"inputs": 784, "hidden": [100], "unit": {"kind": "rectifier"}, "outputs": 10},
///         "recipe": {"seed": 1, "stages": [{"stage": "fine-tune", "epochs": 5, "batch": 10, "rate": 0.1}]}
///     },
///     "axes": {"recipe.stages.0.rate": [0.1, 0.01], "recipe.seed": [1, 2, 3]}
/// }"#)?;
/// assert_eq!(sweep.cells(Preset::Full, &Records::default())?.len(), 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct UserSweep {
    file: SweepFile,
    cells: Vec<Cell>,
}

impl UserSweep {
    /// Reads a sweep and checks every plan of it.
    ///
    /// # Errors
    /// [`ExperimentError::Io`], [`ExperimentError::Sweep`].
    pub fn read(path: &Path) -> Result<Self, ExperimentError> {
        let text = std::fs::read_to_string(path).map_err(|source| io(path, source))?;
        Self::parse(text.trim_start_matches('\u{feff}')).map_err(|problem| ExperimentError::Sweep {
            path: path.into(),
            problem,
        })
    }

    /// The sweep that a folder remembers.
    ///
    /// # Errors
    /// As [`read`](Self::read); `path` is where it was remembered.
    pub fn of(definition: &Value, path: &Path) -> Result<Self, ExperimentError> {
        Self::parse(&definition.to_string()).map_err(|problem| ExperimentError::Sweep {
            path: path.into(),
            problem,
        })
    }

    /// Parses a sweep and checks every plan of it.
    ///
    /// # Errors
    /// [`SweepProblem`].
    pub fn parse(text: &str) -> Result<Self, SweepProblem> {
        let mut file: SweepFile = serde_json::from_str(text).map_err(SweepProblem::Syntax)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let known = EXPERIMENTS.iter().any(|known| known.name() == file.name);
        if file.name.is_empty() || known || !file.name.chars().all(plain) {
            return Err(SweepProblem::Name(file.name));
        }
        if file.title.is_empty() {
            file.title = format!("Sweep {}", file.name);
        }
        let mut count = 1_u128;
        for (axis, values) in &file.axes {
            if values.is_empty() {
                return Err(SweepProblem::EmptyAxis(axis.clone()));
            }
            count = count.saturating_mul(values.len() as u128);
        }
        if count > LARGEST {
            return Err(SweepProblem::Large(count));
        }
        let cells = (0..count as usize).map(|number| cell(&file, number));
        Ok(Self {
            cells: cells.collect::<Result<_, SweepProblem>>()?,
            file,
        })
    }
}

/// The cell of this number: the last axis changes first.
fn cell(file: &SweepFile, mut number: usize) -> Result<Cell, SweepProblem> {
    let mut value = file.base.clone();
    let mut labels = Labels::new();
    let mut chosen = Vec::with_capacity(file.axes.len());
    for (axis, values) in file.axes.iter().rev() {
        chosen.push((axis, &values[number % values.len()]));
        number /= values.len();
    }
    // A place before the places within it: `recipe.stages`, then `recipe.stages.0.rate`.
    for (axis, chosen) in chosen.into_iter().rev() {
        set(&mut value, axis, chosen)?;
        labels = labels.with(axis, chosen.clone());
        if axis == SEED {
            labels = labels.with("seed", chosen.clone());
        }
    }
    let plan = Plan::parse(&value.to_string()).map_err(|source| SweepProblem::Plan {
        labels: labels.to_string(),
        source: Box::new(source),
    })?;
    let mut cell = Cell::new(plan, labels);
    cell.keep = Some(weights_name(&file.name, &row(&cell)));
    Ok(cell)
}

/// The labels that tell a cell's row.
fn row(cell: &Cell) -> Labels {
    cell.labels.clone().without(SEED).without("seed")
}

/// What the weights of a row are called: its values as far as a file's name can hold them, and digits that tell it from rows
/// whose values look the same there, such as 0.1 and -0.1.
fn weights_name(sweep: &str, row: &Labels) -> String {
    /// Bytes of the values; file systems take 255 with what is added.
    const MOST: usize = 100;
    let slug = row.slug();
    if slug.is_empty() {
        return sweep.into();
    }
    let plain = row.axes().all(|(_, value)| match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number >= 0.0),
        Value::String(text) => {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
        }
        Value::Bool(_) => true,
        _ => false,
    });
    if plain && slug.len() <= MOST {
        return slug;
    }
    let end = (0..=MOST.min(slug.len()))
        .rev()
        .find(|end| slug.is_char_boundary(*end));
    let digits = sha256_hex(row.to_string().as_bytes());
    format!(
        "{}-{}",
        slug[..end.unwrap_or(0)].trim_end_matches('-'),
        &digits[..8]
    )
}

/// Puts `value` at a place such as `recipe.stages.0.rate`. Only the last part of it may be new.
fn set(plan: &mut Value, axis: &str, value: &Value) -> Result<(), SweepProblem> {
    let (parents, last) = match axis.rsplit_once('.') {
        Some((parents, last)) => (Some(parents), last),
        None => (None, axis),
    };
    let nowhere = |part: &str| SweepProblem::Place {
        axis: axis.into(),
        part: part.into(),
    };
    let mut here = plan;
    for part in parents.into_iter().flat_map(|parents| parents.split('.')) {
        here = step(here, part).ok_or_else(|| nowhere(part))?;
    }
    match here {
        Value::Object(fields) => {
            fields.insert(last.into(), value.clone());
        }
        here => *step(here, last).ok_or_else(|| nowhere(last))? = value.clone(),
    }
    Ok(())
}

/// What stands in `plan` under a key, or at a place of a list.
fn step<'a>(plan: &'a mut Value, part: &str) -> Option<&'a mut Value> {
    match plan {
        Value::Object(fields) => fields.get_mut(part),
        Value::Array(items) => items.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    }
}

impl Experiment for UserSweep {
    fn name(&self) -> &str {
        &self.file.name
    }

    fn title(&self) -> &str {
        &self.file.title
    }

    fn cells(&self, _: Preset, _: &Records) -> Result<Vec<Cell>, ExperimentError> {
        Ok(self.cells.clone())
    }

    fn definition(&self) -> Option<Value> {
        serde_json::to_value(&self.file).ok()
    }

    fn report(&self, records: &Records) -> Result<Report, ExperimentError> {
        show::report(self, records)
    }
}

impl UserSweep {
    /// The axes that rows differ in.
    fn axes(&self) -> Vec<&str> {
        let axes = self.file.axes.keys().map(String::as_str);
        axes.filter(|axis| *axis != SEED).collect()
    }

    /// The labels of every row.
    fn rows(&self) -> Vec<Labels> {
        let mut seen = BTreeSet::new();
        let rows = self.cells.iter().map(row);
        rows.filter(|row| seen.insert(row.to_string())).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::fakes::{of, plan};
    use serde_json::json;

    fn file(name: &str, axes: Value) -> String {
        json!({"name": name, "base": plan("rectifier", 1, 0.1), "axes": axes}).to_string()
    }

    #[test]
    fn every_combination_is_a_cell_with_rows_over_seeds() {
        let axes = json!({
            "recipe.stages.0.rate": [0.1, 0.01, 0.001],
            "network.hidden": [[4], [8, 8]],
            "recipe.seed": [1, 2],
            "label_fraction": [0.5]
        });
        let sweep = UserSweep::parse(&file("mine", axes)).unwrap();
        let cells = sweep.cells(Preset::Full, &Records::default()).unwrap();
        assert_eq!((cells.len(), sweep.rows().len()), (12, 6));
        assert_eq!(cells[11].plan.network.hidden, [8, 8]);
        assert_eq!(
            (cells[0].plan.label_fraction, cells[1].plan.recipe.seed),
            (Some(0.5), 1)
        );
        let error = |cell: &Cell| 0.2 + cell.plan.recipe.stages[0].rate().start();
        let records: Records = cells.iter().map(|cell| of(cell, error(cell))).collect();
        let report = sweep.report(&records).unwrap();
        assert_eq!((report.tables[0].rows.len(), report.figures.len()), (6, 1));
        assert!(
            report.findings[0].contains("20.100%, at"),
            "{:?}",
            report.findings
        );
        let again = UserSweep::of(&sweep.definition().unwrap(), Path::new("x")).unwrap();
        assert_eq!(
            again.cells(Preset::Full, &Records::default()).unwrap(),
            cells
        );
    }

    #[test]
    fn a_place_and_a_place_within_it_are_both_taken() {
        let stage =
            |epochs| json!([{"stage": "fine-tune", "epochs": epochs, "batch": 10, "rate": 9.0}]);
        let axes = json!({
            "recipe.stages": [stage(1), stage(2)],
            "recipe.stages.0.rate": [0.3, 0.03]
        });
        let sweep = UserSweep::parse(&file("mine", axes)).unwrap();
        let seen: Vec<(usize, f64)> = sweep
            .cells
            .iter()
            .map(|cell| &cell.plan.recipe.stages[0])
            .map(|stage| (stage.epochs(), stage.rate().start()))
            .collect();
        assert_eq!(seen, [(1, 0.3), (1, 0.03), (2, 0.3), (2, 0.03)]);
    }

    #[test]
    fn rows_keep_their_weights_under_names_of_their_own() {
        let name = |axes: Value| weights_name("mine", &serde_json::from_value(axes).unwrap());
        assert_eq!(name(json!({})), "mine");
        assert_eq!(name(json!({"rate": 0.1, "unit": "tanh"})), "0.1-tanh");
        let long = "x".repeat(300);
        let names = [
            json!({"a": 0.1}),
            json!({"a": -0.1}),
            json!({"a": [8, 8]}),
            json!({"a": 8, "b": 8}),
            json!({"a": "8-8"}),
            json!({"a": long.clone(), "b": 1}),
            json!({"a": long, "b": 2}),
            json!({"a": 1e300}),
            json!({"a": "é".repeat(90)}),
            json!({"a": "", "b": "c"}),
            json!({"a": "c", "b": ""}),
        ]
        .map(name);
        let different: BTreeSet<&String> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        assert!(names.iter().all(|name| name.len() <= 110), "{names:?}");
    }

    #[test]
    fn a_run_counts_once_however_its_axes_were_called_before() {
        let axes = json!({"network.hidden": [[4], [8]], "recipe.seed": [1, 2]});
        let before = UserSweep::parse(&file("mine", axes)).unwrap();
        let records: Records = before.cells.iter().map(|cell| of(cell, 0.2)).collect();
        let mut base = plan("rectifier", 1, 0.1);
        base.network.hidden = vec![4];
        let now = json!({"name": "mine", "base": base, "axes": {"recipe.seed": [1, 2]}});
        let now = UserSweep::parse(&now.to_string()).unwrap();
        let made = crate::artifacts(&now, Preset::Full, &records).unwrap();
        let table = made.iter().find(|file| file.name == "table.csv").unwrap();
        assert!(
            table.text.lines().nth(1).unwrap().starts_with("2,"),
            "{}",
            table.text
        );
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let error =
            |name: &str, axes: Value| UserSweep::parse(&file(name, axes)).unwrap_err().to_string();
        let wrong = error("mine", json!({"recipe.stages.3.rate": [0.1]}));
        assert!(
            wrong.contains("recipe.stages.3.rate") && wrong.contains("`3`"),
            "{wrong}"
        );
        let wrong = error("mine", json!({"recipe.stages.0.rat": [0.1]}));
        assert!(
            wrong.contains("rat=0.1") || wrong.contains("rat"),
            "{wrong}"
        );
        let wrong = error("mine", json!({"recipe.stages.0.rate": [-0.1]}));
        assert!(
            wrong.contains("recipe.stages.0.rate=-0.1") && wrong.contains("above 0"),
            "{wrong}"
        );
        assert!(error("mine", json!({"recipe.seed": []})).contains("no values"));
        for name in ["table1", "", "../up", "a b"] {
            assert!(
                error(name, json!({})).contains("cannot be that of a folder"),
                "{name}"
            );
        }
        let many: Vec<u32> = (1..1000).collect();
        let wrong = error("mine", json!({"recipe.seed": many, "network.inputs": many}));
        assert!(wrong.contains("998001"), "{wrong}");
        assert!(UserSweep::parse("{}").is_err());
    }
}
