//! A smooth line through scattered points: locally weighted regression (LOWESS, Cleveland 1979), with a bootstrap interval.

use crate::layer::{Curve, Shade, Spot};
use crate::order::{Resampler, median, quantile};

/// How points are smoothed.
///
/// At each place a line is fitted to the nearest points, weighted by the tricube of their distance; then again with
/// weights that fall with a point's residual, so that outliers do not draw the line towards them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lowess {
    /// The share of the points that a place is smoothed over, above 0 and at most 1: more is smoother.
    pub share: f64,
    /// How many times residuals are weighted anew; 0 for plain local regression.
    pub robust: usize,
    /// Places from the first to the last point that the line is drawn through, at least 2.
    pub places: usize,
    /// How many times the points are drawn anew for the interval; 0 for none.
    pub resamples: usize,
    /// How much of what the draws give lies inside of the interval, between 0 and 1.
    pub level: f64,
    /// The seed of the draws.
    pub seed: u64,
}

impl Default for Lowess {
    fn default() -> Self {
        Self {
            share: 2.0 / 3.0,
            robust: 3,
            places: 60,
            resamples: 400,
            level: 0.95,
            seed: 1,
        }
    }
}

/// Why points cannot be smoothed.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SmoothError {
    /// Not every point has both coordinates.
    #[error("{xs} numbers across and {ys} up: give a pair for each point")]
    Lengths {
        /// Numbers across.
        xs: usize,
        /// Numbers up.
        ys: usize,
    },
    /// A coordinate that is no number.
    #[error("point {place} is infinite or no number: leave it out")]
    NotFinite {
        /// Which point, from 0.
        place: usize,
    },
    /// Fewer than three points.
    #[error("{count} points: at least 3 are needed")]
    TooFew {
        /// How many there are.
        count: usize,
    },
    /// A setting that is out of its range.
    #[error("{setting} is {value}: {wanted}")]
    Setting {
        /// Which.
        setting: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        wanted: &'static str,
    },
}

/// A smooth line.
#[derive(Clone, Debug, PartialEq)]
pub struct Smooth {
    /// Places, from left to right.
    pub x: Vec<f64>,
    /// The line at each place.
    pub y: Vec<f64>,
    /// The interval at each place, pointwise; empty where none was asked for.
    pub interval: Vec<(f64, f64)>,
}

impl Smooth {
    /// The line, without marks.
    pub fn curve(&self, name: impl Into<String>, colour: usize) -> Curve {
        let spots = self.x.iter().zip(&self.y).map(|(x, y)| Spot {
            x: *x,
            y: *y,
            ..Spot::default()
        });
        Curve::line(name, colour, spots)
    }

    /// Its interval.
    pub fn shade(&self, name: impl Into<String>, colour: usize) -> Shade {
        let points = self.x.iter().zip(&self.interval);
        Shade {
            name: name.into(),
            colour,
            points: points.map(|(x, (low, high))| (*x, *low, *high)).collect(),
        }
    }
}

impl Lowess {
    /// The line through the points at evenly spaced places, with its interval.
    ///
    /// # Errors
    /// [`SmoothError`].
    pub fn fit(&self, xs: &[f64], ys: &[f64]) -> Result<Smooth, SmoothError> {
        self.check(xs, ys)?;
        let low = xs.iter().copied().fold(f64::INFINITY, f64::min);
        let high = xs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let last = (self.places - 1) as f64;
        let x: Vec<f64> = (0..self.places)
            .map(|place| low + (high - low) * (place as f64 / last))
            .collect();
        let y = self.line(xs, ys, &x);
        let mut draws: Vec<Vec<f64>> = vec![Vec::with_capacity(self.resamples); x.len()];
        let mut resampler = Resampler::new(self.seed);
        for _ in 0..self.resamples {
            let places = resampler.places(xs.len());
            let pick = |values: &[f64]| -> Vec<f64> {
                places.iter().map(|place| values[*place]).collect()
            };
            let line = self.line(&pick(xs), &pick(ys), &x);
            for (draws, y) in draws.iter_mut().zip(line) {
                draws.push(y);
            }
        }
        let tail = (1.0 - self.level) / 2.0;
        let interval = draws
            .iter()
            .filter_map(|draws| Some((quantile(draws, tail)?, quantile(draws, 1.0 - tail)?)));
        Ok(Smooth {
            interval: interval.collect(),
            x,
            y,
        })
    }

    /// The line through the points at the places `at`.
    ///
    /// # Errors
    /// [`SmoothError`].
    pub fn at(&self, xs: &[f64], ys: &[f64], at: &[f64]) -> Result<Vec<f64>, SmoothError> {
        self.check(xs, ys)?;
        match at.iter().position(|place| !place.is_finite()) {
            Some(place) => Err(SmoothError::NotFinite { place }),
            None => Ok(self.line(xs, ys, at)),
        }
    }

    fn check(&self, xs: &[f64], ys: &[f64]) -> Result<(), SmoothError> {
        if xs.len() != ys.len() {
            return Err(SmoothError::Lengths {
                xs: xs.len(),
                ys: ys.len(),
            });
        }
        if xs.len() < 3 {
            return Err(SmoothError::TooFew { count: xs.len() });
        }
        let mut points = xs.iter().zip(ys);
        if let Some(place) = points.position(|(x, y)| !(x.is_finite() && y.is_finite())) {
            return Err(SmoothError::NotFinite { place });
        }
        let wrong = |setting, value, wanted| {
            Err(SmoothError::Setting {
                setting,
                value,
                wanted,
            })
        };
        if !(self.share > 0.0 && self.share <= 1.0) {
            return wrong("share", self.share, "a number above 0 and at most 1");
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return wrong("level", self.level, "a number between 0 and 1");
        }
        if self.places < 2 {
            return wrong("places", self.places as f64, "at least 2");
        }
        Ok(())
    }

    fn line(&self, xs: &[f64], ys: &[f64], at: &[f64]) -> Vec<f64> {
        let nearest = (self.share * xs.len() as f64 + 1e-10) as usize;
        let nearest = nearest.clamp(2, xs.len());
        let mut trust = vec![1.0; xs.len()];
        for _ in 0..self.robust {
            let residuals: Vec<f64> = xs
                .iter()
                .zip(ys)
                .map(|(x, y)| (y - local(xs, ys, &trust, nearest, *x)).abs())
                .collect();
            // Six medians of the residuals and more are no evidence at all.
            let limit = 6.0 * median(&residuals).unwrap_or(0.0);
            if limit <= 0.0 {
                break;
            }
            for (trust, residual) in trust.iter_mut().zip(&residuals) {
                *trust = (1.0 - (residual / limit).min(1.0).powi(2)).powi(2);
            }
        }
        at.iter()
            .map(|place| local(xs, ys, &trust, nearest, *place))
            .collect()
    }
}

/// The value at `at` of the weighted line through the points nearest to it.
fn local(xs: &[f64], ys: &[f64], trust: &[f64], nearest: usize, at: f64) -> f64 {
    let distances: Vec<f64> = xs.iter().map(|x| (x - at).abs()).collect();
    let mut sorted = distances.clone();
    let (_, radius, _) = sorted.select_nth_unstable_by(nearest - 1, f64::total_cmp);
    let radius = *radius;
    let weight = |distance: f64| match distance {
        distance if distance <= 0.001 * radius => 1.0,
        distance if distance > 0.999 * radius => 0.0,
        distance => (1.0 - (distance / radius).powi(3)).powi(3),
    };
    let weights: Vec<f64> = distances
        .iter()
        .zip(trust)
        .map(|(distance, trust)| weight(*distance) * trust)
        .collect();
    let sum: f64 = weights.iter().sum();
    if sum <= 0.0 {
        // All that is near is distrusted, or lies at the edge.
        return plain_mean(&distances, ys, radius);
    }
    let mean = |values: &[f64]| -> f64 {
        let products = values
            .iter()
            .zip(&weights)
            .map(|(value, weight)| value * weight);
        products.sum::<f64>() / sum
    };
    let (middle, height) = (mean(xs), mean(ys));
    let (mut spread, mut product) = (0.0, 0.0);
    for ((x, y), weight) in xs.iter().zip(ys).zip(&weights) {
        spread += weight * (x - middle).powi(2);
        product += weight * (x - middle) * (y - height);
    }
    let span = xs.iter().copied().fold(f64::NEG_INFINITY, f64::max)
        - xs.iter().copied().fold(f64::INFINITY, f64::min);
    // Points that all lie at one place have no slope.
    match (spread / sum).sqrt() > 0.001 * span {
        true => height + product / spread * (at - middle),
        false => height,
    }
}

/// The mean of what is within `radius`.
fn plain_mean(distances: &[f64], ys: &[f64], radius: f64) -> f64 {
    let near = distances.iter().zip(ys).filter(|(d, _)| **d <= radius);
    let (count, sum) = near.fold((0.0, 0.0), |(count, sum), (_, y)| (count + 1.0, sum + y));
    sum / f64::max(count, 1.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_stays_one_and_an_outlier_does_not_bend_it() {
        let xs: Vec<f64> = (0..30).map(f64::from).collect();
        let mut ys: Vec<f64> = xs.iter().map(|x| 2.0 * x + 1.0).collect();
        let lowess = Lowess {
            share: 0.5,
            resamples: 0,
            ..Lowess::default()
        };
        let smooth = lowess.fit(&xs, &ys).unwrap();
        assert_eq!((smooth.x.len(), smooth.x[0], smooth.x[59]), (60, 0.0, 29.0));
        for (x, y) in smooth.x.iter().zip(&smooth.y) {
            assert!((y - (2.0 * x + 1.0)).abs() < 1e-9);
        }
        assert!(smooth.interval.is_empty() && smooth.shade("", 0).points.is_empty());
        ys[15] += 100.0;
        // Something to weigh the outlier against.
        for (place, y) in ys.iter_mut().enumerate() {
            *y += 0.1 * f64::from(place as u32 % 2);
        }
        let robust = lowess.at(&xs, &ys, &[15.0]).unwrap()[0];
        let plain = Lowess {
            robust: 0,
            ..lowess
        };
        let plain = plain.at(&xs, &ys, &[15.0]).unwrap()[0];
        assert!(
            (robust - 31.0).abs() < 0.2 && (plain - 31.0).abs() > 2.0,
            "{robust} {plain}"
        );
    }

    #[test]
    fn the_interval_holds_the_line_and_is_that_of_its_seed() {
        let xs: Vec<f64> = (0..40).map(f64::from).collect();
        let noise = |x: f64| ((x * 12.9898).sin() * 43_758.545).fract();
        let ys: Vec<f64> = xs.iter().map(|x| 0.1 * x + noise(*x)).collect();
        let lowess = Lowess {
            places: 9,
            resamples: 100,
            ..Lowess::default()
        };
        let smooth = lowess.fit(&xs, &ys).unwrap();
        assert_eq!(smooth, lowess.fit(&xs, &ys).unwrap());
        assert_eq!(smooth.interval.len(), 9);
        for (y, (low, high)) in smooth.y.iter().zip(&smooth.interval) {
            assert!(low < y && y < high && high - low < 3.0, "{low} {y} {high}");
        }
        let other = Lowess { seed: 2, ..lowess };
        assert_ne!(other.fit(&xs, &ys).unwrap().interval, smooth.interval);
    }

    #[test]
    fn ties_and_constants_have_values() {
        let lowess = Lowess {
            resamples: 20,
            ..Lowess::default()
        };
        for (xs, ys) in [
            ([1.0; 6], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            ([1.0, 1.0, 1.0, 1.0, 1.0, 9.0], [5.0; 6]),
            (
                [0.0, 0.0, 0.0, 1.0, 1.0, 1.0],
                [1.0, 2.0, 3.0, 1e6, 5.0, 6.0],
            ),
        ] {
            let smooth = lowess.fit(&xs, &ys).unwrap();
            assert!(smooth.y.iter().all(|y| y.is_finite()), "{smooth:?}");
            let ends = smooth.interval.iter();
            assert!(ends.clone().all(|(low, high)| low <= high) && ends.len() == 60);
        }
    }

    #[test]
    fn what_cannot_be_smoothed_is_an_error() {
        let lowess = Lowess::default();
        let error = |lowess: Lowess, xs: &[f64], ys: &[f64]| lowess.fit(xs, ys).unwrap_err();
        let three = [1.0, 2.0, 3.0];
        assert_eq!(
            error(lowess, &three, &[1.0]),
            SmoothError::Lengths { xs: 3, ys: 1 }
        );
        assert_eq!(error(lowess, &[], &[]), SmoothError::TooFew { count: 0 });
        assert_eq!(
            error(lowess, &three, &[1.0, f64::NAN, 2.0]),
            SmoothError::NotFinite { place: 1 }
        );
        for lowess in [
            Lowess {
                share: 0.0,
                ..lowess
            },
            Lowess {
                share: f64::NAN,
                ..lowess
            },
            Lowess {
                level: 1.0,
                ..lowess
            },
            Lowess {
                places: 1,
                ..lowess
            },
        ] {
            let error = error(lowess, &three, &three);
            assert!(matches!(error, SmoothError::Setting { .. }), "{error}");
        }
    }
}
