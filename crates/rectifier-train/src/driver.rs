//! The loop over stages, epochs and steps.

use crate::burn_engine::{module_bytes, module_from_bytes};
use crate::checkpoint::{Checkpoint, Progress};
use crate::dashboard::Dashboard;
use crate::engine::{SessionState, StageContext, StageSession};
use crate::finite::all_finite;
use crate::journal::{Journal, Reading, write_history};
use crate::run::Observer;
use crate::standing::{Standing, spoken_seconds};
use crate::{
    Engine, EpochRecord, Evaluation, Measurement, Recipe, RunFolder, Stage, Totals, TrainError,
};
use rectifier_data::{Batch, Batches, Order, Split, random::subseed};
use rectifier_nn::{ModelFile, Network};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Separate the seeds of order, training noise and validation noise.
const ORDER: u64 = 1;
const NOISE: u64 = 2;
const VALID_NOISE: u64 = 3;

/// Losses are read from the device this many times an epoch (at most every [`READ_AT_MOST_EVERY`] steps) if nothing
/// else is asked for; the dashboard is never told more often.
const READINGS_AN_EPOCH: usize = 50;
const READ_AT_MOST_EVERY: usize = 200;

/// How often the dashboard's time left is renewed.
const RELABEL_EVERY: Duration = Duration::from_secs(1);

/// What a run carries from step to step.
pub(crate) struct Driver<N: Network> {
    pub recipe: Recipe,
    pub split: Split,
    pub engine: Box<dyn Engine<N>>,
    pub folder: RunFolder,
    pub journal: Journal,
    pub metadata: BTreeMap<String, String>,
    pub observer: Observer,
    pub checkpoint_every: Duration,
    pub measure_every: Option<usize>,
    /// The network at the last stage boundary or epoch end.
    pub network: N,
    /// The best network of the current stage.
    pub best: Option<N>,
    pub progress: Progress,
    pub sitting: Instant,
    pub saved: Instant,
    pub earlier_seconds: f64,
}

/// Whether an epoch or stage came to its end.
#[derive(PartialEq)]
enum Ended {
    Whole,
    Stopped,
}

/// The epoch in progress, as far as this sitting goes.
struct Epoch {
    start: Instant,
    first_step: usize,
    /// Its number among the epochs of all stages, from 1.
    number: usize,
    labelled: Option<Instant>,
    /// What was measured since the dashboard was told.
    unshown: Totals,
    shown_at: usize,
}

impl<N: Network> Driver<N> {
    /// Seconds of all sittings.
    pub fn seconds(&self) -> f64 {
        self.earlier_seconds + self.sitting.elapsed().as_secs_f64()
    }

    pub fn go_on(
        &mut self,
        start: Checkpoint,
        dashboard: &mut Dashboard<N>,
    ) -> Result<(), TrainError> {
        self.progress = start.progress;
        self.progress.engine = self.engine.name().into();
        // A run that goes on measures as it did before, or its sums would be rounded otherwise.
        self.progress.measure_every = self.measure_every.or(self.progress.measure_every);
        self.earlier_seconds = self.progress.seconds;
        self.sitting = Instant::now();
        self.saved = Instant::now();
        if !start.network.is_empty() {
            self.network = module_from_bytes(self.network.clone(), &start.network)?;
        }
        if let Some(best) = &start.best {
            self.best = Some(module_from_bytes(self.network.clone(), best)?);
        }
        let mut state = start.session;
        while self.progress.stage < self.recipe.stages.len() && !self.progress.finished {
            if self.stage(state.take(), dashboard)? == Ended::Stopped {
                return Ok(());
            }
        }
        if !self.progress.finished {
            self.progress.finished = true;
            self.save(None)?;
        }
        Ok(())
    }

    fn stage(
        &mut self,
        state: Option<SessionState>,
        dashboard: &mut Dashboard<N>,
    ) -> Result<Ended, TrainError> {
        let split = self.split.clone();
        let recipe = self.recipe.clone();
        let context = StageContext {
            recipe: &recipe,
            stage: self.progress.stage,
            train: split.train.as_ref(),
            state: state.as_ref(),
        };
        let stage = context.stage().clone();
        if dashboard.should_stop() {
            return Ok(Ended::Stopped);
        }
        let mut session = self.engine.begin(self.network.clone(), &context)?;
        while self.progress.epoch < stage.epochs() {
            if self.epoch(&stage, session.as_mut(), dashboard)? == Ended::Stopped {
                return Ok(Ended::Stopped);
            }
            let since_best = match self.progress.best {
                Some((_, _, epoch)) => self.progress.epoch - epoch,
                None => 0,
            };
            if stage
                .patience()
                .is_some_and(|patience| since_best >= patience)
            {
                break;
            }
            if self.progress.epoch < stage.epochs() {
                self.save(Some(session.as_ref()))?;
                if dashboard.should_stop() {
                    return Ok(Ended::Stopped);
                }
            }
        }
        let best = self.best.clone();
        self.network = match (&stage, best) {
            (Stage::FineTune(_), Some(best)) => best,
            _ => session.network(),
        };
        self.progress.stage += 1;
        self.progress.epoch = 0;
        if self.progress.stage < self.recipe.stages.len() {
            // Each stage is selected for itself; the last one's best stays for the summary.
            self.progress.best = None;
            self.best = None;
            self.save(None)?;
        }
        Ok(Ended::Whole)
    }

    fn epoch(
        &mut self,
        stage: &Stage,
        session: &mut dyn StageSession<N>,
        dashboard: &mut Dashboard<N>,
    ) -> Result<Ended, TrainError> {
        let mut epoch = Epoch {
            start: Instant::now(),
            first_step: self.progress.step,
            number: self.progress.history.len() + 1,
            labelled: None,
            unshown: Totals::default(),
            shown_at: self.progress.step,
        };
        self.label(&mut epoch, dashboard);
        dashboard.begin(epoch.number, self.split.train.len());
        let (ended, rate) = self.train(stage, session, dashboard, &mut epoch)?;
        if ended == Ended::Stopped {
            return Ok(Ended::Stopped);
        }
        dashboard.end_steps(epoch.number);
        let evaluation = self.validate(session, dashboard, epoch.number)?;
        if !evaluation.loss.is_finite() {
            let before = self.progress.step.saturating_sub(1);
            return Err(self.diverged(stage, before, rate, evaluation.loss));
        }
        let record = self.record(stage, &evaluation, rate, &epoch);
        if record.best {
            self.best = Some(session.network());
            self.keep_model()?;
        }
        self.journal.epoch(&record, stage, self.progress.steps)?;
        self.progress.history.push(record.clone());
        self.progress.end_epoch();
        write_history(&self.folder, &self.progress.history, &self.recipe)?;
        dashboard.end(epoch.number);
        let standing = self.standing(None);
        (self.observer)(&record, &standing);
        Ok(Ended::Whole)
    }

    /// The steps of the epoch in progress that are left; says whether they were all made, and the last rate.
    fn train(
        &mut self,
        stage: &Stage,
        session: &mut dyn StageSession<N>,
        dashboard: &mut Dashboard<N>,
        epoch: &mut Epoch,
    ) -> Result<(Ended, f64), TrainError> {
        let train = self.split.train.clone();
        let (len, size) = (train.len(), stage.batch());
        let steps = len.div_ceil(size);
        let show_every = steps
            .div_ceil(READINGS_AN_EPOCH)
            .clamp(1, READ_AT_MOST_EVERY);
        let read_every = self.progress.measure_every.unwrap_or(show_every).max(1);
        let path = [self.progress.stage as u64, self.progress.epoch as u64];
        let order = Order::epoch(subseed(self.recipe.seed, &[ORDER]), path[0], path[1]);
        let mut batches = Batches::new(len, size, order).skip_to(self.progress.step);
        let noise = subseed(self.recipe.seed, &[NOISE, path[0], path[1]]);
        let mut batch = Batch::default();
        let mut rate = stage.rate().start();
        let mut clock = Instant::now();
        let mut stepping = Duration::ZERO;
        let mut kept_books = session.bookkeeping();
        let mut finite_until = self.progress.step;
        while let Some(indices) = batches.next_batch() {
            let step = self.progress.step;
            batch.clear();
            train.gather(indices, &mut batch)?;
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
    fn label(&mut self, epoch: &mut Epoch, dashboard: &mut Dashboard<N>) {
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

    fn diverged(&self, stage: &Stage, after: usize, rate: f64, loss: f64) -> TrainError {
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

    fn validate(
        &mut self,
        session: &mut dyn StageSession<N>,
        dashboard: &mut Dashboard<N>,
        number: usize,
    ) -> Result<Evaluation, TrainError> {
        let valid = self.split.valid.clone();
        dashboard.begin_validation(number, valid.len());
        // The same noise after every epoch, so that curves compare networks and not noise.
        let noise = subseed(self.recipe.seed, &[VALID_NOISE, self.progress.stage as u64]);
        let evaluation = session.evaluate(valid.as_ref(), noise)?;
        let stage = &self.recipe.stages[self.progress.stage];
        let totals = Totals {
            examples: evaluation.examples as u64,
            loss: evaluation.loss * evaluation.examples as f64,
            penalty: 0.0,
            errors: 0,
        };
        let mut reading = measurement(
            stage,
            &totals,
            evaluation.zeros(),
            Some(evaluation.dead().iter().sum()),
        );
        reading.error = evaluation.error();
        dashboard.validation(number, reading);
        Ok(evaluation)
    }

    fn record(
        &mut self,
        stage: &Stage,
        evaluation: &Evaluation,
        rate: f64,
        sitting: &Epoch,
    ) -> EpochRecord {
        let epoch = self.progress.epoch + 1;
        let valid_error = evaluation.error();
        // A lower error is better; among equal errors the lower loss.
        let best = valid_error.is_some_and(|error| match self.progress.best {
            Some((lowest, loss, _)) => {
                error < lowest || (error == lowest && evaluation.loss < loss)
            }
            None => true,
        });
        if let (true, Some(error)) = (best, valid_error) {
            self.progress.best = Some((error, evaluation.loss, epoch));
        }
        let totals = &self.progress.totals;
        EpochRecord {
            stage: self.progress.stage + 1,
            title: stage.title(),
            epoch,
            rate,
            train_loss: totals.mean_loss(),
            penalty: totals.mean_penalty(),
            train_error: matches!(stage, Stage::FineTune(_)).then(|| totals.error()),
            valid_loss: evaluation.loss,
            valid_error,
            zeros: evaluation.zeros(),
            dead: evaluation.dead(),
            train_seconds: self.progress.train_seconds,
            overhead_seconds: self.progress.overhead_seconds,
            seconds: self.progress.epoch_seconds + sitting.start.elapsed().as_secs_f64(),
            best,
        }
    }

    fn standing(&self, epoch: Option<&Epoch>) -> Standing {
        let current = epoch.map_or((0.0, 0), |epoch| {
            let steps = self.progress.step - epoch.first_step;
            (epoch.start.elapsed().as_secs_f64(), steps)
        });
        Standing::of(
            &self.recipe,
            self.split.train.len(),
            &self.progress,
            current,
        )
    }

    /// Writes the best network where users look for it, so that a killed run leaves one.
    fn keep_model(&self) -> Result<(), TrainError> {
        let Some(best) = &self.best else {
            return Ok(());
        };
        let bytes = ModelFile::encode(best, &self.metadata)?;
        Ok(rectifier_nn::write_atomically(
            &self.folder.model(),
            &bytes,
        )?)
    }

    fn save(&mut self, session: Option<&dyn StageSession<N>>) -> Result<(), TrainError> {
        self.progress.seconds = self.seconds();
        self.progress.lengths = self.journal.sync()?;
        let network = match session {
            Some(session) => session.network(),
            None => self.network.clone(),
        };
        let checkpoint = Checkpoint {
            progress: self.progress.clone(),
            network: module_bytes(network)?,
            best: self.best.clone().map(module_bytes).transpose()?,
            session: session.map(|session| session.state()).transpose()?,
        };
        checkpoint.save(&self.folder.checkpoint())?;
        self.saved = Instant::now();
        Ok(())
    }
}

fn measurement(
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
