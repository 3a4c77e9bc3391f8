//! First-layer filters and the worst mistakes, to look at.

use crate::page::heading;
use crate::{Findings, Mistake};
use maud::{Markup, html};
use rectifier_plot::words::{percent, thousands};

/// What first-layer units look for; nothing where inputs are no pictures.
pub(crate) fn filters(findings: &Findings) -> Markup {
    let filters = &findings.filters;
    let Some(first) = filters.first() else {
        return html! {};
    };
    let units = findings
        .evaluation
        .layers
        .first()
        .map_or(0, |layer| layer.zeros.len());
    let chosen = match filters.len() == units {
        true => "All units of the first layer".to_string(),
        false => format!(
            "{} of the {} units of the first layer, evenly spaced",
            filters.len(),
            thousands(units as u64)
        ),
    };
    let lead = format!(
        "{chosen}, from those that fire most often to those that fire least. Zero weights are mid-grey; each picture \
         has its own scale."
    );
    // Whole pixels where they fit, so that no row of them is wider than the next.
    let scale = (64 / first.picture.height.max(1)).max(1);
    html! {
        (heading("First-layer filters", &lead))
        ul class="pictures" {
            @for filter in filters {
                @let title = format!("unit {}, fires on {} of the examples", filter.unit, percent(filter.fires));
                li {
                    img src=(filter.picture.uri) alt=(title) title=(title)
                        width=(filter.picture.width * scale) height=(filter.picture.height * scale);
                }
            }
        }
    }
}

/// The worst mistakes with what the network was shown.
pub(crate) fn mistakes(findings: &Findings, is_share: bool) -> Markup {
    let mistakes = &findings.mistakes;
    if mistakes.is_empty() {
        let lead = format!("None on the {} part.", findings.part);
        return html! { (heading("Worst mistakes", &lead)) };
    }
    let lead = match is_share {
        true => format!(
            "The {} {} examples whose true class the network holds least likely.",
            mistakes.len(),
            findings.part
        ),
        false => format!(
            "The {} {} examples whose expected stars are farthest from the true ones.",
            mistakes.len(),
            findings.part
        ),
    };
    let texts = mistakes.iter().any(|mistake| mistake.text.is_some());
    html! {
        (heading("Worst mistakes", &lead))
        @if texts || mistakes.iter().any(|mistake| mistake.picture.is_some()) {
            ul class=(if texts { "gallery texts" } else { "gallery" }) {
                @for mistake in mistakes { li { (card(findings, mistake)) } }
            }
        } @else {
            (list(findings))
        }
    }
}

fn card(findings: &Findings, mistake: &Mistake) -> Markup {
    let (truth, guess) = (
        findings.class_name(mistake.truth),
        findings.class_name(mistake.guess),
    );
    let title = format!(
        "{} example {}: true {truth} (P = {}), said {guess} (P = {})",
        findings.part,
        mistake.example,
        percent(mistake.truth_probability),
        percent(mistake.guess_probability)
    );
    html! {
        @if let Some(picture) = &mistake.picture {
            img src=(picture.uri) alt=(title) title=(title) width=(picture.width) height=(picture.height);
        }
        @if let Some(text) = &mistake.text { p { (text) } }
        (truth) " \u{2192} "
        @match mistake.stars {
            Some(stars) => { span class="to" { (format!("{stars:.2}")) } small { "stars expected" } },
            None => { span class="to" { (guess) } small { (percent(mistake.guess_probability)) " sure" } },
        }
        small { "no. " (mistake.example) }
    }
}

/// Mistakes that can neither be seen nor read.
fn list(findings: &Findings) -> Markup {
    let stars = findings
        .mistakes
        .iter()
        .any(|mistake| mistake.stars.is_some());
    html! {
        div class="scroll" { table {
            thead { tr {
                th class="n" { "example" } th { "true" } th class="n" { "P(true)" } th { "said" } th class="n" { "P(said)" }
                @if stars { th class="n" { "stars expected" } }
            } }
            tbody {
                @for mistake in &findings.mistakes {
                    tr {
                        td class="n" { (mistake.example) }
                        td { (findings.class_name(mistake.truth)) } td class="n" { (percent(mistake.truth_probability)) }
                        td { (findings.class_name(mistake.guess)) } td class="n" { (percent(mistake.guess_probability)) }
                        @if let Some(stars) = mistake.stars { td class="n" { (format!("{stars:.2}")) } }
                    }
                }
            }
        } }
    }
}
