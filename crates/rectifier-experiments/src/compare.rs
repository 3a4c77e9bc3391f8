//! Runs beside each other: means over seeds or folds, tests over the same ones, and on the same test examples.

use crate::statistics::{McNemar, Outcome, TTest, Tail, against, mcnemar_counts, mean, paired};
use crate::{ExperimentError, Record};

/// The level of every interval.
pub const LEVEL: f64 = 0.95;
/// Below this, a difference is called significant: the paper's.
pub const ALPHA: f64 = 0.05;

/// The test errors of those that were tested.
pub fn errors(records: &[&Record]) -> Vec<f64> {
    records.iter().filter_map(|record| record.error()).collect()
}

/// A mean over runs with its interval, `1.43 ± 0.05`, each number times `scale`; of a single run the number alone.
///
/// # Errors
/// [`ExperimentError::Statistics`].
pub fn mean_text(values: &[f64], scale: f64, decimals: usize) -> Result<String, ExperimentError> {
    if values.is_empty() {
        return Ok(String::new());
    }
    let found = mean(values, LEVEL)?;
    let number = |value: f64| format!("{:.decimals$}", scale * value);
    Ok(match found.interval {
        Some(interval) => format!(
            "{} ± {}",
            number(found.mean),
            number((interval.high - interval.low) / 2.0)
        ),
        None => number(found.mean),
    })
}

/// A mean, and the ends of its interval.
pub type MeanAndEnds = (f64, Option<(f64, f64)>);

/// The mean of values and the ends of its interval; the mean alone of a single one.
///
/// # Errors
/// [`ExperimentError::Statistics`].
pub fn mean_of(values: &[f64]) -> Result<Option<MeanAndEnds>, ExperimentError> {
    if values.is_empty() {
        return Ok(None);
    }
    let found = mean(values, LEVEL)?;
    Ok(Some((
        found.mean,
        found.interval.map(|interval| (interval.low, interval.high)),
    )))
}

/// The errors of two groups over the runs that both have, by seed and fold.
pub fn pairs(first: &[&Record], second: &[&Record]) -> (Vec<f64>, Vec<f64>) {
    let place = |record: &Record| {
        let of = |axis| record.labels.get(axis).cloned();
        (of("seed"), of("fold"), of("product"))
    };
    let both = first.iter().filter_map(|record| {
        let other = second.iter().find(|other| place(other) == place(record))?;
        Some((record.error()?, other.error()?))
    });
    both.unzip()
}

/// The test over the seeds or folds that both groups have; none where there is nothing to test by.
///
/// # Errors
/// [`ExperimentError::Statistics`].
pub fn paired_test(
    first: &[&Record],
    second: &[&Record],
) -> Result<Option<TTest>, ExperimentError> {
    let (first, second) = pairs(first, second);
    match first.is_empty() {
        true => Ok(None),
        false => Ok(tested(paired(&first, &second, LEVEL)?)),
    }
}

/// The test of a group against a published figure.
///
/// # Errors
/// [`ExperimentError::Statistics`].
pub fn published_test(group: &[&Record], figure: f64) -> Result<Option<TTest>, ExperimentError> {
    let values = errors(group);
    match values.is_empty() {
        true => Ok(None),
        false => Ok(tested(against(&values, figure, LEVEL)?)),
    }
}

fn tested<T>(outcome: Outcome<T>) -> Option<T> {
    outcome.tested()
}

/// The run of the best validation error.
pub fn best<'a>(records: &[&'a Record]) -> Option<&'a Record> {
    let error = |record: &Record| {
        let error = record.summary().map(|summary| summary.valid_error);
        error
            .filter(|error| error.is_finite())
            .unwrap_or(f64::INFINITY)
    };
    let tested = records.iter().filter(|record| error(record).is_finite());
    tested.min_by(|a, b| error(a).total_cmp(&error(b))).copied()
}

/// McNemar's exact test of the best networks of two groups, by validation, on the same test examples; none where they were
/// not tested on the same.
pub fn mcnemar_best(first: &[&Record], second: &[&Record]) -> Option<McNemar> {
    let (first, second) = (best(first)?, best(second)?);
    let data = |record: &Record| {
        let made = record.provenance.as_ref();
        made.map(|made| made.data.checksum.clone())
    };
    // Where it was not told, nothing says that they are the same.
    if data(first)? != data(second)? {
        return None;
    }
    let (one, two) = (first.test_wrong.as_ref()?, second.test_wrong.as_ref()?);
    let (only_first, only_second) = one.discordant(two)?;
    Some(mcnemar_counts(
        only_first as u64,
        only_second as u64,
        Tail::default(),
    ))
}

/// A p-value as people write it.
pub fn p_text(p: Option<f64>) -> String {
    match p {
        None => String::new(),
        Some(p) if p < 0.001 => "<0.001".into(),
        Some(p) => format!("{p:.3}"),
    }
}

/// A p-value within a sentence: `p = 0.010`, `p < 0.001`.
pub fn p_is(p: f64) -> String {
    let text = p_text(Some(p));
    match text.strip_prefix('<') {
        Some(bound) => format!("p < {bound}"),
        None => format!("p = {text}"),
    }
}

/// How much of the hidden units is 0, a value a run.
pub fn zeros(records: &[&Record]) -> Vec<f64> {
    records.iter().filter_map(|record| record.zeros()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Labels;
    use crate::fakes::{fake, plan};

    fn group(unit: &str, errors: &[f64]) -> Vec<Record> {
        let each = errors.iter().enumerate().map(|(seed, error)| {
            let seed = seed as u64 + 1;
            fake(
                plan(unit, seed, 0.1),
                Labels::new().with("seed", seed),
                *error,
            )
        });
        each.collect()
    }

    #[test]
    fn runs_are_paired_by_their_seeds() {
        let (a, b) = (
            group("rectifier", &[0.02, 0.03, 0.025]),
            group("tanh", &[0.04, 0.05, 0.046]),
        );
        let first: Vec<&Record> = a.iter().collect();
        // Another order, and one seed less.
        let second: Vec<&Record> = b.iter().take(2).rev().collect();
        assert_eq!(pairs(&first, &second), (vec![0.02, 0.03], vec![0.04, 0.05]));
        let whole: Vec<&Record> = b.iter().collect();
        let test = paired_test(&first, &whole).unwrap().unwrap();
        assert!(test.difference < 0.0 && test.p < 0.05);
        assert_eq!(paired_test(&first, &[]).unwrap().map(|test| test.p), None);
        // The best of the one gets 20 of 1000 wrong, the best of the other those and 20 more.
        let test = mcnemar_best(&first, &whole).unwrap();
        assert_eq!((test.only_first, test.only_second), (0, 20));
        // On what they were tested is not known.
        let mut untold = a.clone();
        untold
            .iter_mut()
            .for_each(|record| record.provenance = None);
        let untold: Vec<&Record> = untold.iter().collect();
        assert!(mcnemar_best(&untold, &untold).is_none());
        assert!(published_test(&first, 0.1).unwrap().unwrap().p < 0.05);
        assert_eq!(mean_text(&errors(&first), 100.0, 2).unwrap(), "2.50 ± 1.24");
        assert_eq!(mean_text(&[0.5], 100.0, 1).unwrap(), "50.0");
    }
}
