//! How a run was made: command, data, network, stages.

use crate::ReportData;
use crate::page::heading;
use crate::settings::flat;
use maud::{Markup, html};
use rectifier_plot::words::{duration, error, number, percent, thousands};

/// The commands of a run, the recipe as a table and as the file says it.
pub(crate) fn recipe(run: &ReportData) -> Markup {
    let file = serde_json::to_string_pretty(&run.setup.file).unwrap_or_default();
    html! {
        (heading("Recipe", "What makes this run again."))
        (commands(run))
        div class="scroll" { table { tbody {
            (row("data", &run.setup.about_data))
            @if let Some(network) = &run.setup.network {
                @let sizes = run.setup.sizes().unwrap_or_default();
                (row("network", &format!("{}, {sizes}", run.setup.unit())))
                (row("parameters", &thousands(network.parameters() as u64)))
                @if network.flips { (row("sign flips", "half of each layer's units")) }
                @if network.threshold > 0.0 { (row("threshold", &number(network.threshold))) }
            }
            (row("seed", &run.setup.recipe.seed.to_string()))
            @if let Some(summary) = &run.summary {
                (row("computed", &format!("by engine {} on {}", summary.engine, summary.device)))
            }
        } } }
        h3 { "Stages" }
        (stages(run))
        details { summary { "recipe.json" } pre { (file) } }
    }
}

pub(crate) fn commands(run: &ReportData) -> Markup {
    html! {
        @if run.commands.is_empty() {
            p class="note" { "The command was not written down." }
        }
        @for command in &run.commands { pre { (command) } }
    }
}

fn row(name: &str, value: &str) -> Markup {
    html! { tr { th scope="row" class="keep" { (name) } td class="any" { (value) } } }
}

fn stages(run: &ReportData) -> Markup {
    html! {
        div class="scroll" { table {
            thead { tr {
                th { "stage" } th class="n" { "epochs" } th class="n" { "batch" } th class="n" { "rate" } th { "settings" }
            } }
            tbody {
                @for (place, stage) in run.setup.recipe.stages.iter().enumerate() {
                    @let done = run.history.iter().filter(|epoch| epoch.stage == place + 1).count();
                    tr {
                        td class="keep" { (place + 1) ". " (stage.title()) }
                        td class="n" { (done) @if done != stage.epochs() { " of " (stage.epochs()) } }
                        td class="n" { (stage.batch()) }
                        td class="n" { (number(stage.rate().start())) }
                        td style="min-width:16em" { (settings(stage)) }
                    }
                }
            }
        } }
    }
}

/// Whatever else a stage says.
fn settings(stage: &rectifier_train::Stage) -> String {
    const TOLD: [&str; 5] = ["stage", "layer", "epochs", "batch", "rate"];
    let value = serde_json::to_value(stage).unwrap_or_default();
    let words: Vec<String> = flat(&value)
        .into_iter()
        .filter(|(path, _)| !TOLD.contains(&path.as_str()))
        .map(|(path, value)| match path.strip_suffix(".kind") {
            Some(name) => format!("{name} {value}"),
            None => format!("{} {value}", path.replace('.', " ")),
        })
        .collect();
    words.join(", ")
}

/// The most rows of the table of epochs; a run's `history.jsonl` has every one.
const MOST_ROWS: usize = 500;

/// Every epoch in numbers; of very many those that are even apart, each stage's last and the best.
pub(crate) fn epochs(run: &ReportData) -> Markup {
    let share = run.is_share();
    let apart = run.history.len().div_ceil(MOST_ROWS).max(1);
    let kept = run.history.iter().rposition(|epoch| epoch.best);
    let ends = |place: usize| match run.history.get(place + 1) {
        Some(next) => next.stage != run.history[place].stage,
        None => true,
    };
    let shown = |place: &usize| place.is_multiple_of(apart) || kept == Some(*place) || ends(*place);
    let rows = (0..run.history.len())
        .filter(shown)
        .map(|place| &run.history[place]);
    let title = match apart {
        1 => "Every epoch in numbers".to_string(),
        _ => format!("One of {apart} epochs in numbers (history.jsonl has every one)"),
    };
    let error = |value: Option<f64>| value.map_or("\u{2013}".into(), |value| error(value, share));
    html! {
        details { summary { (title) }
            div class="scroll" { table {
                thead { tr {
                    th { "stage" } th class="n" { "epoch" } th class="n" { "rate" }
                    th class="n" { "training loss" } th class="n" { "validation loss" }
                    th class="n" { "wrong in training" } th class="n" { "validation error" }
                    th class="n" { "exact zeros" } th class="n" { "dead" } th class="n" { "time" }
                } }
                tbody {
                    @for epoch in rows {
                        @let zeros: Vec<String> = epoch.zeros.iter().map(|share| percent(*share)).collect();
                        tr class=[epoch.best.then_some("best")] {
                            td class="keep" { (epoch.title) } td class="n" { (epoch.epoch) } td class="n" { (number(epoch.rate)) }
                            td class="n" { (number(epoch.train_loss)) } td class="n" { (number(epoch.valid_loss)) }
                            td class="n" { (epoch.train_error.map_or("\u{2013}".into(), percent)) } td class="n" { (error(epoch.valid_error)) }
                            td class="n" { (zeros.join(" ")) }
                            td class="n" { (epoch.dead.iter().sum::<usize>()) }
                            td class="n" { (duration(epoch.seconds)) }
                        }
                    }
                }
            } }
        }
    }
}
