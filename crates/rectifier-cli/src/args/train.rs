//! Options of training.

use super::DataArgs;
use super::number;
use clap::{Arg, Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// How a layer is rebuilt in pre-training.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Strategy {
    /// 1: softplus output, squared error (best on images).
    Softplus,
    /// 2: logistic output, cross-entropy, activations scaled to 0 to 1 (best on text).
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

/// What does the arithmetic of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// CPU kernels that skip true zeros: dense stacks, any optimizer but Adam.
    Sparse,
    /// Burn's autodiff and optimizers, on any device.
    Burn,
}

impl From<EngineName> for rectifier_catalog::EngineName {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Sparse => Self::Sparse,
            EngineName::Burn => Self::Burn,
        }
    }
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
    /// Network: a name that `models kinds` prints [default: rectifier].
    #[arg(long, value_name = "NAME")]
    pub network: Option<String>,
    /// Units of each hidden layer, such as 1000,1000,1000; `none` for no hidden layer [default: 1000,1000,1000; on text
    /// 500].
    #[arg(long, value_name = "N,N,..", allow_hyphen_values = true)]
    pub hidden: Option<String>,
    /// Flip the sign of half of the units' outputs.
    #[arg(long)]
    pub flips: bool,
    /// Set activations not above this to 0.
    #[arg(long, value_name = "T", value_parser = number::real)]
    pub threshold: Option<f64>,
    /// L1 penalty on activations in fine-tuning (sum over units, mean over examples): one number, or one a layer. On MNIST
    /// 2e-5 to 5e-5 gives the paper's 83% zeros at no loss, 1e-3 costs a point [default: 0].
    #[arg(long, value_name = "L1", allow_hyphen_values = true)]
    pub l1: Option<String>,
    /// Use the labels of this share of the training examples, the same share of each class; pre-training sees all
    /// examples [default: 1].
    #[arg(long, value_name = "SHARE", value_parser = number::real)]
    pub label_fraction: Option<f64>,
    /// Pre-train every hidden layer as a denoising autoencoder first.
    #[arg(long)]
    pub pretrain: bool,
    /// Epochs of pre-training a layer [default: 10].
    #[arg(
        long,
        value_name = "N",
        requires = "pretrain",
        value_parser = number::epochs
    )]
    pub pretrain_epochs: Option<usize>,
    /// Learning rate of pre-training [default: 0.01; on text 0.005 for layer 1, 0.001 above].
    #[arg(long, value_name = "RATE", requires = "pretrain", value_parser = number::real)]
    pub pretrain_lr: Option<f64>,
    /// L1 penalty on activations in pre-training [default: 0].
    #[arg(long, value_name = "L1", requires = "pretrain", value_parser = number::real)]
    pub pretrain_l1: Option<f64>,
    /// Share of inputs set to 0 in pre-training [default: 0.25; on text 0.8 for layer 1, with 0.005 set to 1, then 0.5
    /// and 0.3].
    #[arg(long, value_name = "SHARE", requires = "pretrain", value_parser = number::real)]
    pub noise: Option<f64>,
    /// How pre-training rebuilds a layer's input [default: softplus; on text cross-entropy].
    #[arg(long, value_name = "STRATEGY", requires = "pretrain")]
    pub reconstruction: Option<Strategy>,
    /// Epochs of fine-tuning.
    #[arg(long, value_name = "N", value_parser = number::epochs)]
    pub epochs: Option<usize>,
    /// Examples a step.
    #[arg(long, value_name = "N", value_parser = number::examples)]
    pub batch: Option<usize>,
    /// Learning rate of fine-tuning [default: 0.1; on text 0.05].
    #[arg(long, value_name = "RATE", value_parser = number::real)]
    pub lr: Option<f64>,
    /// Optimizer of fine-tuning [default: sgd].
    #[arg(long, value_name = "NAME")]
    pub optimizer: Option<OptimizerName>,
    /// Stop after so many epochs without a better validation error [default: never; on text 4].
    #[arg(long, value_name = "N", value_parser = number::epochs)]
    pub patience: Option<usize>,
    /// Seed of weights, order and noise [default: 1].
    #[arg(long, value_name = "SEED", value_parser = number::seed)]
    pub seed: Option<u64>,
}

/// Options of `train`.
#[derive(Debug, Args)]
#[command(mut_args = beside_resume)]
pub struct TrainArgs {
    /// What to train on what, and how.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Device to compute on, such as flex or cuda:1; cuda:0,1 splits every batch between two [default: the first of
    /// `rectifier devices`].
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// What does the arithmetic [default: sparse where it can, else burn].
    #[arg(long, value_enum)]
    pub engine: Option<EngineName>,
    /// Threads of the sparse engine [default: one a core].
    #[arg(long, value_name = "N", value_parser = number::threads)]
    pub threads: Option<usize>,
    /// Folder of the run [default: runs/ and a name with a number].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with the run in this folder, as it was begun.
    #[arg(long, value_name = "RUN")]
    pub resume: Option<PathBuf>,
    /// Longest time from one checkpoint to the next, in seconds [default: 60].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub checkpoint_every: Option<Duration>,
    /// Steps from one reading of loss, error and zeros to the next; 1 writes down every step [default: 50 readings
    /// an epoch, in about 20,000 rows at the most].
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

/// What a run that goes on is told anew, by the names of the fields: where it computes and finds its data, and what is said
/// of it. An engine, threads or readings that are not those of the run are refused there.
pub(super) const WITH_RESUME: [&str; 12] = [
    "resume",
    "data_dir",
    "offline",
    "allow_unknown_data",
    "device",
    "engine",
    "threads",
    "checkpoint_every",
    "measure_every",
    "plain",
    "quiet",
    "json",
];

/// All else is in the folder of the run. Said of every option by itself: groups of flattened structs are empty.
fn beside_resume(arg: Arg) -> Arg {
    match WITH_RESUME.contains(&arg.get_id().as_str()) {
        true => arg,
        false => arg.conflicts_with("resume"),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write seconds above 0, such as 60 or 0.5");
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(wrong()),
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!(
            "`{text}` is no number of steps: it must be at least 1"
        )),
        Ok(steps) => Ok(steps),
    }
}
