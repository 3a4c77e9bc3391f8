//! A dense layer and what a batch makes of it, with the passes up and down that each thread does its share of.
//!
//! Between two barriers each thread writes only the panels of its own columns (activations, errors, weights) and its own
//! lists and scratch. All `unsafe` here rests on that.

use crate::active::Active;
use crate::buffer::{Bf16, Buffer, PANEL, Panels, panels};
use crate::forward::Rows;
use crate::kernels::{DOT, Kernels, Strided, Weight};
use crate::pointwise::Smooth;
use crate::pool::Seat;
use rectifier_nn::Unit;

/// Above this share of active numbers a layer is multiplied whole. Where the two cost the same, measured on AVX-512 at
/// widths 784 and 1000: skipping costs about 1.6 times as much a number on the way up, and about 1.3 on the way down.
const DENSE_UP: f64 = 0.6;
const DENSE_DOWN: f64 = 0.75;

/// What the units of a layer do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Activation {
    /// 0 up to the threshold, the number itself above.
    Rectifier(f32),
    /// Any other unit.
    Smooth(Smooth),
}

impl Activation {
    /// The activation of `unit`; `None` for a unit that has parameters of its own.
    pub(crate) fn of(unit: Unit, threshold: f64) -> Option<Self> {
        Some(Self::Smooth(match unit {
            Unit::Rectifier => return Some(Self::Rectifier(threshold as f32)),
            Unit::Leaky { slope } => Smooth::Leaky(slope as f32),
            Unit::Softplus { sharpness } => Smooth::Softplus(sharpness as f32),
            Unit::Tanh => Smooth::Tanh,
            Unit::Logistic => Smooth::Logistic,
            Unit::Identity => Smooth::Identity,
            Unit::Elu { alpha } => Smooth::Elu(alpha as f32),
            Unit::Gelu => Smooth::Gelu,
            _ => return None,
        }))
    }
}

/// Weights `[inputs, units]` in panels of units, biases, and the activation.
#[derive(Clone)]
pub(crate) struct Layer<W: Weight = f32> {
    pub weight: Panels<W>,
    /// Filled up to whole panels with 0.
    pub bias: Buffer<f32>,
    pub activation: Activation,
    /// Signs that the activations are multiplied by.
    pub flips: Option<Buffer<f32>>,
}

impl Layer {
    /// From weights `[inputs, units]` row by row, and biases.
    pub(crate) fn new(
        [inputs, units]: [usize; 2],
        weight: &[f32],
        bias: &[f32],
        activation: Activation,
        flips: Option<&[f32]>,
    ) -> Self {
        let padded = |values: &[f32]| {
            let mut buffer = Buffer::zeros(panels(units) * PANEL);
            buffer.as_mut()[..units].copy_from_slice(values);
            buffer
        };
        Self {
            weight: Panels::from_rows(inputs, units, weight),
            bias: padded(bias),
            activation,
            flips: flips.map(padded),
        }
    }

    /// The same layer, its weights rounded to bfloat16.
    ///
    /// # Safety
    /// No thread works on the layer.
    pub(crate) unsafe fn rounded(&self) -> Layer<Bf16> {
        Layer {
            // SAFETY: as the caller says.
            weight: unsafe { self.weight.rounded() },
            bias: self.bias.clone(),
            activation: self.activation.clone(),
            flips: self.flips.clone(),
        }
    }
}

impl<W: Weight> Layer<W> {
    pub(crate) fn units(&self) -> usize {
        self.weight.columns
    }
}

/// Numbers of a layer for a batch, `[batch, columns]` in panels: its inputs or activations, and all that the passes need.
pub(crate) struct Signals {
    pub columns: usize,
    pub batch: usize,
    role: Role,
    /// Activations; of outputs pre-activations, then their gradients.
    values: Buffer<f32>,
    /// The units' slopes where they are not those of a rectifier.
    slopes: Option<Buffer<f32>>,
    /// Gradients of the cost by pre-activation, for activations in training.
    errors: Buffer<f32>,
    pub active: Active,
    /// For each thread, products of errors and weights, [`DOT`] floats an entry of one block.
    dots: Vec<Buffer<f32>>,
    /// For each thread, what its panels of the layer above add to the error of each entry (or, where the layer goes down
    /// whole, of each number).
    shares: Vec<Buffer<f32>>,
    /// For each thread, one panel of steps of the dense update.
    steps: Vec<Buffer<f32>>,
    /// Whether the numbers go up and down whole.
    dense_up: bool,
    dense_down: bool,
}

/// What the numbers of a layer are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Inputs of a layer in training: nothing goes further down.
    Input,
    /// Numbers of a layer that is only looked through.
    Forward,
    /// Activations of a layer in training.
    Trained,
    /// Outputs that a cost is made of: pre-activations first, then their gradients in the same place.
    Output,
}

impl Signals {
    pub(crate) fn new(
        columns: usize,
        capacity: usize,
        threads: usize,
        role: Role,
        smooth: bool,
    ) -> Self {
        let size = panels(columns) * PANEL * capacity;
        let trained = role == Role::Trained;
        let each_thread = |len: usize| (0..threads).map(|_| Buffer::zeros(len)).collect::<Vec<_>>();
        let entries = if trained {
            Active::largest_block(columns, capacity, threads)
        } else {
            0
        };
        Self {
            columns,
            batch: 0,
            role,
            values: Buffer::zeros(size),
            slopes: (trained && smooth).then(|| Buffer::zeros(size)),
            errors: Buffer::zeros(if trained { size } else { 0 }),
            active: Active::new(columns, capacity, threads),
            dots: each_thread(entries * DOT),
            shares: each_thread(if trained { size } else { 0 }),
            steps: each_thread(if trained || role == Role::Input {
                PANEL * capacity
            } else {
                0
            }),
            dense_up: false,
            dense_down: false,
        }
    }

    /// Makes the signals those of a batch of `batch` examples.
    pub(crate) fn set_batch(&mut self, batch: usize) {
        self.batch = batch;
        self.active.set_batch(batch);
    }

    /// How many panels the columns take.
    pub(crate) fn panels(&self) -> usize {
        panels(self.columns)
    }

    /// Columns of panel `p` that are really there.
    pub(crate) fn width(&self, p: usize) -> usize {
        PANEL.min(self.columns - p * PANEL)
    }

    fn offset(&self, p: usize) -> usize {
        p * PANEL * self.batch
    }

    /// Panel `p` of the values, `[batch, PANEL]`.
    pub(crate) fn values(&self, p: usize) -> *mut f32 {
        // SAFETY: inside the buffer: the batch is at most the capacity.
        unsafe { self.values.ptr().add(self.offset(p)) }
    }

    /// Panel `p` of the errors, `[batch, PANEL]`.
    pub(crate) fn errors(&self, p: usize) -> *mut f32 {
        if self.role == Role::Output {
            return self.values(p);
        }
        // SAFETY: as for the values.
        unsafe { self.errors.ptr().add(self.offset(p)) }
    }

    /// Reads inputs. `dense` takes a copy in panels too, for multiplying whole.
    ///
    /// # Safety
    /// `rows` holds a batch of rows of `columns` numbers; no thread reads the signals meanwhile.
    pub(crate) unsafe fn read(
        &self,
        seat: Seat<'_>,
        kernels: &Kernels,
        rows: Rows<'_>,
        dense: bool,
    ) {
        // SAFETY: own blocks, and below own panels; the caller vouches for the rows.
        unsafe {
            match rows {
                Rows::Dense(values) => self.active.fill_from_rows(seat, kernels, values.as_ptr()),
                Rows::Sparse(rows) => self.active.fill(seat, |example, _, first, index, value| {
                    let (columns, values) = rows.row(example).unwrap_or_default();
                    let from = columns.partition_point(|column| *column < first);
                    let panel = columns[from..].iter().zip(&values[from..]);
                    let here = panel.take_while(|(column, _)| **column < first + PANEL as u32);
                    let mut found = 0;
                    for (column, number) in here.filter(|(_, number)| **number != 0.0) {
                        *index.add(found) = *column;
                        *value.add(found) = *number;
                        found += 1;
                    }
                    found
                }),
            }
            if dense {
                for p in seat.share(self.panels()) {
                    for b in 0..self.batch {
                        let line = self.values(p).add(b * PANEL);
                        match rows {
                            Rows::Dense(values) => {
                                let from = values.as_ptr().add(b * self.columns + p * PANEL);
                                std::ptr::copy_nonoverlapping(from, line, self.width(p));
                            }
                            Rows::Sparse(rows) => {
                                std::ptr::write_bytes(line, 0, PANEL);
                                let (columns, values) = rows.row(b).unwrap_or_default();
                                let from = columns
                                    .partition_point(|column| (*column as usize) < p * PANEL);
                                for (column, number) in columns[from..].iter().zip(&values[from..])
                                {
                                    let lane = *column as usize - p * PANEL;
                                    if lane >= PANEL {
                                        break;
                                    }
                                    *line.add(lane) = *number;
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Lists the entries of the blocks of `seat` by column for the way down, where it goes by lists.
    ///
    /// # Safety
    /// The blocks are this thread's and filled.
    pub(crate) unsafe fn turn(&self, seat: Seat<'_>, rate: f32) {
        if !self.dense_down {
            for block in self.active.blocks_of(seat) {
                // SAFETY: as the caller says.
                unsafe { self.active.turn(block, -rate) };
            }
        }
    }

    /// Chooses how the numbers go up and down, from the entries of the last batch. Between steps.
    ///
    /// # Safety
    /// No thread works on the signals.
    pub(crate) unsafe fn choose(&mut self) -> f64 {
        // SAFETY: as the caller says.
        let share = unsafe { self.share() };
        self.dense_up = share > DENSE_UP;
        self.dense_down = share > DENSE_DOWN;
        share
    }

    /// The share of numbers that are not 0.
    ///
    /// # Safety
    /// The lists are filled, and no thread writes to them.
    pub(crate) unsafe fn share(&self) -> f64 {
        // SAFETY: as the caller says.
        let entries = unsafe { self.active.total() };
        entries as f64 / (self.columns * self.batch).max(1) as f64
    }

    /// The values, `[batch, columns]` row by row.
    ///
    /// # Safety
    /// No thread works on the signals.
    pub(crate) unsafe fn to_rows(&self) -> Vec<f32> {
        let mut rows = vec![0.0; self.batch * self.columns];
        for p in 0..self.panels() {
            for b in 0..self.batch {
                let to = &mut rows[b * self.columns + p * PANEL..][..self.width(p)];
                // SAFETY: a row of the panel; the caller keeps writers away.
                to.copy_from_slice(unsafe {
                    std::slice::from_raw_parts(self.values(p).add(b * PANEL), to.len())
                });
            }
        }
        rows
    }

    /// Whether inputs are to be read densely too.
    pub(crate) fn wants_panels(&self) -> bool {
        self.dense_up || self.dense_down
    }
}

/// Pre-activations of `layer` from the signals below into `above`, the panels of `seat`.
///
/// # Safety
/// The signals below are complete (a barrier since); nobody else touches the panels of `seat` in `above`.
pub(crate) unsafe fn multiply<W: Weight>(
    seat: Seat<'_>,
    kernels: &Kernels,
    layer: &Layer<W>,
    below: &Signals,
    above: &Signals,
) {
    let batch = above.batch;
    // SAFETY: own panels are written, complete signals and weights read.
    unsafe {
        for p in seat.share(above.panels()) {
            let z = above.values(p);
            for b in 0..batch {
                std::ptr::copy_nonoverlapping(
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

/// Activations from the pre-activations in `signals`, and their lists; the panels of `seat`.
///
/// # Safety
/// The panels of `seat` hold pre-activations, and nobody else touches them or the thread's blocks.
pub(crate) unsafe fn activate<W: Weight>(
    seat: Seat<'_>,
    kernels: &Kernels,
    layer: &Layer<W>,
    signals: &Signals,
) {
    // SAFETY: own panels and blocks; flips have as many places as the layer has padded columns.
    unsafe {
        signals
            .active
            .fill(seat, |example, p, first, index, value| {
                let (len, z) = (signals.width(p), signals.values(p).add(example * PANEL));
                let flips = layer.flips.as_ref().map_or(std::ptr::null(), |flips| {
                    flips.ptr().add(p * PANEL).cast_const()
                });
                match &layer.activation {
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
                }
            });
    }
}

/// How the errors of a layer go down through its weights, and the weights learn from them.
///
/// A thread owns the same panels of weights on the way up and on the way down: weights never move from one core's cache to
/// another's. What its panels add to the errors below is summed over the threads by the owners of the columns below.
pub(crate) struct Descent<'a> {
    pub kernels: &'a Kernels,
    /// Errors of the layer.
    pub above: &'a Signals,
    /// The layer.
    pub layer: &'a Layer,
    /// Its inputs.
    pub below: &'a Signals,
    /// The layer that made the inputs, whose errors are wanted; none for inputs that nothing learns from.
    pub source: Option<&'a Layer>,
    /// Learning rate.
    pub rate: f32,
    /// Coefficient of the penalty on the inputs' magnitudes, over the batch.
    pub penalty: f32,
}

impl Descent<'_> {
    /// The panels of `seat` of the weights: their share of the errors below, from before the update, then the update.
    ///
    /// # Safety
    /// The errors above are complete in the panels of `seat`; the signals below and their lists by column are complete
    /// (a barrier since); nobody else touches these panels of weights.
    pub(crate) unsafe fn learn(&self, seat: Seat<'_>) {
        // SAFETY: as the caller says.
        unsafe {
            match self.below.dense_down {
                true => self.whole(seat),
                false => self.skipping(seat),
            }
        }
    }

    /// The errors of the panels of `seat` of the inputs, and what the biases that made them learn; nothing where no source
    /// is named.
    ///
    /// # Safety
    /// Every thread is through with [`learn`](Self::learn) (a barrier since); nobody else touches these panels and biases.
    pub(crate) unsafe fn pass_down(&self, seat: Seat<'_>) {
        let Some(source) = self.source else { return };
        let below = self.below;
        let all = &below.shares[..seat.threads];
        // SAFETY: own panels are written; shares are complete.
        unsafe {
            let sum = |place: usize| all.iter().map(|share| *share.ptr().add(place)).sum::<f32>();
            for p in seat.share(below.panels()) {
                std::ptr::write_bytes(below.errors(p), 0, PANEL * below.batch);
            }
            if below.dense_down {
                for p in seat.share(below.panels()) {
                    for b in 0..below.batch {
                        for lane in 0..below.width(p) {
                            let place = b * PANEL + lane;
                            let by_activation = sum(below.offset(p) + place);
                            *below.errors(p).add(place) =
                                self.error(source, by_activation, p, lane, place);
                        }
                    }
                }
            } else {
                for block in below.active.blocks_of(seat) {
                    let (list, base) = (below.active.by_unit(block), below.active.base(block));
                    for (at, column) in below.active.columns_of(block).enumerate() {
                        let (p, lane) = (column / PANEL, column % PANEL);
                        for entry in
                            *list.starts.add(at) as usize..*list.starts.add(at + 1) as usize
                        {
                            let place = *list.index.add(entry) as usize * PANEL + lane;
                            let error = self.error(source, sum(base + entry), p, lane, place);
                            *below.errors(p).add(place) = error;
                        }
                    }
                }
            }
            learn_bias(seat, source, below, self.rate);
        }
    }

    unsafe fn skipping(&self, seat: Seat<'_>) {
        let (below, above, kernels) = (self.below, self.above, self.kernels);
        let (dots, shares) = (below.dots[seat.me].ptr(), below.shares[seat.me].ptr());
        // SAFETY: own panels of weights and own scratch, which has room for the entries of the largest block, and of all
        // blocks.
        unsafe {
            for block in 0..below.active.blocks() {
                let entries = below.active.entries(block);
                if entries == 0 {
                    continue;
                }
                let (columns, list) = (below.active.columns_of(block), below.active.by_unit(block));
                let panels = seat.share(above.panels());
                let first = panels.start;
                for p in panels.clone() {
                    let weights = self.layer.weight.panel(p).add(columns.start * PANEL);
                    match self.source {
                        Some(_) => (kernels.learn)(
                            weights,
                            columns.len(),
                            list,
                            above.errors(p),
                            dots,
                            p == first,
                        ),
                        None => (kernels.learn_only)(weights, columns.len(), list, above.errors(p)),
                    }
                }
                if self.source.is_some() {
                    let place = shares.add(below.active.base(block));
                    match panels.is_empty() {
                        true => std::ptr::write_bytes(place, 0, entries),
                        false => (kernels.sum_dots)(dots, entries, place),
                    }
                }
            }
        }
    }

    unsafe fn whole(&self, seat: Seat<'_>) {
        let (below, above, kernels) = (self.below, self.above, self.kernels);
        let batch = below.batch;
        let (steps, shares) = (below.steps[seat.me].ptr(), below.shares[seat.me].ptr());
        let panels = seat.share(above.panels());
        // SAFETY: own panels of weights and own scratch.
        unsafe {
            for q in 0..below.panels() {
                let (rows, place) = (below.width(q), q * PANEL * PANEL);
                if self.source.is_some() {
                    let out = shares.add(below.offset(q));
                    if panels.is_empty() {
                        std::ptr::write_bytes(out, 0, PANEL * batch);
                    } else {
                        let weights = Strided {
                            start: self.layer.weight.panel(panels.start).add(place),
                            stride: self.layer.weight.rows * PANEL,
                        };
                        let errors = Strided {
                            start: above.errors(panels.start),
                            stride: PANEL * batch,
                        };
                        (kernels.dense_dots)(out, weights, errors, panels.len(), batch, rows);
                    }
                }
                if panels.is_empty() {
                    continue;
                }
                for at in 0..batch * PANEL {
                    *steps.add(at) = *below.values(q).add(at) * -self.rate;
                }
                for p in panels.clone() {
                    let weights = self.layer.weight.panel(p).add(place);
                    (kernels.dense_learn)(weights, steps, above.errors(p), batch, rows);
                }
            }
        }
    }

    /// The gradient by the pre-activation at `place` of panel `p`, from the one by the activation.
    #[inline(always)]
    unsafe fn error(
        &self,
        source: &Layer,
        by_activation: f32,
        p: usize,
        lane: usize,
        place: usize,
    ) -> f32 {
        let below = self.below;
        // SAFETY: a place of the caller's own panel.
        unsafe {
            let value = *below.values(p).add(place);
            let sign = if value > 0.0 { 1.0 } else { -1.0 };
            let slope = match (&below.slopes, &source.flips) {
                (Some(slopes), _) => *slopes.ptr().add(below.offset(p) + place),
                (None, Some(flips)) => *flips.ptr().add(p * PANEL + lane),
                (None, None) => 1.0,
            };
            // Neither a silent rectifier nor the penalty on 0 has a slope.
            match value == 0.0 {
                true if below.slopes.is_none() => 0.0,
                true => by_activation * slope,
                false => (by_activation + self.penalty * sign) * slope,
            }
        }
    }
}

/// The biases of `layer` learn from its errors; the panels of `seat`.
///
/// # Safety
/// The errors of these panels are complete, and nobody else touches these biases.
pub(crate) unsafe fn learn_bias(seat: Seat<'_>, layer: &Layer, signals: &Signals, rate: f32) {
    // SAFETY: own panels.
    unsafe {
        for p in seat.share(signals.panels()) {
            let mut sums = [0.0f32; PANEL];
            for b in 0..signals.batch {
                let errors = std::slice::from_raw_parts(signals.errors(p).add(b * PANEL), PANEL);
                sums.iter_mut()
                    .zip(errors)
                    .for_each(|(sum, error)| *sum += error);
            }
            let bias = std::slice::from_raw_parts_mut(layer.bias.ptr().add(p * PANEL), PANEL);
            bias.iter_mut()
                .zip(sums)
                .for_each(|(bias, sum)| *bias -= rate * sum);
        }
    }
}
