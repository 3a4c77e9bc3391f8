//! What training and measuring ask of a network.

use crate::{DenseStack, NetworkError, SparseInput};
use alloc::vec::Vec;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;

/// What a network made of a batch.
#[derive(Clone, Debug)]
pub struct Forward {
    /// Scores before the softmax, `[batch, classes]`.
    pub logits: Tensor<2>,
    /// Every hidden layer's activations, `[batch, units]`, the first layer's first.
    pub hidden: Vec<Tensor<2>>,
}

/// A classifier that shows its hidden activations, so that they can be penalized and counted.
///
/// Any Burn module may implement it; activations of more axes (a convolution's) are flattened to `[batch, units]`.
pub trait Network: Module + ModuleDisplay + core::fmt::Display + 'static {
    /// Logits and hidden activations of `inputs`, `[batch, width]` row-major.
    fn forward(&self, inputs: Tensor<2>) -> Forward;

    /// As [`forward`](Self::forward), of inputs of which most columns are zero; the same within rounding. A network
    /// that has no quicker way sees them with their zeros.
    fn forward_sparse(&self, inputs: &SparseInput) -> Forward {
        self.forward(inputs.to_dense())
    }

    /// The dense layers that unsupervised pre-training can work on; none where the network has no such stack.
    fn dense_stack(&self) -> Option<&DenseStack> {
        None
    }

    /// The network with its dense stack replaced by `stack`, after pre-training.
    ///
    /// # Errors
    /// [`NetworkError::Unsupported`] where [`dense_stack`](Self::dense_stack) is none.
    fn with_dense_stack(self, stack: DenseStack) -> Result<Self, NetworkError>
    where
        Self: Sized,
    {
        let _ = stack;
        Err(NetworkError::Unsupported(
            "this network has no dense stack to pre-train: use a recipe of fine-tuning alone"
                .into(),
        ))
    }

    /// The JSON of the [`DenseStackConfig`](crate::DenseStackConfig) of a network that is nothing but its dense stack,
    /// saved beside the weights so that it can be built again; empty for every other network.
    fn describe(&self) -> alloc::string::String {
        alloc::string::String::new()
    }
}
