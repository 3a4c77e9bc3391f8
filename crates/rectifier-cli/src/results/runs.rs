//! The table of runs: one row for all runs that differ in their seed alone.

use super::{folders, json};
use crate::error::CliError;
use crate::output::{error_of, percent, percents};
use rectifier_catalog::Plan;
use rectifier_train::{Stage, Summary, spoken_seconds};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What the paper reports, by the name of our records (without the number of the seed).
#[derive(Default, Deserialize)]
struct Paper {
    #[serde(default)]
    error: Option<f64>,
    #[serde(default)]
    zeros: Option<f64>,
    /// What differs from ours, in a few words.
    #[serde(default)]
    remark: String,
}

/// Runs of one plan.
struct Group {
    name: String,
    plan: Plan,
    runs: Vec<Summary>,
}

/// `mnist-2` is a run of `mnist`.
fn stem(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((stem, seed)) if seed.parse::<u64>().is_ok() => stem,
        _ => name,
    }
}

fn groups(folder: &Path, kind: &str) -> Result<Vec<Group>, CliError> {
    let mut groups: Vec<Group> = Vec::new();
    for path in folders(&folder.join(kind))? {
        let mut plan = Plan::read(&path.join("recipe.json"))?;
        let summary: Summary = json(&path.join("summary.json"))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = stem(&name).to_string();
        plan.recipe.seed = 0;
        match groups.iter_mut().find(|group| {
            group.name == name && group.plan == plan && group.runs[0].engine == summary.engine
        }) {
            Some(group) => group.runs.push(summary),
            None => groups.push(Group {
                name,
                plan,
                runs: vec![summary],
            }),
        }
    }
    Ok(groups)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The table.
///
/// # Errors
/// [`CliError`] for a record that cannot be read.
pub fn table(folder: &Path) -> Result<String, CliError> {
    let page = folder.join("paper.json");
    let paper: BTreeMap<String, Paper> = match page.is_file() {
        true => json(&page)?,
        false => BTreeMap::new(),
    };
    let mut text = String::from(
        "| record | data | network | training | seeds | test error (95% interval) | paper | exact zeros a layer | time | engine, device |\n\
         |---|---|---|---|---|---|---|---|---|---|",
    );
    for group in groups(folder, "runs")? {
        let Group { name, plan, runs } = &group;
        let hidden: Vec<String> = plan.network.hidden.iter().map(usize::to_string).collect();
        let unit = serde_json::to_value(plan.network.unit).ok();
        let unit = unit
            .as_ref()
            .and_then(|unit| unit["kind"].as_str())
            .unwrap_or_default();
        let network = match hidden.is_empty() {
            true => "no hidden layer".to_string(),
            false => format!("{unit} {}", hidden.join("-")),
        };
        let zeros: Vec<f64> = (0..runs[0].zeros.len())
            .map(|layer| mean(runs.iter().map(|run| run.zeros[layer])))
            .collect();
        text.push_str(&format!(
            "\n| {name} | {} | {network} | {} | {} | {} | {} | {} | {} | {}, {} |",
            plan.data.name(),
            training(plan),
            runs.len(),
            error(plan, runs),
            paper
                .get(name)
                .map(|paper| theirs(plan, paper))
                .unwrap_or_default(),
            percents(&zeros),
            spoken_seconds(mean(runs.iter().map(|run| run.seconds))),
            runs[0].engine,
            runs[0].device
        ));
    }
    Ok(text)
}

/// The table of penalties: groups in the order of their coefficients.
///
/// # Errors
/// [`CliError`] for a record that cannot be read.
pub fn penalties(folder: &Path) -> Result<String, CliError> {
    let mut groups: Vec<(f64, Group)> = groups(folder, "penalty")?
        .into_iter()
        .map(|group| (coefficient(&group.plan), group))
        .collect();
    groups.sort_by(|a, b| {
        let pretrained = |group: &Group| group.plan.recipe.stages.len();
        (pretrained(&a.1).cmp(&pretrained(&b.1))).then(a.0.total_cmp(&b.0))
    });
    let mut text = String::from(
        "| L1 | data | training | seeds | validation error | test error (95% interval) | exact zeros a layer | mean |\n|---|---|---|---|---|---|---|---|",
    );
    for (coefficient, Group { plan, runs, .. }) in &groups {
        let zeros: Vec<f64> = (0..runs[0].zeros.len())
            .map(|layer| mean(runs.iter().map(|run| run.zeros[layer])))
            .collect();
        let valid = mean(runs.iter().map(|run| run.valid_error));
        text.push_str(&format!(
            "\n| {coefficient} | {} | {} | {} | {} | {} | {} | {} |",
            plan.data.name(),
            training(plan).split(", L1").next().unwrap_or_default(),
            runs.len(),
            error_of(plan.recipe.objective, valid).1,
            error(plan, runs),
            percents(&zeros),
            percent(mean(zeros.iter().copied()))
        ));
    }
    Ok(text)
}

/// The penalty of the last stage's first layer.
fn coefficient(plan: &Plan) -> f64 {
    match plan.recipe.stages.last() {
        Some(Stage::FineTune(stage)) => stage.l1.coefficient(0),
        _ => 0.0,
    }
}

/// The mean over the seeds with the mean of their intervals, and each seed's own.
fn error(plan: &Plan, runs: &[Summary]) -> String {
    let objective = plan.recipe.objective;
    let own = |error: f64| error_of(objective, error).1;
    let intervals: Vec<(f64, f64)> = runs.iter().filter_map(|run| run.test_interval).collect();
    let mut text = own(mean(runs.iter().map(|run| run.test_error)));
    if intervals.len() == runs.len() {
        let low = mean(intervals.iter().map(|interval| interval.0));
        let high = mean(intervals.iter().map(|interval| interval.1));
        text.push_str(&format!(" ({} to {})", percent(low), percent(high)));
    } else {
        text.insert_str(0, "RMSE ");
    }
    if runs.len() > 1 {
        let each: Vec<String> = runs.iter().map(|run| own(run.test_error)).collect();
        text.push_str(&format!("; {}", each.join(", ")));
    }
    text
}

fn theirs(plan: &Plan, paper: &Paper) -> String {
    let mut words = Vec::new();
    if let Some(error) = paper.error {
        words.push(error_of(plan.recipe.objective, error).1);
    }
    if let Some(zeros) = paper.zeros {
        words.push(format!("{:.1}% zeros", 100.0 * zeros));
    }
    if !paper.remark.is_empty() {
        words.push(format!("({})", paper.remark));
    }
    words.join(" ")
}

/// The stages in a few words.
fn training(plan: &Plan) -> String {
    let mut words = Vec::new();
    let pretraining: Vec<usize> = plan
        .recipe
        .stages
        .iter()
        .filter(|stage| matches!(stage, Stage::Pretrain(_)))
        .map(Stage::epochs)
        .collect();
    if let Some(epochs) = pretraining.first() {
        words.push(format!("pre-trained {epochs} epochs a layer"));
    }
    for stage in &plan.recipe.stages {
        if let Stage::FineTune(stage) = stage {
            let penalty = match stage.l1.coefficient(0) {
                0.0 => String::new(),
                coefficient => format!(", L1 {coefficient}"),
            };
            words.push(format!(
                "{} epochs, batch {}{penalty}",
                stage.epochs, stage.batch
            ));
        }
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn a_number_at_the_end_is_a_seed() {
        assert_eq!(stem("mnist-pretrained-2"), "mnist-pretrained");
        assert_eq!(stem("mnist-burn-engine"), "mnist-burn-engine");
    }
}
