//! One error for the command, and the exit code it ends with.

use rectifier_catalog::CatalogError;
use rectifier_data::DataError;
use rectifier_exchange::ExchangeError;
use rectifier_experiments::ExperimentError;
use rectifier_nn::{ModelFileError, NetworkError};
use rectifier_train::TrainError;
use rectifier_zoo::ZooError;
use std::error::Error;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Why the command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The request makes no sense; exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The request was tried and failed; exit code 1.
    #[error("{0}")]
    Failed(String),
    /// The user ended a run that can go on; exit code 128 and the signal's number, as shells have it.
    #[error("{text}")]
    Stopped {
        /// The signal; that of Ctrl-C for the dashboard's keys.
        signal: i32,
        /// Where the run stands and how it goes on.
        text: String,
    },
    /// A run failed that can go on.
    #[error("{source}")]
    Interrupted {
        /// Why it failed.
        source: TrainError,
        /// The command that goes on.
        go_on: String,
    },
    /// The folder of a run went away while the run went on.
    #[error(
        "{}: the run's folder was removed or renamed while the run went on: go on with --resume and its new name, or begin \
         the run again",
        path.display()
    )]
    FolderGone {
        /// Where it was.
        path: PathBuf,
    },
    /// Signals cannot be waited for.
    #[error("signals cannot be caught: {source}")]
    Signals {
        /// What the system said.
        source: std::io::Error,
    },
    /// The system gives no threads.
    #[error(
        "the system gives no more threads ({source}): leave it more with `ulimit -u` and `ulimit -v`, or end other programs"
    )]
    Threads {
        /// What the system said.
        source: std::io::Error,
    },
    /// A file or stream could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Data could not be read or fetched.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A network that cannot be made.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A model file that cannot be used.
    #[error(transparent)]
    ModelFile(#[from] ModelFileError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A plan, or what it names, cannot be used.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// An experiment cannot be run or reported.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// A trained network cannot be had.
    #[error(transparent)]
    Zoo(#[from] ZooError),
    /// A network cannot predict.
    #[error(transparent)]
    Infer(#[from] rectifier_infer::InferError),
    /// A network of another program's cannot be read, or one of ours not written for it.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// A measurement failed.
    #[error(transparent)]
    Bench(#[from] rectifier_bench::BenchError),
}

impl CliError {
    /// 2 for wrong use, 130 or 143 for a run that a signal stopped, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Network(_) | Self::Train(TrainError::Recipe { .. }) => 2,
            Self::Experiment(error) if is_no_sweep(error) => 2,
            Self::Data(error) if is_usage(error) => 2,
            Self::Zoo(ZooError::Unknown { .. } | ZooError::NoFolder { .. }) => 2,
            Self::Catalog(error) if is_misuse(error) => 2,
            Self::Exchange(ExchangeError::Shape { .. } | ExchangeError::Range { .. }) => 2,
            Self::Stopped { signal, .. } => u8::try_from(128 + signal).unwrap_or(1),
            _ => 1,
        }
    }

    /// A failure to read or write `path`.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }

    /// The whole message: what happened, what to do about it, how to go on.
    pub fn message(&self) -> String {
        let mut text = match self {
            Self::Stopped { .. } => self.to_string(),
            _ => format!("error: {self}"),
        };
        for cause in self.causes(&text) {
            text.push_str("\n  because: ");
            text.push_str(&cause);
        }
        if let Some(cure) = self.cure() {
            text.push_str("\n  ");
            text.push_str(cure);
        }
        if let Self::Interrupted { go_on, .. } = self {
            text.push_str("\n  what was saved is whole; go on with: ");
            text.push_str(go_on);
        }
        text
    }

    /// The causes behind the error that its own `text` does not tell, from the nearest to the first.
    fn causes(&self, text: &str) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut source = self.source();
        while let Some(cause) = source {
            let said = cause.to_string();
            if !text.contains(&said) && !causes.iter().any(|cause| cause.contains(&said)) {
                causes.push(said);
            }
            source = cause.source();
        }
        causes
    }

    /// What to do, if it was the system that failed.
    fn cure(&self) -> Option<&'static str> {
        let mut error: Option<&(dyn Error + 'static)> = Some(self);
        while let Some(cause) = error {
            if let Some(cure) = cause.downcast_ref().and_then(cure) {
                return Some(cure);
            }
            error = cause.source();
        }
        None
    }
}

/// Whether the request makes no sense, whatever the files are.
fn is_usage(error: &DataError) -> bool {
    matches!(
        error,
        DataError::Option { .. } | DataError::Plan { .. } | DataError::Memory { .. }
    )
}

fn is_misuse(error: &CatalogError) -> bool {
    match error {
        CatalogError::Data(error) => is_usage(error),
        CatalogError::Train(error) => matches!(error, TrainError::Recipe { .. }),
        CatalogError::File { source, .. } => is_misuse(source),
        CatalogError::Io { .. }
        | CatalogError::ModelFile(_)
        | CatalogError::NoModel { .. }
        | CatalogError::NoRun { .. }
        | CatalogError::Encoder { .. } => false,
        _ => true,
    }
}

/// Whether no sweep can be made of the request.
fn is_no_sweep(error: &ExperimentError) -> bool {
    match error {
        ExperimentError::Unknown { .. }
        | ExperimentError::NoJob
        | ExperimentError::NothingLeft { .. }
        | ExperimentError::Sweep { .. } => true,
        ExperimentError::Catalog(error) => is_misuse(error),
        ExperimentError::Data(error) => is_usage(error),
        ExperimentError::Train(error) => matches!(error, TrainError::Recipe { .. }),
        _ => false,
    }
}

/// What to do about an error of the system whose own text says only what it is.
fn cure(error: &std::io::Error) -> Option<&'static str> {
    #[cfg(unix)]
    if let Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE) =
        rustix::io::Errno::from_io_error(error)
    {
        return Some("too many files are open: allow more with `ulimit -n`");
    }
    Some(match error.kind() {
        ErrorKind::StorageFull => "the disk is full: free some space, or write to another one",
        ErrorKind::QuotaExceeded => {
            "your share of the disk is used up: remove something, or write to another disk"
        }
        ErrorKind::FileTooLarge => {
            "this shell limits the size of files: see `ulimit -f`, or make the network smaller"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "this disk takes nothing: write to another place with --out"
        }
        ErrorKind::PermissionDenied => "you may not do that there: name a place of your own",
        ErrorKind::NotFound => "is the name right?",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_its_cure_however_deep_it_lies() {
        let source = || std::io::Error::from(ErrorKind::StorageFull);
        let path = PathBuf::from("runs/a/model.safetensors");
        let deep = CliError::Interrupted {
            source: TrainError::ModelFile(ModelFileError::Io {
                path: path.clone(),
                source: source(),
            }),
            go_on: "rectifier train --resume runs/a".into(),
        };
        let text = deep.message();
        for part in [
            "runs/a/model.safetensors",
            "free some space",
            "--resume runs/a",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(
            CliError::io(&path, source())
                .message()
                .contains("free some space")
        );
        assert_eq!(deep.exit_code(), 1);
    }

    #[test]
    fn causes_that_are_not_told_yet_are_told_once_each() {
        #[derive(Debug, thiserror::Error)]
        #[error("the file of the plan cannot be used")]
        struct Outer(#[source] std::io::Error);
        let inner = std::io::Error::other(Outer(std::io::Error::other("a broken disk")));
        // `Io` tells its source itself.
        let text = CliError::io(Path::new("plan.json"), inner).message();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "error: plan.json: the file of the plan cannot be used",
                "  because: a broken disk"
            ]
        );
    }

    #[test]
    fn a_stopped_run_ends_as_its_signal_would_have() {
        let stopped = |signal| CliError::Stopped {
            signal,
            text: "stopped".into(),
        };
        assert_eq!(
            (stopped(2).exit_code(), stopped(15).exit_code()),
            (130, 143)
        );
        assert_eq!(stopped(2).message(), "stopped");
    }
}
