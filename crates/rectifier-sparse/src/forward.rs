//! A stack looked through, batch after batch: outputs, and which units were silent.

use crate::buffer::{Buffer, PANEL};
use crate::engine::Team;
use crate::kernels::{Kernels, Weight};
use crate::layer::Layer;
use crate::passes::{activate, multiply};
use crate::pool::Seat;
use crate::signals::{Role, Signals};
use rectifier_data::{Batch, Examples, SparseRows};
use rectifier_nn::LayerCounts;
use rectifier_train::{EVALUATION_BATCH, Evaluation, Objective, Outputs, TrainError, in_order};

/// The signals of a stack that is not in training.
pub(crate) struct Forward {
    pub signals: Vec<Signals>,
    capacity: usize,
    threads: usize,
    /// For each layer, on how many examples each unit was not 0.
    active: Vec<Buffer<u32>>,
    examples: u64,
}

impl Forward {
    /// Room for `capacity` examples of `inputs` numbers going up through `layers`; the last is an output layer.
    pub(crate) fn new<W: Weight>(
        inputs: usize,
        layers: &[Layer<W>],
        capacity: usize,
        threads: usize,
    ) -> Self {
        let widths = std::iter::once(inputs).chain(layers.iter().map(Layer::units));
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
        }
    }

    /// Whether it was made for as many threads and has room.
    pub(crate) fn fits(&self, batch: usize, threads: usize) -> bool {
        batch <= self.capacity && threads == self.threads
    }

    /// The pre-activations of the output layer for `rows`, `batch` of them, at most the capacity.
    pub(crate) fn run<W: Weight>(
        &mut self,
        team: &Team,
        layers: &[Layer<W>],
        rows: Rows<'_>,
        batch: usize,
    ) -> &Signals {
        for signals in &mut self.signals {
            // SAFETY: between jobs.
            unsafe { signals.choose() };
            signals.set_batch(batch);
        }
        self.examples += batch as u64;
        let (signals, counts) = (&self.signals, &self.active);
        let kernels = &team.kernels;
        // SAFETY: each thread writes its own panels and blocks; barriers part the layers.
        team.pool.run(&|seat| unsafe {
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

    /// What the stack says of `examples`, and the zeros of its hidden layers on them; room for [`EVALUATION_BATCH`] is
    /// needed.
    ///
    /// # Errors
    /// What gathering raises.
    pub(crate) fn evaluate<W: Weight>(
        &mut self,
        team: &Team,
        layers: &[Layer<W>],
        examples: &dyn Examples,
        objective: Objective,
    ) -> Result<Evaluation, TrainError> {
        debug_assert!(self.capacity >= EVALUATION_BATCH);
        self.take_zeros();
        let mut outputs = Outputs::new(objective);
        in_order(examples, |batch, _| {
            let signals = self.run(team, layers, Rows::of(batch), batch.len());
            // SAFETY: between jobs.
            let logits = unsafe { signals.to_rows() };
            outputs.add(&logits, signals.columns, &batch.labels);
            Ok(())
        })?;
        let (examples, zeros) = self.take_zeros();
        let counts = zeros
            .into_iter()
            .map(|zeros| LayerCounts { examples, zeros });
        Ok(outputs.finish(counts.collect()))
    }

    /// On how many of the examples so far each unit of each hidden layer was 0; starts anew.
    pub(crate) fn take_zeros(&mut self) -> (u64, Vec<Vec<u64>>) {
        let examples = std::mem::take(&mut self.examples);
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

/// Inputs of a batch, to hand to threads.
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// `[batch, width]`, row by row.
    Dense(&'a [f32]),
    /// What is not 0 of each row.
    Sparse(&'a SparseRows),
}

impl<'a> Rows<'a> {
    /// The inputs of a batch as they are there.
    pub(crate) fn of(batch: &'a Batch) -> Self {
        match &batch.sparse {
            Some(rows) => Self::Sparse(rows),
            None => Self::Dense(&batch.inputs),
        }
    }

    /// Numbers a row, of `batch` rows.
    pub(crate) fn width(self, batch: usize) -> usize {
        match self {
            Self::Dense(values) => values.len() / batch.max(1),
            Self::Sparse(rows) => rows.width(),
        }
    }
}

/// From filled inputs up through every layer; the last gets no unit. Magnitudes of the hidden layers that `measured` names,
/// 1 the first, are summed. `each` is told of each hidden layer done, before the barrier behind it.
///
/// # Safety
/// Called by every thread of a job, on complete inputs; `signals` has one entry more than `layers`.
pub(crate) unsafe fn climb<W: Weight>(
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
pub(crate) unsafe fn count(seat: Seat<'_>, signals: &Signals, counts: &Buffer<u32>) {
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
