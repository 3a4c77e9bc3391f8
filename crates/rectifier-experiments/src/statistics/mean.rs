//! The mean over seeds or folds.

use super::distributions::t_reach;
use super::outcome::{Interval, StatisticsError, check, check_level};
use serde::{Deserialize, Serialize};

/// A mean, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    /// How many values it is of.
    pub count: usize,
    /// The mean.
    pub mean: f64,
    /// The standard deviation of the values, `n - 1` below the root; none of a single value.
    pub deviation: Option<f64>,
    /// Student's t interval of the mean: where the mean over all seeds lies, if seeds vary normally. None of a single value,
    /// which says nothing about others.
    pub interval: Option<Interval>,
}

/// The mean of `values` with its t interval at `level`.
///
/// # Errors
/// [`StatisticsError`] for no values, values that are no numbers, or a level that is none.
pub fn mean(values: &[f64], level: f64) -> Result<Mean, StatisticsError> {
    check_level(level)?;
    check(values)?;
    let count = values.len();
    let middle = average(values);
    let deviation = deviation(values);
    let interval = deviation.map(|deviation| {
        let room = t_reach(level, (count - 1) as f64) * deviation / (count as f64).sqrt();
        Interval {
            low: middle - room,
            high: middle + room,
            level,
        }
    });
    Ok(Mean {
        count,
        mean: middle,
        deviation,
        interval,
    })
}

/// How large the largest of values is, whatever its sign.
pub(super) fn size(values: &[f64]) -> f64 {
    values.iter().map(|value| value.abs()).fold(0.0, f64::max)
}

/// The mean of at least one value; of equal ones exactly that.
pub(super) fn average(values: &[f64]) -> f64 {
    let first = values.first().copied().unwrap_or_default();
    let beyond: f64 = values.iter().map(|value| value - first).sum();
    first + beyond / values.len().max(1) as f64
}

/// The standard deviation; none of fewer than two values.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    (values.len() > 1).then(|| {
        let middle = average(values);
        let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
        (squares / (values.len() - 1) as f64).sqrt()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_no_interval_and_equal_ones_a_point() {
        let one = mean(&[0.3], 0.95).unwrap();
        assert_eq!((one.mean, one.deviation, one.interval), (0.3, None, None));
        let same = mean(&[0.1; 5], 0.95).unwrap();
        let interval = same.interval.unwrap();
        assert_eq!((same.mean, same.deviation), (0.1, Some(0.0)));
        assert_eq!((interval.low, interval.high), (0.1, 0.1));
    }

    #[test]
    fn nonsense_is_an_error() {
        assert_eq!(mean(&[], 0.95), Err(StatisticsError::Empty));
        let odd = mean(&[1.0, f64::INFINITY], 0.95);
        assert!(matches!(odd, Err(StatisticsError::Value { place: 1, .. })));
        for level in [0.0, 1.0, 95.0, f64::NAN] {
            let wrong = mean(&[1.0], level);
            assert!(
                matches!(wrong, Err(StatisticsError::Level { .. })),
                "{level}"
            );
        }
    }
}
