//! Networks of integers in model files.

use super::{Int8, Layer8};
use crate::InferError;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use rectifier_model::{Dtype, ModelBytes, ModelFileError, TensorView};

/// The network in a file whose card says that its precision is int8.
///
/// # Errors
/// [`InferError::Model`] for a scale that is not above 0 or no finite number; [`InferError::TooManyInputs`] for a layer whose
/// sums could leave 32 bits.
pub(crate) fn read(model: &ModelBytes<'_>) -> Result<Int8, InferError> {
    let network = &model.card()?.network;
    let mut layers = Vec::with_capacity(network.hidden.len() + 1);
    let mut inputs = network.inputs;
    for (k, &units) in network.hidden.iter().chain([&network.outputs]).enumerate() {
        let layer = name(k, network.hidden.len());
        let floats = |part: &str| model.floats(&format!("{layer}.{part}"));
        let one = |part: &str| floats(part).map(|values| values.first().copied().unwrap_or(0.0));
        let scale = one("input_scale")?;
        let wrong = |what: String| ModelFileError::Mismatch {
            origin: model.origin().into(),
            reason: format!("`{layer}.{what} is to be above 0"),
        };
        if scale <= 0.0 {
            return Err(wrong(format!("input_scale` is {scale}, and")).into());
        }
        let weight_scale = floats("weight_scale")?;
        if let Some(bad) = weight_scale.iter().find(|scale| **scale < 0.0) {
            return Err(wrong(format!("weight_scale` holds {bad}, and each")).into());
        }
        let offset = if k == 0 { one("input_offset")? } else { 0.0 };
        let bytes = model.bytes(&format!("{layer}.weight"), Dtype::I8)?;
        let weights: Vec<i8> = bytes
            .iter()
            .map(|byte| i8::from_le_bytes([*byte]))
            .collect();
        let made = Layer8::new(
            [inputs, units],
            &weights,
            weight_scale,
            floats("bias")?,
            [scale, offset],
        );
        if made.largest_sum() > i32::MAX as u64 {
            return Err(InferError::TooManyInputs { inputs });
        }
        layers.push(made);
        inputs = units;
    }
    Ok(Int8::new(layers, network.threshold as f32))
}

/// The tensors of the network, as [`ModelCard::tensors`](rectifier_model::ModelCard::tensors) names them.
pub(crate) fn tensors(network: &Int8) -> Vec<TensorView<'static>> {
    let mut tensors = Vec::new();
    for (k, layer) in network.layers.iter().enumerate() {
        let prefix = name(k, network.layers.len() - 1);
        let weights: Vec<u8> = layer
            .to_rows()
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .collect();
        let shape = [layer.inputs, layer.units];
        tensors.push(TensorView::new(
            format!("{prefix}.weight"),
            Dtype::I8,
            &shape,
            weights,
        ));
        let mut add = |part: &str, values: &[f32]| {
            let name = format!("{prefix}.{part}");
            tensors.push(TensorView::of_numbers(name, &[values.len()], values));
        };
        add("weight_scale", &layer.weight_scale);
        add("bias", &layer.bias);
        add("input_scale", &[layer.input_scale]);
        if k == 0 {
            add("input_offset", &[layer.input_offset]);
        }
    }
    tensors
}

fn name(k: usize, hidden: usize) -> String {
    match k == hidden {
        true => "head".into(),
        false => format!("layers.{k}"),
    }
}
