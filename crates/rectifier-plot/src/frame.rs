//! The frame that the charts of a page stand in.

use crate::axis::{Scale, place};
use crate::words::number;
use maud::{Markup, html};

/// The drawing's size in its own units; the page scales it.
const WIDTH: f64 = 460.0;
pub(crate) const HEIGHT: f64 = 256.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 12.0;
pub(crate) const TOP: f64 = 36.0;
pub(crate) const BOTTOM: f64 = 38.0;

/// The horizontal axis from `low` to `high`.
pub(crate) fn across(low: f64, high: f64) -> Scale {
    Scale::new(low, high, false, LEFT, WIDTH - RIGHT)
}

/// The vertical axis from `low` at the bottom to `high`.
pub(crate) fn up(low: f64, high: f64) -> Scale {
    Scale::new(low, high, false, HEIGHT - BOTTOM, TOP)
}

/// The vertical axis where equal factors are equal distances; both ends above 0.
pub(crate) fn up_log(low: f64, high: f64) -> Scale {
    Scale::new(low, high, true, HEIGHT - BOTTOM, TOP)
}

/// What stands around the plot.
pub(crate) struct Frame<'a> {
    pub x: Scale,
    pub y: Scale,
    pub x_label: &'a str,
    pub y_label: &'a str,
    /// Where the horizontal axis is marked, and with what.
    pub x_ticks: Vec<(f64, String)>,
    /// How numbers of the vertical axis are written.
    pub y_text: fn(f64) -> String,
    /// Whether the vertical axis counts, and is marked at whole numbers alone.
    pub y_whole: bool,
}

impl Frame<'_> {
    /// A chart called `title` with `plot` in it.
    pub fn draw(&self, title: &str, plot: &Markup) -> Markup {
        let (left, right) = (place(LEFT), place(WIDTH - RIGHT));
        let base = HEIGHT - BOTTOM;
        html! {
            svg class="chart" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(title) {
                text class="label" x="0" y="11" { (self.y_label) }
                @for tick in self.y.ticks(5, self.y_whole) {
                    @let y = place(self.y.at(tick));
                    line class="rule" x1=(left) x2=(right) y1=(y) y2=(y) {}
                    text class="tick" x=(place(LEFT - 6.0)) y=(y) dy=".32em" text-anchor="end" {
                        ((self.y_text)(tick))
                    }
                }
                line class="axis" x1=(left) x2=(right) y1=(place(base)) y2=(place(base)) {}
                (plot)
                @for (tick, text) in &self.x_ticks {
                    text class="tick" x=(place(self.x.at(*tick))) y=(place(base + 15.0)) text-anchor="middle" {
                        (text)
                    }
                }
                text class="label" x=(right) y=(place(HEIGHT - 5.0)) text-anchor="end" { (self.x_label) }
            }
        }
    }
}

/// Ticks with the numbers they stand at.
pub(crate) fn numbered(ticks: Vec<f64>) -> Vec<(f64, String)> {
    ticks.into_iter().map(|tick| (tick, number(tick))).collect()
}
