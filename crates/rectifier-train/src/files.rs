//! What is in a run's folder, and the one way it is read.

use crate::{
    Checkpoint, EpochRecord, FolderProblem, Mistakes, RunIdentity, RunRecord, StepRecord, Summary,
    TrainError,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(crate) const IDENTITY: &str = "run.json";
pub(crate) const PLAN: &str = "recipe.json";
pub(crate) const MODEL: &str = "model.safetensors";
pub(crate) const CHECKPOINT: &str = "checkpoint.safetensors";
pub(crate) const PREVIOUS: &str = "checkpoint.previous.safetensors";
pub(crate) const HISTORY: &str = "history.jsonl";
pub(crate) const HISTORY_CSV: &str = "history.csv";
pub(crate) const STEPS: &str = "steps.jsonl";
pub(crate) const STEPS_CSV: &str = "steps.csv";
/// TensorBoard knows its files by the middle of their name.
pub(crate) const EVENTS: &str = "events.out.tfevents.rectifier";
pub(crate) const SUMMARY: &str = "summary.json";
pub(crate) const WRONG: &str = "test_wrong.json";
pub(crate) const COMMANDS: &str = "command.txt";
const REPORT: &str = "report.html";

/// The files of a run's folder, to be read; the run may be in progress. What is not there yet is `None` or empty.
///
/// | file | what |
/// |---|---|
/// | `run.json` | what shapes the run's numbers, from its start: plan, recipe, network, data, engine, machine |
/// | `recipe.json` | what was asked for, as `--recipe` reads it |
/// | `model.safetensors` | the best network so far, with its description and recipe in the header |
/// | `history.jsonl`, `history.csv` | one record an epoch |
/// | `steps.jsonl`, `steps.csv` | one reading every so many steps |
/// | `events.out.tfevents.rectifier` | the same numbers for TensorBoard |
/// | `summary.json` | the result, once there is one |
/// | `test_wrong.json` | which test examples the network got wrong, a bit each |
/// | `checkpoint.safetensors` | what is needed to go on |
/// | `checkpoint.previous.safetensors` | the same as it was one checkpoint before |
/// | `command.txt` | the command that made the run, and those that went on with it, one a line |
/// | `report.html` | the run as one page for people |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFiles {
    path: PathBuf,
}

impl RunFiles {
    /// Those of the folder at `path`, whether there is a run in it or not.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a run was begun in the folder.
    pub fn is_begun(&self) -> bool {
        let there = |name: &&str| self.path.join(name).exists();
        [IDENTITY, PLAN, CHECKPOINT].iter().any(there)
    }

    /// Whether `name` is that of a file that is the run's alone; its page is not, which is made of the others.
    pub fn is_own(&self, name: &OsStr) -> bool {
        const OWN: [&str; 13] = [
            IDENTITY,
            PLAN,
            MODEL,
            CHECKPOINT,
            PREVIOUS,
            HISTORY,
            HISTORY_CSV,
            STEPS,
            STEPS_CSV,
            EVENTS,
            SUMMARY,
            WRONG,
            COMMANDS,
        ];
        let run = self.path.join(IDENTITY).is_file();
        // What only has a recipe may be anybody's folder; what lies in it stays.
        let kept = self.path.join(PLAN).is_file() && self.path.join(name).exists();
        (run || kept) && OWN.iter().any(|own| name == *own)
    }

    /// The network worth keeping.
    pub fn model_path(&self) -> PathBuf {
        self.path.join(MODEL)
    }

    /// What is needed to go on.
    pub fn checkpoint_path(&self) -> PathBuf {
        self.path.join(CHECKPOINT)
    }

    /// What was needed to go on one checkpoint before.
    pub fn previous_checkpoint_path(&self) -> PathBuf {
        self.path.join(PREVIOUS)
    }

    /// What was asked for, as a file that `--recipe` reads.
    pub fn plan_path(&self) -> PathBuf {
        self.path.join(PLAN)
    }

    /// The page for people.
    pub fn report_path(&self) -> PathBuf {
        self.path.join(REPORT)
    }

    /// What shapes the run's numbers; `None` before the run began, and for runs of earlier versions.
    ///
    /// # Errors
    /// [`TrainError::Io`]; [`TrainError::RunFolder`] for a file that no run wrote.
    pub fn identity(&self) -> Result<Option<RunIdentity>, TrainError> {
        self.json(IDENTITY)
    }

    /// What was asked for: as [`identity`](Self::identity) has it, else as `recipe.json` has it.
    ///
    /// # Errors
    /// As [`identity`](Self::identity).
    pub fn plan(&self) -> Result<Option<Value>, TrainError> {
        match self.identity()? {
            Some(identity) => Ok(Some(identity.plan)),
            None => self.json(PLAN),
        }
    }

    /// Every epoch so far.
    ///
    /// # Errors
    /// As [`identity`](Self::identity), naming the line.
    pub fn history(&self) -> Result<Vec<EpochRecord>, TrainError> {
        self.lines(HISTORY, false)
    }

    /// Every reading so far. A last line that is torn (the run is writing it, or was killed) is left out.
    ///
    /// # Errors
    /// As [`history`](Self::history).
    pub fn steps(&self) -> Result<Vec<StepRecord>, TrainError> {
        self.lines(STEPS, true)
    }

    /// The result, once there is one.
    ///
    /// # Errors
    /// As [`identity`](Self::identity).
    pub fn summary(&self) -> Result<Option<Summary>, TrainError> {
        self.json(SUMMARY)
    }

    /// Which test examples the network got wrong, once it was tested.
    ///
    /// # Errors
    /// As [`identity`](Self::identity).
    pub fn test_wrong(&self) -> Result<Option<Mistakes>, TrainError> {
        self.json(WRONG)
    }

    /// The latest checkpoint.
    ///
    /// # Errors
    /// As [`Checkpoint::load`].
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, TrainError> {
        let path = self.checkpoint_path();
        match path.is_file() {
            true => Checkpoint::load(&path).map(Some),
            false => Ok(None),
        }
    }

    /// The commands of the run: the one that made it, then those that went on with it; none where none were written down.
    ///
    /// # Errors
    /// [`TrainError::Io`] for a file that is there and cannot be read.
    pub fn commands(&self) -> Result<Vec<String>, TrainError> {
        let bytes = self.bytes(COMMANDS)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.lines().map(str::to_string).collect())
    }

    /// All that the folder tells of the run as far as it has come; `None` where there is no run.
    ///
    /// # Errors
    /// As [`identity`](Self::identity) and [`history`](Self::history).
    pub fn record(&self) -> Result<Option<RunRecord>, TrainError> {
        let identity = self.identity()?;
        let summary = self.summary()?;
        let (plan, provenance) = match identity {
            Some(identity) => (Some(identity.plan), Some(identity.provenance)),
            None => {
                let provenance = summary.as_ref().and_then(|s| s.provenance.clone());
                (self.json(PLAN)?, provenance)
            }
        };
        let Some(plan) = plan else { return Ok(None) };
        Ok(Some(RunRecord {
            plan,
            summary,
            history: self.history()?,
            provenance,
            test_wrong: self.test_wrong()?,
        }))
    }

    fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, TrainError> {
        let path = self.path.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(TrainError::Io { path, source }),
        }
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, TrainError> {
        let Some(bytes) = self.bytes(name)? else {
            return Ok(None);
        };
        // An editor's byte order mark is no part of the text.
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let value =
            serde_json::from_slice(text).map_err(|error| self.content(name, None, &error))?;
        Ok(Some(value))
    }

    fn lines<T: DeserializeOwned>(&self, name: &str, torn: bool) -> Result<Vec<T>, TrainError> {
        let bytes = self.bytes(name)?.unwrap_or_default();
        let whole = bytes.last().is_none_or(|byte| *byte == b'\n');
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        let mut records = Vec::with_capacity(lines.len());
        for (place, line) in lines.iter().enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(record) => records.push(record),
                Err(_) if torn && !whole && place + 1 == lines.len() => {}
                Err(error) => return Err(self.content(name, Some(place + 1), &error)),
            }
        }
        Ok(records)
    }

    fn content(&self, name: &str, line: Option<usize>, error: &serde_json::Error) -> TrainError {
        TrainError::RunFolder {
            path: self.path.join(name),
            problem: FolderProblem::Content {
                line,
                reason: error.to_string(),
            },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_none_and_what_is_wrong_is_named() {
        let place = tempfile::tempdir().unwrap();
        let files = RunFiles::at(place.path());
        assert_eq!(files.record().unwrap(), None);
        assert!(files.identity().unwrap().is_none() && files.summary().unwrap().is_none());
        assert!(files.history().unwrap().is_empty() && files.steps().unwrap().is_empty());
        assert!(files.checkpoint().unwrap().is_none() && files.commands().unwrap().is_empty());
        std::fs::write(place.path().join(HISTORY), "\n{}\n").unwrap();
        let error = files.history().unwrap_err().to_string();
        assert!(
            error.contains("history.jsonl: line 2, missing field"),
            "{error}"
        );
        std::fs::write(place.path().join(SUMMARY), "{").unwrap();
        let error = files.summary().unwrap_err().to_string();
        assert!(error.contains("summary.json: EOF"), "{error}");
    }

    #[test]
    fn a_torn_last_reading_is_left_out_and_an_earlier_one_is_not() {
        let place = tempfile::tempdir().unwrap();
        let files = RunFiles::at(place.path());
        let row = r#"{"step":1,"stage":1,"epoch":1,"seconds":0.5,"rate":0.1,"examples":10,"loss":2.0,"penalty":0.0,"error":0.5,"zeros":[null,0.25]}"#;
        std::fs::write(place.path().join(STEPS), format!("{row}\r\n{}", &row[..40])).unwrap();
        let steps = files.steps().unwrap();
        assert_eq!(steps.len(), 1);
        assert!(steps[0].measured.zeros[0].is_nan() && steps[0].measured.zeros[1] == 0.25);
        std::fs::write(place.path().join(STEPS), format!("{}\n{row}\n", &row[..40])).unwrap();
        assert!(files.steps().is_err());
    }

    #[test]
    fn a_plan_with_a_byte_order_mark_is_read() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join(PLAN), "\u{feff}{\"a\": 1}").unwrap();
        let record = RunFiles::at(place.path()).record().unwrap().unwrap();
        assert_eq!(record.plan, serde_json::json!({"a": 1}));
    }
}
