//! Batches that a matrix unit multiplies whole: it is faster than skipping zeros from a few examples on. Activations are rows of
//! bytes here, not lists.

use super::amx::Amx;
use super::{Int8, Layer8, Scratch};
use crate::buffer::{Buffer, PANEL, panels};
use crate::pool::{Pool, Worker};
use crate::rows::Rows;
use crate::simd::Level;
use alloc::vec::Vec;

/// From so many examples on the unit is as fast as lists of what is not 0, or faster (784-1000x3-10, three quarters of the units silent).
const FEWEST: usize = 4;
/// Examples whose inputs stay in the first cache while weights pass over them: two tiles.
pub(super) const CHUNK: usize = 32;

/// What it takes to multiply batches whole.
pub(super) struct Whole {
    unit: Amx,
    /// The inputs of each layer: examples, filled up to whole chunks wherever a chunk begins, by bytes.
    rows: Vec<Buffer<u8>>,
    /// Bytes from one example to the next in each: whole panels, and a line more so that examples do not share their places in
    /// the caches.
    strides: Vec<usize>,
}

impl Whole {
    /// Room for `capacity` examples, where this machine has a unit and they are not too few for it.
    pub(super) fn new(network: &Int8, capacity: usize, level: Level) -> Option<Self> {
        let unit = Amx::of(level).filter(|_| capacity >= FEWEST)?;
        let stride = |layer: &Layer8| (panels(layer.inputs) + 1) * PANEL;
        let strides: Vec<usize> = network.layers.iter().map(stride).collect();
        let room = |stride: &usize| Buffer::zeros((capacity + CHUNK) * stride);
        Some(Self {
            unit,
            rows: strides.iter().map(room).collect(),
            strides,
        })
    }

    /// Whether it is what `batch` examples are multiplied by.
    pub(super) fn takes(&self, batch: usize) -> bool {
        batch >= FEWEST
    }

    /// The inputs of example `b` to layer `k`.
    fn row(&self, k: usize, b: usize) -> *mut u8 {
        // SAFETY: inside the buffer.
        unsafe { self.rows[k].ptr().add(b * self.strides[k]) }
    }

    /// The sums of panel `p` of a layer for up to [`CHUNK`] examples from `first` on.
    ///
    /// # Safety
    /// On a thread whose tiles are laid out; the rows of these examples are complete (a barrier since), and `z` has room for a
    /// chunk.
    unsafe fn sums(
        &self,
        layer: &Layer8,
        k: usize,
        p: usize,
        first: usize,
        count: usize,
        z: *mut i32,
    ) {
        let rows = (self.row(k, first).cast_const(), self.strides[k]);
        // SAFETY: rows go on for a chunk behind the last example and are 0 behind their inputs; so do weights, with whatever.
        unsafe {
            self.unit
                .multiply(z, layer.panel(p), rows, count, layer.inputs, layer.width(p));
        }
    }
}

impl Scratch {
    /// As [`run`](Self::run), each layer multiplied whole.
    pub(super) fn run_whole(
        &self,
        whole: &Whole,
        pool: &Pool,
        network: &Int8,
        rows: Rows<'_>,
        batch: usize,
        counting: bool,
    ) {
        // SAFETY: each thread writes the inputs of its own examples, the columns of its own panels, its own sums, the counts of
        // its own units and the logits of its own examples; barriers part what one writes and another reads.
        pool.run(&|worker| {
            whole.unit.with(|| unsafe {
                self.read_whole(whole, worker, &network.layers[0], rows, batch);
                worker.barrier();
                let hidden = network.layers.len() - 1;
                for (k, layer) in network.layers[..hidden].iter().enumerate() {
                    let cut = network.threshold / network.layers[k + 1].input_scale;
                    self.forward_whole(whole, worker, (layer, k), cut, batch, counting);
                    worker.barrier();
                }
                self.answer_whole(whole, worker, &network.layers[hidden], hidden, batch);
            });
        });
    }

    /// # Safety
    /// `rows` are `batch` rows as wide as the layer; nobody else touches the inputs of the worker's examples.
    unsafe fn read_whole(
        &self,
        whole: &Whole,
        worker: Worker<'_>,
        layer: &Layer8,
        rows: Rows<'_>,
        batch: usize,
    ) {
        for b in worker.share(batch) {
            for p in 0..panels(layer.inputs) {
                // SAFETY: own examples; a row has room for whole panels.
                unsafe {
                    let bytes = self.bytes(layer, rows, b, p);
                    let to = whole.row(0, b).add(p * PANEL);
                    core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, PANEL);
                }
            }
        }
    }

    /// # Safety
    /// The inputs of layer `k` are complete (a barrier since); nobody else touches the columns and sums of `worker`.
    unsafe fn forward_whole(
        &self,
        whole: &Whole,
        worker: Worker<'_>,
        (layer, k): (&Layer8, usize),
        cut: f32,
        batch: usize,
        counting: bool,
    ) {
        let sums = self.sums[worker.me].ptr();
        for first in (0..batch).step_by(CHUNK) {
            let count = CHUNK.min(batch - first);
            for p in worker.share(layer.panels()) {
                // SAFETY: own columns and sums.
                unsafe {
                    whole.sums(layer, k, p, first, count, sums);
                    for at in 0..count {
                        let to = whole.row(k + 1, first + at).add(p * PANEL);
                        self.activate((layer, k, p), cut, sums.add(at * PANEL), counting, to);
                    }
                }
            }
        }
    }

    /// # Safety
    /// The inputs of the output layer are complete (a barrier since); nobody else touches the logits of the worker's examples.
    unsafe fn answer_whole(
        &self,
        whole: &Whole,
        worker: Worker<'_>,
        layer: &Layer8,
        k: usize,
        batch: usize,
    ) {
        let sums = self.sums[worker.me].ptr();
        let mine = worker.share(batch);
        for first in mine.clone().step_by(CHUNK) {
            let count = CHUNK.min(mine.end - first);
            for p in 0..layer.panels() {
                // SAFETY: own sums, own examples.
                unsafe {
                    whole.sums(layer, k, p, first, count, sums);
                    for at in 0..count {
                        self.logits_of(layer, p, first + at, sums.add(at * PANEL));
                    }
                }
            }
        }
    }
}
