//! Whatever comes in, what goes out is a number or says why not.
#![allow(missing_docs, clippy::unwrap_used)]

use proptest::prelude::*;
use rectifier_experiments::statistics::{
    Hinge, Outcome, TTest, against, first_rise, mean, paired, welch, wilcoxon,
};

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(1.5),
        -1.0f64..1.0,
        -1e9f64..1e9,
        any::<f64>().prop_map(|value| if value.abs() <= 1e100 { value } else { 1e-300 }),
    ]
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(value(), 1..20)
}

fn good(outcome: Outcome<TTest>) -> bool {
    outcome.tested().is_none_or(|test| {
        let numbers = [
            test.difference,
            test.interval.low,
            test.interval.high,
            test.statistic,
            test.freedom,
        ];
        numbers.iter().all(|number| number.is_finite()) && (0.0..=1.0).contains(&test.p)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_is_not_a_number(first in values(), second in values(), published in value()) {
        let found = mean(&first, 0.95).unwrap();
        let ends = found.interval.map_or([0.0; 2], |interval| [interval.low, interval.high]);
        prop_assert!(found.mean.is_finite() && ends.iter().all(|end| end.is_finite()), "{:?}", found);
        prop_assert!(good(against(&first, published, 0.95).unwrap()));
        prop_assert!(good(welch(&first, &second, 0.99).unwrap()));
        let count = first.len().min(second.len());
        let (first, second) = (&first[..count], &second[..count]);
        prop_assert!(good(paired(first, second, 0.95).unwrap()));
        let ranks = wilcoxon(first, second).unwrap().tested();
        prop_assert!(ranks.is_none_or(|test| (0.0..=1.0).contains(&test.p) && test.positive.is_finite()));
        prop_assert!(first_rise(&[first, second], 0.05).unwrap().is_none_or(|rise| rise.p < 0.05));
        let hinge = Hinge { resamples: 5, shuffles: 5, ..Hinge::default() };
        let fit = hinge.fit(first, second).unwrap().tested();
        prop_assert!(fit.is_none_or(|fit| {
            let mut numbers = vec![fit.at, fit.before, fit.slope, fit.residual, fit.flat_residual];
            numbers.extend(fit.statistic);
            numbers.extend(fit.interval.map(|interval| interval.low));
            numbers.iter().all(|number| number.is_finite()) && (0.0..=1.0).contains(&fit.p)
        }), "{:?}", fit);
    }

    #[test]
    fn swapping_the_two_changes_the_sign_alone(first in prop::collection::vec(-10.0f64..10.0, 4), second in prop::collection::vec(-10.0f64..10.0, 4)) {
        let one = welch(&first, &second, 0.95).unwrap().tested().unwrap();
        let other = welch(&second, &first, 0.95).unwrap().tested().unwrap();
        prop_assert!((one.statistic + other.statistic).abs() < 1e-9 && (one.p - other.p).abs() < 1e-12);
        let one = wilcoxon(&first, &second).unwrap().tested().unwrap();
        let other = wilcoxon(&second, &first).unwrap().tested().unwrap();
        prop_assert!((one.p - other.p).abs() < 1e-12 && one.statistic == other.statistic);
    }
}
