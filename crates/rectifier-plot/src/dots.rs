//! Many rows of dots over one axis: who takes how long at what.

use crate::axis::{Axis, place};
use crate::drawing::{EDGE, Key, RIGHT, Sign, WIDTH, file, head, mark, series};
use crate::layer::{Mark, Stroke};
use crate::palette::{SERIES, Theme};
use crate::words::count;
use maud::html;

const LABELS: f64 = 190.0;
const ROW: f64 = 17.0;
const HEADING: f64 = 24.0;

/// A row of dots.
#[derive(Clone, Debug, PartialEq)]
pub struct DotRow {
    /// What stands before it.
    pub name: String,
    /// Where it has dots: which of the plot's names, the value, and what it tells when pointed at.
    pub dots: Vec<(usize, f64, String)>,
}

/// Rows under a heading.
#[derive(Clone, Debug, PartialEq)]
pub struct DotGroup {
    /// The heading.
    pub name: String,
    /// The rows.
    pub rows: Vec<DotRow>,
}

/// Rows of dots over one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct DotPlot {
    /// What it shows.
    pub title: String,
    /// Lines below the title.
    pub notes: Vec<String>,
    /// Across.
    pub x: Axis,
    /// Whose dots there are, in the order of their colours.
    pub names: Vec<String>,
    /// The rows.
    pub groups: Vec<DotGroup>,
}

impl DotPlot {
    /// The plot as a file of SVG, light or dark as the reader's system is; none where there is no dot.
    pub fn svg(&self) -> Option<String> {
        self.svg_in(Theme::Auto)
    }

    /// As [`svg`](Self::svg), in a theme.
    pub fn svg_in(&self, theme: Theme) -> Option<String> {
        const MARKS: [Mark; 4] = [Mark::Dot, Mark::Square, Mark::Cross, Mark::Ring];
        // Dots of equal times lie on each other: shapes tell them apart.
        let shape = |who: usize| MARKS[who % MARKS.len()];
        // Grey is left to what is no candidate.
        let colour = |who: usize| who % (SERIES - 1);
        let keys: Vec<Key> = self
            .names
            .iter()
            .enumerate()
            .map(|(who, name)| Key {
                name: name.clone(),
                colour: colour(who),
                sign: Sign::Line(Stroke::None, Some(shape(who))),
            })
            .collect();
        let rows = || self.groups.iter().flat_map(|group| &group.rows);
        let dots = || rows().flat_map(|row| &row.dots).map(|dot| dot.1);
        let missing = dots().filter(|value| !self.x.shows(*value)).count();
        let mut notes = self.notes.clone();
        if missing > 0 {
            notes.push(format!(
                "Left out, being no number or beyond the axis: {}.",
                count(missing, "dot")
            ));
        }
        let (head, top) = head(&self.title, &notes, &keys);
        let top = top + 20.0;
        let height: f64 = self
            .groups
            .iter()
            .map(|group| HEADING + ROW * group.rows.len() as f64)
            .sum();
        let base = top + height + 6.0;
        let x = self.x.scale(dots(), LABELS, WIDTH - RIGHT)?;
        let ticks = self.x.marks(&x, 8);
        let tops = self.groups.iter().scan(top, |next, group| {
            let own = *next;
            *next += HEADING + ROW * group.rows.len() as f64;
            Some(own)
        });
        let content = html! {
            (head)
            @for (at, text) in &ticks {
                text x=(place(*at)) y=(place(top - 6.0)) text-anchor="middle" { (text) }
                text x=(place(*at)) y=(place(base + 17.0)) text-anchor="middle" { (text) }
            }
            text x=(place(WIDTH - RIGHT)) y=(place(base + 36.0)) text-anchor="end" { (self.x.label) }
            @for (group, y) in self.groups.iter().zip(tops) {
                text class="name" x=(place(EDGE)) y=(place(y + HEADING - 7.0)) { (group.name) }
                @for (at, _) in &ticks {
                    line class="rule" x1=(place(*at)) x2=(place(*at)) y1=(place(y + HEADING))
                        y2=(place(y + HEADING + ROW * group.rows.len() as f64)) {}
                }
                @for (line, row) in group.rows.iter().enumerate() {
                    @let middle = y + HEADING + ROW * (line as f64 + 0.5);
                    text x=(place(LABELS - 14.0)) y=(place(middle)) dy=".33em" text-anchor="end" { (row.name) }
                    line class="rule" x1=(place(LABELS)) x2=(place(WIDTH - RIGHT)) y1=(place(middle)) y2=(place(middle)) {}
                    @for (who, value, title) in row.dots.iter().filter(|dot| self.x.shows(dot.1)) {
                        g class=(series(colour(*who))) { (mark(shape(*who), x.at(*value), middle, title)) }
                    }
                }
            }
        };
        Some(file(&self.title, base + 48.0, &content, theme))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::drawing::tests::well_formed;

    #[test]
    fn every_row_has_its_dots() {
        let row = |name: &str, values: &[f64]| DotRow {
            name: name.into(),
            dots: values
                .iter()
                .enumerate()
                .map(|(who, value)| (who, *value, format!("<{value}>")))
                .collect(),
        };
        let plot = DotPlot {
            title: "speed".into(),
            notes: Vec::new(),
            x: Axis::log("ms"),
            names: vec!["sparse".into(), "burn".into()],
            groups: vec![
                DotGroup {
                    name: "train".into(),
                    rows: vec![row("1", &[0.1, 3.0]), row("10", &[0.5, 7.0])],
                },
                DotGroup {
                    name: "infer".into(),
                    rows: vec![row("1", &[0.05, f64::NAN])],
                },
            ],
        };
        let svg = plot.svg().unwrap();
        assert!(well_formed(&svg), "{svg}");
        assert_eq!(svg.matches("<title>&lt;").count(), 5);
        assert!(svg.contains("beyond the axis: 1 dot.") && !svg.contains("\"NaN"));
        let none = DotPlot {
            groups: Vec::new(),
            ..plot
        };
        assert!(none.svg().is_none());
    }
}
