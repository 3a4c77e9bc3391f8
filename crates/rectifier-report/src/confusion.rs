//! Which classes are taken for which.

use crate::Findings;
use crate::page::heading;
use maud::{Markup, html};
use rectifier_plot::words::{percent, thousands};

/// Up to so many classes, cells have room for their numbers.
const NUMBERED: usize = 12;
/// More classes than this make no readable matrix.
const DRAWN: usize = 120;
/// Rows of the lists beside the matrix.
const LISTED: usize = 10;

/// The confusion matrix, and its worst cells and rows as lists.
pub(crate) fn confusion(findings: &Findings) -> Markup {
    let counts = &findings.confusion;
    let lead = format!(
        "Rows are the true classes of the {} part, columns what the network says; a cell's shade is its share of the row.",
        findings.part
    );
    html! {
        (heading("Confusion", &lead))
        @if let Some(one) = findings.evaluation.one_answer() {
            p class="warning" {
                (thousands(one.given)) " of the " (thousands(one.examples)) " examples are taken for " (findings.class_name(one.class))
                ", which " (thousands(one.right)) " are: the network tells next to nothing apart."
            }
        }
        div class="columns" {
            @if counts.len() <= DRAWN { (matrix(findings)) }
            (pairs(findings))
            (classes(findings))
        }
    }
}

/// A name that fits beside a matrix.
fn short(name: &str) -> String {
    const LONGEST: usize = 14;
    match name.chars().count() > LONGEST {
        true => name.chars().take(LONGEST - 1).chain(['\u{2026}']).collect(),
        false => name.into(),
    }
}

fn matrix(findings: &Findings) -> Markup {
    let counts = &findings.confusion;
    let classes = counts.len();
    let numbered = classes <= NUMBERED;
    let (cell, size) = if numbered { (44.0, 13.0) } else { (12.0, 8.5) };
    let names: Vec<String> = (0..classes)
        .map(|class| short(findings.class_name(class)))
        .collect();
    let longest = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(1);
    let margin = 12.0 + 0.62 * size * longest as f64;
    let upright = longest > 3;
    let top = if upright { margin } else { 8.0 + size };
    let (width, height) = (margin + cell * classes as f64, top + cell * classes as f64);
    let at = |start: f64, class: usize| start + cell * class as f64;
    let highest = if numbered { 0.62 } else { 1.0 };
    html! {
        div class="scroll" {
            svg class="cells" viewBox=(format!("0 0 {width:.0} {height:.0}")) role="img"
                aria-label="confusion matrix" font-size=(size)
                width=(format!("{width:.0}")) style=(format!("min-width:{:.0}px", width.min(560.0) * 0.6)) {
                @for (class, name) in names.iter().enumerate() {
                    @let middle = at(0.0, class) + cell / 2.0;
                    text class="name" x=(format!("{:.1}", margin - 5.0)) y=(format!("{:.1}", top + middle))
                        dy=".35em" text-anchor="end" { (name) }
                    @if upright {
                        text class="name" dy=".35em"
                            transform=(format!("translate({:.1},{:.1}) rotate(-90)", margin + middle, top - 5.0)) { (name) }
                    } @else {
                        text class="name" x=(format!("{:.1}", margin + middle)) y=(format!("{:.1}", top - 4.0))
                            text-anchor="middle" { (name) }
                    }
                }
                rect class="empty" x=(format!("{margin:.1}")) y=(format!("{top:.1}"))
                    width=(format!("{:.1}", cell * classes as f64)) height=(format!("{:.1}", cell * classes as f64)) {}
                @for (truth, row) in counts.iter().enumerate() {
                    @let all = row.iter().sum::<u64>();
                    @for (guess, count) in row.iter().enumerate().filter(|(_, count)| **count > 0) {
                        @let share = *count as f64 / all as f64;
                        // The eye tells small shares apart on a square root.
                        @let shade = 0.06 + (highest - 0.06) * share.sqrt();
                        @let (x, y) = (at(margin, guess), at(top, truth));
                        rect class=(if truth == guess { "right" } else { "wrong" })
                            x=(format!("{:.1}", x + 0.5)) y=(format!("{:.1}", y + 0.5))
                            width=(format!("{:.1}", cell - 1.0)) height=(format!("{:.1}", cell - 1.0))
                            fill-opacity=(format!("{shade:.3}")) {
                            title {
                                "true " (findings.class_name(truth)) ", said " (findings.class_name(guess)) "\n"
                                (thousands(*count)) " of " (thousands(all)) " (" (percent(share)) ")"
                            }
                        }
                        @if numbered {
                            text x=(format!("{:.1}", x + cell / 2.0)) y=(format!("{:.1}", y + cell / 2.0))
                                dy=".35em" text-anchor="middle" pointer-events="none" { (count) }
                        }
                    }
                }
            }
        }
    }
}

/// The most frequent confusions.
fn pairs(findings: &Findings) -> Markup {
    let mut pairs: Vec<(usize, usize, u64, u64)> = Vec::new();
    for (truth, row) in findings.confusion.iter().enumerate() {
        let all = row.iter().sum();
        let wrong = row.iter().enumerate();
        let wrong = wrong.filter(|(guess, count)| *guess != truth && **count > 0);
        pairs.extend(wrong.map(|(guess, count)| (truth, guess, *count, all)));
    }
    pairs.sort_by_key(|(_, _, count, _)| std::cmp::Reverse(*count));
    pairs.truncate(LISTED);
    html! {
        @if !pairs.is_empty() {
            div {
                h3 { "Most frequent confusions" }
                table {
                    thead { tr { th { "true" } th { "said" } th class="n" { "examples" } th class="n" { "of the class" } } }
                    tbody {
                        @for (truth, guess, count, all) in pairs {
                            tr {
                                td { (findings.class_name(truth)) } td { (findings.class_name(guess)) }
                                td class="n" { (thousands(count)) }
                                td class="n" { (percent(count as f64 / all as f64)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The classes with the largest share of wrong answers.
fn classes(findings: &Findings) -> Markup {
    let rows = findings.confusion.iter().enumerate();
    let mut rows: Vec<(usize, f64, u64)> = rows
        .map(|(class, row)| {
            let all: u64 = row.iter().sum();
            let right = row.get(class).copied().unwrap_or(0);
            (class, (all - right) as f64 / all.max(1) as f64, all)
        })
        .filter(|(_, _, all)| *all > 0)
        .collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    rows.truncate(LISTED);
    html! {
        div {
            h3 { "Hardest classes" }
            table {
                thead { tr { th { "class" } th class="n" { "wrong" } th class="n" { "examples" } } }
                tbody {
                    @for (class, wrong, all) in rows {
                        tr { td { (findings.class_name(class)) } td class="n" { (percent(wrong)) } td class="n" { (thousands(all)) } }
                    }
                }
            }
        }
    }
}
