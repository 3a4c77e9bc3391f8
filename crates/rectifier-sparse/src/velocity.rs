//! What the parameters of layers carry from step to step, and which rows of weights have rested.
//!
//! A row of weights (that of an input unit) is read and learns in the same steps: those in which its unit is not silent. Until
//! then it rests, weights and velocities alike, and the step up to which it has come is remembered. What a step does depends on
//! the rows that are not silent, and on nothing else: neither on how they are gone through nor on the count of threads.

use crate::activations::Activations;
use crate::buffer::{Buffer, PANEL, Panels, panels};
use crate::convert::Learning;
use crate::forward;
use crate::kernels::{Factors, Kernels};
use crate::layer::Layer;
use crate::momentum::Momentum;
use crate::phases::{Clock, Phase};
use crate::pool::Worker;
use rectifier_infer::team::Team;
use rectifier_train::TrainError;
use std::borrow::Cow;
use std::ops::Range;

/// A session's state keeps velocities under this name.
pub(crate) const VELOCITY: &str = "velocity";

/// What layers carry from step to step.
pub(crate) struct Inertia {
    pub momentum: Momentum,
    /// One a layer.
    pub velocities: Vec<Velocity>,
}

/// What the parameters of a layer that learn carry from step to step.
pub(crate) struct Velocity {
    rows: Option<Rows>,
    /// Padded as the biases are.
    bias: Option<Buffer<f32>>,
}

/// What the rows of weights carry.
struct Rows {
    numbers: Panels,
    /// For each row the step up to which it has come.
    last: Buffer<u32>,
    /// And before the step in progress.
    since: Buffer<u32>,
    /// For each panel of rows, those that are awake in this step, in order, and those of them that have rested, with what has
    /// happened to them meanwhile.
    awake: Buffer<u32>,
    stale: Buffer<u32>,
    factors: Buffer<f32>,
    /// For each panel of rows, how many there are of both.
    counts: Buffer<u32>,
}

/// Numbers of a [`Factors`].
const FACTORS: usize = size_of::<Factors>() / size_of::<f32>();

impl Rows {
    fn new(momentum: &Momentum, weight: &Panels) -> Self {
        // SAFETY: nobody trains yet.
        let mut start = unsafe { weight.to_rows() };
        start.iter_mut().for_each(|w| *w = momentum.start(*w));
        let places = panels(weight.rows) * PANEL;
        Self {
            numbers: Panels::from_rows(weight.rows, weight.columns, &start),
            last: Buffer::zeros(places),
            since: Buffer::zeros(places),
            awake: Buffer::zeros(places),
            stale: Buffer::zeros(places),
            factors: Buffer::zeros(places * FACTORS),
            counts: Buffer::zeros(2 * panels(weight.rows)),
        }
    }

    /// Wakes a row for step `now`.
    #[inline(always)]
    unsafe fn wake(&self, row: usize, now: u32) {
        // SAFETY: the caller owns the row.
        unsafe {
            let last = self.last.ptr().add(row);
            if *last != now {
                *self.since.ptr().add(row) = *last;
                *last = now;
            }
        }
    }

    unsafe fn awake(&self, q: usize) -> &[u32] {
        // SAFETY: as the caller says; at most a panel of rows.
        unsafe {
            let count = *self.counts.ptr().add(2 * q) as usize;
            std::slice::from_raw_parts(self.awake.ptr().add(q * PANEL), count)
        }
    }

    unsafe fn stale(&self, q: usize) -> &[u32] {
        // SAFETY: as above.
        unsafe {
            let count = *self.counts.ptr().add(2 * q + 1) as usize;
            std::slice::from_raw_parts(self.stale.ptr().add(q * PANEL), count)
        }
    }

    /// The rows that have not come up to now, and what happened to them. While nobody trains.
    fn resting(&self, momentum: &Momentum) -> (Vec<u32>, Vec<Factors>) {
        // SAFETY: as said.
        let last = unsafe { self.last.as_slice() };
        let behind = (0..)
            .zip(&last[..self.numbers.rows])
            .filter(|(_, last)| **last != momentum.steps());
        behind
            .map(|(row, last)| (row, momentum.rested(*last)))
            .unzip()
    }
}

/// Catches up `rows` of `weight` and of what they carry, every thread its panels.
fn catch_up(
    team: &Team,
    weight: &Panels,
    numbers: &Panels,
    (rows, factors): &(Vec<u32>, Vec<Factors>),
) {
    if rows.is_empty() {
        return;
    }
    let mix = team.kernels.mix;
    team.pool.run(&|worker| {
        for p in worker.panels(weight.panels()) {
            let (w, v) = (weight.panel(p), numbers.panel(p));
            // SAFETY: own panels; as many factors as rows, all of them there.
            unsafe { mix(w, v, rows, factors.as_ptr(), 1) };
        }
    });
}

impl Velocity {
    fn new(momentum: &Momentum, layer: &Layer, learning: Learning) -> Self {
        let bias = || {
            let mut carried = layer.bias.clone();
            carried
                .as_mut()
                .iter_mut()
                .for_each(|b| *b = momentum.start(*b));
            carried
        };
        Self {
            rows: learning.weight.then(|| Rows::new(momentum, &layer.weight)),
            bias: learning.bias.then(bias),
        }
    }
}

impl Inertia {
    /// That of layers, each with what of it learns.
    pub(crate) fn new<'a>(
        momentum: Momentum,
        layers: impl IntoIterator<Item = (&'a Layer, Learning)>,
    ) -> Self {
        let velocities = layers
            .into_iter()
            .map(|(layer, learning)| Velocity::new(&momentum, layer, learning))
            .collect();
        Self {
            momentum,
            velocities,
        }
    }

    /// Catches up every row of `layers`, which are those that it was made of. Afterwards all weights are what they are to be.
    pub(crate) fn settle<'a>(&mut self, team: &Team, layers: impl IntoIterator<Item = &'a Layer>) {
        for (layer, velocity) in layers.into_iter().zip(&mut self.velocities) {
            if let Some(rows) = &mut velocity.rows {
                let resting = rows.resting(&self.momentum);
                catch_up(team, &layer.weight, &rows.numbers, &resting);
                rows.last.as_mut().fill(self.momentum.steps());
            }
        }
    }

    /// Layer `place` as [`settle`](Self::settle) would leave it. While nobody trains.
    pub(crate) fn settled(&self, team: &Team, place: usize, layer: &Layer) -> Layer {
        let copy = layer.clone();
        if let Some(rows) = self.velocities.get(place).and_then(|v| v.rows.as_ref()) {
            let resting = rows.resting(&self.momentum);
            if !resting.0.is_empty() {
                catch_up(team, &copy.weight, &rows.numbers.clone(), &resting);
            }
        }
        copy
    }

    /// All that a network's numbers do not tell, for a checkpoint: velocities, and the weights of the rows that rest as they lie.
    /// While nobody trains.
    pub(crate) fn write<'a>(&self, layers: impl IntoIterator<Item = &'a Layer>) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.momentum.write(&mut bytes);
        let floats = |bytes: &mut Vec<u8>, numbers: &[f32]| {
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        };
        for (layer, velocity) in layers.into_iter().zip(&self.velocities) {
            // SAFETY: as said.
            unsafe {
                if let Some(rows) = &velocity.rows {
                    let last = &rows.last.as_slice()[..rows.numbers.rows];
                    bytes.extend(last.iter().flat_map(|step| step.to_le_bytes()));
                    floats(&mut bytes, &rows.numbers.to_rows());
                    for row in rows.resting(&self.momentum).0 {
                        for p in 0..layer.weight.panels() {
                            let line = layer.weight.panel(p).add(row as usize * PANEL);
                            floats(&mut bytes, std::slice::from_raw_parts(line, PANEL));
                        }
                    }
                }
                if let Some(bias) = &velocity.bias {
                    floats(&mut bytes, bias.as_slice());
                }
            }
        }
        bytes
    }

    /// Takes up what [`write`](Self::write) wrote of the same layers, whose rows that rest are laid as they were.
    ///
    /// # Errors
    /// [`TrainError::State`] for what is not of these layers.
    pub(crate) fn read<'a>(
        &mut self,
        bytes: &[u8],
        layers: impl IntoIterator<Item = &'a mut Layer>,
    ) -> Result<(), TrainError> {
        self.take(bytes, layers)
            .filter(|rest| rest.is_empty())
            .map(|_| ())
            .ok_or_else(|| TrainError::state(VELOCITY, "of another length than the network's"))
    }

    fn take<'a, 'b>(
        &mut self,
        bytes: &'b [u8],
        layers: impl IntoIterator<Item = &'a mut Layer>,
    ) -> Option<&'b [u8]> {
        let mut bytes = self.momentum.read(bytes)?;
        for (layer, velocity) in layers.into_iter().zip(&mut self.velocities) {
            if let Some(rows) = &mut velocity.rows {
                let (count, columns) = (rows.numbers.rows, rows.numbers.columns);
                let (last, rest) = words(bytes, count)?;
                rows.last.as_mut()[..count].copy_from_slice(&last);
                let (numbers, rest) = words(rest, count * columns)?;
                let numbers: Vec<f32> = numbers.into_iter().map(f32::from_bits).collect();
                rows.numbers = Panels::from_rows(count, columns, &numbers);
                bytes = rest;
                for row in rows.resting(&self.momentum).0 {
                    for p in 0..layer.weight.panels() {
                        let (line, rest) = words(bytes, PANEL)?;
                        let to = layer.weight.panel(p);
                        for (lane, word) in line.into_iter().enumerate() {
                            // SAFETY: a row of the layer, which nobody else holds.
                            unsafe { *to.add(row as usize * PANEL + lane) = f32::from_bits(word) };
                        }
                        bytes = rest;
                    }
                }
            }
            if let Some(bias) = &mut velocity.bias {
                let bias = bias.as_mut();
                let (numbers, rest) = words(bytes, bias.len())?;
                bias.iter_mut()
                    .zip(numbers)
                    .for_each(|(to, word)| *to = f32::from_bits(word));
                bytes = rest;
            }
        }
        Some(bytes)
    }
}

/// The first `count` words of four bytes, and what follows them.
fn words(bytes: &[u8], count: usize) -> Option<(Vec<u32>, &[u8])> {
    let (head, rest) = bytes.split_at_checked(count.checked_mul(4)?)?;
    let (words, _) = head.as_chunks::<4>();
    Some((
        words.iter().map(|word| u32::from_le_bytes(*word)).collect(),
        rest,
    ))
}

/// `layers` with every row caught up.
pub(crate) fn settled<'a>(
    inertia: Option<&Inertia>,
    team: &Team,
    layers: &'a [Layer],
) -> Cow<'a, [Layer]> {
    match inertia {
        None => Cow::Borrowed(layers),
        Some(inertia) => {
            let each = layers.iter().enumerate();
            Cow::Owned(
                each.map(|(k, layer)| inertia.settled(team, k, layer))
                    .collect(),
            )
        }
    }
}

/// How the parameters of a layer learn in one step.
#[derive(Clone, Copy)]
pub(crate) struct Descent<'a> {
    /// Rates of weights and biases; 0 for what does not learn.
    rates: [f32; 2],
    carried: Option<(&'a Momentum, &'a Velocity)>,
}

impl<'a> Descent<'a> {
    /// A step at `rate` of layer `place`, of which `learning` says what learns.
    pub(crate) fn new(
        learning: Learning,
        rate: f32,
        inertia: Option<&'a Inertia>,
        place: usize,
    ) -> Self {
        let velocity = |inertia: &'a Inertia| inertia.velocities.get(place);
        Self {
            rates: learning.rates(rate),
            carried: inertia.and_then(|inertia| Some((&inertia.momentum, velocity(inertia)?))),
        }
    }

    fn rows(&self) -> Option<(&'a Momentum, &'a Rows)> {
        let (momentum, velocity) = self.carried?;
        Some((momentum, velocity.rows.as_ref()?))
    }

    /// Minus what inputs are multiplied by for the update: the rate where gradients go into the weights, -1 where velocities
    /// gather them.
    pub(crate) fn step(&self) -> f32 {
        match self.rows() {
            Some(_) => -1.0,
            None => self.rates[0],
        }
    }

    /// What gathers the gradients of weights, where it is not the weights.
    pub(crate) fn gathers(&self) -> Option<&'a Panels> {
        self.rows().map(|(_, rows)| &rows.numbers)
    }

    /// Lists what is not 0 in `below` by unit, and wakes the rows that are about to be read; the blocks and panels of `worker`.
    /// `inputs` are what `below` was read from, where it is the rows of a batch.
    ///
    /// # Safety
    /// The lists of the blocks of `worker` in `below` are filled; nobody else touches these blocks.
    pub(crate) unsafe fn list_by_unit(
        &self,
        worker: Worker<'_>,
        below: &Activations,
        inputs: Option<forward::Rows<'_>>,
        clock: &impl Clock,
    ) {
        // SAFETY: as the caller says.
        unsafe {
            self.wake(worker, below, inputs);
            clock.lap(worker.me, Phase::CatchingUp);
            below.transpose(worker, self.step());
            clock.lap(worker.me, Phase::Transposes);
        }
    }

    /// Wakes the rows whose inputs are not all 0, and a few that have rested long; the blocks and panels of `worker`. `inputs` are
    /// what `below` was read from, where it is the rows of a batch.
    ///
    /// # Safety
    /// The lists of the blocks of `worker` in `below` are filled; nobody else touches these blocks.
    unsafe fn wake(
        &self,
        worker: Worker<'_>,
        below: &Activations,
        inputs: Option<forward::Rows<'_>>,
    ) {
        let Some((momentum, rows)) = self.rows() else {
            return;
        };
        let now = momentum.steps().wrapping_add(1);
        // SAFETY: blocks and panels of a thread hold the same columns, which are its own.
        unsafe {
            if let (Some(_), Some(forward::Rows::Sparse(inputs))) = (&below.packed, inputs) {
                // Blocks of packed lists are not the threads' panels.
                let own = worker.panels(below.panels());
                let own = own.start * PANEL..(own.end * PANEL).min(below.columns);
                for example in 0..below.batch {
                    for (column, value) in inputs.within(example, own.clone()) {
                        if value != 0.0 {
                            rows.wake(column, now);
                        }
                    }
                }
            } else {
                for block in below.active.blocks_of(worker) {
                    let list = below.active.by_example(block);
                    for entry in 0..below.active.entries(block) {
                        rows.wake(*list.index.add(entry) as usize, now);
                    }
                }
            }
            for q in worker.panels(below.panels()) {
                let all = q * PANEL..q * PANEL + below.width(q);
                let (first, apart) = momentum.due(all.start);
                for row in (first..all.end).step_by(apart) {
                    rows.wake(row, now);
                }
                let (mut awake, mut stale) = (0, 0);
                for row in all {
                    if *rows.last.ptr().add(row) != now {
                        continue;
                    }
                    *rows.awake.ptr().add(q * PANEL + awake) = row as u32;
                    awake += 1;
                    let since = *rows.since.ptr().add(row);
                    if since != momentum.steps() {
                        *rows.stale.ptr().add(q * PANEL + stale) = row as u32;
                        let place = rows.factors.ptr().cast::<Factors>();
                        *place.add(q * PANEL + stale) = momentum.rested(since);
                        stale += 1;
                    }
                }
                *rows.counts.ptr().add(2 * q) = awake as u32;
                *rows.counts.ptr().add(2 * q + 1) = stale as u32;
            }
        }
    }

    /// Catches up the rows that woke: the panels of `worker` of the weights.
    ///
    /// # Safety
    /// Every thread is through with [`wake`](Self::wake) (a barrier since); nobody else touches these panels of weights.
    pub(crate) unsafe fn catch_up(&self, worker: Worker<'_>, kernels: &Kernels, layer: &Layer) {
        let Some((_, rows)) = self.rows() else {
            return;
        };
        for p in worker.panels(layer.weight.panels()) {
            for q in 0..panels(layer.weight.rows) {
                // SAFETY: own panels of weights and velocities; rows of both, with their factors.
                unsafe {
                    let stale = rows.stale(q);
                    if !stale.is_empty() {
                        let factors = rows.factors.ptr().cast::<Factors>().add(q * PANEL);
                        let (w, v) = (layer.weight.panel(p), rows.numbers.panel(p));
                        (kernels.mix)(w, v, stale, factors, 1);
                    }
                }
            }
        }
    }

    /// Moves those of `rows` that are awake, whole panels of them, in panels of weights by what they have gathered.
    ///
    /// # Safety
    /// Their gradients are complete; nobody else touches these panels of weights.
    pub(crate) unsafe fn move_on(
        &self,
        kernels: &Kernels,
        layer: &Layer,
        panels: Range<usize>,
        rows: &Range<usize>,
    ) {
        let Some((momentum, velocity)) = self.rows() else {
            return;
        };
        let factors = momentum.moving(self.rates[0]);
        for p in panels {
            for q in rows.start / PANEL..rows.end.div_ceil(PANEL) {
                // SAFETY: as the caller says.
                unsafe {
                    let (w, v) = (layer.weight.panel(p), velocity.numbers.panel(p));
                    (kernels.mix)(w, v, velocity.awake(q), &raw const factors, 0);
                }
            }
        }
    }

    /// Moves the biases of panel `p` by their gradients.
    ///
    /// # Safety
    /// Nobody else touches these biases.
    pub(crate) unsafe fn move_biases(&self, layer: &Layer, p: usize, gradients: &[f32; PANEL]) {
        let rate = self.rates[1];
        // SAFETY: as the caller says; biases and velocities fill whole panels.
        unsafe {
            let bias = std::slice::from_raw_parts_mut(layer.bias.ptr().add(p * PANEL), PANEL);
            match self
                .carried
                .and_then(|(momentum, velocity)| Some((momentum, velocity.bias.as_ref()?)))
            {
                None => bias
                    .iter_mut()
                    .zip(gradients)
                    .for_each(|(bias, gradient)| *bias -= rate * gradient),
                Some((momentum, carried)) => {
                    let carried =
                        std::slice::from_raw_parts_mut(carried.ptr().add(p * PANEL), PANEL);
                    for ((bias, carried), gradient) in bias.iter_mut().zip(carried).zip(gradients) {
                        [*bias, *carried] = momentum.bias(rate, *bias, *carried + gradient);
                    }
                }
            }
        }
    }
}
