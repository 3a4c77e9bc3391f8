//! State dicts in `.pt` files: zip archives of a pickle, which is read as data and never executed, and of the tensors' bytes.

use super::state_dict::{StateDict, StateTensor, is_counter, nested};
use crate::ExchangeError;
use crate::budget::Budget;
use crate::numbers::floats;
use pytorch_reader::{DType, PickleError, PickleValue, PytorchError, PytorchReader};
use rectifier_model::Dtype;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use zip::{CompressionMethod, ZipArchive};

/// So many first bytes tell a checkpoint from safetensors.
pub(super) const HEAD: u64 = 16;
/// The longest pickle that is read: a state dict takes some 150 bytes a tensor.
const PICKLE_LIMIT: u64 = 1 << 20;
/// What the reader calls values that are no part of plain data, and are harmless: tensors, and numbers wider than 64 bits.
const HARMLESS: [&str; 2] = ["torch.Tensor", "int"];

/// Whether a file that begins with `head` is what `torch.save` writes, now or before PyTorch 1.6.
pub(super) fn is_checkpoint(head: &[u8]) -> bool {
    // The length of a safetensors header may begin like a pickle; its JSON follows.
    let safetensors = head.get(8) == Some(&b'{');
    head.starts_with(b"PK") || matches!(head, [0x80, 1..=5, ..]) && !safetensors
}

/// The state dict in the file at `path`.
///
/// # Errors
/// [`ExchangeError::Format`] for what is no such archive, or one that would become larger than it is;
/// [`ExchangeError::Callable`] for a pickle that names anything else than tensors.
pub(super) fn open(path: &Path) -> Result<StateDict, ExchangeError> {
    let origin = path.display().to_string();
    let length = check_archive(path, &origin)?;
    let failed = |error| refused(error, path, &origin);
    check_values(
        &PytorchReader::read_pickle_data(path, None).map_err(failed)?,
        &origin,
    )?;
    let tensors = PytorchReader::new(path).map_err(failed)?.into_tensors();
    let before = nested(tensors.keys().map(String::as_str));
    let mut budget = Budget::of(length);
    let mut read = BTreeMap::new();
    for (name, tensor) in tensors {
        let Some(short) = name.strip_prefix(&before) else {
            continue;
        };
        if is_counter(short) {
            continue;
        }
        let refuse =
            |reason: String| ExchangeError::layer(&origin, &format!("tensor `{name}`"), reason);
        let (dtype, shape) = (dtype(tensor.dtype()), tensor.shape());
        // Views can claim more numbers than lie there.
        budget.take(shape, dtype.size().max(4)).map_err(refuse)?;
        let mut bytes = tensor
            .read()
            .map_err(|error| format(&origin, error.to_string()))?;
        if cfg!(target_endian = "big") {
            bytes.chunks_mut(dtype.size()).for_each(<[u8]>::reverse);
        }
        let values = floats(dtype, &bytes).ok_or_else(|| {
            refuse(format!(
                "its numbers are {dtype}, and weights are floating-point"
            ))
        })?;
        read.insert(short.to_string(), StateTensor::new(shape, values));
    }
    Ok(StateDict::new(&origin, read))
}

/// Holds the archive's directory against what `torch.save` writes: nothing compressed, so that nothing becomes larger than it
/// is, and a pickle of a state dict's size. Says how long the file is.
fn check_archive(path: &Path, origin: &str) -> Result<u64, ExchangeError> {
    let io = |source: std::io::Error| ExchangeError::Io {
        path: path.into(),
        source,
    };
    let wrong = |error: zip::result::ZipError| format(origin, error.to_string());
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut head = [0; 2];
    if let Err(error) = std::io::Read::read_exact(&mut &file, &mut head) {
        return Err(io(error));
    }
    if head != *b"PK" {
        return Err(ExchangeError::Format {
            origin: origin.into(),
            format: FORMAT,
            reason: "it was written as before PyTorch 1.6".into(),
            cure: "load it with PyTorch and save it again",
        });
    }
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(wrong)?;
    for place in 0..archive.len() {
        let entry = archive.by_index_raw(place).map_err(wrong)?;
        let name = entry.name().map_err(wrong)?;
        if entry.compression() != CompressionMethod::Stored
            || entry.size() != entry.compressed_size()
        {
            let reason =
                format!("its entry `{name}` is compressed, and torch.save compresses none");
            return Err(format(origin, reason));
        }
        if name.ends_with("constants.pkl") {
            return Err(format(origin, "it is a TorchScript program".into()));
        }
        if name.ends_with("data.pkl") && entry.size() > PICKLE_LIMIT {
            let reason = format!(
                "its pickle has {} bytes, more than the {PICKLE_LIMIT} that are read",
                entry.size()
            );
            return Err(format(origin, reason));
        }
    }
    Ok(length)
}

const FORMAT: &str = "a PyTorch checkpoint";

fn format(origin: &str, reason: String) -> ExchangeError {
    ExchangeError::Format {
        origin: origin.into(),
        format: FORMAT,
        reason,
        cure: "save it again with torch.save(model.state_dict(), ..)",
    }
}

/// Refuses a pickle that names classes or calls beside its tensors.
fn check_values(value: &PickleValue, origin: &str) -> Result<(), ExchangeError> {
    match value {
        PickleValue::Unsupported(name) if HARMLESS.contains(&name.as_str()) => Ok(()),
        PickleValue::Unsupported(name) => Err(ExchangeError::Callable {
            origin: origin.into(),
            callable: name.clone(),
        }),
        PickleValue::List(values) => values
            .iter()
            .try_for_each(|value| check_values(value, origin)),
        PickleValue::Dict(values) => values
            .values()
            .try_for_each(|value| check_values(value, origin)),
        PickleValue::None
        | PickleValue::Bool(_)
        | PickleValue::Int(_)
        | PickleValue::Float(_)
        | PickleValue::String(_)
        | PickleValue::Bytes(_) => Ok(()),
    }
}

fn refused(error: PytorchError, path: &Path, origin: &str) -> ExchangeError {
    match error {
        PytorchError::Io(source) => ExchangeError::Io {
            path: path.into(),
            source,
        },
        PytorchError::Pickle(PickleError::UnsupportedType(callable)) => ExchangeError::Callable {
            origin: origin.into(),
            callable,
        },
        other => format(origin, other.to_string()),
    }
}

fn dtype(dtype: DType) -> Dtype {
    match dtype {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::Bf16,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
        DType::U64 => Dtype::U64,
        DType::U32 => Dtype::U32,
        DType::U16 => Dtype::U16,
        DType::U8 => Dtype::U8,
        DType::Bool => Dtype::Bool,
    }
}
