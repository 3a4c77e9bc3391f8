//! The distributions behind the tests, with their parameters known to be right.

use statrs::distribution::{
    Binomial, ContinuousCDF, Discrete, DiscreteCDF, FisherSnedecor, Normal, StudentsT,
};

/// The probability that Student's t of `freedom` degrees lies at least as far from 0 as `t`.
pub(super) fn t_two_sided(t: f64, freedom: f64) -> f64 {
    let both = StudentsT::new(0.0, 1.0, freedom).map(|student| 2.0 * student.cdf(-t.abs()));
    both.unwrap_or(1.0).clamp(0.0, 1.0)
}

/// How far from 0 Student's t of `freedom` degrees lies with a probability of `level` at most.
pub(super) fn t_reach(level: f64, freedom: f64) -> f64 {
    let Ok(student) = StudentsT::new(0.0, 1.0, freedom) else {
        return f64::MAX;
    };
    student.inverse_cdf(0.5 + level / 2.0)
}

/// How far from 0 a standard normal number lies with a probability of `level` at most.
pub(super) fn normal_reach(level: f64) -> f64 {
    Normal::standard().inverse_cdf(0.5 + level / 2.0)
}

/// The probability that a standard normal number lies at least as far from 0 as `z`.
pub(super) fn normal_two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().cdf(-z.abs())).clamp(0.0, 1.0)
}

/// The probability that F of these degrees of freedom is at least `f`.
pub(super) fn f_upper(f: f64, above: f64, below: f64) -> f64 {
    let upper = FisherSnedecor::new(above, below).map(|fisher| fisher.sf(f.max(0.0)));
    upper.unwrap_or(1.0).clamp(0.0, 1.0)
}

/// The probabilities that at most, and that exactly, `heads` of `tosses` of a fair coin are heads.
pub(super) fn fair_coin(heads: u64, tosses: u64) -> (f64, f64) {
    match Binomial::new(0.5, tosses) {
        Ok(coin) => (coin.cdf(heads), coin.pmf(heads)),
        Err(_) => (1.0, 1.0),
    }
}
