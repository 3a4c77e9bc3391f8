//! An experiment as one page that needs no network.

use crate::report::{Drawing, Grid};
use crate::{Ended, Experiment, ExperimentError, Record, Records, Report};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use rectifier_catalog::CatalogError;
use rectifier_plot::palette;
use rectifier_plot::words::{duration, error};
use rectifier_train::Objective;

const STYLE: &str = include_str!("page.css");

/// The page: findings, figures, tables, and every cell with its recipe.
///
/// # Errors
/// [`CatalogError::Syntax`] for a plan that JSON cannot hold.
pub(crate) fn page(
    experiment: &dyn Experiment,
    standing: &str,
    report: &Report,
    records: &Records,
) -> Result<String, ExperimentError> {
    let cells = cells(records)?;
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                meta name="color-scheme" content="light dark";
                title { (experiment.title()) }
                link rel="icon" href="data:,";
                style { (PreEscaped(palette::variables())) (PreEscaped(STYLE)) }
            }
            body {
                h1 { (experiment.title()) }
                p class="lead" { (standing) }
                @if !report.findings.is_empty() {
                    ul class="findings" { @for finding in &report.findings { li { (finding) } } }
                }
                @for drawing in &report.figures { (figure(drawing)) }
                @for grid in &report.tables { (table(grid)) }
                @for note in &report.notes { p class="note" { (note) } }
                (cells)
                footer {
                    p { "Made from the records alone; " code { "rectifier experiment report " (experiment.name()) }
                        " makes it again. Points and cells tell their values when pointed at." }
                }
            }
        }
    };
    Ok(markup.into_string() + "\n")
}

fn figure(drawing: &Drawing) -> Markup {
    html! {
        @if let Some(svg) = drawing.figure.svg() {
            figure { (PreEscaped(svg)) figcaption { (drawing.caption) } }
        }
    }
}

/// Text with what stands between asterisks in bold.
fn cell(text: &str) -> Markup {
    let parts = text.split("**").enumerate();
    html! {
        @for (place, part) in parts {
            @if place % 2 == 1 { strong { (part) } } @else { (part) }
        }
    }
}

fn table(grid: &Grid) -> Markup {
    let class = |place: usize| (place >= grid.words).then_some("number");
    html! {
        h2 { (grid.title) }
        div class="wide" {
            table {
                thead { tr { @for (place, name) in grid.header.iter().enumerate() {
                    th class=[class(place)] { (name) }
                } } }
                tbody {
                    @for row in &grid.rows {
                        tr { @for (place, text) in row.iter().enumerate() {
                            td class=[class(place)] { (cell(text)) }
                        } }
                    }
                }
            }
        }
    }
}

/// Every cell, folded.
fn cells(records: &Records) -> Result<Markup, ExperimentError> {
    let mut rows = Vec::new();
    for record in records.iter() {
        let plan = serde_json::to_string(&record.plan).map_err(CatalogError::Syntax)?;
        let recipe = format!("data:application/json,{}", encoded(&plan));
        let file = format!("{}.json", record.cell);
        let (result, interval, zeros, took) = figures(record);
        rows.push(html! {
            tr {
                td { a href=(recipe) download=(file) title="the recipe, for rectifier train --recipe" { code { (record.cell) } } }
                td { (record.labels) }
                td class="number" { (result) }
                td class="number" { (interval) }
                td class="number" { (zeros) }
                td class="number" { (took) }
            }
        });
    }
    Ok(html! {
        h2 { "Every run" }
        details {
            summary { (records.len()) " runs, each with its recipe" }
            div class="wide" {
                table {
                    thead { tr {
                        th { "recipe" } th { "which" } th class="number" { "test error" } th class="number" { "95% interval" }
                        th class="number" { "zeros a layer" } th class="number" { "took" }
                    } }
                    tbody { @for row in &rows { (row) } }
                }
            }
        }
    })
}

/// Error, its interval, zeros and time of a run.
fn figures(record: &Record) -> (String, String, String, String) {
    match &record.ended {
        Ended::Finished { summary } => {
            let share = record.plan.recipe.objective == Objective::Classification;
            let interval = summary.test_interval.map_or(String::new(), |(low, high)| {
                format!("{} to {}", error(low, share), error(high, share))
            });
            (
                error(summary.test_error, share),
                interval,
                rectifier_plot::words::percents(&summary.zeros),
                duration(summary.seconds),
            )
        }
        Ended::Diverged { reason } => (
            format!("diverged: {reason}"),
            String::new(),
            String::new(),
            String::new(),
        ),
    }
}

/// Text as a part of an address.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b':' | b',' | b'/' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bold_is_bold_and_addresses_are_whole() {
        assert_eq!(
            cell("**1.4** x<").into_string(),
            "<strong>1.4</strong> x&lt;"
        );
        assert_eq!(encoded("{\"a\": 0.1}"), "%7B%22a%22:%200.1%7D");
    }
}
