//! The state dict of a `torch.nn.Sequential`: written as safetensors, read from safetensors and from `.pt` files.
//!
//! Layers are called by their places in the sequence: `0.weight`, `0.bias`, `2.weight`, ..; places without parameters hold the
//! activations. PyTorch keeps the weights of a `Linear` as `[units, inputs]`, the transpose of what lies here. A state dict
//! does not say which activations lie between its layers; a file written here does, under the key `sequential` of its metadata:
//! a JSON list of modules, each with the arguments that its class in `torch.nn` takes.
//!
//! ```python
//! import json, torch
//! from safetensors import safe_open
//! with safe_open("network.safetensors", framework="pt") as file:
//!     modules = json.loads(file.metadata()["sequential"])
//!     network = torch.nn.Sequential(*(getattr(torch.nn, m.pop("module"))(**m) for m in modules))
//!     network.load_state_dict({name: file.get_tensor(name) for name in file.keys()})
//! ```

mod checkpoint;
mod module;
mod state_dict;

use crate::import;
use crate::network::place;
use crate::numbers::{floats, transposed};
use crate::{ExchangeError, ImportOptions, Network};
use module::Module;
use rectifier_model::{CARD, ModelBytes, ModelCard, TensorView, encode as encode_safetensors};
use state_dict::{StateDict, StateTensor};
use std::collections::BTreeMap;
use std::path::Path;

/// The metadata key that lists the modules.
const SEQUENTIAL: &str = "sequential";
/// The metadata key of the model card; another than that of model files, whose tensors have other names.
const MODEL_CARD: &str = "rectifier_card";

/// The bytes of a safetensors file with the state dict of a `torch.nn.Sequential`. Sign flips are moved into the weights above
/// them; thresholds become `torch.nn.Threshold`.
///
/// # Errors
/// [`ExchangeError::Layer`] naming a layer with a constant that PyTorch cannot hold in single precision;
/// [`ExchangeError::Model`] for a card too long for a file.
pub fn encode(network: &Network) -> Result<Vec<u8>, ExchangeError> {
    let network = network.without_flips()?;
    let count = network.layers().len();
    let (mut modules, mut tensors): (Vec<Module>, Vec<TensorView<'_>>) = Default::default();
    for (k, layer) in network.layers().iter().enumerate() {
        let [inputs, units] = layer.dims;
        let number = modules.len();
        let weight = transposed([inputs, units], &layer.weight);
        tensors.push(TensorView::of_numbers(
            format!("{number}.weight"),
            &[units, inputs],
            &weight,
        ));
        tensors.push(TensorView::of_numbers(
            format!("{number}.bias"),
            &[units],
            &layer.bias,
        ));
        modules.push(Module::linear(inputs, units));
        if k + 1 == count {
            break;
        }
        let refused = |reason| ExchangeError::layer("the network", &place(k, count), reason);
        modules.push(Module::of(network.activation()).map_err(refused)?);
        if let Some(slope) = layer.slope {
            tensors.push(TensorView::of_numbers(
                format!("{}.weight", number + 1),
                &[1],
                &[slope],
            ));
        }
    }
    let json = |value: Result<String, serde_json::Error>| {
        value.map_err(|error| ExchangeError::layer("the network", "its modules", error.to_string()))
    };
    let mut metadata = network.card().metadata()?;
    let card = metadata.remove(CARD).unwrap_or_default();
    metadata.insert(MODEL_CARD.into(), card);
    metadata.insert(SEQUENTIAL.into(), json(serde_json::to_string(&modules))?);
    metadata.insert("format".into(), "pt".into());
    Ok(encode_safetensors(&metadata, &tensors)?)
}

/// Reads the state dict in the file at `path`: safetensors, or what `torch.save(model.state_dict(), path)` of PyTorch 1.6 or
/// later wrote.
///
/// # Errors
/// [`ExchangeError`]: what is wrong with the file, or which layer a network here cannot have.
pub fn open(path: impl AsRef<Path>, options: &ImportOptions) -> Result<Network, ExchangeError> {
    let path = path.as_ref();
    let (first, _) = import::read(path, checkpoint::HEAD)?;
    if checkpoint::is_checkpoint(&first) {
        return checkpoint::open(path)?.network(options);
    }
    of_safetensors(&ModelBytes::open(path)?, options)
}

/// Reads the state dict in the `bytes` of a safetensors file; `origin` names them in errors.
///
/// # Errors
/// As [`open`].
pub fn from_bytes(
    bytes: &[u8],
    origin: &str,
    options: &ImportOptions,
) -> Result<Network, ExchangeError> {
    of_safetensors(&ModelBytes::from_bytes(bytes, origin)?, options)
}

fn of_safetensors(
    file: &ModelBytes<'_>,
    options: &ImportOptions,
) -> Result<Network, ExchangeError> {
    let origin = file.origin();
    let wrong = |reason: String, cure| ExchangeError::Format {
        origin: origin.into(),
        format: "a PyTorch state dict",
        reason,
        cure,
    };
    if file.card().is_ok() {
        let reason = "it is a model file of this project already".into();
        return Err(wrong(reason, "use it as it is"));
    }
    let mut tensors = BTreeMap::new();
    for (name, info) in file.tensors() {
        if state_dict::is_counter(name) {
            continue;
        }
        let bytes = file.bytes(name, info.dtype)?;
        let values = floats(info.dtype, bytes).ok_or_else(|| {
            let reason = format!(
                "its numbers are {}, and weights are floating-point",
                info.dtype
            );
            ExchangeError::layer(origin, &format!("tensor `{name}`"), reason)
        })?;
        tensors.insert(name.clone(), StateTensor::new(&info.shape, values));
    }
    let mut dict = StateDict::new(origin, tensors);
    if let Some(text) = file.metadata(SEQUENTIAL) {
        let modules: Vec<Module> = serde_json::from_str(text).map_err(|error| {
            wrong(
                format!("its metadata `{SEQUENTIAL}`: {error}"),
                "give the activation (--activation relu) and remove that metadata",
            )
        })?;
        dict.modules = Some(modules);
    }
    if let Some(text) = file.metadata(MODEL_CARD) {
        let card = ModelCard::from_json(text);
        dict.card = Some(card.map_err(|source| import::card_error(origin, source))?);
    }
    dict.network(options)
}
