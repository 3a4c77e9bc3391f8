//! A batch of inputs of which most columns are zero.

use alloc::{vec, vec::Vec};
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData, module::linear};

/// A batch of inputs without the columns that are zero in all of its rows, or in all rows of a part of it.
///
/// A dense first layer then needs only the rows of its weights at these columns: a small product instead of a large
/// one, the same sums in another order. Columns are distinct, so that gradients are scattered without two of them
/// meeting at one place, and come out the same at every run on every device.
#[derive(Clone, Debug)]
pub struct SparseInput {
    /// The parts, from the first rows to the last; at least one.
    parts: Vec<Part>,
    /// How many columns there are with the zeros.
    pub width: usize,
}

/// Some rows that lie one behind the other.
#[derive(Clone, Debug)]
struct Part {
    /// The columns that are left, `[used]`, each at most once.
    columns: Tensor<1, Int>,
    /// The inputs at these columns, `[rows, used]`.
    values: Tensor<2>,
}

impl SparseInput {
    /// Inputs of `width` numbers: `values` `[rows, columns.len()]`, row-major, at `columns`, which are distinct, below
    /// `width` and at least one.
    pub fn new(columns: &[u32], values: &[f32], width: usize, device: &Device) -> Self {
        let used = columns.len();
        let rows = values.len() / used.max(1);
        let columns = TensorData::new(columns.to_vec(), [used]);
        let values = TensorData::new(values.to_vec(), [rows, used]);
        Self {
            parts: vec![Part {
                columns: Tensor::from_data(columns, device),
                values: Tensor::from_data(values, device),
            }],
            width,
        }
    }

    /// The same inputs with the rows of `more` behind them, which keep columns of their own: two parts of a large batch take
    /// less memory than their common columns do.
    pub fn followed_by(mut self, more: Self) -> Self {
        self.parts.extend(more.parts);
        self
    }

    /// The same inputs in the graph of an autodiff device, as constants.
    pub fn from_inner(inner: Self) -> Self {
        let part = |part: Part| Part {
            columns: Tensor::from_inner(part.columns),
            values: Tensor::from_inner(part.values),
        };
        Self {
            parts: inner.parts.into_iter().map(part).collect(),
            width: inner.width,
        }
    }

    /// `x W + b`, `[batch, units]`, for `weight` `[width, units]` and `bias` `[units]`. The gradient of `W` is 0 in every row
    /// whose column is left out.
    pub fn times(&self, weight: &Tensor<2>, bias: Option<&Tensor<1>>) -> Tensor<2> {
        let product = |part: &Part| {
            let rows = weight.clone().select(0, part.columns.clone());
            linear(part.values.clone(), rows, bias.cloned())
        };
        stacked(self.parts.iter().map(product))
    }

    /// The inputs with their zeros, `[batch, width]`.
    pub fn to_dense(&self) -> Tensor<2> {
        let dense = |part: &Part| {
            let [rows, _] = part.values.dims();
            let zeros = Tensor::zeros([rows, self.width], &part.values.device());
            let (columns, values) = (part.columns.clone(), part.values.clone());
            zeros.select_assign(1, columns, values, IndexingUpdateOp::Add)
        };
        stacked(self.parts.iter().map(dense))
    }
}

/// Rows of several tensors as one; a single one as it is.
fn stacked(tensors: impl Iterator<Item = Tensor<2>>) -> Tensor<2> {
    let mut tensors: Vec<Tensor<2>> = tensors.collect();
    match tensors.len() {
        1 => tensors.remove(0),
        _ => Tensor::cat(tensors, 0),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{DenseStackConfig, Draw, Init, Network, Unit};
    use burn::module::Module;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_stack_makes_the_same_of_both_forms(
            seed in any::<u64>(),
            depth in 0usize..3,
            chosen in prop::collection::btree_set(0u32..30, 1..12),
            rows in 1usize..6,
            unit in prop_oneof![Just(Unit::Rectifier), Just(Unit::Tanh), Just(Unit::Softplus { sharpness: 1.0 })],
            flips in any::<bool>(),
            parts in any::<bool>(),
        ) {
            let device = Device::default();
            let hidden = &[9, 7][..depth.min(2)];
            let network = DenseStackConfig::new(30, hidden, unit, 5)
                .with_flips(flips)
                .init(seed, &device)
                .unwrap()
                .train();
            let columns: Vec<u32> = chosen.into_iter().collect();
            let mut draw = Draw::new(seed ^ 1);
            let values: Vec<f32> = (0..rows * columns.len()).map(|_| draw.unit() - 0.3).collect();
            let part = |values: &[f32]| SparseInput::new(&columns, values, 30, &device);
            let (first, rest) = values.split_at(columns.len());
            let sparse = match parts && !rest.is_empty() {
                true => part(first).followed_by(part(rest)),
                false => part(&values),
            };
            let sparse = SparseInput::from_inner(sparse);
            let mut dense = vec![0.0f32; rows * 30];
            for (place, value) in values.iter().enumerate() {
                dense[place / columns.len() * 30 + columns[place % columns.len()] as usize] = *value;
            }
            let found: Vec<f32> = sparse.to_dense().into_data().try_to_vec().unwrap();
            prop_assert_eq!(&found, &dense);
            let dense = Tensor::from_inner(Tensor::<2>::from_data(TensorData::new(dense, [rows, 30]), &device));
            let numbers = |forward: crate::Forward| {
                let grads = forward.logits.clone().powi_scalar(2).sum().backward();
                let mut numbers: Vec<Vec<f32>> = vec![forward.logits.into_data().try_to_vec().unwrap()];
                numbers.extend(forward.hidden.into_iter().map(|h| h.into_data().try_to_vec().unwrap()));
                let weights = network.layers.iter().map(|layer| layer.weight.val());
                for weight in weights.chain([network.head.weight.val()]) {
                    numbers.push(weight.grad(&grads).unwrap().into_data().try_to_vec().unwrap());
                }
                numbers
            };
            let (a, b) = (numbers(network.forward_sparse(&sparse)), numbers(network.forward(dense)));
            prop_assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
                prop_assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{a} {b}");
            }
        }
    }
}
