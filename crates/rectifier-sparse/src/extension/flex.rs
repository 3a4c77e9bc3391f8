//! The operation on Flex: passes over lists where zeros are many, Flex's own multiplication where they are few.

use super::how::{How, Wanted};
use super::kernels::{Kernels, Rows};
use super::lists::{Active, ByColumn, ByExample};
use crate::buffer::Buffer;
use burn::backend::flex::FlexTensor;
use burn::backend::ops::{ActivationOps, FloatTensorOps, ModuleOps};
use burn::backend::{DType, Flex, TensorMetadata};
use burn::tensor::Shape;
use rayon::prelude::*;
use std::ops::Range;

/// Up to this many examples a row is seldom used twice, and passes go over as many columns at once as registers hold.
/// Above, blocks of [`BLOCK`] rows and [`NARROW`] columns (16 KB) stay in the first cache while every example passes over
/// them.
const FEW: usize = 4;
/// Above this many examples blocks of weights are copied to where rows start with cache lines: one load in two is
/// otherwise two, where the units are no multiple of 16.
const PACK: usize = 16;
const BLOCK: usize = 64;
const NARROW: usize = 64;
/// Rows a block for few examples.
const LONG_BLOCK: usize = 256;
/// Inputs whose gradients one job makes: their weights, as many rows of gradients and a block of errors stay in the
/// second cache.
const JOB: usize = 64;
/// Products below which waking other threads costs more than they save.
const PARALLEL: usize = 1 << 20;
/// The most lanes that a register has.
const LANES: usize = 16;

/// What the passes read: inputs `[batch, inputs]` and weights `[inputs, units]`, both row after row.
struct Operands<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    inputs: usize,
    units: usize,
    active: Active,
    entries: usize,
    kernels: &'static Kernels,
}

/// The share of active inputs above which a batch of `examples` is multiplied whole, up or down, where a layer does not
/// say: where the two cost the same as `linear_step rule` measures it for 1000 inputs and units on two cores with AVX-512.
/// Down, whole matrices lose on small batches because Flex of Burn 0.22.1 sets their gradient to 0 and copies it first.
fn whole_above(examples: usize, down: bool) -> f64 {
    match (examples, down) {
        (1, false) => 0.8,
        (..=64, false) => 0.5,
        (_, false) => 0.65,
        (..=64, true) => 1.0,
        (_, true) => 0.6,
    }
}

impl<'a> Operands<'a> {
    /// `None` where the batch is to be multiplied whole, in the forward or the backward pass.
    fn new(x: &'a FlexTensor, weight: &'a FlexTensor, how: How, down: bool) -> Option<Self> {
        let (inputs, units) = (weight.shape()[0], weight.shape()[1]);
        let kernels = Kernels::widest();
        let (x, weight) = (x.as_slice::<f32>()?, weight.as_slice::<f32>()?);
        if units < kernels.lanes || x.is_empty() {
            return None;
        }
        let active = how.active();
        let entries = active.count(x);
        let share = how.whole_above;
        let share = share.unwrap_or_else(|| whole_above(x.len() / inputs, down));
        (entries as f64 <= share * x.len() as f64).then_some(Self {
            x,
            weight,
            inputs,
            units,
            active,
            entries,
            kernels,
        })
    }

    fn batch(&self) -> usize {
        self.x.len() / self.inputs
    }

    fn threads(&self) -> usize {
        if self.entries * self.units < PARALLEL {
            1
        } else {
            rayon::current_num_threads()
        }
    }

    /// The columns of `share` of `shares`, in pieces that [`Kernels::gather`] takes: none narrower than a register.
    fn pieces(&self, share: usize, shares: usize) -> impl Iterator<Item = Range<usize>> {
        let lanes = self.kernels.lanes;
        let most = match self.batch() > FEW {
            true => self.kernels.registers.min(NARROW / lanes),
            false => self.kernels.registers,
        };
        let (columns, units) = (self.units.div_ceil(lanes), self.units);
        // Registers, in equal shares and in equal pieces: a last piece of one register is a whole register.
        let (from, to) = (columns * share / shares, columns * (share + 1) / shares);
        let pieces = (to - from).div_ceil(most);
        (0..pieces).map(move |piece| {
            let at = |piece: usize| ((from + (to - from) * piece / pieces) * lanes).min(units);
            at(piece)..at(piece + 1)
        })
    }

    /// As many shares of the columns as there are threads, each of at least four registers.
    fn shares(&self) -> usize {
        let columns = self.units.div_ceil(self.kernels.lanes);
        self.threads().min(columns / 4).max(1)
    }

    /// `x W + b` into `out`, `[batch, units]`; an empty `bias` is none.
    fn forward(&self, bias: &[f32], out: &mut [f32]) {
        let (batch, units, shares) = (self.batch(), self.units, self.shares());
        let block = if batch > FEW { BLOCK } else { LONG_BLOCK };
        let lists = ByExample::new(self.x, self.inputs, block, self.active, shares > 1);
        let out = Shared(out.as_mut_ptr());
        let job = |share: usize| {
            let scratch = (batch > PACK).then(|| Buffer::<f32>::zeros(BLOCK * NARROW));
            for piece in self.pieces(share, shares) {
                let width = piece.len();
                // SAFETY: the pieces of all shares are apart and inside `units` columns; lists name inputs of their block
                // only, of which scratch holds all, as no piece of so many examples is wider than `NARROW`.
                unsafe {
                    let start = out.at(piece.start);
                    if !bias.is_empty() {
                        let from = bias[piece.clone()].as_ptr();
                        for example in 0..batch {
                            std::ptr::copy_nonoverlapping(from, start.add(example * units), width);
                        }
                    }
                    for (inputs, entries) in lists.blocks() {
                        let from = self.weight.as_ptr().add(inputs.start * units + piece.start);
                        let rows = match &scratch {
                            Some(scratch) => {
                                for row in 0..inputs.len() {
                                    let to = scratch.ptr().add(row * NARROW);
                                    std::ptr::copy_nonoverlapping(from.add(row * units), to, width);
                                }
                                Rows {
                                    start: scratch.ptr(),
                                    stride: NARROW,
                                }
                            }
                            None => Rows {
                                start: from,
                                stride: units,
                            },
                        };
                        (self.kernels.gather)(start, units, rows, width, entries);
                    }
                }
            }
        };
        each(shares, job);
    }

    /// The gradients from `error`, `[batch, units]`: `x^T error` into `weight`, `[inputs, units]`, all 0 before, and
    /// where `x` is active `error W^T` into `input`, `[batch, inputs]`, all 0 before.
    fn backward(&self, error: &[f32], weight: Option<&mut [f32]>, input: Option<&mut [f32]>) {
        let (inputs, units, lanes) = (self.inputs, self.units, self.kernels.lanes);
        let weight = weight.map(|weight| Shared(weight.as_mut_ptr()));
        let input = input.map(|input| Shared(input.as_mut_ptr()));
        let aligned = (self.batch() > FEW).then(|| Aligned::of(error, units));
        let errors = match &aligned {
            Some(aligned) => aligned.rows(),
            None => Rows {
                start: error.as_ptr(),
                stride: units,
            },
        };
        let mut mask = [1.0; LANES];
        mask[..lanes - units % lanes].fill(0.0);
        let (errors, mask) = (SharedRows(errors), &mask);
        let job = |(lists, products): &mut (ByColumn, Vec<f32>), job: usize| {
            let block = job * JOB..inputs.min((job + 1) * JOB);
            for (group, x) in self.x.chunks(BLOCK * inputs).enumerate() {
                let entries = lists.list(x, inputs, block.clone(), self.active);
                let first = group * BLOCK;
                // SAFETY: a job writes the rows of its own inputs to `weight`, and their columns to `input`; lists name
                // examples of the group only.
                unsafe {
                    let stride = errors.get().stride;
                    let errors = Rows {
                        start: errors.get().start.add(first * stride),
                        stride,
                    };
                    if let Some(weight) = &weight {
                        for piece in self.pieces(0, 1) {
                            let rows = Rows {
                                start: errors.start.add(piece.start),
                                stride,
                            };
                            let out = weight.at(block.start * units + piece.start);
                            (self.kernels.gather)(out, units, rows, piece.len(), entries);
                        }
                    }
                    if let Some(input) = &input {
                        products.resize(BLOCK, 0.0);
                        for (column, bounds) in block.clone().zip(entries.starts.windows(2)) {
                            let index = &entries.index[bounds[0] as usize..bounds[1] as usize];
                            let products = &mut products[..index.len()];
                            let row = self.weight[column * units..].as_ptr();
                            let mask = mask.as_ptr();
                            (self.kernels.dots)(row, errors, units, mask, index, products);
                            for (example, product) in index.iter().zip(products) {
                                *input.at((first + *example as usize) * inputs + column) = *product;
                            }
                        }
                    }
                }
            }
        };
        let jobs = inputs.div_ceil(JOB);
        if self.threads() > 1 {
            (0..jobs)
                .into_par_iter()
                .for_each_init(Default::default, |room, number| job(room, number));
        } else {
            let mut room = Default::default();
            (0..jobs).for_each(|number| job(&mut room, number));
        }
    }
}

/// Does `job` for every share, on as many threads.
fn each(shares: usize, job: impl Fn(usize) + Sync + Send) {
    if shares == 1 {
        job(0);
    } else {
        (0..shares).into_par_iter().with_max_len(1).for_each(job);
    }
}

/// A copy of a matrix whose rows start with cache lines, and not all in the same places of the caches.
struct Aligned {
    stride: usize,
    buffer: Buffer<f32>,
}

impl Aligned {
    fn of(numbers: &[f32], columns: usize) -> Self {
        let stride = (columns.div_ceil(LANES) | 1) * LANES;
        let mut buffer = Buffer::zeros(numbers.len() / columns * stride);
        let lines = buffer.as_mut().chunks_exact_mut(stride);
        for (to, from) in lines.zip(numbers.chunks_exact(columns)) {
            to[..columns].copy_from_slice(from);
        }
        Self { stride, buffer }
    }

    fn rows(&self) -> Rows {
        Rows {
            start: self.buffer.ptr(),
            stride: self.stride,
        }
    }
}

/// Memory that threads write apart from each other.
#[derive(Clone, Copy)]
struct Shared(*mut f32);

// SAFETY: a pointer; whoever dereferences it answers for who writes where.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// # Safety
    /// `at` is inside the memory.
    unsafe fn at(&self, at: usize) -> *mut f32 {
        // SAFETY: as the caller says.
        unsafe { self.0.add(at) }
    }
}

/// Rows that threads read.
#[derive(Clone, Copy)]
struct SharedRows(Rows);

// SAFETY: nobody writes to the rows while they are shared.
unsafe impl Send for SharedRows {}
// SAFETY: as above.
unsafe impl Sync for SharedRows {}

impl SharedRows {
    fn get(&self) -> Rows {
        self.0
    }
}

fn zeros(rows: usize, columns: usize) -> FlexTensor {
    // `FlexTensor::zeros` of Burn 0.22.1 makes a second copy of what it has set to 0.
    FlexTensor::filled_typed(Shape::new([rows, columns]), DType::F32, 0.0f32)
}

/// `x W + b`, the inputs rectified first where `how` says so; a bias of no numbers is none.
pub(super) fn forward(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, how: How) -> FlexTensor {
    let (batch, units) = (x.shape()[0], weight.shape()[1]);
    let (x, bias) = (x.to_contiguous(), bias.to_contiguous());
    if let (Some(operands), Some(biases)) = (
        Operands::new(&x, &weight, how, false),
        bias.as_slice::<f32>(),
    ) {
        let mut out = zeros(batch, units);
        operands.forward(biases, out.storage_mut());
        return out;
    }
    let out = match x.shape().num_elements() * units {
        0 => zeros(batch, units),
        _ => Flex::float_matmul(if how.rectify { Flex::relu(x) } else { x }, weight),
    };
    match bias.shape()[0] {
        0 => out,
        _ => Flex::float_add(out, Flex::float_reshape(bias, Shape::new([1, units]))),
    }
}

/// The wanted gradients for `error`, those of the output.
pub(super) fn backward(
    x: FlexTensor,
    weight: FlexTensor,
    error: FlexTensor,
    how: How,
    wanted: Wanted,
) -> (Option<FlexTensor>, Option<FlexTensor>) {
    let (batch, inputs, units) = (x.shape()[0], weight.shape()[0], weight.shape()[1]);
    let x = x.to_contiguous();
    if batch * inputs * units == 0 {
        return (
            wanted.input.then(|| zeros(batch, inputs)),
            wanted.weight.then(|| zeros(inputs, units)),
        );
    }
    let listed = Operands::new(&x, &weight, how, true).filter(|_| wanted.weight || how.rectify);
    let Some(operands) = listed else {
        return whole(x, weight, error, how, wanted);
    };
    let error = error.to_contiguous();
    let Some(errors) = error.as_slice::<f32>() else {
        return whole(x.clone(), weight.clone(), error.clone(), how, wanted);
    };
    // Of inputs of any sign every gradient counts, the zeros' too.
    let exact = wanted.input && !how.rectify;
    let mut input = (wanted.input && how.rectify).then(|| zeros(batch, inputs));
    let mut weights = wanted.weight.then(|| zeros(inputs, units));
    operands.backward(
        errors,
        weights.as_mut().map(FlexTensor::storage_mut),
        input.as_mut().map(FlexTensor::storage_mut),
    );
    if exact {
        input = Some(Flex::linear_x_backward(weight.clone(), error));
    }
    (input, weights)
}

/// As [`backward`], by multiplication of whole matrices.
fn whole(
    x: FlexTensor,
    weight: FlexTensor,
    error: FlexTensor,
    how: How,
    wanted: Wanted,
) -> (Option<FlexTensor>, Option<FlexTensor>) {
    let input = wanted.input.then(|| {
        let gradient = Flex::linear_x_backward(weight, error.clone());
        match how.rectify {
            // What is 0 before a rectifier is 0 behind it, and nothing else is: its own mask serves.
            true => Flex::relu_backward(x.clone(), gradient),
            false => gradient,
        }
    });
    let weight = wanted.weight.then(|| {
        let x = if how.rectify { Flex::relu(x) } else { x };
        Flex::linear_weight_backward(x, error)
    });
    (input, weight)
}
