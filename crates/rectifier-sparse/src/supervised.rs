//! Supervised training steps of a whole stack.

use crate::buffer::PANEL;
use crate::forward::{Rows, climb};
use crate::kernels::Kernels;
use crate::layer::{Activation, Layer};
use crate::passes::{Descent, learn_bias};
use crate::pool::{Pool, Seat};
use crate::signals::{Role, Signals};
use rectifier_train::Totals;
use std::sync::{Mutex, PoisonError};

/// A stack in training. `layers` are the hidden layers and the output layer.
pub(crate) struct Supervised {
    pub layers: Vec<Layer>,
    signals: Vec<Signals>,
    capacity: usize,
    threads: usize,
}

impl Supervised {
    pub(crate) fn new(layers: Vec<Layer>) -> Self {
        Self {
            layers,
            signals: Vec::new(),
            capacity: 0,
            threads: 0,
        }
    }

    fn prepare(&mut self, inputs: usize, batch: usize, threads: usize) {
        if batch > self.capacity || threads != self.threads {
            (self.capacity, self.threads) = (batch, threads);
            let hidden = self.layers.len() - 1;
            self.signals = vec![Signals::new(inputs, batch, threads, Role::Input, false)];
            self.signals
                .extend(self.layers.iter().enumerate().map(|(k, layer)| {
                    let role = if k < hidden {
                        Role::Trained
                    } else {
                        Role::Output
                    };
                    let smooth = matches!(layer.activation, Activation::Smooth(_));
                    Signals::new(layer.units(), batch, threads, role, smooth)
                }));
        }
        for signals in &mut self.signals {
            // SAFETY: between jobs.
            unsafe { signals.choose() };
            signals.set_batch(batch);
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
        self.prepare(rows.width(batch), batch, pool.threads());
        let (layers, signals) = (&self.layers[..], &self.signals[..]);
        let top = layers.len();
        let output = &signals[top];
        let partial: Vec<Mutex<Totals>> = (0..pool.threads()).map(|_| Mutex::default()).collect();
        // SAFETY: each thread writes its own panels, rows and blocks, and the outputs of its own examples; barriers
        // part what one writes and another reads.
        pool.run(&|seat| unsafe {
            let mut seen = Totals::default();
            signals[0].read(seat, kernels, rows, signals[0].wants_panels());
            signals[0].turn(seat, rate);
            seat.meet();
            climb(seat, kernels, layers, signals, |hidden| {
                signals[hidden].turn(seat, rate);
                let penalty = penalties.get(hidden - 1).copied().unwrap_or(0.0);
                if penalty != 0.0 {
                    seen.penalty += f64::from(penalty) * magnitude(seat, &signals[hidden]);
                }
            });
            classify(seat, output, labels, &mut seen);
            seat.meet();
            learn_bias(seat, &layers[top - 1], output, rate);
            for k in (0..top).rev() {
                let source = k.checked_sub(1).map(|below| &layers[below]);
                let descent = Descent {
                    kernels,
                    above: &signals[k + 1],
                    layer: &layers[k],
                    below: &signals[k],
                    source,
                    rate,
                    penalty: source
                        .and(penalties.get(k.wrapping_sub(1)))
                        .map_or(0.0, |c| c / batch as f32),
                };
                descent.learn(seat);
                if source.is_some() {
                    seat.meet();
                    descent.pass_down(seat);
                }
            }
            *partial[seat.me]
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = seen;
        });
        for part in partial {
            totals.add(&part.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        totals.examples += batch as u64;
    }

    /// Shares of exact zeros of the hidden layers at the last step.
    pub(crate) fn zeros(&self) -> Vec<f64> {
        let hidden = self.signals.len().saturating_sub(1);
        // SAFETY: between jobs.
        self.signals
            .iter()
            .take(hidden)
            .skip(1)
            .map(|signals| unsafe { 1.0 - signals.share() })
            .collect()
    }
}

/// The sum of magnitudes over the blocks of `seat`.
///
/// # Safety
/// The blocks are this thread's and filled.
pub(crate) unsafe fn magnitude(seat: Seat<'_>, signals: &Signals) -> f64 {
    let mut sum = 0.0;
    for block in signals.active.blocks_of(seat) {
        // SAFETY: own blocks.
        let values = unsafe {
            std::slice::from_raw_parts(
                signals.active.by_example(block).value,
                signals.active.entries(block),
            )
        };
        sum += values
            .iter()
            .map(|value| f64::from(value.abs()))
            .sum::<f64>();
    }
    sum
}

/// Softmax and cross-entropy of the examples of `seat`: adds loss and errors to `seen`, and turns the logits into the
/// gradients of the mean loss.
///
/// # Safety
/// The logits are complete; nobody else touches those of this thread's examples.
unsafe fn classify(seat: Seat<'_>, output: &Signals, labels: &[u32], seen: &mut Totals) {
    let classes = output.columns;
    let scale = 1.0 / labels.len() as f32;
    for b in seat.share(labels.len()) {
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
                let e = (*logit(class) - largest).exp();
                *logit(class) = e;
                sum += e;
            }
            seen.loss += f64::from(sum.ln() - (own - largest));
            seen.errors += u64::from(winner != label);
            for class in 0..classes {
                let truth = if class == label { 1.0 } else { 0.0 };
                *logit(class) = (*logit(class) / sum - truth) * scale;
            }
        }
    }
}
