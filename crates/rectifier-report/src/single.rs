//! The page of one run.

use crate::page::{Tile, heading, page, tiles};
use crate::{ReportData, confusion, curves, gallery, recipe, units};
use maud::{Markup, html};
use rectifier_plot::words::{count, duration, error, number, percent, thousands};

/// One run as a page: the result, how it came about, what the network is like inside, where it errs, how to make it
/// again.
pub fn render(run: &ReportData) -> String {
    let result = result(run);
    let body = html! {
        header {
            div class="over" {
                "Run " (run.name)
                @if run.summary.is_none() { " \u{b7} " span class="state" { (standing(run)) } }
            }
            h1 { (result) }
            p { (about(run)) }
            (tiles(&key_numbers(run)))
            @for note in &run.notes { p class="warning" { (note) } }
        }
        main {
            @if run.history.is_empty() {
                (heading("Curves", "No epoch has ended yet."))
            } @else {
                (heading("Curves", curves_lead(run)))
                (curves::of_run(run))
                (recipe::epochs(run))
            }
            @if let Some(findings) = &run.findings {
                (units::units(findings))
                (gallery::filters(findings))
                (confusion::confusion(findings))
                (gallery::mistakes(findings, run.is_share()))
            }
            (recipe::recipe(run))
        }
    };
    page(&format!("{}: {result}", run.name), &body)
}

/// The outcome in a few words.
fn result(run: &ReportData) -> String {
    let what = |part: &str| match run.is_share() {
        true => format!("{part} error"),
        false => format!("stars {part} RMSE"),
    };
    let so_far = if run.summary.is_some() { "" } else { " so far" };
    match (run.test_error(), run.valid_error()) {
        (Some((value, _)), _) => {
            format!("{} {}{so_far}", error(value, run.is_share()), what("test"))
        }
        (None, Some((value, _))) => {
            format!(
                "{} {}{so_far}",
                error(value, run.is_share()),
                what("validation")
            )
        }
        (None, None) => "No result yet".into(),
    }
}

/// How far a run without a result has come.
pub(crate) fn standing(run: &ReportData) -> String {
    let of = run.setup.recipe.total_epochs();
    format!(
        "not finished, {} of {}",
        run.history.len(),
        count(of, "epoch")
    )
}

fn about(run: &ReportData) -> String {
    let network = match run.setup.sizes() {
        Some(sizes) => format!("A {} network {sizes}", run.setup.unit()),
        None => "A network".into(),
    };
    let pretrained = run
        .setup
        .recipe
        .stages
        .iter()
        .any(|stage| matches!(stage, rectifier_train::Stage::Pretrain(_)));
    let how = if pretrained {
        ", pre-trained without labels,"
    } else {
        ""
    };
    format!("{network}{how} on {}.", run.setup.about_data)
}

fn curves_lead(run: &ReportData) -> &'static str {
    match run.valid_error() {
        Some(_) => {
            "After every epoch. The ring is the epoch whose network was kept: the lowest validation error."
        }
        None => "After every epoch.",
    }
}

fn key_numbers(run: &ReportData) -> Vec<Tile> {
    let share = run.is_share();
    let mut found = Vec::new();
    if let Some((value, interval)) = run.test_error() {
        found.push(Tile {
            what: "test error",
            value: error(value, share),
            detail: match interval {
                Some((low, high)) => format!("95% interval {} to {}", percent(low), percent(high)),
                None => "RMSE in stars".into(),
            },
        });
    }
    if let Some((value, epoch)) = run.valid_error() {
        found.push(Tile {
            what: "validation error",
            value: error(value, share),
            detail: format!("best, after epoch {epoch}"),
        });
    }
    let zeros = run.zeros();
    if !zeros.is_empty() {
        let layers: Vec<String> = zeros
            .iter()
            .map(|share| format!("{:.0}%", 100.0 * share))
            .collect();
        found.push(Tile {
            what: "exact zeros",
            value: run.all_zeros().map_or(String::new(), percent),
            detail: match layers.len() {
                1 => "in the hidden layer".into(),
                _ => format!("layer by layer {}", layers.join(", ")),
            },
        });
    }
    if let (Some(dead), Some(network)) = (run.dead(), &run.setup.network) {
        let units: usize = network.hidden.iter().sum();
        if units > 0 {
            found.push(Tile {
                what: "dead units",
                value: thousands(dead as u64),
                detail: format!("of {} hidden", thousands(units as u64)),
            });
        }
    }
    if let Some(network) = &run.setup.network {
        found.push(Tile {
            what: "parameters",
            value: short(network.parameters()),
            detail: format!("seed {}", run.setup.recipe.seed),
        });
    }
    found.push(Tile {
        what: "time",
        value: duration(run.seconds()),
        detail: match &run.summary {
            Some(_) => count(run.history.len(), "epoch"),
            None => format!("{} so far", count(run.history.len(), "epoch")),
        },
    });
    found
}

/// 1797010 as 1.797 M.
fn short(number_of: usize) -> String {
    match number_of {
        0..100_000 => thousands(number_of as u64),
        100_000..1_000_000 => format!("{}\u{202f}k", number(number_of as f64 / 1e3)),
        _ => format!("{}\u{202f}M", number(number_of as f64 / 1e6)),
    }
}

/// The line that charts and tables of several runs name a run by.
pub(crate) fn label(run: &ReportData) -> Markup {
    html! {
        (run.name)
        @if run.summary.is_none() { " " span class="state" { (standing(run)) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{render_comparison, sample};

    const HOSTILE: &str =
        "</title><script>alert('1')</script>\"><img src=x onerror=y> & \u{202e} <b>";

    /// Asserts that every element is closed where it must be.
    fn well_formed(page: &str) {
        const VOID: [&str; 5] = ["br", "meta", "link", "img", "input"];
        let mut open: Vec<&str> = Vec::new();
        for piece in page.split('<').skip(1) {
            let (tag, _) = piece.split_once('>').unwrap_or((piece, ""));
            let name = tag.split_whitespace().next().unwrap_or_default();
            match name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "{tag}"),
                None if VOID.contains(&name) || name == "!DOCTYPE" => {}
                None => open.push(name),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }

    fn self_contained(page: &str) {
        well_formed(page);
        for outside in ["http:", "https:", "<script", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn a_page_tells_everything_of_a_run() {
        let page = render(&sample::run("tidy"));
        self_contained(&page);
        for text in [
            "<title>tidy: 25.00% test error</title>",
            "<h1>25.00% test error</h1>",
            "Exact zeros",
            "Reconstruction",
            "units by how often they fire",
            "First-layer filters",
            "confusion matrix",
            "true tidy zero, said one\n1 of 2 (50.00%)",
            "Worst mistakes",
            "rectifier train --out 'tidy'",
            "masking",
            "recipe.json",
            "tidy note",
            "prefers-color-scheme:dark",
        ] {
            assert!(page.contains(text), "{text}");
        }
        assert!(!page.contains("true one, said tidy zero"));
        // Ringed once in each chart of error and loss, on both axes.
        assert_eq!(page.matches("class=\"ring\"").count(), 4);
        assert!(!page.contains("NaN"));
    }

    #[test]
    fn a_run_of_many_epochs_has_a_page_that_is_not_much_larger() {
        let mut run = sample::run("long");
        let last = run.history.pop().map(|last| {
            let many = (0..20_000).map(|epoch| rectifier_train::EpochRecord {
                epoch: last.epoch + epoch,
                valid_loss: 1.0 / (1 + epoch) as f64,
                best: epoch == 7_777,
                ..last.clone()
            });
            run.history.iter_mut().for_each(|epoch| epoch.best = false);
            run.history.extend(many);
        });
        assert!(last.is_some());
        let page = render(&run);
        self_contained(&page);
        assert!(page.len() < 2 << 20, "{}", page.len());
        assert_eq!(page.matches("class=\"ring\"").count(), 4);
        assert!(page.contains("epochs in numbers (history.jsonl has every one)"));
        assert!(page.contains("epoch 7780\n"), "the kept epoch");
    }

    #[test]
    fn any_text_in_names_stays_text() {
        let mut run = sample::run(HOSTILE);
        if let Some(findings) = &mut run.findings {
            findings.mistakes[0].text = Some(HOSTILE.into());
        }
        for page in [render(&run), render_comparison(&[run.clone(), run])] {
            self_contained(&page);
            assert!(!page.contains("<b>") && !page.contains("<img src=x"));
            assert!(page.contains("&lt;script&gt;"));
        }
    }

    #[test]
    fn an_unfinished_run_says_how_far_it_is() {
        let mut run = sample::run("half");
        run.summary = None;
        let page = render(&run);
        assert!(
            page.contains("not finished, 5 of 5 epochs")
                && page.contains("25.00% test error so far")
        );
        run.findings = None;
        assert!(render(&run).contains("25.00% validation error so far"));
        run.history.truncate(1);
        let page = render(&run);
        self_contained(&page);
        assert!(page.contains("No result yet") && page.contains("1 of 5 epochs"));
        run.history.clear();
        run.commands.clear();
        let page = render(&run);
        self_contained(&page);
        assert!(page.contains("No epoch has ended yet") && page.contains("not written down"));
    }

    #[test]
    fn ratings_are_told_in_stars() {
        let mut run = sample::ratings("stars");
        if let Some(findings) = &mut run.findings {
            findings.filters.clear();
            findings.mistakes[0].picture = None;
        }
        let page = render(&run);
        self_contained(&page);
        assert!(page.contains("0.8066 stars test RMSE") && page.contains("stars expected"));
        // Wrong classes in training do not share an axis with stars: reconstruction and loss alone have two curves.
        let page_of_classes = render(&sample::run("stars"));
        let trained = |page: &str| page.matches("</svg>training</li>").count();
        assert_eq!((trained(&page_of_classes), trained(&page)), (3, 2));
        assert!(!page.contains("First-layer filters"));
    }

    #[test]
    fn a_network_that_is_no_stack_is_told_as_far_as_it_can_be() {
        let mut run = sample::run("conv");
        run.setup.network = None;
        self_contained(&render(&run));
        self_contained(&render_comparison(&[run.clone(), sample::run("other")]));
    }

    #[test]
    fn several_runs_stand_side_by_side() {
        let apart = render_comparison(&[sample::run("one"), sample::run("two")]);
        assert!(apart.contains("<h1>2 runs on different data</h1>"));
        let (one, two) = sample::pair();
        let page = render_comparison(&[one.clone(), two]);
        self_contained(&page);
        assert!(
            page.contains("<h1>Lowest test error 0.00%: two</h1>"),
            "{page}"
        );
        assert!(page.contains("<th scope=\"row\">seed</th><td>1</td><td>2</td>"));
        assert!(render_comparison(&[one.clone(), one]).contains("the same recipe"));
    }
}
