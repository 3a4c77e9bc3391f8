//! Supervised training steps of a whole stack.

use crate::activations::{Activations, Role};
use crate::backward::{Backward, learn_bias};
use crate::buffer::{Buffer, PANEL};
use crate::convert::Learning;
use crate::forward::{Rows, forward};
use crate::kernels::Kernels;
use crate::layer::{Activation, Layer};
use crate::pace::Pace;
use crate::pool::{Pool, Worker};
use rectifier_train::Totals;
use std::sync::atomic::{AtomicU64, Ordering};

/// A stack in training. `layers` are the hidden layers and the output layer.
pub(crate) struct Supervised {
    pub layers: Vec<Layer>,
    learning: Vec<Learning>,
    activations: Vec<Activations>,
    /// The last batch's losses.
    losses: Buffer<f64>,
    capacity: usize,
    threads: usize,
    pace: Pace,
}

impl Supervised {
    /// One entry of `learning` a layer.
    pub(crate) fn new(layers: Vec<Layer>, learning: Vec<Learning>) -> Self {
        Self {
            layers,
            learning,
            activations: Vec::new(),
            losses: Buffer::zeros(0),
            capacity: 0,
            threads: 0,
            pace: Pace::new(1),
        }
    }

    fn prepare(&mut self, rows: Rows<'_>, batch: usize, threads: usize) {
        let inputs = rows.width(batch);
        if batch > self.capacity || threads != self.threads {
            (self.capacity, self.threads) = (batch, threads);
            self.pace = Pace::new(threads);
            self.losses = Buffer::zeros(batch);
            self.activations = vec![Activations::new(inputs, batch, threads, Role::Input, false)];
            self.activations
                .extend(self.layers.iter().enumerate().map(|(k, layer)| {
                    let role = match self.layers.get(k + 1) {
                        Some(above) => Role::Trained {
                            above: above.units(),
                        },
                        None => Role::Output,
                    };
                    let smooth = matches!(layer.activation, Activation::Smooth(_));
                    Activations::new(layer.units(), batch, threads, role, smooth)
                }));
        }
        for (layer, activations) in self.activations.iter_mut().enumerate() {
            // SAFETY: between jobs.
            unsafe { activations.choose() };
            match layer {
                0 => activations.take_rows(rows, batch, self.pace.threads()),
                _ => activations.set_batch(batch, self.pace.threads()),
            }
        }
    }

    /// One step of gradient descent on the mean cross-entropy of `rows` plus the penalty, whose
    /// coefficient a hidden layer is `penalties`; adds what it saw to `totals`.
    pub(crate) fn step(
        &mut self,
        pool: &Pool,
        kernels: &Kernels,
        (rows, labels): (Rows<'_>, &[u32]),
        rate: f32,
        penalties: &[f32],
        totals: &mut Totals,
    ) {
        let batch = labels.len();
        if batch == 0 {
            return;
        }
        self.prepare(rows, batch, pool.threads());
        let (layers, activations) = (&self.layers[..], &self.activations[..]);
        let top = layers.len();
        let rates: Vec<[f32; 2]> = self
            .learning
            .iter()
            .map(|layer| layer.rates(rate))
            .collect();
        let output = &activations[top];
        let losses = &self.losses;
        let coefficient = |hidden: usize| penalties.get(hidden - 1).copied().unwrap_or(0.0);
        let errors = AtomicU64::new(0);
        // SAFETY: each thread writes its own panels, rows and blocks, and the outputs of its own examples; barriers
        // part what one writes and another reads.
        self.pace.run(pool, batch, &|worker| unsafe {
            activations[0].read(worker, kernels, rows, activations[0].wants_panels());
            activations[0].transpose(worker, rates[0][0]);
            worker.barrier();
            let measured = |hidden| coefficient(hidden) != 0.0;
            forward(worker, kernels, layers, activations, measured, |hidden| {
                activations[hidden].transpose(worker, rates[hidden][0]);
            });
            let wrong = classify(worker, output, labels, losses);
            errors.fetch_add(wrong, Ordering::Relaxed);
            worker.barrier();
            learn_bias(worker, &layers[top - 1], output, rates[top - 1][1]);
            for k in (0..top).rev() {
                let source = k
                    .checked_sub(1)
                    .map(|below| (&layers[below], rates[below][1]));
                let descent = Backward {
                    kernels,
                    above: &activations[k + 1],
                    layer: &layers[k],
                    below: &activations[k],
                    source,
                    rate: rates[k][0],
                    penalty: source
                        .and(penalties.get(k.wrapping_sub(1)))
                        .map_or(0.0, |c| c / batch as f32),
                };
                descent.learn(worker);
                if source.is_some() {
                    worker.barrier();
                    descent.errors_below(worker);
                }
            }
        });
        // In the order of examples and layers, whoever made them.
        // SAFETY: between jobs.
        unsafe {
            totals.loss += losses.as_slice()[..batch].iter().sum::<f64>();
            for (hidden, activations) in activations.iter().enumerate().take(top).skip(1) {
                if coefficient(hidden) != 0.0 {
                    totals.penalty += f64::from(coefficient(hidden)) * activations.total();
                }
            }
        }
        totals.errors += errors.into_inner();
        totals.examples += batch as u64;
    }

    /// Shares of exact zeros of the hidden layers at the last step.
    pub(crate) fn zeros(&self) -> Vec<f64> {
        let hidden = self.activations.len().saturating_sub(1);
        // SAFETY: between jobs.
        self.activations
            .iter()
            .take(hidden)
            .skip(1)
            .map(|activations| unsafe { 1.0 - activations.share() })
            .collect()
    }
}

/// Softmax and cross-entropy of the examples of `worker`: leaves each one's loss in `losses`, turns the logits into the
/// gradients of the mean loss, and says how many classes are wrong.
///
/// # Safety
/// The logits are complete; nobody else touches those of this thread's examples.
unsafe fn classify(
    worker: Worker<'_>,
    output: &Activations,
    labels: &[u32],
    losses: &Buffer<f64>,
) -> u64 {
    let mut wrong = 0;
    let classes = output.columns;
    let scale = 1.0 / labels.len() as f32;
    for b in worker.share(labels.len()) {
        // SAFETY: own examples.
        let logit =
            |class: usize| unsafe { output.values(class / PANEL).add(b * PANEL + class % PANEL) };
        let label = labels[b] as usize;
        // SAFETY: `class` is below `classes` everywhere.
        unsafe {
            let (mut winner, mut largest) = (0, *logit(0));
            for class in 1..classes {
                if *logit(class) > largest {
                    (winner, largest) = (class, *logit(class));
                }
            }
            let mut sum = 0.0;
            let own = if label < classes {
                *logit(label)
            } else {
                f32::NAN
            };
            for class in 0..classes {
                let e = libm::expf(*logit(class) - largest);
                *logit(class) = e;
                sum += e;
            }
            *losses.ptr().add(b) = f64::from(libm::logf(sum) - (own - largest));
            wrong += u64::from(winner != label);
            for class in 0..classes {
                let truth = if class == label { 1.0 } else { 0.0 };
                *logit(class) = (*logit(class) / sum - truth) * scale;
            }
        }
    }
    wrong
}
