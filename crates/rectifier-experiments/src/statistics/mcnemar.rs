//! Whether two networks differ, judged by the test examples that one gets right and the other wrong.

use super::distributions::fair_coin;
use super::outcome::StatisticsError;
use serde::{Deserialize, Serialize};

/// How a p-value is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tail {
    /// What is as unlikely as what was seen counts whole: never more false alarms than asked for.
    #[default]
    Exact,
    /// What was seen counts half (mid-p): closer to what was asked for, as Fagerland, Lydersen and Laake (2013) advise.
    MidP,
}

/// McNemar's test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Examples that only the first gets wrong.
    pub only_first: u64,
    /// Examples that only the second gets wrong.
    pub only_second: u64,
    /// How likely a split at least as uneven is if both are equally good, two-sided; 1 where no example is split.
    pub p: f64,
    /// How it was counted.
    pub tail: Tail,
}

/// The exact test on which examples each gets wrong, in the same order.
///
/// # Errors
/// [`StatisticsError::Lengths`] where they are not the same examples.
pub fn mcnemar(first: &[bool], second: &[bool], tail: Tail) -> Result<McNemar, StatisticsError> {
    if first.len() != second.len() {
        return Err(StatisticsError::Lengths {
            first: first.len(),
            second: second.len(),
        });
    }
    let pairs = || first.iter().zip(second);
    let only_first = pairs()
        .filter(|(first, second)| **first && !**second)
        .count();
    let only_second = pairs()
        .filter(|(first, second)| !**first && **second)
        .count();
    Ok(mcnemar_counts(only_first as u64, only_second as u64, tail))
}

/// The same on how many examples only one of the two gets wrong: a fair coin's tosses, if both are equally good.
pub fn mcnemar_counts(only_first: u64, only_second: u64, tail: Tail) -> McNemar {
    let fewer = only_first.min(only_second);
    let split = only_first.saturating_add(only_second);
    let (at_most, exactly) = fair_coin(fewer, split);
    let p = match tail {
        Tail::Exact => 2.0 * at_most,
        Tail::MidP => 2.0 * at_most - exactly,
    };
    McNemar {
        only_first,
        only_second,
        // An even split is as likely as can be, whatever the rounding.
        p: if only_first == only_second {
            1.0
        } else {
            p.clamp(0.0, 1.0)
        },
        tail,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn small_splits_are_counted_by_hand() {
        // Five of five tosses on one side: 2 / 32, and half of it.
        let test = mcnemar_counts(0, 5, Tail::Exact);
        assert!((test.p - 0.0625).abs() < 1e-15);
        assert!((mcnemar_counts(5, 0, Tail::MidP).p - 0.03125).abs() < 1e-15);
        let first = [true, true, false, false, true];
        let second = [true, false, false, true, false];
        let test = mcnemar(&first, &second, Tail::Exact).unwrap();
        assert_eq!((test.only_first, test.only_second, test.p), (2, 1, 1.0));
        assert!(mcnemar(&first, &second[1..], Tail::Exact).is_err());
    }

    #[test]
    fn no_split_says_nothing() {
        for tail in [Tail::Exact, Tail::MidP] {
            let same = mcnemar(&[true, false], &[true, false], tail).unwrap();
            assert_eq!((same.only_first, same.only_second, same.p), (0, 0, 1.0));
            assert_eq!(mcnemar(&[], &[], tail).unwrap().p, 1.0);
            assert_eq!(mcnemar_counts(40, 40, tail).p, 1.0);
        }
    }
}
