//! Dropout of hidden activations: those left out are zeros more, so lists grow shorter.

use crate::activations::Activations;
use crate::buffer::{Buffer, PANEL, apart, panels};
use crate::layer::{Activation, Layer};
use crate::pool::Worker;
use rectifier_train::Dropout;
use std::sync::atomic::{AtomicU64, Ordering};

/// Hidden activations left out, a draw a step and a layer.
///
/// Costs and zeros are those of the activations before any is left out: the penalty goes on pulling at units that are, and its
/// part of their errors is kept aside.
pub(crate) struct Thinning {
    dropout: Dropout,
    layers: Vec<Thinned>,
}

/// One hidden layer in a batch.
#[derive(Default)]
struct Thinned {
    units: usize,
    /// `[batch, units]`; 1 keeps a number, 0 leaves it out.
    kept: Vec<f32>,
    /// How many of the batch's activations were not 0.
    active: AtomicU64,
    /// Errors of activations that were left out, laid as the activations are; none without a penalty.
    aside: Option<Buffer<f32>>,
}

impl Thinning {
    /// That of `dropout`, where it leaves hidden activations out, for hidden layers of so many units each under a penalty of so
    /// much.
    pub(crate) fn of(dropout: Dropout, hidden: impl IntoIterator<Item = usize>) -> Option<Self> {
        let layer = |units| Thinned {
            units,
            ..Thinned::default()
        };
        (dropout.hidden > 0.0).then(|| Self {
            dropout,
            layers: hidden.into_iter().map(layer).collect(),
        })
    }

    /// Makes room for `capacity` examples; under a penalty for the hidden layers that `punished` names, 0 the first.
    pub(crate) fn prepare(&mut self, capacity: usize, punished: impl Fn(usize) -> bool) {
        for (place, layer) in self.layers.iter_mut().enumerate() {
            let size = panels(layer.units) * apart(capacity);
            layer.aside = punished(place).then(|| Buffer::zeros(size));
        }
    }

    /// Draws which activations of `batch` examples are kept, from the step's seed.
    pub(crate) fn draw(&mut self, batch: usize, seed: u64) {
        for (place, layer) in self.layers.iter_mut().enumerate() {
            layer.kept = self.dropout.hidden_mask(place, batch * layer.units, seed);
            *layer.active.get_mut() = 0;
        }
    }

    /// What the activations that are kept are multiplied by.
    pub(crate) fn scale(&self) -> f32 {
        (1.0 / (1.0 - self.dropout.hidden)) as f32
    }

    /// How many activations of hidden layer `place`, 0 the first, were not 0 in the last batch.
    pub(crate) fn active(&self, place: usize) -> u64 {
        self.layers
            .get(place)
            .map_or(0, |layer| layer.active.load(Ordering::Relaxed))
    }

    /// Errors of the activations of hidden layer `place` that were left out.
    pub(crate) fn aside(&self, place: usize) -> Option<&Buffer<f32>> {
        self.layers.get(place)?.aside.as_ref()
    }

    /// Leaves out activations of hidden layer `place`, which `source` made: the panels and blocks of `worker`. Slopes are
    /// afterwards those of what is left. `penalty` is the coefficient over the batch.
    ///
    /// # Safety
    /// They are complete, their slopes have room, and nobody else touches these panels and blocks.
    pub(crate) unsafe fn thin(
        &self,
        worker: Worker<'_>,
        place: usize,
        source: &Layer,
        activations: &Activations,
        penalty: f32,
    ) {
        let (Some(layer), Some(slopes)) = (self.layers.get(place), &activations.slopes) else {
            return;
        };
        let (units, scale) = (layer.units, self.scale());
        // SAFETY: own panels and blocks; the draw is of every unit of every example.
        unsafe {
            let kept = |b: usize, unit: usize| *layer.kept.get_unchecked(b * units + unit);
            for p in worker.panels(activations.panels()) {
                for b in 0..activations.batch {
                    for lane in 0..activations.width(p) {
                        let place = activations.offset(p) + b * PANEL + lane;
                        let value = activations.values(p).add(b * PANEL + lane);
                        let slope = slopes.ptr().add(place);
                        if let Activation::Rectifier(_) = source.activation {
                            *slope = match (&source.flips, *value == 0.0) {
                                (_, true) => 0.0,
                                (Some(flips), false) => *flips.ptr().add(p * PANEL + lane),
                                (None, false) => 1.0,
                            };
                        }
                        let factor = kept(b, p * PANEL + lane) * scale;
                        if let Some(aside) = &layer.aside {
                            *aside.ptr().add(place) = match factor == 0.0 && *value != 0.0 {
                                true => penalty * value.read().signum() * *slope,
                                false => 0.0,
                            };
                        }
                        *value *= factor;
                        *slope *= factor;
                    }
                }
            }
            for block in activations.active.blocks_of(worker) {
                let before = activations.active.entries(block) as u64;
                layer.active.fetch_add(before, Ordering::Relaxed);
                activations
                    .active
                    .thin(block, |b, unit| kept(b, unit) * scale);
            }
        }
    }
}
