//! The steps of one epoch: order, noise, readings, and the checkpoints between them.

use crate::dashboard::Dashboard;
use crate::driver::Driver;
use crate::engine::StageSession;
use crate::finite::all_finite;
use crate::journal::Reading;
use crate::standing::spoken_seconds;
use crate::{Measurement, Stage, Totals, TrainError};
use rectifier_data::{Batch, Batches, Feed, Order, random::subseed};
use rectifier_nn::Network;
use std::time::{Duration, Instant};

/// Separate the seeds of order and training noise.
const ORDER: u64 = 1;
const NOISE: u64 = 2;

/// Losses are read from the device this many times an epoch (at most every [`READ_AT_MOST_EVERY`] steps) if nothing
/// else is asked for; the dashboard is never told more often.
const READINGS_AN_EPOCH: usize = 50;
const READ_AT_MOST_EVERY: usize = 200;

/// How often the dashboard's time left is renewed.
const RELABEL_EVERY: Duration = Duration::from_secs(1);

/// Whether an epoch or stage came to its end.
#[derive(PartialEq)]
pub(crate) enum Ended {
    Whole,
    Stopped,
}

/// The epoch in progress, as far as this sitting goes.
pub(crate) struct Epoch {
    pub start: Instant,
    pub first_step: usize,
    /// Its number among the epochs of all stages, from 1.
    pub number: usize,
    pub labelled: Option<Instant>,
    /// What was measured since the dashboard was told.
    pub unshown: Totals,
    pub shown_at: usize,
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
        let show_every = steps
            .div_ceil(READINGS_AN_EPOCH)
            .clamp(1, READ_AT_MOST_EVERY);
        let read_every = self.progress.measure_every.unwrap_or(show_every).max(1);
        let path = [self.progress.stage as u64, self.progress.epoch as u64];
        let order = Order::epoch(subseed(self.recipe.seed, &[ORDER]), path[0], path[1]);
        let batches = Batches::new(len, size, order).skip_to(self.progress.step);
        let mut feed = match streamed {
            true => Feed::ahead(train, batches)?,
            false => Feed::direct(train, batches),
        };
        let noise = subseed(self.recipe.seed, &[NOISE, path[0], path[1]]);
        let mut batch = Batch::default();
        let mut rate = stage.rate().start();
        let mut clock = Instant::now();
        let mut stepping = Duration::ZERO;
        let mut kept_books = session.bookkeeping();
        let mut finite_until = self.progress.step;
        while feed.next(&mut batch)? {
            let step = self.progress.step;
            let epochs = self.progress.epoch as f64 + step as f64 / steps as f64;
            rate = stage.rate().at(epochs, stage.epochs() as f64);
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
                    return Err(self.diverged(stage, finite_until, rate, totals.mean_loss()));
                }
                finite_until = self.progress.step;
                let zeros = session.zeros()?;
                self.read(stage, &totals, &zeros, rate)?;
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
            let stopped = dashboard.should_stop() && !last;
            if stopped || last || self.saved.elapsed() >= self.checkpoint_every {
                let books = session.bookkeeping();
                let total = clock.elapsed();
                self.progress.train_seconds += total.as_secs_f64();
                self.progress.overhead_seconds +=
                    (total.saturating_sub(stepping) + (books - kept_books)).as_secs_f64();
                (stepping, kept_books) = (Duration::ZERO, books);
                if !last {
                    // Losses are read some steps apart: a network that broke since must not replace a good one.
                    if !all_finite(&session.network()) {
                        return Err(self.diverged(stage, finite_until, rate, f64::NAN));
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

    /// Writes down what the steps since the last reading measured.
    fn read(
        &mut self,
        stage: &Stage,
        totals: &Totals,
        zeros: &[f64],
        rate: f64,
    ) -> Result<(), TrainError> {
        self.progress.totals.add(totals);
        let measured = measurement(stage, totals, zeros.to_vec(), None);
        self.journal.reading(&Reading {
            step: self.progress.steps,
            stage: self.progress.stage + 1,
            epoch: self.progress.epoch + 1,
            seconds: self.earlier_seconds + self.sitting.elapsed().as_secs_f64(),
            rate,
            measured: &measured,
        })
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

    /// The error of a loss or network that stopped being a number after step `after` of the epoch.
    pub fn diverged(&self, stage: &Stage, after: usize, rate: f64, loss: f64) -> TrainError {
        let here = self.folder.path().display();
        let checkpoint = self.folder.checkpoint().is_file();
        let kept = match (self.best.is_some(), checkpoint) {
            (true, _) => {
                format!("the best network so far and the last good checkpoint are kept in {here}")
            }
            (false, true) => format!("the last good checkpoint is kept in {here}"),
            (false, false) => "it was too early for a checkpoint".into(),
        };
        TrainError::Diverged {
            stage: stage.title(),
            epoch: self.progress.epoch + 1,
            after,
            step: self.progress.step,
            rate,
            loss,
            kept,
        }
    }
}

/// What `totals` and the latest zeros say of a stage.
pub(crate) fn measurement(
    stage: &Stage,
    totals: &Totals,
    zeros: Vec<f64>,
    dead: Option<usize>,
) -> Measurement {
    let examples = totals.examples as usize;
    match stage {
        Stage::FineTune(_) => Measurement {
            examples,
            loss: Some(totals.mean_loss()),
            reconstruction: None,
            penalty: totals.mean_penalty(),
            error: Some(totals.error()),
            zeros,
            dead,
        },
        Stage::Pretrain(stage) => {
            // Shown at the layer's own place.
            let mut placed = vec![f64::NAN; stage.layer - 1];
            placed.extend(zeros);
            Measurement {
                examples,
                loss: None,
                reconstruction: Some(totals.mean_loss()),
                penalty: totals.mean_penalty(),
                error: None,
                zeros: placed,
                dead,
            }
        }
    }
}
