//! The inputs of a batch on a device, in the form that is faster there.

use burn::tensor::{Device, Tensor};
use rectifier_data::Batch;
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
pub const SPARSE_UP_TO: f64 = 0.5;

impl DeviceInputs {
    /// The inputs of `batch` on `device` (not an autodiff one).
    pub fn of(batch: &Batch, device: &Device) -> Self {
        let Some(rows) = batch.sparse.as_ref().filter(|rows| !rows.is_empty()) else {
            return Self::Dense(batch.inputs_tensor(batch.width(), device));
        };
        let compact = rows.compact();
        if compact.columns.len() as f64 > SPARSE_UP_TO * rows.width() as f64 {
            return Self::Dense(batch.inputs_tensor(rows.width(), device));
        }
        Self::Sparse(SparseInput::new(
            &compact.columns,
            &compact.values,
            rows.width(),
            device,
        ))
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
