//! The hidden units: how often they fire, and what they say when they do.

use crate::page::{figure, heading};
use crate::{Findings, Firing, Histogram, RARE, findings::fires};
use maud::{Markup, html};
use rectifier_nn::LayerCounts;
use rectifier_plot::words::{count, number, percent, percent_tick, thousands};
use rectifier_plot::{Bar, BarChart, colours};

/// At most about so many bars in a histogram.
const BARS: usize = 40;
/// This share of the activations at each end goes into the outermost bar.
const TAIL: f64 = 0.001;

/// Units by how often they fire, and activations, of every hidden layer; nothing where there is none.
pub(crate) fn units(findings: &Findings) -> Markup {
    let layers = &findings.evaluation.layers;
    if layers.is_empty() {
        return html! {};
    }
    let lead = format!(
        "On {}. A unit fires when its activation is not exactly 0; one that never does is dead, \
         one that fires on less than {} of the examples is rare.",
        count(
            findings.evaluation.examples,
            &format!("{} example", findings.part)
        ),
        percent_tick(RARE),
    );
    html! {
        (heading("Hidden units", &lead))
        div class="scroll" {
            table {
                thead { tr {
                    th { "layer" } th class="n" { "units" } th class="n" { "exact zeros" }
                    th class="n" { "dead" } th class="n" { "rare" } th class="n" { "common" } th { "" }
                } }
                tbody {
                    @for (place, layer) in layers.iter().enumerate() {
                        @let firing = Firing::of(layer);
                        tr {
                            th scope="row" { (place + 1) }
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
        }
        div class="grid" {
            @for (place, layer) in layers.iter().enumerate() {
                @if let Some(chart) = firing_chart(layer) {
                    (figure(&format!("Layer {}", place + 1), "units by how often they fire", &colours(&[(1, "dead"), (4, "rare"), (0, "common")]), &chart, None, ""))
                }
                @if let Some(histogram) = findings.activations.get(place) {
                    @let detail = format!("activations that are not 0 ({} of all)", percent(others(histogram)));
                    @if let Some(chart) = activation_chart(histogram) {
                        (figure(&format!("Layer {}", place + 1), &detail, &html! {}, &chart, None, ""))
                    }
                }
            }
        }
    }
}

fn others(histogram: &Histogram) -> f64 {
    let others = histogram.others();
    let all = histogram.zeros + histogram.odd + others;
    others as f64 / all.max(1) as f64
}

/// Dead, rare and common units as parts of a bar.
pub(crate) fn stack(firing: &Firing) -> Markup {
    let parts = [
        (firing.dead, "s1", "dead"),
        (firing.rare, "s4", "rare"),
        (firing.common, "s0", "common"),
    ];
    html! {
        div class="stack" {
            @for (units, colour, name) in parts {
                @if units > 0 {
                    span class=(colour) style=(format!("flex:{units} 0 2px")) title=(format!("{name}: {units}")) {}
                }
            }
        }
    }
}

/// Bars of units: dead ones, rare ones, then by the share of examples in steps of 5%.
fn firing_chart(layer: &LayerCounts) -> Option<Markup> {
    const STEPS: usize = 20;
    let mut units = [0u64; STEPS + 2];
    for share in fires(layer) {
        let place = match share {
            0.0 => 0,
            share if share < RARE => 1,
            share => 2 + ((share * STEPS as f64) as usize).min(STEPS - 1),
        };
        units[place] += 1;
    }
    let bars: Vec<Bar> = units
        .iter()
        .enumerate()
        .map(|(place, units)| {
            let from = place as f64 - 2.0;
            let (colour, range) = match place {
                0 => (1, "no example: dead".to_string()),
                1 => (4, format!("less than {}: rare", percent_tick(RARE))),
                2 => (0, "1% to 5%".into()),
                _ => (0, format!("{}% to {}%", 5 * (place - 2), 5 * (place - 1))),
            };
            Bar {
                from,
                to: from + 1.0,
                value: *units as f64,
                title: format!("{}\nfiring on {range}", count(*units as usize, "unit")),
                colour,
            }
        })
        .collect();
    let mut ticks = vec![(-1.5, "0".to_string()), (0.0, percent_tick(RARE))];
    ticks.extend([5.0, 10.0, 15.0, 20.0].map(|step| (step, percent_tick(step / STEPS as f64))));
    let chart = BarChart {
        title: "units by how often they fire",
        x_label: "share of the examples that a unit fires on",
        y_label: "units",
        y_text: number,
        whole: true,
        bars: &bars,
        x_ticks: Some(ticks),
    };
    chart.draw()
}

fn activation_chart(histogram: &Histogram) -> Option<Markup> {
    let bins = histogram.bars(BARS, TAIL);
    let all = histogram.others().max(1) as f64;
    let last = bins.len().saturating_sub(1);
    let bars: Vec<Bar> = bins
        .iter()
        .enumerate()
        .map(|(place, bin)| {
            let share = bin.count as f64 / all;
            let range = match place {
                place if place == last => format!("{} and more", number(bin.from)),
                0 if bin.from < 0.0 => format!("{} and less", number(bin.to)),
                _ => format!("{} to {}", number(bin.from), number(bin.to)),
            };
            Bar {
                from: bin.from,
                to: bin.to,
                value: share,
                title: format!(
                    "{range}\n{} of the activations that are not 0",
                    percent(share)
                ),
                colour: 2,
            }
        })
        .collect();
    let chart = BarChart {
        title: "activations",
        x_label: "activation (the last bar holds what lies beyond)",
        y_label: "share of the activations that are not 0",
        y_text: percent_tick,
        whole: false,
        bars: &bars,
        x_ticks: None,
    };
    chart.draw()
}
