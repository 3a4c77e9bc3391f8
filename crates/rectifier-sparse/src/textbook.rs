//! The passes as a textbook has them, in double precision, against those that skip. Small enough for Miri, which watches
//! every read and write of the plain kernels, and with `--target aarch64-unknown-linux-gnu` of NEON's:
//! `cargo +nightly miri test -p rectifier-sparse --lib`.
#![allow(clippy::unwrap_used)]

use crate::convert::Learning;
use crate::forward::{Forward, Rows, sparse_rows};
use crate::layer::{Activation, Layer};
use crate::momentum::Momentum;
use crate::phases::Unwatched;
use crate::simd::Level;
use crate::supervised::{Lesson, Supervised};
use crate::velocity::{Inertia, settled};
use crate::{denoise, pointwise};
use rectifier_data::SparseRows;
use rectifier_infer::team::Team;
use rectifier_nn::{Corruption, Draw, Reconstruction};
use rectifier_train::Totals;

/// Sizes that fill no panel, fill one (but for Miri, which is a thousand times slower), and hang over.
const SIZES: [usize; 4] = if cfg!(miri) {
    [5, 66, 7, 3]
} else {
    [5, 70, 64, 3]
};
const RATE: f64 = 0.1;
const PENALTY: f64 = 0.01;

struct Plain {
    /// Each `[inputs][units]`.
    weights: Vec<Vec<Vec<f64>>>,
    biases: Vec<Vec<f64>>,
}

impl Plain {
    fn drawn(seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        let mut number = || f64::from(draw.unit()) - 0.5;
        let pairs = SIZES.windows(2);
        Self {
            weights: pairs
                .map(|pair| {
                    (0..pair[0])
                        .map(|_| (0..pair[1]).map(|_| number()).collect())
                        .collect()
                })
                .collect(),
            biases: SIZES[1..]
                .iter()
                .map(|units| (0..*units).map(|_| number() - 0.2).collect())
                .collect(),
        }
    }

    fn layers(&self) -> Vec<Layer> {
        let single = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<_>>();
        (0..self.weights.len())
            .map(|k| {
                let activation = match k + 1 == self.weights.len() {
                    true => Activation::Smooth(pointwise::Smooth::Identity),
                    false => Activation::Rectifier(0.0),
                };
                let weight: Vec<f32> = self.weights[k].iter().flat_map(|row| single(row)).collect();
                Layer::new(
                    [SIZES[k], SIZES[k + 1]],
                    &weight,
                    &single(&self.biases[k]),
                    activation,
                    None,
                )
            })
            .collect()
    }

    /// Activations of every layer, the inputs first and the logits last.
    fn forward(&self, input: &[f64]) -> Vec<Vec<f64>> {
        let mut all = vec![input.to_vec()];
        for k in 0..self.weights.len() {
            let mut sums = self.biases[k].clone();
            for (x, row) in all[k].iter().zip(&self.weights[k]) {
                sums.iter_mut()
                    .zip(row)
                    .for_each(|(sum, weight)| *sum += x * weight);
            }
            if k + 1 < self.weights.len() {
                sums.iter_mut().for_each(|sum| *sum = sum.max(0.0));
            }
            all.push(sums);
        }
        all
    }

    /// The same shape, all 0.
    fn zeros() -> Self {
        let mut zeros = Self::drawn(0);
        zeros
            .weights
            .iter_mut()
            .flatten()
            .for_each(|row| row.fill(0.0));
        zeros.biases.iter_mut().for_each(|row| row.fill(0.0));
        zeros
    }

    fn rows(&mut self) -> impl Iterator<Item = &mut Vec<f64>> {
        self.weights.iter_mut().flatten().chain(&mut self.biases)
    }

    /// A step of descent with this momentum and decay, from these velocities; the summed loss and penalty from before it.
    fn step(
        &mut self,
        (inputs, labels): (&[Vec<f64>], &[u32]),
        rate: f64,
        [momentum, decay]: [f64; 2],
        velocity: &mut Self,
    ) -> (f64, f64) {
        let (mut gradient, loss, penalty) = self.gradient(inputs, labels);
        let gradients = gradient.rows().flatten();
        for ((w, v), g) in self
            .rows()
            .flatten()
            .zip(velocity.rows().flatten())
            .zip(gradients)
        {
            *v = momentum * *v + *g + decay * *w;
            *w -= rate * *v;
        }
        (loss, penalty)
    }

    /// The gradient, and the summed loss and penalty.
    fn gradient(&self, inputs: &[Vec<f64>], labels: &[u32]) -> (Self, f64, f64) {
        let batch = inputs.len() as f64;
        let (mut loss, mut penalty) = (0.0, 0.0);
        let (before, mut gradient) = (self, Self::zeros());
        for (input, &label) in inputs.iter().zip(labels) {
            let all = before.forward(input);
            let top = all.len() - 1;
            let sum: f64 = all[top].iter().map(|logit| logit.exp()).sum();
            loss += sum.ln() - all[top][label as usize];
            penalty += PENALTY * all[1..top].iter().flatten().sum::<f64>();
            let mut error: Vec<f64> = all[top]
                .iter()
                .map(|logit| logit.exp() / sum / batch)
                .collect();
            error[label as usize] -= 1.0 / batch;
            for k in (0..top).rev() {
                let below: Vec<f64> = before.weights[k]
                    .iter()
                    .zip(&all[k])
                    .map(|(row, x)| match *x > 0.0 {
                        true => {
                            row.iter().zip(&error).map(|(w, e)| w * e).sum::<f64>()
                                + PENALTY / batch
                        }
                        false => 0.0,
                    })
                    .collect();
                for (x, row) in all[k].iter().zip(&mut gradient.weights[k]) {
                    row.iter_mut()
                        .zip(&error)
                        .for_each(|(weight, e)| *weight += x * e);
                }
                gradient.biases[k]
                    .iter_mut()
                    .zip(&error)
                    .for_each(|(bias, e)| *bias += e);
                error = below;
            }
        }
        (gradient, loss, penalty)
    }
}

fn inputs(batch: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut draw = Draw::new(seed);
    let mut number = || (f64::from(draw.unit()) - 0.4).max(0.0);
    (0..batch)
        .map(|_| (0..SIZES[0]).map(|_| number()).collect())
        .collect()
}

fn flat(rows: &[Vec<f64>]) -> Vec<f32> {
    rows.iter().flatten().map(|value| *value as f32).collect()
}

/// Every level; for Miri the widest alone.
fn levels() -> Vec<Level> {
    let mut levels = Level::available();
    if cfg!(miri) {
        levels.drain(..levels.len() - 1);
    }
    levels
}

/// Steps of batches of these sizes at changing rates, on `threads` threads, by both; rows rest at most `longest` steps.
fn both(
    level: Level,
    threads: usize,
    [momentum, decay]: [f64; 2],
    longest: usize,
    batches: impl IntoIterator<Item = usize>,
) {
    let team = Team::new(threads, level).unwrap();
    let (mut plain, mut velocity) = (Plain::drawn(1), Plain::zeros());
    let learning = vec![Learning::ALL; SIZES.len() - 1];
    let mut net = Supervised::new(plain.layers(), learning, vec![PENALTY as f32; 2]);
    if momentum != 0.0 || decay != 0.0 {
        let kept = Momentum::new(momentum, decay, longest);
        net.inertia = Some(Inertia::new(kept, net.learners()));
    }
    for (turn, batch) in batches.into_iter().enumerate() {
        let rows = inputs(batch, turn as u64);
        let labels: Vec<u32> = (0..batch as u32).map(|at| at % 3).collect();
        let rate = RATE / (1.0 + turn as f64);
        let how = [momentum, decay];
        let (loss, penalty) = plain.step((&rows, &labels), rate, how, &mut velocity);
        let mut totals = Totals::default();
        let numbers = flat(&rows);
        let lesson = Lesson {
            rows: Rows::Dense(&numbers),
            labels: &labels,
            rate: rate as f32,
            noise: 0,
        };
        net.step(&team, lesson, &Unwatched, &mut totals);
        assert!((totals.loss - loss).abs() < 1e-4, "{} {loss}", totals.loss);
        assert!(
            (totals.penalty - penalty).abs() < 1e-4,
            "{} {penalty}",
            totals.penalty
        );
    }
    let layers = settled(net.inertia.as_ref(), &team, &net.layers);
    for (layer, (weights, biases)) in layers.iter().zip(plain.weights.iter().zip(&plain.biases)) {
        // SAFETY: between jobs.
        let (found, bias) = unsafe { (layer.weight.to_rows(), layer.bias.as_slice()) };
        let pairs = found.iter().zip(weights.iter().flatten());
        for (found, wanted) in pairs.chain(bias.iter().zip(biases)) {
            assert!(
                (f64::from(*found) - wanted).abs() < 1e-5,
                "{found} {wanted}"
            );
        }
    }
}

#[test]
fn steps_are_those_of_the_textbook() {
    for level in levels() {
        for threads in [1, 2] {
            both(level, threads, [0.0, 0.0], 1, [1, 3, 2]);
        }
    }
}

#[test]
fn rows_that_rest_move_as_in_the_textbook() {
    for level in levels() {
        for (threads, longest) in [(1, 3), (2, 512)] {
            for how in [[0.9, 0.0], [0.0, 0.05], [0.5, 0.05]] {
                both(level, threads, how, longest, [1, 1, 3, 1, 2]);
            }
        }
    }
}

#[cfg(not(miri))]
proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 24 }))]

    #[test]
    fn any_momentum_any_decay_any_rest(
        momentum in 0.0f64..0.95, decay in 0.0f64..0.1, longest in 1usize..9, threads in 1usize..4,
        batches in proptest::collection::vec(1usize..70, 1..12),
    ) {
        both(Level::detect(), threads, [momentum, decay], longest, batches);
    }
}

#[test]
fn the_way_up_is_the_textbooks_for_dense_sparse_and_rounded() {
    let plain = Plain::drawn(2);
    let layers = plain.layers();
    let rows = inputs(3, 9);
    let wanted: Vec<f64> = rows
        .iter()
        .flat_map(|row| plain.forward(row).pop().unwrap())
        .collect();
    let numbers = flat(&rows);
    let mut sparse = SparseRows::empty(SIZES[0]);
    for row in numbers.chunks(SIZES[0]) {
        let (columns, values): (Vec<u32>, Vec<f32>) = (0..)
            .zip(row.iter().copied())
            .filter(|(_, value)| *value != 0.0)
            .unzip();
        sparse.push(&columns, &values).unwrap();
    }
    // SAFETY: nobody writes to the layers.
    let rounded: Vec<_> = layers
        .iter()
        .map(|layer| unsafe { layer.rounded() })
        .collect();
    for level in levels() {
        let team = Team::new(2, level).unwrap();
        let mut forward = Forward::new(SIZES[0], &layers, 4, 2);
        let close = |found: Vec<f32>, tolerance: f64| {
            let pairs = found.iter().zip(&wanted);
            assert!(
                pairs
                    .clone()
                    .all(|(a, b)| (f64::from(*a) - b).abs() < tolerance),
                "{found:?}"
            );
        };
        for _ in 0..2 {
            for rows in [Rows::Dense(&numbers), Rows::Sparse(sparse_rows(&sparse))] {
                // SAFETY: between jobs.
                close(
                    unsafe { forward.run(&team, &layers, rows, 3).to_rows() },
                    1e-4,
                );
            }
        }
        // SAFETY: between jobs.
        close(
            unsafe {
                forward
                    .run(&team, &rounded, Rows::Dense(&numbers), 3)
                    .to_rows()
            },
            0.05,
        );
    }
}

#[test]
fn rebuilding_costs_less_after_steps_of_descent() {
    let strategies = [
        Reconstruction::SoftplusSquared,
        Reconstruction::RectifierSquared,
        Reconstruction::LinearSquared {
            target: rectifier_nn::Target::Before,
        },
    ];
    for level in levels() {
        for reconstruction in strategies {
            let team = Team::new(2, level).unwrap();
            let mut layers = Plain::drawn(3).layers();
            layers.truncate(2);
            let encoder = layers.pop().unwrap();
            let mut draw = Draw::new(4);
            let weight: Vec<f32> = (0..SIZES[2] * SIZES[1])
                .map(|_| 0.2 * (draw.unit() - 0.5))
                .collect();
            let decoder = Layer::new(
                [SIZES[2], SIZES[1]],
                &weight,
                &[0.0; SIZES[1]],
                Activation::Smooth(pointwise::Smooth::Identity),
                None,
            );
            let mut net = denoise::Denoiser::new(
                layers,
                (encoder, Learning::ALL),
                decoder,
                reconstruction,
                false,
            );
            let batch = rectifier_data::Batch {
                inputs: flat(&inputs(3, 5)),
                labels: vec![0; 3],
                sparse: None,
            };
            let noise = Corruption::Masking { share: 0.25 }.draw(3 * SIZES[1], 6);
            let mut pass = |purpose| {
                net.pass(&team, &batch, &noise, purpose, &Unwatched, &|_, _| {})
                    .loss
            };
            let before = pass(denoise::Purpose::Measure);
            for _ in 0..4 {
                pass(denoise::Purpose::Step {
                    rate: 0.005,
                    penalty: 0.001,
                });
            }
            let after = pass(denoise::Purpose::Measure);
            assert!(after < before, "{reconstruction:?}: {before} {after}");
        }
    }
}
