//! Whether two settings differ over pairs, whatever the shape of their differences.

use super::distributions::normal_two_sided;
use super::mean::size;
use super::outcome::{Outcome, StatisticsError, Untestable, check_pairs};
use serde::{Deserialize, Serialize};

/// Up to so many pairs the distribution is counted out.
const EXACT: usize = 50;

/// Wilcoxon's signed-rank test (1945), two-sided; pairs without a difference are left out, as he did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wilcoxon {
    /// Pairs that differ.
    pub count: usize,
    /// Pairs that do not.
    pub ties: usize,
    /// The sum of the ranks of the pairs whose first is larger.
    pub positive: f64,
    /// The smaller of that and of the sum of the others: what is looked up in tables.
    pub statistic: f64,
    /// How likely sums at least as uneven are if there is no difference.
    pub p: f64,
    /// Whether that was counted out, also where differences of one size share a rank; else from the normal distribution.
    pub exact: bool,
}

/// The test on pairs of values over the same seeds or folds, in the same order.
///
/// # Errors
/// [`StatisticsError`] for no pairs, values that are no numbers or not as many of each.
pub fn wilcoxon(first: &[f64], second: &[f64]) -> Result<Outcome<Wilcoxon>, StatisticsError> {
    check_pairs(first, second)?;
    // As fine as the pairs' rounding lets their differences be told apart.
    let grain = 4.0 * f64::EPSILON * size(first).max(size(second));
    let all = first.iter().zip(second).map(|(a, b)| a - b);
    let mut differences: Vec<f64> = all.filter(|difference| difference.abs() > grain).collect();
    let (count, ties) = (differences.len(), first.len() - differences.len());
    if count == 0 {
        return Ok(Outcome::Untestable(Untestable::AllTies { count: ties }));
    }
    differences.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let doubled = doubled_ranks(&differences, grain);
    let total: usize = doubled.iter().sum();
    let positive: usize = differences
        .iter()
        .zip(&doubled)
        .filter(|(difference, _)| **difference > 0.0)
        .map(|(_, rank)| rank)
        .sum();
    let exact = count <= EXACT;
    let p = match exact {
        true => counted(&doubled, positive),
        false => approximated(&doubled, positive),
    };
    Ok(Outcome::Tested(Wilcoxon {
        count,
        ties,
        positive: positive as f64 / 2.0,
        statistic: positive.min(total - positive) as f64 / 2.0,
        p,
        exact,
    }))
}

/// Twice the ranks of sorted differences by their size: those of one size share the mean of theirs, which may be a half.
fn doubled_ranks(sorted: &[f64], grain: f64) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(sorted.len());
    for group in sorted.chunk_by(|a, b| b.abs() - a.abs() <= grain) {
        let first = ranks.len() + 1;
        let last = ranks.len() + group.len();
        ranks.extend(std::iter::repeat_n(first + last, group.len()));
    }
    ranks
}

/// The two-sided probability under all choices of signs, each as likely.
fn counted(doubled: &[usize], positive: usize) -> f64 {
    let total: usize = doubled.iter().sum();
    // The share of choices that give each sum.
    let mut shares = vec![0.0; total + 1];
    shares[0] = 1.0;
    let mut reach = 0;
    for rank in doubled {
        for sum in (0..=reach).rev() {
            let half = 0.5 * shares[sum];
            shares[sum] = half;
            shares[sum + rank] += half;
        }
        reach += rank;
    }
    let below: f64 = shares[..=positive].iter().sum();
    let above: f64 = shares[positive..].iter().sum();
    (2.0 * below.min(above)).min(1.0)
}

/// From the normal distribution with the variance that shared ranks leave.
fn approximated(doubled: &[usize], positive: usize) -> f64 {
    let ranks = doubled.iter().map(|rank| *rank as f64 / 2.0);
    let (sum, squares) = ranks.fold((0.0, 0.0), |(sum, squares), rank| {
        (sum + rank, squares + rank * rank)
    });
    // Every sign is a fair coin's: the mean is half of the sum, the variance a quarter of the squares.
    let z = (positive as f64 / 2.0 - sum / 2.0) / (squares / 4.0).sqrt();
    normal_two_sided(z)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn small_samples_are_counted_by_hand() {
        // Five differences of one sign: 2 of 32 choices.
        let test = wilcoxon(&[1.0, 2.0, 3.0, 4.0, 5.0], &[0.0; 5]).unwrap();
        let test = test.tested().unwrap();
        assert_eq!((test.p, test.positive, test.statistic), (0.0625, 15.0, 0.0));
        // One pair says nothing.
        let one = wilcoxon(&[1.0], &[0.0]).unwrap().tested().unwrap();
        assert_eq!((one.p, one.count), (1.0, 1));
        // Shared ranks: sizes 1, 1, 2 have ranks 1.5, 1.5, 3; a sum of 1.5 or less is one of 0, 1.5, 1.5 out of 8.
        let tied = wilcoxon(&[1.0, -1.0, -2.0], &[0.0; 3]).unwrap();
        assert_eq!(tied.tested().unwrap().p, 0.75);
        // So do sizes that only their rounding tells apart: 0.3 - 0.1 and 0.4 - 0.2 are equal.
        let rounded = wilcoxon(&[0.3, 0.2, 0.5], &[0.1, 0.4, 0.9]).unwrap();
        assert_eq!(rounded.tested().unwrap().p, 0.75);
    }

    #[test]
    fn ties_are_left_out() {
        let test = wilcoxon(&[1.0, 5.0, 3.0], &[1.0, 4.0, 1.0]).unwrap();
        let test = test.tested().unwrap();
        assert_eq!((test.count, test.ties, test.p), (2, 1, 0.5));
        let none = wilcoxon(&[1.0, 2.0], &[1.0, 2.0]).unwrap();
        assert_eq!(none, Outcome::Untestable(Untestable::AllTies { count: 2 }));
        assert_eq!(wilcoxon(&[], &[]), Err(StatisticsError::Empty));
        assert!(wilcoxon(&[1.0], &[]).is_err());
    }

    #[test]
    fn counting_and_the_normal_distribution_agree_on_many_pairs() {
        let values: Vec<f64> = (0..50).map(|k| f64::from(k) - 18.0 + 0.3).collect();
        let exact = wilcoxon(&values, &[0.0; 50]).unwrap().tested().unwrap();
        assert!(exact.exact);
        let mut more = values.clone();
        more.push(0.1);
        let normal = wilcoxon(&more, &[0.0; 51]).unwrap().tested().unwrap();
        assert!(
            !normal.exact && (normal.p - exact.p).abs() < 0.003,
            "{} {}",
            normal.p,
            exact.p
        );
    }
}
