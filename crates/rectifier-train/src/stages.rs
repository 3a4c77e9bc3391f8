//! The loop over stages and epochs: what is validated, selected and saved.

use crate::checkpoint::Checkpoint;
use crate::dashboard::Dashboard;
use crate::driver::{Driver, Ended, Epoch, measurement};
use crate::engine::{SessionState, StageContext, StageSession};
use crate::parameters::module_from_bytes;
use crate::watch::StageBegins;
use crate::{EpochRecord, Evaluation, Stage, Totals, TrainError};
use rectifier_data::random::subseed;
use rectifier_nn::Network;
use std::time::Instant;

/// Separates the seeds of validation noise from those of order and training noise.
const VALID_NOISE: u64 = 3;

impl<N: Network> Driver<N> {
    /// Goes on from `start` until every stage is done or somebody asks for an end.
    pub fn go_on(
        &mut self,
        start: Checkpoint,
        dashboard: &mut Dashboard<N>,
    ) -> Result<(), TrainError> {
        self.sitting = Instant::now();
        self.clock.saved = Instant::now();
        let result = self.all_stages(start, dashboard);
        // However it ends, every epoch that was made is told.
        result.and(self.tell_history(true))
    }

    fn all_stages(
        &mut self,
        start: Checkpoint,
        dashboard: &mut Dashboard<N>,
    ) -> Result<(), TrainError> {
        if !start.network.is_empty() {
            self.network = module_from_bytes(self.network.clone(), &start.network, "network")?;
        }
        if let Some(best) = &start.best {
            let best = module_from_bytes(self.network.clone(), best, "best network")?;
            // A run that was killed just before has saved the best network without showing it.
            if !self.folder.model_path().is_file() {
                self.keep_model(&best)?;
            }
            self.best = Some(best);
        }
        let mut state = start.session;
        while self.progress.stage < self.recipe.stages.len() && !self.progress.finished {
            if self.stage(state.take(), dashboard)? == Ended::Stopped {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether the stage in progress has made its epochs, or lost its patience.
    fn stage_done(&self, stage: &Stage) -> bool {
        let best = self.progress.best.map_or(0, |(_, _, epoch)| epoch);
        let since_best = self.progress.epoch.saturating_sub(best);
        let waited = match self.progress.best {
            Some(_) => since_best,
            None => 0,
        };
        self.progress.epoch >= stage.epochs()
            || stage.patience().is_some_and(|patience| waited >= patience)
    }

    fn stage(
        &mut self,
        state: Option<SessionState>,
        dashboard: &mut Dashboard<N>,
    ) -> Result<Ended, TrainError> {
        let split = self.split.clone();
        let recipe = self.recipe.clone();
        let examples = recipe.stages[self.progress.stage].examples(&split);
        let train = dashboard.interruptible(examples.as_ref());
        let context = StageContext {
            recipe: &recipe,
            stage: self.progress.stage,
            train: &train,
            state: state.as_ref(),
        };
        let stage = context.stage();
        if dashboard.should_stop() {
            return Ok(Ended::Stopped);
        }
        self.watch.stage(&StageBegins {
            stage,
            number: self.progress.stage + 1,
            of: recipe.stages.len(),
            epochs_done: self.progress.epoch,
            steps: stage.steps(examples.len()),
        });
        let mut session = match self.engine.begin(self.network.clone(), &context) {
            Err(error) if error.is_interruption() => return Ok(Ended::Stopped),
            session => session?,
        };
        while !self.stage_done(stage) {
            let Some(record) = self.epoch(stage, session.as_mut(), dashboard)? else {
                return Ok(Ended::Stopped);
            };
            let shown = self.best.clone().filter(|_| record.best);
            let done = self.stage_done(stage);
            if done {
                self.end_stage(stage, session.as_ref())?;
            } else if self.save_due() {
                self.save(Some(session.as_ref()))?;
            }
            // Whatever is shown lies behind a checkpoint: one that is gone is missed.
            if let Some(best) = shown {
                self.keep_model(&best)?;
            }
            self.tell_history(done)?;
            let standing = self.standing(None);
            self.watch.epoch(&record, &standing);
            if done {
                return Ok(Ended::Whole);
            }
            if dashboard.should_stop() {
                self.save(Some(session.as_ref()))?;
                return Ok(Ended::Stopped);
            }
        }
        self.end_stage(stage, session.as_ref())?;
        Ok(Ended::Whole)
    }

    /// What the stage made goes into the next one, or is the run's.
    fn end_stage(
        &mut self,
        stage: &Stage,
        session: &dyn StageSession<N>,
    ) -> Result<(), TrainError> {
        self.network = match (stage, self.best.clone()) {
            (Stage::FineTune(_), Some(best)) => best,
            _ => session.network(),
        };
        self.progress.stage += 1;
        self.progress.epoch = 0;
        if self.progress.stage < self.recipe.stages.len() {
            // Each stage is selected for itself; the last one's best stays for the summary.
            self.progress.best = None;
            self.best = None;
        } else {
            self.progress.finished = true;
        }
        self.save(None)
    }

    /// The rest of the epoch in progress; `None` if it was stopped, and everything is saved.
    fn epoch(
        &mut self,
        stage: &Stage,
        session: &mut dyn StageSession<N>,
        dashboard: &mut Dashboard<N>,
    ) -> Result<Option<EpochRecord>, TrainError> {
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
            return Ok(None);
        }
        dashboard.end_steps(epoch.number);
        let evaluation = match self.validate(session, dashboard, epoch.number) {
            Err(error) if error.is_interruption() => {
                self.progress.epoch_seconds += epoch.start.elapsed().as_secs_f64();
                self.save(Some(&*session))?;
                return Ok(None);
            }
            evaluation => evaluation?,
        };
        if !evaluation.loss.is_finite() {
            let before = self.progress.step.saturating_sub(1);
            return Err(self.diverged(stage, before, rate, (evaluation.loss, 0.0)));
        }
        let record = self.record(stage, &evaluation, rate, &epoch);
        if record.best {
            self.best = Some(session.network());
        }
        self.journal.epoch(&record, stage, self.progress.steps)?;
        self.progress.history.push(record.clone());
        self.progress.end_epoch();
        dashboard.end(epoch.number);
        Ok(Some(record))
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
        let evaluation = session.evaluate(&dashboard.interruptible(valid.as_ref()), noise)?;
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
}
