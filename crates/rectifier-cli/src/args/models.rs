//! Options of `models`.

use super::{DataArgs, PlaceArgs};
use crate::models::ImportArgs;
use clap::{Args, Subcommand, ValueEnum};
use rectifier_nn::Precision;
use std::path::PathBuf;

/// What to do with trained networks.
#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// List trained networks with their errors, and where their weights are.
    List {
        /// Those whose name fits alone; `*` stands for any text: 'mnist/*'.
        #[arg(default_value = "*")]
        pattern: String,
        /// One line of JSON a network.
        #[arg(long)]
        json: bool,
        /// Where weights are.
        #[command(flatten)]
        zoo: ZooArgs,
    },
    /// List the kinds of networks that `--network` takes.
    Kinds {
        /// One line of JSON a kind.
        #[arg(long)]
        json: bool,
    },
    /// Tell all that is known of a trained network.
    Show {
        /// Its name.
        name: String,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
        /// Where weights are.
        #[command(flatten)]
        zoo: ZooArgs,
    },
    /// Bring the weights of networks onto this machine, checking every byte, and tell where they are.
    Fetch {
        /// Names, patterns such as 'mnist/*', or `all`.
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        /// Where weights are.
        #[command(flatten)]
        zoo: ZooArgs,
        /// Whether to fetch.
        #[command(flatten)]
        net: OfflineArgs,
    },
    /// Write a network in another form.
    Export(Box<ExportArgs>),
    /// Make a model file of a network of PyTorch's or ONNX's; nothing in it is executed.
    Import(Box<ImportArgs>),
    /// Check files, load them on every backend of this build, and measure their errors again where the data is.
    Verify(Box<VerifyArgs>),
    /// Make the registry, and the files of its networks, from the weights and records that an experiment kept.
    Make(Box<MakeArgs>),
    /// Write a network's card, or all cards and the gallery, from the registry.
    Card {
        /// Its name, or `all`.
        name: String,
        /// The folder of models to write into.
        #[arg(long, value_name = "DIR", default_value = "models")]
        into: PathBuf,
        /// Another registry than the built-in one.
        #[arg(long, value_name = "FILE")]
        registry: Option<PathBuf>,
    },
}

/// Where trained networks are known and found.
#[derive(Debug, Clone, Default, Args)]
pub struct ZooArgs {
    /// Another registry than the built-in one; its files are looked for beside it, too.
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
    /// Folder of models to look into first [default: RECTIFIER_MODELS, or the checkout that this command was built in].
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// Address of a folder of models to fetch from [default: RECTIFIER_ZOO_URL].
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// Whether to fetch.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct OfflineArgs {
    /// Never fetch anything.
    #[arg(long)]
    pub offline: bool,
}

/// The form of a file. A new one is a variant here, and its writer in `models/export.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A model file as `rectifier train` writes it.
    Safetensors,
    /// The format of Burn's own `BurnpackStore`.
    Burnpack,
    /// The state dict of a torch.nn.Sequential, as safetensors.
    Pytorch,
    /// ONNX, from `input` to `logits`.
    Onnx,
}

/// What weights are kept as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PrecisionName {
    /// Single precision.
    F32,
    /// bfloat16, half of it.
    Bf16,
    /// Eight-bit integers, a quarter; for rectifiers.
    Int8,
}

impl From<PrecisionName> for Precision {
    fn from(name: PrecisionName) -> Self {
        match name {
            PrecisionName::F32 => Self::F32,
            PrecisionName::Bf16 => Self::Bf16,
            PrecisionName::Int8 => Self::Int8,
        }
    }
}

/// Options of `models export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A trained network's name, a model file, or a run folder.
    #[arg(value_name = "NAME|FILE")]
    pub model: String,
    /// The form of the file.
    #[arg(long, value_enum, default_value_t = ExportFormat::Safetensors)]
    pub format: ExportFormat,
    /// What weights are kept as [default: as they are; all but safetensors are always f32].
    #[arg(long, value_enum)]
    pub precision: Option<PrecisionName>,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Where weights are.
    #[command(flatten)]
    pub zoo: ZooArgs,
    /// The training data, which int8 chooses its scales by; what the network was trained on if not given.
    #[command(flatten)]
    pub data: DataArgs,
}

/// Options of `models verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Trained networks' names, patterns such as 'mnist/*', model files, or `all`.
    #[arg(required = true, value_name = "NAME|FILE")]
    pub asked: Vec<String>,
    /// Train each again from the plan in its own card, and compare the weights to the bit. How long that takes, its card says.
    #[arg(long)]
    pub retrain: bool,
    /// Train in this folder instead of a temporary one; what was begun there is gone on with.
    #[arg(long, value_name = "DIR", requires = "retrain")]
    pub run: Option<PathBuf>,
    /// Leave the data alone, and the error with it.
    #[arg(long, conflicts_with = "retrain")]
    pub files_only: bool,
    /// One line of JSON a network.
    #[arg(long)]
    pub json: bool,
    /// Say nothing but the result.
    #[arg(long)]
    pub quiet: bool,
    /// Where weights are.
    #[command(flatten)]
    pub zoo: ZooArgs,
    /// Where data files are.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Options of `models make`.
#[derive(Debug, Args)]
pub struct MakeArgs {
    /// The folder of an experiment that kept weights. A network is called what the label `model` of its records says, else
    /// SET/NAME, as its weights are kept.
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    /// The networks to make, by name; `*` stands for any text [default: all].
    #[arg(default_value = "*")]
    pub pattern: String,
    /// The folder of models to write into.
    #[arg(long, value_name = "DIR", default_value = "models")]
    pub into: PathBuf,
    /// The registry to write; networks in it that are not made now stay as they are.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "crates/rectifier-zoo/registry.json"
    )]
    pub registry: PathBuf,
    /// Keep a network in this precision, whatever its error becomes: mnist/rectifier-tiny=int8. May be given more than once.
    #[arg(long, value_name = "NAME=PRECISION", value_parser = wish)]
    pub precision: Vec<(String, PrecisionName)>,
    /// Measure how long one example takes, on a machine that does nothing else.
    #[arg(long)]
    pub speed: bool,
    /// Say nothing but the names of what was made.
    #[arg(long)]
    pub quiet: bool,
    /// Where data files are.
    #[command(flatten)]
    pub place: PlaceArgs,
}

fn wish(text: &str) -> Result<(String, PrecisionName), String> {
    let (name, precision) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is none of NAME=f32, NAME=bf16, NAME=int8"))?;
    Ok((name.into(), PrecisionName::from_str(precision, false)?))
}
