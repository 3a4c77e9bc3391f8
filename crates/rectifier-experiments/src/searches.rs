//! What was tried to choose rates: every search of an experiment as one table.

use crate::labels::word;
use crate::{CellStage, Grid, Labels, Record, Records};
use rectifier_plot::words::number;

/// Every search, one row each, with the score of each rate; the chosen one is bold. None where nothing was chosen.
pub(crate) fn searches(records: &Records) -> Option<Grid> {
    let rows = rows(records);
    let rates = rates(records);
    if rows.is_empty() {
        return None;
    }
    let mut grid = Grid {
        title: "Rates that were tried, in shorter runs, and their scores on the validation part"
            .into(),
        header: ["row", "what is chosen by"].map(String::from).to_vec(),
        words: 2,
        rows: Vec::new(),
    };
    grid.header.extend(rates.iter().map(ToString::to_string));
    for row in rows {
        let pretraining = row.text("search") == Some("pre-training");
        let by = match pretraining {
            true => "pre-training: reconstruction cost of the first layer",
            false => "fine-tuning: error",
        };
        let scores: Vec<Option<Option<f64>>> = rates
            .iter()
            .map(|rate| {
                let labels = row.clone().with("rate", *rate);
                let mut found = records
                    .iter()
                    .filter(|record| record.stage == CellStage::Search && record.labels == labels);
                found.next().map(|record| score(record, pretraining))
            })
            .collect();
        let known = scores.iter().copied().flatten().flatten();
        let lowest = known.fold(f64::INFINITY, f64::min);
        let chosen = scores.iter().position(|score| *score == Some(Some(lowest)));
        let mut cells = vec![row.without("search").to_string(), by.into()];
        cells.extend(scores.iter().enumerate().map(|(place, score)| match score {
            None => String::new(),
            Some(None) => "diverged".into(),
            Some(Some(score)) if chosen == Some(place) => format!("**{}**", number(*score)),
            Some(Some(score)) => number(*score),
        }));
        grid.rows.push(cells);
    }
    Some(grid)
}

/// Searches whose best rate is the largest or the smallest that was tried: one beyond may be better.
pub(crate) fn at_the_edge(records: &Records) -> Vec<String> {
    // What is chosen and where it lies, with the rows of which that is so.
    let mut edges: Vec<(String, Vec<String>)> = Vec::new();
    for row in rows(records) {
        let pretraining = row.text("search") == Some("pre-training");
        let mut tried: Vec<(f64, Option<f64>)> = Vec::new();
        for record in records
            .iter()
            .filter(|record| record.stage == CellStage::Search)
        {
            let rate = record.labels.number("rate");
            if record.labels.clone().without("rate") == row
                && let Some(rate) = rate
            {
                tried.push((rate, score(record, pretraining)));
            }
        }
        // Of equal scores the larger rate's is taken, as where rates are chosen.
        tried.sort_by(|a, b| b.0.total_cmp(&a.0));
        let scored = tried
            .iter()
            .filter_map(|(rate, score)| Some((*rate, (*score)?)));
        let best = scored.min_by(|a, b| a.1.total_cmp(&b.1));
        let (Some(best), [largest, .., smallest]) = (best, tried.as_slice()) else {
            continue;
        };
        let edge = match best.0 {
            rate if rate == largest.0 => "largest",
            rate if rate == smallest.0 => "smallest",
            _ => continue,
        };
        let stage = if pretraining {
            "pre-training"
        } else {
            "fine-tuning"
        };
        let edge = format!(
            "The {edge} rate of the grid, {}, is the best one in {stage} of",
            best.0
        );
        let row = row.clone().without("search").to_string();
        match edges.iter_mut().find(|(known, _)| *known == edge) {
            Some((_, rows)) => rows.push(row),
            None => edges.push((edge, vec![row])),
        }
    }
    let told = edges
        .into_iter()
        .map(|(edge, rows)| format!("{edge} {}: one beyond it may be better.", rows.join("; ")));
    told.collect()
}

/// What a search is decided by; none of a run that diverged.
fn score(record: &Record, pretraining: bool) -> Option<f64> {
    let summary = record.summary()?;
    let score = match pretraining {
        true => {
            record
                .history
                .iter()
                .rev()
                .find(|line| line.stage == 1)?
                .valid_loss
        }
        false => summary.valid_error,
    };
    score.is_finite().then_some(score)
}

/// The labels of every search, without the rate.
fn rows(records: &Records) -> Vec<Labels> {
    let mut rows: Vec<Labels> = Vec::new();
    for record in records
        .iter()
        .filter(|record| record.stage == CellStage::Search)
    {
        let row = record.labels.clone().without("rate");
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows.sort_by_key(ToString::to_string);
    rows
}

/// Every rate that was tried, the largest first.
fn rates(records: &Records) -> Vec<f64> {
    let search = records
        .iter()
        .filter(|record| record.stage == CellStage::Search);
    let mut rates: Vec<f64> = search
        .filter_map(|record| record.labels.number("rate"))
        .collect();
    rates.sort_by(|a, b| b.total_cmp(a));
    rates.dedup();
    rates
}

/// How many runs there are, and how many of them diverged.
pub(crate) fn runs_text(records: &[&Record]) -> String {
    let diverged = records
        .iter()
        .filter(|record| record.summary().is_none())
        .count();
    match diverged {
        0 => records.len().to_string(),
        some => format!("{}, {} diverged", records.len(), word(&some.into())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::fakes::{of, plan};
    use crate::{Cell, Ended};

    #[test]
    fn what_was_tried_is_shown_and_an_edge_told() {
        let cell = |rate: f64| Cell {
            stage: CellStage::Search,
            ..Cell::new(
                plan("tanh", 1, rate),
                Labels::new()
                    .with("unit", "tanh")
                    .with("search", "fine-tuning")
                    .with("rate", rate),
            )
        };
        let mut records: Records = [(0.1, 0.3), (0.01, 0.2), (0.001, 0.1)]
            .map(|(rate, error)| of(&cell(rate), error))
            .into_iter()
            .collect();
        let grid = searches(&records).unwrap();
        assert_eq!(
            grid.rows,
            [["unit=tanh", "fine-tuning: error", "0.3", "0.2", "**0.1**"]]
        );
        let edge = at_the_edge(&records);
        assert!(
            edge.len() == 1 && edge[0].contains("The smallest rate of the grid, 0.001,"),
            "{edge:?}"
        );
        // Also where larger ones came to no number.
        let mut large = of(&cell(0.1), 0.3);
        large.ended = Ended::Diverged {
            reason: "so".into(),
        };
        let mut few = records.clone();
        few.add(large.clone());
        assert!(at_the_edge(&few)[0].contains("The smallest rate of the grid, 0.001,"));
        large.cell = of(&cell(0.01), 0.2).cell;
        large.labels = large.labels.with("rate", 0.01);
        few.add(large);
        assert!(at_the_edge(&few)[0].contains("The smallest rate of the grid, 0.001,"));
        // A search with an open rate chooses nothing yet.
        let cells = [0.1, 0.01, 0.001, 0.0001].map(cell);
        let open = records.labelled(&cells).unwrap();
        assert!(at_the_edge(&open).is_empty() && searches(&open).is_none());
        let mut other = of(&cell(0.1), 0.05);
        records.add(other.clone());
        assert!(at_the_edge(&records)[0].contains("The largest rate of the grid, 0.1,"));
        other.ended = Ended::Diverged {
            reason: "so".into(),
        };
        records.add(other.clone());
        assert_eq!(searches(&records).unwrap().rows[0][2], "diverged");
        assert_eq!(runs_text(&[&other]), "1, 1 diverged");
        assert!(searches(&Records::default()).is_none());
    }
}
