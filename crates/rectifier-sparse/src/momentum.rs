//! Momentum and weight decay, and how they go on where there is no gradient.
//!
//! Burn's definition, for a gradient `g`: `v = momentum v + g + decay w`, `w = w - rate v` (no dampening, not Nesterov's). What is
//! kept here is what the next gradient is added to, `u = momentum v + decay w`, so that a step is
//!
//! ```text
//! v = u + g        w = w - rate v        u = momentum v + decay w
//! ```
//!
//! Without a gradient it is linear in (w, u), and steps in a row are one product of matrices of two rows and columns: with
//! momentum alone, the sum of a geometric series weighted by the rates; with decay alone, the product of `1 - rate decay`. A row
//! whose inputs were silent for any number of steps is caught up by one such product when it is next read.

use crate::engine::beyond;
use crate::kernels::Factors;
use rectifier_train::{Limit, Optimizer, TrainError};

/// A row rests at most so many steps: products of so many are kept, and each row is caught up once in so many.
const LONGEST_REST: usize = 512;

/// `[ww, wu, uw, uu]`: w becomes `ww w + wu u`, u becomes `uw w + uu u`.
pub(crate) type Product = [f64; 4];

const IDENTITY: Product = [1.0, 0.0, 0.0, 1.0];

/// The recurrence of a stage, and what it does to rows that rest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Momentum {
    momentum: f64,
    decay: f64,
    /// Steps so far.
    steps: u32,
    /// For step s of the latest, at place s modulo the length, what the steps after it do.
    products: Vec<Product>,
}

impl Momentum {
    /// That of `optimizer` with weights that decay; nothing for plain descent.
    ///
    /// # Errors
    /// [`TrainError::Limit`] for an optimizer that moves what has no gradient in another way.
    pub(crate) fn of(optimizer: Optimizer, decay: f64) -> Result<Option<Self>, TrainError> {
        let momentum = match optimizer {
            Optimizer::Sgd => 0.0,
            Optimizer::Momentum { momentum } => momentum,
            Optimizer::Adam => return Err(beyond(Limit::Optimizer(optimizer))),
        };
        let some = momentum != 0.0 || decay != 0.0;
        Ok(some.then(|| Self::new(momentum, decay, LONGEST_REST)))
    }

    /// Rows rest at most `longest` steps, at least one.
    pub(crate) fn new(momentum: f64, decay: f64, longest: usize) -> Self {
        // Burn has both as f32.
        Self {
            momentum: f64::from(momentum as f32),
            decay: f64::from(decay as f32),
            steps: 0,
            products: vec![IDENTITY; longest.max(1)],
        }
    }

    /// Steps so far.
    pub(crate) fn steps(&self) -> u32 {
        self.steps
    }

    /// Of the rows from `first` on, the first that is caught up in the step that comes, whoever reads it; others follow so far
    /// apart.
    pub(crate) fn due(&self, first: usize) -> (usize, usize) {
        let longest = self.products.len();
        let now = (self.steps as usize + 1) % longest;
        (first + (now + longest - first % longest) % longest, longest)
    }

    /// What has happened to a row that has come up to step `since`, at most the longest rest ago.
    pub(crate) fn rested(&self, since: u32) -> Factors {
        let [ww, wu, uw, uu] = self.products[since as usize % self.products.len()];
        [(ww - 1.0) as f32, wu as f32, uw as f32, uu as f32]
    }

    /// What a step at `rate` does to a row whose gradient is in `u` already.
    pub(crate) fn moving(&self, rate: f32) -> Factors {
        let carried = self.momentum - self.decay * f64::from(rate);
        [0.0, -rate, self.decay as f32, carried as f32]
    }

    /// What a step at `rate` makes of a bias `w` whose gradient is in `v`: itself, and what it carries on.
    pub(crate) fn bias(&self, rate: f32, w: f32, v: f32) -> [f32; 2] {
        let moved = w - rate * v;
        [moved, self.momentum as f32 * v + self.decay as f32 * moved]
    }

    /// What weights carry at the start.
    pub(crate) fn start(&self, weight: f32) -> f32 {
        self.decay as f32 * weight
    }

    /// A step at `rate` is done.
    pub(crate) fn advance(&mut self, rate: f32) {
        let rate = f64::from(rate);
        for [ww, wu, uw, uu] in &mut self.products {
            *ww -= rate * *uw;
            *wu -= rate * *uu;
            *uw = self.momentum * *uw + self.decay * *ww;
            *uu = self.momentum * *uu + self.decay * *wu;
        }
        self.steps = self.steps.wrapping_add(1);
        let now = self.steps as usize % self.products.len();
        self.products[now] = IDENTITY;
    }

    /// Steps and products, for a checkpoint.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.steps.to_le_bytes());
        let numbers = self.products.iter().flatten();
        bytes.extend(numbers.flat_map(|number| number.to_le_bytes()));
    }

    /// Takes up what [`write`](Self::write) wrote, and gives what follows it; nothing where it is too short.
    pub(crate) fn read<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (steps, mut bytes) = bytes.split_first_chunk()?;
        for number in self.products.iter_mut().flatten() {
            let (word, rest) = bytes.split_first_chunk()?;
            (*number, bytes) = (f64::from_le_bytes(*word), rest);
        }
        self.steps = u32::from_le_bytes(*steps);
        Some(bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Steps without gradient one by one, as Burn makes them: weight, velocity.
    fn burns(momentum: f64, decay: f64, rates: &[f32], [mut w, mut v]: [f64; 2]) -> [f64; 2] {
        for rate in rates {
            v = momentum * v + decay * w;
            w -= f64::from(*rate) * v;
        }
        [w, v]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 256 }))]

        #[test]
        fn a_rest_is_its_steps_one_by_one(
            momentum in 0.0f64..0.999, decay in 0.0f64..0.1, rates in proptest::collection::vec(1e-4f32..0.5, 1..40),
            longest in 1usize..50, w in -2.0f64..2.0, v in -2.0f64..2.0,
        ) {
            let mut kept = Momentum::new(momentum, decay, longest);
            let (momentum, decay) = (kept.momentum, kept.decay);
            for rate in &rates {
                kept.advance(*rate);
            }
            let u = momentum * v + decay * w;
            for rest in 0..rates.len().min(longest) {
                let [w_now, v_now] = burns(momentum, decay, &rates[rates.len() - rest..], [w, v]);
                let u_now = momentum * v_now + decay * w_now;
                let [a, b, c, d] = kept.rested(kept.steps() - rest as u32).map(f64::from);
                prop_assert!((w + a * w + b * u - w_now).abs() < 1e-5 * (1.0 + w_now.abs()));
                prop_assert!((c * w + d * u - u_now).abs() < 1e-5 * (1.0 + u_now.abs()));
            }
        }

        #[test]
        fn each_row_is_due_once_in_the_longest_rest(longest in 1usize..20, panel in 0usize..4) {
            let mut kept = Momentum::new(0.9, 0.0, longest);
            let mut found = vec![0; 64];
            for _ in 0..longest {
                let (first, apart) = kept.due(panel * 64);
                (first..panel * 64 + 64).step_by(apart).for_each(|row| found[row - panel * 64] += 1);
                kept.advance(0.1);
            }
            prop_assert_eq!(found, vec![1; 64]);
        }
    }

    #[test]
    fn momentum_alone_is_a_geometric_sum_and_decay_alone_a_product() {
        let mut kept = Momentum::new(0.5, 0.0, 8);
        (0..3).for_each(|_| kept.advance(0.25));
        assert_eq!(kept.rested(0), [0.0, -0.25 * 1.75, 0.0, 0.125]);
        assert_eq!(kept.rested(3), [0.0, 0.0, 0.0, 1.0]);
        let mut kept = Momentum::new(0.0, 0.5, 8);
        (0..3).for_each(|_| kept.advance(0.5));
        let [a, b, c, d] = kept.rested(0);
        // From w and u = w / 2.
        assert_eq!((1.0 + a + 0.5 * b, c + 0.5 * d), (0.421_875, 0.210_937_5));
    }

    #[test]
    fn it_is_written_down_whole() {
        let mut kept = Momentum::new(0.9, 1e-4, 5);
        (1..9).for_each(|step| kept.advance(0.01 * step as f32));
        let mut bytes = Vec::new();
        kept.write(&mut bytes);
        bytes.push(7);
        let mut read = Momentum::new(0.9, 1e-4, 5);
        assert_eq!(read.read(&bytes).unwrap(), [7]);
        assert_eq!(read, kept);
        assert!(Momentum::new(0.9, 1e-4, 6).read(&bytes).is_none());
    }

    #[test]
    fn plain_descent_has_none_and_adam_is_anothers() {
        assert_eq!(Momentum::of(Optimizer::Sgd, 0.0).unwrap(), None);
        assert!(Momentum::of(Optimizer::Sgd, 0.1).unwrap().is_some());
        let error = Momentum::of(Optimizer::Adam, 0.0).unwrap_err();
        assert!(error.to_string().contains("--engine burn"), "{error}");
    }
}
