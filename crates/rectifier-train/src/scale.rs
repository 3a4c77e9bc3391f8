//! The scale that reconstruction strategy 2 needs, folded into the layer below.

use crate::measure::in_order;
use crate::{Pretrain, StageContext, TrainError};
use burn::tensor::{Device, Tensor};
use rectifier_nn::{DenseStack, Scale};

/// `stack` with the layer below the stage's divided by its largest activation over the training data, on `device`, where
/// the strategy asks for it. A resumed stage finds the scale already folded in, and the stack is left as it is.
///
/// # Errors
/// [`TrainError::Data`] for examples that cannot be read.
pub fn fold_scale(
    stack: DenseStack,
    stage: &Pretrain,
    context: &StageContext<'_>,
    device: &Device,
) -> Result<DenseStack, TrainError> {
    let layer = stage.layer - 1;
    let scaling = stage
        .reconstruction
        .scaling(layer, stack.layers[layer].unit);
    let (Some(scale), None) = (scaling, context.state) else {
        return Ok(stack);
    };
    let [_, units] = stack.layers[layer - 1].dims();
    let mut maxima = Tensor::<1>::zeros([units], device);
    in_order(context.train, |batch, _| {
        let inputs = batch.inputs_tensor(context.train.width(), device);
        // Sign flips do not count: a magnitude is scaled.
        let peaks = stack
            .features(inputs, layer)
            .abs()
            .max_dim(0)
            .reshape([units]);
        maxima = maxima.clone().max_pair(peaks);
        Ok(())
    })?;
    let divisor = match scale {
        Scale::PerUnit => maxima,
        Scale::Global => maxima.max().expand([units]),
    };
    Ok(stack.fold_scale(layer - 1, divisor))
}
