//! From which group on values are higher than in the first.

use super::multiple::holm;
use super::outcome::{Outcome, StatisticsError};
use super::t_test::{TTest, welch};
use serde::{Deserialize, Serialize};

/// The first group that is significantly higher.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rise {
    /// Which group, from 0; never the first.
    pub group: usize,
    /// Its test against the first: its mean less that of the first.
    pub test: TTest,
    /// The p-value, one-sided, after Holm over all groups.
    pub p: f64,
}

/// The first of `groups`, in order, whose mean is higher than that of the first group: Welch's test of each against the
/// first, one-sided, with Holm's correction at `alpha`. None where none is. A group that cannot be tested, such as one of a
/// single value, is passed over.
///
/// # Errors
/// [`StatisticsError`] for no groups or an empty one, values that are no numbers, or an `alpha` that is not between 0 and 1.
pub fn first_rise(groups: &[&[f64]], alpha: f64) -> Result<Option<Rise>, StatisticsError> {
    let Some((first, others)) = groups.split_first() else {
        return Err(StatisticsError::Empty);
    };
    let level = 1.0 - alpha;
    let mut tests: Vec<(usize, TTest)> = Vec::new();
    for (place, group) in others.iter().enumerate() {
        if let Outcome::Tested(test) = welch(group, first, level)? {
            tests.push((place + 1, test));
        }
    }
    let sided: Vec<f64> = tests
        .iter()
        .map(|(_, test)| match test.difference > 0.0 {
            true => test.p / 2.0,
            false => 1.0 - test.p / 2.0,
        })
        .collect();
    let adjusted = holm(&sided)?;
    let rise = tests.iter().zip(adjusted).find(|(_, p)| *p < alpha);
    Ok(rise.map(|((group, test), p)| Rise {
        group: *group,
        test: *test,
        p,
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_first_higher_group_is_found() {
        let around = |middle: f64| [middle - 0.1, middle, middle + 0.1, middle + 0.05];
        let (a, b, c, d) = (around(1.0), around(1.02), around(2.0), around(3.0));
        let rise = first_rise(&[&a, &b, &c, &d], 0.05).unwrap().unwrap();
        assert_eq!(rise.group, 2);
        assert!((rise.test.difference - 1.0).abs() < 1e-9 && rise.p < 1e-3);
        assert_eq!(first_rise(&[&a, &b], 0.05).unwrap(), None);
        // Lower is no rise.
        assert_eq!(first_rise(&[&d, &a], 0.05).unwrap(), None);
        // A single value, and groups that do not vary, are passed over.
        let rise = first_rise(&[&a, &[9.0], &d], 0.05).unwrap().unwrap();
        assert_eq!(rise.group, 2);
        assert_eq!(first_rise(&[&[1.0, 1.0], &[2.0, 2.0]], 0.05).unwrap(), None);
        assert_eq!(first_rise(&[&a], 0.05).unwrap(), None);
        assert!(first_rise(&[], 0.05).is_err() && first_rise(&[&a, &[]], 0.05).is_err());
        assert!(first_rise(&[&a, &b], 1.0).is_err());
    }
}
