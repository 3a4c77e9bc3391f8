//! The command line.

mod data;

pub use data::{DataArgs, PlaceArgs, VariantName};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use rectifier_lab::Sweep;
use std::path::PathBuf;
use std::time::Duration;

/// Train, measure and use deep sparse rectifier networks.
#[derive(Debug, Parser)]
#[command(name = "rectifier", version, about, arg_required_else_help = true)]
pub struct Cli {
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
    /// List the networks known by name.
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Print or check a recipe.
    #[command(subcommand)]
    Recipe(RecipeCommand),
    /// Time engines and devices side by side on the paper's shapes.
    Bench(BenchArgs),
    /// Keep records of runs, and make tables of them.
    #[command(subcommand)]
    Results(ResultsCommand),
    /// List the devices that builds of this command can compute on.
    Devices,
    /// Look over versions, devices, data and disk, and train for a moment to see that it works.
    Doctor(DoctorArgs),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// How a layer is rebuilt in pre-training.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Strategy {
    /// 1: softplus output, squared error (best on images).
    Softplus,
    /// 2: logistic output, cross-entropy, activations scaled into [0,1] (best on text).
    CrossEntropy,
    /// 3: linear output, squared error.
    Linear,
    /// 3, rebuilding the pre-activations of the layer below.
    LinearBefore,
    /// 4: rectifier output, squared error.
    Rectifier,
}

/// What makes a step of a gradient.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum OptimizerName {
    /// Plain stochastic gradient descent, as in the paper.
    Sgd,
    /// With momentum 0.9.
    Momentum,
    /// Adam.
    Adam,
}

/// Options of `train` and `recipe`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Where the data comes from.
    #[command(flatten)]
    pub data: DataArgs,
    /// A recipe file; options given beside it change it.
    #[arg(long, value_name = "FILE")]
    pub recipe: Option<PathBuf>,
    /// Network: a name that `models list` prints [default: rectifier].
    #[arg(long, value_name = "NAME")]
    pub network: Option<String>,
    /// Units of each hidden layer, such as 1000,1000,1000; `none` for no hidden layer [default: 1000,1000,1000; on text
    /// 500].
    #[arg(long, value_name = "N,N,..")]
    pub hidden: Option<String>,
    /// Flip the sign of half of the units' outputs.
    #[arg(long)]
    pub flips: bool,
    /// Set activations not above this to 0.
    #[arg(long, value_name = "T")]
    pub threshold: Option<f64>,
    /// L1 penalty on activations in fine-tuning (sum over units, mean over examples): one number, or one a layer. On MNIST
    /// 2e-5 to 5e-5 gives the paper's 83% zeros at no loss, 1e-3 costs a point [default: 0].
    #[arg(long, value_name = "L1")]
    pub l1: Option<String>,
    /// Use the labels of this share of the training examples, the same share of each class; pre-training sees all
    /// examples [default: 1].
    #[arg(long, value_name = "SHARE")]
    pub label_fraction: Option<f64>,
    /// Pre-train every hidden layer as a denoising autoencoder first.
    #[arg(long)]
    pub pretrain: bool,
    /// Epochs of pre-training a layer [default: 10].
    #[arg(long, value_name = "N", requires = "pretrain")]
    pub pretrain_epochs: Option<usize>,
    /// Learning rate of pre-training [default: 0.01; on text 0.005 for layer 1, 0.001 above].
    #[arg(long, value_name = "RATE", requires = "pretrain")]
    pub pretrain_lr: Option<f64>,
    /// L1 penalty on activations in pre-training [default: 0].
    #[arg(long, value_name = "L1", requires = "pretrain")]
    pub pretrain_l1: Option<f64>,
    /// Share of inputs set to 0 in pre-training [default: 0.25; on text 0.8 for layer 1, with 0.005 set to 1, then 0.5
    /// and 0.3].
    #[arg(long, value_name = "SHARE", requires = "pretrain")]
    pub noise: Option<f64>,
    /// How pre-training rebuilds a layer's input [default: softplus; on text cross-entropy].
    #[arg(long, value_name = "STRATEGY", requires = "pretrain")]
    pub reconstruction: Option<Strategy>,
    /// Epochs of fine-tuning.
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// Examples a step.
    #[arg(long, value_name = "N")]
    pub batch: Option<usize>,
    /// Learning rate of fine-tuning [default: 0.1; on text 0.05].
    #[arg(long, value_name = "RATE")]
    pub lr: Option<f64>,
    /// Optimizer of fine-tuning [default: sgd].
    #[arg(long, value_name = "NAME")]
    pub optimizer: Option<OptimizerName>,
    /// Stop after so many epochs without a better validation error [default: never; on text 4].
    #[arg(long, value_name = "N")]
    pub patience: Option<usize>,
    /// Seed of weights, order and noise [default: 1].
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
}

/// What does the arithmetic of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// CPU kernels that skip true zeros: dense stacks, plain descent.
    Sparse,
    /// Burn's autodiff and optimizers, on any device.
    Burn,
}

/// Options of `train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// What to train on what, and how.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Device to compute on, such as flex or cuda:1 [default: the first of `rectifier devices`].
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// What does the arithmetic [default: sparse where it can, else burn].
    #[arg(long, value_enum)]
    pub engine: Option<EngineName>,
    /// Threads of the sparse engine [default: one a core].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Folder of the run [default: runs/ and a name with a number].
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub out: Option<PathBuf>,
    /// Go on with the run in this folder.
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "data", "recipe", "network", "hidden", "flips", "threshold", "l1", "pretrain", "label_fraction", "epochs", "batch", "lr",
        "optimizer", "patience", "seed", "images", "labels", "test_images", "test_labels", "examples", "data_seed",
        "fold", "words", "product", "file", "text_column", "stars_column", "encoding", "variant", "complexity"])]
    pub resume: Option<PathBuf>,
    /// Longest time from one checkpoint to the next, in seconds [default: 60].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub checkpoint_every: Option<Duration>,
    /// Steps from one reading of loss, error and zeros to the next; 1 writes down every step [default: 50 readings
    /// an epoch].
    #[arg(long, value_name = "STEPS", value_parser = at_least_one)]
    pub measure_every: Option<usize>,
    /// One line an epoch in a terminal too, instead of the dashboard.
    #[arg(long)]
    pub plain: bool,
    /// Say nothing but the result.
    #[arg(long)]
    pub quiet: bool,
    /// End with one line of JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Kinds of records of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RecordKind {
    /// Runs that stand for themselves.
    Runs,
    /// Runs that differ in their penalty.
    Penalty,
}

impl RecordKind {
    /// Its folder.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Penalty => "penalty",
        }
    }
}

/// What to do with records.
#[derive(Debug, Subcommand)]
pub enum ResultsCommand {
    /// Keep what a finished run wrote down, without its weights.
    Add {
        /// The run folder.
        run: PathBuf,
        /// What the record is called; runs called NAME-1, NAME-2, .. are seeds of one.
        name: String,
        /// Which records: runs, or penalty for the study of penalties.
        #[arg(long, value_name = "KIND", default_value = "runs")]
        kind: RecordKind,
        /// The folder of records.
        #[arg(long, value_name = "DIR", default_value = "results")]
        folder: PathBuf,
    },
    /// Keep what another program printed of the same training: a JSON object an epoch with valid_error, test_error, zeros
    /// and seconds.
    AddPeer {
        /// What it printed.
        log: PathBuf,
        /// The record of ours that it stands beside, such as mnist-1.
        beside: String,
        /// What the program is called.
        program: String,
        /// The folder of records.
        #[arg(long, value_name = "DIR", default_value = "results")]
        folder: PathBuf,
    },
    /// Print the tables, or write them into a page between its marks.
    Table {
        /// The folder of records.
        #[arg(long, value_name = "DIR", default_value = "results")]
        folder: PathBuf,
        /// A page with the marks `<!-- NAME -->` and `<!-- /NAME -->` for runs, training, bench, thresholds and penalty.
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
    /// Draw what was measured, beside its records.
    Plot {
        /// The folder of records.
        #[arg(long, value_name = "DIR", default_value = "results")]
        folder: PathBuf,
    },
}

/// Options of `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Works whose name contains this: train, pretrain, infer, 5000, ...
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub only: String,
    /// Examples a step.
    #[arg(
        long,
        value_name = "N,N,..",
        value_delimiter = ',',
        default_value = "1,10,128,256,1024"
    )]
    pub batch: Vec<usize>,
    /// Seconds a contender, a work and a round.
    #[arg(long, value_name = "S", default_value_t = 0.5)]
    pub seconds: f64,
    /// Rounds: in each, every contender does every work in turn.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub rounds: usize,
    /// Engines to leave out.
    #[arg(long, value_name = "ENGINE", value_enum)]
    pub without: Vec<EngineName>,
    /// A program that prints the same JSON lines, run once a round; a .py file is run by `python3`.
    #[arg(long, value_name = "SCRIPT")]
    pub peer: Vec<String>,
    /// How the cost of a training step grows instead, beside its bound: width, depth, zeros, threads, examples.
    #[arg(
        long,
        value_name = "WHAT,..",
        value_delimiter = ',',
        value_parser = sweep,
        conflicts_with_all = ["only", "batch", "peer"]
    )]
    pub growth: Vec<Sweep>,
    /// Let nothing grow past this.
    #[arg(long, value_name = "N", requires = "growth")]
    pub max: Option<f64>,
    /// Device of Burn's engine.
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// Threads of the sparse engine, with --growth of Burn's too [default: one a core].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Folder for records, CSV and plots; what was there under the same names is replaced.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// One line of JSON a row instead of a table.
    #[arg(long)]
    pub json: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write seconds above 0, such as 60 or 0.5");
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(wrong()),
    }
}

fn sweep(text: &str) -> Result<Sweep, String> {
    let found = Sweep::ALL.into_iter().find(|sweep| sweep.name() == text);
    found.ok_or_else(|| {
        let names = Sweep::ALL.map(Sweep::name);
        format!("`{text}` is none of {}", names.join(", "))
    })
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!(
            "`{text}` is no number of steps: it must be at least 1"
        )),
        Ok(steps) => Ok(steps),
    }
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

/// Options of `eval`.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// A run folder or a model file.
    pub model: PathBuf,
    /// Where the data comes from; what it was trained on if not given.
    #[command(flatten)]
    pub data: DataArgs,
    /// Set activations not above this to 0.
    #[arg(long, value_name = "T")]
    pub threshold: Option<f64>,
    /// Device to compute on.
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
        default_value = "0.05,0.1,0.15,0.2,0.3,0.4,0.5"
    )]
    pub thresholds: Vec<f64>,
    /// How much worse the validation error may become: a share of examples, or an RMSE.
    #[arg(long, value_name = "SHARE", default_value_t = 0.001)]
    pub tolerance: f64,
    /// Seconds a setting and a round of timing.
    #[arg(long, value_name = "S", default_value_t = 0.2)]
    pub seconds: f64,
    /// Rounds of timing: in each, every setting takes its turn.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub rounds: usize,
    /// Threads of the predictor [default: one a core].
    #[arg(long, value_name = "N")]
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
    /// A run folder or a model file.
    pub model: PathBuf,
    /// Images: PNG, or raw bytes (one a pixel) or raw little-endian f32, of the size the network was trained on.
    #[arg(required_unless_present = "text")]
    pub images: Vec<PathBuf>,
    /// A text, for a network trained on reviews; may be given more than once.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["images", "invert"])]
    pub text: Vec<String>,
    /// How many of a text's words to name, those that weighed most: without which the prediction loses most.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub words: usize,
    /// Turn dark ink on light paper into the light ink on dark ground that the data sets have.
    #[arg(long)]
    pub invert: bool,
    /// How many classes to name.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub top: usize,
    /// Device to compute on.
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// One line of JSON an image.
    #[arg(long)]
    pub json: bool,
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
        data: DataArgs,
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
        /// The data set; every one that is on this machine if not given.
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
        #[arg(long, value_name = "N", default_value_t = 248)]
        count: usize,
        /// Examples a row.
        #[arg(long, value_name = "N", default_value_t = 31)]
        columns: usize,
        /// Pixels a pixel.
        #[arg(long, value_name = "N", default_value_t = 1)]
        scale: usize,
        /// Colours as grey.
        #[arg(long)]
        grey: bool,
        /// Which part.
        #[arg(long, value_enum, default_value_t = PartName::Train)]
        part: PartName,
        /// Show each distortion alone instead, a row each, at complexities 0, 0.25, 0.5 and 0.7, for nistp.
        #[arg(long, conflicts_with_all = ["count", "columns"])]
        distortions: bool,
        /// Where to look.
        #[command(flatten)]
        data: DataArgs,
    },
}

/// What to do with models.
#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// List the networks that `--network` takes.
    List {
        /// One line of JSON a network.
        #[arg(long)]
        json: bool,
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
