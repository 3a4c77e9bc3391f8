//! The end of a run: its network is tested once, and its result written.

use crate::driver::Driver;
use crate::files::{SUMMARY, WRONG};
use crate::interruptible::Interruptible;
use crate::{
    EpochRecord, Evaluation, Mistakes, Progress, Recipe, RunFolder, RunIdentity, RunRecord, Stage,
    StageContext, Summary, TrainError,
};
use burn::tensor::Device;
use burn_train::Interrupter;
use rectifier_nn::{ModelFile, Network};

/// How a run ended.
#[derive(Debug)]
pub struct Outcome<N> {
    /// The best network by validation error, or the latest if the run was stopped before there was one.
    pub network: N,
    /// All that is known of the run; the same as its folder tells.
    pub record: RunRecord,
    /// The test evaluation behind the summary; `None` if the run was stopped before it, or had ended before.
    pub test: Option<Evaluation>,
    /// Where the run stands, in words: `epoch 3 of fine-tuning, step 120 of 970`.
    pub place: String,
}

/// Where `progress` stands in `recipe`, in words.
fn place(progress: &Progress, recipe: &Recipe, examples: impl Fn(&Stage) -> usize) -> String {
    match recipe.stages.get(progress.stage) {
        Some(stage) => format!(
            "epoch {} of {}, step {} of {}",
            progress.epoch + 1,
            stage.title(),
            progress.step,
            stage.steps(examples(stage))
        ),
        None => "its end".into(),
    }
}

/// Tests the kept network with the engine that trained it, and writes model and result; the summary last, for a run that
/// has one is finished.
pub(crate) fn finish<N: Network>(
    mut driver: Driver<N>,
    identity: RunIdentity,
    device: &Device,
    interrupter: &Interrupter,
) -> Result<Outcome<N>, TrainError> {
    let network = driver.best.take().unwrap_or_else(|| driver.network.clone());
    let test = match driver.progress.finished {
        true => match test(&driver, network.clone(), interrupter) {
            Err(error) if error.is_interruption() => None,
            test => Some(test?),
        },
        false => None,
    };
    let history = driver.progress.history.clone();
    let mut record = RunRecord {
        plan: identity.plan,
        summary: None,
        history,
        provenance: Some(identity.provenance),
        test_wrong: test.as_ref().and_then(Mistakes::of),
    };
    if let Some(test) = &test {
        let summary = summarize(&driver, test, &record);
        driver.header.conclude(&summary);
        driver.keep_model(&network)?;
        if let Some(wrong) = &record.test_wrong {
            driver.folder.write_json(WRONG, wrong)?;
        }
        driver.folder.write_json(SUMMARY, &summary)?;
        record.summary = Some(summary);
    }
    Ok(Outcome {
        network: network.fork(device),
        record,
        test,
        place: place(&driver.progress, &driver.recipe, |stage| {
            stage.examples(&driver.split).len()
        }),
    })
}

/// What the engine says of `network` on the test part.
fn test<N: Network>(
    driver: &Driver<N>,
    network: N,
    interrupter: &Interrupter,
) -> Result<Evaluation, TrainError> {
    let train = Interruptible::new(driver.split.train.as_ref(), interrupter.clone());
    let context = StageContext {
        recipe: &driver.recipe,
        // A recipe ends with the fine-tuning that the network comes from.
        stage: driver.recipe.stages.len().saturating_sub(1),
        train: &train,
        state: None,
    };
    let test = Interruptible::new(driver.split.test.as_ref(), interrupter.clone());
    let mut session = driver.engine.begin(network, &context)?;
    session.evaluate(&test, 0)
}

fn summarize<N: Network>(driver: &Driver<N>, test: &Evaluation, record: &RunRecord) -> Summary {
    let (valid_error, _, best_epoch) = driver.progress.best.unwrap_or((f64::NAN, f64::NAN, 0));
    let mut summary = Summary::of_evaluation(test, valid_error);
    let history = &record.history;
    let total = |pick: fn(&EpochRecord) -> f64| history.iter().map(pick).sum::<f64>();
    summary.epochs = history.len();
    summary.best_epoch = best_epoch;
    summary.seconds = driver.seconds();
    summary.overhead =
        total(|epoch| epoch.overhead_seconds) / total(|epoch| epoch.train_seconds).max(1e-9);
    summary.engine = driver.engine.name().into();
    summary.device = driver.engine.device();
    summary.provenance = record.provenance.clone();
    summary
}

/// What a finished run left, as it is: nothing is written. `network` is one of its kind.
pub(crate) fn relaunched<N: Network>(
    network: N,
    folder: &RunFolder,
) -> Result<Outcome<N>, TrainError> {
    let file = ModelFile::open(folder.model_path())?;
    // A network that describes itself is saved as its dense stack.
    let network = match network.dense_stack() {
        Some(stack) if !network.describe().is_empty() => {
            let stack = file.load_into(stack.clone())?;
            network.with_dense_stack(stack)?
        }
        _ => file.load_into(network)?,
    };
    let record = folder.record()?;
    Ok(Outcome {
        network,
        record: record.unwrap_or(RunRecord {
            plan: serde_json::Value::Null,
            summary: folder.summary()?,
            history: folder.history()?,
            provenance: None,
            test_wrong: folder.test_wrong()?,
        }),
        test: None,
        place: "its end".into(),
    })
}
