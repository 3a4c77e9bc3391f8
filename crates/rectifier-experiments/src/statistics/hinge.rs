//! Where a curve stops being flat: a level, and from some place on a slope.

use super::distributions::f_upper;
use super::mean::average;
use super::outcome::{Interval, Outcome, StatisticsError, Untestable, check_level, check_pairs};
use rectifier_plot::{Resampler, quantile};
use serde::{Deserialize, Serialize};

/// Points on either side of the hinge, at least: fewer would be fitted, not judged.
const SIDE: usize = 3;

/// Points nearer to each other than this share of the whole are at one place.
const NARROW: f64 = 1e-9;

/// How a hinge is looked for.
///
/// The model is `before + slope * max(0, x - at)`, fitted by least squares over all three, the place of the hinge among and
/// between the points (Hudson 1966).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hinge {
    /// How many times the points are drawn anew for the interval; 0 for none.
    pub resamples: usize,
    /// How many times the values are shuffled among the points for `p_shuffled`; 0 for none.
    pub shuffles: usize,
    /// The level of the interval.
    pub level: f64,
    /// The seed of both.
    pub seed: u64,
}

impl Default for Hinge {
    fn default() -> Self {
        Self {
            resamples: 1000,
            shuffles: 1000,
            level: 0.95,
            seed: 1,
        }
    }
}

/// A hinge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HingeFit {
    /// Where it is.
    pub at: f64,
    /// The value before it.
    pub before: f64,
    /// The slope behind it: harm, where it is above 0 and values are errors.
    pub slope: f64,
    /// The sum of squared residuals.
    pub residual: f64,
    /// That of a flat line.
    pub flat_residual: f64,
    /// F of the hinge against a flat line, of 2 and `n - 3` degrees of freedom; none where the hinge leaves no residual.
    pub statistic: Option<f64>,
    /// How likely such an F is of a flat line, as if the place had been known: too small, for it was looked for.
    pub p: f64,
    /// How often values shuffled among the points give an F at least as large, which takes the looking into account; none
    /// where nothing was shuffled.
    pub p_shuffled: Option<f64>,
    /// The bootstrap interval of the place, from the quantiles of what points drawn anew give; none where nothing was drawn.
    pub interval: Option<Interval>,
}

/// A fit without what is said about it.
#[derive(Clone, Copy)]
struct Line {
    at: f64,
    before: f64,
    slope: f64,
    residual: f64,
}

impl Hinge {
    /// The hinge of `ys` over `xs`.
    ///
    /// # Errors
    /// [`StatisticsError`] for no points, numbers that are none, not as many of each, or a level that is none.
    pub fn fit(&self, xs: &[f64], ys: &[f64]) -> Result<Outcome<HingeFit>, StatisticsError> {
        check_level(self.level)?;
        check_pairs(xs, ys)?;
        let mut points: Vec<(f64, f64)> = xs.iter().copied().zip(ys.iter().copied()).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let flat_residual = flat(&points);
        let size = ys.iter().map(|y| y.abs()).fold(0.0, f64::max);
        let count = points.len();
        let nothing = (4.0 * f64::EPSILON * size).powi(2) * count as f64;
        if count >= 2 * SIDE && flat_residual <= nothing {
            return Ok(Outcome::Untestable(Untestable::NoSpread {
                difference: 0.0,
            }));
        }
        let Some(line) = best(&points) else {
            return Ok(Outcome::Untestable(Untestable::TooFew {
                count: distinct(&points),
                needed: 2 * SIDE,
            }));
        };
        let freedom = count as f64 - 3.0;
        let f = |flat: f64, residual: f64| (flat - residual) / 2.0 / (residual / freedom);
        let exact = line.residual <= nothing;
        let statistic = (!exact).then(|| f(flat_residual, line.residual).max(0.0));
        let mut resampler = Resampler::new(self.seed);
        let interval = self.interval(&points, &mut resampler);
        Ok(Outcome::Tested(HingeFit {
            at: line.at,
            before: line.before,
            slope: line.slope,
            residual: line.residual,
            flat_residual,
            statistic,
            p: statistic.map_or(0.0, |statistic| f_upper(statistic, 2.0, freedom)),
            p_shuffled: self.shuffled(&points, line.residual, &mut resampler),
            interval,
        }))
    }

    fn interval(&self, points: &[(f64, f64)], resampler: &mut Resampler) -> Option<Interval> {
        let mut places = Vec::with_capacity(self.resamples);
        for _ in 0..self.resamples {
            let drawn = resampler.places(points.len());
            let mut drawn: Vec<(f64, f64)> = drawn.iter().map(|place| points[*place]).collect();
            drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
            // Draws of too few places have no hinge.
            places.extend(best(&drawn).map(|line| line.at));
        }
        let tail = (1.0 - self.level) / 2.0;
        Some(Interval {
            low: quantile(&places, tail)?,
            high: quantile(&places, 1.0 - tail)?,
            level: self.level,
        })
    }

    /// The flat line's residual is the same however values are shuffled: a smaller residual of the hinge is a larger F.
    fn shuffled(
        &self,
        points: &[(f64, f64)],
        residual: f64,
        resampler: &mut Resampler,
    ) -> Option<f64> {
        if self.shuffles == 0 {
            return None;
        }
        let mut points = points.to_vec();
        let mut as_large = 0;
        for _ in 0..self.shuffles {
            for last in (1..points.len()).rev() {
                let other = resampler.place(last + 1);
                let (one, two) = (points[last].1, points[other].1);
                (points[last].1, points[other].1) = (two, one);
            }
            as_large += usize::from(best(&points).is_some_and(|line| line.residual <= residual));
        }
        // What was seen is one of the shuffles.
        Some((as_large + 1) as f64 / (self.shuffles + 1) as f64)
    }
}

fn distinct(points: &[(f64, f64)]) -> usize {
    points.chunk_by(|a, b| a.0 == b.0).count()
}

/// The residual of a flat line.
fn flat(points: &[(f64, f64)]) -> f64 {
    let ys: Vec<f64> = points.iter().map(|point| point.1).collect();
    let middle = average(&ys);
    ys.iter().map(|y| (y - middle).powi(2)).sum()
}

/// The best hinge of sorted points; none where no place has [`SIDE`] points on either side, those behind it at two places
/// at least.
fn best(points: &[(f64, f64)]) -> Option<Line> {
    let mut found: Option<Line> = None;
    let mut keep = |line: Line| {
        let numbers = [line.at, line.before, line.slope, line.residual];
        let whole = numbers.iter().all(|number| number.is_finite());
        if whole && found.is_none_or(|best| line.residual < best.residual) {
            found = Some(line);
        }
    };
    let count = points.len();
    let span = points.last()?.0 - points.first()?.0;
    for left in SIDE..count.saturating_sub(SIDE - 1) {
        // The first of those behind it must lie beyond the last before it.
        let (here, next) = (points[left - 1].0, points.get(left)?.0);
        if here == next {
            continue;
        }
        let (before, behind) = points.split_at(left);
        if behind.last()?.0 - behind.first()?.0 <= NARROW * span {
            continue;
        }
        // A hinge at a point.
        keep(hinged(points, here));
        // A hinge between this point and the next: where a mean before and a line behind it meet.
        let level = mean_of(before);
        let (slope, offset) = straight(behind);
        let meet = (level - offset) / slope;
        if meet > here && meet < next {
            keep(hinged(points, meet));
        }
    }
    found
}

fn mean_of(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|point| point.1).sum::<f64>() / points.len() as f64
}

/// Slope and offset of the line through points at two places at least.
fn straight(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len() as f64;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (x, y) = (x / count, y / count);
    let (mut spread, mut product) = (0.0, 0.0);
    for point in points {
        spread += (point.0 - x).powi(2);
        product += (point.0 - x) * (point.1 - y);
    }
    let slope = product / spread;
    (slope, y - slope * x)
}

/// The best level and slope of a hinge at a place that has points behind it.
fn hinged(points: &[(f64, f64)], at: f64) -> Line {
    let bent: Vec<(f64, f64)> = points
        .iter()
        .map(|(x, y)| ((x - at).max(0.0), *y))
        .collect();
    let (slope, before) = straight(&bent);
    let residual = bent
        .iter()
        .map(|(x, y)| (y - before - slope * x).powi(2))
        .sum();
    Line {
        at,
        before,
        slope,
        residual,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PLAIN: Hinge = Hinge {
        resamples: 0,
        shuffles: 0,
        level: 0.95,
        seed: 1,
    };

    #[test]
    fn a_hinge_between_points_is_found_exactly() {
        let xs: Vec<f64> = (0..20).map(f64::from).collect();
        let ys: Vec<f64> = xs
            .iter()
            .map(|x| 1.5 + 0.25 * (x - 12.3f64).max(0.0))
            .collect();
        let fit = PLAIN.fit(&xs, &ys).unwrap().tested().unwrap();
        assert!((fit.at - 12.3).abs() < 1e-9 && (fit.slope - 0.25).abs() < 1e-9);
        assert!((fit.before - 1.5).abs() < 1e-9 && fit.p < 1e-9);
        assert_eq!((fit.interval, fit.p_shuffled), (None, None));
        // The order of the points does not matter.
        let reversed = |values: &[f64]| values.iter().rev().copied().collect::<Vec<f64>>();
        let again = PLAIN
            .fit(&reversed(&xs), &reversed(&ys))
            .unwrap()
            .tested()
            .unwrap();
        assert!((again.at - fit.at).abs() < 1e-9);
    }

    #[test]
    fn noise_without_a_hinge_is_not_significant_and_a_hinge_in_noise_is() {
        let mut draws = Resampler::new(5);
        let noise: Vec<f64> = (0..60)
            .map(|_| draws.place(2000) as f64 / 1000.0 - 1.0)
            .collect();
        let xs: Vec<f64> = (0..60).map(f64::from).collect();
        let hinge = Hinge {
            resamples: 200,
            shuffles: 200,
            ..PLAIN
        };
        let fit = hinge.fit(&xs, &noise).unwrap().tested().unwrap();
        let shuffled = fit.p_shuffled.unwrap();
        assert!(shuffled > 0.05 && shuffled > fit.p, "{fit:?}");
        let ys: Vec<f64> = xs
            .iter()
            .zip(&noise)
            .map(|(x, noise)| 0.2 * (x - 40.0f64).max(0.0) + noise)
            .collect();
        let fit = hinge.fit(&xs, &ys).unwrap().tested().unwrap();
        let interval = fit.interval.unwrap();
        assert!(
            fit.p_shuffled.unwrap() < 0.01 && (fit.at - 40.0).abs() < 3.0,
            "{fit:?}"
        );
        assert!(
            interval.holds(40.0) && interval.high - interval.low < 12.0,
            "{interval:?}"
        );
        assert_eq!(hinge.fit(&xs, &ys).unwrap().tested(), Some(fit));
        let other = Hinge { seed: 2, ..hinge };
        assert_ne!(other.fit(&xs, &ys).unwrap().tested(), Some(fit));
    }

    #[test]
    fn what_has_no_hinge_says_why() {
        let few = PLAIN.fit(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(
            few,
            Outcome::Untestable(Untestable::TooFew {
                count: 3,
                needed: 6
            })
        );
        let same = PLAIN
            .fit(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], &[0.1; 7])
            .unwrap();
        assert_eq!(
            same,
            Outcome::Untestable(Untestable::NoSpread { difference: 0.0 })
        );
        // Many points at one place.
        let ys: Vec<f64> = (0..9).map(f64::from).collect();
        let one = PLAIN.fit(&[1.0; 9], &ys).unwrap();
        assert_eq!(
            one,
            Outcome::Untestable(Untestable::TooFew {
                count: 1,
                needed: 6
            })
        );
        assert!(PLAIN.fit(&[1.0], &[]).is_err());
        assert!(
            Hinge {
                level: 0.0,
                ..PLAIN
            }
            .fit(&ys, &ys)
            .is_err()
        );
    }
}
