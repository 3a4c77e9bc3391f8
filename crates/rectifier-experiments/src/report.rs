//! What an experiment's records say: findings, tables and figures, as files.

use crate::cell::names;
use crate::page;
use crate::{Ended, Experiment, ExperimentError, Preset, Record, Records};
use rectifier_plot::words::count;
use rectifier_plot::{Align, Figure, Table};
use std::fmt::Write as _;

/// What an experiment makes of its records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Sentences that follow from the records.
    pub findings: Vec<String>,
    /// Tables, the most important one first.
    pub tables: Vec<Grid>,
    /// Figures.
    pub figures: Vec<Drawing>,
    /// What a reader has to know: what was left out, what the data is, where numbers of others come from.
    pub notes: Vec<String>,
}

/// A table with a title. A cell between two pairs of asterisks is bold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// What it shows.
    pub title: String,
    /// The names of its columns.
    pub header: Vec<String>,
    /// How many columns, from the left, are words.
    pub words: usize,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

/// A figure with a name for its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// The file's name without its end, `figure` or `figure-..`.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// The drawing.
    pub figure: Figure,
}

/// A file that was made of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub text: String,
}

impl Grid {
    /// A table without rows whose first so many columns are words.
    pub fn new<const N: usize>(title: impl Into<String>, words: usize, header: [&str; N]) -> Self {
        Self {
            title: title.into(),
            header: header.iter().map(ToString::to_string).collect(),
            words,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn push(&mut self, row: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(row.into_iter().map(Into::into).collect());
    }

    /// As a table to be written.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&self.header);
        for place in self.words..self.header.len() {
            table = table.aligned(place, Align::Right);
        }
        for row in &self.rows {
            table.push(row);
        }
        table
    }
}

impl Drawing {
    /// A figure called so.
    pub fn new(name: impl Into<String>, caption: impl Into<String>, figure: Figure) -> Self {
        Self {
            name: name.into(),
            caption: caption.into(),
            figure,
        }
    }
}

/// Every file of an experiment's report, from records alone: the same records, the same bytes. Records of cells that the
/// preset does not have (another preset's, or those of an earlier version of the experiment) are left out.
///
/// # Errors
/// [`ExperimentError`] for numbers that nothing can be made of.
pub fn artifacts(
    experiment: &dyn Experiment,
    preset: Preset,
    records: &Records,
) -> Result<Vec<Artifact>, ExperimentError> {
    let Made {
        own,
        standing,
        report,
    } = Made::of(experiment, preset, records)?;
    let mut files = vec![
        Artifact {
            name: "table.md".into(),
            text: markdown(experiment, &standing, &report),
        },
        Artifact {
            name: "table.csv".into(),
            text: csv(&report),
        },
        Artifact {
            name: "cells.csv".into(),
            text: cells(&own).table().csv(),
        },
    ];
    for drawing in &report.figures {
        if let Some(text) = drawing.figure.svg() {
            let name = format!("{}.svg", drawing.name);
            files.push(Artifact { name, text });
        }
    }
    files.push(Artifact {
        name: "index.html".into(),
        text: page::page(experiment, &standing, &report, &own)?,
    });
    Ok(files)
}

/// An experiment's most important table with how much of it there is above and what follows from it below, in Markdown: for pages
/// that show several experiments. `None` where there is no record of the preset.
///
/// # Errors
/// As [`artifacts`].
pub fn digest(
    experiment: &dyn Experiment,
    preset: Preset,
    records: &Records,
) -> Result<Option<String>, ExperimentError> {
    let Made {
        own,
        standing,
        report,
    } = Made::of(experiment, preset, records)?;
    let Some(grid) = report.tables.first().filter(|_| !own.is_empty()) else {
        return Ok(None);
    };
    let table = grid.table().markdown();
    let found = bullets(&report.findings);
    Ok(Some(format!("{standing}\n\n{table}\n{found}")))
}

/// What a preset's records say.
struct Made {
    own: Records,
    standing: String,
    report: Report,
}

impl Made {
    fn of(
        experiment: &dyn Experiment,
        preset: Preset,
        records: &Records,
    ) -> Result<Self, ExperimentError> {
        let known = experiment.cells(preset, records)?;
        let names = names(&known)?;
        let of_it = |record: &&Record| names.contains(&record.cell);
        let own: Records = records.iter().filter(of_it).cloned().collect();
        Ok(Self {
            report: experiment.report(&own.labelled(&known)?)?,
            standing: standing(preset, &own, names.len()),
            own,
        })
    }
}

/// How much of a preset there is.
fn standing(preset: Preset, records: &Records, known: usize) -> String {
    let searched = |record: &&Record| record.stage == crate::CellStage::Search;
    let searched = records.iter().filter(searched).count();
    let diverged = |record: &&Record| matches!(record.ended, Ended::Diverged { .. });
    let diverged = records.iter().filter(diverged).count();
    let missing = known.saturating_sub(records.len());
    let mut text = format!(
        "Preset {preset}: {}, {searched} of them to choose rates by validation",
        count(records.len(), "run")
    );
    if diverged > 0 {
        let _ = write!(text, "; {diverged} diverged");
    }
    match missing {
        0 => text.push('.'),
        missing => {
            let _ = write!(
                text,
                "; {missing} are not run yet, what follows is of those that are."
            );
        }
    }
    text
}

fn markdown(experiment: &dyn Experiment, standing: &str, report: &Report) -> String {
    let mut text = format!("# {}\n\n{standing}\n", experiment.title());
    text.push_str(&bullets(&report.findings));
    if !report.findings.is_empty() {
        text.push('\n');
    }
    for drawing in report
        .figures
        .iter()
        .filter(|drawing| drawing.figure.svg().is_some())
    {
        let _ = write!(text, "\n![{}]({}.svg)\n", drawing.caption, drawing.name);
    }
    for grid in &report.tables {
        let _ = write!(text, "\n## {}\n\n{}\n", grid.title, grid.table().markdown());
    }
    for note in &report.notes {
        let _ = write!(text, "\n{note}\n");
    }
    text
}

/// Sentences as a list, each on a line of its own behind a line break.
fn bullets(findings: &[String]) -> String {
    findings
        .iter()
        .map(|finding| format!("\n- {finding}"))
        .collect()
}

/// All tables below each other, each under its title.
fn csv(report: &Report) -> String {
    match report.tables.as_slice() {
        [only] => plain(only).table().csv(),
        tables => {
            let each = tables
                .iter()
                .map(|grid| format!("# {}\n{}", grid.title, plain(grid).table().csv()));
            each.collect::<Vec<_>>().join("\n")
        }
    }
}

/// Without what makes cells bold.
fn plain(grid: &Grid) -> Grid {
    let rows = grid.rows.iter().map(|row| {
        let cells = row.iter().map(|cell| cell.replace("**", ""));
        cells.collect()
    });
    Grid {
        rows: rows.collect(),
        ..grid.clone()
    }
}

/// One row a record: what other programs read.
fn cells(records: &Records) -> Grid {
    let mut axes: Vec<&str> = Vec::new();
    for record in records.iter() {
        for (axis, _) in record.labels.axes() {
            if !axes.contains(&axis) {
                axes.push(axis);
            }
        }
    }
    axes.sort_unstable();
    let numbers = [
        "test_error",
        "valid_error",
        "test_loss",
        "zeros",
        "dead",
        "epochs",
        "best_epoch",
        "seconds",
    ];
    let header = ["cell", "stage", "ended"]
        .into_iter()
        .chain(axes.iter().copied())
        .chain(numbers);
    let mut grid = Grid {
        header: header.map(String::from).collect(),
        words: 3 + axes.len(),
        ..Grid::default()
    };
    for record in records.iter() {
        let stage = match record.stage {
            crate::CellStage::Search => "search",
            crate::CellStage::Final => "final",
        };
        let ended = match &record.ended {
            Ended::Finished { .. } => "finished",
            Ended::Diverged { .. } => "diverged",
        };
        let mut row = vec![record.cell.clone(), stage.into(), ended.into()];
        for axis in &axes {
            row.push(
                record
                    .labels
                    .get(axis)
                    .map_or(String::new(), crate::labels::word),
            );
        }
        if let Some(summary) = record.summary() {
            row.push(summary.test_error.to_string());
            row.push(summary.valid_error.to_string());
            row.push(format!("{:.6}", summary.test_loss));
            row.push(
                record
                    .zeros()
                    .map_or(String::new(), |share| format!("{share:.6}")),
            );
            row.push(summary.dead.iter().sum::<usize>().to_string());
            row.push(summary.epochs.to_string());
            row.push(summary.best_epoch.to_string());
            row.push(format!("{:.1}", summary.seconds));
        }
        grid.rows.push(row);
    }
    grid
}
