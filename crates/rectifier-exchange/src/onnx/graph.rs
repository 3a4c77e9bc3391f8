//! The chain from a model's input to its output.

use super::attributes::Attributes;
use super::constants::Constants;
use super::external::External;
use super::proto::{
    BFLOAT16, DOUBLE, Entry, FLOAT, FLOAT16, Graph, Model, Node, Tensor, ValueInfo,
};
use super::{CARD, wrong};
use crate::import::card_error;
use crate::stack::Stack;
use crate::{ExchangeError, ImportOptions, Network};
use bytes::Bytes;
use prost::Message;
use rectifier_model::ModelCard;
use std::collections::HashMap;

/// So many nodes are read; a chain has two a layer.
const NODES: usize = 1 << 14;
/// So many tensors, inputs, outputs and entries of metadata are read.
const TENSORS: usize = 1 << 15;
/// The first operator set whose operators mean what they mean today.
const FIRST_OPSET: i64 = 7;

/// Reads the network in `bytes`.
pub(super) fn read(
    bytes: Bytes,
    origin: &str,
    external: &External<'_>,
    options: &ImportOptions,
) -> Result<Network, ExchangeError> {
    let length = bytes.len() as u64;
    let damaged = |error: prost::DecodeError| wrong(origin, error.to_string());
    let model = Model::decode(bytes).map_err(damaged)?;
    let opset = model
        .opset_import
        .iter()
        .find(|set| is_own(set.domain.as_deref()));
    let opset = opset.and_then(|set| set.version).unwrap_or(0);
    let Some(graph) = model.graph else {
        return Err(wrong(origin, "it has no graph"));
    };
    if opset < FIRST_OPSET {
        return Err(wrong(
            origin,
            format!(
                "its operators are those of version {opset}, and {FIRST_OPSET} is the first that is read"
            ),
        ));
    }
    let lists = [
        &graph.initializer,
        &graph.input,
        &graph.output,
        &model.metadata_props,
    ];
    if graph.node.len() > NODES || lists.iter().any(|list| list.len() > TENSORS) {
        return Err(wrong(
            origin,
            format!(
                "it has {} nodes: more than a chain of layers",
                graph.node.len()
            ),
        ));
    }
    let card = card(origin, &model.metadata_props)?;
    let mut chain = Chain::new(origin, graph, external, length)?;
    chain.follow()?;
    let shape = chain.shape.take();
    chain.stack.finish(options, card, shape)
}

/// Whether an operator is one of ONNX's own.
pub(super) fn is_own(domain: Option<&str>) -> bool {
    matches!(domain, None | Some("" | "ai.onnx"))
}

/// The card that this crate has written beside the model.
fn card(origin: &str, entries: &[Bytes]) -> Result<Option<ModelCard>, ExchangeError> {
    for entry in entries {
        let entry =
            Entry::decode(entry.clone()).map_err(|error| wrong(origin, error.to_string()))?;
        if entry.key.as_deref() == Some(CARD) {
            let card = ModelCard::from_json(entry.value.as_deref().unwrap_or_default());
            return card.map(Some).map_err(|source| card_error(origin, source));
        }
    }
    Ok(None)
}

/// A way through the graph, and the stack that it makes.
pub(super) struct Chain<'a> {
    pub(super) stack: Stack<'a>,
    pub(super) constants: Constants<'a>,
    pub(super) nodes: Vec<Node>,
    /// Which nodes take a value.
    pub(super) consumers: HashMap<String, Vec<usize>>,
    input: String,
    pub(super) output: String,
    /// What the model says of one example.
    shape: Option<Vec<usize>>,
    pub(super) origin: &'a str,
}

impl<'a> Chain<'a> {
    fn new(
        origin: &'a str,
        graph: Graph,
        external: &'a External<'a>,
        length: u64,
    ) -> Result<Self, ExchangeError> {
        let damaged = |error: prost::DecodeError| wrong(origin, error.to_string());
        let mut constants = Constants::new(origin, external, length);
        for bytes in graph.initializer {
            let name = Tensor::decode(bytes.clone()).map_err(damaged)?.name;
            constants.add(name.unwrap_or_default(), bytes);
        }
        let infos = |list: Vec<Bytes>| -> Result<Vec<ValueInfo>, ExchangeError> {
            list.into_iter()
                .map(|bytes| ValueInfo::decode(bytes).map_err(damaged))
                .collect()
        };
        let mut inputs = infos(graph.input)?;
        // Old files name their initializers among the inputs.
        inputs.retain(|input| !constants.contains(input.name.as_deref().unwrap_or_default()));
        let outputs = infos(graph.output)?;
        let one = |list: Vec<ValueInfo>, what: &str| match <[ValueInfo; 1]>::try_from(list) {
            Ok([one]) => Ok(one),
            Err(list) => Err(wrong(
                origin,
                format!("it has {} {what}, and a network here one", list.len()),
            )),
        };
        let (input, output) = (one(inputs, "inputs")?, one(outputs, "outputs")?);
        let mut chain = Self {
            stack: Stack::new(origin),
            constants,
            nodes: Vec::with_capacity(graph.node.len()),
            consumers: HashMap::new(),
            shape: example_shape(&input),
            input: input.name.clone().unwrap_or_default(),
            output: output.name.unwrap_or_default(),
            origin,
        };
        let element = input
            .kind
            .and_then(|kind| kind.tensor)
            .and_then(|tensor| tensor.element);
        if !matches!(element, None | Some(FLOAT | FLOAT16 | BFLOAT16 | DOUBLE)) {
            let reason = format!(
                "its numbers are of type {}, and must be floating-point",
                element.unwrap_or(0)
            );
            return Err(chain
                .stack
                .refuse(&format!("input `{}`", chain.input), reason));
        }
        for bytes in graph.node {
            let node = Node::decode(bytes).map_err(damaged)?;
            chain.add(node)?;
        }
        Ok(chain)
    }

    /// A node: what it computes of constants alone is one.
    fn add(&mut self, node: Node) -> Result<(), ExchangeError> {
        let number = self.nodes.len();
        let place = place(&node, number);
        let refuse = |reason: String| ExchangeError::layer(self.origin, &place, reason);
        let (input, output) = (operand(&node, 0), result(&node));
        if is_own(node.domain.as_deref()) {
            match node.op_type.as_deref().unwrap_or_default() {
                "Constant" => {
                    let mut attributes = Attributes::of(&node).map_err(refuse)?;
                    let tensor = attributes.tensor("value").map_err(refuse)?;
                    let value = attributes.float("value_float", f32::NAN).map_err(refuse)?;
                    let tensor = tensor.unwrap_or_else(|| Tensor {
                        data_type: Some(FLOAT),
                        float_data: vec![value],
                        ..Tensor::default()
                    });
                    self.constants
                        .add(output.into(), tensor.encode_to_vec().into());
                }
                "Identity" => {
                    self.constants.alias(output, input, false);
                }
                "Transpose" if self.constants.contains(input) => {
                    let mut attributes = Attributes::of(&node).map_err(refuse)?;
                    let turned = match attributes.ints("perm").map_err(refuse)?.as_deref() {
                        None | Some([1, 0]) => true,
                        Some([0, 1]) => false,
                        Some(other) => return Err(refuse(format!("its perm is {other:?}"))),
                    };
                    self.constants.alias(output, input, turned);
                }
                _ => {}
            }
        }
        for input in &node.input {
            let consumers = self.consumers.entry(input.clone()).or_default();
            if consumers.last() != Some(&number) {
                consumers.push(number);
            }
        }
        self.nodes.push(node);
        Ok(())
    }

    /// Goes from the input to the output.
    fn follow(&mut self) -> Result<(), ExchangeError> {
        let mut value = self.input.clone();
        let mut steps = 0;
        while value != self.output {
            steps += 1;
            if steps > self.nodes.len() {
                return Err(wrong(self.origin, "its nodes go round in a circle"));
            }
            if let Some((first, activation, output)) = self.spelled(&value) {
                let place = place(&self.nodes[first], first);
                self.stack.activation(&place, activation, None)?;
                value = output;
                continue;
            }
            let next: &[usize] = self.consumers.get(&value).map_or(&[], Vec::as_slice);
            value = match *next {
                [] => {
                    let reason = format!(
                        "value `{value}` leads nowhere: the output `{}` is not reached",
                        self.output
                    );
                    return Err(wrong(self.origin, reason));
                }
                [number] => {
                    let node = self.nodes[number].clone();
                    self.step(number, &node, &value)?
                }
                [first, second, ..] => {
                    let reason = format!(
                        "its input `{value}` goes to {} as well: only a chain can be taken",
                        place(&self.nodes[second], second)
                    );
                    return Err(self.stack.refuse(&place(&self.nodes[first], first), reason));
                }
            };
        }
        Ok(())
    }
}

/// What a node is called in errors.
pub(super) fn place(node: &Node, number: usize) -> String {
    let op = node.op_type.as_deref().unwrap_or_default();
    match node.name.as_deref() {
        None | Some("") => format!("node {} ({op})", number + 1),
        Some(name) => format!("node `{name}` ({op})"),
    }
}

pub(super) fn operand(node: &Node, at: usize) -> &str {
    node.input.get(at).map(String::as_str).unwrap_or_default()
}

/// The input of a node of two that is not `value`.
pub(super) fn other<'n>(node: &'n Node, value: &str) -> &'n str {
    match operand(node, 0) == value {
        true => operand(node, 1),
        false => operand(node, 0),
    }
}

pub(super) fn result(node: &Node) -> &str {
    node.output.first().map(String::as_str).unwrap_or_default()
}

/// The shape of one example as the input's description tells: without the batch, and without a single channel.
fn example_shape(input: &ValueInfo) -> Option<Vec<usize>> {
    let dims = &input.kind.as_ref()?.tensor.as_ref()?.shape.as_ref()?.dim;
    let sizes = dims
        .iter()
        .skip(1)
        .map(|dim| usize::try_from(dim.value?).ok());
    let sizes: Vec<usize> = sizes.collect::<Option<_>>()?;
    match *sizes {
        [1, height, width] => Some(vec![height, width]),
        [] => None,
        _ => Some(sizes),
    }
}
