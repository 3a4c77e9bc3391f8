//! Burn's modules as predictors without Burn.

use crate::convert::layers;
use crate::forward::rows_of;
use rectifier_data::Examples;
use rectifier_infer::{InferError, SparseNetwork};
use rectifier_nn::{DenseStack, LayerCounts};
use rectifier_train::{Evaluation, Objective, Outputs, TrainError, in_order};

/// The predictor of `stack`, on every core of this machine.
///
/// # Errors
/// [`TrainError::Device`] where the weights cannot be read.
pub fn predictor(stack: &DenseStack) -> Result<SparseNetwork, TrainError> {
    Ok(SparseNetwork::of_layers(stack.config(), layers(stack)?))
}

/// What `network` says of `examples`: errors, predictions, and the zeros of its hidden layers.
///
/// # Errors
/// [`TrainError::Fit`] for examples of another width, or with numbers that are none; what gathering them raises;
/// [`TrainError::Device`] where the system gives no threads.
pub fn evaluate(
    network: &SparseNetwork,
    examples: &dyn Examples,
    objective: Objective,
) -> Result<Evaluation, TrainError> {
    if examples.width() != network.inputs() {
        return Err(TrainError::Fit(format!(
            "the network takes {} numbers an example, these have {}",
            network.inputs(),
            examples.width()
        )));
    }
    let mut outputs = Outputs::new(objective);
    let mut counts: Vec<LayerCounts> = Vec::new();
    in_order(examples, |batch, _| {
        let (logits, zeros) =
            network
                .logits_and_zeros(rows_of(batch))
                .map_err(|error| match error {
                    error @ InferError::Threads { .. } => TrainError::Device(error.to_string()),
                    error => TrainError::Fit(error.to_string()),
                })?;
        outputs.add(&logits, network.classes(), &batch.labels);
        counts.resize_with(zeros.units.len(), || LayerCounts {
            examples: 0,
            zeros: Vec::new(),
        });
        for (sum, units) in counts.iter_mut().zip(zeros.units) {
            sum.examples += zeros.examples;
            sum.zeros.resize(units.len(), 0);
            let each = sum.zeros.iter_mut().zip(units);
            each.for_each(|(sum, zeros)| *sum += zeros);
        }
        Ok(())
    })?;
    Ok(outputs.finish(counts))
}
