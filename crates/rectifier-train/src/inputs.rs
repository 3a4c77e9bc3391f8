//! The inputs of a batch on a device, in the form that is faster there.

use crate::rows_at_a_time;
use burn::tensor::{Device, Tensor};
use rectifier_data::{Batch, CompactRows};
use rectifier_nn::{Forward, Network, SparseInput};

/// The inputs of a batch on a device.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one lives for one step, and its numbers lie elsewhere"
)]
pub enum DeviceInputs {
    /// `[batch, width]`.
    Dense(Tensor<2>),
    /// The same without the columns that are zero in all rows.
    Sparse(SparseInput),
}

/// Sparse rows go to the network in their own form while they use at most this share of the columns.
///
/// Rows of 5000 columns, 0.6% of them not zero and drawn as words are, on flex (milliseconds of one core, zeros given /
/// left out; `examples/sparse_rows.rs`): of 10 rows into 1000 units, which use 230 columns, a forward pass takes
/// 7.0 / 0.2 and a training step 18.4 / 7.5; into 5000 units 34 / 1.9 and 143 / 89, most of it the update of all
/// weights. 256 rows use 2256 columns: into 1000 units 52 / 24 and 111 / 64, into 5000 units 253 / 281 and 594 / 387.
/// Where 256 rows use 3970, copying the weight rows costs 5000 units more than the zeros do, 609 / 643.
pub const SPARSE_UP_TO: f64 = 0.5;

impl DeviceInputs {
    /// The inputs of `batch` on `device` (not an autodiff one).
    pub fn of(batch: &Batch, device: &Device) -> Self {
        let Some(rows) = batch.sparse.as_ref().filter(|rows| !rows.is_empty()) else {
            return Self::Dense(batch.inputs_tensor(batch.width(), device));
        };
        let (width, together) = (rows.width(), rows_at_a_time(rows.width()));
        let input =
            |rows: CompactRows| SparseInput::new(&rows.columns, &rows.values, width, device);
        if rows.len() <= together {
            let compact = rows.compact();
            return match compact.columns.len() as f64 > SPARSE_UP_TO * width as f64 {
                true => Self::Dense(batch.inputs_tensor(width, device)),
                false => Self::Sparse(input(compact)),
            };
        }
        // The columns of a large batch times its rows, or all columns times its rows, are many times what is not zero.
        let part = |start: usize| rows.part(start..rows.len().min(start + together)).compact();
        let parts = (together..rows.len()).step_by(together);
        Self::Sparse(parts.fold(input(part(0)), |input_so_far, start| {
            input_so_far.followed_by(input(part(start)))
        }))
    }

    /// The same inputs in the graph of an autodiff device, as constants.
    pub fn from_inner(inner: Self) -> Self {
        match inner {
            Self::Dense(inputs) => Self::Dense(Tensor::from_inner(inputs)),
            Self::Sparse(inputs) => Self::Sparse(SparseInput::from_inner(inputs)),
        }
    }

    /// What `network` makes of them.
    pub fn forward<N: Network>(self, network: &N) -> Forward {
        match self {
            Self::Dense(inputs) => network.forward(inputs),
            Self::Sparse(inputs) => network.forward_sparse(&inputs),
        }
    }
}
