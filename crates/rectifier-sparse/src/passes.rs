//! The passes up and down through a layer, each thread doing its share.
//!
//! Between two barriers each thread writes only the panels of its own columns (activations, errors, weights) and its own
//! lists and scratch. All `unsafe` here rests on that.

use crate::buffer::PANEL;
use crate::kernels::{Kernels, Strided};
use crate::layer::Layer;
use crate::pool::Seat;
use crate::signals::Signals;
pub(crate) use rectifier_infer::passes::{activate, multiply};

/// How the errors of a layer go down through its weights, and the weights learn from them.
///
/// A thread owns the same panels of weights on the way up and on the way down: weights never move from one core's cache to
/// another's. What its panels add to the errors below is summed over the threads by the owners of the columns below.
pub(crate) struct Descent<'a> {
    pub kernels: &'a Kernels,
    /// Errors of the layer.
    pub above: &'a Signals,
    /// The layer.
    pub layer: &'a Layer,
    /// Its inputs.
    pub below: &'a Signals,
    /// The layer that made the inputs, whose errors are wanted; none for inputs that nothing learns from.
    pub source: Option<&'a Layer>,
    /// Learning rate.
    pub rate: f32,
    /// Coefficient of the penalty on the inputs' magnitudes, over the batch.
    pub penalty: f32,
}

impl Descent<'_> {
    /// The panels of `seat` of the weights: their share of the errors below, from before the update, then the update.
    ///
    /// # Safety
    /// The errors above are complete in the panels of `seat`; the signals below and their lists by column are complete
    /// (a barrier since); nobody else touches these panels of weights.
    pub(crate) unsafe fn learn(&self, seat: Seat<'_>) {
        // SAFETY: as the caller says.
        unsafe {
            match self.below.dense_down {
                true => self.whole(seat),
                false => self.skipping(seat),
            }
        }
    }

    /// The errors of the panels of `seat` of the inputs, and what the biases that made them learn; nothing where no source
    /// is named.
    ///
    /// # Safety
    /// Every thread is through with [`learn`](Self::learn) (a barrier since); nobody else touches these panels and biases.
    pub(crate) unsafe fn pass_down(&self, seat: Seat<'_>) {
        let Some(source) = self.source else { return };
        let below = self.below;
        let all = &below.shares[..seat.threads];
        // SAFETY: own panels are written; shares are complete.
        unsafe {
            let sum = |place: usize| all.iter().map(|share| *share.ptr().add(place)).sum::<f32>();
            for p in seat.share(below.panels()) {
                std::ptr::write_bytes(below.errors(p), 0, PANEL * below.batch);
            }
            if below.dense_down {
                for p in seat.share(below.panels()) {
                    for b in 0..below.batch {
                        for lane in 0..below.width(p) {
                            let place = b * PANEL + lane;
                            let by_activation = sum(below.offset(p) + place);
                            *below.errors(p).add(place) =
                                self.error(source, by_activation, p, lane, place);
                        }
                    }
                }
            } else {
                for block in below.active.blocks_of(seat) {
                    let (list, base) = (below.active.by_unit(block), below.active.base(block));
                    for (at, column) in below.active.columns_of(block).enumerate() {
                        let (p, lane) = (column / PANEL, column % PANEL);
                        for entry in
                            *list.starts.add(at) as usize..*list.starts.add(at + 1) as usize
                        {
                            let place = *list.index.add(entry) as usize * PANEL + lane;
                            let error = self.error(source, sum(base + entry), p, lane, place);
                            *below.errors(p).add(place) = error;
                        }
                    }
                }
            }
            learn_bias(seat, source, below, self.rate);
        }
    }

    unsafe fn skipping(&self, seat: Seat<'_>) {
        let (below, above, kernels) = (self.below, self.above, self.kernels);
        let (dots, shares) = (below.dots[seat.me].ptr(), below.shares[seat.me].ptr());
        // SAFETY: own panels of weights and own scratch, which has room for the entries of the largest block, and of all
        // blocks.
        unsafe {
            for block in 0..below.active.blocks() {
                let entries = below.active.entries(block);
                if entries == 0 {
                    continue;
                }
                let (columns, list) = (below.active.columns_of(block), below.active.by_unit(block));
                let panels = seat.share(above.panels());
                let first = panels.start;
                for p in panels.clone() {
                    let weights = self.layer.weight.panel(p).add(columns.start * PANEL);
                    match self.source {
                        Some(_) => (kernels.learn)(
                            weights,
                            columns.len(),
                            list,
                            above.errors(p),
                            dots,
                            p == first,
                        ),
                        None => (kernels.learn_only)(weights, columns.len(), list, above.errors(p)),
                    }
                }
                if self.source.is_some() {
                    let place = shares.add(below.active.base(block));
                    match panels.is_empty() {
                        true => std::ptr::write_bytes(place, 0, entries),
                        false => (kernels.sum_dots)(dots, entries, place),
                    }
                }
            }
        }
    }

    unsafe fn whole(&self, seat: Seat<'_>) {
        let (below, above, kernels) = (self.below, self.above, self.kernels);
        let batch = below.batch;
        let (steps, shares) = (below.steps[seat.me].ptr(), below.shares[seat.me].ptr());
        let panels = seat.share(above.panels());
        // SAFETY: own panels of weights and own scratch.
        unsafe {
            for q in 0..below.panels() {
                let (rows, place) = (below.width(q), q * PANEL * PANEL);
                if self.source.is_some() {
                    let out = shares.add(below.offset(q));
                    if panels.is_empty() {
                        std::ptr::write_bytes(out, 0, PANEL * batch);
                    } else {
                        let weights = Strided {
                            start: self.layer.weight.panel(panels.start).add(place),
                            stride: self.layer.weight.rows * PANEL,
                        };
                        let errors = Strided {
                            start: above.errors(panels.start),
                            stride: PANEL * batch,
                        };
                        (kernels.dense_dots)(out, weights, errors, panels.len(), batch, rows);
                    }
                }
                if panels.is_empty() {
                    continue;
                }
                for at in 0..batch * PANEL {
                    *steps.add(at) = *below.values(q).add(at) * -self.rate;
                }
                for p in panels.clone() {
                    let weights = self.layer.weight.panel(p).add(place);
                    (kernels.dense_learn)(weights, steps, above.errors(p), batch, rows);
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

/// The biases of `layer` learn from its errors; the panels of `seat`.
///
/// # Safety
/// The errors of these panels are complete, and nobody else touches these biases.
pub(crate) unsafe fn learn_bias(seat: Seat<'_>, layer: &Layer, signals: &Signals, rate: f32) {
    // SAFETY: own panels.
    unsafe {
        for p in seat.share(signals.panels()) {
            let mut sums = [0.0f32; PANEL];
            for b in 0..signals.batch {
                let errors = std::slice::from_raw_parts(signals.errors(p).add(b * PANEL), PANEL);
                sums.iter_mut()
                    .zip(errors)
                    .for_each(|(sum, error)| *sum += error);
            }
            let bias = std::slice::from_raw_parts_mut(layer.bias.ptr().add(p * PANEL), PANEL);
            bias.iter_mut()
                .zip(sums)
                .for_each(|(bias, sum)| *bias -= rate * sum);
        }
    }
}
