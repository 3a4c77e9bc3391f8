//! Curves in a page, whose style sheet colours them.

use crate::axis::{Scale, place, round_up};
use crate::frame::{BOTTOM, Frame, HEIGHT, TOP, across, numbered, up, up_log};
use maud::{Markup, html};

/// More points than this are not marked one by one, though each still tells its value.
const MARKED: usize = 60;

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What the legend calls it.
    pub name: String,
    /// Which colour of the palette; past its end the dashes tell curves apart.
    pub colour: usize,
    /// Whether its line is dashed.
    pub dashed: bool,
    /// Its points, from left to right.
    pub points: Vec<Point>,
}

/// A point of a curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Across.
    pub x: f64,
    /// Up; a point that is no number leaves a gap.
    pub y: f64,
    /// Points of different stages are not joined.
    pub stage: usize,
    /// What it tells when pointed at.
    pub title: String,
    /// Whether it stands out, as the epoch whose network was kept.
    pub ringed: bool,
}

/// A stretch of the horizontal axis with a name, such as a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Where it starts.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// What it is called.
    pub name: String,
}

/// Where the vertical axis goes from and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// From 0 to what the curves need.
    Zero,
    /// Likewise, in whole numbers.
    Count,
    /// From 0 to 1.
    Share,
    /// Equal factors, equal distances; only what is above 0.
    Log,
}

/// Curves over one horizontal axis.
pub struct LineChart<'a> {
    /// What it shows, for readers who do not see it.
    pub title: &'a str,
    /// What the horizontal axis tells.
    pub x_label: &'a str,
    /// What the vertical axis tells.
    pub y_label: &'a str,
    /// How numbers of the vertical axis are written.
    pub y_text: fn(f64) -> String,
    /// Where the vertical axis goes from and to.
    pub extent: Extent,
    /// The curves.
    pub lines: &'a [&'a Line],
    /// Stretches of the horizontal axis, told apart where there is more than one.
    pub spans: &'a [Span],
}

/// The classes that give a curve its colour and dashes.
fn style(colour: usize, dashed: bool) -> String {
    const PALETTE: usize = 7;
    let dash = (colour / PALETTE) % 2 + 1;
    let dash = if dashed { 1 } else { dash - 1 };
    format!("s{} d{dash}", colour % PALETTE)
}

/// What tells curves apart, as a list.
pub fn legend(lines: &[&Line]) -> Markup {
    html! {
        ul class="legend" {
            @for line in lines {
                li {
                    svg class="swatch" viewBox="0 0 24 8" aria-hidden="true" {
                        line class=(format!("curve {}", style(line.colour, line.dashed)))
                            x1="0" x2="24" y1="4" y2="4" {}
                    }
                    (line.name)
                }
            }
        }
    }
}

impl LineChart<'_> {
    /// The chart; nothing where there is no point to draw.
    pub fn draw(&self) -> Option<Markup> {
        let shown = |point: &Point| {
            let positive = self.extent != Extent::Log || point.y > 0.0;
            point.x.is_finite() && point.y.is_finite() && positive
        };
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let drawn = || points().filter(|point| shown(point));
        let ys: Vec<f64> = drawn().map(|point| point.y).collect();
        let largest = ys.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let smallest = ys.iter().copied().fold(f64::INFINITY, f64::min);
        if ys.is_empty() {
            return None;
        }
        let y = match self.extent {
            Extent::Zero | Extent::Count => up(0.0, round_up(largest)),
            Extent::Share => up(0.0, 1.0),
            Extent::Log => up_log(smallest * 0.9, largest * 1.1),
        };
        let all = || points().map(|point| point.x).filter(|x| x.is_finite());
        let first = all().fold(f64::INFINITY, f64::min);
        let last = all().fold(f64::NEG_INFINITY, f64::max);
        // Half an epoch of room, so that the outermost points stand clear of the axis.
        let x = across(first - 0.5, last + 0.5);
        let frame = Frame {
            x,
            y,
            x_label: self.x_label,
            y_label: self.y_label,
            x_ticks: numbered(across(first, last.max(first + 1e-9)).ticks(8, true))
                .into_iter()
                .filter(|(tick, _)| *tick >= first && *tick <= last)
                .collect(),
            y_text: self.y_text,
            y_whole: self.extent == Extent::Count,
        };
        let marked = self.lines.iter().all(|line| line.points.len() <= MARKED);
        let plot = html! {
            (self.spans(&x, first, last))
            @for line in self.lines {
                g class=(style(line.colour, line.dashed)) {
                    @for run in runs(&line.points, shown) {
                        polyline class="curve" points=(path(run, &x, &y)) {}
                    }
                    @for point in line.points.iter().filter(|point| shown(point)) {
                        circle class=(if marked || point.ringed { "dot" } else { "spot" })
                            cx=(place(x.at(point.x))) cy=(place(y.at(point.y))) r="2.5" {
                            title { (point.title) }
                        }
                        @if point.ringed {
                            circle class="ring" cx=(place(x.at(point.x))) cy=(place(y.at(point.y))) r="6" {}
                        }
                    }
                }
            }
        };
        Some(frame.draw(self.title, &plot))
    }

    /// Names of stages along the top, lines between them.
    fn spans(&self, x: &Scale, first: f64, last: f64) -> Markup {
        let inside: Vec<&Span> = self
            .spans
            .iter()
            .filter(|span| span.to >= first && span.from <= last)
            .collect();
        html! {
            @if inside.len() > 1 {
                @for span in &inside {
                    @let (from, to) = (x.at(span.from.max(first) - 0.5), x.at(span.to.min(last) + 0.5));
                    @if span.from > first {
                        line class="between" x1=(place(from)) x2=(place(from)) y1=(place(TOP - 15.0)) y2=(place(HEIGHT - BOTTOM)) {}
                    }
                    @if to - from > 5.6 * span.name.chars().count() as f64 {
                        text class="stage" x=(place(from + 4.0)) y=(place(TOP - 6.0)) { (span.name) }
                    }
                }
            }
        }
    }
}

/// Stretches of points to be joined: of one stage, with nothing missing between.
fn runs(points: &[Point], shown: impl Fn(&Point) -> bool) -> impl Iterator<Item = &[Point]> {
    points
        .split(move |point| !shown(point))
        .flat_map(|run| run.chunk_by(|a, b| a.stage == b.stage))
        .filter(|run| run.len() > 1)
}

fn path(points: &[Point], x: &Scale, y: &Scale) -> String {
    let places = points
        .iter()
        .map(|point| format!("{},{}", place(x.at(point.x)), place(y.at(point.y))));
    places.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::words::percent_tick;

    fn line(ys: &[f64]) -> Line {
        let points = ys.iter().enumerate().map(|(x, y)| Point {
            x: x as f64 + 1.0,
            y: *y,
            stage: 1,
            title: format!("<{y}>"),
            ringed: x == 1,
        });
        Line {
            name: "a".into(),
            colour: 0,
            dashed: false,
            points: points.collect(),
        }
    }

    fn chart(lines: &[Line], extent: Extent) -> Option<String> {
        let lines: Vec<&Line> = lines.iter().collect();
        let chart = LineChart {
            title: "t",
            x_label: "epoch",
            y_label: "y",
            y_text: percent_tick,
            extent,
            lines: &lines,
            spans: &[],
        };
        chart.draw().map(|markup| markup.into_string())
    }

    #[test]
    fn every_point_tells_its_value_and_gaps_stay_open() {
        let drawn = chart(&[line(&[0.5, 0.4, f64::NAN, 0.2, 0.1])], Extent::Zero).unwrap();
        assert_eq!(drawn.matches("<title>").count(), 4);
        assert_eq!(drawn.matches("<polyline").count(), 2);
        assert_eq!(drawn.matches("class=\"ring\"").count(), 1);
        let mut staged = line(&[0.5, 0.4, 0.3, 0.2]);
        staged.points[3].stage = 2;
        let drawn_staged = chart(&[staged], Extent::Zero).unwrap();
        assert_eq!(drawn_staged.matches("<polyline").count(), 1);
        assert!(
            drawn.contains("&lt;0.5&gt;") && !drawn.contains("NaN"),
            "{drawn}"
        );
    }

    #[test]
    fn a_log_axis_leaves_out_what_is_not_above_zero() {
        let drawn = chart(&[line(&[0.5, 0.0, 0.2, 0.1])], Extent::Log).unwrap();
        assert_eq!(drawn.matches("<title>").count(), 3);
        assert!(chart(&[line(&[0.0, -1.0])], Extent::Log).is_none());
        assert!(chart(&[], Extent::Zero).is_none());
    }

    #[test]
    fn one_point_and_flat_curves_are_drawn() {
        for ys in [&[0.0][..], &[0.3], &[0.3, 0.3], &[0.0, 0.0, 0.0]] {
            for extent in [Extent::Zero, Extent::Share] {
                let drawn = chart(&[line(ys)], extent).unwrap();
                assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
            }
        }
    }
}
