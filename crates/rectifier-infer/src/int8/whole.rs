//! Batches that are multiplied whole: from a few examples on that is faster than skipping what is 0 example by example.
//! Activations are rows of bytes here, not lists. A matrix unit skips nothing; tiles of a few examples skip the groups of
//! inputs that are 0 in each of them.

use super::amx::Amx;
use super::kernels::{GROUPS, Kernels, TILE_ROWS, Tile};
use super::{Int8, Layer8, Scratch};
use crate::buffer::{Buffer, PANEL, panels};
use crate::pool::{Pool, Worker, share};
use crate::rows::Rows;
use crate::simd::Level;
use alloc::vec::Vec;
use core::ops::Range;

/// Examples that are multiplied at a time at most: eight tiles of vectors.
pub(super) const CHUNK: usize = 48;
/// Two tiles of a matrix unit.
const MATRIX_CHUNK: usize = 32;

/// From so many examples on a matrix unit is as fast as lists of what is not 0, or faster, and so are tiles of vectors
/// (784-1000x3-10, three quarters of the units silent).
const MATRIX_FEWEST: usize = 4;
const VECTORS_FEWEST: usize = TILE_ROWS;

/// What multiplies.
enum Unit {
    Matrix(Amx),
    /// With lists of each thread.
    Vectors(Tile, Vec<Lists>),
}

impl Unit {
    /// What this machine has, where `capacity` examples are not too few for it.
    fn of(network: &Int8, capacity: usize, threads: usize, level: Level) -> Option<Self> {
        if let Some(unit) = Amx::of(level) {
            return (capacity >= MATRIX_FEWEST).then_some(Self::Matrix(unit));
        }
        let tile = Kernels::of(level).tile?;
        let lists = || (0..threads).map(|_| Lists::new(network)).collect();
        (capacity >= VECTORS_FEWEST).then(|| Self::Vectors(tile, lists()))
    }

    /// How few examples it is of use for.
    fn fewest(&self) -> usize {
        match self {
            Self::Matrix(_) => MATRIX_FEWEST,
            Self::Vectors(..) => VECTORS_FEWEST,
        }
    }

    /// Examples that are multiplied at a time.
    fn chunk(&self) -> usize {
        match self {
            Self::Matrix(_) => MATRIX_CHUNK,
            Self::Vectors(..) => CHUNK,
        }
    }

    /// Runs `work` on a thread that is ready for it.
    fn with<T>(&self, work: impl FnOnce() -> T) -> T {
        match self {
            Self::Matrix(unit) => unit.with(work),
            Self::Vectors(..) => work(),
        }
    }
}

/// Parts of `count` examples, each at most `most`: as few as can be, and as alike.
fn parts(count: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = count.div_ceil(most);
    (0..parts).map(move |part| share(count, part, parts))
}

/// The tiles of `count` examples.
fn tiles(count: usize) -> impl Iterator<Item = Range<usize>> {
    parts(count, TILE_ROWS)
}

/// For each tile of a chunk, the groups of inputs that are not 0 in one of its examples at least.
struct Lists {
    /// `[tiles, room]`.
    index: Buffer<u32>,
    /// Entries of a tile at most.
    room: usize,
    /// How many entries each tile has.
    lengths: Buffer<u32>,
}

impl Lists {
    /// Room for the widest of the layers of `network`.
    fn new(network: &Int8) -> Self {
        let widest = network.layers.iter().map(|layer| panels(layer.inputs));
        // Entries are written a panel at a time.
        let room = (widest.max().unwrap_or(0) + 1) * GROUPS;
        let tiles = CHUNK.div_ceil(TILE_ROWS);
        Self {
            index: Buffer::zeros(tiles * room),
            room,
            lengths: Buffer::zeros(tiles),
        }
    }

    /// Lists the groups of one more tile.
    ///
    /// # Safety
    /// Rows of whole panels; nobody else touches the lists.
    unsafe fn fill(
        &self,
        kernels: &Kernels,
        tile: usize,
        (rows, stride): (*const u8, usize),
        count: usize,
        inputs: usize,
    ) {
        let mut found = 0;
        let mut values = [0; GROUPS];
        for p in 0..panels(inputs) {
            let mut union = [0u8; PANEL];
            // SAFETY: as the caller says; a list has room for a panel more than there are.
            unsafe {
                for row in 0..count {
                    let bytes = &*rows.add(row * stride + p * PANEL).cast::<[u8; PANEL]>();
                    union
                        .iter_mut()
                        .zip(bytes)
                        .for_each(|(one, byte)| *one |= byte);
                }
                let index = self.index.ptr().add(tile * self.room + found);
                let first = (p * GROUPS) as u32;
                found +=
                    (kernels.collect)(union.as_ptr(), GROUPS, first, index, values.as_mut_ptr());
            }
        }
        // SAFETY: as the caller says.
        unsafe { *self.lengths.ptr().add(tile) = found as u32 };
    }

    /// The groups of a tile.
    ///
    /// # Safety
    /// It is filled.
    unsafe fn of(&self, tile: usize) -> (*const u32, usize) {
        // SAFETY: as the caller says.
        unsafe {
            let first = self.index.ptr().add(tile * self.room);
            (first.cast_const(), *self.lengths.ptr().add(tile) as usize)
        }
    }
}

/// What it takes to multiply batches whole.
pub(super) struct Whole {
    unit: Unit,
    /// The inputs of each layer: examples, filled up to whole chunks wherever a chunk begins, by bytes.
    rows: Vec<Buffer<u8>>,
    /// Bytes from one example to the next in each: whole panels, and a line more so that examples do not share their places in
    /// the caches.
    strides: Vec<usize>,
}

impl Whole {
    /// Room for `capacity` examples, where this machine has a unit and they are not too few for it.
    pub(super) fn new(
        network: &Int8,
        capacity: usize,
        threads: usize,
        level: Level,
    ) -> Option<Self> {
        let unit = Unit::of(network, capacity, threads, level)?;
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
        batch >= self.unit.fewest()
    }

    /// The inputs of example `b` to layer `k`.
    fn row(&self, k: usize, b: usize) -> *mut u8 {
        // SAFETY: inside the buffer.
        unsafe { self.rows[k].ptr().add(b * self.strides[k]) }
    }

    /// Lists what some examples of a layer, a chunk at most, have that is not 0, where that is of use.
    ///
    /// # Safety
    /// The rows of these examples are complete (a barrier since); nobody else touches what `me` has.
    unsafe fn list(
        &self,
        me: usize,
        kernels: &Kernels,
        (layer, k): (&Layer8, usize),
        examples: Range<usize>,
    ) {
        if let Unit::Vectors(_, lists) = &self.unit {
            let lists = &lists[me];
            for (tile, part) in tiles(examples.len()).enumerate() {
                let rows = (
                    self.row(k, examples.start + part.start).cast_const(),
                    self.strides[k],
                );
                // SAFETY: rows are whole panels.
                unsafe { lists.fill(kernels, tile, rows, part.len(), layer.inputs) };
            }
        }
    }

    /// The sums of panel `p` of a layer for some examples, a chunk at most.
    ///
    /// # Safety
    /// On a thread that is ready for it, which has listed these examples; their rows are complete (a barrier since), and `z` has
    /// room for a chunk.
    unsafe fn sums(
        &self,
        me: usize,
        (layer, k): (&Layer8, usize),
        p: usize,
        examples: Range<usize>,
        z: *mut i32,
    ) {
        let (count, stride, weights) = (examples.len(), self.strides[k], layer.panel(p));
        let rows = self.row(k, examples.start).cast_const();
        match &self.unit {
            // SAFETY: rows go on for a chunk behind the last example and are 0 behind their inputs; so do weights, with whatever.
            Unit::Matrix(unit) => unsafe {
                let (inputs, units) = (layer.inputs, layer.width(p));
                unit.multiply(z, weights, (rows, stride), count, inputs, units);
            },
            // SAFETY: as the caller says; tiles have a row at least.
            Unit::Vectors(multiply, lists) => unsafe {
                for (tile, part) in tiles(count).enumerate() {
                    multiply(
                        z.add(part.start * PANEL),
                        weights,
                        (rows.add(part.start * stride), stride),
                        part.len(),
                        lists[me].of(tile),
                        layer.width(p),
                    );
                }
            },
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
        // SAFETY: each thread writes the inputs of its own examples, the columns of its own panels, its own lists and sums, the
        // counts of its own units and the logits of its own examples; barriers part what one writes and another reads.
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
                self.answer_whole(whole, worker, (&network.layers[hidden], hidden), batch);
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
    /// The inputs of layer `k` are complete (a barrier since); nobody else touches the columns, lists and sums of `worker`.
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
        for examples in parts(batch, whole.unit.chunk()) {
            // SAFETY: own lists.
            unsafe { whole.list(worker.me, &self.kernels, (layer, k), examples.clone()) };
            for p in worker.share(layer.panels()) {
                // SAFETY: own columns and sums.
                unsafe {
                    whole.sums(worker.me, (layer, k), p, examples.clone(), sums);
                    for (at, b) in examples.clone().enumerate() {
                        let to = whole.row(k + 1, b).add(p * PANEL);
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
        (layer, k): (&Layer8, usize),
        batch: usize,
    ) {
        let sums = self.sums[worker.me].ptr();
        let mine = worker.share(batch);
        for part in parts(mine.len(), whole.unit.chunk()) {
            let examples = mine.start + part.start..mine.start + part.end;
            // SAFETY: own lists.
            unsafe { whole.list(worker.me, &self.kernels, (layer, k), examples.clone()) };
            for p in 0..layer.panels() {
                // SAFETY: own sums, own examples.
                unsafe {
                    whole.sums(worker.me, (layer, k), p, examples.clone(), sums);
                    for (at, b) in examples.clone().enumerate() {
                        self.logits_of(layer, p, b, sums.add(at * PANEL));
                    }
                }
            }
        }
    }
}
