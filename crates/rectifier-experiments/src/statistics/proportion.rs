//! How sure a share is.

use super::distributions::normal_reach;
use super::outcome::{Interval, StatisticsError, check_level};

/// Wilson's score interval (1927) of the share of `successes` among `trials`: good for shares near 0 and 1, such as test
/// errors.
///
/// # Errors
/// [`StatisticsError`] for no trials, more successes than trials, or a level that is none.
pub fn wilson(successes: u64, trials: u64, level: f64) -> Result<Interval, StatisticsError> {
    check_level(level)?;
    if trials == 0 {
        return Err(StatisticsError::Empty);
    }
    if successes > trials {
        return Err(StatisticsError::Successes { successes, trials });
    }
    let n = trials as f64;
    let share = successes as f64 / n;
    let z = normal_reach(level);
    let scale = 1.0 + z * z / n;
    let middle = (share + z * z / (2.0 * n)) / scale;
    let room = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    Ok(Interval {
        // At the ends the formula gives 0 and 1 but for rounding.
        low: if successes == 0 {
            0.0
        } else {
            (middle - room).max(0.0)
        },
        high: if successes == trials {
            1.0
        } else {
            (middle + room).min(1.0)
        },
        level,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn no_and_all_successes_end_at_the_end() {
        let none = wilson(0, 10, 0.95).unwrap();
        assert!(none.low == 0.0 && none.high > 0.2 && none.high < 0.3);
        let all = wilson(10, 10, 0.95).unwrap();
        assert!(all.high == 1.0 && (all.low - (1.0 - none.high)).abs() < 1e-12);
        assert_eq!(wilson(0, 0, 0.95), Err(StatisticsError::Empty));
        let more = wilson(2, 1, 0.95);
        assert_eq!(
            more,
            Err(StatisticsError::Successes {
                successes: 2,
                trials: 1
            })
        );
    }
}
