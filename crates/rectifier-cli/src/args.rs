//! The command line.

mod bench;
mod data;
mod experiment;
mod models;
mod number;
mod results;
mod train;

pub use bench::{BenchArgs, CandidateName};
pub use data::{DataArgs, PlaceArgs};
pub use experiment::{ExperimentCommand, RunArgs as ExperimentRunArgs};
pub use models::{ExportArgs, ExportFormat, MakeArgs, ModelsCommand, VerifyArgs, ZooArgs};
pub use results::ResultsCommand;
pub use train::{OptimizerName, PlanArgs, Strategy, TrainArgs};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// The command line. `-1` behind an option is its value, which is refused in words, and no option that does not exist.
pub fn command() -> clap::Command {
    with_negative_numbers(Cli::command())
}

fn with_negative_numbers(command: clap::Command) -> clap::Command {
    let allowed = |arg: clap::Arg| match arg.get_action().takes_values() && !arg.is_positional() {
        // `-1,2` is no number to clap.
        true if arg.get_value_delimiter().is_some() => arg.allow_hyphen_values(true),
        true => arg.allow_negative_numbers(true),
        false => arg,
    };
    let command = command.mut_args(allowed);
    command.mut_subcommands(with_negative_numbers)
}

/// Train, measure and use deep sparse rectifier networks.
#[derive(Debug, Parser)]
#[command(name = "rectifier", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// Tell on standard error what is found, chosen, fetched and saved; twice, in detail.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a network; without options, three layers of 1000 rectifiers on the embedded characters.
    Train(Box<TrainArgs>),
    /// Measure the error and the zeros of a trained network.
    Eval(EvalArgs),
    /// Cut a trained network's weak activations off: zeros, error and speed at several thresholds, and the one to take.
    Thresholds(ThresholdArgs),
    /// Tell the class of images, or the stars of texts.
    Predict(PredictArgs),
    /// Make a run's report.html again, or compare several runs on one page.
    Report(ReportArgs),
    /// List, fetch, check and show data sets.
    #[command(subcommand)]
    Data(DataCommand),
    /// Trained networks by name: list, show, fetch, export and verify them; read those of other programs.
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Print or check a recipe.
    #[command(subcommand)]
    Recipe(RecipeCommand),
    /// Time engines and devices side by side on the paper's shapes.
    Bench(BenchArgs),
    /// Run the paper's experiments, or a sweep of your own, and make tables, figures and pages of them.
    #[command(subcommand)]
    Experiment(ExperimentCommand),
    /// Keep records of runs, and make tables of them.
    #[command(subcommand)]
    Results(ResultsCommand),
    /// List the devices that builds of this command can compute on.
    Devices,
    /// Let another machine compute on a device of this one: unencrypted, for networks that you trust.
    #[cfg(feature = "remote")]
    ServeDevice(ServeDeviceArgs),
    /// Look over versions, devices, data and disk, and train for a moment to see that it works.
    Doctor(DoctorArgs),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Options of `serve-device`. The word in RECTIFIER_DEVICE_TOKEN is asked of every client, where it is set.
#[cfg(feature = "remote")]
#[derive(Debug, Args)]
pub struct ServeDeviceArgs {
    /// The device [the first of this build].
    #[arg(long)]
    pub device: Option<String>,
    /// Where to listen; port 0 takes a free one. Addresses that other machines reach need RECTIFIER_DEVICE_TOKEN.
    #[arg(long, default_value = "127.0.0.1:3721")]
    pub listen: std::net::SocketAddr,
}

/// Which part of a data set.
#[derive(Debug, Clone, Copy, ValueEnum, PartialEq, Eq)]
pub enum PartName {
    /// The training part.
    Train,
    /// The validation part.
    Valid,
    /// The test part.
    Test,
}

impl From<PartName> for rectifier_data::PartName {
    fn from(name: PartName) -> Self {
        match name {
            PartName::Train => Self::Train,
            PartName::Valid => Self::Valid,
            PartName::Test => Self::Test,
        }
    }
}

/// Options of `eval`.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// A run folder, a model file, or a trained network's name.
    pub model: PathBuf,
    /// Where the data comes from; what it was trained on if not given.
    #[command(flatten)]
    pub data: DataArgs,
    /// Set activations not above this to 0.
    #[arg(long, value_name = "T", value_parser = number::real)]
    pub threshold: Option<f64>,
    /// Device to compute on. Without one, a model in int8 computes in its integers; with one, in what they stand for.
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// Say nothing but the result.
    #[arg(long)]
    pub quiet: bool,
    /// End with one line of JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Options of `thresholds`.
#[derive(Debug, Args)]
pub struct ThresholdArgs {
    /// A run folder or a model file.
    pub model: PathBuf,
    /// Where the data comes from; what it was trained on if not given.
    #[command(flatten)]
    pub data: DataArgs,
    /// Thresholds to try beside 0.
    #[arg(
        long,
        value_name = "T,T,..",
        value_delimiter = ',',
        value_parser = number::real,
        default_value = "0.05,0.1,0.15,0.2,0.3,0.4,0.5"
    )]
    pub thresholds: Vec<f64>,
    /// How much worse the validation error may become: a share of examples, or an RMSE.
    #[arg(long, value_name = "SHARE", default_value_t = 0.001, value_parser = number::at_least_0)]
    pub tolerance: f64,
    /// Seconds a setting and a round of timing.
    #[arg(long, value_name = "S", default_value_t = 0.2, value_parser = number::seconds)]
    pub seconds: f64,
    /// Rounds of timing: in each, every setting takes its turn.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = number::rounds)]
    pub rounds: usize,
    /// Threads of the predictor [default: one a core].
    #[arg(long, value_name = "N", value_parser = number::threads)]
    pub threads: Option<usize>,
    /// Write the record to this file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the network with the chosen threshold to this file.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Say nothing but the result.
    #[arg(long)]
    pub quiet: bool,
    /// End with one line of JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Options of `predict`.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// A run folder, a model file, or a trained network's name.
    pub model: PathBuf,
    /// What to tell the class of, in the form that training took: PNG or JPEG pictures of any size, tables, svmlight rows,
    /// texts; or the network's own numbers, one byte each (.raw) or little-endian f32 (.f32).
    #[arg(required_unless_present = "text", value_name = "FILE")]
    pub inputs: Vec<PathBuf>,
    /// A text, for a network trained on reviews; may be given more than once.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["inputs", "invert", "csv"])]
    pub text: Vec<String>,
    /// How many of a text's words to name, those that weighed most: without which the prediction loses most.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = number::words, conflicts_with = "inputs")]
    pub words: usize,
    /// Turn dark ink on light paper into the light ink on dark ground that the data sets have.
    #[arg(long)]
    pub invert: bool,
    /// How many classes to name.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = number::some("classes"), conflicts_with = "csv")]
    pub top: usize,
    /// Device to compute on. Without one, a model in int8 computes in its integers; with one, in what they stand for.
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// One line of JSON an example.
    #[arg(long)]
    pub json: bool,
    /// Write a table of all examples instead: the class, its probability, and that of every other class.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub csv: Option<PathBuf>,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Test this device alone; every device of this build if not given.
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// Folder to look for data files in, before RECTIFIER_DATA and the cache.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// One line of JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Options of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Run folders; several are set side by side.
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// The page to write [default: report.html in the folder of a single run, comparison.html here for several].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Where data files are.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Device to compute on.
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// Say nothing but the page's name.
    #[arg(long)]
    pub quiet: bool,
}

/// What to do with data sets.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// List the data sets with sizes, licence and where they are.
    List {
        /// One line of JSON a set.
        #[arg(long)]
        json: bool,
        /// Where to look.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Fetch a data set into the cache, checking every byte.
    Fetch {
        /// The data set.
        set: String,
        /// Where to look first.
        #[command(flatten)]
        data: DataArgs,
    },
    /// Check the files, sizes, labels and numbers of a data set.
    Check {
        /// The data set; every one that is on this machine if neither it nor its files are given.
        set: Option<String>,
        /// Where to look.
        #[command(flatten)]
        data: DataArgs,
    },
    /// Write a contact sheet of examples as PNG.
    Preview {
        /// The data set.
        set: String,
        /// The file to write [default: SET.png].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// How many examples.
        #[arg(long, value_name = "N", default_value_t = 248, value_parser = number::some("examples"))]
        count: usize,
        /// Examples a row.
        #[arg(long, value_name = "N", default_value_t = 31, value_parser = number::some("columns"))]
        columns: usize,
        /// Pixels a pixel.
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = number::some("pixels"))]
        scale: usize,
        /// Draw colours as grey.
        #[arg(long)]
        as_grey: bool,
        /// Which part.
        #[arg(long, value_enum, default_value_t = PartName::Train)]
        part: PartName,
        /// Show each distortion alone instead, a row each, at complexities 0, 0.25, 0.5 and 0.7, for nistp.
        #[arg(long, conflicts_with_all = ["count", "columns", "as_grey"])]
        distortions: bool,
        /// Where to look.
        #[command(flatten)]
        data: DataArgs,
    },
}

/// What to do with recipes.
#[derive(Debug, Subcommand)]
pub enum RecipeCommand {
    /// Print the recipe that `train` with the same options would follow.
    Show(Box<PlanArgs>),
    /// Check a recipe file.
    Check {
        /// The file.
        file: PathBuf,
    },
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use clap::error::{ContextKind, ErrorKind};
    use clap::{Arg, Command};
    use std::any::TypeId;

    /// Every command that does something, with the words that lead to it.
    fn leaves(command: &Command, words: &[&str], all: &mut Vec<(Vec<String>, Command)>) {
        let words = [words, &[command.get_name()]].concat();
        if !command.has_subcommands() {
            let words = words.iter().map(|word| word.to_string()).collect();
            all.push((words, command.clone()));
        }
        for inner in command.get_subcommands() {
            leaves(inner, &words, all);
        }
    }

    fn all() -> Vec<(Vec<String>, Command)> {
        let mut found = Vec::new();
        leaves(&command(), &[], &mut found);
        assert!(found.len() > 20);
        found
    }

    /// `--name`, and a value that its parser takes.
    fn given(arg: &Arg) -> Vec<String> {
        let option = format!("--{}", arg.get_long().unwrap());
        if !arg.get_action().takes_values() {
            return vec![option];
        }
        let words = arg.get_possible_values();
        let words = words.iter().map(|word| word.get_name().to_string());
        let taken = words.chain(["1".into(), "0.5".into()]).find(|value| {
            let alone = Command::new("alone")
                .arg(Arg::new("x").value_parser(arg.get_value_parser().clone()));
            alone.try_get_matches_from(["alone", value]).is_ok()
        });
        vec![option, taken.unwrap()]
    }

    #[test]
    fn a_run_that_goes_on_is_told_nothing_that_would_not_be_heard() {
        let all = all();
        let (_, train) = all
            .iter()
            .find(|(words, _)| words[1..] == ["train"])
            .unwrap();
        let mut refused = 0;
        for arg in train.get_arguments().filter(|arg| arg.get_id() != "resume") {
            let mut line: Vec<String> = ["rectifier", "train", "--resume", "run"]
                .map(String::from)
                .into();
            line.extend(given(arg));
            let option = format!("--{}", arg.get_long().unwrap());
            match command().try_get_matches_from(&line) {
                Ok(_) => assert!(
                    train::WITH_RESUME.contains(&arg.get_id().as_str()),
                    "{line:?} is not heard"
                ),
                Err(error) => {
                    let text = error.to_string();
                    assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{text}");
                    assert!(
                        text.contains(&option) && text.contains("--resume <RUN>"),
                        "{text}"
                    );
                    assert!(
                        text.lines().filter(|line| line.contains("--")).count() <= 3,
                        "{text}"
                    );
                    refused += 1;
                }
            }
        }
        assert!(refused > 40, "{refused}");
    }

    #[test]
    fn a_number_below_0_is_a_value_of_every_option_that_takes_a_number() {
        let number = |arg: &Arg| {
            let parsed = arg.get_value_parser().type_id();
            [
                TypeId::of::<f64>(),
                TypeId::of::<f32>(),
                TypeId::of::<usize>(),
                TypeId::of::<u64>(),
                TypeId::of::<std::time::Duration>(),
            ]
            .iter()
            .any(|known| parsed == *known)
        };
        let mut numbers = 0;
        for (words, command) in all() {
            let valued = |arg: &&Arg| arg.get_action().takes_values() && !arg.is_positional();
            for arg in command.get_arguments().filter(valued) {
                numbers += usize::from(number(arg));
                let option = format!("--{}", arg.get_long().unwrap());
                let line: Vec<String> =
                    words.iter().cloned().chain([option, "-1".into()]).collect();
                let Err(error) = super::command().try_get_matches_from(&line) else {
                    continue;
                };
                let text = error.to_string();
                assert!(
                    error.get(ContextKind::Suggested).is_none(),
                    "{line:?}: {text}"
                );
                assert!(
                    error.kind() != ErrorKind::UnknownArgument,
                    "{line:?}: {text}"
                );
            }
        }
        assert!(numbers > 30, "{numbers}");
    }
}
