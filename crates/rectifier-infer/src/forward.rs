//! A stack looked through, batch after batch: outputs, and which units were silent.

use crate::activations::{Activations, Role};
use crate::buffer::{Buffer, PANEL};
use crate::kernels::{Kernels, Weight};
use crate::layer::Layer;
use crate::pace::Pace;
use crate::passes::{activate, multiply};
use crate::pool::Worker;
use crate::rows::Rows;
use crate::team::Team;
use alloc::vec::Vec;

/// The activations of a stack that is not in training.
pub struct Forward {
    pub activations: Vec<Activations>,
    capacity: usize,
    threads: usize,
    /// For each layer, on how many examples each unit was not 0.
    active: Vec<Buffer<u32>>,
    examples: u64,
    pace: Pace,
}

impl Forward {
    /// Room for `capacity` examples of `inputs` numbers passing through `layers`; the last is an output layer.
    pub fn new<W: Weight>(
        inputs: usize,
        layers: &[Layer<W>],
        capacity: usize,
        threads: usize,
    ) -> Self {
        let widths = core::iter::once(inputs).chain(layers.iter().map(Layer::units));
        let roles = core::iter::once(Role::Looked).chain(core::iter::repeat(Role::Forward));
        let activations: Vec<Activations> = widths
            .zip(roles)
            .map(|(width, role)| Activations::new(width, capacity, threads, role, false))
            .collect();
        Self {
            active: activations
                .iter()
                .map(|activations| Buffer::zeros(activations.panels() * PANEL))
                .collect(),
            activations,
            capacity,
            threads,
            examples: 0,
            pace: Pace::new(threads),
        }
    }

    /// Whether it was made for as many threads and has room.
    pub fn fits(&self, batch: usize, threads: usize) -> bool {
        batch <= self.capacity && threads == self.threads
    }

    /// The pre-activations of the output layer for `rows`, `batch` of them, at most the capacity.
    pub fn run<W: Weight>(
        &mut self,
        team: &Team,
        layers: &[Layer<W>],
        rows: Rows<'_>,
        batch: usize,
    ) -> &Activations {
        let threads = self.pace.threads();
        for (layer, activations) in self.activations.iter_mut().enumerate() {
            // SAFETY: between jobs.
            unsafe { activations.choose() };
            match layer {
                0 => activations.take_rows(rows, batch, threads),
                _ => activations.set_batch(batch, threads),
            }
        }
        self.examples += batch as u64;
        let (activations, counts) = (&self.activations, &self.active);
        let kernels = &team.kernels;
        // SAFETY: each thread writes its own panels and blocks; barriers part the layers.
        self.pace.run(&team.pool, batch, &|worker| unsafe {
            let input = &activations[0];
            input.read(worker, kernels, rows, input.wants_panels());
            worker.barrier();
            let unmeasured = |_| false;
            forward(worker, kernels, layers, activations, unmeasured, |hidden| {
                count(worker, &activations[hidden], &counts[hidden])
            });
        });
        &self.activations[layers.len()]
    }

    /// On how many of the examples so far each unit of each hidden layer was 0; starts anew.
    pub fn take_zeros(&mut self) -> (u64, Vec<Vec<u64>>) {
        let examples = core::mem::take(&mut self.examples);
        let last = self.activations.len().saturating_sub(1);
        let zeros = self.active[1..last]
            .iter_mut()
            .zip(&self.activations[1..last])
            .map(|(active, activations)| {
                let active = active.as_mut();
                let zeros = active[..activations.columns]
                    .iter()
                    .map(|count| examples - u64::from(*count))
                    .collect();
                active.fill(0);
                zeros
            })
            .collect();
        (examples, zeros)
    }
}

/// From filled inputs up through every layer; the last gets no unit. Magnitudes of the hidden layers that `measured` names,
/// 1 the first, are summed. `each` is told of each hidden layer done, before the barrier behind it.
///
/// # Safety
/// Called by every thread of a job, on complete inputs; `activations` has one entry more than `layers`.
pub unsafe fn forward<W: Weight>(
    worker: Worker<'_>,
    kernels: &Kernels,
    layers: &[Layer<W>],
    activations: &[Activations],
    measured: impl Fn(usize) -> bool,
    mut each: impl FnMut(usize),
) {
    for (k, layer) in layers.iter().enumerate() {
        let (below, above) = (&activations[k], &activations[k + 1]);
        // SAFETY: what is below is complete, and own panels are written.
        unsafe {
            multiply(worker, kernels, layer, below, above);
            if k + 1 < layers.len() {
                activate(worker, kernels, layer, above, measured(k + 1));
                each(k + 1);
            }
        }
        worker.barrier();
    }
}

/// Adds the entries of the blocks of `worker` to each unit's count.
///
/// # Safety
/// The blocks are this thread's and filled.
pub unsafe fn count(worker: Worker<'_>, activations: &Activations, counts: &Buffer<u32>) {
    for block in activations.active.blocks_of(worker) {
        let list = activations.active.by_example(block);
        // SAFETY: own blocks, hence own columns.
        unsafe {
            for entry in 0..activations.active.entries(block) {
                *counts.ptr().add(*list.index.add(entry) as usize) += 1;
            }
        }
    }
}
