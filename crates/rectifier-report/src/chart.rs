//! Curves and bars as SVG that the page's style sheet colours.

use crate::axis::{BOTTOM, Frame, HEIGHT, Scale, TOP, numbered, place, round_up};
use crate::words::number;
use maud::{Markup, html};

/// More points than this are not marked one by one, though each still tells its value.
const MARKED: usize = 60;

/// One curve.
pub(crate) struct Line {
    pub name: String,
    /// Which colour of the palette; past its end the dashes tell curves apart.
    pub colour: usize,
    pub dashed: bool,
    pub points: Vec<Point>,
}

/// A point of a curve.
#[derive(Clone)]
pub(crate) struct Point {
    pub x: f64,
    pub y: f64,
    /// Points of different stages are not joined.
    pub stage: usize,
    /// What it tells when pointed at.
    pub title: String,
    /// Whether it stands out, as the epoch whose network was kept.
    pub ringed: bool,
}

/// A stretch of the horizontal axis with a name, such as a stage.
#[derive(Clone)]
pub(crate) struct Span {
    pub from: f64,
    pub to: f64,
    pub name: String,
}

/// Where the vertical axis goes from and to.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Extent {
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
pub(crate) struct LineChart<'a> {
    pub title: &'a str,
    pub x_label: &'a str,
    pub y_label: &'a str,
    pub y_text: fn(f64) -> String,
    pub extent: Extent,
    pub lines: &'a [&'a Line],
    pub spans: &'a [Span],
}

/// A bar from `from` to `to`.
pub(crate) struct Bar {
    pub from: f64,
    pub to: f64,
    pub value: f64,
    pub title: String,
    pub colour: usize,
}

/// Bars over one horizontal axis.
pub(crate) struct BarChart<'a> {
    pub title: &'a str,
    pub x_label: &'a str,
    pub y_label: &'a str,
    pub y_text: fn(f64) -> String,
    /// Whether bars are counts.
    pub whole: bool,
    pub bars: &'a [Bar],
    /// Where the horizontal axis is marked; at round numbers if absent.
    pub x_ticks: Option<Vec<(f64, String)>>,
}

/// The classes that give a curve its colour and dashes.
fn style(colour: usize, dashed: bool) -> String {
    const PALETTE: usize = 7;
    let dash = (colour / PALETTE) % 2 + 1;
    let dash = if dashed { 1 } else { dash - 1 };
    format!("s{} d{dash}", colour % PALETTE)
}

/// What tells curves apart, as a list.
pub(crate) fn legend(lines: &[&Line]) -> Markup {
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
        let shown = |y: f64| y.is_finite() && (self.extent != Extent::Log || y > 0.0);
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let ys: Vec<f64> = points().map(|p| p.y).filter(|y| shown(*y)).collect();
        let largest = ys.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let smallest = ys.iter().copied().fold(f64::INFINITY, f64::min);
        if ys.is_empty() {
            return None;
        }
        let y = match self.extent {
            Extent::Zero | Extent::Count => Scale::up(0.0, round_up(largest)),
            Extent::Share => Scale::up(0.0, 1.0),
            Extent::Log => Scale::up_log(smallest * 0.9, largest * 1.1),
        };
        let first = points().map(|p| p.x).fold(f64::INFINITY, f64::min);
        let last = points().map(|p| p.x).fold(f64::NEG_INFINITY, f64::max);
        // Half an epoch of room, so that the outermost points stand clear of the axis.
        let x = Scale::across(first - 0.5, last + 0.5);
        let frame = Frame {
            x,
            y,
            x_label: self.x_label,
            y_label: self.y_label,
            x_ticks: numbered(Scale::across(first, last.max(first + 1e-9)).ticks(8, true))
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
                    @for point in line.points.iter().filter(|point| shown(point.y)) {
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
fn runs(points: &[Point], shown: impl Fn(f64) -> bool) -> impl Iterator<Item = &[Point]> {
    points
        .split(move |point| !shown(point.y))
        .flat_map(|run| run.chunk_by(|a, b| a.stage == b.stage))
        .filter(|run| run.len() > 1)
}

fn path(points: &[Point], x: &Scale, y: &Scale) -> String {
    let places = points
        .iter()
        .map(|point| format!("{},{}", place(x.at(point.x)), place(y.at(point.y))));
    places.collect::<Vec<_>>().join(" ")
}

impl BarChart<'_> {
    /// The chart; nothing where there is no bar.
    pub fn draw(&self) -> Option<Markup> {
        let first = self.bars.first()?.from;
        let last = self.bars.last()?.to;
        let largest = self.bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
        let (x, y) = (
            Scale::across(first, last),
            Scale::up(0.0, round_up(largest)),
        );
        let x_ticks = match &self.x_ticks {
            Some(ticks) => ticks.clone(),
            None => numbered(x.ticks(7, false)),
        };
        let frame = Frame {
            x,
            y,
            x_label: self.x_label,
            y_label: self.y_label,
            x_ticks,
            y_text: self.y_text,
            y_whole: self.whole,
        };
        let plot = html! {
            @for bar in self.bars {
                @let (left, right) = (x.at(bar.from), x.at(bar.to));
                // A unit of air between bars, and a bar that is not empty is seen.
                @let top = match bar.value > 0.0 {
                    true => y.at(bar.value).min(y.at(0.0) - 1.0),
                    false => y.at(0.0),
                };
                rect class=(format!("bar s{}", bar.colour)) x=(place(left + 0.5))
                    y=(place(top)) width=(place((right - left - 1.0).max(0.5)))
                    height=(place(y.at(0.0) - top)) { title { (bar.title) } }
            }
        };
        Some(frame.draw(self.title, &plot))
    }
}

/// What colours of bars stand for, as a list.
pub(crate) fn colours(names: &[(usize, &str)]) -> Markup {
    html! {
        ul class="legend" {
            @for (colour, name) in names {
                li {
                    svg class="swatch" viewBox="0 0 24 8" aria-hidden="true" {
                        rect class=(format!("bar s{colour}")) x="12" width="10" height="8" {}
                    }
                    (name)
                }
            }
        }
    }
}

/// Shares on a vertical axis.
pub(crate) fn percent_tick(share: f64) -> String {
    format!("{}%", number((share * 1e6).round() / 1e4))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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

    #[test]
    fn a_bar_reaches_as_high_as_its_value() {
        let bars = [(0.0, 10.0), (1.0, 5.0), (2.0, 0.0)].map(|(from, value)| Bar {
            from,
            to: from + 1.0,
            value,
            title: String::new(),
            colour: 0,
        });
        let chart = BarChart {
            title: "t",
            x_label: "",
            y_label: "",
            y_text: number,
            whole: false,
            bars: &bars,
            x_ticks: None,
        };
        let drawn = chart.draw().unwrap().into_string();
        let heights: Vec<f64> = drawn
            .split(" height=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(heights[0], 2.0 * heights[1]);
        assert_eq!(heights[2], 0.0);
    }
}
