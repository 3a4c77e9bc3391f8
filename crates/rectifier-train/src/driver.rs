//! The loop over stages and epochs: what is validated, selected and saved.

use crate::burn_engine::{module_bytes, module_from_bytes};
use crate::checkpoint::{Checkpoint, Progress};
use crate::dashboard::Dashboard;
use crate::engine::{SessionState, StageContext, StageSession};
use crate::journal::{Journal, write_history};
use crate::run::Observer;
use crate::standing::Standing;
use crate::steps::{Ended, Epoch, measurement};
use crate::{Engine, EpochRecord, Evaluation, Recipe, RunFolder, Stage, Totals, TrainError};
use rectifier_data::{Split, random::subseed};
use rectifier_nn::{ModelFile, Network};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Separates the seeds of validation noise from those of order and training noise.
const VALID_NOISE: u64 = 3;

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
            train: recipe.stages[self.progress.stage].examples(&split).as_ref(),
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
        dashboard.begin(epoch.number, stage.examples(&self.split).len());
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

    pub fn standing(&self, epoch: Option<&Epoch>) -> Standing {
        let current = epoch.map_or((0.0, 0), |epoch| {
            let steps = self.progress.step - epoch.first_step;
            (epoch.start.elapsed().as_secs_f64(), steps)
        });
        Standing::of(
            &self.recipe,
            |stage| stage.examples(&self.split).len(),
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

    pub fn save(&mut self, session: Option<&dyn StageSession<N>>) -> Result<(), TrainError> {
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
