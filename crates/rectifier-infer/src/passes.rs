//! The forward pass through a layer, each thread doing its share.
//!
//! Between two barriers each thread writes only the panels of its own columns and its own lists. All `unsafe` here rests on
//! that.

use crate::buffer::PANEL;
use crate::kernels::{Kernels, Weight};
use crate::layer::{Activation, Layer};
use crate::pool::Seat;
use crate::signals::Signals;

/// Pre-activations of `layer` from the signals below into `above`, the panels of `seat`.
///
/// # Safety
/// The signals below are complete (a barrier since); nobody else touches the panels of `seat` in `above`.
pub unsafe fn multiply<W: Weight>(
    seat: Seat<'_>,
    kernels: &Kernels,
    layer: &Layer<W>,
    below: &Signals,
    above: &Signals,
) {
    let batch = above.batch;
    // SAFETY: own panels are written, complete signals and weights read.
    unsafe {
        for p in seat.panels(above.panels()) {
            let z = above.values(p);
            for b in 0..batch {
                core::ptr::copy_nonoverlapping(
                    layer.bias.ptr().add(p * PANEL),
                    z.add(b * PANEL),
                    PANEL,
                );
            }
            let weights = layer.weight.panel(p);
            if below.dense_up {
                for q in 0..below.panels() {
                    let rows = weights.add(q * PANEL * PANEL);
                    W::dense(kernels)(z, rows, below.values(q), batch, below.width(q));
                }
            } else {
                for block in 0..below.active.blocks() {
                    W::gather(kernels)(z, weights, batch, below.active.by_example(block));
                }
            }
        }
    }
}

/// Activations from the pre-activations in `signals`, and their lists; the panels of `seat`. `measured` leaves the sums of
/// magnitudes in the signals too.
///
/// # Safety
/// The panels of `seat` hold pre-activations, and nobody else touches them or the thread's blocks.
pub unsafe fn activate<W: Weight>(
    seat: Seat<'_>,
    kernels: &Kernels,
    layer: &Layer<W>,
    signals: &Signals,
    measured: bool,
) {
    // SAFETY: own panels and blocks; flips have as many places as the layer has padded columns.
    unsafe {
        for p in seat.panels(signals.panels()) {
            *signals.sums.ptr().add(p) = 0.0;
        }
        signals
            .active
            .fill(seat, |example, p, first, index, value| {
                let (len, z) = (signals.width(p), signals.values(p).add(example * PANEL));
                let flips = layer.flips.as_ref().map_or(core::ptr::null(), |flips| {
                    flips.ptr().add(p * PANEL).cast_const()
                });
                let found = match &layer.activation {
                    Activation::Rectifier(threshold) => {
                        (kernels.rectify)(z, len, *threshold, flips, first, index, value)
                    }
                    Activation::Smooth(kind) => {
                        let mut spare = [0.0; PANEL];
                        let slope = match &signals.slopes {
                            Some(slopes) => slopes.ptr().add(signals.offset(p) + example * PANEL),
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
                    *signals.sums.ptr().add(p) += magnitudes.sum::<f64>();
                }
                found
            });
    }
}
