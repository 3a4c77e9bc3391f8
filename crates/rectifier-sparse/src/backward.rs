//! The backward pass through a layer, each thread doing its share.
//!
//! Between two barriers each thread writes only the panels of its own columns (activations, errors, weights) and its own
//! lists and scratch. All `unsafe` here rests on that.

use crate::activations::Activations;
use crate::buffer::{Buffer, PANEL, apart, groups, panels_of};
use crate::kernels::{Change, Changed, Kernels, List, Strided};
use crate::layer::Layer;
use crate::pool::Worker;
use crate::velocity::Descent;
use rectifier_infer::active::rows_at_a_time;
use rectifier_infer::packed::Packed;
use rectifier_infer::passes::pieces;
pub(crate) use rectifier_infer::passes::{activate, multiply};
use std::ops::Range;

/// The errors of a layer pass back through its weights, and the weights learn from them.
///
/// A thread owns the same panels of weights in the forward and in the backward pass: weights never move from one core's cache to
/// another's. What each group of panels adds to the errors below is summed, in the order of the groups, by the owners of the
/// columns below.
pub(crate) struct Backward<'a> {
    pub kernels: &'a Kernels,
    /// Errors of the layer.
    pub above: &'a Activations,
    /// The layer.
    pub layer: &'a Layer,
    /// Its inputs.
    pub below: &'a Activations,
    /// The layer that made the inputs, whose errors are wanted, and how its biases learn; none for inputs that nothing learns
    /// from.
    pub source: Option<(&'a Layer, Descent<'a>)>,
    /// How the weights learn.
    pub descent: Descent<'a>,
    /// Coefficient of the penalty on the inputs' magnitudes, over the batch.
    pub penalty: f32,
    /// Errors of inputs that were left out, laid as they are; none where all come back through the layer.
    pub aside: Option<&'a Buffer<f32>>,
}

impl Backward<'_> {
    /// The panels of `worker` of the weights: their share of the errors below, from before the update, then the update.
    ///
    /// # Safety
    /// The errors above are complete in the panels of `worker`; the activations below and their lists by column are complete
    /// (a barrier since); nobody else touches these panels of weights.
    pub(crate) unsafe fn learn(&self, worker: Worker<'_>) {
        // SAFETY: as the caller says.
        unsafe {
            match (self.below.dense_backward, &self.below.packed) {
                (true, _) => self.whole(worker),
                (false, None) => self.skipping(worker),
                (false, Some(packed)) => self.packed(worker, packed),
            }
        }
    }

    /// The errors of the panels of `worker` of the inputs, and what the biases that made them learn; nothing where no source
    /// is named.
    ///
    /// # Safety
    /// Every thread is through with [`learn`](Self::learn) (a barrier since); nobody else touches these panels and biases.
    pub(crate) unsafe fn errors_below(&self, worker: Worker<'_>) {
        let Some((source, descent)) = self.source else {
            return;
        };
        let below = self.below;
        // SAFETY: own panels are written; shares are complete.
        unsafe {
            for p in worker.panels(below.panels()) {
                std::ptr::write_bytes(below.errors(p), 0, PANEL * below.batch);
            }
            if below.dense_backward {
                for p in worker.panels(below.panels()) {
                    for b in 0..below.batch {
                        let sums = self.sums(below.offset(p) + b * PANEL, below.width(p));
                        for (lane, sum) in sums[..below.width(p)].iter().enumerate() {
                            let place = b * PANEL + lane;
                            *below.errors(p).add(place) = self.error(source, *sum, p, lane, place);
                        }
                    }
                }
            } else {
                for block in below.active.blocks_of(worker) {
                    for run in 0..below.active.runs() {
                        self.listed(source, block, run);
                    }
                }
            }
            if let Some(aside) = self.aside {
                for p in worker.panels(below.panels()) {
                    let (errors, more) = (below.errors(p), aside.ptr().add(below.offset(p)));
                    for b in 0..below.batch {
                        for place in b * PANEL..b * PANEL + below.width(p) {
                            *errors.add(place) += *more.add(place);
                        }
                    }
                }
            }
            learn_bias(worker, source, below, descent);
        }
    }

    /// The errors of the entries of a run of a block.
    unsafe fn listed(&self, source: &Layer, block: usize, run: usize) {
        let active = &self.below.active;
        let columns = active.columns_of(block);
        let mut sums = [0.0; PANEL];
        // SAFETY: as in `errors_below`.
        unsafe {
            let (list, first) = (active.by_unit(block, run), active.place(block, run));
            let entries = *list.starts.add(columns.len()) as usize;
            // What a rectifier lets through is above 0 and passes on its error as it is: there is no need to look at it.
            let plain = self.below.slopes.is_none() && source.flips.is_none();
            for (at, column) in columns.enumerate() {
                let (p, lane) = (column / PANEL, column % PANEL);
                let errors = self.below.errors(p).add(lane);
                for entry in *list.starts.add(at) as usize..*list.starts.add(at + 1) as usize {
                    if entry.is_multiple_of(PANEL) {
                        sums = self.sums(first + entry, PANEL.min(entries - entry));
                    }
                    let (sum, place) =
                        (sums[entry % PANEL], *list.index.add(entry) as usize * PANEL);
                    *errors.add(place) = match plain {
                        true => sum + self.penalty,
                        false => self.error(source, sum, p, lane, place + lane),
                    };
                }
            }
        }
    }

    /// What the groups of panels above add up to at `len` places from `place` on, at most [`PANEL`]; in the groups' order.
    #[inline(always)]
    unsafe fn sums(&self, place: usize, len: usize) -> [f32; PANEL] {
        let mut sums = [0.0; PANEL];
        for group in 0..groups(self.above.panels()) {
            // SAFETY: the caller's own places, complete; reading as many as there are.
            let share =
                unsafe { std::slice::from_raw_parts(self.below.share_of(group).add(place), len) };
            sums.iter_mut()
                .zip(share)
                .for_each(|(sum, part)| *sum += part);
        }
        sums
    }

    unsafe fn skipping(&self, worker: Worker<'_>) {
        let (below, above, kernels) = (self.below, self.above, self.kernels);
        let dots = below.dots[worker.me].ptr();
        let length = match self.descent.gathers() {
            None => rows_at_a_time(below.batch),
            // Rows move on by whole panels.
            Some(_) => rows_at_a_time(below.batch) / PANEL * PANEL,
        };
        // SAFETY: own groups of panels of weights, own shares and own scratch, which has room for the entries of the largest
        // block.
        unsafe {
            for block in 0..below.active.blocks() {
                let columns = below.active.columns_of(block);
                for rows in pieces(columns.clone(), length) {
                    for group in worker.groups(above.panels()) {
                        for run in 0..below.active.runs() {
                            let all = below.active.by_unit(block, run);
                            let list = all.from(rows.start - columns.start);
                            let first = *list.starts as usize;
                            let entries = *list.starts.add(rows.len()) as usize - first;
                            self.learn_group(worker, group, &rows, (run, list));
                            if self.source.is_some() && entries > 0 {
                                let place = below.active.place(block, run) + first;
                                let share = below.share_of(group).add(place);
                                (kernels.sum_dots)(dots, entries, share);
                            }
                        }
                        let panels = panels_of(group..group + 1, above.panels());
                        self.descent.move_on(kernels, self.layer, panels, &rows);
                    }
                }
            }
        }
    }

    /// As [`skipping`](Self::skipping), from sparse inputs: rows of weights that no example uses are not even looked at. Nothing
    /// goes further down from inputs.
    unsafe fn packed(&self, worker: Worker<'_>, packed: &Packed) {
        let above = self.above;
        // SAFETY: own groups of panels of weights.
        unsafe {
            for block in 0..packed.blocks() {
                for group in worker.groups(above.panels()) {
                    for run in 0..packed.runs() {
                        let found = packed.by_column(block, run);
                        for pair in pieces(panels_of(group..group + 1, above.panels()), 2) {
                            let weights = Changed {
                                start: self.layer.weight.panel(pair.start),
                                stride: self.layer.weight.stride(),
                            };
                            let errors = Strided {
                                start: above.errors(pair.start),
                                stride: above.stride(),
                            };
                            // Where velocities gather the gradients, the weights stay as they are meanwhile.
                            let gathers = self.descent.gathers().map(|velocities| Changed {
                                start: velocities.panel(pair.start),
                                ..weights
                            });
                            let weights = gathers.unwrap_or(weights);
                            let learn = self.kernels.learn_only[pair.len() - 1];
                            for stretch in found.stretches() {
                                let column = found.columns[stretch.start] as usize;
                                let rows = Changed {
                                    start: weights.start.add(column * PANEL),
                                    ..weights
                                };
                                learn(rows, stretch.len(), found.list.from(stretch.start), errors);
                            }
                        }
                    }
                }
            }
            let every = 0..self.layer.weight.rows;
            for group in worker.groups(above.panels()) {
                let panels = panels_of(group..group + 1, above.panels());
                self.descent
                    .move_on(self.kernels, self.layer, panels, &every);
            }
        }
    }

    /// The rows of the panels of a group learn from the entries of a run's list, whose first row is the first of `rows`. The
    /// errors below are those of the weights from before the batch: where it has several runs, the first leaves its rows aside,
    /// and the last puts them back.
    unsafe fn learn_group(
        &self,
        worker: Worker<'_>,
        group: usize,
        rows: &Range<usize>,
        (run, list): (usize, List),
    ) {
        let (above, kernels) = (self.above, self.kernels);
        let panels = panels_of(group..group + 1, above.panels());
        let (first_run, last_run) = (run == 0, run + 1 == self.below.active.runs());
        // SAFETY: as in `skipping`; room for [`PANEL`] rows of each panel of a group, as many as several runs learn at a time.
        unsafe {
            for pair in pieces(panels.clone(), 2) {
                let weights = Changed {
                    start: self.layer.weight.panel(pair.start).add(rows.start * PANEL),
                    stride: self.layer.weight.stride(),
                };
                let errors = Strided {
                    start: above.errors(pair.start),
                    stride: above.stride(),
                };
                // Where velocities gather the gradients, the weights stay as they are meanwhile.
                let gathers = self.descent.gathers().map(|velocities| Changed {
                    start: velocities.panel(pair.start).add(rows.start * PANEL),
                    ..weights
                });
                let (rows, many) = (rows.len(), pair.len() - 1);
                if self.source.is_none() {
                    (kernels.learn_only[many])(gathers.unwrap_or(weights), rows, list, errors);
                    continue;
                }
                let (dots, first) = (self.below.dots[worker.me].ptr(), pair.start == panels.start);
                let learn = kernels.learn[many];
                if let Some(gathers) = gathers {
                    learn(
                        gathers.in_place(),
                        weights.read(),
                        rows,
                        list,
                        errors,
                        dots,
                        first,
                    );
                    continue;
                }
                let aside = match self.below.between.get(worker.me) {
                    Some(room) => Changed {
                        start: room.ptr().add((pair.start - panels.start) * apart(PANEL)),
                        stride: apart(PANEL),
                    },
                    None => weights,
                };
                let change = Change {
                    from: if first_run { weights } else { aside }.read(),
                    to: if last_run { weights } else { aside },
                };
                learn(change, weights.read(), rows, list, errors, dots, first);
            }
        }
    }

    unsafe fn whole(&self, worker: Worker<'_>) {
        let (below, above, kernels) = (self.below, self.above, self.kernels);
        let batch = below.batch;
        let steps = below.steps[worker.me].ptr();
        // SAFETY: own groups of panels of weights, own shares and own scratch.
        unsafe {
            for q in 0..below.panels() {
                let (rows, place) = (below.width(q), q * PANEL * PANEL);
                for at in 0..batch * PANEL {
                    *steps.add(at) = *below.values(q).add(at) * -self.descent.step();
                }
                for group in worker.groups(above.panels()) {
                    let panels = panels_of(group..group + 1, above.panels());
                    if self.source.is_some() {
                        let weights = Strided {
                            start: self.layer.weight.panel(panels.start).add(place),
                            stride: self.layer.weight.stride(),
                        };
                        let errors = Strided {
                            start: above.errors(panels.start),
                            stride: above.stride(),
                        };
                        let out = below.share_of(group).add(below.offset(q));
                        (kernels.dense_dots)(out, weights, errors, panels.len(), batch, rows);
                    }
                    for p in panels.clone() {
                        let gathers = self.descent.gathers().unwrap_or(&self.layer.weight);
                        let gathers = gathers.panel(p).add(place);
                        (kernels.dense_learn)(gathers, steps, above.errors(p), batch, rows);
                    }
                    let rows = q * PANEL..q * PANEL + rows;
                    self.descent.move_on(kernels, self.layer, panels, &rows);
                }
            }
        }
    }

    /// The gradient by the pre-activation at `place` of panel `p`, from the one by the activation.
    #[inline(always)]
    unsafe fn error(
        &self,
        source: &Layer,
        by_activation: f32,
        p: usize,
        lane: usize,
        place: usize,
    ) -> f32 {
        let below = self.below;
        // SAFETY: a place of the caller's own panel.
        unsafe {
            let value = *below.values(p).add(place);
            let sign = if value > 0.0 { 1.0 } else { -1.0 };
            let slope = match (&below.slopes, &source.flips) {
                (Some(slopes), _) => *slopes.ptr().add(below.offset(p) + place),
                (None, Some(flips)) => *flips.ptr().add(p * PANEL + lane),
                (None, None) => 1.0,
            };
            // Neither a silent rectifier nor the penalty on 0 has a slope.
            match value == 0.0 {
                true if below.slopes.is_none() => 0.0,
                true => by_activation * slope,
                false => (by_activation + self.penalty * sign) * slope,
            }
        }
    }
}

/// The biases of `layer` learn from its errors; the panels of `worker`.
///
/// # Safety
/// The errors of these panels are complete, and nobody else touches these biases.
pub(crate) unsafe fn learn_bias(
    worker: Worker<'_>,
    layer: &Layer,
    activations: &Activations,
    descent: Descent<'_>,
) {
    // SAFETY: own panels.
    unsafe {
        for p in worker.panels(activations.panels()) {
            let mut sums = [0.0f32; PANEL];
            for b in 0..activations.batch {
                let errors =
                    std::slice::from_raw_parts(activations.errors(p).add(b * PANEL), PANEL);
                sums.iter_mut()
                    .zip(errors)
                    .for_each(|(sum, error)| *sum += error);
            }
            descent.move_biases(layer, p, &sums);
        }
    }
}
