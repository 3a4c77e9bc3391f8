//! From numbers to places on a drawing: scales, round ticks, and axes with their labels.

use crate::words::number;

/// Numbers of a larger size have no place: the distance between two of them might not be a number.
const LARGEST: f64 = 1e300;
/// How far beyond that an axis may reach.
const ROOM: f64 = 1e4;

/// How an axis maps numbers to places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    log: bool,
    from: f64,
    to: f64,
}

impl Scale {
    /// An axis from `low` at the place `from` to `high` at the place `to`; both numbers above 0 where it is `log`.
    pub fn new(low: f64, high: f64, log: bool, from: f64, to: f64) -> Self {
        // A range of nothing is widened, so that what lies in it has a place.
        let high = match (high > low, log) {
            (true, _) => high,
            (false, true) => 2.0 * low,
            (false, false) => low + (1e-6 * low.abs()).max(1.0),
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
            // The quotient of the ends may be infinite, the difference of their logarithms is not.
            true => (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln()),
            false => (value - self.low) / (self.high - self.low),
        };
        self.from + way * (self.to - self.from)
    }

    /// Where `value` is drawn, or the nearer end where it lies beyond.
    pub fn clamped(&self, value: f64) -> f64 {
        // On a log axis what is not above 0 lies below everything; the larger of a number and none is the number.
        self.at(value.max(self.low).min(self.high))
    }

    /// Round numbers along the axis, about `count` of them; whole ones only where `whole`.
    pub fn ticks(&self, count: usize, whole: bool) -> Vec<f64> {
        match self.log {
            // Ends that are near each other may have no such number between them.
            true => match log_ticks(self.low, self.high, count) {
                few if few.len() < 2 => ticks(self.low, self.high, count, whole),
                found => found,
            },
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
pub fn place(value: f64) -> String {
    format!("{value:.1}")
}

/// Numbers with as many decimals as the one that needs most.
fn aligned(ticks: &[f64]) -> Vec<String> {
    let texts: Vec<String> = ticks.iter().map(|tick| number(*tick)).collect();
    let decimals = |text: &String| text.split_once('.').map_or(0, |(_, after)| after.len());
    let most = texts.iter().map(decimals).max().unwrap_or(0);
    match texts.iter().any(|text| text.contains('e')) {
        true => texts,
        false => ticks.iter().map(|tick| format!("{tick:.most$}")).collect(),
    }
}

/// What is left free at each end of a linear axis that holds `low..=high`.
fn room(low: f64, high: f64) -> f64 {
    let size = low.abs().max(high.abs());
    match (high - low > 1e-6 * size, size > 0.0) {
        (true, _) => 0.04 * (high - low),
        // Numbers that are all but one stand in the middle of an axis with ticks that differ.
        (false, true) => 0.05 * size,
        (false, false) => 1.0,
    }
}

/// Where an axis begins and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Range {
    /// Around what is drawn, with a little room.
    #[default]
    Fit,
    /// As `Fit`, with 0 on it; on a log axis as `Fit`.
    Zero,
    /// From one number to another; what lies beyond is left out.
    Between(f64, f64),
}

/// One axis of a figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What it tells, with its unit.
    pub label: String,
    /// Whether equal factors are equal distances; numbers not above 0 are then left out.
    pub log: bool,
    /// Where it is marked, and with what; at round numbers if empty.
    pub ticks: Vec<(f64, String)>,
    /// Where it begins and ends.
    pub range: Range,
}

impl Axis {
    /// A linear axis around what is drawn, marked at round numbers.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            ..Self::default()
        }
    }

    /// As [`new`](Self::new), with equal factors at equal distances.
    pub fn log(label: impl Into<String>) -> Self {
        Self {
            log: true,
            ..Self::new(label)
        }
    }

    /// Marked at these numbers with these texts.
    pub fn with_ticks(self, ticks: impl IntoIterator<Item = (f64, String)>) -> Self {
        Self {
            ticks: ticks.into_iter().collect(),
            ..self
        }
    }

    /// Over this range.
    pub fn with_range(self, range: Range) -> Self {
        Self { range, ..self }
    }

    /// Whether a number has a place.
    pub(crate) fn shows(&self, value: f64) -> bool {
        let inside = match self.between() {
            Some((low, high)) => (low..=high).contains(&value),
            None => true,
        };
        inside && value.abs() <= LARGEST && (!self.log || value > 0.0)
    }

    /// The ends that were asked for, where they are of any use.
    fn between(&self) -> Option<(f64, f64)> {
        match self.range {
            Range::Between(low, high)
                if low < high
                    && low.abs() <= LARGEST
                    && high.abs() <= LARGEST
                    && (!self.log || low > 0.0) =>
            {
                Some((low, high))
            }
            _ => None,
        }
    }

    /// The axis from `from` to `to` with room for `values`; none where none of them has a place.
    pub(crate) fn scale(
        &self,
        values: impl IntoIterator<Item = f64>,
        from: f64,
        to: f64,
    ) -> Option<Scale> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| self.shows(*value)) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            return None;
        }
        if let Some((low, high)) = self.between() {
            return Some(Scale::new(low, high, self.log, from, to));
        }
        let (low, high) = match (self.log, self.range) {
            (true, _) => {
                let room = ((high.ln() - low.ln()) * 0.04).max(0.1).exp();
                // The smallest numbers cannot be divided any more, the largest not multiplied.
                let below = (low / room).max(f64::MIN_POSITIVE).min(low);
                (below, (high * room).min(ROOM * LARGEST))
            }
            (false, Range::Zero) => {
                let (low, high) = (low.min(0.0), high.max(0.0));
                let room = room(low, high);
                let below = if low < 0.0 { low - room } else { 0.0 };
                (below, if high > 0.0 { high + room } else { 0.0 })
            }
            (false, _) => {
                let room = room(low, high);
                (low - room, high + room)
            }
        };
        Some(Scale::new(low, high, self.log, from, to))
    }

    /// Places along `scale` with what is written there, about `count` of them where it is not said which.
    pub(crate) fn marks(&self, scale: &Scale, count: usize) -> Vec<(f64, String)> {
        match self.ticks.is_empty() {
            false => {
                let shown = self.ticks.iter().filter(|(at, _)| self.shows(*at));
                shown
                    .map(|(at, text)| (scale.at(*at), text.clone()))
                    .collect()
            }
            true => {
                let ticks = scale.ticks(count, false);
                let texts = match self.log {
                    true if scale.high > 2.0 * scale.low => {
                        ticks.iter().map(|tick| number(*tick)).collect()
                    }
                    _ => aligned(&ticks),
                };
                ticks
                    .iter()
                    .map(|tick| scale.at(*tick))
                    .zip(texts)
                    .collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn linear(low: f64, high: f64) -> Scale {
        Scale::new(low, high, false, 0.0, 400.0)
    }

    fn log(low: f64, high: f64) -> Scale {
        Scale::new(low, high, true, 400.0, 0.0)
    }

    proptest! {
        #[test]
        fn ticks_lie_inside_and_are_few(low in -1e6f64..1e6, span in 1e-6f64..1e6, count in 1usize..10) {
            let found = linear(low, low + span).ticks(count, false);
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
        assert_eq!(linear(0.0, 0.05).ticks(5, false).len(), 6);
        assert_eq!(linear(1.0, 4.0).ticks(6, true), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(linear(1.0, 15.0).ticks(6, true), [5.0, 10.0, 15.0]);
        let found = log(0.01, 1.0).ticks(5, false);
        assert_eq!(found.len(), 7, "{found:?}");
        assert_eq!(log(0.019, 0.09).ticks(5, false).len(), 4);
        assert!(log(1e-9, 1e9).ticks(5, false).len() <= 8);
        // A single number, with the room around it.
        assert!(log(1.29, 1.57).ticks(7, false).len() >= 3);
    }

    #[test]
    fn a_range_of_nothing_has_a_place() {
        assert!(linear(3.0, 3.0).at(3.0).is_finite());
        assert!(log(3.0, 3.0).at(3.0).is_finite());
    }

    #[test]
    fn axes_hold_what_is_drawn_and_leave_out_what_has_no_place() {
        let axis = Axis::new("x");
        assert!(axis.scale([f64::NAN, f64::INFINITY], 0.0, 1.0).is_none());
        let scale = axis.scale([2.0, f64::NAN, 4.0], 0.0, 100.0);
        let places = scale.map(|scale| (scale.at(2.0), scale.at(4.0)));
        assert!(places.is_some_and(|(low, high)| low > 3.0 && low < 4.0 && high > 96.0));
        assert!(!Axis::log("x").shows(0.0) && Axis::log("x").shows(1e-320));
        let share = Axis::new("x").with_range(Range::Between(0.0, 1.0));
        assert!(share.shows(1.0) && !share.shows(1.1));
        let scale = share.scale([0.5], 0.0, 100.0);
        assert_eq!(scale.map(|scale| scale.at(0.25)), Some(25.0));
        let zero = Axis::new("y").with_range(Range::Zero);
        let scale = zero.scale([5.0], 100.0, 0.0);
        assert_eq!(scale.map(|scale| scale.at(0.0)), Some(100.0));
        let texts = |axis: Axis, values: [f64; 2]| {
            let scale = axis.scale(values, 0.0, 1.0);
            let marks = scale.map(|scale| axis.marks(&scale, 5)).unwrap_or_default();
            marks.into_iter().map(|(_, text)| text).collect::<Vec<_>>()
        };
        assert_eq!(
            texts(Axis::new("x"), [1.3, 2.2]),
            ["1.4", "1.6", "1.8", "2.0", "2.2"]
        );
        assert_eq!(
            texts(Axis::new("x"), [10.0, 50.0]),
            ["10", "20", "30", "40", "50"]
        );
        // Ends that make no axis are not taken.
        for (low, high) in [(1.0, 1.0), (f64::NAN, 1.0), (2.0, 1.0)] {
            let odd = Axis::new("x").with_range(Range::Between(low, high));
            assert!(odd.scale([7.0], 0.0, 1.0).is_some(), "{low} {high}");
        }
    }

    proptest! {
        #[test]
        fn whatever_has_a_place_is_drawn_at_a_number(values in prop::collection::vec(any::<f64>(), 1..20), log in any::<bool>()) {
            let axis = Axis { log, ..Axis::default() };
            let scale = axis.scale(values.iter().copied(), 0.0, 400.0);
            prop_assert_eq!(scale.is_some(), values.iter().any(|value| axis.shows(*value)));
            if let Some(scale) = scale {
                for value in values.iter().filter(|value| axis.shows(**value)) {
                    let at = scale.at(*value);
                    prop_assert!((-1e-6..=400.0 + 1e-6).contains(&at), "{} at {}", value, at);
                }
                for value in &values {
                    prop_assert!(value.is_nan() || scale.clamped(*value).is_finite(), "{}", value);
                }
                prop_assert!(axis.marks(&scale, 8).iter().all(|(at, _)| at.is_finite()));
            }
        }
    }
}
