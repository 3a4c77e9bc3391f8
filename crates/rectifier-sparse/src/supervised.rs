//! Supervised training steps of a whole stack.

use crate::activations::{Activations, Role};
use crate::backward::{Backward, activate, learn_bias, multiply};
use crate::buffer::{Buffer, PANEL};
use crate::convert::Learning;
use crate::forward::Rows;
use crate::kernels::Kernels;
use crate::layer::{Activation, Layer};
use crate::pace::Pace;
use crate::phases::{Clock, Phase};
use crate::pool::Worker;
use crate::thinning::Thinning;
use crate::velocity::{Descent, Inertia};
use rectifier_infer::team::Team;
use rectifier_train::Totals;
use std::sync::atomic::{AtomicU64, Ordering};

/// A stack in training. `layers` are the hidden layers and the output layer.
pub(crate) struct Supervised {
    pub layers: Vec<Layer>,
    /// What the layers carry from step to step; none under plain descent.
    pub inertia: Option<Inertia>,
    /// Hidden activations that are left out.
    pub thinning: Option<Thinning>,
    learning: Vec<Learning>,
    /// Coefficient of the penalty a hidden layer.
    penalties: Vec<f32>,
    activations: Vec<Activations>,
    /// The last batch's losses.
    losses: Buffer<f64>,
    capacity: usize,
    threads: usize,
    pace: Pace,
}

/// Examples to learn from, at which rate, and the seed of what is left out.
#[derive(Clone, Copy)]
pub(crate) struct Lesson<'a> {
    pub rows: Rows<'a>,
    pub labels: &'a [u32],
    pub rate: f32,
    pub noise: u64,
}

impl Supervised {
    /// One entry of `learning` a layer, one of `penalties` a hidden layer.
    pub(crate) fn new(layers: Vec<Layer>, learning: Vec<Learning>, penalties: Vec<f32>) -> Self {
        Self {
            layers,
            inertia: None,
            thinning: None,
            learning,
            penalties,
            activations: Vec::new(),
            losses: Buffer::zeros(0),
            capacity: 0,
            threads: 0,
            pace: Pace::new(1),
        }
    }

    /// Which layers learn, each with what of it does.
    pub(crate) fn learners(&self) -> impl Iterator<Item = (&Layer, Learning)> {
        self.layers.iter().zip(self.learning.iter().copied())
    }

    fn prepare(&mut self, rows: Rows<'_>, batch: usize, threads: usize) {
        let inputs = rows.width(batch);
        if batch > self.capacity || threads != self.threads {
            (self.capacity, self.threads) = (batch, threads);
            self.pace = Pace::new(threads);
            self.losses = Buffer::zeros(batch);
            let thinned = self.thinning.is_some();
            if let Some(thinning) = &mut self.thinning {
                let penalties = &self.penalties;
                thinning.prepare(batch, |hidden| coefficient(penalties, hidden) != 0.0);
            }
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
                    Activations::new(layer.units(), batch, threads, role, smooth || thinned)
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

    /// One step of descent on the mean cross-entropy of the lesson's rows plus the penalty; adds what it saw to `totals`.
    pub(crate) fn step(
        &mut self,
        team: &Team,
        lesson: Lesson<'_>,
        clock: &impl Clock,
        totals: &mut Totals,
    ) {
        let batch = lesson.labels.len();
        if batch == 0 {
            return;
        }
        self.prepare(lesson.rows, batch, team.pool.threads());
        if let Some(thinning) = &mut self.thinning {
            thinning.draw(batch, lesson.noise);
        }
        let inertia = self.inertia.as_ref();
        let descents: Vec<Descent<'_>> = self
            .learning
            .iter()
            .enumerate()
            .map(|(k, learning)| Descent::new(*learning, lesson.rate, inertia, k))
            .collect();
        let work = Work {
            kernels: &team.kernels,
            layers: &self.layers,
            activations: &self.activations,
            descents: &descents,
            lowest: self
                .learning
                .iter()
                .position(|layer| layer.weight || layer.bias)
                .unwrap_or(self.layers.len()),
            penalties: &self.penalties,
            thinning: self.thinning.as_ref(),
            losses: &self.losses,
            errors: AtomicU64::new(0),
            lesson,
        };
        // SAFETY: as in `Work::run`.
        self.pace.run(&team.pool, batch, &|worker| unsafe {
            work.run(worker, clock)
        });
        totals.errors += work.errors.into_inner();
        totals.examples += batch as u64;
        // In the order of examples and layers, whoever made them.
        // SAFETY: between jobs.
        unsafe {
            totals.loss += self.losses.as_slice()[..batch].iter().sum::<f64>();
            let hidden = 1..self.layers.len();
            for (place, activations) in self.activations[hidden].iter().enumerate() {
                let coefficient = coefficient(&self.penalties, place);
                if coefficient != 0.0 {
                    totals.penalty += f64::from(coefficient) * activations.total();
                }
            }
        }
        if let Some(inertia) = &mut self.inertia {
            inertia.momentum.advance(lesson.rate);
        }
    }

    /// Shares of exact zeros of the hidden layers at the last step.
    pub(crate) fn zeros(&self) -> Vec<f64> {
        let hidden = self.activations.len().saturating_sub(1);
        let layers = self.activations.iter().take(hidden).skip(1).enumerate();
        let share = |(place, activations): (usize, &Activations)| match &self.thinning {
            // SAFETY: between jobs.
            None => 1.0 - unsafe { activations.share() },
            Some(thinning) => {
                let numbers = activations.columns * activations.batch;
                1.0 - thinning.active(place) as f64 / numbers.max(1) as f64
            }
        };
        layers.map(share).collect()
    }
}

/// The penalty's coefficient for hidden layer `place`, 0 the first.
fn coefficient(penalties: &[f32], place: usize) -> f32 {
    penalties.get(place).copied().unwrap_or(0.0)
}

/// One step.
struct Work<'a> {
    kernels: &'a Kernels,
    layers: &'a [Layer],
    activations: &'a [Activations],
    descents: &'a [Descent<'a>],
    /// The first layer that learns: nothing needs to go further down.
    lowest: usize,
    penalties: &'a [f32],
    thinning: Option<&'a Thinning>,
    losses: &'a Buffer<f64>,
    errors: AtomicU64,
    lesson: Lesson<'a>,
}

impl Work<'_> {
    /// The penalty's coefficient over the batch for hidden layer `place`, 0 the first.
    fn penalty(&self, place: usize) -> f32 {
        coefficient(self.penalties, place) / self.lesson.labels.len() as f32
    }

    /// # Safety
    /// Called by every thread of a job; each writes its own panels, rows and blocks, and the outputs of its own examples;
    /// barriers part what one writes and another reads.
    unsafe fn run(&self, worker: Worker<'_>, clock: &impl Clock) {
        let (layers, activations, kernels) = (self.layers, self.activations, self.kernels);
        let top = layers.len();
        let lap = |phase| clock.lap(worker.me, phase);
        let meet = || {
            worker.barrier();
            lap(Phase::Waiting);
        };
        clock.begin(worker.me);
        // SAFETY: as the caller says.
        unsafe {
            let input = &activations[0];
            input.read(worker, kernels, self.lesson.rows, input.wants_panels());
            lap(Phase::Lists);
            self.descents[0].list_by_unit(worker, input, Some(self.lesson.rows), clock);
            meet();
            for (k, layer) in layers.iter().enumerate() {
                let (below, above) = (&activations[k], &activations[k + 1]);
                self.descents[k].catch_up(worker, kernels, layer);
                lap(Phase::CatchingUp);
                multiply(worker, kernels, layer, below, above);
                lap(Phase::forward(k, top));
                if k + 1 < top {
                    let measured = coefficient(self.penalties, k) != 0.0;
                    activate(worker, kernels, layer, above, measured);
                    if let Some(thinning) = self.thinning {
                        thinning.thin(worker, k, layer, above, self.penalty(k));
                    }
                    lap(Phase::Lists);
                    self.descents[k + 1].list_by_unit(worker, above, None, clock);
                }
                meet();
            }
            let output = &activations[top];
            let wrong = classify(worker, output, self.lesson.labels, self.losses);
            self.errors.fetch_add(wrong, Ordering::Relaxed);
            lap(Phase::Loss);
            meet();
            learn_bias(worker, &layers[top - 1], output, self.descents[top - 1]);
            lap(Phase::Sums);
            for k in (self.lowest..top).rev() {
                let below = (k > self.lowest).then(|| k - 1);
                let backward = Backward {
                    kernels,
                    above: &activations[k + 1],
                    layer: &layers[k],
                    below: &activations[k],
                    source: below.map(|below| (&layers[below], self.descents[below])),
                    descent: self.descents[k],
                    // What comes down from above is scaled up by the slopes, and the penalty is not to be.
                    penalty: below.map_or(0.0, |below| {
                        self.penalty(below) / self.thinning.map_or(1.0, Thinning::scale)
                    }),
                    aside: below.and_then(|below| self.thinning?.aside(below)),
                };
                backward.learn(worker);
                lap(Phase::Backward);
                if below.is_some() {
                    meet();
                    backward.errors_below(worker);
                    lap(Phase::Sums);
                }
            }
        }
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
