//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

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
    /// Tell the class of images.
    Predict(PredictArgs),
    /// List, fetch, check and show data sets.
    #[command(subcommand)]
    Data(DataCommand),
    /// List the networks known by name.
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Print or check a recipe.
    #[command(subcommand)]
    Recipe(RecipeCommand),
    /// List the devices that builds of this command can compute on.
    Devices,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Where data comes from.
#[derive(Debug, Clone, Default, Args)]
pub struct DataArgs {
    /// Data set: glyphs, mnist, nistp, or idx with --images and --labels [default: glyphs].
    #[arg(long, value_name = "SET")]
    pub data: Option<String>,
    /// Folder to look for data files in, before RECTIFIER_DATA and the cache.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Never fetch anything.
    #[arg(long)]
    pub offline: bool,
    /// Accept local data files whose checksum is not the known one.
    #[arg(long)]
    pub allow_unknown_data: bool,
    /// IDX file of images, for --data idx.
    #[arg(long, value_name = "FILE")]
    pub images: Option<PathBuf>,
    /// IDX file of labels, for --data idx.
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// IDX file of test images, for --data idx.
    #[arg(long, value_name = "FILE")]
    pub test_images: Option<PathBuf>,
    /// IDX file of test labels, for --data idx.
    #[arg(long, value_name = "FILE")]
    pub test_labels: Option<PathBuf>,
    /// Training examples to generate, for --data glyphs; fresh ones for each epoch, for --data nistp.
    #[arg(long, value_name = "N")]
    pub examples: Option<usize>,
    /// Seed of the generated examples, for --data glyphs and nistp.
    #[arg(long, value_name = "SEED")]
    pub data_seed: Option<u64>,
    /// Which distortions, for --data nistp: nistp, or p07 with noise [default: nistp].
    #[arg(long, value_name = "NAME", value_enum)]
    pub variant: Option<VariantName>,
    /// Highest complexity of the distortions, 0 to 1, for --data nistp [default: 0.7].
    #[arg(long, value_name = "C")]
    pub complexity: Option<f32>,
}

/// Which distortions of NISTP.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum VariantName {
    /// The five of the paper's set.
    Nistp,
    /// The fourteen of the harder set.
    P07,
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
    /// Units of each hidden layer, such as 1000,1000,1000; `none` for no hidden layer.
    #[arg(long, value_name = "N,N,..")]
    pub hidden: Option<String>,
    /// Flip the sign of half of the units' outputs.
    #[arg(long)]
    pub flips: bool,
    /// Set activations not above this to 0.
    #[arg(long, value_name = "T")]
    pub threshold: Option<f64>,
    /// L1 penalty on activations in fine-tuning (sum over units, mean over examples): one number, or one a layer.
    #[arg(long, value_name = "L1")]
    pub l1: Option<String>,
    /// Pre-train every hidden layer as a denoising autoencoder first.
    #[arg(long)]
    pub pretrain: bool,
    /// Epochs of pre-training a layer [default: 10].
    #[arg(long, value_name = "N", requires = "pretrain")]
    pub pretrain_epochs: Option<usize>,
    /// Learning rate of pre-training [default: 0.01].
    #[arg(long, value_name = "RATE", requires = "pretrain")]
    pub pretrain_lr: Option<f64>,
    /// L1 penalty on activations in pre-training [default: 0].
    #[arg(long, value_name = "L1", requires = "pretrain")]
    pub pretrain_l1: Option<f64>,
    /// Share of inputs set to 0 in pre-training [default: 0.25].
    #[arg(long, value_name = "SHARE", requires = "pretrain")]
    pub noise: Option<f64>,
    /// How pre-training rebuilds a layer's input [default: softplus].
    #[arg(long, value_name = "STRATEGY", requires = "pretrain")]
    pub reconstruction: Option<Strategy>,
    /// Epochs of fine-tuning.
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// Examples a step.
    #[arg(long, value_name = "N")]
    pub batch: Option<usize>,
    /// Learning rate of fine-tuning [default: 0.1].
    #[arg(long, value_name = "RATE")]
    pub lr: Option<f64>,
    /// Optimizer of fine-tuning [default: sgd].
    #[arg(long, value_name = "NAME")]
    pub optimizer: Option<OptimizerName>,
    /// Stop after so many epochs without a better validation error.
    #[arg(long, value_name = "N")]
    pub patience: Option<usize>,
    /// Seed of weights, order and noise [default: 1].
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
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
    /// Folder of the run [default: runs/ and a name with a number].
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub out: Option<PathBuf>,
    /// Go on with the run in this folder.
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "data", "recipe", "network", "hidden", "flips", "threshold", "l1", "pretrain", "epochs", "batch", "lr",
        "optimizer", "patience", "seed", "images", "labels", "test_images", "test_labels", "examples", "data_seed",
        "variant", "complexity"])]
    pub resume: Option<PathBuf>,
    /// Say nothing but the result.
    #[arg(long)]
    pub quiet: bool,
    /// End with one line of JSON instead of text.
    #[arg(long)]
    pub json: bool,
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

/// Options of `predict`.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// A run folder or a model file.
    pub model: PathBuf,
    /// Images: PNG, or raw bytes (one a pixel) or raw little-endian f32, of the size the network was trained on.
    #[arg(required = true)]
    pub images: Vec<PathBuf>,
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
    /// Check the files and the content of a data set.
    Check {
        /// The data set.
        set: String,
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
