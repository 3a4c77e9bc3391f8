//! Student's tests: on pairs, on two groups, and against a published figure.

use super::distributions::{t_reach, t_two_sided};
use super::mean::{average, deviation, size};
use super::outcome::{
    Interval, Outcome, StatisticsError, Untestable, check, check_level, check_pairs,
};
use serde::{Deserialize, Serialize};

/// A t test, two-sided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TTest {
    /// The mean of the first less that of the second, or less the published figure.
    pub difference: f64,
    /// The interval of that difference.
    pub interval: Interval,
    /// The difference in its standard errors.
    pub statistic: f64,
    /// Degrees of freedom.
    pub freedom: f64,
    /// How likely a difference at least as large is if there is none.
    pub p: f64,
}

impl TTest {
    fn of(difference: f64, error: f64, freedom: f64, level: f64) -> Outcome<Self> {
        let statistic = difference / error;
        let room = t_reach(level, freedom) * error;
        // Differences that rounding alone makes vary give no test.
        if !(statistic.is_finite() && room.is_finite() && freedom.is_finite()) {
            return Outcome::Untestable(Untestable::NoSpread { difference });
        }
        Outcome::Tested(Self {
            difference,
            interval: Interval {
                low: difference - room,
                high: difference + room,
                level,
            },
            statistic,
            freedom,
            p: t_two_sided(statistic, freedom),
        })
    }
}

/// Whether the mean of `values` differs from `published`, a figure of which no interval is known. It tells of our runs'
/// spread alone: where the figure is itself one run's, the difference is less sure than the test says.
///
/// # Errors
/// [`StatisticsError`] for no values, values that are no numbers, or a level that is none.
pub fn against(
    values: &[f64],
    published: f64,
    level: f64,
) -> Result<Outcome<TTest>, StatisticsError> {
    check_level(level)?;
    check(values)?;
    check(&[published])?;
    Ok(of_differences(
        values,
        &vec![published; values.len()],
        level,
    ))
}

/// Whether two settings differ over the same seeds or folds, in the same order.
///
/// # Errors
/// As [`against`]; also where there are not as many of each.
pub fn paired(
    first: &[f64],
    second: &[f64],
    level: f64,
) -> Result<Outcome<TTest>, StatisticsError> {
    check_level(level)?;
    check_pairs(first, second)?;
    Ok(of_differences(first, second, level))
}

fn of_differences(first: &[f64], second: &[f64], level: f64) -> Outcome<TTest> {
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    let (count, difference) = (differences.len(), average(&differences));
    match deviation(&differences) {
        None => Outcome::Untestable(Untestable::TooFew { count, needed: 2 }),
        // A difference is rounded as coarsely as what it is taken of, however small it is.
        Some(deviation) if vanishes(deviation, size(first).max(size(second))) => {
            Outcome::Untestable(Untestable::NoSpread { difference })
        }
        Some(deviation) => {
            let error = deviation / (count as f64).sqrt();
            TTest::of(difference, error, (count - 1) as f64, level)
        }
    }
}

/// Whether two groups of runs, with seeds of their own, differ: Welch's test (1947), whose groups may vary differently.
///
/// # Errors
/// As [`against`].
pub fn welch(first: &[f64], second: &[f64], level: f64) -> Result<Outcome<TTest>, StatisticsError> {
    check_level(level)?;
    check(first)?;
    check(second)?;
    let difference = average(first) - average(second);
    let (Some(one), Some(other)) = (deviation(first), deviation(second)) else {
        let count = first.len().min(second.len());
        return Ok(Outcome::Untestable(Untestable::TooFew { count, needed: 2 }));
    };
    if vanishes(one, size(first)) && vanishes(other, size(second)) {
        return Ok(Outcome::Untestable(Untestable::NoSpread { difference }));
    }
    let (n, m) = (first.len() as f64, second.len() as f64);
    let (a, b) = (one * one / n, other * other / m);
    let freedom = (a + b).powi(2) / (a * a / (n - 1.0) + b * b / (m - 1.0));
    Ok(TTest::of(difference, (a + b).sqrt(), freedom, level))
}

/// Whether values vary by the rounding of numbers of this size at most.
fn vanishes(deviation: f64, size: f64) -> bool {
    deviation <= 4.0 * f64::EPSILON * size
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_tested_says_why() {
        let few = Outcome::Untestable(Untestable::TooFew {
            count: 1,
            needed: 2,
        });
        assert_eq!(against(&[1.0], 2.0, 0.95).unwrap(), few);
        assert_eq!(paired(&[1.0], &[2.0], 0.95).unwrap(), few);
        assert_eq!(welch(&[1.0], &[2.0, 3.0], 0.95).unwrap(), few);
        let same = |difference| Outcome::Untestable(Untestable::NoSpread { difference });
        assert_eq!(against(&[1.5; 4], 1.0, 0.95).unwrap(), same(0.5));
        assert_eq!(paired(&[1.0, 2.0], &[1.0, 2.0], 0.95).unwrap(), same(0.0));
        assert_eq!(welch(&[1.0; 3], &[2.0; 4], 0.95).unwrap(), same(-1.0));
        // Equal differences that differ in their last bits, also where they are small beside what they are taken of.
        for (first, second) in [
            ([0.3, 0.4], [0.1, 0.2]),
            ([0.0138, 0.0159], [0.0134, 0.0155]),
            ([0.9001, 0.1001], [0.9, 0.1]),
        ] {
            let rounded = paired(&first, &second, 0.95).unwrap();
            let equal = matches!(rounded, Outcome::Untestable(Untestable::NoSpread { .. }));
            assert!(equal, "{first:?} {second:?} {rounded:?}");
        }
        // Of shares of 10,000 examples, none that differ by as much in every pair is tested.
        for wrong in 1..400 {
            let share = |wrong: u32| f64::from(wrong) / 10_000.0;
            let first = [share(wrong + 7), share(2 * wrong + 7), share(9 * wrong + 7)];
            let second = [share(wrong), share(2 * wrong), share(9 * wrong)];
            let test = paired(&first, &second, 0.95).unwrap().tested();
            assert!(test.is_none(), "{wrong}: {test:?}");
        }
        // One group may be constant.
        assert!(
            welch(&[1.0; 3], &[2.0, 3.0], 0.95)
                .unwrap()
                .tested()
                .is_some()
        );
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(paired(&[1.0, 2.0], &[1.0], 0.95).is_err());
        assert!(against(&[1.0, 2.0], f64::NAN, 0.95).is_err());
        assert!(welch(&[], &[1.0], 0.95).is_err());
        assert!(welch(&[1.0], &[1.0], 1.5).is_err());
    }
}
