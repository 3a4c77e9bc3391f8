//! The steps of one epoch: order, noise, readings, and the checkpoints between them.

use crate::dashboard::Dashboard;
use crate::driver::{Driver, Ended, Epoch, measurement};
use crate::engine::StageSession;
use crate::journal::apart;
use crate::parameters::all_finite;
use crate::standing::spoken_seconds;
use crate::{Stage, StepRecord, Totals, TrainError};
use rectifier_data::{Batch, Batches, Feed, Order, random::subseed};
use rectifier_nn::Network;
use std::time::{Duration, Instant};

/// Separate the seeds of order, training noise and moved pictures; 3 is validation noise.
const ORDER: u64 = 1;
const NOISE: u64 = 2;
const SHIFT: u64 = 4;

/// Losses are read from the device this many times an epoch (at most every [`READ_AT_MOST_EVERY`] steps) if nothing
/// else is asked for; the dashboard is never told more often.
const READINGS_AN_EPOCH: usize = 50;
const READ_AT_MOST_EVERY: usize = 200;

/// How often the dashboard's time left is renewed.
const RELABEL_EVERY: Duration = Duration::from_secs(1);

/// Steps from one reading to the next where an epoch has so many and nothing else is asked for.
fn show_every(steps: usize) -> usize {
    steps
        .div_ceil(READINGS_AN_EPOCH)
        .clamp(1, READ_AT_MOST_EVERY)
}

impl<N: Network> Driver<N> {
    /// The steps of the epoch in progress that are left; says whether they were all made, and the last rate.
    pub fn train(
        &mut self,
        stage: &Stage,
        session: &mut dyn StageSession<N>,
        dashboard: &mut Dashboard<N>,
        epoch: &mut Epoch,
    ) -> Result<(Ended, f64), TrainError> {
        // A stream has fresh examples for each epoch.
        let train = stage.examples(&self.split);
        let renewed = train.renewed(self.progress.history.len());
        let streamed = renewed.is_some();
        let train = renewed.unwrap_or_else(|| train.clone());
        let (len, size) = (train.len(), stage.batch());
        let steps = stage.steps(len);
        let show_every = show_every(steps);
        let read_every = self.progress.measure_every.unwrap_or(show_every).max(1);
        let write_every = self.write_every();
        if (self.progress.epoch, self.progress.step) == (0, 0) {
            // A stage that lost its patience may have left something; it was another stage's.
            self.progress.unwritten = Totals::default();
        }
        let path = [self.progress.stage as u64, self.progress.epoch as u64];
        let order = Order::epoch(subseed(self.recipe.seed, &[ORDER]), path[0], path[1]);
        let batches = Batches::new(len, size, order).skip_to(self.progress.step);
        let moves = subseed(self.recipe.seed, &[SHIFT, path[0], path[1]]);
        let train = stage.moved(train, moves)?;
        let mut feed = match streamed {
            true => Feed::ahead(train, batches)?,
            false => Feed::direct(train, batches),
        };
        let noise = subseed(self.recipe.seed, &[NOISE, path[0], path[1]]);
        let mut batch = Batch::default();
        let rate_at = |step: usize, epoch: usize| {
            let epochs = epoch as f64 + step as f64 / steps as f64;
            stage.rate().at(epochs, stage.epochs() as f64)
        };
        // A run that was stopped after the last step has its rate to tell all the same.
        let mut rate = rate_at(self.progress.step.saturating_sub(1), self.progress.epoch);
        let mut clock = Instant::now();
        let mut stepping = Duration::ZERO;
        let mut kept_books = session.bookkeeping();
        let mut finite_until = self.progress.step;
        while feed.next(&mut batch)? {
            let step = self.progress.step;
            rate = rate_at(step, self.progress.epoch);
            let before = Instant::now();
            session.step(&batch, rate, subseed(noise, &[step as u64]))?;
            stepping += before.elapsed();
            self.progress.step += 1;
            self.progress.steps += 1;
            let last = self.progress.step == steps;
            if last || self.progress.step.is_multiple_of(read_every) {
                let before = Instant::now();
                let totals = session.totals()?;
                // What the device still had to do belongs to the steps.
                stepping += before.elapsed();
                if !(totals.loss + totals.penalty).is_finite() {
                    let read = (totals.mean_loss(), totals.mean_penalty());
                    return Err(self.diverged(stage, finite_until, rate, read));
                }
                finite_until = self.progress.step;
                let zeros = session.zeros()?;
                let row = match last && self.progress.epoch + 1 == stage.epochs() {
                    true => 1,
                    false => write_every,
                };
                self.read(stage, &totals, &zeros, rate, row)?;
                epoch.unshown.add(&totals);
                if last || self.progress.step >= epoch.shown_at + show_every {
                    let totals = std::mem::take(&mut epoch.unshown);
                    epoch.shown_at = self.progress.step;
                    let shown = measurement(stage, &totals, zeros, None);
                    let done = (self.progress.step * size).min(len);
                    dashboard.reading(shown, (done, len), rate);
                    self.label(epoch, dashboard);
                }
            }
            let stopped = dashboard.should_stop();
            if stopped || last || self.clock.saved.elapsed() >= self.checkpoint_every {
                let books = session.bookkeeping();
                let total = clock.elapsed();
                self.progress.train_seconds += total.as_secs_f64();
                self.progress.overhead_seconds +=
                    (total.saturating_sub(stepping) + (books - kept_books)).as_secs_f64();
                (stepping, kept_books) = (Duration::ZERO, books);
                if stopped || !last {
                    // Losses are read some steps apart: a network that broke since must not replace a good one.
                    if !all_finite(&session.network()) {
                        return Err(self.diverged(stage, finite_until, rate, (f64::NAN, 0.0)));
                    }
                    self.progress.epoch_seconds += epoch.start.elapsed().as_secs_f64();
                    (epoch.start, epoch.first_step) = (Instant::now(), self.progress.step);
                    self.save(Some(&*session))?;
                }
                if stopped {
                    return Ok((Ended::Stopped, rate));
                }
                clock = Instant::now();
            }
        }
        Ok((Ended::Whole, rate))
    }

    /// How many readings one row of the files stands for: one, unless the run has so many that the files would grow without
    /// end. Where somebody asked how often to read, every reading is written.
    fn write_every(&self) -> u64 {
        if self.progress.measure_every.is_some() {
            return 1;
        }
        let readings = |stage: &Stage| {
            let steps = stage.steps(stage.examples(&self.split).len());
            (stage.epochs() as u64).saturating_mul(steps.div_ceil(show_every(steps)) as u64)
        };
        let planned = self.recipe.stages.iter().map(readings);
        apart(planned.fold(0, u64::saturating_add))
    }

    /// Takes what the steps since the last reading measured, and writes it down where this is one of `write_every` readings, as
    /// the mean since the one written before.
    fn read(
        &mut self,
        stage: &Stage,
        totals: &Totals,
        zeros: &[f64],
        rate: f64,
        write_every: u64,
    ) -> Result<(), TrainError> {
        self.progress.totals.add(totals);
        self.progress.unwritten.add(totals);
        self.progress.readings += 1;
        let mut reading = StepRecord {
            step: self.progress.steps,
            stage: self.progress.stage + 1,
            epoch: self.progress.epoch + 1,
            seconds: self.seconds(),
            rate,
            measured: measurement(stage, totals, zeros.to_vec(), None),
        };
        self.watch.step(&reading);
        if self.progress.readings.is_multiple_of(write_every) {
            let since = std::mem::take(&mut self.progress.unwritten);
            reading.measured = measurement(stage, &since, zeros.to_vec(), None);
            self.journal.reading(&reading)?;
        }
        Ok(())
    }

    /// Renews stage and time left on the dashboard, not too often.
    pub fn label(&mut self, epoch: &mut Epoch, dashboard: &mut Dashboard<N>) {
        if epoch
            .labelled
            .is_some_and(|at| at.elapsed() < RELABEL_EVERY)
        {
            return;
        }
        epoch.labelled = Some(Instant::now());
        let standing = self.standing(Some(epoch));
        let stage = self.recipe.short_title(self.progress.stage);
        let label = match standing.seconds_left > 0.0 {
            true => format!("{stage} {} left", spoken_seconds(standing.seconds_left)),
            false => stage,
        };
        dashboard.label(standing.total, epoch.number, label);
    }
}
