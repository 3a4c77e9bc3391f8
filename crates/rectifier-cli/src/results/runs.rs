//! The table of runs: one row for all runs that differ in their seed alone.

use super::{folders, json};
use crate::error::CliError;
use crate::output::{count, error_of, note, percent, percents};
use rectifier_catalog::{Plan, further, penalty};
use rectifier_experiments::statistics::mean as over_seeds;
use rectifier_plot::words::duration;
use rectifier_plot::{Align, Table};
use rectifier_train::{Objective, Stage, Summary};
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
    seeds: Vec<u64>,
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
        let seed = std::mem::take(&mut plan.recipe.seed);
        match groups.iter_mut().find(|group| {
            group.name == name && group.plan == plan && group.runs[0].engine == summary.engine
        }) {
            Some(group) if group.seeds.contains(&seed) => note(&format!(
                "note: {}: a run of this plan with seed {seed} is counted already: left out",
                path.display()
            )),
            Some(group) => {
                group.seeds.push(seed);
                group.runs.push(summary);
            }
            None => groups.push(Group {
                name,
                plan,
                seeds: vec![seed],
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

/// The table; none where there is no run.
///
/// # Errors
/// [`CliError`] for a record that cannot be read.
pub fn table(folder: &Path) -> Result<Option<Table>, CliError> {
    let page = folder.join("paper.json");
    let paper: BTreeMap<String, Paper> = match page.is_file() {
        true => json(&page)?,
        false => BTreeMap::new(),
    };
    let mut table = Table::new([
        "record",
        "data",
        "network",
        "training",
        "seeds",
        "test error (95% interval)",
        "paper",
        "exact zeros a layer",
        "time",
        "engine, device",
    ])
    .aligned(4, Align::Right);
    for group in groups(folder, "runs")? {
        let Group {
            name, plan, runs, ..
        } = &group;
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
        let theirs = paper.get(name).map(|paper| theirs(plan, paper));
        table.push([
            name.clone(),
            plan.data.name().to_string(),
            network,
            training(plan, true),
            runs.len().to_string(),
            error(plan, runs),
            theirs.unwrap_or_default(),
            percents(&zeros(runs)),
            duration(mean(runs.iter().map(|run| run.seconds))),
            format!("{}, {}", runs[0].engine, runs[0].device),
        ]);
    }
    Ok((!table.is_empty()).then_some(table))
}

/// The mean zeros of each layer.
fn zeros(runs: &[Summary]) -> Vec<f64> {
    let layers = runs.iter().map(|run| run.zeros.len()).max();
    (0..layers.unwrap_or(0))
        .map(|layer| mean(runs.iter().filter_map(|run| run.zeros.get(layer).copied())))
        .collect()
}

/// The table of penalties: groups in the order of their coefficients; none where there is no run.
///
/// # Errors
/// [`CliError`] for a record that cannot be read.
pub fn penalties(folder: &Path) -> Result<Option<Table>, CliError> {
    let mut groups: Vec<(f64, Group)> = groups(folder, "penalty")?
        .into_iter()
        .map(|group| (coefficient(&group.plan), group))
        .collect();
    groups.sort_by(|a, b| {
        let pretrained = |group: &Group| group.plan.recipe.stages.len();
        (pretrained(&a.1).cmp(&pretrained(&b.1))).then(a.0.total_cmp(&b.0))
    });
    let mut table = Table::new([
        "L1",
        "data",
        "training",
        "seeds",
        "validation error",
        "test error (95% interval)",
        "exact zeros a layer",
        "mean",
    ])
    .aligned(3, Align::Right)
    .aligned(4, Align::Right)
    .aligned(7, Align::Right);
    for (_, Group { plan, runs, .. }) in &groups {
        let zeros = zeros(runs);
        let valid = mean(runs.iter().map(|run| run.valid_error));
        let l1 = plan
            .recipe
            .stages
            .last()
            .and_then(|stage| told(plan, stage));
        table.push([
            l1.map_or("0".into(), |l1| l1.replace("L1 ", "")),
            plan.data.name().to_string(),
            training(plan, false),
            runs.len().to_string(),
            error_of(plan.recipe.objective, valid).1,
            error(plan, runs),
            percents(&zeros),
            percent(mean(zeros.iter().copied())),
        ]);
    }
    Ok((!table.is_empty()).then_some(table))
}

/// The penalty of the last stage's first layer.
fn coefficient(plan: &Plan) -> f64 {
    match plan.recipe.stages.last() {
        Some(Stage::FineTune(stage)) => stage.l1.coefficient(0),
        _ => 0.0,
    }
}

/// Of one run its error with its own interval, which tells how sure its test examples make it. Of several the mean over
/// their seeds with Student's t interval of that mean, and each seed's error.
fn error(plan: &Plan, runs: &[Summary]) -> String {
    let own = |error: f64| error_of(plan.recipe.objective, error).1;
    let name = match plan.recipe.objective {
        Objective::Classification => "",
        Objective::ExpectedRating => "RMSE ",
    };
    let interval = |low, high| format!(" ({} to {})", own(low), own(high));
    if let [run] = runs {
        let own_interval = run.test_interval.map(|(low, high)| interval(low, high));
        return format!(
            "{name}{}{}",
            own(run.test_error),
            own_interval.unwrap_or_default()
        );
    }
    let errors: Vec<f64> = runs.iter().map(|run| run.test_error).collect();
    let each: Vec<String> = errors.iter().map(|error| own(*error)).collect();
    // A record of an error that is no number has no mean, and shows it.
    let middle = match over_seeds(&errors, 0.95) {
        Ok(found) => {
            let around = found.interval.map(|around| {
                // An error is never below 0, whatever the seeds' spread.
                interval(around.low.max(0.0), around.high)
            });
            format!("{}{}", own(found.mean), around.unwrap_or_default())
        }
        Err(problem) => problem.to_string(),
    };
    format!("{name}{middle}; {}", each.join(", "))
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

/// The penalty of a stage of fine-tuning, where it has one.
fn told(plan: &Plan, stage: &Stage) -> Option<String> {
    match stage {
        Stage::FineTune(stage) => penalty(&stage.l1, plan.network.hidden.len()),
        Stage::Pretrain(_) => None,
    }
}

/// The stages in a few words, with their penalties or without.
fn training(plan: &Plan, with_penalty: bool) -> String {
    let mut words = Vec::new();
    // What is the same for every hidden layer is said once.
    let mut layers: Vec<(usize, String)> = Vec::new();
    for stage in &plan.recipe.stages {
        if let Stage::Pretrain(own) = stage {
            let mut how = vec![count(own.epochs, "epoch")];
            how.extend(further(stage));
            layers.push((own.layer, how.join(" with ")));
        }
    }
    let all = (1..=plan.network.hidden.len()).eq(layers.iter().map(|(layer, _)| *layer));
    match layers.as_slice() {
        [(_, how), others @ ..] if all && others.iter().all(|(_, other)| other == how) => {
            words.push(format!("pre-trained {how} a layer"));
        }
        each => words.extend(
            each.iter()
                .map(|(layer, how)| format!("layer {layer} pre-trained {how}")),
        ),
    }
    for stage in &plan.recipe.stages {
        if let Stage::FineTune(own) = stage {
            words.push(count(own.epochs, "epoch"));
            words.push(format!("batch {}", own.batch));
            words.extend(told(plan, stage).filter(|_| with_penalty));
            words.extend(further(stage));
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
