//! The operation as Burn sees it: an extension of backends, and its gradients for the autodiff backend.

use super::flex;
use super::how::{How, Wanted};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, DType, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Device, Tensor, activation::relu, module::linear};

#[backend_extension(Flex, Autodiff)]
pub(super) trait ZeroSkipping: Backend {
    /// `x W + b`; a bias of no numbers is none.
    fn zero_skipping_linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        how: How,
    ) -> FloatTensor<Self>;
}

/// A backend that makes the operation's gradients.
pub(super) trait ZeroSkippingGradients: ZeroSkipping {
    /// The gradients of inputs and weights, as far as wanted, from those of the output.
    fn zero_skipping_gradients(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        error: FloatTensor<Self>,
        how: How,
        wanted: Wanted,
    ) -> (Option<FloatTensor<Self>>, Option<FloatTensor<Self>>);
}

impl ZeroSkipping for Flex {
    fn zero_skipping_linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        how: How,
    ) -> FloatTensor<Self> {
        flex::forward(x, weight, bias, how)
    }
}

impl ZeroSkippingGradients for Flex {
    fn zero_skipping_gradients(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        error: FloatTensor<Self>,
        how: How,
        wanted: Wanted,
    ) -> (Option<FloatTensor<Self>>, Option<FloatTensor<Self>>) {
        flex::backward(x, weight, error, how, wanted)
    }
}

impl<B: ZeroSkippingGradients, C: CheckpointStrategy> ZeroSkipping for Autodiff<B, C> {
    fn zero_skipping_linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        how: How,
    ) -> FloatTensor<Self> {
        let step = ZeroSkippingLinear
            .prepare::<C>([x.node(), weight.node(), bias.node()])
            .compute_bound()
            .stateful();
        match step {
            OpsKind::Tracked(mut prep) => {
                // Both gradients need the inputs: one their values, the other which of them are active.
                let state = (prep.checkpoint(&x), prep.checkpoint(&weight), how);
                let output = B::zero_skipping_linear(
                    x.into_primitive(),
                    weight.into_primitive(),
                    bias.into_primitive(),
                    how,
                );
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::zero_skipping_linear(
                x.into_primitive(),
                weight.into_primitive(),
                bias.into_primitive(),
                how,
            )),
        }
    }
}

#[derive(Debug)]
struct ZeroSkippingLinear;

impl<B: ZeroSkippingGradients> Backward<B, 3> for ZeroSkippingLinear {
    type State = (
        burn::backend::autodiff::NodeId,
        burn::backend::autodiff::NodeId,
        How,
    );

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let error = grads.consume::<B>(&ops.node);
        let (x, weight, how) = ops.state;
        let x: FloatTensor<B> = checkpointer.retrieve_node_output(x);
        let weight: FloatTensor<B> = checkpointer.retrieve_node_output(weight);
        if let Some(node) = bias_node {
            grads.register::<B>(node.id, bias_gradient::<B>(error.clone()));
        }
        let wanted = Wanted {
            input: x_node.is_some(),
            weight: weight_node.is_some(),
        };
        let (x, weight) = B::zero_skipping_gradients(x, weight, error, how, wanted);
        for (node, gradient) in [(x_node, x), (weight_node, weight)] {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

/// The sum over the examples, `[units]`.
fn bias_gradient<B: Backend>(error: FloatTensor<B>) -> FloatTensor<B> {
    let shape = error.shape();
    match shape[0] {
        0 => B::float_zeros(
            burn::tensor::Shape::new([shape[1]]),
            &error.device(),
            error.dtype().into(),
        ),
        _ => B::linear_bias_backward(error),
    }
}

/// `x W + b`, or `rectifier(x) W + b`: on Flex in `f32` by the operation, elsewhere by Burn's own.
pub(super) fn apply(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    how: How,
) -> Tensor<2> {
    let [inputs, units] = weight.dims();
    assert!(
        x.dims()[1] == inputs,
        "a layer of {inputs} inputs was given {}",
        x.dims()[1]
    );
    if let Some(bias) = &bias {
        assert!(
            bias.dims() == [units],
            "a layer of {units} units was given {} biases",
            bias.dims()[0]
        );
    }
    let flex = Device::flex();
    let here = |device: Device, dtype: DType| device == flex && dtype == DType::F32;
    let ours = here(x.device(), x.dtype())
        && here(weight.device(), weight.dtype())
        && bias
            .as_ref()
            .is_none_or(|bias| here(bias.device(), bias.dtype()));
    if !ours {
        let x = if how.rectify { relu(x) } else { x };
        return linear(x, weight, bias);
    }
    let bias = bias.unwrap_or_else(|| Tensor::zeros([0], (&flex, DType::F32)));
    Tensor::from_dispatch(<Dispatch as ZeroSkipping>::zero_skipping_linear(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        how,
    ))
}
