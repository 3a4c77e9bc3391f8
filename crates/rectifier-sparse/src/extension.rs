//! The zero-skipping linear layer as a Burn operation, for modules of your own (feature `extension`).
//!
//! [`SparseLinear`] stands where a [`Linear`](burn::nn::Linear) stood. Given the pre-activations of the layer below, its
//! [`forward_rectified`](SparseLinear::forward_rectified) is that layer's rectifier too:
//!
//! ```
//! use burn::module::Module;
//! use burn::nn::{Linear, LinearConfig};
//! use burn::tensor::{Device, Tensor};
//! use rectifier_sparse::extension::SparseLinear;
//!
//! #[derive(Module, Debug)]
//! struct Classifier {
//!     first: SparseLinear,
//!     second: SparseLinear,
//!     output: Linear,
//! }
//!
//! impl Classifier {
//!     fn new(device: &Device) -> Self {
//!         Self {
//!             first: LinearConfig::new(784, 100).init(device).into(),
//!             second: LinearConfig::new(100, 100).init(device).into(),
//!             output: LinearConfig::new(100, 10).init(device),
//!         }
//!     }
//!
//!     fn forward(&self, images: Tensor<2>) -> Tensor<2> {
//!         let first = self.first.forward(images);
//!         let second = self.second.forward_rectified(first);
//!         self.output.forward(burn::tensor::activation::relu(second))
//!     }
//! }
//!
//! let device = Device::flex().autodiff();
//! let network = Classifier::new(&device);
//! let images = Tensor::zeros([10, 784], &device);
//! let gradients = network.forward(images).sum().backward();
//! assert!(network.first.weight.val().grad(&gradients).is_some());
//! ```
//!
//! # Which gradients
//! All are those of the ordinary composition, `linear(x, W, b)` and `linear(relu(z), W, b)`:
//! - of the weights, made in the rows of inputs that some example has; 0 in all others;
//! - of the inputs of [`sparse_linear`]: every one, the zeros' too, by multiplication of whole matrices, because any input
//!   may be moved by its gradient. Not made where the inputs are data;
//! - of the pre-activations of [`rectified_linear`]: made where they are above 0; 0 elsewhere, as the rectifier's are. This
//!   is why the two are one operation: behind a rectifier of its own the layer could not know that the rest will be
//!   thrown away.
//!
//! A product with 0 counts as 0 even where the weight is infinite or not a number.
//!
//! # Where it runs
//! On Flex in `f32`. On any other device and in any other type of number the same functions are Burn's own `relu` and
//! `linear`, differentiated by Burn. There is no kernel for GPUs: a list of rows for each example gives the threads of a
//! warp different rows to read and different amounts to do, and no GPU was at hand to measure whether what is saved at
//! these widths outweighs that.
//!
//! # When zeros are too few
//! A batch with too large a share of active inputs is multiplied whole by Flex. That share depends on the size of the batch,
//! and is another in the backward pass; it is where the two ways cost the same, measured for 1000 inputs and units by
//! `cargo run --release -p rectifier-sparse --example linear_step -- 5 0.2 rule`.
//! [`SparseLinear::with_whole_above`] sets another. Layers with fewer units than a register has lanes, and weights that do
//! not lie row after row, are multiplied whole always.
//!
//! # What is left
//! A step still pays for what Burn does around the layer: the gradient is a whole matrix, 0 in most rows or not, and the
//! optimizer reads it and the weights and writes new ones. [`SparseEngine`](crate::SparseEngine) updates rows where they
//! are and is several times faster for the networks that it can train; this operation is for all others.

mod flex;
mod how;
mod kernels;
mod lists;
mod module;
mod operation;

pub use module::SparseLinear;

use burn::tensor::Tensor;

/// `x W + b` from the rows of `W` `[inputs, units]` at the inputs that are not 0; `x` `[batch, inputs]`, `bias` `[units]`.
///
/// # Panics
/// Where the shapes do not agree, as Burn's `linear` does.
pub fn sparse_linear(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    let how = how::How {
        rectify: false,
        whole_above: None,
    };
    operation::apply(x, weight, bias, how)
}

/// `rectifier(z) W + b` from the rows of `W` `[inputs, units]` at the inputs that are above 0; `z` `[batch, inputs]`,
/// `bias` `[units]`.
///
/// # Panics
/// As [`sparse_linear`].
pub fn rectified_linear(z: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    let how = how::How {
        rectify: true,
        whole_above: None,
    };
    operation::apply(z, weight, bias, how)
}
