//! From numbers to places on a drawing: scales, round ticks, and the frame that charts stand in.

use crate::words::number;
use maud::{Markup, html};

/// The drawing's size in its own units; the page scales it.
pub(crate) const WIDTH: f64 = 460.0;
pub(crate) const HEIGHT: f64 = 256.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 12.0;
pub(crate) const TOP: f64 = 36.0;
pub(crate) const BOTTOM: f64 = 38.0;

/// How an axis maps numbers to places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    log: bool,
    from: f64,
    to: f64,
}

impl Scale {
    /// The horizontal axis from `low` to `high`.
    pub fn across(low: f64, high: f64) -> Self {
        Self::new(low, high, false, LEFT, WIDTH - RIGHT)
    }

    /// The vertical axis from `low` at the bottom to `high`.
    pub fn up(low: f64, high: f64) -> Self {
        Self::new(low, high, false, HEIGHT - BOTTOM, TOP)
    }

    /// The vertical axis where equal factors are equal distances; both ends above 0.
    pub fn up_log(low: f64, high: f64) -> Self {
        Self::new(low, high, true, HEIGHT - BOTTOM, TOP)
    }

    /// An axis from `low` at the place `from` to `high` at the place `to`; both numbers above 0 where it is `log`.
    pub fn new(low: f64, high: f64, log: bool, from: f64, to: f64) -> Self {
        // A range of nothing is widened, so that what lies in it has a place.
        let high = match (high > low, log) {
            (true, _) => high,
            (false, true) => 2.0 * low,
            (false, false) => low + 1.0,
        };
        Self {
            low,
            high,
            log,
            from,
            to,
        }
    }

    /// Where `value` is drawn.
    pub fn at(&self, value: f64) -> f64 {
        let way = match self.log {
            true => (value / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        };
        self.from + way * (self.to - self.from)
    }

    /// Round numbers along the axis, about `count` of them; whole ones only where `whole`.
    pub fn ticks(&self, count: usize, whole: bool) -> Vec<f64> {
        match self.log {
            true => log_ticks(self.low, self.high, count),
            false => ticks(self.low, self.high, count, whole),
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten inside `low..=high`.
fn ticks(low: f64, high: f64, count: usize, whole: bool) -> Vec<f64> {
    let step = step(high - low, count, whole);
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    if !(step.is_finite() && step > 0.0 && last - first < 100.0) {
        return vec![low, high];
    }
    // No round number may lie inside.
    let steps = (last - first + 1.0).max(0.0) as usize;
    (0..steps)
        .map(|place| (first + place as f64) * step)
        .collect()
}

fn step(span: f64, count: usize, whole: bool) -> f64 {
    let rough = span / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(rough);
    if whole { step.max(1.0) } else { step }
}

/// Digits times powers of ten inside `low..=high`: as many digits as have room, or every third power alone.
fn log_ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let powers = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
    let inside = |value: &f64| (low * 0.999..=high * 1.001).contains(value);
    for (factors, every) in [
        (&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0][..], 1),
        (&[1.0, 2.0, 3.0, 5.0, 7.0][..], 1),
        (&[1.0, 2.0, 5.0][..], 1),
        (&[1.0, 3.0][..], 1),
        (&[1.0][..], 1),
        (&[1.0][..], 3),
    ] {
        let powers = powers.clone().filter(|power| power % every == 0);
        let found: Vec<f64> = powers
            .flat_map(|power| factors.iter().map(move |f| f * 10f64.powi(power)))
            .filter(inside)
            .collect();
        if found.len() <= count + 2 || every == 3 {
            return found;
        }
    }
    Vec::new()
}

/// The highest number of a zero-based axis that holds `largest`: a round one.
pub(crate) fn round_up(largest: f64) -> f64 {
    if !(largest > 0.0 && largest.is_finite()) {
        return 1.0;
    }
    let step = step(largest, 5, false);
    (largest / step - 1e-9).ceil() * step
}

/// A place for an attribute: a tenth of a unit is finer than any screen.
pub(crate) fn place(value: f64) -> String {
    format!("{value:.1}")
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ticks_lie_inside_and_are_few(low in -1e6f64..1e6, span in 1e-6f64..1e6, count in 1usize..10) {
            let found = Scale::across(low, low + span).ticks(count, false);
            prop_assert!(found.len() <= count + 1, "{:?}", found);
            let edge = span * 1e-6;
            prop_assert!(found.iter().all(|tick| (low - edge..=low + span + edge).contains(tick)), "{:?}", found);
        }

        #[test]
        fn an_axis_from_zero_holds_the_largest(largest in 1e-9f64..1e9) {
            let top = round_up(largest);
            prop_assert!(top >= largest * 0.999_999 && top <= largest * 1.5, "{top}");
        }
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(Scale::up(0.0, 0.05).ticks(5, false).len(), 6);
        assert_eq!(Scale::across(1.0, 4.0).ticks(6, true), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(Scale::across(1.0, 15.0).ticks(6, true), [5.0, 10.0, 15.0]);
        let log = Scale::up_log(0.01, 1.0).ticks(5, false);
        assert_eq!(log.len(), 7, "{log:?}");
        assert_eq!(Scale::up_log(0.019, 0.09).ticks(5, false).len(), 4);
        assert!(Scale::up_log(1e-9, 1e9).ticks(5, false).len() <= 8);
    }

    #[test]
    fn a_range_of_nothing_has_a_place() {
        assert!(Scale::across(3.0, 3.0).at(3.0).is_finite());
        assert!(Scale::up_log(3.0, 3.0).at(3.0).is_finite());
    }
}
