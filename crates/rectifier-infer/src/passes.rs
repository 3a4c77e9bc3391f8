//! The forward pass through a layer, each thread doing its share.
//!
//! Between two barriers each thread writes only the panels of its own columns and its own lists. All `unsafe` here rests on
//! that.

use crate::activations::Activations;
use crate::buffer::PANEL;
use crate::kernels::{Changed, Kernels, Strided, Weight};
use crate::layer::{Activation, Layer};
use crate::pool::Worker;
use core::ops::Range;

/// Pre-activations of `layer` from the activations below into `above`, the panels of `worker`.
///
/// # Safety
/// The activations below are complete (a barrier since); nobody else touches the panels of `worker` in `above`.
pub unsafe fn multiply<W: Weight>(
    worker: Worker<'_>,
    kernels: &Kernels,
    layer: &Layer<W>,
    below: &Activations,
    above: &Activations,
) {
    let batch = above.batch;
    let at_once = match below.packed.is_some() || below.active.by_panels() {
        true => kernels.panels_at_once,
        // A small batch reads a row of weights once or twice: nothing is gained by reading two side by side.
        false => 1,
    };
    // SAFETY: own panels are written, complete activations and weights read.
    unsafe {
        for p in worker.panels(above.panels()) {
            let z = above.values(p);
            for b in 0..batch {
                core::ptr::copy_nonoverlapping(
                    layer.bias.ptr().add(p * PANEL),
                    z.add(b * PANEL),
                    PANEL,
                );
            }
            if below.dense_forward {
                for q in 0..below.panels() {
                    let rows = layer.weight.panel(p).add(q * PANEL * PANEL);
                    W::dense(kernels)(z, rows, below.values(q), batch, below.width(q));
                }
            }
        }
        if below.dense_forward {
            return;
        }
        for pair in pieces(worker.panels(above.panels()), at_once) {
            let z = Changed {
                start: above.values(pair.start),
                stride: above.stride(),
            };
            let weights = Strided {
                start: layer.weight.panel(pair.start).cast_const(),
                stride: layer.weight.stride(),
            };
            let gather = W::gather(kernels)[pair.len() - 1];
            match &below.packed {
                Some(packed) => (0..packed.blocks())
                    .for_each(|block| gather(z, weights, batch, packed.by_example(block))),
                None => (0..below.active.blocks())
                    .for_each(|block| gather(z, weights, batch, below.active.by_example(block))),
            }
        }
    }
}

/// `all` in pieces of `length`, the last one what is left.
pub fn pieces(all: Range<usize>, length: usize) -> impl Iterator<Item = Range<usize>> {
    let end = all.end;
    all.step_by(length)
        .map(move |start| start..(start + length).min(end))
}

/// Activations from the pre-activations in `activations`, and their lists; the panels of `worker`. `measured` leaves the sums of
/// magnitudes in the activations too.
///
/// # Safety
/// The panels of `worker` hold pre-activations, and nobody else touches them or the thread's blocks.
pub unsafe fn activate<W: Weight>(
    worker: Worker<'_>,
    kernels: &Kernels,
    layer: &Layer<W>,
    activations: &Activations,
    measured: bool,
) {
    // SAFETY: own panels and blocks; flips have as many places as the layer has padded columns.
    unsafe {
        for p in worker.panels(activations.panels()) {
            *activations.sums.ptr().add(p) = 0.0;
        }
        activations
            .active
            .fill(worker, |example, p, first, index, value| {
                let (len, z) = (
                    activations.width(p),
                    activations.values(p).add(example * PANEL),
                );
                let flips = layer.flips.as_ref().map_or(core::ptr::null(), |flips| {
                    flips.ptr().add(p * PANEL).cast_const()
                });
                let found = match &layer.activation {
                    Activation::Rectifier(threshold) => {
                        (kernels.rectify)(z, len, *threshold, flips, first, index, value)
                    }
                    Activation::Smooth(kind) => {
                        let mut spare = [0.0; PANEL];
                        let slope = match &activations.slopes {
                            Some(slopes) => {
                                slopes.ptr().add(activations.offset(p) + example * PANEL)
                            }
                            None => spare.as_mut_ptr(),
                        };
                        (kernels.smooth)(*kind, z, slope, len);
                        if !flips.is_null() {
                            for at in 0..len {
                                *z.add(at) *= *flips.add(at);
                                *slope.add(at) *= *flips.add(at);
                            }
                        }
                        (kernels.collect)(z, len, first, index, value)
                    }
                };
                if measured {
                    let values = core::slice::from_raw_parts(value, found);
                    let magnitudes = values.iter().map(|value| f64::from(value.abs()));
                    *activations.sums.ptr().add(p) += magnitudes.sum::<f64>();
                }
                found
            });
    }
}
