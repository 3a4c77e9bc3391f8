//! A user's own module, with zero-skipping layers in it.

use burn::module::Module;
use burn::tensor::{Tensor, activation::relu};
use rectifier_nn::{DenseStack, Forward, Network};
use rectifier_sparse::extension::SparseLinear;

/// The rectifier network of [`SparseLinear`]s.
#[derive(Module, Debug)]
pub(crate) struct SkippingStack {
    /// The hidden layers and the output layer.
    layers: Vec<SparseLinear>,
}

impl From<&DenseStack> for SkippingStack {
    /// With the parameters of `stack`, whose units are rectifiers.
    fn from(stack: &DenseStack) -> Self {
        let hidden = stack.layers.iter().map(|layer| SparseLinear {
            weight: layer.weight.clone(),
            bias: Some(layer.bias.clone()),
            whole_above: None,
        });
        Self {
            layers: hidden.chain([stack.head.clone().into()]).collect(),
        }
    }
}

impl Network for SkippingStack {
    fn forward(&self, inputs: Tensor<2>) -> Forward {
        let (mut hidden, mut z) = (Vec::new(), None);
        for layer in &self.layers {
            z = Some(match z {
                None => layer.forward(inputs.clone()),
                Some(z) => {
                    let z: Tensor<2> = z;
                    // Of interest for its zeros alone; the layer rectifies by itself.
                    hidden.push(relu(z.clone()));
                    layer.forward_rectified(z)
                }
            });
        }
        Forward {
            logits: z.unwrap_or(inputs),
            hidden,
        }
    }
}
