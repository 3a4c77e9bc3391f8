//! Whole pages of made-up runs, as they are committed: whatever changes in a page shows here, and is read before it is accepted
//! (`INSTA_UPDATE=always cargo test -p rectifier-report --lib`).

use crate::{render, render_comparison, sample};
use rectifier_train::Objective;

/// A page a tag a line, without its style, its version and the bytes of its pictures.
fn told(page: &str) -> String {
    let (head, rest) = page.split_once("<style>").unwrap_or((page, ""));
    let (_, body) = rest.split_once("</style>").unwrap_or(("", rest));
    let mut told = format!("{head}{body}").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    const PICTURE: &str = "data:image/png;base64,";
    let mut from = 0;
    while let Some(start) = told[from..].find(PICTURE) {
        let start = from + start + PICTURE.len();
        let end = told[start..]
            .find('"')
            .map_or(told.len(), |end| start + end);
        told.replace_range(start..end, "..");
        from = start;
    }
    told.replace("><", ">\n<")
}

#[test]
fn a_page_of_one_run_is_the_committed_one() {
    insta::assert_snapshot!("run", told(&render(&sample::run("one"))));
}

#[test]
fn a_page_of_ratings_is_the_committed_one() {
    let mut run = sample::run("stars");
    run.setup.recipe.objective = Objective::ExpectedRating;
    if let Some(findings) = &mut run.findings {
        findings.evaluation.rmse = Some(0.75);
    }
    insta::assert_snapshot!("ratings", told(&render(&run)));
}

#[test]
fn a_page_of_several_runs_is_the_committed_one() {
    let (one, mut two, mut unfinished) = (
        sample::run("one"),
        sample::run("two"),
        sample::run("unfinished"),
    );
    two.setup.about_data = one.setup.about_data.clone();
    two.setup.file["seed"] = 2.into();
    if let Some(findings) = &mut two.findings {
        findings.evaluation.errors = Some(0);
    }
    unfinished.setup.about_data = one.setup.about_data.clone();
    unfinished.history.truncate(3);
    (unfinished.summary, unfinished.findings) = (None, None);
    let page = render_comparison(&[one, two, unfinished]);
    insta::assert_snapshot!("several", told(&page));
}
