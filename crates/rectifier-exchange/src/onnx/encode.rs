//! A network as an ONNX file.

use super::proto::{
    ATTRIBUTE_FLOAT, Attribute, Dimension, Entry, FLOAT, Graph, Model, Node, OperatorSet, Shape,
    Tensor, TensorType, Type, ValueInfo,
};
use super::{CARD, LIMIT, wrong};
use crate::network::{bytes, place};
use crate::numbers::single;
use crate::{ExchangeError, Network};
use bytes::Bytes;
use prost::Message;
use rectifier_model::{CARD as CARD_KEY, Unit};

/// The operator set of everything but GELU, and the format's version that goes with it.
const VERSIONS: [i64; 2] = [13, 8];
/// The first operator set with GELU, and the format's version that goes with it.
const GELU_VERSIONS: [i64; 2] = [20, 9];
/// The names of the input and the output.
pub(super) const INPUT: &str = "input";
pub(super) const OUTPUT: &str = "logits";

/// The bytes of an ONNX file, from `input` `[batch, inputs]` to `logits` `[batch, outputs]`.
///
/// # Errors
/// [`ExchangeError::Layer`] naming a layer with a constant that single precision cannot hold; [`ExchangeError::Format`] for a
/// network of more than the two gigabytes that a file of the format can hold.
pub fn encode(network: &Network) -> Result<Vec<u8>, ExchangeError> {
    let network = network.without_flips()?;
    let config = &network.card().network;
    let count = network.layers().len();
    let mut writer = Writer::default();
    let mut value = INPUT.to_string();
    for (k, layer) in network.layers().iter().enumerate() {
        let hidden = k + 1 < count;
        let name = match hidden {
            true => format!("layers.{k}"),
            false => "head".into(),
        };
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        writer.tensor(&weight, &layer.dims, &layer.weight);
        writer.tensor(&bias, &layer.dims[1..], &layer.bias);
        let output = match hidden {
            true => format!("{name}.sums"),
            false => OUTPUT.into(),
        };
        writer.node(&name, "Gemm", &[&value, &weight, &bias], &output, &[]);
        value = output;
        if hidden {
            let refused = |reason| ExchangeError::layer("the network", &place(k, count), reason);
            let threshold = config.threshold;
            value = writer
                .unit(&name, &value, config.unit, threshold, layer.slope)
                .map_err(refused)?;
        }
    }
    let [opset, ir_version] = match config.unit {
        Unit::Gelu => GELU_VERSIONS,
        Unit::Rectifier
        | Unit::Leaky { .. }
        | Unit::ParametricLeaky { .. }
        | Unit::Softplus { .. }
        | Unit::Tanh
        | Unit::Logistic
        | Unit::Identity
        | Unit::Elu { .. }
        | Unit::Selu => VERSIONS,
    };
    let card = network.card().metadata()?.remove(CARD_KEY);
    let card = Entry {
        key: Some(CARD.into()),
        value: card,
    };
    let model = Model {
        ir_version: Some(ir_version),
        producer_name: Some("rectifier-exchange".into()),
        opset_import: vec![OperatorSet {
            domain: Some(String::new()),
            version: Some(opset),
        }],
        graph: Some(Graph {
            node: writer.nodes,
            name: Some("rectifier".into()),
            initializer: writer.tensors,
            input: vec![value_info(INPUT, config.inputs)],
            output: vec![value_info(OUTPUT, config.outputs)],
        }),
        metadata_props: vec![card.encode_to_vec().into()],
    };
    let length = model.encoded_len() as u64;
    if length > LIMIT {
        let reason = format!("it would take {length} bytes, and the format ends at {LIMIT}");
        return Err(wrong("the network", reason));
    }
    Ok(model.encode_to_vec())
}

fn value_info(name: &str, numbers: usize) -> Bytes {
    let batch = Dimension {
        value: None,
        name: Some("batch".into()),
    };
    let numbers = Dimension {
        value: i64::try_from(numbers).ok(),
        name: None,
    };
    let info = ValueInfo {
        name: Some(name.into()),
        kind: Some(Type {
            tensor: Some(TensorType {
                element: Some(FLOAT),
                shape: Some(Shape {
                    dim: vec![batch, numbers],
                }),
            }),
        }),
    };
    info.encode_to_vec().into()
}

/// Nodes and tensors as they come.
#[derive(Default)]
struct Writer {
    nodes: Vec<Bytes>,
    tensors: Vec<Bytes>,
}

impl Writer {
    fn tensor(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let tensor = Tensor {
            dims: shape
                .iter()
                .filter_map(|axis| i64::try_from(*axis).ok())
                .collect(),
            data_type: Some(FLOAT),
            name: Some(name.into()),
            raw_data: Some(bytes(values).into()),
            ..Tensor::default()
        };
        self.tensors.push(tensor.encode_to_vec().into());
    }

    fn node(
        &mut self,
        name: &str,
        op: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, f32)],
    ) {
        let attribute = |(name, value): &(&str, f32)| {
            let attribute = Attribute {
                name: Some((*name).into()),
                f: Some(*value),
                kind: Some(ATTRIBUTE_FLOAT),
                ..Attribute::default()
            };
            attribute.encode_to_vec().into()
        };
        let node = Node {
            input: inputs.iter().map(|input| input.to_string()).collect(),
            output: vec![output.into()],
            name: Some(name.into()),
            op_type: Some(op.into()),
            attribute: attributes.iter().map(attribute).collect(),
            domain: None,
        };
        self.nodes.push(node.encode_to_vec().into());
    }

    /// What `unit` makes of `sums`; says what the result is called.
    fn unit(
        &mut self,
        layer: &str,
        sums: &str,
        unit: Unit,
        threshold: f64,
        slope: Option<f32>,
    ) -> Result<String, String> {
        let output = format!("{layer}.output");
        let name = format!("{layer}.unit");
        let mut node = |op: &str, attributes: &[(&str, f32)]| {
            self.node(&name, op, &[sums], &output, attributes);
        };
        match unit {
            Unit::Rectifier if threshold > 0.0 => {
                node(
                    "ThresholdedRelu",
                    &[("alpha", single("threshold", threshold)?)],
                );
            }
            Unit::Rectifier => node("Relu", &[]),
            Unit::Leaky { slope } => node("LeakyRelu", &[("alpha", single("slope", slope)?)]),
            Unit::ParametricLeaky { slope: start } => {
                let slope = match slope {
                    Some(slope) => slope,
                    None => single("slope", start)?,
                };
                let tensor = format!("{layer}.slope");
                self.tensor(&tensor, &[1], &[slope]);
                self.node(&name, "PRelu", &[sums, &tensor], &output, &[]);
            }
            Unit::Softplus { sharpness } => {
                let sharpness = single("sharpness", sharpness)?;
                if sharpness == 1.0 {
                    node("Softplus", &[]);
                } else {
                    let tensor = format!("{layer}.sharpness");
                    let (scaled, smooth) = (format!("{layer}.scaled"), format!("{layer}.smooth"));
                    self.tensor(&tensor, &[], &[sharpness]);
                    self.node(
                        &format!("{layer}.sharpen"),
                        "Mul",
                        &[sums, &tensor],
                        &scaled,
                        &[],
                    );
                    self.node(&name, "Softplus", &[&scaled], &smooth, &[]);
                    self.node(
                        &format!("{layer}.rescale"),
                        "Div",
                        &[&smooth, &tensor],
                        &output,
                        &[],
                    );
                }
            }
            Unit::Tanh => node("Tanh", &[]),
            Unit::Logistic => node("Sigmoid", &[]),
            Unit::Identity => node("Identity", &[]),
            Unit::Elu { alpha } => node("Elu", &[("alpha", single("alpha", alpha)?)]),
            Unit::Selu => node(
                "Selu",
                &[
                    ("alpha", Unit::SELU_ALPHA as f32),
                    ("gamma", Unit::SELU_SCALE as f32),
                ],
            ),
            Unit::Gelu => node("Gelu", &[]),
        }
        Ok(output)
    }
}
