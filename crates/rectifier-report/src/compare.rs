//! The page of several runs side by side.

use crate::page::{heading, page};
use crate::settings::differences;
use crate::single::label;
use crate::{Firing, ReportData, curves, recipe, units::stack};
use maud::{Markup, html};
use rectifier_plot::words::{duration, error, percent, percent_tick, thousands};
use rectifier_plot::{Scale, place};

/// Several runs as a page: results in a table, curves over each other, what differs between their recipes.
pub fn render_comparison(runs: &[ReportData]) -> String {
    let title = format!("{} runs compared", runs.len());
    let body = html! {
        header {
            div class="over" { (title) }
            h1 { (result(runs)) }
            @for run in runs { @for note in &run.notes { p class="warning" { (run.name) ": " (note) } } }
        }
        main {
            (heading("Results", results_lead(runs)))
            (table(runs))
            @if runs.iter().all(ReportData::is_share) { (intervals(runs)) }
            (heading("Curves", "After every epoch. The ring is the epoch whose network was kept."))
            (curves::overlaid(runs))
            (layers(runs))
            (recipes(runs))
        }
    };
    page(&title, &body)
}

/// The run of the lowest test error; none where runs on different data cannot be ranked.
fn lowest(runs: &[ReportData]) -> Option<usize> {
    if !same_data(runs) {
        return None;
    }
    let errors = runs.iter().enumerate();
    let errors = errors.filter_map(|(place, run)| Some((place, run.test_error()?.0)));
    errors
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(place, _)| place)
}

fn results_lead(runs: &[ReportData]) -> &'static str {
    match lowest(runs) {
        Some(_) => {
            "On the test part, with 95% intervals, in the order given; bold is the lowest error."
        }
        None => "On the test part, with 95% intervals, in the order given.",
    }
}

fn same_data(runs: &[ReportData]) -> bool {
    let same = |pair: &[ReportData]| {
        let (a, b) = (&pair[0].setup, &pair[1].setup);
        a.about_data == b.about_data && a.recipe.objective == b.recipe.objective
    };
    runs.windows(2).all(same)
}

fn result(runs: &[ReportData]) -> String {
    let best = lowest(runs).and_then(|place| Some((&runs[place], runs[place].test_error()?.0)));
    match best {
        Some((run, value)) => format!(
            "Lowest test error {}: {}",
            error(value, run.is_share()),
            run.name
        ),
        None if same_data(runs) => "No result yet".into(),
        None => format!("{} runs on different data", runs.len()),
    }
}

fn table(runs: &[ReportData]) -> Markup {
    let best = lowest(runs);
    html! {
        div class="scroll" { table {
            thead { tr {
                th { "run" } th { "network" } th { "data" } th class="n" { "test error" }
                th class="n" { "validation error" } th class="n" { "exact zeros" } th class="n" { "dead" }
                th class="n" { "parameters" } th class="n" { "epochs" } th class="n" { "time" }
            } }
            tbody {
                @for (place, run) in runs.iter().enumerate() {
                    @let share = run.is_share();
                    tr {
                        th scope="row" { (label(run)) }
                        td { (run.setup.unit()) br; span class="keep" { (run.setup.sizes().unwrap_or_default()) } }
                        td { (run.setup.data) }
                        td class="n" {
                            @match run.test_error() {
                                Some((value, interval)) => {
                                    span class=[(best == Some(place)).then_some("best")] { (error(value, share)) }
                                    @if let Some((low, high)) = interval {
                                        br; small { (percent(low)) " to " (percent(high)) }
                                    }
                                },
                                None => "\u{2013}",
                            }
                        }
                        td class="n" { (run.valid_error().map_or("\u{2013}".into(), |(value, _)| error(value, share))) }
                        td class="n" {
                            (run.all_zeros().map_or("\u{2013}".into(), percent))
                        }
                        td class="n" { (run.dead().map_or("\u{2013}".into(), |dead| dead.to_string())) }
                        td class="n" {
                            (run.setup.network.as_ref().map_or("\u{2013}".into(), |n| thousands(n.parameters() as u64)))
                        }
                        td class="n" { (run.history.len()) }
                        td class="n" { (duration(run.seconds())) }
                    }
                }
            }
        } }
    }
}

/// Test errors with their intervals on one axis.
fn intervals(runs: &[ReportData]) -> Markup {
    let found: Vec<(usize, &ReportData, f64, (f64, f64))> = runs
        .iter()
        .enumerate()
        .filter_map(|(place, run)| {
            let (value, interval) = run.test_error()?;
            Some((place, run, value, interval?))
        })
        .collect();
    if found.len() < 2 {
        return html! {};
    }
    let low = found
        .iter()
        .map(|row| row.3.0)
        .fold(f64::INFINITY, f64::min);
    let high = found.iter().map(|row| row.3.1).fold(0.0, f64::max);
    let room = 0.06 * (high - low);
    let start = (low - room).max(0.0);
    let scale = Scale::new(start, high + room, false, 46.0, 448.0);
    let detail = match start > 0.0 {
        true => "with its 95% interval; the axis does not start at 0",
        false => "with its 95% interval",
    };
    const ROW: f64 = 34.0;
    let height = 8.0 + ROW * found.len() as f64;
    html! {
        figure style="max-width:520px;margin-top:14px" {
            figcaption { "Test error" small { (detail) } }
            svg class="chart" viewBox=(format!("0 0 460 {:.0}", height + 22.0)) role="img" aria-label="test errors" {
                @for tick in scale.ticks(6, false) {
                    @let x = place(scale.at(tick));
                    line class="rule" x1=(x) x2=(x) y1="4" y2=(place(height)) {}
                    text class="tick" x=(x) y=(place(height + 15.0)) text-anchor="middle" { (percent_tick(tick)) }
                }
                @for (row, (colour, run, value, (from, to))) in found.iter().enumerate() {
                    @let y = 30.0 + ROW * row as f64;
                    text x="0" y=(place(y - 13.0)) { (shorter(&run.name)) }
                    g class=(format!("s{}", colour % 7)) {
                        line class="curve" x1=(place(scale.at(*from))) x2=(place(scale.at(*to))) y1=(place(y)) y2=(place(y)) {}
                        circle class="dot" cx=(place(scale.at(*value))) cy=(place(y)) r="4" {
                            title { (run.name) "\n" (percent(*value)) ", " (percent(*from)) " to " (percent(*to)) }
                        }
                    }
                }
            }
        }
    }
}

/// A name that fits over its row.
fn shorter(name: &str) -> String {
    const LONGEST: usize = 64;
    match name.chars().count() > LONGEST {
        true => name.chars().take(LONGEST - 1).chain(['\u{2026}']).collect(),
        false => name.into(),
    }
}

/// Zeros and firing of every layer of every run.
fn layers(runs: &[ReportData]) -> Markup {
    let measured = |run: &&ReportData| {
        let findings = run.findings.as_ref();
        findings.is_some_and(|findings| !findings.evaluation.layers.is_empty())
    };
    html! {
        @if runs.iter().any(|run| measured(&run)) {
            (heading("Hidden units", "Dead units fire on no test example, rare ones on less than 1% of them."))
            div class="scroll" { table {
                thead { tr {
                    th { "run" } th class="n" { "layer" } th class="n" { "units" } th class="n" { "exact zeros" }
                    th class="n" { "dead" } th class="n" { "rare" } th class="n" { "common" } th { "" }
                } }
                tbody {
                    @for run in runs.iter().filter(measured) {
                        @for (place, layer) in run.findings.iter().flat_map(|f| &f.evaluation.layers).enumerate() {
                            @let firing = Firing::of(layer);
                            tr {
                                th scope="row" { @if place == 0 { (run.name) } }
                                td class="n" { (place + 1) }
                                td class="n" { (thousands(layer.zeros.len() as u64)) }
                                td class="n" { (percent(layer.share())) }
                                td class="n" { (firing.dead) }
                                td class="n" { (firing.rare) }
                                td class="n" { (firing.common) }
                                td { (stack(&firing)) }
                            }
                        }
                    }
                }
            } }
        }
    }
}

fn recipes(runs: &[ReportData]) -> Markup {
    let files: Vec<_> = runs.iter().map(|run| &run.setup.file).collect();
    let differences = differences(&files);
    html! {
        (heading("What differs", "Settings of the recipes that are not the same in all runs."))
        @if differences.is_empty() {
            p { "Nothing: the runs have the same recipe." }
        } @else {
            div class="scroll" { table {
                thead { tr { th { "setting" } @for run in runs { th { (run.name) } } } }
                tbody {
                    @for (path, values) in &differences {
                        tr {
                            th scope="row" { (path) }
                            @for value in values { td { (value.as_deref().unwrap_or("\u{2013}")) } }
                        }
                    }
                }
            } }
        }
        h3 { "Commands" }
        @for run in runs { p class="note" { (run.name) } (recipe::commands(run)) }
    }
}
