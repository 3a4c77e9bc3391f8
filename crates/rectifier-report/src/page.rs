//! The page around a report, and the pieces that its sections share.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use rectifier_plot::palette;

const STYLE: &str = include_str!("style.css");

/// A whole page: nothing in it is fetched, and nothing in it can run.
pub(crate) fn page(title: &str, body: &Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                meta name="color-scheme" content="light dark";
                title { (title) }
                // An empty icon, or browsers ask for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(palette::variables())) (PreEscaped(palette::CHART_CSS)) (PreEscaped(STYLE)) }
            }
            body {
                (body)
                footer {
                    p { "Made by rectifier " (env!("CARGO_PKG_VERSION")) " from the run's folder; "
                        code { "rectifier report" } " makes it again. This page is one file and needs no network. \
                        Points and cells tell their values when pointed at." }
                }
            }
        }
    };
    markup.into_string()
}

/// A key number: what, how much, and what belongs to it.
pub(crate) struct Tile {
    pub what: &'static str,
    pub value: String,
    pub detail: String,
}

pub(crate) fn tiles(tiles: &[Tile]) -> Markup {
    html! {
        dl class="tiles" {
            @for tile in tiles {
                div { dt { (tile.what) } dd { (tile.value) small { (tile.detail) } } }
            }
        }
    }
}

/// A chart with its caption and legend; `log` is what a reader can switch to.
pub(crate) fn figure(
    caption: &str,
    detail: &str,
    legend: &Markup,
    plain: &Markup,
    log: Option<&Markup>,
    id: &str,
) -> Markup {
    html! {
        figure {
            figcaption { (caption) @if !detail.is_empty() { small { (detail) } } }
            (legend)
            @match log {
                None => (plain),
                Some(log) => div class="switch" {
                    input type="radio" name=(id) id=(format!("{id}-plain")) class="to-plain" checked;
                    input type="radio" name=(id) id=(format!("{id}-log")) class="to-log";
                    span class="modes" {
                        label class="first" for=(format!("{id}-plain")) { "from zero" }
                        label class="last" for=(format!("{id}-log")) { "logarithmic" }
                    }
                    div class="plain" { (plain) }
                    div class="log" { (log) }
                },
            }
        }
    }
}

/// A heading with one line that says how to read what follows.
pub(crate) fn heading(title: &str, lead: &str) -> Markup {
    html! { h2 { (title) } @if !lead.is_empty() { p class="lead" { (lead) } } }
}
