//! A stack evaluated on examples, and the rows of a batch as the kernels take them.

use crate::kernels::Weight;
use crate::layer::Layer;
use rectifier_data::{Batch, Examples, SparseRows};
pub use rectifier_infer::Rows;
pub(crate) use rectifier_infer::forward::{Forward, count};
use rectifier_infer::team::Team;
use rectifier_nn::LayerCounts;
use rectifier_train::{Evaluation, Objective, Outputs, TrainError, in_order};

/// The inputs of a batch as they are there.
pub fn rows_of(batch: &Batch) -> Rows<'_> {
    match &batch.sparse {
        Some(rows) => Rows::Sparse(sparse_rows(rows)),
        None => Rows::Dense(&batch.inputs),
    }
}

/// Sparse rows as the kernels take them.
pub(crate) fn sparse_rows(rows: &SparseRows) -> rectifier_infer::SparseRows<'_> {
    // SAFETY: these rows were checked when they were made, for the very promises asked for here.
    unsafe {
        rectifier_infer::SparseRows::new_unchecked(
            rows.width(),
            rows.starts(),
            rows.columns(),
            rows.values(),
        )
    }
}

/// What the stack of `layers` says of `examples`, and the zeros of its hidden layers on them; `forward` has room for
/// [`EVALUATION_BATCH`](rectifier_train::EVALUATION_BATCH).
///
/// # Errors
/// What gathering raises.
pub(crate) fn evaluate<W: Weight>(
    forward: &mut Forward,
    team: &Team,
    layers: &[Layer<W>],
    examples: &dyn Examples,
    objective: Objective,
) -> Result<Evaluation, TrainError> {
    forward.take_zeros();
    let mut outputs = Outputs::new(objective);
    in_order(examples, |batch, _| {
        let activations = forward.run(team, layers, rows_of(batch), batch.len());
        // SAFETY: between jobs.
        let logits = unsafe { activations.to_rows() };
        outputs.add(&logits, activations.columns, &batch.labels);
        Ok(())
    })?;
    let (examples, zeros) = forward.take_zeros();
    let counts = zeros
        .into_iter()
        .map(|zeros| LayerCounts { examples, zeros });
    Ok(outputs.finish(counts.collect()))
}
