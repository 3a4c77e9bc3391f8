//! Whole pages of made-up runs, as they are committed: whatever changes in a page shows here, and is read before it is accepted
//! (`INSTA_UPDATE=always cargo test -p rectifier-report --lib`).

#![allow(clippy::unwrap_used)]

use crate::{render, render_comparison, sample};

/// A page a tag a line, without its style, its version and the bytes of its pictures.
fn told(page: &str) -> String {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    let page = format!("{head}{body}").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    const PICTURE: &str = "data:image/png;base64,";
    let mut pieces = page.split(PICTURE);
    let mut told = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (_, after) = piece.split_once('"').unwrap();
        told += &format!("{PICTURE}..\"{after}");
    }
    told.replace("><", ">\n<")
}

#[test]
fn a_page_of_one_run_is_the_committed_one() {
    insta::assert_snapshot!("run", told(&render(&sample::run("one"))));
}

#[test]
fn a_page_of_ratings_is_the_committed_one() {
    insta::assert_snapshot!("ratings", told(&render(&sample::ratings("stars"))));
}

#[test]
fn a_page_of_several_runs_is_the_committed_one() {
    let (one, two) = sample::pair();
    let mut unfinished = sample::run("unfinished");
    unfinished.setup.about_data = one.setup.about_data.clone();
    unfinished.history.truncate(3);
    (unfinished.summary, unfinished.findings) = (None, None);
    let page = render_comparison(&[one, two, unfinished]);
    insta::assert_snapshot!("several", told(&page));
}
