//! Pre-training steps: one layer as a denoising autoencoder on what the layers below make of the inputs.

use crate::activations::{Activations, Role};
use crate::backward::{Backward, activate, learn_bias, multiply};
use crate::buffer::PANEL;
use crate::convert::Learning;
use crate::forward::{Rows, rows_of};
use crate::kernels::Kernels;
use crate::layer::{Activation, Layer};
use crate::pace::Pace;
use crate::phases::{Clock, Phase};
use crate::pointwise::Cost;
use crate::pool::Worker;
use crate::velocity::{Descent, Inertia};
use rectifier_data::Batch;
use rectifier_infer::team::Team;
use rectifier_nn::{Noise, Reconstruction, Target};
use rectifier_train::Totals;
use std::borrow::Cow;

/// What is rebuilt of the layer below.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Aim {
    /// Its activations.
    Activations,
    /// Its activations before their sign flips.
    Upright,
    /// (h + 1) / 2 of upright tanh units.
    Halved,
    /// Its pre-activations.
    PreActivations,
}

/// A layer in pre-training.
pub(crate) struct Denoiser {
    /// The layers below.
    pub below: Vec<Layer>,
    pub encoder: Layer,
    pub decoder: Layer,
    /// What encoder and decoder carry from step to step; none under plain descent.
    pub inertia: Option<Inertia>,
    /// What of the encoder learns; all of the decoder does.
    learning: Learning,
    cost: Cost,
    aim: Aim,
    spaces: [Option<(Space, Pace)>; 2],
}

/// Activations for one purpose, steps or evaluation.
struct Space {
    capacity: usize,
    threads: usize,
    /// Inputs and the activations of the layers below, the last of them clean.
    clean: Vec<Activations>,
    /// The last layer's pre-activations, where they are rebuilt.
    pre: Option<Activations>,
    corrupted: Activations,
    hidden: Activations,
    output: Activations,
}

/// What a batch is seen for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Purpose {
    /// To learn at this rate, under this penalty.
    Step { rate: f32, penalty: f32 },
    /// To measure.
    Measure,
}

impl Denoiser {
    pub(crate) fn new(
        below: Vec<Layer>,
        (encoder, learning): (Layer, Learning),
        decoder: Layer,
        reconstruction: Reconstruction,
        tanh_below: bool,
    ) -> Self {
        let (cost, aim) = match reconstruction {
            Reconstruction::SoftplusSquared => (Cost::SoftplusSquared, Aim::Upright),
            Reconstruction::RectifierSquared => (Cost::RectifierSquared, Aim::Upright),
            Reconstruction::CrossEntropy { .. } if tanh_below => (Cost::CrossEntropy, Aim::Halved),
            Reconstruction::CrossEntropy { .. } => (Cost::CrossEntropy, Aim::Upright),
            Reconstruction::LinearSquared {
                target: Target::Before,
            } => (Cost::LinearSquared, Aim::PreActivations),
            Reconstruction::LinearSquared {
                target: Target::After,
            } => (Cost::LinearSquared, Aim::Activations),
        };
        Self {
            below,
            encoder,
            decoder,
            inertia: None,
            learning,
            cost,
            aim,
            spaces: [None, None],
        }
    }

    /// Encoder and decoder, each with what of it learns.
    pub(crate) fn learners(&self) -> [(&Layer, Learning); 2] {
        [
            (&self.encoder, self.learning),
            (&self.decoder, Learning::ALL),
        ]
    }

    /// Catches up the rows that have rested: afterwards all weights are what they are to be.
    pub(crate) fn settle(&mut self, team: &Team) {
        if let Some(inertia) = &mut self.inertia {
            inertia.settle(team, [&self.encoder, &self.decoder]);
        }
    }

    fn space(&self, inputs: usize, capacity: usize, threads: usize) -> Space {
        let width = self.encoder.weight.rows;
        let widths = std::iter::once(inputs).chain(self.below.iter().map(Layer::units));
        let smooth = matches!(self.encoder.activation, Activation::Smooth(_));
        let activations =
            |columns, role, smooth| Activations::new(columns, capacity, threads, role, smooth);
        Space {
            capacity,
            threads,
            clean: widths
                .zip(std::iter::once(Role::Looked).chain(std::iter::repeat(Role::Forward)))
                .map(|(width, role)| activations(width, role, false))
                .collect(),
            pre: (self.aim == Aim::PreActivations && !self.below.is_empty())
                .then(|| activations(width, Role::Forward, false)),
            corrupted: activations(width, Role::Input, false),
            hidden: activations(self.encoder.units(), Role::Trained { above: width }, smooth),
            output: activations(width, Role::Output, false),
        }
    }

    /// The summed cost of rebuilding `batch`, or what the layers below make of it, under `noise`, and the penalty; learns from it if that is
    /// the purpose. `each` is told of the hidden activations by every thread, before the next barrier.
    pub(crate) fn pass(
        &mut self,
        team: &Team,
        batch: &Batch,
        noise: &Noise,
        purpose: Purpose,
        clock: &impl Clock,
        each: &(dyn Fn(Worker<'_>, &Activations) + Sync),
    ) -> Totals {
        if batch.is_empty() {
            return Totals::default();
        }
        // What is rebuilt has a number for every column; where that is a layer, sparse inputs stay sparse.
        let inputs = match self.below.is_empty() {
            true => batch.dense(),
            false => Cow::Borrowed(&batch.inputs[..]),
        };
        let rows = match self.below.is_empty() {
            true => Rows::Dense(&inputs),
            false => rows_of(batch),
        };
        let batch = batch.len();
        let place = usize::from(purpose == Purpose::Measure);
        let threads = team.pool.threads();
        if purpose == Purpose::Measure {
            self.settle(team);
        }
        let (mut space, mut pace) = match self.spaces[place].take() {
            Some(made) if made.0.capacity >= batch && made.0.threads == threads => made,
            _ => (
                self.space(rows.width(batch), batch, threads),
                Pace::new(threads),
            ),
        };
        let Space {
            clean,
            pre,
            corrupted,
            hidden,
            output,
            ..
        } = &mut space;
        let layers = clean.iter_mut().chain(pre.as_mut());
        for activations in layers.chain([&mut *corrupted, &mut *hidden, &mut *output]) {
            // SAFETY: between jobs.
            unsafe { activations.choose() };
            match activations.role() {
                Role::Looked => activations.take_rows(rows, batch, pace.threads()),
                Role::Input => activations.take_numbers(batch, pace.threads()),
                Role::Forward | Role::Trained { .. } | Role::Output => {
                    activations.set_batch(batch, pace.threads());
                }
            }
        }
        let net = &*self;
        let descents = match purpose {
            Purpose::Step { rate, .. } => {
                let inertia = net.inertia.as_ref();
                let [encoder, decoder] = net.learners().map(|(_, learning)| learning);
                Some([
                    Descent::new(encoder, rate, inertia, 0),
                    Descent::new(decoder, rate, inertia, 1),
                ])
            }
            Purpose::Measure => None,
        };
        let work = Work {
            net,
            descents,
            kernels: &team.kernels,
            space: &space,
            rows,
            inputs: &inputs,
            noise,
            purpose,
        };
        // SAFETY: as in `Work::run`.
        pace.run(&team.pool, batch, &|worker| unsafe {
            work.run(worker, clock, each)
        });
        // SAFETY: between jobs.
        let (loss, magnitudes) = unsafe { (space.output.total(), space.hidden.total()) };
        self.spaces[place] = Some((space, pace));
        if let (Purpose::Step { rate, .. }, Some(inertia)) = (purpose, &mut self.inertia) {
            inertia.momentum.advance(rate);
        }
        Totals {
            examples: batch as u64,
            loss,
            penalty: match purpose {
                Purpose::Step { penalty, .. } if penalty != 0.0 => f64::from(penalty) * magnitudes,
                _ => 0.0,
            },
            errors: 0,
        }
    }

    /// Share of exact zeros of the layer at the last step.
    pub(crate) fn zeros(&self) -> f64 {
        // SAFETY: between jobs.
        self.spaces[0]
            .as_ref()
            .map_or(0.0, |(space, _)| unsafe { 1.0 - space.hidden.share() })
    }
}

struct Work<'a> {
    net: &'a Denoiser,
    /// How encoder and decoder learn, where they do.
    descents: Option<[Descent<'a>; 2]>,
    kernels: &'a Kernels,
    space: &'a Space,
    rows: Rows<'a>,
    /// The inputs with their zeros where they are what is rebuilt.
    inputs: &'a [f32],
    noise: &'a Noise,
    purpose: Purpose,
}

impl Work<'_> {
    /// # Safety
    /// Called by every thread of a job; each writes its own panels, rows and blocks, and barriers part what one
    /// writes and another reads.
    unsafe fn run(
        &self,
        worker: Worker<'_>,
        clock: &impl Clock,
        each: &(dyn Fn(Worker<'_>, &Activations) + Sync),
    ) {
        let (net, kernels, space) = (self.net, self.kernels, self.space);
        let (hidden, output) = (&space.hidden, &space.output);
        let lap = |phase| clock.lap(worker.me, phase);
        let meet = || {
            worker.barrier();
            lap(Phase::Waiting);
        };
        // Through the layers below, encoder and decoder.
        let layers = net.below.len() + 2;
        clock.begin(worker.me);
        // SAFETY: as the caller says.
        unsafe {
            if let Some((top, lower)) = net.below.split_last() {
                let input = &space.clean[0];
                input.read(worker, kernels, self.rows, input.wants_panels());
                lap(Phase::Lists);
                meet();
                for (k, layer) in lower.iter().enumerate() {
                    multiply(worker, kernels, layer, &space.clean[k], &space.clean[k + 1]);
                    lap(Phase::forward(k, layers));
                    activate(worker, kernels, layer, &space.clean[k + 1], false);
                    lap(Phase::Lists);
                    meet();
                }
                let (below, clean) = (&space.clean[lower.len()], &space.clean[lower.len() + 1]);
                multiply(worker, kernels, top, below, clean);
                lap(Phase::forward(lower.len(), layers));
                if let Some(pre) = &space.pre {
                    for p in worker.panels(clean.panels()) {
                        std::ptr::copy_nonoverlapping(
                            clean.values(p),
                            pre.values(p),
                            PANEL * clean.batch,
                        );
                    }
                }
                activate(worker, kernels, top, clean, false);
            }
            self.corrupt(worker);
            lap(Phase::Lists);
            if let Some([encoder, _]) = self.descents {
                encoder.list_by_unit(worker, &space.corrupted, None, clock);
            }
            meet();
            if let Some([encoder, _]) = self.descents {
                encoder.catch_up(worker, kernels, &net.encoder);
                lap(Phase::CatchingUp);
            }
            multiply(worker, kernels, &net.encoder, &space.corrupted, hidden);
            lap(Phase::forward(layers - 2, layers));
            let measured = matches!(self.purpose, Purpose::Step { penalty, .. } if penalty != 0.0);
            activate(worker, kernels, &net.encoder, hidden, measured);
            each(worker, hidden);
            lap(Phase::Lists);
            if let Some([_, decoder]) = self.descents {
                decoder.list_by_unit(worker, hidden, None, clock);
            }
            meet();
            if let Some([_, decoder]) = self.descents {
                decoder.catch_up(worker, kernels, &net.decoder);
                lap(Phase::CatchingUp);
            }
            multiply(worker, kernels, &net.decoder, hidden, output);
            lap(Phase::forward(layers - 1, layers));
            self.rebuild(worker);
            lap(Phase::Loss);
            let (Purpose::Step { penalty, .. }, Some([encoder, decoder])) =
                (self.purpose, self.descents)
            else {
                return;
            };
            learn_bias(worker, &net.decoder, output, decoder);
            lap(Phase::Sums);
            let decoder = Backward {
                kernels,
                above: output,
                layer: &net.decoder,
                below: hidden,
                source: Some((&net.encoder, encoder)),
                descent: decoder,
                penalty: penalty / hidden.batch as f32,
                aside: None,
            };
            decoder.learn(worker);
            lap(Phase::Backward);
            meet();
            decoder.errors_below(worker);
            lap(Phase::Sums);
            let encoder = Backward {
                above: hidden,
                layer: &net.encoder,
                below: &space.corrupted,
                source: None,
                descent: encoder,
                ..decoder
            };
            encoder.learn(worker);
            lap(Phase::Backward);
        }
    }

    /// Clean numbers of an example, from panel `p` on.
    unsafe fn clean(&self, example: usize, p: usize) -> *const f32 {
        // SAFETY: inside the batch and the columns.
        unsafe {
            match self.net.below.len() {
                0 => self
                    .inputs
                    .as_ptr()
                    .add(example * self.space.corrupted.columns + p * PANEL),
                k => self.space.clean[k].values(p).add(example * PANEL),
            }
        }
    }

    /// Fills the corrupted activations of the panels of `worker`.
    unsafe fn corrupt(&self, worker: Worker<'_>) {
        let (noise, corrupted) = (self.noise, &self.space.corrupted);
        // SAFETY: own panels and blocks; noise was drawn for every number of the batch.
        unsafe {
            corrupted
                .active
                .fill(worker, |example, p, first, index, value| {
                    let (len, clean) = (corrupted.width(p), self.clean(example, p));
                    let noisy = corrupted.values(p).add(example * PANEL);
                    let place = example * corrupted.columns + p * PANEL;
                    let noise_at = |noise: &[f32], at: usize| *noise.get_unchecked(place + at);
                    for at in 0..len {
                        let mut x = *clean.add(at);
                        if !noise.keep.is_empty() {
                            x *= noise_at(&noise.keep, at);
                        }
                        if !noise.insert.is_empty() {
                            let insert = noise_at(&noise.insert, at);
                            x = x - x * insert + insert;
                        }
                        *noisy.add(at) = x;
                    }
                    (self.kernels.collect)(noisy, len, first, index, value)
                });
        }
    }

    /// Costs of the outputs of the panels of `worker`, left in their sums; the outputs become gradients of the mean cost.
    unsafe fn rebuild(&self, worker: Worker<'_>) {
        let (net, output) = (self.net, &self.space.output);
        let scale = 1.0 / output.batch as f32;
        let flips = net.below.last().and_then(|layer| layer.flips.as_ref());
        let mut upright_row = [0.0; PANEL];
        // SAFETY: own panels.
        unsafe {
            for p in worker.panels(output.panels()) {
                let (len, mut sum) = (output.width(p), 0.0);
                for example in 0..output.batch {
                    let mut target = self.clean(example, p);
                    if let (Aim::PreActivations, Some(pre)) = (net.aim, &self.space.pre) {
                        target = pre.values(p).add(example * PANEL);
                    } else if !net.below.is_empty()
                        && (net.aim == Aim::Halved || (net.aim == Aim::Upright && flips.is_some()))
                    {
                        for (at, upright) in upright_row[..len].iter_mut().enumerate() {
                            let sign = flips.map_or(1.0, |flips| *flips.ptr().add(p * PANEL + at));
                            let x = *target.add(at) * sign;
                            *upright = if net.aim == Aim::Halved {
                                (x + 1.0) / 2.0
                            } else {
                                x
                            };
                        }
                        target = upright_row.as_ptr();
                    }
                    let z = output.values(p).add(example * PANEL);
                    sum += (self.kernels.rebuild)(net.cost, z, target, len, scale);
                }
                *output.sums.ptr().add(p) = sum;
            }
        }
    }
}
