//! What a batch makes of a layer: its numbers, where they are not 0, and room for what the passes need.

use crate::active::{Active, EXAMPLES, MOST_PRODUCTS};
use crate::buffer::{Buffer, PANEL, apart, group, groups, panels};
use crate::kernels::{DOT, Kernels};
use crate::packed::Packed;
use crate::pool::Worker;
use crate::rows::Rows;
use alloc::vec;
use alloc::vec::Vec;

/// Above this share of active numbers a layer is multiplied whole. Where the two cost the same, measured on AVX-512 at
/// widths 784 and 1000: skipping costs about 1.6 times as much a number in the forward pass, and about 1.3 in the backward pass.
const DENSE_FORWARD: f64 = 0.6;
const DENSE_BACKWARD: f64 = 0.75;

/// Numbers of a layer for a batch, `[batch, columns]` in panels: its inputs or activations, and all that the passes need.
pub struct Activations {
    pub columns: usize,
    pub batch: usize,
    role: Role,
    /// Activations; of outputs pre-activations, then their gradients.
    values: Buffer<f32>,
    /// The units' slopes where they are not those of a rectifier.
    pub slopes: Option<Buffer<f32>>,
    /// Gradients of the cost by pre-activation, for activations in training.
    errors: Buffer<f32>,
    pub active: Active,
    /// The lists of sparse inputs, which take the place of `active`.
    pub packed: Option<Packed>,
    capacity: usize,
    threads: usize,
    /// For each thread, products of errors and weights, [`DOT`] floats an entry of the rows that learn at a time.
    pub dots: Vec<Buffer<f32>>,
    /// For each group of panels of the layer above, see [`share_of`](Self::share_of).
    shares: Buffer<f32>,
    /// For each panel, a sum over its numbers: of magnitudes, or of costs.
    pub sums: Buffer<f64>,
    /// For each thread, room for the rows that learn at a time, of one group of panels, on their way from one run of examples
    /// to the next.
    pub between: Vec<Buffer<f32>>,
    /// For each thread, one panel of steps of the dense update.
    pub steps: Vec<Buffer<f32>>,
    /// Whether the passes multiply the numbers whole.
    pub dense_forward: bool,
    pub dense_backward: bool,
}

/// What the numbers of a layer are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Inputs of a layer in training: nothing goes further down. There is room for them once it is known what they are.
    Input,
    /// Inputs of layers that are only looked through; as for `Input`, there is no room at first.
    Looked,
    /// Numbers of a layer that is only looked through.
    Forward,
    /// Activations of a layer in training.
    Trained {
        /// Units of the layer above.
        above: usize,
    },
    /// Outputs that a cost is made of: pre-activations first, then their gradients in the same place.
    Output,
}

/// How far apart the shares of two groups start, each with room for all numbers of so many examples.
fn shares_apart(columns: usize, capacity: usize) -> usize {
    apart(panels(columns) * (apart(capacity) / PANEL))
}

impl Activations {
    pub fn new(columns: usize, capacity: usize, threads: usize, role: Role, smooth: bool) -> Self {
        let size = panels(columns) * apart(capacity);
        // Lists and numbers of inputs come with the rows.
        let now = match role {
            Role::Input | Role::Looked => 0,
            Role::Forward | Role::Trained { .. } | Role::Output => 1,
        };
        let trained = matches!(role, Role::Trained { .. });
        let several = |count: usize, len: usize| -> Vec<Buffer<f32>> {
            (0..count).map(|_| Buffer::zeros(len)).collect()
        };
        let entries = if trained { MOST_PRODUCTS } else { 0 };
        Self {
            columns,
            batch: 0,
            role,
            values: Buffer::zeros(size * now),
            slopes: (trained && smooth).then(|| Buffer::zeros(size)),
            errors: Buffer::zeros(if trained { size } else { 0 }),
            active: Active::new(columns, capacity * now, threads),
            packed: None,
            capacity,
            threads,
            // Products are summed a whole register at a time, past the last entry too.
            dots: several(threads, (entries + DOT) * DOT),
            shares: Buffer::zeros(match role {
                Role::Trained { above } => groups(panels(above)) * shares_apart(columns, capacity),
                _ => 0,
            }),
            between: match role {
                Role::Trained { above } if capacity > EXAMPLES => {
                    several(threads, group(panels(above)) * apart(PANEL))
                }
                _ => Vec::new(),
            },
            sums: Buffer::zeros(panels(columns)),
            steps: several(
                threads,
                match trained || role == Role::Input {
                    true => PANEL * capacity,
                    false => 0,
                },
            ),
            dense_forward: false,
            dense_backward: false,
        }
    }

    /// What the numbers are for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Makes the activations those of a batch of `batch` examples, for a job on `threads` threads.
    pub fn set_batch(&mut self, batch: usize, threads: usize) {
        self.batch = batch;
        if self.packed.is_none() {
            self.active.set_batch(batch, threads);
        }
    }

    /// Makes inputs those of `rows`, `batch` of them, for a job on `threads` threads, with room for what they are made of:
    /// lists of sparse rows grow with their entries, and numbers in panels are there where they are wanted.
    pub fn take_rows(&mut self, rows: Rows<'_>, batch: usize, threads: usize) {
        match rows {
            Rows::Dense(_) => self.take_lists(),
            Rows::Sparse(rows) => {
                let packed = self.packed.get_or_insert_with(|| Packed::new(self.columns));
                packed.plan(rows, threads);
            }
        }
        if self.wants_panels() {
            self.take_panels();
        }
        self.set_batch(batch, threads);
    }

    /// Makes inputs a batch that is written in panels.
    pub fn take_numbers(&mut self, batch: usize, threads: usize) {
        self.take_lists();
        self.take_panels();
        self.set_batch(batch, threads);
    }

    fn take_lists(&mut self) {
        self.packed = None;
        if !self.active.has_room(self.capacity) {
            self.active = Active::new(self.columns, self.capacity, self.threads);
        }
    }

    fn take_panels(&mut self) {
        if self.values.as_mut().is_empty() {
            self.values = Buffer::zeros(self.panels() * apart(self.capacity));
        }
    }

    /// How many panels the columns take.
    pub fn panels(&self) -> usize {
        panels(self.columns)
    }

    /// Columns of panel `p` that are really there.
    pub fn width(&self, p: usize) -> usize {
        PANEL.min(self.columns - p * PANEL)
    }

    /// Where panel `p` starts in the numbers of a batch.
    pub fn offset(&self, p: usize) -> usize {
        p * self.stride()
    }

    /// How far apart two neighbouring panels start.
    pub fn stride(&self) -> usize {
        apart(self.batch)
    }

    /// Panel `p` of the values, `[batch, PANEL]`.
    pub fn values(&self, p: usize) -> *mut f32 {
        // SAFETY: inside the buffer: the batch is at most the capacity.
        unsafe { self.values.ptr().add(self.offset(p)) }
    }

    /// Panel `p` of the errors, `[batch, PANEL]`.
    pub fn errors(&self, p: usize) -> *mut f32 {
        if self.role == Role::Output {
            return self.values(p);
        }
        // SAFETY: as for the values.
        unsafe { self.errors.ptr().add(self.offset(p)) }
    }

    /// What a group of panels of the layer above adds to the error of each entry (or, where the layer goes down whole, of each
    /// number).
    pub fn share_of(&self, group: usize) -> *mut f32 {
        let place = group * shares_apart(self.columns, self.capacity);
        // SAFETY: inside the buffer: there is as much room for every group of the layer above.
        unsafe { self.shares.ptr().add(place) }
    }

    /// Reads inputs, those that were [taken](Self::take_rows). `dense` takes a copy in panels too, for multiplying whole.
    ///
    /// # Safety
    /// `rows` holds a batch of rows of `columns` numbers; no thread reads the activations meanwhile.
    pub unsafe fn read(&self, worker: Worker<'_>, kernels: &Kernels, rows: Rows<'_>, dense: bool) {
        // SAFETY: own blocks, and below own panels; the caller vouches for the rows.
        unsafe {
            match (rows, &self.packed) {
                (Rows::Sparse(rows), Some(packed)) => packed.fill(worker, rows),
                (Rows::Dense(values), None) => {
                    self.active.fill_from_rows(worker, kernels, values.as_ptr());
                }
                // `take_rows` made lists of the rows' own kind.
                (Rows::Sparse(_), None) | (Rows::Dense(_), Some(_)) => {}
            }
            if dense {
                for p in worker.panels(self.panels()) {
                    for b in 0..self.batch {
                        let line = self.values(p).add(b * PANEL);
                        match rows {
                            Rows::Dense(values) => {
                                let from = values.as_ptr().add(b * self.columns + p * PANEL);
                                core::ptr::copy_nonoverlapping(from, line, self.width(p));
                            }
                            Rows::Sparse(rows) => {
                                core::ptr::write_bytes(line, 0, PANEL);
                                let panel = p * PANEL..(p + 1) * PANEL;
                                for (column, number) in rows.within(b, panel) {
                                    *line.add(column - p * PANEL) = number;
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Lists the entries of the blocks of `worker` by column for the backward pass, where it goes by lists.
    ///
    /// # Safety
    /// The blocks are this thread's and filled.
    pub unsafe fn transpose(&self, worker: Worker<'_>, rate: f32) {
        if self.dense_backward {
            return;
        }
        if let Some(packed) = &self.packed {
            // SAFETY: as the caller says.
            unsafe { packed.sort(worker, -rate) };
        } else {
            for block in self.active.blocks_of(worker) {
                // SAFETY: as the caller says.
                unsafe { self.active.transpose(block, -rate) };
            }
        }
    }

    /// Chooses how the passes take the numbers, from the entries of the last batch. Between steps.
    ///
    /// # Safety
    /// No thread works on the activations.
    pub unsafe fn choose(&mut self) -> f64 {
        // SAFETY: as the caller says.
        let share = unsafe { self.share() };
        self.dense_forward = share > DENSE_FORWARD;
        self.dense_backward = share > DENSE_BACKWARD;
        self.active.expect(share);
        share
    }

    /// The share of numbers that are not 0.
    ///
    /// # Safety
    /// The lists are filled, and no thread writes to them.
    pub unsafe fn share(&self) -> f64 {
        // SAFETY: as the caller says.
        let entries = unsafe {
            match &self.packed {
                Some(packed) => packed.total(),
                None => self.active.total(),
            }
        };
        entries as f64 / (self.columns * self.batch).max(1) as f64
    }

    /// The values, `[batch, columns]` row by row.
    ///
    /// # Safety
    /// No thread works on the activations.
    pub unsafe fn to_rows(&self) -> Vec<f32> {
        let mut rows = vec![0.0; self.batch * self.columns];
        for p in 0..self.panels() {
            for b in 0..self.batch {
                let to = &mut rows[b * self.columns + p * PANEL..][..self.width(p)];
                // SAFETY: a row of the panel; the caller keeps writers away.
                to.copy_from_slice(unsafe {
                    core::slice::from_raw_parts(self.values(p).add(b * PANEL), to.len())
                });
            }
        }
        rows
    }

    /// The panels' sums in their order.
    ///
    /// # Safety
    /// No thread writes to them.
    pub unsafe fn total(&self) -> f64 {
        // SAFETY: as the caller says.
        unsafe { self.sums.as_slice() }.iter().sum()
    }

    /// Whether inputs are to be read densely too.
    pub fn wants_panels(&self) -> bool {
        self.dense_forward || self.dense_backward
    }
}
