//! Cells keep their names: a record of today must be found by the version of tomorrow.
#![allow(clippy::unwrap_used)]

use rectifier_experiments::{EXPERIMENTS, Preset, Records, experiment};
use std::collections::BTreeSet;

/// The first cells of every experiment's smallest preset, as names and labels.
fn names() -> String {
    let mut text = String::new();
    for experiment in EXPERIMENTS {
        for cell in experiment
            .cells(Preset::Smoke, &Records::default())
            .unwrap()
        {
            let (name, labels) = (cell.name().unwrap(), &cell.labels);
            text.push_str(&format!("{} {name} {labels}\n", experiment.name()));
        }
    }
    text
}

#[test]
fn names_are_those_that_were_committed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/names.txt");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let now = names();
    if std::env::var_os("RECTIFIER_WRITE_NAMES").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    assert!(
        now == committed,
        "cells have other names than those of tests/names.txt: records would not be found any more. If that is meant, run the \
         test with RECTIFIER_WRITE_NAMES=1 and commit the file. Now:\n{now}"
    );
}

#[test]
fn every_preset_has_cells_of_their_own_names_without_reading_data() {
    for experiment in EXPERIMENTS {
        for preset in Preset::ALL {
            let cells = experiment.cells(preset, &Records::default()).unwrap();
            let names: BTreeSet<String> = cells.iter().map(|cell| cell.name().unwrap()).collect();
            let what = format!("{} {preset}", experiment.name());
            assert!(!cells.is_empty(), "{what}");
            // A search may be shared by rows; final cells never are.
            assert!(
                names.len() == cells.len() || names.len() * 2 > cells.len(),
                "{what}"
            );
            for cell in &cells {
                cell.plan.validate().unwrap();
            }
        }
    }
    let error = experiment("table9").err().map(|error| error.to_string());
    assert!(error.is_some_and(|error| error.contains("table1") && error.contains("nistp-full")));
}

#[test]
fn shares_part_the_cells() {
    let figure3 = experiment("figure3").unwrap();
    let cells = figure3.cells(Preset::Full, &Records::default()).unwrap();
    let mut count = 0;
    for share in ["1/3", "2/3", "3/3"] {
        let own = cells
            .iter()
            .filter(|cell| cell.is_in(share.parse().unwrap()).unwrap());
        let own = own.count();
        assert!((40..95).contains(&own), "{share}: {own}");
        count += own;
    }
    assert_eq!(count, cells.len());
}
