//! Several tests at once: p-values made so large that one false alarm among all of them is as rare as in one test.

use super::outcome::StatisticsError;

fn check(ps: &[f64]) -> Result<(), StatisticsError> {
    match ps.iter().position(|p| !(0.0..=1.0).contains(p)) {
        Some(place) => Err(StatisticsError::Probability {
            place,
            value: ps[place],
        }),
        None => Ok(()),
    }
}

/// Bonferroni's: every p-value times their number.
///
/// # Errors
/// [`StatisticsError::Probability`].
pub fn bonferroni(ps: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    check(ps)?;
    Ok(ps.iter().map(|p| (p * ps.len() as f64).min(1.0)).collect())
}

/// Holm's (1979): never larger than Bonferroni's, and as safe. In the order given.
///
/// # Errors
/// [`StatisticsError::Probability`].
pub fn holm(ps: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    check(ps)?;
    let mut order: Vec<usize> = (0..ps.len()).collect();
    order.sort_by(|a, b| ps[*a].total_cmp(&ps[*b]));
    let mut adjusted = vec![0.0; ps.len()];
    let mut largest: f64 = 0.0;
    for (place, at) in order.into_iter().enumerate() {
        largest = largest.max((ps[at] * (ps.len() - place) as f64).min(1.0));
        adjusted[at] = largest;
    }
    Ok(adjusted)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn adjusted_values_are_in_order_and_not_above_one() {
        assert!(holm(&[]).unwrap().is_empty() && bonferroni(&[]).unwrap().is_empty());
        assert_eq!(holm(&[0.5, 0.01, 0.5]).unwrap(), [1.0, 0.03, 1.0]);
        assert_eq!(bonferroni(&[0.5, 0.01]).unwrap(), [1.0, 0.02]);
        for odd in [-0.1, 1.1, f64::NAN] {
            assert!(holm(&[0.1, odd]).is_err() && bonferroni(&[odd]).is_err());
        }
    }
}
