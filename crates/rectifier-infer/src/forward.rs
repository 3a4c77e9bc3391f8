//! A stack looked through, batch after batch: outputs, and which units were silent.

use crate::buffer::{Buffer, PANEL};
use crate::kernels::{Kernels, Weight};
use crate::layer::Layer;
use crate::pace::Pace;
use crate::passes::{activate, multiply};
use crate::pool::Seat;
use crate::rows::Rows;
use crate::signals::{Role, Signals};
use crate::team::Team;
use alloc::vec::Vec;

/// The signals of a stack that is not in training.
pub struct Forward {
    pub signals: Vec<Signals>,
    capacity: usize,
    threads: usize,
    /// For each layer, on how many examples each unit was not 0.
    active: Vec<Buffer<u32>>,
    examples: u64,
    pace: Pace,
}

impl Forward {
    /// Room for `capacity` examples of `inputs` numbers going up through `layers`; the last is an output layer.
    pub fn new<W: Weight>(
        inputs: usize,
        layers: &[Layer<W>],
        capacity: usize,
        threads: usize,
    ) -> Self {
        let widths = core::iter::once(inputs).chain(layers.iter().map(Layer::units));
        let signals: Vec<Signals> = widths
            .map(|width| Signals::new(width, capacity, threads, Role::Forward, false))
            .collect();
        Self {
            active: signals
                .iter()
                .map(|signals| Buffer::zeros(signals.panels() * PANEL))
                .collect(),
            signals,
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
    ) -> &Signals {
        let threads = self.pace.threads();
        for signals in &mut self.signals {
            // SAFETY: between jobs.
            unsafe { signals.choose() };
            signals.set_batch(batch, threads);
        }
        self.examples += batch as u64;
        let (signals, counts) = (&self.signals, &self.active);
        let kernels = &team.kernels;
        // SAFETY: each thread writes its own panels and blocks; barriers part the layers.
        self.pace.run(&team.pool, batch, &|seat| unsafe {
            let input = &signals[0];
            input.read(seat, kernels, rows, input.wants_panels());
            seat.meet();
            let unmeasured = |_| false;
            climb(seat, kernels, layers, signals, unmeasured, |hidden| {
                count(seat, &signals[hidden], &counts[hidden])
            });
        });
        &self.signals[layers.len()]
    }

    /// On how many of the examples so far each unit of each hidden layer was 0; starts anew.
    pub fn take_zeros(&mut self) -> (u64, Vec<Vec<u64>>) {
        let examples = core::mem::take(&mut self.examples);
        let last = self.signals.len().saturating_sub(1);
        let zeros = self.active[1..last]
            .iter_mut()
            .zip(&self.signals[1..last])
            .map(|(active, signals)| {
                let active = active.as_mut();
                let zeros = active[..signals.columns]
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
/// Called by every thread of a job, on complete inputs; `signals` has one entry more than `layers`.
pub unsafe fn climb<W: Weight>(
    seat: Seat<'_>,
    kernels: &Kernels,
    layers: &[Layer<W>],
    signals: &[Signals],
    measured: impl Fn(usize) -> bool,
    mut each: impl FnMut(usize),
) {
    for (k, layer) in layers.iter().enumerate() {
        let (below, above) = (&signals[k], &signals[k + 1]);
        // SAFETY: what is below is complete, and own panels are written.
        unsafe {
            multiply(seat, kernels, layer, below, above);
            if k + 1 < layers.len() {
                activate(seat, kernels, layer, above, measured(k + 1));
                each(k + 1);
            }
        }
        seat.meet();
    }
}

/// Adds the entries of the blocks of `seat` to each unit's count.
///
/// # Safety
/// The blocks are this thread's and filled.
pub unsafe fn count(seat: Seat<'_>, signals: &Signals, counts: &Buffer<u32>) {
    for block in signals.active.blocks_of(seat) {
        let list = signals.active.by_example(block);
        // SAFETY: own blocks, hence own columns.
        unsafe {
            for entry in 0..signals.active.entries(block) {
                *counts.ptr().add(*list.index.add(entry) as usize) += 1;
            }
        }
    }
}
