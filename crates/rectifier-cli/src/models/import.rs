//! `models import`: a network of another program's as a model file.

use crate::destination::Destination;
use crate::error::CliError;
use crate::output::say;
use clap::{Args, ValueEnum};
use rectifier_exchange::{Activation, ImportOptions, Network, onnx, pytorch};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What a network is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// The state dict of a torch.nn.Sequential: .safetensors, or .pt of PyTorch 1.6 and later.
    Pytorch,
    /// ONNX: a chain of fully connected layers and activations.
    Onnx,
}

/// Options of `models import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file.
    pub file: PathBuf,
    /// What wrote it.
    #[arg(long, value_enum)]
    pub from: Source,
    /// The activation between the layers, which a state dict does not tell: relu, threshold=T, leaky-relu[=SLOPE], prelu,
    /// softplus[=BETA], elu[=ALPHA], selu, gelu, tanh, sigmoid, identity.
    #[arg(long, value_name = "NAME")]
    pub activation: Option<String>,
    /// The shape of one example, such as 28,28 for grey pictures [default: what the file says, or a row of numbers].
    #[arg(long, value_name = "N,N,..", value_delimiter = ',')]
    pub shape: Vec<usize>,
    /// What black and white, the least and the largest raw value, are to the network, such as -1,1 [default: what the file says,
    /// or 0,1].
    #[arg(
        long,
        value_name = "LOW,HIGH",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub range: Vec<f32>,
    /// What the batch normalizations of a state dict add to the variance [default: 1e-5, as PyTorch has it].
    #[arg(long, value_name = "E")]
    pub batch_norm_epsilon: Option<f64>,
    /// The model file to write.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// One line of JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// `models import`.
///
/// # Errors
/// [`CliError`]; nothing is written then.
pub fn import(args: &ImportArgs) -> Result<(), CliError> {
    let out = Destination::new("--out", &args.out, [&args.file])?;
    let mut options = ImportOptions::default();
    if let Some(name) = &args.activation {
        let activation = name.parse::<Activation>();
        options.activation = Some(activation.map_err(|error| CliError::Usage(error.to_string()))?);
    }
    if let Some(epsilon) = args.batch_norm_epsilon {
        if !(epsilon.is_finite() && epsilon >= 0.0) {
            return Err(CliError::Usage(format!(
                "--batch-norm-epsilon is {epsilon}: it must be at least 0"
            )));
        }
        options.batch_norm_epsilon = epsilon;
    }
    if !args.shape.is_empty() {
        options.shape = Some(args.shape.clone());
    }
    options.range = match *args.range {
        [] => None,
        [low, high] => Some([low, high]),
        _ => {
            return Err(CliError::Usage(
                "--range takes two numbers: LOW,HIGH".into(),
            ));
        }
    };
    // Before any file is opened.
    options.check()?;
    let network = match args.from {
        Source::Pytorch => pytorch::open(&args.file, &options)?,
        Source::Onnx => {
            let given = [
                ("--activation", args.activation.is_some()),
                ("--batch-norm-epsilon", args.batch_norm_epsilon.is_some()),
            ];
            if let Some((option, _)) = given.into_iter().find(|(_, given)| *given) {
                return Err(CliError::Usage(format!(
                    "{option} is for state dicts of PyTorch: an ONNX file says that itself"
                )));
            }
            onnx::open(&args.file, &options)?
        }
    };
    out.write(&network.to_model()?)?;
    tell(&network, &args.out, args.json);
    Ok(())
}

/// Says what was written.
fn tell(network: &Network, out: &Path, as_json: bool) {
    let config = &network.card().network;
    if as_json {
        let shape = &network.card().data.shape;
        let value = json!({"file": out.display().to_string(), "network": config, "shape": shape});
        say(&value.to_string());
        return;
    }
    let hidden: Vec<String> = config.hidden.iter().map(ToString::to_string).collect();
    let between = match hidden.is_empty() {
        true => "no hidden layer".into(),
        false => format!("{} units ({})", hidden.join("-"), network.activation()),
    };
    say(&format!(
        "{} inputs, {between}, {} classes: {}",
        config.inputs,
        config.outputs,
        out.display()
    ));
}
