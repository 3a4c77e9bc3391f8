//! A batch of inputs of which most columns are zero.

use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};

/// A batch of inputs without the columns that are zero in all of its rows.
///
/// A dense first layer then needs only the rows of its weights at these columns: a small product instead of a large
/// one, the same sums in another order. Columns are distinct, so that gradients are scattered without two of them
/// meeting at one place, and come out the same at every run on every device.
#[derive(Clone, Debug)]
pub struct SparseInput {
    /// The columns that are left, `[used]`, each at most once.
    pub columns: Tensor<1, Int>,
    /// The inputs at these columns, `[batch, used]`.
    pub values: Tensor<2>,
    /// How many columns there are with the zeros.
    pub width: usize,
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
            columns: Tensor::from_data(columns, device),
            values: Tensor::from_data(values, device),
            width,
        }
    }

    /// The same inputs in the graph of an autodiff device, as constants.
    pub fn from_inner(inner: Self) -> Self {
        Self {
            columns: Tensor::from_inner(inner.columns),
            values: Tensor::from_inner(inner.values),
            width: inner.width,
        }
    }

    /// The inputs with their zeros, `[batch, width]`.
    pub fn to_dense(&self) -> Tensor<2> {
        let [rows, _] = self.values.dims();
        let zeros = Tensor::zeros([rows, self.width], &self.values.device());
        zeros.select_assign(
            1,
            self.columns.clone(),
            self.values.clone(),
            IndexingUpdateOp::Add,
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{DenseStackConfig, Draw, Init, Network, Unit};
    use alloc::{vec, vec::Vec};
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
            let sparse = SparseInput::from_inner(SparseInput::new(&columns, &values, 30, &device));
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
