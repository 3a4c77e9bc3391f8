//! The loop over stages, epochs and steps, inside burn-train.

use crate::burn_engine::{module_bytes, module_from_bytes};
use crate::checkpoint::{Checkpoint, Progress};
use crate::engine::{SessionState, StageContext, StageSession};
use crate::run::{Observer, Standing};
use crate::{
    Engine, EpochRecord, Evaluation, Measurement, Recipe, RunFolder, Stage, Supervised, Totals,
    TrainError,
};
use burn::data::dataloader::Progress as Shown;
use burn_train::{
    EventProcessorTraining, Interrupter, Learner, LearnerEvent, SupervisedLearningStrategy,
    SupervisedTrainingEventProcessor, TrainLoader, TrainingComponents, TrainingItem, ValidLoader,
};
use rectifier_data::{Batch, Batches, Feed, Order, Split, random::subseed};
use rectifier_nn::{ModelFile, Network};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Separate the seeds of order, training noise and validation noise.
const ORDER: u64 = 1;
const NOISE: u64 = 2;
const VALID_NOISE: u64 = 3;

/// Losses are read from the device, and the dashboard is told, this many times an epoch (at most every
/// [`READ_AT_MOST_EVERY`] steps).
const READINGS_AN_EPOCH: usize = 50;
const READ_AT_MOST_EVERY: usize = 200;

/// What a run carries from step to step.
pub(crate) struct Driver<N: Network> {
    pub recipe: Recipe,
    pub split: Split,
    pub engine: Box<dyn Engine<N>>,
    pub folder: RunFolder,
    pub metadata: BTreeMap<String, String>,
    pub observer: Observer,
    pub checkpoint_every: Duration,
    /// The network at the last stage boundary or epoch end.
    pub network: N,
    /// The best network of the current stage.
    pub best: Option<N>,
    pub progress: Progress,
    pub sitting: Instant,
    pub saved: Instant,
    pub earlier_seconds: f64,
}

/// The loop as a training strategy of burn-train.
pub(crate) struct Stages<N: Network> {
    driver: Mutex<Option<(Driver<N>, Checkpoint)>>,
    outcome: Ending<N>,
}

/// Where the loop leaves its result.
pub(crate) struct Ending<N: Network>(Arc<Mutex<Option<Result<Driver<N>, TrainError>>>>);

impl<N: Network> Ending<N> {
    pub fn take(self) -> Result<Driver<N>, TrainError> {
        let result = self.0.lock().ok().and_then(|mut slot| slot.take());
        result.unwrap_or_else(|| Err(TrainError::Device("training ended without a result".into())))
    }
}

impl<N: Network> Stages<N> {
    pub fn new(driver: Driver<N>) -> Self {
        Self {
            driver: Mutex::new(Some((driver, Checkpoint::default()))),
            outcome: Ending(Arc::new(Mutex::new(None))),
        }
    }

    pub fn starting_at(self, start: Checkpoint) -> Self {
        if let Ok(mut slot) = self.driver.lock()
            && let Some((_, checkpoint)) = slot.as_mut()
        {
            *checkpoint = start;
        }
        self
    }

    pub fn outcome(&self) -> Ending<N> {
        Ending(self.outcome.0.clone())
    }

    pub fn folder_path(&self) -> Result<PathBuf, TrainError> {
        let slot = self.driver.lock().ok();
        let path = slot.and_then(|slot| {
            slot.as_ref()
                .map(|(driver, _)| driver.folder.path().to_path_buf())
        });
        path.ok_or_else(|| TrainError::Device("the run was launched already".into()))
    }
}

type Processor<N> = SupervisedTrainingEventProcessor<Supervised<N>>;

impl<N: Network> SupervisedLearningStrategy<Supervised<N>> for Stages<N> {
    fn fit(
        &self,
        components: TrainingComponents<Supervised<N>>,
        learner: Learner<Supervised<N>>,
        _train: TrainLoader<Supervised<N>>,
        _valid: ValidLoader<Supervised<N>>,
        _starting_epoch: usize,
    ) -> (Supervised<N>, Processor<N>) {
        let mut model = learner.model();
        let mut dashboard = Dashboard {
            processor: components.event_processor,
            interrupter: components.interrupter,
        };
        let driver = self.driver.lock().ok().and_then(|mut slot| slot.take());
        if let Some((mut driver, start)) = driver {
            let result = driver.go_on(start, &mut dashboard);
            model.network = driver
                .best
                .clone()
                .unwrap_or_else(|| driver.network.clone());
            if let Ok(mut slot) = self.outcome.0.lock() {
                *slot = Some(result.map(|()| driver));
            }
        }
        (model, dashboard.processor)
    }
}

/// burn-train's metrics and renderer.
struct Dashboard<N: Network> {
    processor: Processor<N>,
    interrupter: Interrupter,
}

impl<N: Network> Dashboard<N> {
    fn train(&mut self, event: LearnerEvent<Measurement>) {
        let result = self.processor.process_train(event);
        self.interrupter.fail_on_error(result);
    }

    fn valid(&mut self, event: LearnerEvent<Measurement>) {
        let result = self.processor.process_valid(event);
        self.interrupter.fail_on_error(result);
    }

    fn item(
        measurement: Measurement,
        done: usize,
        of: usize,
        step: usize,
        rate: f64,
    ) -> LearnerEvent<Measurement> {
        let shown = Shown::new(done, of, Some("examples".into()));
        LearnerEvent::ProcessedItem(TrainingItem::new(
            measurement,
            shown,
            Some(step),
            Some(rate.into()),
        ))
    }
}

/// Whether an epoch or stage came to its end.
#[derive(PartialEq)]
enum Ended {
    Whole,
    Stopped,
}

impl<N: Network> Driver<N> {
    /// Seconds of all sittings.
    pub fn seconds(&self) -> f64 {
        self.earlier_seconds + self.sitting.elapsed().as_secs_f64()
    }

    fn go_on(&mut self, start: Checkpoint, dashboard: &mut Dashboard<N>) -> Result<(), TrainError> {
        self.progress = start.progress;
        self.progress.engine = self.engine.name().into();
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
        let start = Instant::now();
        let len = self.split.train.len();
        let number = self.progress.history.len() + 1;
        dashboard.train(LearnerEvent::StartSplit {
            epoch_number: number,
            total_items: len,
        });
        let (ended, rate) = self.train(stage, session, dashboard)?;
        if ended == Ended::Stopped {
            self.save(Some(session))?;
            return Ok(Ended::Stopped);
        }
        dashboard.train(LearnerEvent::EndSplit(number));
        let evaluation = self.validate(session, dashboard, number)?;
        let record = self.record(stage, &evaluation, rate, start);
        if record.best {
            self.best = Some(session.network());
            self.keep_model()?;
        }
        self.progress.history.push(record.clone());
        self.progress.epoch += 1;
        self.progress.step = 0;
        self.progress.totals = Totals::default();
        self.progress.train_seconds = 0.0;
        self.progress.overhead_seconds = 0.0;
        self.folder.write_history(&self.progress.history)?;
        dashboard.train(LearnerEvent::EndEpoch(number));
        let standing = self.standing();
        (self.observer)(&record, &standing);
        Ok(Ended::Whole)
    }

    /// The steps of the epoch in progress that are left; says whether they were all made, and the last rate.
    fn train(
        &mut self,
        stage: &Stage,
        session: &mut dyn StageSession<N>,
        dashboard: &mut Dashboard<N>,
    ) -> Result<(Ended, f64), TrainError> {
        // A stream has fresh examples for each epoch.
        let renewed = self.split.train.renewed(self.progress.history.len());
        let streamed = renewed.is_some();
        let train = renewed.unwrap_or_else(|| self.split.train.clone());
        let (len, size) = (train.len(), stage.batch());
        let steps = len.div_ceil(size);
        let read_every = steps
            .div_ceil(READINGS_AN_EPOCH)
            .clamp(1, READ_AT_MOST_EVERY);
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
                let reading = measurement(stage, &totals, session.zeros()?, None);
                self.progress.totals.add(&totals);
                let done = (self.progress.step * size).min(len);
                dashboard.train(Dashboard::<N>::item(
                    reading,
                    done,
                    len,
                    self.progress.step,
                    rate,
                ));
            }
            let stopped = dashboard.interrupter.should_stop() && !last;
            if stopped || last || self.saved.elapsed() >= self.checkpoint_every {
                let books = session.bookkeeping();
                let total = clock.elapsed();
                self.progress.train_seconds += total.as_secs_f64();
                self.progress.overhead_seconds +=
                    (total.saturating_sub(stepping) + (books - kept_books)).as_secs_f64();
                (stepping, kept_books) = (Duration::ZERO, books);
                if stopped {
                    return Ok((Ended::Stopped, rate));
                }
                if !last {
                    self.save(Some(&*session))?;
                }
                clock = Instant::now();
            }
        }
        Ok((Ended::Whole, rate))
    }

    fn diverged(&self, stage: &Stage, after: usize, rate: f64, loss: f64) -> TrainError {
        let kept = if self.folder.checkpoint().is_file() {
            "the checkpoint from before is kept"
        } else {
            "there is no checkpoint yet"
        };
        TrainError::Diverged {
            stage: stage.title(),
            epoch: self.progress.epoch + 1,
            after,
            step: self.progress.step,
            rate,
            loss,
            kept: kept.into(),
        }
    }

    fn validate(
        &mut self,
        session: &mut dyn StageSession<N>,
        dashboard: &mut Dashboard<N>,
        number: usize,
    ) -> Result<Evaluation, TrainError> {
        let valid = self.split.valid.clone();
        dashboard.valid(LearnerEvent::StartSplit {
            epoch_number: number,
            total_items: valid.len(),
        });
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
        dashboard.valid(Dashboard::<N>::item(
            reading,
            valid.len(),
            valid.len(),
            number,
            0.0,
        ));
        dashboard.valid(LearnerEvent::EndSplit(number));
        Ok(evaluation)
    }

    fn record(
        &mut self,
        stage: &Stage,
        evaluation: &Evaluation,
        rate: f64,
        start: Instant,
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
            seconds: start.elapsed().as_secs_f64(),
            best,
        }
    }

    fn standing(&self) -> Standing {
        let done = self.progress.history.len();
        let steps = |stage: &Stage| self.split.train.len().div_ceil(stage.batch()) as f64;
        // Later stages are taken to cost what this one costs a step.
        let here = &self.recipe.stages[self.progress.stage];
        let recent = self
            .progress
            .history
            .iter()
            .rev()
            .take_while(|r| r.stage == self.progress.stage + 1);
        let (count, sum) = recent
            .take(5)
            .fold((0.0, 0.0), |(n, sum), r| (n + 1.0, sum + r.seconds));
        let a_step = sum / f64::max(count, 1.0) / steps(here).max(1.0);
        let left_here = (here.epochs() - self.progress.epoch) as f64 * steps(here);
        let later = self.recipe.stages.iter().skip(self.progress.stage + 1);
        let left_later: f64 = later
            .map(|stage| stage.epochs() as f64 * steps(stage))
            .sum();
        Standing {
            done,
            total: self.recipe.total_epochs(),
            seconds_left: (left_here + left_later) * a_step,
        }
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
            let mut placed = vec![0.0; stage.layer - 1];
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
