//! How right a network is, and how silent.

use alloc::vec::Vec;

/// On how many of some examples each hidden unit was exactly 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zeros {
    /// Examples seen.
    pub examples: u64,
    /// For each hidden layer, from the input up, and each of its units.
    pub units: Vec<Vec<u64>>,
}

impl Zeros {
    /// Adds what was seen on other examples.
    pub fn add(&mut self, other: &Self) {
        self.examples += other.examples;
        self.units.resize_with(other.units.len(), Vec::new);
        for (sums, units) in self.units.iter_mut().zip(&other.units) {
            sums.resize(units.len(), 0);
            sums.iter_mut()
                .zip(units)
                .for_each(|(sum, zeros)| *sum += zeros);
        }
    }

    /// The share of exact zeros, a hidden layer.
    pub fn shares(&self) -> Vec<f64> {
        let share = |units: &Vec<u64>| {
            let all = (self.examples * units.len() as u64).max(1);
            units.iter().sum::<u64>() as f64 / all as f64
        };
        self.units.iter().map(share).collect()
    }
}

/// What a network said of labelled examples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// Examples.
    pub examples: usize,
    /// How many of them it took for another class.
    pub errors: usize,
    /// The class that it took each for.
    pub classes: Vec<usize>,
    /// The root of the mean squared difference between sum over k of k P(k) and the label: what counts for ratings.
    pub rmse: f64,
    /// Zeros of the hidden layers.
    pub zeros: Zeros,
}

impl Evaluation {
    /// The share of wrong classes; none without examples.
    pub fn error(&self) -> Option<f64> {
        (self.examples > 0).then(|| self.errors as f64 / self.examples as f64)
    }
}
