//! Prediction with eight-bit integers: weights from -127 to 127 with a scale a unit, activations from 0 to 255 with a scale a
//! layer (a rectifier's are never negative), sums exact in 32 bits.
//!
//! Groups of four inputs that are all 0 are skipped (of two on AVX2), of larger batches those that are 0 in a few examples at once
//! where there are registers for it; where there is a matrix unit, larger batches are multiplied whole. The same numbers come out on
//! every processor and with any count of threads, to the bit.

#[cfg_attr(
    not(all(
        target_arch = "x86_64",
        target_os = "linux",
        feature = "std",
        not(miri)
    )),
    path = "int8/no_amx.rs"
)]
mod amx;
mod calibrate;
mod file;
mod kernels;
mod lists;
mod order;
mod whole;

pub(crate) use calibrate::{Calibration, quantized};
pub(crate) use file::{read, tensors};

use crate::buffer::{Buffer, PANEL, panels};
use crate::evaluation::Zeros;
use crate::pool::{Pool, Worker};
use crate::rows::Rows;
use crate::simd::Level;
use alloc::vec;
use alloc::vec::Vec;
use kernels::{GROUP, GROUPS, Kernels, MOST};
use lists::Lists;
use whole::Whole;

/// A dense layer of integers.
#[derive(Clone)]
pub(crate) struct Layer8 {
    inputs: usize,
    units: usize,
    /// `[panels of units, groups of inputs, PANEL, GROUP]`, filled up with 0, and a panel of inputs more.
    weight: Buffer<i8>,
    /// What a weight is multiplied by, `[units]`.
    weight_scale: Vec<f32>,
    bias: Vec<f32>,
    /// What an input is multiplied by.
    input_scale: f32,
    /// What is added to it.
    input_offset: f32,
    /// What sums are multiplied by, and what is added, to make integers of the next layer or logits; filled up to whole panels
    /// with 0.
    scale: Buffer<f32>,
    shift: Buffer<f32>,
}

/// A network of integers.
#[derive(Clone)]
pub(crate) struct Int8 {
    layers: Vec<Layer8>,
    /// Activations not above it become 0.
    threshold: f32,
}

impl Layer8 {
    /// From weights `[inputs, units]` row by row.
    fn new(
        [inputs, units]: [usize; 2],
        weights: &[i8],
        weight_scale: Vec<f32>,
        bias: Vec<f32>,
        [input_scale, input_offset]: [f32; 2],
    ) -> Self {
        let groups = inputs.div_ceil(GROUP);
        // A matrix unit reads whole panels of inputs: the last panel of units goes on for one.
        let mut weight = Buffer::zeros((panels(units) * groups + GROUPS) * PANEL * GROUP);
        let packed = weight.as_mut();
        for (input, row) in weights.chunks_exact(units.max(1)).enumerate() {
            for (unit, value) in row.iter().enumerate() {
                packed[place(groups, input, unit)] = *value;
            }
        }
        Self {
            inputs,
            units,
            weight,
            weight_scale,
            bias,
            input_scale,
            input_offset,
            scale: Buffer::zeros(panels(units) * PANEL),
            shift: Buffer::zeros(panels(units) * PANEL),
        }
    }

    /// Weights `[inputs, units]` row by row.
    fn to_rows(&self) -> Vec<i8> {
        let groups = self.inputs.div_ceil(GROUP);
        // SAFETY: nobody writes to a layer that is made.
        let packed = unsafe { self.weight.as_slice() };
        (0..self.inputs * self.units)
            .map(|at| packed[place(groups, at / self.units, at % self.units)])
            .collect()
    }

    fn panels(&self) -> usize {
        panels(self.units)
    }

    /// Panel `p` of the weights.
    fn panel(&self, p: usize) -> *const i8 {
        let groups = self.inputs.div_ceil(GROUP);
        // SAFETY: inside the buffer.
        unsafe { self.weight.ptr().add(p * groups * PANEL * GROUP) }
    }

    /// Units of panel `p` that are really there.
    fn width(&self, p: usize) -> usize {
        PANEL.min(self.units - p * PANEL)
    }

    /// The most that a sum can come to, from nothing: more than 32 bits hold makes the layer unusable.
    fn largest_sum(&self) -> u64 {
        let mut sums = vec![0u64; self.units];
        for row in self.to_rows().chunks_exact(self.units.max(1)) {
            let each = sums.iter_mut().zip(row);
            each.for_each(|(sum, weight)| *sum += 255 * u64::from(weight.unsigned_abs()));
        }
        sums.into_iter().max().unwrap_or(0)
    }

    /// Sets how sums become integers of `step` each, or numbers where `step` is 1.
    fn set_scale(&mut self, step: f32) {
        let mut sums = vec![0i64; self.units];
        if self.input_offset != 0.0 {
            for row in self.to_rows().chunks_exact(self.units.max(1)) {
                let each = sums.iter_mut().zip(row);
                each.for_each(|(sum, weight)| *sum += i64::from(*weight));
            }
        }
        let (scale, shift) = (self.scale.as_mut(), self.shift.as_mut());
        for unit in 0..self.units {
            // In double precision, so that nothing depends on the order of these products.
            let weight = f64::from(self.weight_scale[unit]);
            let offset = f64::from(self.input_offset) * weight * sums[unit] as f64;
            let step = f64::from(step);
            scale[unit] = (f64::from(self.input_scale) * weight / step) as f32;
            shift[unit] = ((f64::from(self.bias[unit]) + offset) / step) as f32;
        }
    }
}

/// Where the weight of `input` and `unit` lies.
fn place(groups: usize, input: usize, unit: usize) -> usize {
    let panel = unit / PANEL * groups + input / GROUP;
    (panel * PANEL + unit % PANEL) * GROUP + input % GROUP
}

impl Int8 {
    /// Of layers of which the last is the output layer.
    fn new(mut layers: Vec<Layer8>, threshold: f32) -> Self {
        for k in 0..layers.len() {
            let step = layers.get(k + 1).map_or(1.0, |above| above.input_scale);
            layers[k].set_scale(step);
        }
        Self { layers, threshold }
    }

    /// Sets activations not above `threshold` to 0.
    pub(crate) fn set_threshold(&mut self, threshold: f32) {
        self.threshold = threshold;
    }
}

/// What the threads work with.
pub(crate) struct Scratch {
    kernels: Kernels,
    /// Inputs, then the activations of each hidden layer.
    lists: Vec<Lists>,
    /// For each thread, sums of one block's panels.
    sums: Vec<Buffer<i32>>,
    /// For each hidden layer, on how many examples each unit was not 0.
    active: Vec<Buffer<u32>>,
    logits: Buffer<f32>,
    examples: u64,
    whole: Option<Whole>,
}

impl Scratch {
    /// Room for `capacity` examples.
    pub(crate) fn new(network: &Int8, capacity: usize, threads: usize, level: Level) -> Self {
        let kernels = Kernels::of(level);
        let lists: Vec<Lists> = network
            .layers
            .iter()
            .map(|layer| Lists::new(kernels.grain, layer.inputs, capacity, threads))
            .collect();
        let hidden = network.layers.len() - 1;
        let outputs = network.layers.last().map_or(0, |layer| layer.units);
        let room = lists.iter().map(|lists| lists.largest_sums(capacity)).max();
        let room = room.unwrap_or(0).max(panels(outputs) * PANEL * capacity);
        let whole = Whole::new(network, capacity, threads, level);
        let room = room.max(whole.as_ref().map_or(0, |_| whole::CHUNK * PANEL));
        Self {
            kernels,
            lists,
            sums: (0..threads).map(|_| Buffer::zeros(room)).collect(),
            active: network.layers[..hidden]
                .iter()
                .map(|layer| Buffer::zeros(layer.panels() * PANEL))
                .collect(),
            logits: Buffer::zeros(outputs * capacity),
            examples: 0,
            whole,
        }
    }

    /// The logits of `batch` rows, at most the capacity, `[batch, outputs]`. What [`activations`](Self::activations) and
    /// [`taken`](Self::taken) tell is only known if the layers are `listed`.
    pub(crate) fn run(
        &mut self,
        pool: &Pool,
        network: &Int8,
        rows: Rows<'_>,
        batch: usize,
        counting: bool,
        listed: bool,
    ) -> &[f32] {
        match &self.whole {
            Some(whole) if !listed && whole.takes(batch) => {
                self.run_whole(whole, pool, network, rows, batch, counting);
            }
            _ => self.run_lists(pool, network, rows, batch, counting),
        }
        if counting {
            self.examples += batch as u64;
        }
        let outputs = network.layers.last().map_or(0, |layer| layer.units);
        &self.logits.as_mut()[..outputs * batch]
    }

    fn run_lists(
        &mut self,
        pool: &Pool,
        network: &Int8,
        rows: Rows<'_>,
        batch: usize,
        counting: bool,
    ) {
        for lists in &mut self.lists {
            lists.set_batch(batch);
        }
        let this = &*self;
        // SAFETY: each thread writes its own blocks, its own sums, the counts of its own units and the logits of its own
        // examples; barriers part what one writes and another reads.
        pool.run(&|worker| unsafe {
            this.read(worker, &network.layers[0], rows, batch);
            worker.barrier();
            let hidden = network.layers.len() - 1;
            for (k, layer) in network.layers[..hidden].iter().enumerate() {
                let cut = network.threshold / network.layers[k + 1].input_scale;
                this.forward(worker, layer, k, cut, batch, counting);
                worker.barrier();
            }
            this.answer(worker, &network.layers[hidden], hidden, batch);
        });
    }

    /// The inputs of panel `p` of example `b`, followed by 0.
    ///
    /// # Safety
    /// There is such an example in `rows`, as wide as the layer.
    unsafe fn bytes(&self, layer: &Layer8, rows: Rows<'_>, b: usize, p: usize) -> [u8; PANEL] {
        let inverse = 1.0 / layer.input_scale;
        let quantize = |x: *const f32, len: usize, to: *mut u8| {
            // SAFETY: `len` numbers each.
            unsafe { (self.kernels.quantize)(x, len, layer.input_offset, inverse, to) };
        };
        let mut bytes = [0u8; PANEL];
        let (first, len) = (p * PANEL, PANEL.min(layer.inputs - p * PANEL));
        match rows {
            Rows::Dense(values) => {
                // SAFETY: a panel's inputs end with the row.
                let from = unsafe { values.as_ptr().add(b * layer.inputs + first) };
                quantize(from, len, bytes.as_mut_ptr());
            }
            Rows::Sparse(rows) => {
                let mut byte = 0;
                quantize(&0.0, 1, &mut byte);
                bytes[..len].fill(byte);
                for (column, x) in rows.within(b, first..first + len) {
                    quantize(&x, 1, &mut bytes[column - first]);
                }
            }
        }
        bytes
    }

    /// The activations of panel `p` of hidden layer `k` from their sums for an example, written `to` a panel of bytes.
    ///
    /// # Safety
    /// A panel of sums and of bytes; nobody else touches the counts of these units.
    unsafe fn activate(
        &self,
        (layer, k, p): (&Layer8, usize, usize),
        cut: f32,
        sums: *const i32,
        counting: bool,
        to: *mut u8,
    ) {
        // SAFETY: as the caller says; scales and shifts are whole panels.
        unsafe {
            let (scale, shift) = (
                layer.scale.ptr().add(p * PANEL),
                layer.shift.ptr().add(p * PANEL),
            );
            (self.kernels.requantize)(sums, scale, shift, cut, to);
            if counting {
                let counts = self.active[k].ptr().add(p * PANEL);
                for unit in 0..PANEL {
                    *counts.add(unit) += u32::from(*to.add(unit) != 0);
                }
            }
        }
    }

    /// The logits of panel `p` of example `b` from their sums.
    ///
    /// # Safety
    /// A panel of sums; nobody else touches the logits of the example.
    unsafe fn logits_of(&self, layer: &Layer8, p: usize, b: usize, sums: *const i32) {
        for at in 0..layer.width(p) {
            let unit = p * PANEL + at;
            // SAFETY: as the caller says.
            unsafe {
                let sum = *sums.add(at) as f32;
                let logit = sum * *layer.scale.ptr().add(unit) + *layer.shift.ptr().add(unit);
                *self.logits.ptr().add(b * layer.units + unit) = logit;
            }
        }
    }

    /// Lists the inputs of the blocks of `worker`.
    ///
    /// # Safety
    /// `rows` are `batch` rows as wide as the layer; nobody else touches the blocks.
    unsafe fn read(&self, worker: Worker<'_>, layer: &Layer8, rows: Rows<'_>, batch: usize) {
        // SAFETY: own blocks.
        unsafe {
            self.lists[0].fill(worker, batch, |b, p, index, value| {
                let bytes = self.bytes(layer, rows, b, p);
                let len = PANEL.min(layer.inputs - p * PANEL);
                self.collect(&bytes, p, len, index, value)
            });
        }
    }

    /// # Safety
    /// The lists have room for a panel's groups.
    unsafe fn collect(
        &self,
        bytes: &[u8; PANEL],
        p: usize,
        len: usize,
        index: *mut u32,
        value: *mut u32,
    ) -> usize {
        let first = (p * GROUPS) as u32;
        // SAFETY: as the caller says.
        unsafe { (self.kernels.collect)(bytes.as_ptr(), len.div_ceil(GROUP), first, index, value) }
    }

    /// The activations of hidden layer `k` from those below, in the blocks of `worker`.
    ///
    /// # Safety
    /// The lists below are complete (a barrier since); nobody else touches the blocks and sums of `worker`.
    unsafe fn forward(
        &self,
        worker: Worker<'_>,
        layer: &Layer8,
        k: usize,
        cut: f32,
        batch: usize,
        counting: bool,
    ) {
        let (below, above) = (&self.lists[k], &self.lists[k + 1]);
        let sums = self.sums[worker.me].ptr();
        for block in above.blocks_of(worker) {
            let panels = above.panels_of(block);
            // SAFETY: own sums, which have room for the panels of a block; own block.
            unsafe {
                for (at, p) in panels.clone().enumerate() {
                    let z = sums.add(at * PANEL * batch);
                    core::ptr::write_bytes(z, 0, PANEL * batch);
                    self.multiply(layer, p, below, z, 0..batch);
                }
                above.fill_block(block, batch, |b, p, index, value| {
                    let mut bytes = [0u8; PANEL];
                    let z = sums.add(((p - panels.start) * batch + b) * PANEL);
                    self.activate((layer, k, p), cut, z, counting, bytes.as_mut_ptr());
                    self.collect(&bytes, p, layer.width(p), index, value)
                });
            }
        }
    }

    /// Adds the products of panel `p` for some examples to `z`, the sums of all of them.
    ///
    /// # Safety
    /// The lists are complete, and nobody else touches the sums of these examples.
    unsafe fn multiply(
        &self,
        layer: &Layer8,
        p: usize,
        below: &Lists,
        z: *mut i32,
        examples: core::ops::Range<usize>,
    ) {
        let weights = layer.panel(p);
        for start in examples.clone().step_by(MOST) {
            let count = MOST.min(examples.end - start);
            for block in 0..below.blocks() {
                // SAFETY: as the caller says.
                unsafe {
                    let mut lists = below.block(block);
                    lists.starts = lists.starts.add(start);
                    let z = z.add(start * PANEL);
                    (self.kernels.gather)(z, weights, count, lists, layer.width(p));
                }
            }
        }
    }

    /// The logits of the examples of `worker`.
    ///
    /// # Safety
    /// The lists below are complete (a barrier since); nobody else touches the logits of these examples.
    unsafe fn answer(&self, worker: Worker<'_>, layer: &Layer8, k: usize, batch: usize) {
        let mine = worker.share(batch);
        let sums = self.sums[worker.me].ptr();
        for p in 0..layer.panels() {
            // SAFETY: own sums, own examples.
            unsafe {
                core::ptr::write_bytes(sums.add(mine.start * PANEL), 0, PANEL * mine.len());
                self.multiply(layer, p, &self.lists[k], sums, mine.clone());
                for b in mine.clone() {
                    self.logits_of(layer, p, b, sums.add(b * PANEL));
                }
            }
        }
    }

    /// The activations of hidden layer `k` that the last run left, `[batch, units]` row by row.
    pub(crate) fn activations(&self, network: &Int8, k: usize) -> Vec<f32> {
        let step = network.layers[k + 1].input_scale;
        // SAFETY: between jobs.
        let bytes = unsafe { self.lists[k + 1].to_rows(network.layers[k].units) };
        bytes.into_iter().map(|x| f32::from(x) * step).collect()
    }

    /// How many inputs of layer `k` the last run took, over all its examples.
    pub(crate) fn taken(&self, network: &Int8, k: usize) -> u64 {
        // SAFETY: between jobs.
        unsafe { self.lists[k].taken(network.layers[k].inputs) }
    }

    /// On how many of the examples counted so far each unit of each hidden layer was 0; starts anew.
    pub(crate) fn take_zeros(&mut self, network: &Int8) -> Zeros {
        let examples = core::mem::take(&mut self.examples);
        let units = self
            .active
            .iter_mut()
            .zip(&network.layers)
            .map(|(counts, layer)| {
                let counts = counts.as_mut();
                let silent = |count: &u32| examples - u64::from(*count);
                let zeros = counts[..layer.units].iter().map(silent).collect();
                counts.fill(0);
                zeros
            });
        Zeros {
            examples,
            units: units.collect(),
        }
    }
}
