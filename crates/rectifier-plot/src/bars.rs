//! Bars in a page, whose style sheet colours them.

use crate::axis::{place, round_up};
use crate::frame::{Frame, across, numbered, up};
use maud::{Markup, html};

/// A bar from `from` to `to`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Its left edge.
    pub from: f64,
    /// Its right edge.
    pub to: f64,
    /// How high it is, from 0; a bar that is no number is not drawn.
    pub value: f64,
    /// What it tells when pointed at.
    pub title: String,
    /// Which colour of the palette.
    pub colour: usize,
}

/// Bars over one horizontal axis.
pub struct BarChart<'a> {
    /// What it shows, for readers who do not see it.
    pub title: &'a str,
    /// What the horizontal axis tells.
    pub x_label: &'a str,
    /// What the vertical axis tells.
    pub y_label: &'a str,
    /// How numbers of the vertical axis are written.
    pub y_text: fn(f64) -> String,
    /// Whether bars are counts.
    pub whole: bool,
    /// The bars, from left to right.
    pub bars: &'a [Bar],
    /// Where the horizontal axis is marked; at round numbers if absent.
    pub x_ticks: Option<Vec<(f64, String)>>,
}

impl BarChart<'_> {
    /// The chart; nothing where there is no bar.
    pub fn draw(&self) -> Option<Markup> {
        let numbers = |bar: &&Bar| {
            let numbers = [bar.from, bar.to, bar.value];
            numbers.iter().all(|number| number.is_finite())
        };
        let bars: Vec<&Bar> = self.bars.iter().filter(numbers).collect();
        let first = bars.first()?.from;
        let last = bars.last()?.to;
        let largest = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
        let (x, y) = (across(first, last), up(0.0, round_up(largest)));
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
            @for bar in bars {
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
pub fn colours(names: &[(usize, &str)]) -> Markup {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::words::number;

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
