//! Who is told of a run while it goes on.

use crate::{EpochRecord, Notice, Stage, Standing, StepRecord};

/// Is told what happens in a run, as it happens, on the thread that trains. Every method may be left out.
pub trait Watch: Send {
    /// A stage begins, or goes on where the run was stopped.
    fn stage(&mut self, stage: &StageBegins<'_>) {
        let _ = stage;
    }

    /// A reading of the latest steps was written down.
    fn step(&mut self, reading: &StepRecord) {
        let _ = reading;
    }

    /// An epoch is done.
    fn epoch(&mut self, record: &EpochRecord, standing: &Standing) {
        let _ = (record, standing);
    }

    /// Something odd was found that the run goes on with.
    fn notice(&mut self, notice: &Notice) {
        let _ = notice;
    }
}

/// A stage that begins.
#[derive(Clone, Copy, Debug)]
pub struct StageBegins<'a> {
    /// The stage.
    pub stage: &'a Stage,
    /// Which it is, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// Epochs of it that were done before.
    pub epochs_done: usize,
    /// Steps of an epoch.
    pub steps: usize,
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// Tells `each` of every epoch, and nobody of anything else.
///
/// ```
/// let watch = rectifier_train::on_epoch(|record, standing| {
///     let _line = format!("{} of {}: {:?}", standing.done, standing.total, record.valid_error);
/// });
/// # let _: Box<dyn rectifier_train::Watch> = watch;
/// ```
pub fn on_epoch(each: impl FnMut(&EpochRecord, &Standing) + Send + 'static) -> Box<dyn Watch> {
    Box::new(Epochs(each))
}

struct Epochs<F>(F);

impl<F: FnMut(&EpochRecord, &Standing) + Send> Watch for Epochs<F> {
    fn epoch(&mut self, record: &EpochRecord, standing: &Standing) {
        (self.0)(record, standing);
    }
}

/// A watch that its owner looks at while or after the run.
impl<W: Watch + ?Sized> Watch for std::sync::Arc<std::sync::Mutex<W>> {
    fn stage(&mut self, stage: &StageBegins<'_>) {
        if let Ok(mut watch) = self.lock() {
            watch.stage(stage);
        }
    }

    fn step(&mut self, reading: &StepRecord) {
        if let Ok(mut watch) = self.lock() {
            watch.step(reading);
        }
    }

    fn epoch(&mut self, record: &EpochRecord, standing: &Standing) {
        if let Ok(mut watch) = self.lock() {
            watch.epoch(record, standing);
        }
    }

    fn notice(&mut self, notice: &Notice) {
        if let Ok(mut watch) = self.lock() {
            watch.notice(notice);
        }
    }
}
