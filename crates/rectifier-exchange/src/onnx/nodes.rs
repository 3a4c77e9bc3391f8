//! What each node of a chain adds to the stack.

use super::attributes::Attributes;
use super::graph::{Chain, is_own, operand, other, place, result};
use super::proto::Node;
use super::units::pointwise;
use crate::ExchangeError;
use crate::batch_norm::BatchNorm;
use crate::numbers::{double, transposed};

impl Chain<'_> {
    /// Takes the node that `value` goes to; says what comes out of it.
    pub(super) fn step(
        &mut self,
        number: usize,
        node: &Node,
        value: &str,
    ) -> Result<String, ExchangeError> {
        let place = place(node, number);
        let (origin, output) = (self.origin, result(node).to_string());
        let refuse = |reason: String| ExchangeError::layer(origin, &place, reason);
        if !is_own(node.domain.as_deref()) {
            let domain = node.domain.as_deref().unwrap_or_default();
            return Err(refuse(format!(
                "its operator is of the domain `{domain}`, which is not known here"
            )));
        }
        let op = node.op_type.as_deref().unwrap_or_default();
        let sided = matches!(op, "Add" | "Mul");
        let places = node.input.iter().filter(|input| *input == value).count();
        if places != 1 || !(sided || operand(node, 0) == value) {
            return Err(refuse(format!(
                "it takes `{value}` in another place than the first"
            )));
        }
        let mut attributes = Attributes::of(node).map_err(refuse)?;
        match op {
            "Gemm" => self.gemm(&place, node, &mut attributes)?,
            "MatMul" => {
                let weight = self.constants.floats(operand(node, 1))?;
                let &[inputs, units] = weight.shape.as_slice() else {
                    return Err(refuse(format!(
                        "its weights have the shape {:?}",
                        weight.shape
                    )));
                };
                self.stack
                    .linear(&place, [inputs, units], weight.values, vec![0.0; units])?;
            }
            "Add" => {
                let added = self.constants.floats(other(node, value))?;
                if !is_row(&added.shape) {
                    return Err(refuse(format!(
                        "it adds numbers of the shape {:?}",
                        added.shape
                    )));
                }
                self.stack.bias(&place, &added.values)?;
            }
            "BatchNormalization" => {
                attributes.fixed("training_mode", 0).map_err(refuse)?;
                attributes.float("momentum", 0.9).map_err(refuse)?;
                attributes.fixed("spatial", 1).map_err(refuse)?;
                let epsilon = attributes.float("epsilon", 1e-5).map_err(refuse)?;
                let mut part = |at: usize| {
                    self.constants
                        .floats(operand(node, at))
                        .map(|part| part.values)
                };
                let norm = BatchNorm {
                    weight: Some(part(1)?),
                    bias: Some(part(2)?),
                    mean: part(3)?,
                    variance: part(4)?,
                    epsilon: double(epsilon),
                };
                self.stack.batch_norm(&place, &norm)?;
            }
            "Identity" => {}
            "Dropout" => {
                attributes.float("ratio", 0.5).map_err(refuse)?;
                attributes.int("seed", 0).map_err(refuse)?;
                let training = operand(node, 2);
                if !training.is_empty() && !self.constants.is_false(training)? {
                    return Err(refuse(
                        "it is in training mode: export the model in evaluation mode".into(),
                    ));
                }
            }
            "Flatten" => {
                attributes.fixed("axis", 1).map_err(refuse)?;
            }
            "Reshape" => {
                attributes.int("allowzero", 0).map_err(refuse)?;
                let shape = self.constants.integers(operand(node, 1))?;
                if !self.stack.is_empty()
                    || !matches!(*shape, [-1..=1, numbers] if numbers == -1 || numbers > 0)
                {
                    return Err(refuse(format!(
                        "it makes the shape {shape:?}: only rows, before the first layer, can be taken"
                    )));
                }
            }
            "Softmax" | "LogSoftmax" => {
                let axis = attributes.int("axis", 1).map_err(refuse)?;
                if axis != 1 && axis != -1 {
                    return Err(refuse(format!(
                        "its axis is {axis}, which is not that of the classes"
                    )));
                }
                self.stack.softmax(&place)?;
            }
            _ => match pointwise(node, &mut attributes, &mut self.constants, &refuse)? {
                Some(found) => self
                    .stack
                    .activation(&place, found.activation, found.slope)?,
                None => {
                    return Err(refuse(
                        "no layer here does that: only fully connected layers and their activations can be taken".into(),
                    ));
                }
            },
        }
        attributes.finish().map_err(refuse)?;
        Ok(output)
    }

    fn gemm(
        &mut self,
        place: &str,
        node: &Node,
        attributes: &mut Attributes,
    ) -> Result<(), ExchangeError> {
        let origin = self.origin;
        let refuse = |reason: String| ExchangeError::layer(origin, place, reason);
        attributes.fixed("transA", 0).map_err(refuse)?;
        let turned = attributes.int("transB", 0).map_err(refuse)? != 0;
        let alpha = attributes.float("alpha", 1.0).map_err(refuse)?;
        let beta = attributes.float("beta", 1.0).map_err(refuse)?;
        let mut weight = self.constants.floats(operand(node, 1))?;
        let &[rows, columns] = weight.shape.as_slice() else {
            return Err(refuse(format!(
                "its weights have the shape {:?}",
                weight.shape
            )));
        };
        if turned {
            weight.values = transposed([rows, columns], &weight.values);
        }
        let [inputs, units] = if turned {
            [columns, rows]
        } else {
            [rows, columns]
        };
        weight.values.iter_mut().for_each(|weight| *weight *= alpha);
        self.stack
            .linear(place, [inputs, units], weight.values, vec![0.0; units])?;
        let bias = operand(node, 2);
        if !bias.is_empty() {
            let mut bias = self.constants.floats(bias)?;
            if !is_row(&bias.shape) {
                return Err(refuse(format!(
                    "its biases have the shape {:?}",
                    bias.shape
                )));
            }
            bias.values.iter_mut().for_each(|bias| *bias *= beta);
            self.stack.bias(place, &bias.values)?;
        }
        Ok(())
    }
}

/// Whether numbers of this shape are the same for every example: one row, or one number.
fn is_row(shape: &[usize]) -> bool {
    matches!(shape, [] | [_] | [1, _])
}
