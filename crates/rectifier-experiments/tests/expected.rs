//! The statistics beside SciPy's and statsmodels' figures, which `expected.py` made.
#![allow(missing_docs, clippy::unwrap_used)]

use rectifier_experiments::statistics::{
    Hinge, Interval, TTest, Tail, against, bonferroni, holm, mcnemar_counts, mean, paired, welch,
    wilcoxon, wilson,
};
use rectifier_plot::Lowess;
use serde_json::Value;

fn cases(name: &str) -> Vec<Value> {
    let figures: Value = serde_json::from_str(include_str!("expected.json")).unwrap();
    let cases = figures[name].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

fn number(case: &Value, key: &str) -> f64 {
    case[key].as_f64().unwrap()
}

fn numbers(case: &Value, key: &str) -> Vec<f64> {
    let values = case[key].as_array().unwrap().iter();
    values.map(|value| value.as_f64().unwrap()).collect()
}

#[track_caller]
fn near(ours: f64, theirs: f64, tolerance: f64) {
    let difference = (ours - theirs).abs();
    let limit = tolerance * theirs.abs().max(1e-12);
    assert!(difference <= limit, "{ours} instead of {theirs}");
}

#[track_caller]
fn same_interval(interval: Interval, case: &Value) {
    let size = (number(case, "high") - number(case, "low")).abs();
    for (ours, key) in [(interval.low, "low"), (interval.high, "high")] {
        let theirs = number(case, key);
        assert!(
            (ours - theirs).abs() <= 1e-9 * size,
            "{ours} instead of {theirs}"
        );
    }
}

#[test]
fn means_and_their_intervals() {
    for case in cases("mean") {
        let found = mean(&numbers(&case, "values"), number(&case, "level")).unwrap();
        near(found.mean, number(&case, "mean"), 1e-12);
        near(found.deviation.unwrap(), number(&case, "deviation"), 1e-12);
        same_interval(found.interval.unwrap(), &case);
    }
}

#[test]
fn intervals_of_proportions() {
    for case in cases("wilson") {
        let count = |key: &str| case[key].as_u64().unwrap();
        let level = number(&case, "level");
        let found = wilson(count("successes"), count("trials"), level).unwrap();
        same_interval(found, &case);
    }
}

#[test]
fn exact_and_mid_p_tests_of_split_examples() {
    for case in cases("mcnemar") {
        let count = |key: &str| case[key].as_u64().unwrap();
        let p = |tail| mcnemar_counts(count("first"), count("second"), tail).p;
        near(p(Tail::Exact), number(&case, "exact"), 1e-8);
        near(p(Tail::MidP), number(&case, "mid"), 1e-8);
    }
}

#[track_caller]
fn same_test(test: TTest, case: &Value) {
    near(test.statistic, number(case, "t"), 1e-9);
    near(test.freedom, number(case, "df"), 1e-10);
    near(test.p, number(case, "p"), 1e-9);
    same_interval(test.interval, case);
}

#[test]
fn t_tests_of_groups_pairs_and_published_figures() {
    let mut pairs = 0;
    for case in cases("t") {
        let (first, second) = (numbers(&case, "first"), numbers(&case, "second"));
        let found = welch(&first, &second, 0.95).unwrap();
        same_test(found.tested().unwrap(), &case["welch"]);
        let found = against(&first, number(&case, "published"), 0.95).unwrap();
        same_test(found.tested().unwrap(), &case["against"]);
        if first.len() == second.len() {
            pairs += 1;
            let found = paired(&first, &second, 0.95).unwrap();
            same_test(found.tested().unwrap(), &case["paired"]);
        }
    }
    assert_eq!(pairs, 6);
}

#[test]
fn signed_ranks() {
    for case in cases("wilcoxon") {
        let found = wilcoxon(&numbers(&case, "first"), &numbers(&case, "second")).unwrap();
        let found = found.tested().unwrap();
        near(found.statistic, number(&case, "statistic"), 1e-12);
        near(found.p, number(&case, "p"), 1e-9);
        assert_eq!(found.exact, case["exact"].as_bool().unwrap());
    }
}

#[test]
fn several_tests_at_once() {
    for case in cases("multiple") {
        let ps = numbers(&case, "ps");
        for (found, name) in [(holm(&ps), "holm"), (bonferroni(&ps), "bonferroni")] {
            for (ours, theirs) in found.unwrap().into_iter().zip(numbers(&case, name)) {
                near(ours, theirs, 1e-12);
            }
        }
    }
}

#[test]
fn hinges() {
    let hinge = Hinge {
        resamples: 0,
        shuffles: 0,
        ..Hinge::default()
    };
    for case in cases("hinge") {
        let found = hinge
            .fit(&numbers(&case, "xs"), &numbers(&case, "ys"))
            .unwrap();
        let found = found.tested().unwrap();
        // SciPy's search is numerical: it may end a little beside the minimum, never below it.
        assert!(found.residual <= number(&case, "residual") * (1.0 + 1e-12));
        near(found.residual, number(&case, "residual"), 1e-9);
        near(found.flat_residual, number(&case, "flat"), 1e-10);
        near(found.at, number(&case, "at"), 1e-5);
        near(found.before, number(&case, "before"), 1e-6);
        near(found.slope, number(&case, "slope"), 1e-5);
        near(found.statistic.unwrap(), number(&case, "f"), 1e-8);
        near(found.p, number(&case, "p"), 1e-6);
    }
}

#[test]
fn smooth_lines() {
    for case in cases("lowess") {
        let lowess = Lowess {
            share: number(&case, "share"),
            robust: number(&case, "robust") as usize,
            ..Lowess::default()
        };
        let (xs, ys) = (numbers(&case, "xs"), numbers(&case, "ys"));
        let found = lowess.at(&xs, &ys, &numbers(&case, "at")).unwrap();
        for (ours, theirs) in found.into_iter().zip(numbers(&case, "smooth")) {
            assert!((ours - theirs).abs() < 1e-9, "{ours} instead of {theirs}");
        }
    }
}
